//! A day of a busy bench, as fast as the lines carry it: memory stays where it was.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[allow(dead_code)]
#[path = "support/plug.rs"]
mod plug;

use plug::{PATIENCE, Plug, at_port, code, connected, lost, wait};
use std::fmt::Write;
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// A scale that streams ten readings a second for ten hours.
const READINGS: usize = 10 * 3600 * 10;
/// Six parcels a minute, three codes each.
const SCANS: usize = 10 * 60 * 6 * 3;
/// Cables are kicked and power-saving hubs drop out.
const REPLUGS: usize = 40;
const ROUNDS: usize = REPLUGS;
/// Buffers, arenas of the allocator and noise of the test itself.
const GROWTH_KIB_MAX: u64 = 4096;

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Ten minutes and more of readings: a parcel comes, rests, leaves.
fn readings(count: usize) -> Vec<u8> {
    let mut text = String::new();
    for n in 0..count {
        let grams = if n % 100 < 20 { 0 } else { 1000 + n % 37 };
        let (moving, resting) = ('8', '0');
        let status = if (20..25).contains(&(n % 100)) {
            moving
        } else {
            resting
        };
        write!(text, "\x02-{status} {grams:06}000000\r").unwrap();
    }
    text.into_bytes()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_of_traffic_leaves_memory_flat() {
    let folder = tempfile::tempdir().unwrap();
    let (scale_port, scanner_port) = (folder.path().join("scale"), folder.path().join("scanner"));
    let (scale, mut masses) = at_port("scale", "toledo-continuous", &scale_port);
    let (scanner, mut scans) = at_port("scanner", "serial-line", &scanner_port);
    let frames = readings(READINGS / ROUNDS);
    let (began, mut early, mut weighed) = (Instant::now(), 0, 0_u64);
    for round in 0..ROUNDS {
        let mut scale_plug = Plug::in_socket(&scale_port);
        let mut scanner_plug = Plug::in_socket(&scanner_port);
        wait(&mut masses, connected).await;
        wait(&mut scans, connected).await;
        let stream = frames.clone();
        let pouring = tokio::task::spawn_blocking(move || {
            scale_plug.pour(&stream);
            // The rest is read before the plug is pulled.
            std::thread::sleep(Duration::from_millis(50));
            drop(scale_plug);
        });
        for n in 0..SCANS / ROUNDS {
            scanner_plug.write(format!("PARCEL-{round}-{n}\r").as_bytes());
            assert_eq!(wait(&mut scans, code).await, format!("PARCEL-{round}-{n}"));
            while masses.try_recv().is_ok() {
                weighed += 1;
            }
        }
        while !pouring.is_finished() {
            if timeout(Duration::from_millis(5), masses.recv())
                .await
                .is_ok()
            {
                weighed += 1;
            }
        }
        timeout(PATIENCE, pouring).await.unwrap().unwrap();
        drop(scanner_plug);
        wait(&mut scans, lost).await;
        if round == ROUNDS / 4 {
            early = resident_kib();
        }
    }
    let late = resident_kib();
    println!(
        "{READINGS} readings, {SCANS} scans, {REPLUGS} replugs in {:?}: {weighed} told, resident \
         {early} KiB after a quarter, {late} KiB at the end",
        began.elapsed()
    );
    assert!(weighed > 0, "the scale was heard");
    assert!(
        late <= early + GROWTH_KIB_MAX,
        "{early} KiB became {late} KiB"
    );
    timeout(PATIENCE, scale.stop()).await.unwrap();
    timeout(PATIENCE, scanner.stop()).await.unwrap();
}
