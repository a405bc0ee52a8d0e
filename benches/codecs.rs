//! Frames per second of every codec, on one core: `cargo bench --bench codecs`.
//!
//! Each profile's first example is repeated and handed over in pieces as a connection would, each
//! event is taken off; the best of many rounds counts. Below a million small frames a second
//! (64 bytes and less) the run fails, so that a codec cannot become slow unnoticed.

use firstscan_drivers::codec::{Attachment, Codec, RECEIVE_BYTES_MAX};
use firstscan_drivers::profile::{Kind, Profile, unescape};
use firstscan_drivers::registry;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Frames of a round and rounds: short ones, so that some pass undisturbed on a busy machine.
const FRAMES: usize = 4_000;
const ROUNDS: usize = 100;
const SMALL_BYTES: usize = 64;
const FRAMES_PER_SECOND_MIN: u128 = 1_000_000;

fn main() -> ExitCode {
    println!(
        "{:16} {:28} {:>5}  {:>14}",
        "codec", "profile", "bytes", "frames/s"
    );
    let mut slow = Vec::new();
    for kind in [Kind::Scale, Kind::Scanner, Kind::Dimensioner] {
        for name in registry::codecs(kind) {
            let mine = |p: &&Profile| p.kind == kind && p.codec == name;
            for profile in registry::profiles().iter().filter(mine) {
                let Some((bytes, rate)) = measure(profile) else {
                    continue;
                };
                println!("{name:16} {:28} {bytes:5}  {rate:14}", profile.id);
                if bytes <= SMALL_BYTES && rate < FRAMES_PER_SECOND_MIN {
                    slow.push(profile.id.as_str());
                }
            }
        }
    }
    if slow.is_empty() {
        return ExitCode::SUCCESS;
    }
    println!(
        "below {FRAMES_PER_SECOND_MIN} frames a second: {}",
        slow.join(", ")
    );
    ExitCode::FAILURE
}

/// Length of a frame and frames per second; `None` if the first example is not one frame.
fn measure(profile: &Profile) -> Option<(usize, u128)> {
    let example = profile.examples.first()?;
    let frame = unescape(&example.bytes)?;
    if example.lines.len() != 1 {
        return None;
    }
    let mut codec = registry::codec(profile)?;
    if let Some(hid) = &profile.hid {
        let descriptor = hid.descriptor_bytes()?;
        codec.attach(Attachment::Hid {
            descriptor: &descriptor,
        });
    }
    // Reports and answers of requests come one by one.
    let whole = profile.hid.is_some() || profile.http.is_some();
    let at_once = if whole {
        1
    } else {
        (RECEIVE_BYTES_MAX / frame.len()).max(1)
    };
    let piece = frame.repeat(at_once);
    let calls = FRAMES.div_ceil(at_once);
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let events = run(codec.as_mut(), &piece, calls);
        best = best.min(begun.elapsed());
        // A codec that tells the same measurement once tells it once.
        if events < calls * at_once && profile.http.is_none() {
            return None;
        }
    }
    let frames = (calls * at_once) as u128;
    Some((frame.len(), frames * 1_000_000_000 / best.as_nanos().max(1)))
}

fn run(codec: &mut dyn Codec, piece: &[u8], calls: usize) -> usize {
    let mut events = 0;
    for call in 0..calls {
        codec.receive(Duration::from_millis(call as u64), piece);
        while let Some(emitted) = codec.poll_event() {
            std::hint::black_box(&emitted);
            events += 1;
        }
    }
    events
}
