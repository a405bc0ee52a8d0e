//! Symbols against encoders and readers of other descent: module for module as `zint` draws them,
//! and read by `zbarimg` at every module width, over random data of a fixed seed.
//!
//! Encoders may choose among modes of equal or nearly equal length. Where ours and zint's may
//! differ in that, data is used for which there is one best choice, and `reads_back_what_it_says`
//! compares the rest by decoding. QR masks and versions are compared through zbar.
//!
//! `zint` and `zbarimg` are Debian's packages `zint` and `zbar-tools`.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use firstscan::label::symbol::{Bearer, Encoded, Geometry, Options, Shape, Symbology, encode};
use firstscan_drivers::bitmap::{Bitmap, Resolution};
use rxing::BarcodeFormat;

const HEAD: Resolution = Resolution::from_dpi(203);

/// Numbers without a pattern, the same in every run (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    fn text(&mut self, letters: &str, least: usize, most: usize) -> String {
        let length = least + self.below(most - least + 1);
        let letters = letters.as_bytes();
        (0..length)
            .map(|_| char::from(letters[self.below(letters.len())]))
            .collect()
    }
}

const DIGITS: &str = "0123456789";
const CAPITALS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const CODE39: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%";
/// Of GS1's set 82 what is no bracket and no shell trouble for zint's own syntax.
const SET82: &str = "ABCXYZabcxyz0123456789-./%&+_";

/// Black modules of one symbol as zint draws it, by rows.
fn zint(kind: &str, data: &str, more: &[String]) -> Vec<Vec<bool>> {
    let out = Command::new("zint")
        .args(["--dump", "-b", kind, "-d", data])
        .args(more)
        .output()
        .expect("zint is installed (Debian package zint)");
    let error = String::from_utf8_lossy(&out.stderr);
    assert!(
        out.status.success(),
        "zint {kind} {data:?} {more:?}: {error}"
    );
    let nibbles = |line: &str| {
        let digits = line.chars().filter_map(|c| c.to_digit(16));
        digits
            .flat_map(|n| (0..4).rev().map(move |bit| n >> bit & 1 == 1))
            .collect()
    };
    String::from_utf8(out.stdout)
        .unwrap()
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(nibbles)
        .collect()
}

fn fixed(more: &[&str]) -> Vec<String> {
    more.iter().map(|one| (*one).to_owned()).collect()
}

/// Runs, black first, to modules; `wide` is what a wide element counts.
fn modules(shape: &Shape, wide: usize) -> Vec<Vec<bool>> {
    let row = |runs: &[usize]| {
        let mut out = Vec::new();
        for (at, run) in runs.iter().enumerate() {
            out.extend(std::iter::repeat_n(at % 2 == 0, *run));
        }
        vec![out]
    };
    match shape {
        Shape::Linear(runs) => row(&runs.iter().map(|run| usize::from(*run)).collect::<Vec<_>>()),
        Shape::TwoWidth { wide: which, .. } => {
            let runs = which.iter().map(|broad| if *broad { wide } else { 1 });
            row(&runs.collect::<Vec<_>>())
        }
        Shape::Matrix { columns, black, .. } => black
            .chunks(*columns as usize)
            .map(<[bool]>::to_vec)
            .collect(),
        Shape::MaxiCode(black) => black.chunks(30).map(<[bool]>::to_vec).collect(),
        Shape::FourState(bars) => {
            let part = |dark: &dyn Fn(usize) -> bool| {
                (0..bars.len() * 2 - 1)
                    .map(|x| x % 2 == 0 && dark(x / 2))
                    .collect()
            };
            vec![
                part(&|at| bars[at].ascender),
                part(&|_| true),
                part(&|at| bars[at].descender),
            ]
        }
    }
}

fn shown(rows: &[Vec<bool>]) -> String {
    let mut out = String::new();
    for row in rows {
        let line: String = row
            .iter()
            .map(|black| if *black { '#' } else { '.' })
            .collect();
        writeln!(out, "{line}").unwrap();
    }
    out
}

/// Compares a symbol with zint's; the dump fills its last byte with white.
fn same(
    symbology: Symbology,
    data: &str,
    options: &Options,
    kind: &str,
    theirs: (&str, &[String]),
) {
    let encoded = encode(symbology, data, options)
        .unwrap_or_else(|error| panic!("{} {data:?}: {error}", symbology.name()));
    let wide = match symbology {
        Symbology::Itf | Symbology::Itf14 => 3,
        _ => 2,
    };
    let ours = modules(&encoded.shape, wide);
    let mut theirs = zint(kind, theirs.0, theirs.1);
    let width = ours[0].len();
    for row in &mut theirs {
        assert!(
            row.len() >= width && row.iter().skip(width).all(|black| !black),
            "{} {data:?}: zint's symbol is wider\n{}\n{}",
            symbology.name(),
            shown(&ours),
            shown(std::slice::from_ref(row))
        );
        row.truncate(width);
    }
    assert!(
        ours == theirs,
        "{} {data:?} differs from zint's\n{}\n{}",
        symbology.name(),
        shown(&ours),
        shown(&theirs)
    );
}

fn simple(symbology: Symbology, data: &str, kind: &str) {
    same(symbology, data, &Options::default(), kind, (data, &[]));
}

#[test]
fn bars_are_those_of_zint() {
    let mut dice = Dice(0x1234_5678_9ABC_DEF1);
    for _ in 0..40 {
        simple(Symbology::Code39, &dice.text(CODE39, 1, 20), "CODE39");
        simple(Symbology::Code93, &dice.text(CODE39, 1, 30), "CODE93");
        let pairs = dice.text(DIGITS, 1, 12);
        simple(Symbology::Itf, &format!("{pairs}{pairs}"), "C25INTER");
        simple(Symbology::Itf14, &dice.text(DIGITS, 13, 13), "ITF14");
        simple(Symbology::Ean13, &dice.text(DIGITS, 12, 12), "EANX");
        simple(Symbology::Ean8, &dice.text(DIGITS, 7, 7), "EANX");
        simple(Symbology::UpcA, &dice.text(DIGITS, 11, 11), "UPCA");
        let inner = dice.text("0123456789-$:/.+", 1, 20);
        let (start, stop) = (dice.text("ABCD", 1, 1), dice.text("ABCD", 1, 1));
        simple(
            Symbology::Codabar,
            &format!("{start}{inner}{stop}"),
            "CODABAR",
        );
    }
}

/// Every character Code 39 and 93 have in pairs, and the check characters.
#[test]
fn full_ascii_and_check_characters_are_those_of_zint() {
    let full = Options {
        full_ascii: true,
        ..Options::default()
    };
    let all: Vec<char> = (1_u8..=127).map(char::from).collect();
    for part in all.chunks(12) {
        let data: String = part.iter().collect();
        same(Symbology::Code39, &data, &full, "EXCODE39", (&data, &[]));
        same(Symbology::Code93, &data, &full, "CODE93", (&data, &[]));
    }
    let checked = Options {
        check_digit: Some(true),
        ..Options::default()
    };
    let with = fixed(&["--vers=1"]);
    let mut dice = Dice(0x0BAD_CAFE_0000_0003);
    for _ in 0..30 {
        let data = dice.text(CODE39, 1, 20);
        same(Symbology::Code39, &data, &checked, "CODE39", (&data, &with));
        let data = format!("A{}B", dice.text("0123456789-$:/.+", 1, 20));
        same(
            Symbology::Codabar,
            &data,
            &checked,
            "CODABAR",
            (&data, &with),
        );
        let data = dice.text(DIGITS, 7, 7);
        same(Symbology::Itf, &data, &checked, "C25INTER", (&data, &with));
    }
}

/// Where both encode optimally the number of characters is the same, whatever the sets.
#[test]
fn code_128_is_never_longer_than_zints() {
    let mut dice = Dice(0x0BAD_CAFE_0000_0001);
    let width = |rows: &[Vec<bool>]| rows[0].iter().rposition(|black| *black).unwrap() + 1;
    for round in 0..80 {
        let letters = if round % 2 == 0 {
            DIGITS
        } else {
            "0123456789ABcd"
        };
        let data = dice.text(letters, 1, 30);
        let ours = encode(Symbology::Code128, &data, &Options::default()).unwrap();
        let (ours, theirs) = (modules(&ours.shape, 2), zint("CODE128", &data, &[]));
        assert!(width(&ours) <= width(&theirs), "{data}");
    }
    simple(Symbology::Code128, "1Z999AA10123456784", "CODE128");
    simple(Symbology::Code128, "00340434161094042557", "CODE128");
}

/// Element strings of fixed and variable length in any order.
fn elements(dice: &mut Dice) -> Vec<(&'static str, String)> {
    let sscc = checked(&dice.text(DIGITS, 17, 17));
    let gtin = checked(&dice.text(DIGITS, 13, 13));
    let all = [
        ("00", sscc),
        ("01", gtin),
        ("3102", dice.text(DIGITS, 6, 6)),
        ("10", dice.text(SET82, 1, 8)),
        ("21", dice.text(SET82, 1, 8)),
        ("420", dice.text(DIGITS, 5, 5)),
        ("400", dice.text(SET82, 1, 6)),
    ];
    let (from, count) = (dice.below(5), 1 + dice.below(2));
    let mut some: Vec<_> = all.into_iter().skip(from).take(count).collect();
    if dice.below(2) == 0 {
        some.reverse();
    }
    some
}

fn checked(body: &str) -> String {
    let weights = [3, 1].into_iter().cycle();
    let digits = body.bytes().rev().map(|b| u32::from(b - b'0'));
    let sum: u32 = digits.zip(weights).map(|(d, w)| d * w).sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}

#[test]
fn gs1_128_is_that_of_zint() {
    let mut dice = Dice(0x0BAD_CAFE_0000_0002);
    let mut same_modules = 0;
    for _ in 0..60 {
        let elements = elements(&mut dice);
        let written = |open, close| -> String {
            let one = |(ai, value): &(&str, String)| format!("{open}{ai}{close}{value}");
            elements.iter().map(one).collect()
        };
        let data = written('(', ')');
        let ours = encode(Symbology::Gs1_128, &data, &Options::default()).unwrap();
        let mut theirs = zint("GS1_128", &written('[', ']'), &[]);
        let ours = modules(&ours.shape, 2);
        let end = theirs[0].iter().rposition(|black| *black).unwrap() + 1;
        assert!(ours[0].len() <= end, "{data}: {} > {end}", ours[0].len());
        theirs[0].truncate(end);
        same_modules += usize::from(ours == theirs);
    }
    // Sets may change in other places at the same length.
    assert!(same_modules > 20, "only {same_modules} of 60 are the same");
}

#[test]
fn intelligent_mail_is_that_of_zint() {
    let mut dice = Dice(0x0BAD_CAFE_0000_0004);
    for zip in [0, 5, 9, 11] {
        for _ in 0..15 {
            let head = format!("{}{}", dice.text(DIGITS, 1, 1), dice.text("01234", 1, 1));
            let tracking = format!("{head}{}", dice.text(DIGITS, 18, 18));
            let routing = dice.text(DIGITS, zip, zip);
            let theirs = format!("{tracking}-{routing}");
            same(
                Symbology::Imb,
                &format!("{tracking}{routing}"),
                &Options::default(),
                "USPS_IMAIL",
                (theirs.trim_end_matches('-'), &[]),
            );
        }
    }
    // The example of the specification (USPS-B-3200).
    let known = "AADTFFDFTDADTAADAATFDTDDAAADDTDTTDAFADADDDTFFFDDTTTADFAAADFTDAADA";
    let encoded = encode(
        Symbology::Imb,
        "0123456709498765432101234567891",
        &Options::default(),
    );
    let Shape::FourState(bars) = encoded.unwrap().shape else {
        panic!("no bars");
    };
    let letter = |ascender, descender| match (ascender, descender) {
        (true, true) => 'F',
        (true, false) => 'A',
        (false, true) => 'D',
        (false, false) => 'T',
    };
    let found: String = bars
        .iter()
        .map(|bar| letter(bar.ascender, bar.descender))
        .collect();
    assert_eq!(found, known);
}

#[test]
fn data_matrix_is_that_of_zint() {
    let mut dice = Dice(0x0BAD_CAFE_0000_0005);
    let square = fixed(&["--square"]);
    for length in (2..=120).step_by(4) {
        // Digits have one best encoding: pairs.
        let data = dice.text(DIGITS, length, length);
        let none = Options::default();
        same(
            Symbology::DataMatrix,
            &data,
            &none,
            "DATAMATRIX",
            (&data, &square),
        );
    }
    let oblong = Options {
        rectangular: true,
        ..Options::default()
    };
    for (size, digits) in [(25, 10), (26, 20), (27, 32), (28, 44), (29, 64), (30, 98)] {
        let data = dice.text(DIGITS, digits, digits);
        let vers = fixed(&[&format!("--vers={size}")]);
        same(
            Symbology::DataMatrix,
            &data,
            &oblong,
            "DATAMATRIX",
            (&data, &vers),
        );
    }
    let more = fixed(&["--square", "--gs1", "--gssep"]);
    for _ in 0..20 {
        let (sscc, kilos) = (checked(&dice.text(DIGITS, 17, 17)), dice.text(DIGITS, 6, 6));
        let data = format!("(00){sscc}(3102){kilos}(20)11");
        let theirs = format!("[00]{sscc}[3102]{kilos}[20]11");
        let none = Options::default();
        same(
            Symbology::Gs1DataMatrix,
            &data,
            &none,
            "DATAMATRIX",
            (&theirs, &more),
        );
    }
}

#[test]
fn pdf417_is_that_of_zint() {
    let mut dice = Dice(0x0BAD_CAFE_0000_0006);
    for columns in [1, 3, 5, 9, 12] {
        for level in [2, 4, 5] {
            // In text mode zint leaves out the first latch, which `anyd` always writes.
            let data = dice.text(DIGITS, 14, 100);
            let options = Options {
                columns: Some(columns),
                ec: Some(level),
                ..Options::default()
            };
            let more = [format!("--cols={columns}"), format!("--secure={level}")];
            same(Symbology::Pdf417, &data, &options, "PDF417", (&data, &more));
        }
    }
}

#[test]
fn aztec_is_that_of_zint() {
    let mut dice = Dice(0x0BAD_CAFE_0000_0007);
    for length in [1, 5, 12, 20, 33, 50, 70, 120, 200, 300] {
        let data = dice.text(CAPITALS, length, length);
        simple(Symbology::Aztec, &data, "AZTEC");
    }
}

#[test]
fn maxicode_is_that_of_zint() {
    let mut dice = Dice(0x0BAD_CAFE_0000_0008);
    let with = |mode: u8| Options {
        mode: Some(mode),
        ..Options::default()
    };
    for length in [1, 10, 40, 70] {
        for mode in 4..=6 {
            let data = dice.text(CAPITALS, length, length);
            let more = [format!("--mode={mode}")];
            same(
                Symbology::MaxiCode,
                &data,
                &with(mode),
                "MAXICODE",
                (&data, &more),
            );
        }
    }
    for (mode, postcode) in [
        (2, "999999999"),
        (2, "152382802"),
        (3, "B1050 "),
        (3, "SW1A1A"),
    ] {
        let message = dice.text(CAPITALS, 30, 60);
        let data = format!("{postcode}\u{1D}840\u{1D}001\u{1D}{message}");
        let more = [
            format!("--mode={mode}"),
            format!("--primary={postcode}840001"),
        ];
        same(
            Symbology::MaxiCode,
            &data,
            &with(mode),
            "MAXICODE",
            (&message, &more),
        );
    }
}

/// A page with the symbol and its quiet zone.
fn sheet(encoded: &Encoded, geometry: &Geometry) -> Bitmap {
    let drawn: Bitmap = encoded.draw(geometry);
    assert_eq!((drawn.width(), drawn.height()), encoded.size_dots(geometry));
    let module = geometry.module_dots;
    let quiet = &encoded.quiet;
    let left = quiet.left.max(4) * module;
    let top = quiet.top.max(4) * module;
    let width = drawn.width() + left + quiet.right.max(4) * module;
    let mut page = Bitmap::new(width, drawn.height() + 2 * top).unwrap();
    page.blit(&drawn.view(), left, top);
    page
}

/// The same as a portable bitmap.
fn page(encoded: &Encoded, geometry: &Geometry) -> Vec<u8> {
    let page = sheet(encoded, geometry);
    let mut out = format!("P4\n{} {}\n", page.width(), page.height()).into_bytes();
    out.extend_from_slice(page.bits());
    out
}

/// What zbarimg says about each file, by name.
fn zbar(folder: &Path, names: &[String]) -> Vec<Vec<(String, String)>> {
    let out = Command::new("zbarimg")
        .current_dir(folder)
        .args([
            "-q",
            "--xml",
            "-Sdisable",
            "-Scode128.enable",
            "-Scode39.enable",
        ])
        .args([
            "-Scode93.enable",
            "-Si25.enable",
            "-Sean13.enable",
            "-Sean8.enable",
        ])
        .args(["-Supca.enable", "-Scodabar.enable", "-Sqrcode.enable"])
        .args(names)
        .output()
        .expect("zbarimg is installed (Debian package zbar-tools)");
    let xml = String::from_utf8_lossy(&out.stdout).into_owned();
    let found = |name: &String| {
        let from = xml.split(&format!("<source href='{name}'>")).nth(1);
        let part = from
            .unwrap_or_default()
            .split("</source>")
            .next()
            .unwrap_or_default();
        let one = |symbol: &str| {
            let kind = symbol
                .split("type='")
                .nth(1)?
                .split('\'')
                .next()?
                .to_owned();
            let data = symbol.split("<![CDATA[").nth(1)?.split("]]>").next()?;
            let packed = symbol.split_once("<![CDATA[")?.0.contains("base64");
            // zbar does so as soon as there is a control character.
            let data = if packed {
                let bytes = STANDARD.decode(data.trim()).ok()?;
                String::from_utf8(bytes).ok()?
            } else {
                data.to_owned()
            };
            Some((kind, data))
        };
        part.split("<symbol ").skip(1).filter_map(one).collect()
    };
    names.iter().map(found).collect()
}

/// Random data of each symbology zbar reads, with zbar's name for it.
fn readable(dice: &mut Dice) -> Vec<(Symbology, String, Options, &'static str)> {
    let pairs = dice.text(DIGITS, 4, 7);
    let full = Options {
        full_ascii: true,
        ..Options::default()
    };
    let none = Options::default;
    let framed = Options {
        bearer: Some(Bearer::Frame),
        ..none()
    };
    vec![
        (
            Symbology::Code128,
            dice.text("0123456789ABCabc$ ", 4, 14),
            none(),
            "CODE-128",
        ),
        (
            Symbology::Gs1_128,
            format!("(10){}(21)7", dice.text(SET82, 3, 8)),
            none(),
            "CODE-128",
        ),
        (
            Symbology::Code39,
            dice.text(CODE39.trim(), 4, 10),
            none(),
            "CODE-39",
        ),
        (
            Symbology::Code93,
            dice.text("ABCDEFG0123456789", 4, 10),
            full,
            "CODE-93",
        ),
        (Symbology::Itf, format!("{pairs}{pairs}"), none(), "I2/5"),
        (Symbology::Itf14, dice.text(DIGITS, 13, 13), none(), "I2/5"),
        (Symbology::Itf14, dice.text(DIGITS, 13, 13), framed, "I2/5"),
        (
            Symbology::Ean13,
            format!("4{}", dice.text(DIGITS, 11, 11)),
            none(),
            "EAN-13",
        ),
        (
            Symbology::Ean8,
            format!("4{}", dice.text(DIGITS, 6, 6)),
            none(),
            "EAN-8",
        ),
        (Symbology::UpcA, dice.text(DIGITS, 11, 11), none(), "UPC-A"),
        (
            Symbology::Codabar,
            format!("A{}B", dice.text("0123456789-+$:/.", 4, 9)),
            none(),
            "Codabar",
        ),
        (
            Symbology::Qr,
            dice.text("0123456789ABCabc$ ?&/", 4, 40),
            none(),
            "QR-Code",
        ),
        (Symbology::Qr, dice.text(DIGITS, 4, 40), none(), "QR-Code"),
        (
            Symbology::Gs1Qr,
            format!("(10){}(21)7", dice.text(SET82, 3, 8)),
            none(),
            "QR-Code",
        ),
    ]
}

#[test]
fn zbar_reads_every_module_width() {
    let folder = tempfile::tempdir().unwrap();
    let mut dice = Dice(0x0BAD_CAFE_0000_0009);
    let (mut names, mut wanted) = (Vec::new(), Vec::new());
    for module_dots in 2..=10 {
        for (symbology, data, options, kind) in readable(&mut dice) {
            let encoded = encode(symbology, &data, &options)
                .unwrap_or_else(|error| panic!("{} {data}: {error}", symbology.name()));
            let geometry = Geometry {
                module_dots,
                height_dots: 40 + 8 * module_dots,
                wide_tenths: 25,
                resolution: HEAD,
            };
            let name = format!("{}.pbm", names.len());
            std::fs::write(folder.path().join(&name), page(&encoded, &geometry)).unwrap();
            names.push(name);
            wanted.push((symbology, encoded.data, kind, module_dots));
        }
    }
    let mut problems = String::new();
    for (found, (symbology, data, kind, module)) in zbar(folder.path(), &names).iter().zip(wanted) {
        let right = found
            .iter()
            .any(|(name, read)| name == kind && inner(name, read) == data);
        if !right {
            let name = symbology.name();
            writeln!(
                problems,
                "{name} at {module} dots: {data:?} read as {found:?}"
            )
            .unwrap();
        }
    }
    assert!(problems.is_empty(), "{problems}");
}

/// Without Codabar's start and stop, which we do not count as data.
fn inner(kind: &str, data: &str) -> String {
    match kind {
        "Codabar" => data[1..data.len() - 1].to_owned(),
        _ => data.to_owned(),
    }
}

/// Where encoders may choose modes: what `rxing` reads, which was not our encoder for these.
#[test]
fn reads_back_what_it_says() {
    let mut dice = Dice(0x0BAD_CAFE_0000_000A);
    let kinds = [
        (Symbology::DataMatrix, BarcodeFormat::DATA_MATRIX),
        (Symbology::Gs1DataMatrix, BarcodeFormat::DATA_MATRIX),
        (Symbology::Pdf417, BarcodeFormat::PDF_417),
        (Symbology::Aztec, BarcodeFormat::AZTEC),
        (Symbology::MaxiCode, BarcodeFormat::MAXICODE),
    ];
    for module_dots in 2..=10 {
        for (symbology, format) in kinds {
            for head in [HEAD, Resolution::from_dpi(300), Resolution::from_dpi(600)] {
                let data = match symbology {
                    Symbology::Gs1DataMatrix => {
                        format!(
                            "(10){}(21)A(00){}",
                            dice.text(SET82, 1, 9),
                            checked(&dice.text(DIGITS, 17, 17))
                        )
                    }
                    // Beyond ASCII too; the reader guesses Latin-1 where nothing is stated.
                    _ if dice.below(4) == 0 => {
                        format!("{} Gr\u{FC}\u{DF}e", dice.text(CODE39, 3, 20))
                    }
                    _ => dice.text("0123456789ABCxyz -+.#", 4, 60),
                };
                let options = Options {
                    rectangular: dice.below(3) == 0 && data.len() < 20,
                    ..Options::default()
                };
                let encoded = encode(symbology, &data, &options).unwrap();
                let geometry = Geometry {
                    module_dots,
                    height_dots: 60,
                    wide_tenths: 25,
                    resolution: head,
                };
                let read = rxing_reads(&encoded, &geometry, format);
                assert_eq!(
                    read.as_deref(),
                    Some(encoded.data.as_str()),
                    "{} at {module_dots} dots, {head:?}",
                    symbology.name()
                );
            }
        }
    }
}

fn rxing_reads(encoded: &Encoded, geometry: &Geometry, format: BarcodeFormat) -> Option<String> {
    let page = match format {
        // This reader does not count the margin above the symbol.
        BarcodeFormat::MAXICODE => encoded.draw(geometry),
        _ => sheet(encoded, geometry),
    };
    let dots = (0..page.height()).flat_map(|y| (0..page.width()).map(move |x| (x, y)));
    let luma = dots
        .map(|(x, y)| if page.get(x, y) { 0 } else { 255 })
        .collect();
    let mut hints = rxing::DecodeHints::default();
    if format == BarcodeFormat::MAXICODE {
        // Samples the whole picture instead of looking for a tilted symbol in it.
        hints.TryHarder = Some(false);
    }
    let (width, height) = (page.width(), page.height());
    let read =
        rxing::helpers::detect_in_luma_with_hints(luma, width, height, Some(format), &mut hints);
    let text = read.ok()?.getText().to_owned();
    // The reader puts the identifier of GS1 in front.
    Some(text.strip_prefix("]d2").unwrap_or(&text).to_owned())
}

/// Widths and heights are whole multiples of the module, whatever the geometry; none is too large
/// to be answered.
#[test]
fn every_edge_is_on_the_module_grid() {
    let encoded = encode(Symbology::Code128, "GRID-0042", &Options::default()).unwrap();
    for module_dots in 1..=12 {
        let geometry = Geometry {
            module_dots,
            height_dots: 7,
            wide_tenths: 25,
            resolution: HEAD,
        };
        let drawn = encoded.draw(&geometry);
        let one = modules(&encoded.shape, 2).remove(0);
        for x in 0..drawn.width() {
            let black = one[(x / module_dots) as usize];
            assert!(
                (0..7).all(|y| drawn.get(x, y) == black),
                "{module_dots} dots, column {x}"
            );
        }
    }
    for symbology in [Symbology::Code128, Symbology::Qr, Symbology::Code39] {
        let encoded = encode(symbology, "HUGE", &Options::default()).unwrap();
        let geometry = Geometry {
            module_dots: u32::MAX,
            height_dots: u32::MAX,
            wide_tenths: 30,
            resolution: HEAD,
        };
        assert_eq!(encoded.draw(&geometry).width(), 1);
    }
}

#[test]
fn wrong_data_is_refused_with_its_reason() {
    let cases = [
        (Symbology::Code128, "AB\u{181}C", "at position 2"),
        (Symbology::Gs1_128, "(00)106141411234567898", "must be 7"),
        (Symbology::Code39, "abc", "position 0"),
        (Symbology::Code39, "A*B", "position 1"),
        (Symbology::Code93, "caf\u{E9}", "full_ascii"),
        (Symbology::Itf, "123", "even"),
        (Symbology::Itf14, "12345678901230", "must be 1"),
        (Symbology::Ean13, "4006381333932", "must be 1"),
        (Symbology::Ean13, "40063", "12, or 13"),
        (Symbology::Ean8, "9638507A", "position 7"),
        (Symbology::UpcA, "036000291453", "must be 2"),
        (Symbology::Codabar, "A12B34A", "position 2"),
        (Symbology::Gs1Qr, "hello", "identifier"),
        (Symbology::Gs1DataMatrix, "(05)1", "identifier"),
        (Symbology::Pdf417, "\u{6F22}", "Latin-1"),
        (Symbology::Aztec, "\u{6F22}", "Latin-1"),
        (
            Symbology::MaxiCode,
            "[)>\u{1E}01\u{1D}9612345",
            "country is missing",
        ),
        (Symbology::Imb, "09934567094987654321", "second digit"),
        (Symbology::Imb, "0123", "20 are needed"),
    ];
    for (symbology, data, reason) in cases {
        let error = encode(symbology, data, &Options::default()).unwrap_err();
        let error = error.to_string();
        assert!(
            error.contains(reason),
            "{} {data:?}: {error}",
            symbology.name()
        );
    }
    for symbology in Symbology::ALL {
        assert!(encode(symbology, "", &Options::default()).is_err());
        let long = "1".repeat(100_000);
        assert!(encode(symbology, &long, &Options::default()).is_err());
    }
}

/// Whatever the data and the options, there is a symbol that can be drawn or a reason.
#[test]
fn any_data_has_an_answer() {
    let mut dice = Dice(0x0BAD_CAFE_0000_000B);
    let strange = "\u{0}\u{1D}\u{1E}\u{7F}\u{A0}\u{C0}\u{DF}\u{181}\u{6F22}\u{1F600}";
    let plain = "0123456789ABab()[]*$/+%-. ";
    let pool: Vec<char> = plain.chars().chain(strange.chars()).collect();
    let some = |dice: &mut Dice, end: usize| {
        (dice.below(3) == 0).then(|| u32::try_from(dice.below(end)).unwrap())
    };
    for _ in 0..6_000 {
        let symbology = Symbology::ALL[dice.below(Symbology::ALL.len())];
        let letters = if dice.below(2) == 0 { 10 } else { pool.len() };
        let length = dice.below(40);
        let data: String = (0..length).map(|_| pool[dice.below(letters)]).collect();
        let options = Options {
            columns: some(&mut dice, 40),
            rows: some(&mut dice, 100),
            row_modules: some(&mut dice, 12),
            ec: some(&mut dice, 100),
            rectangular: dice.below(2) == 0,
            mode: some(&mut dice, 9).map(|mode| u8::try_from(mode).unwrap()),
            check_digit: Some(dice.below(2) == 0),
            full_ascii: dice.below(2) == 0,
            bearer: (dice.below(2) == 0).then_some(Bearer::Frame),
            ..Options::default()
        };
        if let Ok(encoded) = encode(symbology, &data, &options) {
            let geometry = Geometry {
                module_dots: 1 + u32::try_from(dice.below(3)).unwrap(),
                height_dots: 1 + u32::try_from(dice.below(9)).unwrap(),
                wide_tenths: u32::try_from(dice.below(40)).unwrap(),
                resolution: HEAD,
            };
            let drawn = encoded.draw(&geometry);
            assert_eq!(
                (drawn.width(), drawn.height()),
                encoded.size_dots(&geometry)
            );
        }
    }
}
