//! Every codec of scales and dimensioners under bytes of any kind: the same events however the
//! stream is cut, no value under a flag that forbids one, garbage within the stream, and no panic.

use firstscan_drivers::decode::{Line, decode};
use firstscan_drivers::profile::{Kind, Profile};
use firstscan_drivers::registry;

/// Longest stream of a run; codecs keep no state beyond a frame, so more shows nothing more.
const STREAM_BYTES_MAX: usize = 4096;

/// A profile's text: refused with file, key and remedy, or its codec can be made.
pub fn profile(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match Profile::parse("fuzz.toml", &text) {
        Ok(profile) if profile.kind != Kind::Printer => {
            assert!(registry::codec(&profile).is_some(), "{}", profile.id);
        }
        Ok(_) => {}
        Err(error) => assert!(error.to_string().starts_with("fuzz.toml"), "{error}"),
    }
}

/// Codec `hid-scale`.
pub fn hid_scale(data: &[u8]) {
    codec("hid-scale", data);
}

/// Codec `framed`.
pub fn framed(data: &[u8]) {
    codec("framed", data);
}

/// Codec `toledo-8217`.
pub fn toledo_8217(data: &[u8]) {
    codec("toledo-8217", data);
}

/// Codec `toledo-continuous`.
pub fn toledo_continuous(data: &[u8]) {
    codec("toledo-continuous", data);
}

/// Codec `cas-enq`.
pub fn cas_enq(data: &[u8]) {
    codec("cas-enq", data);
}

/// Codec `dibal`.
pub fn dibal(data: &[u8]) {
    codec("dibal", data);
}

/// Codec `cubiscan`.
pub fn cubiscan(data: &[u8]) {
    codec("cubiscan", data);
}

/// Codec `http-json`.
pub fn http_json(data: &[u8]) {
    codec("http-json", data);
}

/// The first two bytes choose profile and cut, the rest is the stream.
fn codec(name: &str, data: &[u8]) {
    let Some(([which, cut], stream)) = data.split_first_chunk::<2>().map(|(h, s)| (*h, s)) else {
        return;
    };
    let stream = stream.get(..STREAM_BYTES_MAX).unwrap_or(stream);
    let mine = |p: &&Profile| p.codec == name && p.kind != Kind::Printer;
    let profiles: Vec<&Profile> = registry::profiles().iter().filter(mine).collect();
    let profile = profiles[usize::from(which) % profiles.len()];
    let whole = decode(profile, None, None, stream);
    let pieces = decode(profile, Some(usize::from(cut).max(1)), None, stream);
    assert_eq!(whole, pieces, "{}", profile.id);
    let mut last = 0;
    for line in &whole {
        match line {
            Line::Garbage { start, end } => {
                assert!(last <= *start && start < end && *end <= stream.len() as u64);
                last = *end;
            }
            Line::Mass { decimal, flags, .. } => {
                let forbids = |flag: &&str| ["over", "under", "fault"].contains(flag);
                assert!(decimal.is_none() || !flags.iter().any(forbids), "{line:?}");
            }
            _ => {}
        }
    }
}
