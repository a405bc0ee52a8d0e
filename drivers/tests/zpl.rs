//! ZPL both ways: what is encoded comes back bit for bit, and streams survive any split.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use firstscan_drivers::bitmap::{Bitmap, Resolution};
use firstscan_drivers::printer::zpl::{Zpl, graphic, tokens::*};
use firstscan_drivers::printer::{
    Compression, FaultsReply, JobOptions, Language, PrintMode, Query, QueryKind, Reply,
};
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
            bitmap.set(
                column,
                row,
                run || x.is_multiple_of(11) && seed.is_multiple_of(2),
            );
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
            let options = JobOptions { compression, ..JobOptions::default() };
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
        graphic::decode(&bytes).ok();
        graphic::decode(format!("A,9,9,3,{text}").as_bytes()).ok();
        (Zpl.faults_query().unwrap().parse)(&bytes);
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

fn pieces(bytes: &[u8], cuts: &[usize]) -> Vec<Piece> {
    let mut tokeniser = Tokeniser::default();
    let mut found = Vec::new();
    let mut at = 0;
    for cut in cuts.iter().copied().chain([bytes.len()]) {
        let cut = cut.clamp(at, bytes.len());
        tokeniser.push(&bytes[at..cut]);
        at = cut;
        while let Some(piece) = tokeniser.next_piece(false) {
            found.push(piece);
        }
    }
    while let Some(piece) = tokeniser.next_piece(true) {
        found.push(piece);
    }
    found
}

fn names(bytes: &[u8]) -> Vec<String> {
    let name = |piece| match piece {
        Piece::Command(token) => format!("{}{}", token.prefix, token.name),
        Piece::Text(text) => format!("text {}", String::from_utf8_lossy(&text)),
        Piece::Lost(count) => format!("lost {count}"),
    };
    pieces(bytes, &[]).into_iter().map(name).collect()
}

#[test]
fn a_counted_head_cut_short_by_a_command_is_no_count() {
    let stream = b"^GFB,9,^GFA,2,2,1,FF81";
    let every: Vec<usize> = (0..stream.len()).collect();
    assert_eq!(pieces(stream, &[]), pieces(stream, &every));
    assert_eq!(names(stream), ["^GF", "^GF"]);
}

proptest! {
    #[test]
    fn streams_mean_the_same_however_they_are_split(
        parts in proptest::collection::vec(prop_oneof![
            Just("^XA"), Just("^XZ\r\n"), Just("^FO1,2"), Just("^FDsome text^FS"), Just("^A0N,3"),
            Just("^A@N"), Just("~HS"), Just("~HQES"), Just("^GFA,2,2,1,FF81"),
            Just("^GFB,3,3,1,^~^"),
            Just("~DYR:A,B,G,4,1,^XA~"), Just("^CC*"), Just("*CC^"), Just("^CD;"), Just("^X^XZ"),
            Just("^"), Just("~"), Just("! U1 getvar \"x\"\r\n"), Just("  \r\n"), Just("\u{1}\u{0}"),
            Just("^GF"), Just("B,9"), Just(","), Just("^xa"),
        ], 0..20),
        cuts in proptest::collection::vec(0_usize..200, 0..12),
    ) {
        let bytes = parts.concat().into_bytes();
        let mut cuts = cuts;
        cuts.sort_unstable();
        let every: Vec<usize> = (0..bytes.len()).collect();
        let whole = pieces(&bytes, &[]);
        prop_assert_eq!(&whole, &pieces(&bytes, &cuts));
        prop_assert_eq!(&whole, &pieces(&bytes, &every));
    }
}

#[test]
fn a_cut_command_does_not_swallow_the_next_one() {
    assert_eq!(names(b"^X^XZ"), ["text ^X", "^XZ"]);
    assert_eq!(
        names(b"^^^XA~~JX"),
        ["text ^", "text ^", "^XA", "text ~", "~JX"]
    );
    assert_eq!(
        names(b"^XA^GFA,9,9,1,FF~JX\r\n^XA^XZ"),
        ["^XA", "^GF", "~JX", "^XA", "^XZ"]
    );
    assert_eq!(names(b"~DYR:A,B,G,4,1,^XA~^XZ"), ["~DY", "^XZ"]);
    assert_eq!(
        names(b"*XA^CC*\r\n*XA*FDa^b*FS^XA"),
        ["text *XA", "^CC", "^XA", "^FD", "^FS", "text ^XA"]
    );
}

#[test]
fn field_data_in_hex_is_read_and_stray_marks_stay() {
    assert_eq!(unhex(b"_41_5e_5f", b'_').as_ref(), b"A^_");
    assert_eq!(unhex(b"_4g _", b'_').as_ref(), b"_4g _");
    assert_eq!(unhex(b"plain", b'_').as_ref(), b"plain");
}

#[test]
fn what_is_too_long_is_reported_and_the_stream_goes_on() {
    let mut tokeniser = Tokeniser::default();
    tokeniser.push(b"^FD");
    let block = vec![b'x'; 1 << 20];
    let mut lost = 0;
    for _ in 0..40 {
        tokeniser.push(&block);
        while let Some(piece) = tokeniser.next_piece(false) {
            match piece {
                Piece::Lost(count) => lost += count,
                Piece::Text(text) => assert!(text.iter().all(|b| *b == b'x')),
                Piece::Command(token) => panic!("{}", token.name),
            }
        }
        assert!(tokeniser.pending() <= COMMAND_BYTES_MAX);
    }
    assert!(lost > COMMAND_BYTES_MAX - block.len(), "{lost}");
    tokeniser.push(b"\r\n^XA");
    let last = std::iter::from_fn(|| tokeniser.next_piece(true)).last();
    assert!(matches!(last, Some(Piece::Command(token)) if token.name == "XA"));
}

/// Work must grow with the bytes, not with their square: these sizes took minutes otherwise.
#[test]
fn hostile_sizes_take_no_time() {
    let begin = std::time::Instant::now();
    let mut run = b"A,8000000,8000000,1,".to_vec();
    run.extend(std::iter::repeat_n(b'z', 100_000));
    run.push(b'F');
    assert!(
        graphic::decode(&run)
            .unwrap()
            .bits()
            .iter()
            .all(|b| *b == 0xFF)
    );
    assert_eq!(names(&b"^XA".repeat(300_000)).len(), 300_000);
    let mut tokeniser = Tokeniser::default();
    for _ in 0..300_000 {
        tokeniser.push(b"x");
        tokeniser.push(b"^FDy");
        assert!(tokeniser.next_piece(false).is_some());
    }
    let mut drip = Tokeniser::default();
    drip.push(b"^GFA,9999999,9999999,9,");
    for _ in 0..300_000 {
        drip.push(b"0");
        assert_eq!(drip.next_piece(false), None);
    }
    // A bomb: little base64 that would unpack to far more than was announced.
    let bomb = Bitmap::new(8000, 8000).unwrap();
    let mut bytes = Vec::new();
    graphic::encode(&bomb.view(), Compression::Z64, &mut bytes);
    let small = String::from_utf8(bytes)
        .unwrap()
        .replace("8000000,8000000,1000", "100,100,10");
    let error = graphic::decode(small.strip_prefix("^GF").unwrap().as_bytes()).unwrap_err();
    assert_eq!(error, graphic::GraphicError::Parameters);
    assert!(
        begin.elapsed() < std::time::Duration::from_secs(20),
        "{:?}",
        begin.elapsed()
    );
}

#[test]
fn a_label_is_these_bytes() {
    let mut bitmap = Bitmap::new(24, 4).unwrap();
    bitmap.fill_rect(0, 1, 24, 2, true);
    bitmap.fill_rect(20, 3, 4, 1, true);
    let encode = |compression, mode| {
        let mut bytes = b"before".to_vec();
        let options = JobOptions {
            compression,
            copies: 2,
            mode,
            ..JobOptions::default()
        };
        Zpl.encode(
            &bitmap.view(),
            Resolution::from_dpi(203),
            &options,
            &mut bytes,
        )
        .unwrap();
        String::from_utf8(bytes).unwrap()
    };
    let head = "before^XA^JZN^MCY^PON^PMN^LRN^LH0,0^LS0^LT0^FWN^PW24^LL4^FO0,0^GFA,12,12,3,";
    let hex = "000000FFFFFFFFFFFF00000F^FS^PQ2^XZ\r\n";
    assert_eq!(encode(Compression::Hex, None), format!("{head}{hex}"));
    // Five nibbles of white are K0; `!` fills the black rest of the row.
    assert_eq!(
        encode(Compression::Acs, None),
        format!("{head},!:K0!^FS^PQ2^XZ\r\n")
    );
    let peel = encode(Compression::Acs, Some(PrintMode::Peel));
    assert!(peel.ends_with("^FS^MMP^PQ2^XZ\r\n"), "{peel}");
}

#[test]
fn a_broken_transfer_ends_without_printing() {
    assert_eq!(Zpl.resync(), b"~JX\r\n");
    let bitmap = picture(812, 30, 7);
    let mut label = Vec::new();
    let options = JobOptions {
        compression: Compression::Acs,
        ..JobOptions::default()
    };
    Zpl.encode(
        &bitmap.view(),
        Resolution::from_dpi(203),
        &options,
        &mut label,
    )
    .unwrap();
    for cut in 0..label.len() - 5 {
        let stream = [&label[..cut], Zpl.resync(), &label].concat();
        let names = names(&stream);
        let cancel = names.iter().position(|n| n == "~JX").unwrap();
        // No format was complete before the cancel, and the whole label comes after it.
        assert!(!names[..cancel].contains(&"^XZ".to_owned()), "{cut}");
        assert_eq!(names[cancel + 1], "^XA", "{cut}");
        assert_eq!(names.last().unwrap(), "^XZ", "{cut}");
    }
}

#[test]
fn copies_and_width_have_limits() {
    let bitmap = Bitmap::new(8, 1).unwrap();
    for copies in [0, 100, u32::MAX] {
        let mut bytes = Vec::new();
        let options = JobOptions {
            copies,
            ..JobOptions::default()
        };
        assert!(
            Zpl.encode(
                &bitmap.view(),
                Resolution::from_dpi(203),
                &options,
                &mut bytes
            )
            .is_err()
        );
        assert!(bytes.is_empty());
    }
}

#[test]
fn damaged_graphics_are_refused() {
    use graphic::GraphicError as E;
    let cases = [
        ("A,2,2,1,FF", E::Short),
        ("A,2,2,1,Fg,", E::Data(',')),
        ("A,2,2,1,F?", E::Data('?')),
        ("A,2,2,1,:", E::Data(':')),
        ("A,3,3,2,FFFFFF", E::Parameters),
        ("A,2,2,0,FFFF", E::Parameters),
        ("A,99999999,99999999,1,F", E::Large),
        ("A,2,2,1,:B64:AAE=:0000", E::Checksum),
        ("C,2,2,1,FFFF", E::Parameters),
    ];
    for (text, wanted) in cases {
        let got = graphic::decode(text.as_bytes()).unwrap_err();
        assert_eq!(got, wanted, "{text}");
    }
    assert_eq!(
        graphic::decode_delimited(b"A;2;2;1;FF81", b';')
            .unwrap()
            .bits(),
        [0xFF, 0x81]
    );
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

fn query(name: &str) -> &'static Query {
    Zpl.queries().iter().find(|q| q.name == name).unwrap()
}

#[test]
fn an_answer_that_was_cut_off_does_not_mix_with_the_next() {
    let old = "\u{2}030,1,0,1218,000,0,0,0,000,0,0,0\u{3}\r\n";
    let new = concat!(
        "\u{2}030,0,0,1218,000,0,0,0,000,0,0,0\u{3}\r\n",
        "\u{2}000,0,1,0,0,2,4,0,00000003,1,000\u{3}\r\n\u{2}1234,0\u{3}\r\n",
    );
    for cut in 1..=old.len() {
        let bytes = format!("{}{new}", &old[..cut]);
        match Zpl.parse_reply(query("hs"), bytes.as_bytes()) {
            Reply::Status(status, used) => {
                assert_eq!(used, bytes.len());
                assert_eq!(status.flags(), ["head_open", "busy"], "{cut}");
                assert_eq!(status.labels_remaining, 3);
            }
            other => panic!("{cut}: {other:?}"),
        }
    }
}

#[test]
fn the_numbers_of_the_status_vector_are_read() {
    let bytes = b"\x02030,1,1,0812,002,0,0,0,000,0,0,0\x03\r\n\
        \x02000,0,0,0,0,2,4,0,00000007,1,000\x03\r\n\x021234,0\x03\r\n";
    let Reply::Status(status, _) = Zpl.parse_reply(query("hs"), bytes) else {
        panic!("no status");
    };
    assert!(status.paper_out && status.paused && status.fault() && status.busy());
    assert_eq!((status.formats_in_buffer, status.labels_remaining), (2, 7));
}

#[test]
fn silence_and_strange_answers_are_never_a_status() {
    let faults = Zpl.faults_query().unwrap();
    assert_eq!((faults.parse)(b"  ERRORS: 0 0 0"), FaultsReply::Incomplete);
    assert_eq!((faults.parse)(&[b'x'; 5000]), FaultsReply::Unknown(5000));
    for query in Zpl.queries() {
        assert_eq!(
            Zpl.parse_reply(query, b""),
            Reply::Incomplete,
            "{}",
            query.name
        );
        let noise = vec![b'x'; 5000];
        assert_eq!(
            Zpl.parse_reply(query, &noise),
            Reply::Unknown(5000),
            "{}",
            query.name
        );
    }
    assert_eq!(
        Zpl.parse_reply(query("odometer"), b"\"?\""),
        Reply::Unknown(3)
    );
    assert_eq!(
        Zpl.parse_reply(query("odometer-total"), b"\"12 LABELS\""),
        Reply::Counter(12, 11)
    );
    assert_eq!(
        Zpl.parse_reply(query("odometer"), b"\"12"),
        Reply::Incomplete
    );
}

#[test]
fn every_error_and_warning_bit_is_named() {
    let ask = |errors: u32, warnings: u32| {
        let any = |bits| u8::from(bits != 0);
        let text = format!(
            "\u{2}\r\n  PRINTER STATUS\r\n  ERRORS:         {} 00000000 {errors:08X}\r\n  \
             WARNINGS:       {} 00000000 {warnings:08X}\r\n\u{3}",
            any(errors),
            any(warnings),
        );
        match (Zpl.faults_query().unwrap().parse)(text.as_bytes()) {
            FaultsReply::Faults(faults, used) => {
                assert_eq!(used, text.len());
                faults.flags().join(" ")
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(ask(0, 0), "");
    assert_eq!(ask(0x1_0005, 0x8), "paper_out head_open paused paper_low");
    let errors = [
        (0, "paper_out"),
        (1, "ribbon_out"),
        (2, "head_open"),
        (3, "cutter_fault"),
        (4, "over_temperature"),
        (5, "motor_over_temperature"),
        (6, "bad_head_element"),
        (7, "head_detection_error"),
        (8, "firmware_configuration"),
        (9, "thermistor_open"),
        (12, "paper_jam"),
        (13, "presenter_not_running"),
        (14, "paper_feed_error"),
        (15, "clear_path_failed"),
        (16, "paused"),
        (17, "retract_timed_out"),
        (18, "black_mark_calibration"),
        (19, "black_mark_not_found"),
        (10, "unknown_error"),
        (31, "unknown_error"),
    ];
    for (bit, name) in errors {
        assert_eq!(ask(1 << bit, 0), name, "{bit}");
    }
    let warnings = [
        "calibrate_media",
        "clean_head",
        "replace_head",
        "paper_low",
        "paper_before_head",
        "black_mark",
        "paper_after_head",
        "loop_ready",
        "presenter",
        "retract_ready",
        "in_retract",
        "at_bin",
        "unknown_warning",
    ];
    for (bit, name) in warnings.iter().enumerate() {
        assert_eq!(ask(0, 1 << bit), *name, "{bit}");
    }
}
