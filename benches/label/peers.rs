//! The other engines, run as programs of their own on the same files, and the ratios.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use firstscan::label::{png, render};
use firstscan_drivers::bitmap::Resolution;
use firstscan_drivers::printer::zpl::Zpl;
use firstscan_drivers::printer::{JobOptions, Language};
use serde_json::Value;

use super::Plan;
use super::engine::common;
use super::measure::repeat;

/// One figure of a peer.
struct Figure {
    peer: String,
    task: String,
    file: String,
    median_ns: Option<u64>,
    bytes: u64,
    error: String,
}

/// Runs everybody and prints them side by side.
pub fn compare(plan: &Plan) {
    let ours = ours(plan);
    let mut figures = rust_peers(plan);
    figures.extend(python_peers(plan));
    println!("\nside by side (medians, one core, this run; ratio = peer's time / ours)");
    println!(
        "{:<14}{:<14}{:<26}{:>12}{:>12}{:>9}{:>10}",
        "peer", "task", "file", "peer us", "ours us", "ratio", "bytes"
    );
    let mut ratios: BTreeMap<(String, String), Vec<u64>> = BTreeMap::new();
    for figure in &figures {
        let name = Path::new(&figure.file).file_name().map_or_else(String::new, |n| {
            n.to_string_lossy().into_owned()
        });
        let Some(peer_ns) = figure.median_ns else {
            let error: String = figure.error.chars().take(60).collect();
            println!("{:<14}{:<14}{name:<26}refused: {error}", figure.peer, figure.task);
            continue;
        };
        let Some(our_ns) = ours.get(&(figure.task.clone(), figure.file.clone())) else {
            continue;
        };
        let tenths = peer_ns * 10 / (*our_ns).max(1);
        ratios
            .entry((figure.peer.clone(), figure.task.clone()))
            .or_default()
            .push(tenths);
        println!(
            "{:<14}{:<14}{name:<26}{:>12}{:>12}{:>9}{:>10}",
            figure.peer,
            figure.task,
            peer_ns / 1_000,
            our_ns / 1_000,
            format!("{}.{}", tenths / 10, tenths % 10),
            figure.bytes
        );
    }
    for ((peer, task), mut tenths) in ratios {
        tenths.sort_unstable();
        let (low, middle) = (tenths[0], tenths[tenths.len() / 2]);
        println!(
            "{peer}, {task}: {} files, median ratio {}.{}, lowest {}.{}",
            tenths.len(),
            middle / 10,
            middle % 10,
            low / 10,
            low % 10
        );
    }
}

/// Our median for each task and file, nanoseconds.
fn ours(plan: &Plan) -> BTreeMap<(String, String), u64> {
    let runs = plan.samples / 4;
    let resolution = Resolution::from_dpi(203);
    let mut out = BTreeMap::new();
    let mut put = |task: &str, file: &Path, mut times: Vec<std::time::Duration>| {
        times.sort_unstable();
        let median = times.get(times.len() / 2).map_or(0, std::time::Duration::as_nanos);
        let key = (task.to_owned(), file.display().to_string());
        out.insert(key, u64::try_from(median).unwrap_or(u64::MAX));
    };
    // Both of a peer's outputs stand against our one bitmap with its file around it.
    for file in &plan.zpl {
        let zpl = std::fs::read(file).unwrap();
        let picture = |bytes: &[u8]| {
            let interpreted = firstscan::label::zpl::interpret(bytes, resolution, None).ok()?;
            let label = interpreted.labels.into_iter().next()?;
            png::encode(&label.bitmap, resolution).ok()
        };
        if picture(&zpl).is_some() {
            let times = repeat(runs, || picture(&zpl));
            put("zpl-to-pdf", file, times.clone());
            put("zpl-to-png", file, times);
        }
    }
    let template = common();
    let label = render(&template, &template.sample, resolution);
    let mut bytes = Vec::new();
    let times = repeat(runs, || {
        bytes.clear();
        let options = JobOptions::default();
        Zpl.encode(&label.bitmap.view(), resolution, &options, &mut bytes)
    });
    put("png-to-zpl", &plan.common_png, times);
    // The same label by its description: ours a template, theirs a ZPL program.
    let times = repeat(runs, || render(&template, &template.sample, resolution));
    let from_template = Path::new("common label");
    put("label", from_template, times);
    out
}

fn rust_peers(plan: &Plan) -> Vec<Figure> {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers/Cargo.toml");
    let mut command = Command::new(env!("CARGO"));
    command.args(["run", "--release", "--quiet", "--locked", "--manifest-path", manifest]);
    command.args(["--target-dir", concat!(env!("CARGO_MANIFEST_DIR"), "/target/peers"), "--"]);
    command.arg((plan.samples / 8).to_string());
    command.args(&plan.zpl).arg(&plan.common_png);
    let mut figures = lines(command, "peers of crates.io");
    // The common label drawn from its description is the headline.
    let headline: Vec<Figure> = figures
        .iter()
        .filter(|f| f.task == "zpl-to-png" && f.file.ends_with("benches/label/common.zpl"))
        .map(|f| Figure {
            peer: f.peer.clone(),
            task: "label".into(),
            file: "common label".into(),
            median_ns: f.median_ns,
            bytes: f.bytes,
            error: f.error.clone(),
        })
        .collect();
    figures.extend(headline);
    figures
}

/// `benches/peers/peers.py`, in an environment of its own with pinned packages.
fn python_peers(plan: &Plan) -> Vec<Figure> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers");
    let environment = folder.join("../../target/peers/python");
    let python = environment.join("bin/python");
    if !python.exists() {
        let made = Command::new("python3").args(["-m", "venv"]).arg(&environment).status();
        let requirements = folder.join("requirements.txt");
        let installed = Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "-r"])
            .arg(requirements)
            .status();
        if !made.is_ok_and(|s| s.success()) || !installed.is_ok_and(|s| s.success()) {
            println!("python peers left out: no environment could be made");
            return Vec::new();
        }
    }
    let mut command = Command::new(python);
    command.arg(folder.join("peers.py"));
    command.arg((plan.samples / 16).to_string()).arg(&plan.common_png);
    lines(command, "peers of PyPI")
}

fn lines(mut command: Command, who: &str) -> Vec<Figure> {
    let output = match command.output() {
        Ok(output) if output.status.success() => output,
        Ok(output) => {
            println!("{who} left out: {}", String::from_utf8_lossy(&output.stderr));
            return Vec::new();
        }
        Err(error) => {
            println!("{who} left out: {error}");
            return Vec::new();
        }
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let figure = |line: &str| {
        let value: Value = serde_json::from_str(line).ok()?;
        let word = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
        Some(Figure {
            peer: word("peer"),
            task: word("task"),
            file: word("file"),
            median_ns: value["median_ns"].as_u64(),
            bytes: value["bytes"].as_u64().unwrap_or(0),
            error: word("error"),
        })
    };
    text.lines().filter_map(figure).collect()
}
