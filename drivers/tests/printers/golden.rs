//! Bytes written out by hand from the references, for a picture of 11 x 3 dots:
//! `##........#`, `########...`, `.........#.`.

use super::*;
use firstscan_drivers::printer::PrinterStatus;

fn small() -> Bitmap {
    let bits = vec![0xC0, 0x20, 0xFF, 0x00, 0x00, 0x40];
    Bitmap::from_bits(11, 3, bits).unwrap()
}

fn plain() -> JobOptions {
    JobOptions {
        compression: Compression::Hex,
        ..JobOptions::default()
    }
}

fn with(gap_mm: i64) -> JobOptions {
    JobOptions {
        stock: stock(62, gap_mm),
        ..JobOptions::default()
    }
}

/// Shown with the text readable.
fn same(id: &str, options: &JobOptions, wanted: &[&[u8]]) {
    let bytes = encode(id, &small(), options);
    assert_eq!(
        bytes.escape_ascii().to_string(),
        wanted.concat().escape_ascii().to_string()
    );
}

#[test]
fn epl2() {
    let raster: &[u8] = b"GW0,0,2,3,\x3F\xDF\x00\xFF\xFF\xBF\n";
    same(
        "epl2",
        &JobOptions::default(),
        &[b"\nN\nq11\nR0,0\nZT\n", raster, b"P1\n"],
    );
    // 3 mm are 24 dots.
    same(
        "epl2",
        &with(3),
        &[b"\nN\nq11\nQ3,24\nR0,0\nZT\n", raster, b"P1\n"],
    );
}

#[test]
fn tspl() {
    let raster: &[u8] = b"SET REPRINT OFF\r\nDIRECTION 0\r\nREFERENCE 0,0\r\nCLS\r\n\
        BITMAP 0,0,2,3,0,\x3F\xDF\x00\xFF\xFF\xBF\r\nPRINT 1,1\r\n";
    same(
        "tspl",
        &JobOptions::default(),
        &[b"SIZE 1.38 mm,0.38 mm\r\n", raster],
    );
    same(
        "tspl",
        &with(3),
        &[b"SIZE 62 mm,100 mm\r\nGAP 3 mm,0 mm\r\n", raster],
    );
}

#[test]
fn escpos() {
    let once: &[u8] = b"\x1B@\x1Dv0\x00\x02\x00\x03\x00\xC0\x20\xFF\x00\x00\x40\x1DVA\x00";
    same("escpos", &JobOptions::default(), &[once]);
    let twice = JobOptions {
        copies: 2,
        ..plain()
    };
    same("escpos", &twice, &[once, once]);
}

#[test]
fn cpcl() {
    let head: &[u8] = b"! 0 200 200 3 1\r\nPAGE-WIDTH 11\r\n";
    let end: &[u8] = b"\r\nFORM\r\nPRINT\r\n";
    let binary: &[u8] = b"CG 2 3 0 0 \xC0\x20\xFF\x00\x00\x40";
    same("cpcl", &JobOptions::default(), &[head, binary, end]);
    same("cpcl", &plain(), &[head, b"EG 2 3 0 0 C020FF000040", end]);
}

#[test]
fn sbpl() {
    let head: &[u8] = b"\x02\x1BA\x1BV0001\x1BH0001";
    let bits: &[u8] = b"\x1BGB002001\xC0\x20\xFF\x00\x00\x40\0\0\0\0\0\0\0\0\0\0";
    let end: &[u8] = b"\x1BQ1\x1BZ\x03";
    same("sbpl", &JobOptions::default(), &[head, bits, end]);
    same(
        "sbpl",
        &plain(),
        &[head, b"\x1BGH002001C020FF00004000000000000000000000", end],
    );
    // The box of the manual.
    let mut bitmap = Bitmap::new(8, 8).unwrap();
    bitmap.fill_rect(0, 0, 8, 8, true);
    bitmap.fill_rect(1, 1, 6, 6, false);
    let bytes = encode("sbpl", &bitmap, &plain());
    let manual: &[u8] = b"\x1BGH001001FF818181818181FF";
    assert!(bytes.windows(manual.len()).any(|w| w == manual));
}

#[test]
fn dpl() {
    let mut head = [0; 128];
    head[..16].copy_from_slice(&[10, 5, 1, 1, 0, 0, 0, 0, 10, 0, 2, 0, 0xCB, 0, 0xCB, 0]);
    head[19..22].fill(0xFF);
    head[65..70].copy_from_slice(&[1, 2, 0, 1, 0]);
    let rows: &[u8] = b"\x3F\xC1\xDF\x00\xC1\xFF\xC1\xFF\xBF";
    let label: &[u8] = b"\x02L\rD11\r1Y1100000000000FSTLABEL\rQ0001\rE\r\x02xDGFSTLABEL\r\x02zD\r";
    same(
        "dpl",
        &JobOptions::default(),
        &[b"\x02IDpFSTLABEL\r", &head, rows, label],
    );
    let records: &[u8] = b"\x02IDAFFSTLABEL\r80020040\r8002FF00\r8002C020\rFFFF\r";
    same("dpl", &plain(), &[records, label]);
}

#[test]
fn brother_ql() {
    let start = [&[0_u8; 400][..], b"\x1Bia\x01\x1B@"].concat();
    let cut: &[u8] = b"\x1BiM\x40\x1BiA\x01\x1BiK\x08";
    let rows: &[u8] = b"M\x02g\0\x05\x01\x80\x60\xA9\0g\0\x05\x01\x1F\xE0\xA9\0g\0\x04\0\x40\xA8\0";
    let unknown: &[u8] = b"\x1Biz\x80\0\0\0\x03\0\0\0\0\0";
    same(
        "brother-ql",
        &JobOptions::default(),
        &[&start, unknown, cut, rows, b"\x1A"],
    );
    // Tape of 62 mm: twelve pins are free, and the margin is 35 rows.
    let known: &[u8] = b"\x1Biz\x86\x0A\x3E\0\x03\0\0\0\0\0";
    let options = JobOptions {
        compression: Compression::Hex,
        ..with(0)
    };
    let mut wide = Vec::new();
    for row in [[0x00, 0x08, 0x06], [0x00, 0x01, 0xFE], [0x00, 0x04, 0x00]] {
        wide.extend_from_slice(b"g\0\x5A");
        wide.extend_from_slice(&row);
        wide.extend_from_slice(&[0; 87]);
    }
    let margin: &[u8] = b"\x1Bid\x23\0M\0";
    same(
        "brother-ql",
        &options,
        &[&start, known, cut, margin, &wide, b"\x1A"],
    );
    // Die-cut labels state their length and have no margin.
    let die_cut: &[u8] = b"\x1Biz\x8E\x0B\x3E\x64\x03\0\0\0\0\0";
    let bytes = encode("brother-ql", &small(), &with(3));
    assert!(bytes[start.len()..].starts_with(die_cut));
    assert!(bytes.windows(5).any(|w| w == b"\x1Bid\0\0"));
}

#[test]
fn dymo() {
    let rows: &[u8] = b"\x16\xC0\x20\x16\xFF\0\x16\0\x40";
    let head: &[u8] = b"\x1B@\x1BD\x02\x1BL\x00\x03\x1Bh";
    same("dymo", &JobOptions::default(), &[head, rows, b"\x1BE"]);
    let twice = JobOptions {
        copies: 2,
        ..JobOptions::default()
    };
    same("dymo", &twice, &[head, rows, b"\x1BG", rows, b"\x1BE"]);
    let continuous: &[u8] = b"\x1B@\x1BD\x02\x1BL\xFF\xFF\x1Bh";
    same("dymo", &with(0), &[continuous, rows, b"\x1BE"]);
    // Three white, eighteen black, nineteen white.
    let mut bitmap = Bitmap::new(40, 1).unwrap();
    bitmap.fill_rect(3, 0, 18, 1, true);
    let bytes = encode("dymo", &bitmap, &JobOptions::default());
    assert!(bytes.ends_with(b"\x1Bh\x17\x02\x91\x12\x1BE"));
}

/// What is skipped and where commands are split.
#[test]
fn long_pictures_are_split_and_blank_rows_left_out() {
    let mut bitmap = Bitmap::new(800, 1000).unwrap();
    bitmap.fill_rect(0, 100, 800, 50, true);
    bitmap.set(799, 999, true);
    let text = |id: &str| {
        let bytes = encode(id, &bitmap, &JobOptions::default());
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let epl2 = text("epl2");
    for part in [
        "GW0,100,100,20,",
        "GW0,120,100,20,",
        "GW0,140,100,10,",
        "GW0,999,100,1,",
    ] {
        assert!(epl2.contains(part), "{part}");
    }
    assert_eq!(epl2.matches("GW").count(), 4);
    let sbpl = text("sbpl");
    for part in [
        "V0101\u{1b}H0001\u{1b}GB100002",
        "V0149\u{1b}H0001\u{1b}GB100001",
    ] {
        assert!(sbpl.contains(part), "{part}");
    }
    assert_eq!(text("tspl").matches("BITMAP").count(), 3);
    assert_eq!(text("cpcl").matches("CG 100 ").count(), 4);
    // Receipts keep their blank rows: 1000 rows in bands of 40.
    assert_eq!(text("escpos").matches("\u{1d}v0").count(), 25);
}

/// Sub-states of SATO, codes of EPL2, several answers of ESC/POS.
#[test]
fn answers_mean_what_the_references_say() {
    let status = |id: &str, bytes: &[u8]| {
        let language = get(id);
        match language.parse_reply(&language.queries()[0], bytes) {
            Reply::Status(status, _) => status,
            other => panic!("{id}: {other:?}"),
        }
    };
    let flags = |id: &str, bytes: &[u8]| status(id, bytes).flags().join(" ");
    assert_eq!(flags("sbpl", b"\x0200A000000\x03"), "");
    assert_eq!(flags("sbpl", b"\x0201G000003NAME            \x03"), "busy");
    assert_eq!(flags("sbpl", b"\x02  4000000\x03"), "paused");
    assert_eq!(flags("sbpl", b"\x0201c000002\x03"), "paper_out busy");
    assert_eq!(status("sbpl", b"\x0201c000002\x03").labels_remaining, 2);
    assert_eq!(flags("epl2", b"00\r\n"), "");
    assert_eq!(flags("epl2", b"07,11\r\n"), "paper_out head_open");
    assert_eq!(flags("tspl", &[0x05]), "paper_out head_open");
    assert_eq!(flags("tspl", &[0x20]), "busy");
    assert_eq!(flags("cpcl", &[0x06]), "paper_out head_open");
    assert_eq!(flags("dpl", b"NYNNNYNN\r"), "paper_out paused");
    assert_eq!(flags("dpl", b"NNNNYNNN\r"), "busy");
    assert_eq!(flags("dymo", &[0x03]), "");
    assert_eq!(flags("dymo", &[0x01]), "busy");
    assert_eq!(flags("dymo", &[0xA2]), "paper_out");
    let mut frame = [0_u8; 32];
    frame[..5].copy_from_slice(&[0x80, 0x20, 0x42, 0x34, 0x38]);
    assert_eq!(status("brother-ql", &frame), PrinterStatus::default());
    (frame[8], frame[9], frame[19]) = (0x02, 0x10, 0x01);
    assert_eq!(flags("brother-ql", &frame), "paper_out head_open busy");
}
