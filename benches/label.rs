//! The label engine against its peers, in one run: template to bitmap, bitmap to printer bytes,
//! carrier labels in, PDF out, read-back, a cold process. `cargo bench --bench label`; the peers
//! (packages of their own under `benches/peers`) are built by the first run, which takes minutes.
//! `-- --quick`, or a run as a test, shows only that everything works and leaves the peers out.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "label/engine.rs"]
mod engine;
#[allow(dead_code)]
#[path = "support/measure.rs"]
mod measure;
#[path = "label/peers.rs"]
mod peers;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What is measured with.
struct Plan {
    /// Runs of one row, after a warm-up.
    samples: usize,
    /// Files given to peers and to us.
    zpl: Vec<PathBuf>,
    common_png: PathBuf,
}

fn main() -> ExitCode {
    let asked = |flag: &str| std::env::args().any(|arg| arg == flag);
    let quick = asked("--quick") || !asked("--bench");
    let folder = tempfile::tempdir().unwrap();
    let plan = Plan {
        samples: if quick { 3 } else { 400 },
        zpl: zpl_files(),
        common_png: folder.path().join("common.png"),
    };
    let mut rows = engine::rows(&plan);
    rows.extend(engine::cold(&plan, folder.path()));
    let missed = measure::print(&rows);
    engine::bytes_per_language();
    if !quick {
        peers::compare(&plan);
    }
    println!("{} rows, {missed} goals missed", rows.len());
    ExitCode::SUCCESS
}

/// The common label and every carrier-shaped fixture.
fn zpl_files() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = vec![root.join("benches/label/common.zpl")];
    let folder = root.join("fixtures/labels/zpl");
    let mut found: Vec<PathBuf> = std::fs::read_dir(&folder)
        .map(|entries| entries.filter_map(|e| Some(e.ok()?.path())).collect())
        .unwrap_or_default();
    found.retain(|path| path.extension().is_some_and(|e| e == "zpl"));
    found.sort();
    files.extend(found);
    files
}
