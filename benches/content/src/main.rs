//! The published recogniser on the numbers of standard input, one a line. The first argument is how
//! often all of them are read. One JSON document: `{"ns_per_call": [..], "found": [..]}`, a time
//! per round and the courier per number.

use std::hint::black_box;
use std::io::Read;
use std::time::Instant;

fn main() {
    let rounds = std::env::args().nth(1).and_then(|n| n.parse().ok());
    let mut text = String::new();
    if std::io::stdin().read_to_string(&mut text).is_err() {
        return;
    }
    let numbers: Vec<&str> = text.lines().collect();
    // The first call reads its data.
    let courier = |number: &&str| tracking_numbers::track(number).map(|found| found.courier);
    let found: Vec<Option<String>> = numbers.iter().map(courier).collect();
    let round = |_| {
        let began = Instant::now();
        for number in &numbers {
            black_box(tracking_numbers::track(black_box(number)));
        }
        began.elapsed().as_nanos() / (numbers.len().max(1) as u128)
    };
    let times: Vec<u64> = (0..rounds.unwrap_or(20))
        .map(round)
        .map(|ns| u64::try_from(ns).unwrap_or(u64::MAX))
        .collect();
    println!(
        "{}",
        serde_json::json!({ "ns_per_call": times, "found": found })
    );
}
