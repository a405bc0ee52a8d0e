//! `label check` against encoders and readers of other descent: symbols drawn by `zint`, put on a
//! page with text-like clutter, found, read and measured; damaged ones told; noise survived.
//!
//! `zint` and `zbarimg` are Debian's packages `zint` and `zbar-tools`.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::process::Command;
use std::time::{Duration, Instant};

use firstscan::label::check::{self, Grey, Options, Report};
use firstscan::label::render::Sides;
use firstscan::label::symbol::Symbology;
use firstscan::label::{PlacedSymbol, Problem, Rendered, import, png};
use firstscan_drivers::bitmap::{Bitmap, Resolution};

const HEAD: Resolution = Resolution::from_dpi(203);

/// Kind and data for zint, further arguments, and what a scanner says.
type Case = (
    &'static str,
    &'static str,
    &'static [&'static str],
    &'static str,
    &'static str,
);

const CASES: [Case; 18] = [
    (
        "CODE128",
        "1Z999AA10123456784",
        &[],
        "code128",
        "1Z999AA10123456784",
    ),
    (
        "GS1_128",
        "[00]003404340000000177",
        &["--scale=2"],
        "gs1-128",
        "00003404340000000177",
    ),
    ("CODE39", "PARCEL-0042", &[], "code39", "PARCEL-0042"),
    ("CODE93", "Parcel 0042", &[], "code93", "Parcel 0042"),
    ("C25INTER", "0123456789", &[], "itf", "0123456789"),
    ("ITF14", "1234567890123", &[], "itf", "12345678901231"),
    (
        "EANX",
        "400638133393",
        &["--scale=1.5"],
        "ean13",
        "4006381333931",
    ),
    ("EANX", "9638507", &["--scale=1.5"], "ean8", "96385074"),
    (
        "UPCA",
        "03600029145",
        &["--scale=1.5"],
        "upca",
        "036000291452",
    ),
    ("CODABAR", "A40156+12B", &[], "codabar", "A40156+12B"),
    (
        "QRCODE",
        "https://example.com/parcel/FS-0042",
        &[],
        "qr",
        "https://example.com/parcel/FS-0042",
    ),
    (
        "QRCODE",
        "[00]003404340000000177[420]10115",
        &["--gs1", "--scale=2"],
        "gs1-qr",
        "0000340434000000017742010115",
    ),
    (
        "DATAMATRIX",
        "FS-0042 Grüße",
        &["--scale=2"],
        "datamatrix",
        "FS-0042 Grüße",
    ),
    (
        "DATAMATRIX",
        "[01]09501101530003[10]ABC[21]42",
        &["--gs1", "--scale=2"],
        "gs1-datamatrix",
        "010950110153000310ABC\u{1D}2142",
    ),
    (
        "PDF417",
        "First scan of parcel FS-0042",
        &[],
        "pdf417",
        "First scan of parcel FS-0042",
    ),
    (
        "AZTEC",
        "First scan of parcel FS-0042",
        &["--scale=2"],
        "aztec",
        "First scan of parcel FS-0042",
    ),
    (
        "MAXICODE",
        "First scan of parcel FS-0042",
        &["--mode=4"],
        "maxicode",
        "First scan of parcel FS-0042",
    ),
    (
        "USPS_IMAIL",
        "01234567094987654321-01234567891",
        &["--scale=1.5"],
        "imb",
        "0123456709498765432101234567891",
    ),
];

fn zint((kind, data, more, ..): Case) -> Bitmap {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("symbol.png");
    let mut command = Command::new("zint");
    command.args(["--barcode", kind, "--data", data, "--notext"]);
    // Bars 18 mm high; other symbols ignore it.
    if !matches!(kind, "PDF417" | "USPS_IMAIL" | "MAXICODE") {
        command.arg("--height=60");
    }
    let run = command.args(more).arg("-o").arg(&file).output();
    let run = run.unwrap_or_else(|e| panic!("zint: {e}; install zint"));
    assert!(
        run.status.success(),
        "{kind}: {}",
        String::from_utf8_lossy(&run.stderr)
    );
    let bytes = std::fs::read(&file).unwrap();
    import::original(&bytes, HEAD).unwrap().remove(0)
}

/// A 4 x 6 in page with the symbol, lines and blocks like text around it.
fn page_with(symbol: &Bitmap, x: u32, y: u32) -> Bitmap {
    let mut page = Bitmap::new(812, 1218).unwrap();
    page.fill_rect(20, 20, 772, 3, true);
    page.fill_rect(20, 1190, 772, 3, true);
    page.fill_rect(20, 20, 3, 1170, true);
    page.fill_rect(789, 20, 3, 1170, true);
    let mut seed = 7_u32;
    for line in 0..6 {
        for letter in 0..24 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let (left, top) = (60 + letter * 22, 950 + line * 34);
            page.fill_rect(left, top, 3, 22, seed & 1 << 30 != 0);
            page.fill_rect(left + 10, top, 3, 22, seed & 1 << 29 != 0);
            page.fill_rect(left, top + (seed >> 20) % 20, 13, 3, true);
        }
    }
    page.blit(&symbol.view(), x, y);
    page
}

fn look(page: &Bitmap) -> Report {
    let options = Options {
        resolution: Some(HEAD),
        ..Options::default()
    };
    check::check_with(&page.view(), &options)
}

fn read(report: &Report) -> Vec<(&str, &str)> {
    let symbols = report.symbols.iter();
    symbols.map(|s| (s.symbology, s.data.as_str())).collect()
}

#[test]
fn every_symbology_is_found_read_and_measured_in_all_four_directions() {
    let mut wrong = Vec::new();
    for case in CASES {
        let (kind, _, _, symbology, data) = case;
        let mut symbol = zint(case);
        for turns in 0..4 {
            if turns > 0 {
                symbol = symbol.rotated_quarter(1);
            }
            let (x, y) = (120, 90);
            let report = look(&page_with(&symbol, x, y));
            // Mail bars are horizontal on every letter.
            if symbology == "imb" && turns % 2 == 1 {
                if !report.symbols.is_empty() {
                    wrong.push(format!("{kind} {turns}: {:?}", read(&report)));
                }
                continue;
            }
            if read(&report) != [(symbology, data)] {
                wrong.push(format!("{kind} {turns}: {:?}", read(&report)));
                continue;
            }
            let found = &report.symbols[0];
            let off = |a: u32, b: u32| a.abs_diff(b);
            if off(found.x, x) > 45 || off(found.y, y) > 45 || found.module_dots < 2 {
                wrong.push(format!("{kind} {turns}: {found:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A third reader: what zbar sees on a page we see too, and the other way round where it reads
/// the symbology at all.
#[test]
fn zbar_agrees() {
    let known = [
        "code128", "gs1-128", "code39", "code93", "itf", "ean13", "ean8", "codabar", "qr",
    ];
    for case in CASES {
        let page = page_with(&zint(case), 120, 90);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("page.png");
        std::fs::write(&file, png::encode(&page, HEAD).unwrap()).unwrap();
        let run = Command::new("zbarimg")
            .args(["-q", "--raw", "--nodbus"])
            .arg(&file)
            .output();
        let run = run.unwrap_or_else(|e| panic!("zbarimg: {e}; install zbar-tools"));
        let text = String::from_utf8_lossy(&run.stdout).into_owned();
        let seen: Vec<&str> = text.lines().collect();
        assert!(
            !known.contains(&case.3) || !seen.is_empty(),
            "zbar reads no {}",
            case.0
        );
        let report = look(&page);
        for line in seen {
            // It leaves FNC1 out and gives UPC-A as EAN-13.
            let same = |data: &str| {
                let plain = data.replace('\u{1D}', "");
                [data, plain.as_str(), &format!("0{data}")].contains(&line)
            };
            assert!(
                report.symbols.iter().any(|s| same(&s.data)),
                "{line}: {report:?}"
            );
        }
    }
}

/// A picture of a label made for another head: modules are no whole number of dots, edges grey.
#[test]
fn symbols_of_fractional_pitch_are_found_and_told() {
    let mut wrong = Vec::new();
    for percent in [130, 85] {
        // Two dots become 1.7: wide and narrow cannot be told apart. The SSCC gets too long.
        let lost = |case: &Case| match percent {
            130 => matches!(case.0, "CODABAR" | "GS1_128"),
            _ => matches!(case.0, "CODABAR" | "CODE39"),
        };
        for case in CASES.into_iter().filter(|case| !lost(case)) {
            let symbol = zint(case);
            let (width, height) = (symbol.width(), symbol.height());
            let luma = |(x, y)| if symbol.get(x, y) { 0 } else { 255 };
            let dots = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
            let grey = import::raster::Grey {
                width,
                height,
                pixels: dots.map(luma).collect(),
                resolution: None,
            };
            let scaled = grey.scaled(width * percent / 100, height * percent / 100);
            let report = check::check(&page_with(&scaled.threshold(), 80, 90).view());
            let told = report.symbols.iter().flat_map(|symbol| &symbol.problems);
            let off_grid = told
                .filter(|problem| problem.message.contains("dot grid"))
                .count();
            if read(&report) != [(case.3, case.4)] || (percent == 130 && off_grid > 0) {
                wrong.push(format!("{} {percent} %: {report:?}", case.0));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Patterns that look like a thousand codes. Time is bounded by counted work; the clock here only
/// proves that the counts are small enough, with room for a slow machine.
#[test]
fn hostile_pages_end_soon() {
    let mut seed = 1_u32;
    let mut random = move || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        seed >> 16
    };
    let mut pages: Vec<(String, Bitmap)> = Vec::new();
    for block in [1_u32, 2, 3, 5, 8] {
        let mut page = Bitmap::new(1200, 1800).unwrap();
        for y in (0..1800).step_by(block as usize) {
            for x in (0..1200).step_by(block as usize) {
                page.fill_rect(x, y, block, block, random() & 1 == 1);
            }
        }
        pages.push((format!("noise of {block} dots"), page));
    }
    for (name, module) in [("bars", 3_u32), ("wide bars", 9)] {
        let mut page = Bitmap::new(1200, 1800).unwrap();
        let mut x = 0;
        while x < 1200 {
            let width = module * (1 + random() % 3);
            page.fill_rect(x, 0, width, 1800, true);
            x += width + module * (1 + random() % 3);
        }
        pages.push((format!("{name} all over"), page));
    }
    let mut finders = Bitmap::new(1200, 1800).unwrap();
    for y in 0..64 {
        for x in 0..42 {
            let (left, top) = (x * 28, y * 28);
            finders.fill_rect(left, top, 21, 21, true);
            finders.fill_rect(left + 3, top + 3, 15, 15, false);
            finders.fill_rect(left + 6, top + 6, 9, 9, true);
        }
    }
    pages.push(("finder patterns".into(), finders));
    let mut starts = Bitmap::new(1200, 1800).unwrap();
    for row in 0..110 {
        for x in 0..30 {
            // The start pattern of Code 128 B again and again, and PDF417's between.
            for (from, to) in [(0, 4), (6, 8), (14, 16), (22, 38), (40, 42)] {
                starts.fill_rect(x * 40 + from, row * 17, to - from, 16, true);
            }
        }
    }
    pages.push(("start patterns".into(), starts));
    for (name, page) in pages {
        let begun = Instant::now();
        let report = look(&page);
        let took = begun.elapsed();
        println!(
            "{name}: {took:?}, {} symbols, {:?}",
            report.symbols.len(),
            report.problems
        );
        assert!(!report.valid, "{name}: {report:?}");
        assert!(took < Duration::from_secs(20), "{name} took {took:?}");
    }
}

/// A label with the case's symbol as if we had drawn it, a quarter turned `turns` times.
fn placed(case: Case, turns: u8) -> Rendered {
    let (kind, _, more, symbology, data) = case;
    let symbology = match (kind, symbology) {
        ("ITF14", _) => Symbology::Itf14,
        _ => Symbology::ALL
            .into_iter()
            .find(|s| s.name() == symbology)
            .unwrap(),
    };
    let module = match (kind, more) {
        ("MAXICODE", _) => 10,
        (_, ["--scale=1.5"]) => 3,
        (_, [.., "--scale=2"]) => 4,
        _ => 2,
    };
    let symbol = zint(case).rotated_quarter(turns);
    let mut bitmap = Bitmap::new(900, 1218).unwrap();
    let (x, y) = (150, 140);
    bitmap.blit(&symbol.view(), x, y);
    let side = |dots: u32| i32::try_from(dots).unwrap();
    let white = if symbology.linear() { 10 } else { 4 } * module;
    Rendered {
        bitmap,
        resolution: HEAD,
        problems: Vec::new(),
        symbols: vec![PlacedSymbol {
            element: "the-code".into(),
            symbology,
            data: data.into(),
            text: data.into(),
            x: side(x),
            y: side(y),
            width: side(symbol.width()),
            height: side(symbol.height()),
            module_dots: module,
            quiet: Sides {
                left: white,
                top: white,
                right: white,
                bottom: white,
            },
            turns,
        }],
        texts: Vec::new(),
    }
}

/// Fills a part of the symbol, in hundredths of its size from its top left corner.
fn paint(label: &mut Rendered, (x, y): (i32, i32), (width, height): (u32, u32), black: bool) {
    let symbol = &label.symbols[0];
    let at = |start: i32, size: i32, part: i32| (start + size * part / 100).unsigned_abs();
    let (left, top) = (
        at(symbol.x, symbol.width, x),
        at(symbol.y, symbol.height, y),
    );
    label.bitmap.fill_rect(left, top, width, height, black);
}

/// Problems that are not about size rules, which the drawn sizes here do not all keep.
fn told(label: &Rendered) -> Vec<String> {
    let problems = check::expect(label).into_iter().filter(|problem| {
        assert!(!problem.remedy.is_empty());
        assert_eq!(problem.element, "the-code");
        !problem.message.contains("asked for")
    });
    problems.map(|problem| problem.message).collect()
}

#[test]
fn clean_placed_symbols_have_no_problems() {
    let mut wrong = Vec::new();
    for case in CASES {
        for turns in 0..4 {
            let label = placed(case, turns);
            let told = told(&label);
            if !told.is_empty() {
                wrong.push(format!("{} {turns}: {told:?}", case.0));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_kind_of_damage_is_told() {
    let mut wrong = Vec::new();
    for case in CASES {
        for turns in [0, 1] {
            let mut expect = |name: &str, word: &str, damage: &dyn Fn(&mut Rendered)| {
                let mut label = placed(case, turns);
                damage(&mut label);
                let told = told(&label);
                if !told.iter().any(|message| message.contains(word)) {
                    wrong.push(format!("{} {turns} {name}: {told:?}", case.0));
                }
            };
            expect("other data", "reads as", &|label| {
                label.symbols[0].data.push('7')
            });
            expect("speck in the quiet zone", "quiet zone", &|label| {
                let symbol = &label.symbols[0];
                let (x, y) = (symbol.x - 3, symbol.y + symbol.height / 2);
                label
                    .bitmap
                    .fill_rect(x.unsigned_abs(), y.unsigned_abs(), 2, 2, true);
            });
            expect("moved over the edge", "cut off", &|label| {
                label.symbols[0].x = -3
            });
            expect("too near the edge", "edge of the label", &|label| {
                let symbol = &mut label.symbols[0];
                symbol.x = 900 - symbol.width;
            });
            expect("half of it missing", "reads as nothing", &|label| {
                paint(label, (0, 0), (400, 400), false);
            });
            // Error correction reads through this; the grid shows it.
            if !matches!(case.3, "maxicode" | "imb") {
                expect("a line across", "across the code", &|label| {
                    paint(label, (20, 40), (60, 1), true);
                    paint(label, (40, 20), (1, 60), true);
                    paint(label, (30, 40), (60, 1), false);
                    paint(label, (40, 30), (1, 60), false);
                });
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn carriers_and_gs1_sizes_are_asked_for() {
    let sscc = CASES[1];
    // 4 dots are 0.5 mm and right, but the bars are too low.
    let problems = check::expect(&placed(sscc, 0));
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].message.contains("GS1's rule") && problems[0].message.contains("31.75 mm"));
    let narrow = (sscc.0, sscc.1, &["--scale=1"][..], sscc.3, sscc.4);
    let problems = check::expect(&placed(narrow, 0));
    assert!(
        problems.iter().any(|p| p.message.contains("0.495 mm")),
        "{problems:?}"
    );
    let zip = "[420]22153[92]12345678901234567890";
    let data = "42022153\u{1D}9212345678901234567890";
    let impb = |scale: &'static [&'static str]| placed(("GS1_128", zip, scale, "gs1-128", data), 0);
    assert_eq!(check::expect(&impb(&["--scale=1.5"])), []);
    let problems = check::expect(&impb(&["--scale=1"]));
    let usps = |problem: &Problem| problem.message.contains("USPS's rule");
    assert!(problems.iter().any(usps), "{problems:?}");
}

#[test]
fn a_dead_dot_is_told_before_paper() {
    for case in CASES {
        let upright = placed(case, 0);
        let symbol = &upright.symbols[0];
        let left = symbol.x.unsigned_abs();
        let none = check::survives(&upright, &[left.saturating_sub(30)]);
        assert_eq!(none, [], "{}", case.0);
        // Ten dead dots side by side are more than any code with upright bars stands.
        let dots: Vec<u32> = (0..10)
            .map(|dot| left + symbol.width.unsigned_abs() / 2 + dot)
            .collect();
        let lost = check::survives(&upright, &dots);
        if symbol.symbology.linear() && symbol.symbology != Symbology::Imb {
            assert_eq!(lost.len(), 1, "{}", case.0);
            assert_eq!(lost[0].element, "the-code");
            let ladder = placed(case, 1);
            let dots: Vec<u32> = dots
                .iter()
                .map(|dot| dot - left)
                .map(|dot| 150 + dot % 60)
                .collect();
            assert_eq!(check::survives(&ladder, &dots), [], "{}", case.0);
        }
    }
    // The whole-page check names such dots.
    let options = Options {
        dead_dots: true,
        ..Options::default()
    };
    let page = placed(CASES[0], 0).bitmap;
    let dead = check::check_with(&page.view(), &options)
        .symbols
        .remove(0)
        .dead_dots
        .unwrap();
    assert!(
        dead.fatal * 5 > dead.tried && dead.examples.len() == 8,
        "{dead:?}"
    );
    let page = placed(CASES[0], 1).bitmap;
    let dead = check::check_with(&page.view(), &options)
        .symbols
        .remove(0)
        .dead_dots
        .unwrap();
    assert_eq!((dead.fatal, dead.tried), (0, 120), "{dead:?}");
}

#[test]
fn what_is_found_is_measured_and_scored() {
    let clean = page_with(&zint(CASES[0]), 120, 90);
    let report = look(&clean);
    let symbol = &report.symbols[0];
    assert!(report.valid && report.score == 100, "{report:?}");
    assert_eq!((symbol.x, symbol.y, symbol.module_dots), (120, 90, 2));
    assert_eq!((symbol.module_um, symbol.height), (Some(250), 120));

    // White missing on one side.
    let mut close = clean.clone();
    close.fill_rect(103, 90, 4, 120, true);
    let report = look(&close);
    assert!(
        report.symbols[0].problems[0]
            .message
            .contains("white dots before"),
        "{report:?}"
    );
    assert!(
        (60..100).contains(&report.score) && !report.valid,
        "{report:?}"
    );

    // Pale bars on grey paper.
    let luma: Vec<u8> = (0..1218)
        .flat_map(|y| (0..812).map(move |x| (x, y)))
        .map(|(x, y)| if clean.get(x, y) { 120 } else { 200 })
        .collect();
    let options = Options {
        grey: Some(Grey {
            width: 812,
            height: 1218,
            luma: &luma,
        }),
        ..Options::default()
    };
    let report = check::check_with(&clean.view(), &options);
    assert_eq!(report.symbols[0].contrast_percent, Some(31));
    assert!(
        report.symbols[0].problems[0].message.contains("contrast"),
        "{report:?}"
    );
}
