//! ZPL both ways: what is encoded comes back bit for bit, and streams survive any split.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use firstscan_drivers::bitmap::{Bitmap, Resolution};
use firstscan_drivers::printer::zpl::{Zpl, graphic, tokens::*};
use firstscan_drivers::printer::{Compression, JobOptions, Language, QueryKind, Reply};
use proptest::prelude::*;

fn picture(width: u32, height: u32, seed: u64) -> Bitmap {
    let mut bitmap = Bitmap::new(width, height).unwrap();
    let mut x = seed | 1;
    for row in 0..height {
        for column in 0..width {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            let run = (column / 29 + row / 13) % 3 == 0;
            bitmap.set(column, row, run || x % 11 == 0 && seed % 2 == 0);
        }
    }
    bitmap
}

fn labels(stream: &[u8], chunk: usize) -> Vec<Bitmap> {
    let mut tokeniser = Tokeniser::default();
    let mut found = Vec::new();
    for part in stream.chunks(chunk.max(1)) {
        tokeniser.push(part);
        while let Some(piece) = tokeniser.next_piece(false) {
            if let Piece::Command(token) = piece
                && token.name == "GF"
            {
                found.push(graphic::decode(&token.parameters).unwrap());
            }
        }
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn every_compression_returns_the_same_picture(
        width in 1_u32..900, height in 1_u32..60, seed in any::<u64>(), chunk in 1_usize..5000,
    ) {
        let bitmap = picture(width, height, seed);
        for compression in [Compression::Z64, Compression::Acs, Compression::Hex] {
            let mut bytes = Vec::new();
            let options = JobOptions { compression, copies: 1 };
            Zpl.encode(&bitmap.view(), Resolution::from_dpi(203), &options, &mut bytes).unwrap();
            let found = labels(&bytes, chunk);
            prop_assert_eq!(found.len(), 1);
            prop_assert_eq!(found[0].bits(), bitmap.bits(), "{:?}", compression);
        }
    }

    #[test]
    fn hostile_graphics_and_answers_never_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..300), text in "[A-Za-z0-9,:!]{0,200}",
    ) {
        let _ = graphic::decode(&bytes);
        let _ = graphic::decode(format!("A,9,9,3,{text}").as_bytes());
        for query in Zpl.queries() {
            let _ = Zpl.parse_reply(query, &bytes);
        }
        let mut tokeniser = Tokeniser::default();
        tokeniser.push(&bytes);
        for _ in 0..1000 {
            if tokeniser.next_piece(true).is_none() { break; }
        }
    }
}

#[test]
fn binary_graphics_may_hold_carets_and_prefixes_may_change() {
    let mut tokeniser = Tokeniser::default();
    tokeniser.push(b"^XA^GFB,4,4,1,^^~~^FS^CC*^XZ");
    let mut names = Vec::new();
    while let Some(Piece::Command(token)) = tokeniser.next_piece(true) {
        names.push((token.name, token.parameters));
    }
    let got: Vec<&str> = names.iter().map(|(n, _)| n.as_str()).collect();
    assert_eq!(got, ["XA", "GF", "FS", "CC"]);
    assert_eq!(names[1].1, b"B,4,4,1,^^~~");
    assert_eq!(names[3].1, b"*");
}

#[test]
fn every_status_bit_has_its_flag() {
    let query = Zpl.query(QueryKind::Status).unwrap();
    let answer = |a: &str, b: &str| {
        format!("\u{2}{a}\u{3}\r\n\u{2}{b}\u{3}\r\nALERT\r\n\u{2}1234,0\u{3}\r\n").into_bytes()
    };
    let (a, b) = (
        "030,0,0,1218,000,0,0,0,000,0,0,0",
        "000,0,0,0,0,2,4,0,00000000,1,000",
    );
    let flags = |a: &str, b: &str| match Zpl.parse_reply(query, &answer(a, b)) {
        Reply::Status(status, used) => {
            assert_eq!(used, answer(a, b).len());
            status.flags().join(" ")
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(flags(a, b), "");
    let set = |line: &str, field: usize, value: &str| {
        let mut fields: Vec<&str> = line.split(',').collect();
        fields[field] = value;
        fields.join(",")
    };
    let first = [
        (1, "paper_out"),
        (2, "paused"),
        (4, "busy"),
        (5, "buffer_full"),
        (7, "busy"),
        (9, "corrupt_memory"),
        (10, "under_temperature"),
        (11, "over_temperature"),
    ];
    for (field, name) in first {
        assert_eq!(flags(&set(a, field, "1"), b), name);
    }
    for (field, name) in [
        (2, "head_open"),
        (3, "ribbon_out"),
        (7, "label_waiting"),
        (8, "busy"),
    ] {
        assert_eq!(flags(a, &set(b, field, "1")), name);
    }
    let whole = answer(a, b);
    for cut in 0..whole.len() - 2 {
        assert_eq!(
            Zpl.parse_reply(query, &whole[..cut]),
            Reply::Incomplete,
            "{cut}"
        );
    }
}

#[test]
fn the_checksum_is_the_one_the_printers_use() {
    // CRC-16/XMODEM check value.
    assert_eq!(graphic::crc16(b"123456789"), 0x31C3);
    let mut bytes = b"A,2,2,1,:B64:AAE=:".to_vec();
    bytes.extend_from_slice(format!("{:04x}", graphic::crc16(b"AAE=")).as_bytes());
    assert_eq!(graphic::decode(&bytes).unwrap().bits(), [0, 1]);
    bytes.pop();
    assert!(graphic::decode(&bytes).is_err());
}
