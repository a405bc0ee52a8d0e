//! Our side: each step of a label on its own, warm, one core.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use firstscan::label::render::Renderer;
use firstscan::label::{FieldMap, Rendered, Template, check, import, pdf, png, render};
use firstscan_drivers::bitmap::Resolution;
use firstscan_drivers::length::Length;
use firstscan_drivers::printer::{Compression, JobOptions, LANGUAGES, Language};

use super::Plan;
use super::measure::{Goal, Row, Unit, Which, repeat};

const INCH_UM: i64 = 25_400;

/// 4 x 6 in.
pub fn stock() -> (Length, Length) {
    (Length::from_um(4 * INCH_UM), Length::from_um(6 * INCH_UM))
}

/// The common label of the comparison.
pub fn common() -> Template {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/label/common");
    Template::load(folder).unwrap()
}

fn drawn(dpi: u32) -> Rendered {
    let template = common();
    let label = render(&template, &template.sample, Resolution::from_dpi(dpi));
    assert_eq!(label.problems, []);
    assert_eq!(check::expect(&label), []);
    label
}

/// Another number, reference, receiver and weight; all as long as before.
fn next_parcel(fields: &mut FieldMap, parcel: u32) {
    let mut set = |name: &str, text: String| {
        if let Some(value) = fields.get_mut(name) {
            *value = text;
        }
    };
    set("tracking", format!("1Z999AA1{:010}", 123_456_784 + parcel));
    set(
        "url",
        format!("https://t.example/p/1Z999AA1{parcel:010}?o=4711-0042"),
    );
    set("order", format!("PO-4711-{:04}", parcel % 10_000));
    set("weight", format!("{}.{:02} kg", parcel % 9, parcel % 100));
    let street = parcel % 900;
    set(
        "to",
        format!(
            "Maria Fernandez {parcel:05}\nAvenida de la Constitucion {street}\n\
        Piso 3, Puerta B\n41004 Sevilla\nSPAIN"
        ),
    );
}

fn below(us: u64) -> Option<Goal> {
    Some(Goal {
        which: Which::P50,
        below: us * 1_000,
    })
}

/// Every row that runs in this process.
pub fn rows(plan: &Plan) -> Vec<Row> {
    let mut rows = Vec::new();
    let template = common();
    // 300 and 600 dpi in proportion to the dots: 2.18 and 8.74 times those of 203.
    for (dpi, goal_us) in [(203, 300), (300, 655), (600, 2_622)] {
        let resolution = Resolution::from_dpi(dpi);
        // As the peers are measured: the same label again, texts shaped before, all of it drawn.
        let again = || render(&template, &template.sample, resolution);
        let name = format!("template to bitmap, {dpi} dpi");
        let times = repeat(plan.samples, again);
        rows.push(Row::times(&name, &times, below(goal_us)));
        // As a station works: what differs from parcel to parcel differs from label to label.
        let mut renderer = Renderer::new(template.clone(), resolution);
        let mut fields = template.sample.clone();
        let mut parcel = 0_u32;
        let times = repeat(plan.samples, || {
            parcel += 1;
            next_parcel(&mut fields, parcel);
            renderer.render(&fields).symbols.len()
        });
        let name = format!("the same, five fields new, {dpi} dpi");
        rows.push(Row::times(&name, &times, None));
    }
    let label = drawn(203);
    let resolution = label.resolution;
    let file = png::encode(&label.bitmap, resolution).unwrap();
    std::fs::write(&plan.common_png, &file).unwrap();
    for language in LANGUAGES {
        let mut bytes = Vec::new();
        let times = repeat(plan.samples, || {
            bytes.clear();
            let options = JobOptions::default();
            language
                .encode(&label.bitmap.view(), resolution, &options, &mut bytes)
                .map(|()| bytes.len())
        });
        let goal = if language.id() == "zpl" {
            below(600)
        } else {
            None
        };
        rows.push(Row::times(
            &format!("bitmap to {}", language.id()),
            &times,
            goal,
        ));
    }
    let picture = repeat(plan.samples, || {
        png::encode(&label.bitmap, resolution).unwrap()
    });
    rows.push(Row::times("bitmap to PNG", &picture, None));
    let checked = repeat(plan.samples, || check::expect(&label));
    rows.push(Row::times(
        "read back: 2 Code 128, 1 QR",
        &checked,
        below(500),
    ));
    rows.extend(documents(plan, &label));
    rows
}

/// PDF and ZPL, both ways.
fn documents(plan: &Plan, label: &Rendered) -> Vec<Row> {
    let few = (plan.samples / 4).max(2);
    let mut rows = Vec::new();
    let template = common();
    let write = || pdf::label(&template, &template.sample, label.resolution).unwrap();
    rows.push(Row::times(
        "template to vector PDF",
        &repeat(few, write),
        None,
    ));
    let document = write();
    let read = repeat(few, || {
        import::original(&document, label.resolution).unwrap()
    });
    rows.push(Row::times("PDF to bitmap", &read, below(5_000)));
    let whole = repeat(few, || {
        import::to_bitmaps(&document, import::Kind::Pdf, stock(), label.resolution).unwrap()
    });
    rows.push(Row::times("PDF to checked label", &whole, None));
    rows
}

/// One whole process: start, draw, write, end. The label program has goals, the station's binary is
/// shown beside it.
pub fn cold(plan: &Plan, folder: &Path) -> Vec<Row> {
    let time = Goal {
        which: Which::P50,
        below: u64::try_from(Duration::from_millis(10).as_nanos()).unwrap(),
    };
    let alone = Process {
        name: "cold process",
        binary: env!("CARGO_BIN_EXE_firstscan-label"),
        words: &["render"],
    };
    let station = Process {
        name: "the same, station's binary",
        binary: env!("CARGO_BIN_EXE_firstscan"),
        words: &["label", "render"],
    };
    let mut rows = alone.measured(plan, folder, Some(time), Goal::mib(12));
    rows.extend(station.measured(plan, folder, None, None));
    rows
}

struct Process {
    name: &'static str,
    binary: &'static str,
    words: &'static [&'static str],
}

impl Process {
    fn measured(
        &self,
        plan: &Plan,
        folder: &Path,
        time: Option<Goal>,
        memory: Option<Goal>,
    ) -> Vec<Row> {
        let template = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/label/common");
        let out = folder.join("cold.png");
        let arguments = |command: &mut Command| {
            command
                .args(self.words)
                .args([template, "--data"])
                .arg(Path::new(template).join("sample.json"))
                .arg("--out")
                .arg(&out);
        };
        let (mut times, mut kibibytes) = (Vec::new(), Vec::new());
        for _ in 0..plan.samples.min(30) {
            let mut command = Command::new(self.binary);
            arguments(&mut command);
            let began = Instant::now();
            assert!(command.status().unwrap().success());
            times.push(began.elapsed());
            kibibytes.extend(peak_kib(self.binary, arguments));
        }
        let took = format!("{}, one label to PNG", self.name);
        let held = format!("{}, memory", self.name);
        vec![
            Row::times(&took, &times, time),
            Row::new(&held, Unit::Kibibytes, kibibytes, memory),
        ]
    }
}

/// Largest resident size, as GNU time tells it; None without that program.
fn peak_kib(binary: &str, arguments: impl Fn(&mut Command)) -> Option<u64> {
    let mut command = Command::new("/usr/bin/time");
    command.args(["-f", "%M", binary]);
    arguments(&mut command);
    let output = command.output().ok()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    text.lines().last()?.trim().parse().ok()
}

/// Bytes of the common label per language, and how long each takes to travel.
pub fn bytes_per_language() {
    let label = drawn(203);
    let mut lines = Vec::new();
    let mut add = |name: String, language: &dyn Language, compression| {
        let mut bytes = Vec::new();
        let options = JobOptions {
            compression,
            ..JobOptions::default()
        };
        let view = label.bitmap.view();
        match language.encode(&view, label.resolution, &options, &mut bytes) {
            Ok(()) => lines.push((name, bytes.len())),
            Err(error) => println!("{name}: {error}"),
        }
    };
    for language in LANGUAGES.iter().copied() {
        if language.id() == "zpl" {
            add("zpl, Z64".into(), language, Compression::Z64);
            add("zpl, ACS".into(), language, Compression::Acs);
            add("zpl, hex".into(), language, Compression::Hex);
        } else {
            add(language.id().into(), language, Compression::default());
        }
    }
    println!("\nbytes of the common label    bytes  115,200 baud   USB full speed");
    for (name, bytes) in lines {
        // 10 bits a byte; 0.9 MB/s.
        let (serial_ms, usb_ms) = (bytes * 1_000 / 11_520, bytes / 900);
        println!("{name:<24}{bytes:>10}{serial_ms:>11} ms{usb_ms:>14} ms");
    }
}
