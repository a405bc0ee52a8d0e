//! Other label engines on the files given, timed in this process. One JSON line per peer, task
//! and file: `{"peer","task","file","median_us","bytes"}` or `{"peer","task","file","error"}`.
//! The first argument is how often each is run.

use std::time::Instant;

use labelize::{DrawerOptions, Renderer, ReverseLanguage, ReverseOptions, ZplParser};
use zpl_forge::{Resolution, Unit, ZplEngine};

const WARM_UP: usize = 3;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let runs: usize = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(20);
    for path in arguments {
        let bytes = std::fs::read(&path).unwrap_or_default();
        if path.ends_with(".png") {
            report("labelize", "png-to-zpl", &path, runs, || {
                picture_to_zpl(&bytes)
            });
            continue;
        }
        report("labelize", "zpl-to-png", &path, runs, || {
            labelize_png(&bytes)
        });
        report("zpl-forge", "zpl-to-png", &path, runs, || {
            forge(&bytes, false)
        });
        report("zpl-forge", "zpl-to-pdf", &path, runs, || {
            forge(&bytes, true)
        });
    }
}

fn report(
    peer: &str,
    task: &str,
    file: &str,
    runs: usize,
    mut work: impl FnMut() -> Result<Vec<u8>, String>,
) {
    let mut line = serde_json::json!({ "peer": peer, "task": task, "file": file });
    let mut times = Vec::with_capacity(runs);
    for run in 0..runs + WARM_UP {
        let began = Instant::now();
        match work() {
            Ok(bytes) => line["bytes"] = bytes.len().into(),
            Err(error) => {
                line["error"] = error.into();
                println!("{line}");
                return;
            }
        }
        if run >= WARM_UP {
            times.push(began.elapsed().as_nanos());
        }
    }
    times.sort_unstable();
    let median = times.get(times.len() / 2).copied().unwrap_or(0);
    line["median_ns"] = u64::try_from(median).unwrap_or(u64::MAX).into();
    println!("{line}");
}

fn labelize_png(zpl: &[u8]) -> Result<Vec<u8>, String> {
    let labels = ZplParser::new().parse(zpl).map_err(|e| format!("{e:?}"))?;
    let label = labels.first().ok_or("no label")?;
    let options = DrawerOptions {
        label_width_mm: 101.5,
        label_height_mm: 152.25,
        ..DrawerOptions::default()
    };
    let mut png = Vec::new();
    Renderer::new()
        .draw_label_as_png(label, &mut png, options)
        .map_err(|e| format!("{e:?}"))?;
    Ok(png)
}

fn picture_to_zpl(png: &[u8]) -> Result<Vec<u8>, String> {
    labelize::encode_image_bytes(png, &ReverseOptions::default(), ReverseLanguage::Zpl)
        .map_err(|e| format!("{e:?}"))
}

fn forge(zpl: &[u8], pdf: bool) -> Result<Vec<u8>, String> {
    let text = String::from_utf8_lossy(zpl);
    let (width, height) = (Unit::Inches(4.0), Unit::Inches(6.0));
    let engine =
        ZplEngine::new(&text, width, height, Resolution::Dpi203).map_err(|e| format!("{e:?}"))?;
    let drawn = if pdf {
        engine.to_pdf()
    } else {
        engine.to_png()
    };
    drawn.map_err(|e| format!("{e:?}"))
}
