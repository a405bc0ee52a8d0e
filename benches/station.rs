//! What the station takes: time from scan to verdict, from trigger to first byte, to render, to
//! decide, to commit, to start; and memory. `cargo bench` measures, which takes about two
//! minutes; `cargo bench -- --quick`, or a run as a test, only shows that everything works.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[allow(dead_code)]
#[path = "../tests/support/bench.rs"]
mod bench;
mod support;

use std::process::ExitCode;
use std::time::{Duration, Instant};
use support::{live, measure, pure};

fn main() -> ExitCode {
    let asked = |flag: &str| std::env::args().any(|arg| arg == flag);
    let quick = asked("--quick") || !asked("--bench");
    let few = |many: usize| if quick { (many / 50).max(2) } else { many };
    let plan = live::Plan {
        scans: few(300),
        weighed_labels: few(20),
        reprints: few(50),
        starts: few(10),
        idle: Duration::from_secs(if quick { 1 } else { 5 }),
    };
    let began = Instant::now();
    let mut rows = pure::label(few(200));
    rows.extend(pure::reducer(few(5_000)));
    rows.extend(pure::commit(few(500)));
    // Emulated devices run in this process; two threads as everywhere.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let entered = runtime.enter();
    let measured = live::all(folder.path(), &plan);
    drop(entered);
    match measured {
        Ok(live) => rows.extend(live),
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    }
    let missed = measure::print(&rows);
    let seconds = began.elapsed().as_secs();
    println!("{} rows, {missed} goals missed, {seconds} s", rows.len());
    ExitCode::SUCCESS
}
