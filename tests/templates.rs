//! Every shipped template with every data file in its folder, at 203, 300 and 600 dpi: dot for dot
//! as before (hashes), every symbol read again by our own check and by zbar where it reads it.
//!
//! `zbarimg` is Debian's `zbar-tools`. Hashes are rewritten with `UPDATE_FIXTURES=1`; look at the
//! labels (`firstscan label render`) before committing.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use firstscan::label::render::Renderer;
use firstscan::label::symbol::Symbology;
use firstscan::label::{FieldMap, PlacedSymbol, Rendered, Template, check, png, render};
use firstscan_drivers::bitmap::{Bitmap, Resolution};
use sha2::{Digest, Sha256};

const DPIS: [u32; 3] = [203, 300, 600];
const HASHES: &str = "fixtures/labels/templates.sha256";

fn hash(bitmap: &Bitmap) -> String {
    let size = [bitmap.width().to_be_bytes(), bitmap.height().to_be_bytes()].concat();
    let mut sha = Sha256::new();
    sha.update(size);
    sha.update(bitmap.bits());
    sha.finalize().iter().map(|b| format!("{b:02x}")).collect()
}

/// What zbar calls a symbology it reads without being told.
fn zbar_name(symbology: Symbology) -> Option<&'static str> {
    match symbology {
        Symbology::Code128 | Symbology::Gs1_128 => Some("CODE-128"),
        Symbology::Qr => Some("QR-Code"),
        _ => None,
    }
}

/// Everything zbar reads on the page, `NAME:data`, separators dropped.
fn zbar(bitmap: &Bitmap, dpi: u32) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("label.png");
    let picture = png::encode(bitmap, Resolution::from_dpi(dpi)).unwrap();
    std::fs::write(&file, picture).unwrap();
    let args = ["-q", "--nodbus", "--", file.to_str().unwrap()];
    let run = Command::new("zbarimg").args(args).output();
    let run = run.unwrap_or_else(|e| panic!("zbarimg: {e}; install zbar-tools"));
    let text = String::from_utf8_lossy(&run.stdout);
    text.lines().map(|line| line.replace('\u{1D}', "")).collect()
}

fn read_again(label: &Rendered, what: &str) {
    assert_eq!(check::expect(label), [], "{what}");
}

fn read_by_zbar(label: &Rendered, dpi: u32, what: &str) {
    let seen = zbar(&label.bitmap, dpi);
    for PlacedSymbol {
        symbology, data, ..
    } in &label.symbols
    {
        let Some(name) = zbar_name(*symbology) else {
            continue;
        };
        let wanted = format!("{name}:{}", data.replace('\u{1D}', ""));
        assert!(seen.contains(&wanted), "{what}: no {wanted} in {seen:?}");
    }
}

#[test]
fn shipped_templates_look_as_before_and_scan_with_all_their_data() {
    let mut lines = String::new();
    for name in Template::shipped() {
        let template = Template::load(name).unwrap();
        let files = Template::shipped_data_files(name);
        assert!(files.contains(&"sample.json"), "{name}: {files:?}");
        for dpi in DPIS {
            let resolution = Resolution::from_dpi(dpi);
            let mut renderer = Renderer::new(template.clone(), resolution);
            for file in &files {
                let fields = Template::shipped_data(name, file).unwrap();
                let what = format!("{name} {file} {dpi}");
                let label = render(&template, &fields, resolution);
                assert_eq!(label.problems, [], "{what}");
                read_again(&label, &what);
                // zbar is slow on large pages; the finest head is the easiest to read.
                if dpi < 600 || *file == "sample.json" {
                    read_by_zbar(&label, dpi, &what);
                }
                // The renderer that keeps what did not change draws the same.
                renderer.render(&fields);
                let kept = renderer.render(&fields);
                assert!(kept.bitmap == label.bitmap, "{what}");
                assert_eq!(kept.symbols, label.symbols, "{what}");
                assert_eq!(kept.texts, label.texts, "{what}");
                writeln!(lines, "{} {what}", hash(&label.bitmap)).unwrap();
            }
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(HASHES);
    if std::env::var_os("UPDATE_FIXTURES").is_some_and(|value| value == "1") {
        std::fs::write(&path, &lines).unwrap();
    }
    let before = std::fs::read_to_string(&path).unwrap_or_default();
    for (now, before) in lines.lines().zip(before.lines()) {
        assert_eq!(now, before, "looks different; look at it, then UPDATE_FIXTURES=1");
    }
    assert_eq!(lines.lines().count(), before.lines().count());
}

#[test]
fn every_template_has_strange_data() {
    for name in Template::shipped() {
        let files = Template::shipped_data_files(name);
        assert!(files.contains(&"strange.json"), "{name}: {files:?}");
    }
}

#[test]
fn nothing_but_problems_comes_of_no_fields_and_of_far_too_long_ones() {
    for name in Template::shipped() {
        let template = Template::load(name).unwrap();
        let resolution = Resolution::from_dpi(203);
        let empty = render(&template, &FieldMap::new(), resolution);
        assert!(!empty.problems.is_empty(), "{name}");
        let long = "Wolfeschlegelsteinhausenberger ".repeat(100);
        let fields: FieldMap = template.fields().into_iter().map(|f| (f, long.clone())).collect();
        let label = render(&template, &fields, resolution);
        assert!(!label.problems.is_empty(), "{name}");
        assert!(label.problems.iter().all(|p| !p.remedy.is_empty()), "{name}");
    }
}

#[test]
fn rows_beyond_the_last_are_a_problem() {
    let template = Template::load("packing-slip").unwrap();
    let mut fields = template.sample.clone();
    for number in [13, 14, 15, 40] {
        fields.insert(format!("items.{number}.sku"), "A-1".into());
        fields.insert(format!("items.{number}.qty"), "1".into());
    }
    let label = render(&template, &fields, Resolution::from_dpi(203));
    assert_eq!(label.problems.len(), 1, "{:?}", label.problems);
    let told = label.problems[0].to_string();
    assert!(told.contains("room for 14 'items'") && told.contains("up to 40"), "{told}");
}

/// Each control code of the sheets is one the station knows, and none is missing.
#[test]
fn the_control_sheets_carry_every_control_code() {
    use firstscan::content::control::{Control, payload};
    let mut printed: Vec<String> = Vec::new();
    for file in Template::shipped_data_files("control-sheet") {
        if file != "strange.json" {
            let fields = Template::shipped_data("control-sheet", file).unwrap();
            let payloads = fields.iter().filter(|(name, _)| name.ends_with(".payload"));
            printed.extend(payloads.map(|(_, payload)| payload.clone()));
        }
    }
    for control in Control::ALL {
        let param = control.takes_param().then_some("B");
        let wanted = payload(*control, param);
        assert!(printed.contains(&wanted), "{} {wanted}", control.name());
    }
    assert_eq!(printed.len(), Control::ALL.len());
}
