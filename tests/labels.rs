//! Labels as pictures: size, looks (goldens), and whether readers of other descent read them.
//!
//! `zbarimg`, `pdfinfo` and `pdftoppm` are Debian's `zbar-tools` and `poppler-utils`. Goldens and
//! fixtures are rewritten with `UPDATE_FIXTURES=1`; look at them before committing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::float_arithmetic)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use clap::Parser;
use firstscan::cli::label::{LabelArgs, run};
use firstscan::label::import::{self, Kind};
use firstscan::label::manifest::{self, Line, Manifest, Paper};
use firstscan::label::symbol::{self, Geometry, Options, Symbology};
use firstscan::label::{FieldMap, Template, check, pdf, png, printable, render};
use firstscan_drivers::bitmap::{Bitmap, Resolution};
use firstscan_drivers::length::Length;
use proptest::prelude::*;
use sha2::{Digest, Sha256};

const DPIS: [u32; 3] = [203, 300, 600];
const STOCK: (Length, Length) = (Length::from_um(101_600), Length::from_um(152_400));

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/labels")
        .join(name)
}

/// The file's bytes; first replaced by `now` if asked for.
fn golden(name: &str, now: &[u8]) -> Vec<u8> {
    if std::env::var_os("UPDATE_FIXTURES").is_some_and(|value| value == "1") {
        std::fs::create_dir_all(fixture("")).unwrap();
        std::fs::write(fixture(name), now).unwrap();
    }
    std::fs::read(fixture(name)).unwrap_or_else(|e| panic!("{name}: {e}; UPDATE_FIXTURES=1"))
}

fn output(program: &str, args: &[&str]) -> String {
    let run = Command::new(program).args(args).output();
    let run = run.unwrap_or_else(|e| panic!("{program}: {e}; install zbar-tools, poppler-utils"));
    String::from_utf8_lossy(&run.stdout).into_owned()
}

/// Everything zbar reads, as sorted `SYMBOLOGY:data`.
fn zbar(picture: &Path) -> Vec<String> {
    let text = output("zbarimg", &["-q", "--nodbus", picture.to_str().unwrap()]);
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort();
    lines.dedup();
    lines
}

fn zbar_bitmap(bitmap: &Bitmap, dpi: u32) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("label.png");
    std::fs::write(
        &file,
        png::encode(bitmap, Resolution::from_dpi(dpi)).unwrap(),
    )
    .unwrap();
    zbar(&file)
}

/// What zbar should say for symbols (symbology, data).
fn as_zbar<'a>(symbols: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<String> {
    let name = |symbology| match symbology {
        "code128" | "gs1-128" => "CODE-128",
        "qr" => "QR-Code",
        other => panic!("{other}"),
    };
    let mut lines: Vec<String> = symbols.map(|(s, d)| format!("{}:{d}", name(s))).collect();
    lines.sort();
    lines.dedup();
    lines
}

fn transport(changes: &[(&str, &str)]) -> (Template, FieldMap) {
    let template = Template::load("transport-4x6").unwrap();
    let mut fields = template.sample.clone();
    for (name, value) in changes {
        fields.insert((*name).to_owned(), (*value).to_owned());
    }
    (template, fields)
}

#[test]
fn four_by_six_templates_have_exact_size_and_scan_everywhere() {
    let mut hashes = String::new();
    for name in ["calibration", "park-tag", "transport-4x6"] {
        let template = Template::load(name).unwrap();
        for dpi in DPIS {
            let label = render(&template, &template.sample, Resolution::from_dpi(dpi));
            assert_eq!(label.problems, [], "{name} at {dpi}");
            let view = label.bitmap.view();
            assert_eq!((view.width(), view.height()), (dpi * 4, dpi * 6), "{name}");
            assert_eq!(check::expect(&label), [], "{name} at {dpi}");

            let placed = label
                .symbols
                .iter()
                .map(|s| (s.symbology.name(), s.data.as_str()));
            let wanted = as_zbar(placed);
            assert!(!wanted.is_empty());
            assert_eq!(
                zbar_bitmap(&label.bitmap, dpi),
                wanted,
                "zbar, {name} at {dpi}"
            );
            let report = check::check(&view);
            assert!(report.valid, "{name} at {dpi}: {report:?}");
            let read = report
                .symbols
                .iter()
                .map(|s| (s.symbology, s.data.as_str()));
            assert_eq!(as_zbar(read), wanted, "rxing, {name} at {dpi}");
            assert_eq!(report.symbols.len(), label.symbols.len(), "{name} at {dpi}");
            for (seen, drawn) in report.symbols.iter().zip(&sorted(&label.symbols)) {
                assert_eq!(
                    i64::from(seen.module_dots),
                    i64::from(drawn.module_dots),
                    "{name}"
                );
            }

            let bytes: Vec<u8> = (0..view.height())
                .flat_map(|y| view.row(y).to_vec())
                .collect();
            let hash = Sha256::digest(&bytes);
            let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
            writeln!(hashes, "{hex} {name} {dpi}").unwrap();
        }
        let label = render(&template, &template.sample, Resolution::from_dpi(203));
        let picture = png::encode(&label.bitmap, Resolution::from_dpi(203)).unwrap();
        let (before, _) = png::decode(&golden(&format!("{name}.png"), &picture)).unwrap();
        assert!(
            before == label.bitmap,
            "{name} looks different; compare with fixtures/labels"
        );
    }
    assert_eq!(
        golden("golden.sha256", hashes.as_bytes()),
        hashes.as_bytes()
    );
}

/// In the order of a report.
fn sorted(placed: &[firstscan::label::PlacedSymbol]) -> Vec<firstscan::label::PlacedSymbol> {
    let mut sorted = placed.to_vec();
    sorted.sort_by_key(|symbol| (symbol.y, symbol.x));
    sorted
}

#[test]
fn png_is_one_bit_with_its_resolution_and_comes_back_the_same() {
    let (template, fields) = transport(&[]);
    for dpi in DPIS {
        let resolution = Resolution::from_dpi(dpi);
        let label = render(&template, &fields, resolution);
        let file = png::encode(&label.bitmap, resolution).unwrap();
        // IHDR: depth 1, greyscale.
        assert_eq!(file[24..26], [1, 0]);
        let (bitmap, stated) = png::decode(&file).unwrap();
        assert!(bitmap == label.bitmap);
        assert_eq!(stated, Some(resolution));
    }
}

#[test]
fn pdf_has_exact_pages_is_reproducible_and_scans() {
    let (template, fields) = transport(&[]);
    for dpi in DPIS {
        let resolution = Resolution::from_dpi(dpi);
        let label = render(&template, &fields, resolution);
        let both = [label.bitmap.clone(), label.bitmap.clone()];
        let file = pdf::encode(&both, resolution).unwrap();
        assert!(
            file == pdf::encode(&both, resolution).unwrap(),
            "bytes differ between runs"
        );
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("label.pdf");
        std::fs::write(&path, &file).unwrap();
        let path = path.to_str().unwrap();
        let info = output("pdfinfo", &["-f", "1", "-l", "2", path]);
        assert!(info.contains("Pages:           2"), "{info}");
        assert_eq!(info.matches("size:  288 x 432 pts").count(), 2, "{info}");

        let picture = folder.path().join("page");
        let (dots, to) = (dpi.to_string(), picture.to_str().unwrap());
        output(
            "pdftoppm",
            &["-r", &dots, "-gray", "-png", "-singlefile", path, to],
        );
        let wanted = as_zbar(
            label
                .symbols
                .iter()
                .map(|s| (s.symbology.name(), s.data.as_str())),
        );
        assert_eq!(zbar(&picture.with_extension("png")), wanted, "{dpi}");

        // And through our own reader dot by dot.
        let pages = import::original(&file, resolution).unwrap();
        assert!(pages == both, "{dpi}: the page is not the bitmap");
    }
}

#[test]
fn the_longest_texts_give_problems_and_stay_on_the_label() {
    let (template, mut fields) = transport(&[]);
    let names: Vec<String> = template.fields();
    for name in &names {
        fields.insert(name.clone(), "Wolfeschlegelsteinhausenberger ".repeat(100));
    }
    for dpi in DPIS {
        let label = render(&template, &fields, Resolution::from_dpi(dpi));
        let broken: Vec<&str> = label.problems.iter().map(|p| p.element.as_str()).collect();
        for id in [
            "to-name",
            "to-lines",
            "tracking-code",
            "job-code",
            "order-ref",
            "service",
        ] {
            assert!(broken.contains(&id), "{id} at {dpi}: {broken:?}");
        }
        assert!(label.problems.iter().all(|p| !p.remedy.is_empty()));
        // The frame starts at 2.5 mm; outside of it everything is white.
        let view = label.bitmap.view();
        let margin = dpi * 24 / 254;
        for y in 0..view.height() {
            for x in (0..margin).chain(view.width() - margin..view.width()) {
                assert!(!view.get(x, y), "ink at {x},{y} of {dpi} dpi");
            }
        }
    }
}

#[test]
fn shrinking_comes_before_cutting() {
    let name = "Hubertus Blankenfeld-Schwarzenberg von Hohenstein";
    let (template, fields) = transport(&[("ship_to.1", name)]);
    let label = render(&template, &fields, Resolution::from_dpi(203));
    assert_eq!(label.problems, []);
}

#[test]
fn empty_and_bad_fields_are_told_with_element_and_remedy() {
    let (template, mut fields) = transport(&[("tracking_number", "1Z\u{C0}99\u{181}")]);
    fields.remove("carrier");
    fields.insert("ship_to.1".into(), "   ".into());
    let label = render(&template, &fields, Resolution::from_dpi(203));
    let told: Vec<String> = label.problems.iter().map(ToString::to_string).collect();
    let has = |parts: &[&str]| {
        told.iter()
            .any(|line| parts.iter().all(|p| line.contains(p)))
    };
    assert!(has(&["carrier:", "'carrier' is empty"]), "{told:?}");
    assert!(has(&["to-name:", "'ship_to.1' is empty"]), "{told:?}");
    assert!(has(&["tracking-code:", "U+00C0", "position 2"]), "{told:?}");
    assert!(
        !label
            .symbols
            .iter()
            .any(|symbol| symbol.element == "tracking-code")
    );
}

#[test]
fn foreign_scripts_print_and_missing_ones_are_told() {
    let known = [
        "Щёлковское шоссе, Їжакевич",
        "Λεωφόρος Κηφισίας Ἀθῆναι",
        "Nguyễn Thị Ánh Tuyết, Đường Lê Lợi",
        "شارع الملك فهد، الرياض",
        "רחוב הרצל 12, תל אביב",
        "Łódź Þórshöfn İstanbul ąęįšųūž",
        "Երևան, თბილისი",
    ];
    for text in known {
        assert_eq!(printable(text), Ok(()), "{text}");
        let (template, fields) = transport(&[("ship_to.1", text), ("ship_to.2", text)]);
        let label = render(&template, &fields, Resolution::from_dpi(203));
        assert_eq!(label.problems, [], "{text}");
        let (_, without) = transport(&[("ship_to.1", "."), ("ship_to.2", ".")]);
        let without = render(&template, &without, Resolution::from_dpi(203));
        assert!(
            ink(&label.bitmap) > ink(&without.bitmap) + 1_000,
            "{text} left no ink"
        );
    }
    let (template, fields) = transport(&[("ship_to.2", "ꦲꦥ 1-2-3"), ("seller", "ᮊ")]);
    let label = render(&template, &fields, Resolution::from_dpi(203));
    let elements: Vec<&str> = label.problems.iter().map(|p| p.element.as_str()).collect();
    assert_eq!(elements, ["to-lines", "seller"]);
    assert!(
        label.problems[0].message.contains("U+A9B2"),
        "{:?}",
        label.problems
    );
    assert!(!label.problems[0].remedy.is_empty());
    let missing = |text| printable(text).unwrap_err().chars().to_vec();
    assert_eq!(missing("ꦲꦥ Tokyo"), ['ꦥ', 'ꦲ']);
    assert_eq!(missing("tab\tand bell\u{7}"), ['\u{7}', '\t']);
}

fn ink(bitmap: &Bitmap) -> u32 {
    let view = bitmap.view();
    (0..view.height())
        .flat_map(|y| view.row(y))
        .map(|byte| byte.count_ones())
        .sum()
}

#[test]
fn hostile_texts_never_panic() {
    let texts = [
        "\u{202E}\u{2066}\u{2069}\u{200F}abc\u{2029}שלום\u{2028}x",
        "^XZ^XA~JA {ship_to.1} \u{0}\u{1b}[2J",
        "a\u{300}\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}\u{307}",
        "\u{FEFF}\u{FFFD}\u{10FFFF}\u{E000}",
        "👩‍👩‍👧‍👦🏳️‍🌈",
        "\r\n\r\n\t\u{85}",
        "\u{AD}\u{AD}\u{AD}",
    ];
    for text in texts {
        let template = Template::load("transport-4x6").unwrap();
        let fields: FieldMap = template
            .fields()
            .into_iter()
            .map(|name| (name, text.to_owned()))
            .collect();
        let label = render(&template, &fields, Resolution::from_dpi(203));
        assert!(!label.problems.is_empty(), "{text:?}");
    }
}

#[test]
fn templates_with_mistakes_are_explained() {
    let head = "format = 1\ntitle = \"t\"\nwidth = 50\nheight = 30\n[[element]]\nid = \"a\"\n";
    let text = "kind = \"text\"\nx = 1\ny = 1\nwidth = 20\nsize = 4\n";
    let cases = [
        (
            "kind = \"text\"\nx = 1\ny = 1\nwidth = 20\nsize = 4\ntext = \"{x\"".to_owned(),
            "text:",
        ),
        (format!("{text}text = \"x\"\ncolour = \"red\""), "colour"),
        (format!("{text}text = \"{{Big}}\""), "{field}"),
        (
            text.replace("x = 1\n", "x = 1.5\n") + "text = \"\"",
            "in quotes",
        ),
        (
            text.replace("width = 20", "width = 60") + "text = \"\"",
            "outside the label",
        ),
        (
            text.replace("size = 4", "size = \"4px\"") + "text = \"\"",
            "no length",
        ),
        (
            "kind = \"oval\"".to_owned(),
            "use text, symbol, line, box or image",
        ),
        (
            "kind = \"line\"\nx = 1\ny = 1\nthickness = 1".to_owned(),
            "not both",
        ),
    ];
    for (body, expected) in cases {
        let error = Template::parse("folder", &format!("{head}{body}"), "{}").unwrap_err();
        let error = error.to_string();
        assert!(
            error.starts_with("folder/label.toml:") && error.contains(": element 'a': "),
            "{error}"
        );
        assert!(error.contains(expected), "{expected} in: {error}");
    }
    let unknown = Template::load("no-such").unwrap_err().to_string();
    assert!(unknown.contains("transport-4x6"), "{unknown}");
}

#[test]
fn a_folder_on_disk_is_a_template() {
    let folder = tempfile::tempdir().unwrap();
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/park-tag");
    for file in ["label.toml", "sample.json"] {
        std::fs::copy(shipped.join(file), folder.path().join(file)).unwrap();
    }
    let own = Template::load(folder.path().to_str().unwrap()).unwrap();
    let embedded = Template::load("park-tag").unwrap();
    let resolution = Resolution::from_dpi(203);
    let drawn = [&own, &embedded].map(|t| render(t, &t.sample, resolution).bitmap);
    assert!(drawn[0] == drawn[1]);
}

#[test]
fn ink_in_a_quiet_zone_and_wrong_bars_are_found() {
    let (template, fields) = transport(&[]);
    let mut label = render(&template, &fields, Resolution::from_dpi(203));
    let code = label.symbols[0].clone();
    let view = label.bitmap.view();
    let spoil = |at: (i32, i32), size: (i32, i32)| {
        let mut rows: Vec<u8> = (0..view.height())
            .flat_map(|y| view.row(y).to_vec())
            .collect();
        for y in at.1..at.1 + size.1 {
            for x in at.0..at.0 + size.0 {
                let stride = view.width().div_ceil(8) as usize;
                rows[y as usize * stride + x as usize / 8] |= 0x80 >> (x % 8);
            }
        }
        Bitmap::from_bits(view.width(), view.height(), rows).unwrap()
    };
    let near = spoil((code.x - 12, code.y + 20), (3, 40));
    let over = spoil((code.x + 40, code.y), (40, code.height));
    for (bitmap, expected) in [(near, "quiet zone"), (over, "reads as")] {
        let report = check::check(&bitmap.view());
        assert!(!report.valid || report.symbols.len() == 1, "{report:?}");
        label.bitmap = bitmap;
        let problems = check::expect(&label);
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].message.contains(expected), "{problems:?}");
    }
}

#[test]
fn manifests_list_every_parcel_and_scan() {
    for (paper, size) in [(Paper::A4, "595.2"), (Paper::Label, "288 x 432")] {
        let lines = (0..60).map(|index| Line {
            tracking_number: format!("1Z999AA1012345{index:04}"),
            parcel: format!("P{index:06}"),
            weight: "1.250 kg".into(),
        });
        let manifest = Manifest {
            paper,
            carrier: "Parcelway".into(),
            from: "Nordlicht Outdoor GmbH".into(),
            handover_id: "HO-20261121-0007".into(),
            opened_at: "2026-11-21 16:02 +01:00".into(),
            closed_at: "2026-11-21 16:31 +01:00".into(),
            count: 60,
            total_weight: "75.000 kg".into(),
            lines: lines.collect(),
            ..Manifest::default()
        };
        let file = manifest::document(&manifest).unwrap();
        assert!(
            file == manifest::document(&manifest).unwrap(),
            "bytes differ between runs"
        );
        let pages = manifest::pages(&manifest).unwrap();
        assert!(pages.len() > 1);
        for page in &pages {
            assert_eq!(page.problems, []);
            assert_eq!(check::expect(page), []);
            assert_eq!(
                zbar_bitmap(&page.bitmap, 300),
                ["CODE-128:HO-20261121-0007"]
            );
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.pdf");
        std::fs::write(&path, &file).unwrap();
        let info = output("pdfinfo", &[path.to_str().unwrap()]);
        assert!(info.contains(size), "{info}");
        let refused = Manifest {
            handover_id: "ÀÀ".into(),
            ..manifest
        };
        assert!(manifest::document(&refused).is_err());
    }
}

// --- carriers' labels ----------------------------------------------------------------------------

const CARRIER_TRACKING: &str = "JJD014600012345678";
const CARRIER_ROUTE: &str = "2L20457+82000000";

/// Filled rectangles for the black modules, lower left corner at `x`, `y`, in points.
fn vector(out: &mut String, modules: &Bitmap, at: (f64, f64), module: f64, height: f64) {
    let row_height = height / f64::from(modules.height());
    for row in 0..modules.height() as usize {
        let line: Vec<bool> = (0..modules.width())
            .map(|x| modules.get(x, row as u32))
            .collect();
        let mut column = 0;
        for run in line.chunk_by(|a, b| a == b) {
            if run[0] {
                let x = at.0 + column as f64 * module;
                let y = at.1 + height - (row + 1) as f64 * row_height;
                let width = run.len() as f64 * module;
                writeln!(out, "{x:.4} {y:.4} {width:.4} {row_height:.4} re f").unwrap();
            }
            column += run.len();
        }
    }
}

/// One dot per module.
fn modules(symbology: Symbology, data: &str) -> Bitmap {
    let encoded = symbol::encode(symbology, data, &Options::default()).unwrap();
    encoded.draw(&Geometry {
        module_dots: 1,
        height_dots: 1,
        wide_tenths: 20,
        resolution: Resolution::from_dpi(203),
    })
}

/// An A6 page as marketplaces send it: vector bars off any dot grid, Helvetica, ink 3.5 mm from
/// the edge. `page` is its media box in points, `at` where the label lies on it.
fn carrier_pdf(page: (f64, f64), at: (f64, f64)) -> Vec<u8> {
    const MM: f64 = 72.0 / 25.4;
    let mut body = format!("1 0 0 1 {:.3} {:.3} cm\n", at.0, at.1);
    writeln!(body, "1 w 9.92 9.92 277.8 399.7 re S 9.92 300 277.8 0 re S").unwrap();
    writeln!(body, "9.92 170 277.8 0 re S").unwrap();
    for (size, x, y, text) in [
        (22, 20, 378, "PARCELWAY"),
        (11, 20, 360, "TikTok Shop  -  Standard"),
        (9, 20, 330, "From: Nordlicht Outdoor GmbH, 20457 Hamburg"),
        (14, 20, 278, "Erika Mustermann"),
        (12, 20, 262, "Heidestrasse 17"),
        (12, 20, 246, "51147 Koeln"),
        (12, 20, 226, "DEUTSCHLAND"),
        (10, 66, 64, CARRIER_TRACKING),
    ] {
        writeln!(body, "BT /F1 {size} Tf {x} {y} Td ({text}) Tj ET").unwrap();
    }
    vector(
        &mut body,
        &modules(Symbology::Code128, CARRIER_TRACKING),
        (26.0, 78.0),
        0.38 * MM,
        80.0,
    );
    let qr = modules(Symbology::Qr, CARRIER_ROUTE);
    vector(
        &mut body,
        &qr,
        (205.0, 200.0),
        1.02 * MM,
        1.02 * MM * f64::from(qr.width()),
    );

    let mut file = b"%PDF-1.4\n".to_vec();
    let (w, h) = page;
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {w:.3} {h:.3}] /Contents 4 0 R \
             /Resources << /Font << /F1 5 0 R >> >> >>"
        ),
        format!("<< /Length {} >>\nstream\n{body}endstream", body.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let mut offsets = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        offsets.push(file.len());
        file.extend(format!("{} 0 obj\n{object}\nendobj\n", index + 1).bytes());
    }
    let start = file.len();
    file.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).bytes());
    for offset in offsets {
        file.extend(format!("{offset:010} 00000 n \n").bytes());
    }
    let size = objects.len() + 1;
    let tail = format!("trailer << /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n");
    file.extend(tail.bytes());
    file
}

const A6_PT: (f64, f64) = (297.638, 419.528);

fn carrier_symbols() -> Vec<String> {
    as_zbar([("code128", CARRIER_TRACKING), ("qr", CARRIER_ROUTE)].into_iter())
}

#[test]
fn an_a6_pdf_goes_onto_our_stock_and_still_scans() {
    let now = carrier_pdf(A6_PT, (0.0, 0.0));
    let file = golden("carrier-a6.pdf", &now);
    assert!(file == now, "the generator and the fixture differ");
    for dpi in DPIS {
        let resolution = Resolution::from_dpi(dpi);
        let labels = import::to_bitmaps(&file, Kind::Pdf, STOCK, resolution).unwrap();
        let [label] = labels.as_slice() else {
            panic!("{} labels", labels.len())
        };
        assert_eq!(label.problems, [], "{dpi}");
        let view = label.bitmap.view();
        assert_eq!((view.width(), view.height()), (dpi * 4, dpi * 6));
        assert_eq!(label.symbols_before.len(), 2, "{:?}", label.symbols_before);
        assert_eq!(label.symbols_after.len(), 2, "{:?}", label.symbols_after);
        assert_eq!(
            zbar_bitmap(&label.bitmap, dpi),
            carrier_symbols(),
            "zbar at {dpi}"
        );
    }
}

#[test]
fn an_a6_png_goes_onto_our_stock_and_still_scans() {
    let page = carrier_pdf(A6_PT, (0.0, 0.0));
    let resolution = Resolution::from_dpi(300);
    let pages = import::original(&page, resolution).unwrap();
    let now = png::encode(&pages[0], resolution).unwrap();
    let file = golden("carrier-a6.png", &now);
    for dpi in [203, 300] {
        let resolution = Resolution::from_dpi(dpi);
        let labels = import::to_bitmaps(&file, Kind::Png, STOCK, resolution).unwrap();
        assert_eq!(labels[0].problems, [], "{dpi}");
        let view = labels[0].bitmap.view();
        assert_eq!((view.width(), view.height()), (dpi * 4, dpi * 6));
        assert_eq!(
            zbar_bitmap(&labels[0].bitmap, dpi),
            carrier_symbols(),
            "zbar at {dpi}"
        );
    }
}

#[test]
fn a_label_in_the_corner_of_a4_is_found_and_one_too_large_is_refused() {
    let resolution = Resolution::from_dpi(203);
    let corner = carrier_pdf((595.276, 841.89), (10.0, 410.0));
    let labels = import::to_bitmaps(&corner, Kind::Pdf, STOCK, resolution).unwrap();
    assert_eq!(labels[0].problems, []);
    assert_eq!(zbar_bitmap(&labels[0].bitmap, 203), carrier_symbols());

    let small = (Length::from_um(80_000), Length::from_um(100_000));
    let labels = import::to_bitmaps(&corner, Kind::Pdf, small, resolution).unwrap();
    assert!(
        labels[0].problems[0].message.contains("the stock"),
        "{:?}",
        labels[0].problems
    );
}

#[test]
fn our_own_pdf_and_png_come_back_dot_by_dot() {
    let (template, fields) = transport(&[]);
    let resolution = Resolution::from_dpi(203);
    let label = render(&template, &fields, resolution);
    let page = pdf::encode(std::slice::from_ref(&label.bitmap), resolution).unwrap();
    let picture = png::encode(&label.bitmap, resolution).unwrap();
    for (file, kind) in [(page, Kind::Pdf), (picture, Kind::Png)] {
        let labels = import::to_bitmaps(&file, kind, STOCK, resolution).unwrap();
        assert_eq!(labels[0].problems, []);
        assert!(labels[0].bitmap == label.bitmap, "{kind:?}");
    }
}

#[test]
fn broken_files_are_refused() {
    let resolution = Resolution::from_dpi(203);
    let good = carrier_pdf(A6_PT, (0.0, 0.0));
    let huge = carrier_pdf((90_000.0, 90_000.0), (0.0, 0.0));
    let bomb = {
        let (template, fields) = transport(&[]);
        let label = render(&template, &fields, resolution);
        let mut file = png::encode(&label.bitmap, resolution).unwrap();
        file[16..24].copy_from_slice(&[0, 1, 0, 0, 0, 1, 0, 0]);
        file
    };
    let cases = [
        (b"%PDF-1.4\nnothing".to_vec(), Kind::Pdf),
        (Vec::new(), Kind::Pdf),
        (huge, Kind::Pdf),
        (b"\x89PNG\r\n\x1a\n".to_vec(), Kind::Png),
        (bomb, Kind::Png),
        (vec![0xFF, 0xD8, 0xFF, 0xE0], Kind::Jpeg),
    ];
    for (file, kind) in cases {
        let error = import::to_bitmaps(&file, kind, STOCK, resolution).unwrap_err();
        assert!(error.to_string().contains(';'), "no remedy: {error}");
    }
    // Cut anywhere: an error, an empty page, or the label; never a panic.
    for end in (0..good.len()).step_by(good.len() / 5) {
        if let Ok(labels) = import::to_bitmaps(&good[..end], Kind::Pdf, STOCK, resolution) {
            assert!(
                labels
                    .iter()
                    .all(|l| !l.problems.is_empty() || l.symbols_after.len() == 2)
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn random_files_are_refused_or_read(
        start in prop::sample::select(
            vec![&b"%PDF-1.7\n"[..], b"\x89PNG\r\n\x1a\n", b"\xFF\xD8\xFF\xE0"]),
        rest in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        let file = [start, &rest].concat();
        let kind = Kind::detect(&file).unwrap();
        let labels = import::to_bitmaps(&file, kind, STOCK, Resolution::from_dpi(203));
        prop_assert!(labels.is_err() || labels.is_ok_and(|l| !l[0].problems.is_empty()));
    }

    #[test]
    fn random_fields_never_break_the_renderer(text in any::<String>(), code in any::<String>()) {
        let (template, fields) = transport(&[
            ("ship_to.1", &text),
            ("ship_to.2", &text),
            ("tracking_number", &code),
            ("job_code", &code),
        ]);
        let label = render(&template, &fields, Resolution::from_dpi(203));
        prop_assert_eq!(check::expect(&label), vec![]);
    }
}

// --- command line --------------------------------------------------------------------------------

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    label: LabelArgs,
}

fn cli(args: &[&str]) -> Result<String, String> {
    let parsed = Cli::try_parse_from(std::iter::once(&"label").chain(args));
    let parsed = parsed.map_err(|e| e.to_string())?;
    run(parsed.label, true)
        .map(|code| format!("{code:?}"))
        .map_err(|e| format!("{e:#}"))
}

fn exit(code: u8) -> Result<String, String> {
    Ok(format!("{:?}", ExitCode::from(code)))
}

#[test]
fn commands_write_files_or_say_why_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/transport-4x6/sample.json");
    let sample = sample.to_str().unwrap();
    for (format, start) in [("png", &b"\x89PNG"[..]), ("pdf", b"%PDF"), ("zpl", b"^XA")] {
        let out = path(&format!("label.{format}"));
        let args = ["render", "transport-4x6", "--data", sample, "--dpi", "300"];
        let args = [&args[..], &["--format", format, "--out", &out]].concat();
        assert_eq!(cli(&args), exit(0), "{format}");
        assert!(std::fs::read(&out).unwrap().starts_with(start), "{format}");
    }
    assert_eq!(cli(&["check", &path("label.png")]), exit(0));
    assert_eq!(cli(&["check", &path("label.pdf"), "--dpi", "300"]), exit(0));
    assert_eq!(cli(&["check", &path("label.zpl")]), exit(1));

    let bad = path("bad.json");
    std::fs::write(&bad, "{\"carrier\": \"x\"}").unwrap();
    let out = path("never.png");
    assert_eq!(
        cli(&["render", "transport-4x6", "--data", &bad, "--out", &out]),
        exit(1)
    );
    assert!(!Path::new(&out).exists());
    let args = [
        "render",
        "transport-4x6",
        "--data",
        sample,
        "--format",
        "postscript",
        "--out",
        &out,
    ];
    let refused = cli(&args).unwrap_err();
    assert!(
        refused.contains("possible values: png, pdf, zpl, epl2"),
        "{refused}"
    );
    assert_eq!(
        cli(&["render", "nothing", "--data", sample, "--out", &out]),
        exit(2)
    );
    assert!(cli(&["render", "transport-4x6", "--data", &path("absent")]).is_err());

    let a6 = fixture("carrier-a6.pdf");
    let converted = path("converted.png");
    assert_eq!(
        cli(&["convert", a6.to_str().unwrap(), "--out", &converted]),
        exit(0)
    );
    let (bitmap, resolution) = png::decode(&std::fs::read(&converted).unwrap()).unwrap();
    assert_eq!((bitmap.view().width(), bitmap.view().height()), (812, 1218));
    assert_eq!(resolution, Some(Resolution::from_dpi(203)));
    assert_eq!(cli(&["check", &converted]), exit(0));
}

#[test]
fn several_labels_become_several_files() {
    let (template, fields) = transport(&[]);
    let resolution = Resolution::from_dpi(203);
    let label = render(&template, &fields, resolution).bitmap;
    let folder = tempfile::tempdir().unwrap();
    let two = folder.path().join("two.pdf");
    std::fs::write(
        &two,
        pdf::encode(&[label.clone(), label], resolution).unwrap(),
    )
    .unwrap();
    let out = folder.path().join("out.png");
    let args = [
        "convert",
        two.to_str().unwrap(),
        "--out",
        out.to_str().unwrap(),
    ];
    assert_eq!(cli(&args), exit(0));
    let mut names: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["out-1.png", "out-2.png", "two.pdf"]);
}
