//! What codes cost: recognising tracking numbers beside the published crate, on the same numbers
//! in the same run, reading GS1 data, and a decision of the rules about a parcel. `cargo bench
//! --bench content`; the peer (a package of its own under `benches/content`) is built by the first
//! run. `-- --quick`, or a run as a test, leaves it out.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[allow(dead_code)]
#[path = "support/measure.rs"]
mod measure;
#[path = "support/rules.rs"]
mod rules;

use std::hint::black_box;
use std::io::Write;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use firstscan::content::check_digit::Family;
use firstscan::content::gs1::{self, Dictionary};
use firstscan::content::tracking::{Context, FORMATS, Format, make, recognise};
use measure::{Goal, Row, Unit, Which};
use serde_json::Value;

/// Numbers written per kind.
const SERIALS: u64 = 40;
/// How many times faster than the peer is the goal.
const TIMES_FASTER: u64 = 20;
/// Turns of the peer and ours.
const TURNS: usize = 9;

fn main() -> ExitCode {
    let asked = |flag: &str| std::env::args().any(|arg| arg == flag);
    let quick = asked("--quick") || !asked("--bench");
    let rounds = if quick { 3 } else { 400 };
    let numbers = numbers();
    let context = Context::default();
    let ours = per_call(rounds, &numbers, |n| {
        black_box(recognise(n, &context));
    });
    let reports = per_call(rounds, &numbers, |n| recognise(n, &context).report());
    let mut rows = vec![
        Row::new(
            "recognise, candidates ranked",
            Unit::Nanoseconds,
            ours,
            None,
        ),
        Row::new(
            "the same, fields and reasons",
            Unit::Nanoseconds,
            reports,
            None,
        ),
    ];
    rows.extend(gs1_rows(rounds));
    rows.extend(rules::rows(rounds));
    if !quick && let Some(row) = compare(&numbers, rounds) {
        rows.push(row);
    }
    let missed = measure::print(&rows);
    println!("{} rows, {missed} goals missed", rows.len());
    ExitCode::SUCCESS
}

/// An example of every format, numbers as stations write them, and as many with one digit wrong.
fn numbers() -> Vec<String> {
    let examples = FORMATS.into_iter().flatten().map(|f| f.example.to_owned());
    let mut all: Vec<String> = examples.collect();
    for n in 0..SERIALS {
        let spread = n * 7_919 + 123_457;
        let number = format!("{:014}", 9_980_000_000_000 + spread);
        let written = [
            make::s10("RB", spread, "DE"),
            make::sscc(0, "9528765", spread).map(|sscc| format!("00{sscc}")),
            make::usps_impb("001", "901234567", spread, 22),
            make::ups_1z("A1B2C3", "03", spread),
            make::fedex_12(10_000_000_000 + spread),
            make::fedex_96("22", "001", "1234567", spread),
            make::dpd_28("0012345", &number, "101", "276"),
            make::numeric("7123456", spread, 8, Family::Gs1Mod10, 0),
            make::numeric("", 300_000_000 + spread, 9, Family::Mod7, 0),
        ];
        for number in written.into_iter().flatten() {
            let mut wrong = number.clone().into_bytes();
            let at = wrong.len() - 4;
            wrong[at] = if wrong[at] == b'7' { b'3' } else { b'7' };
            all.push(number);
            all.push(String::from_utf8(wrong).unwrap());
        }
    }
    all
}

/// Nanoseconds of one call, one sample per round over all texts.
fn per_call<'a, T>(rounds: usize, texts: &'a [String], what: impl Fn(&'a str) -> T) -> Vec<u64> {
    let round = |_| {
        let began = Instant::now();
        for text in texts {
            black_box(what(black_box(text.as_str())));
        }
        let spent = began.elapsed().as_nanos() / (texts.len() as u128);
        u64::try_from(spent).unwrap_or(u64::MAX)
    };
    (0..rounds + 3).map(round).skip(3).collect()
}

fn median(times: &[u64]) -> u64 {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or(0)
}

fn gs1_rows(rounds: usize) -> Vec<Row> {
    let dictionary = Dictionary::builtin();
    let row = |name: &str, data: &str, below: u64| {
        let texts = vec![data.to_owned(); 200];
        let times = per_call(rounds, &texts, |text| {
            assert!(gs1::parse(text, dictionary).is_valid());
        });
        let goal = Goal {
            which: Which::P50,
            below,
        };
        Row::new(name, Unit::Nanoseconds, times, Some(goal))
    };
    let parcel = "]C100095287654321011110\u{1D}42012345\u{1D}3301001234\u{1D}400PO-7";
    let whole = "(00)095287654321011110(420)50667(4301)J%C3%BCrgen%20M(4302)Weg%207(4307)DE";
    let link = "https://id.gs1.org/00/095287654321011110?400=PO-7&420=12345";
    vec![
        row("GS1, four elements as scanned", parcel, 2_000),
        row("GS1, an address in brackets", whole, 3_000),
        row("GS1, Digital Link", link, 2_000),
    ]
}

/// Runs the peer on the numbers.
fn peer(numbers: &[String], rounds: usize) -> Option<Value> {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/content/Cargo.toml");
    let target = concat!(env!("CARGO_MANIFEST_DIR"), "/target/peers");
    let mut child = Command::new(env!("CARGO"))
        .args([
            "run",
            "--release",
            "--quiet",
            "--locked",
            "--manifest-path",
            manifest,
        ])
        .args(["--target-dir", target, "--", &rounds.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    // All of it fits into the pipe's reader before the peer answers.
    child
        .stdin
        .take()?
        .write_all(numbers.join("\n").as_bytes())
        .ok()?;
    let output = child.wait_with_output().ok()?;
    if !output.status.success() {
        println!("the peer is left out: it could not be built or run");
        return None;
    }
    serde_json::from_slice(&output.stdout).ok()
}

/// Turns of the peer and ours, and the ratio of each pair: a machine that is slow for a while is
/// slow for both.
fn compare(numbers: &[String], rounds: usize) -> Option<Row> {
    let context = Context::default();
    let (mut tenths, mut times) = (Vec::new(), Vec::new());
    let mut found = Vec::new();
    for _ in 0..TURNS {
        let ours = per_call(rounds / 8, numbers, |n| recognise(n, &context));
        let peer = peer(numbers, rounds / 8)?;
        let theirs: Vec<u64> = peer["ns_per_call"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_u64)
            .collect();
        tenths.push(median(&theirs) * 10 / median(&ours).max(1));
        times.extend(theirs);
        found = peer["found"].as_array().cloned().unwrap_or_default();
    }
    differences(numbers, &found);
    let ratio = median(&tenths);
    let verdict = match ratio >= TIMES_FASTER * 10 {
        true => "reached",
        false => "missed",
    };
    println!(
        "{}.{} times faster, median of {TURNS} turns, goal {TIMES_FASTER} {verdict}",
        ratio / 10,
        ratio % 10
    );
    Some(Row::new(
        "tracking-numbers 0.1.2",
        Unit::Nanoseconds,
        times,
        None,
    ))
}

/// Prints what each does not know.
fn differences(numbers: &[String], found: &[Value]) {
    let formats: Vec<_> = FORMATS.into_iter().flatten().collect();
    // The examples are the first of the numbers.
    let unknown =
        |(format, found): (&&'static Format, &Value)| found.is_null().then_some(format.id);
    let missed: Vec<&str> = formats.iter().zip(found).filter_map(unknown).collect();
    let valid = |n: &&String| {
        let found = recognise(n, &Context::default());
        found.candidates.first().is_some_and(|c| c.is_valid())
    };
    println!(
        "{} numbers: {} valid here, {} known to the peer, which says one courier and no fields",
        numbers.len(),
        numbers.iter().filter(valid).count(),
        found.iter().filter(|f| !f.is_null()).count()
    );
    println!(
        "formats whose example the peer does not know, {} of {}: {}",
        missed.len(),
        formats.len(),
        missed.join(", ")
    );
}
