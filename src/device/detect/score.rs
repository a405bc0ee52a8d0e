//! How well bytes fit a hypothesis. Pure.

use firstscan_drivers::catalogue;
use firstscan_drivers::codec::RECEIVE_BYTES_MAX;
use firstscan_drivers::decode::{self, Line};
use firstscan_drivers::profile::{Kind, Profile, escape};
use firstscan_drivers::registry;
use serde::Serialize;
use std::time::Duration;

/// Bytes below which nothing is claimed.
const BYTES_MIN: usize = 4;
/// Text that fits a scanner fits any scanner, and a scale that prints lines as well.
const SCANNER_SCORE_MAX: u64 = 60;
/// Shown of what was heard.
const SHOWN_BYTES_MAX: usize = 40;

/// Line settings with a profile, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hypothesis {
    pub profile: &'static str,
    /// Such as `9600 7E1`.
    pub line: String,
    pub baud: u32,
    pub data_bits: u8,
    /// `none`, `even` or `odd`.
    pub parity: &'static str,
    pub stop_bits: u8,
    /// 100: everything heard has a meaning.
    pub score: u8,
    pub evidence: Vec<String>,
    #[serde(skip)]
    kind: Kind,
    #[serde(skip)]
    is_own_line: bool,
}

impl Hypothesis {
    /// Weights and sizes mean something; text can be anything.
    pub fn is_meaning(&self) -> bool {
        self.kind != Kind::Scanner
    }
}

/// How bytes read with 8 data bits and no parity may have been meant.
struct Reading {
    data_bits: u8,
    parity: &'static str,
    bytes: Vec<u8>,
    evidence: String,
}

/// What bytes heard at a speed could be.
pub fn of(bytes: &[u8], baud: u32, kind: Option<Kind>) -> Vec<Hypothesis> {
    if bytes.len() < BYTES_MIN {
        return Vec::new();
    }
    let wanted = |p: &&&Profile| kind.is_none_or(|kind| kind == p.kind) && is_over_line(p);
    let profiles: Vec<&'static Profile> = registry::profiles().iter().collect();
    let mut all = Vec::new();
    for reading in readings(bytes) {
        for profile in profiles.iter().filter(wanted) {
            all.extend(judge(profile, &reading, baud));
        }
    }
    all
}

/// What the answer to a profile's own question says for it, on the profile's own line.
pub fn asked(profile: &'static Profile, heard: &[u8]) -> Option<Hypothesis> {
    let serial = &profile.serial;
    let reading = Reading {
        data_bits: serial.data_bits,
        parity: named(&serial.parity),
        bytes: heard.to_vec(),
        evidence: format!("it answered {}", shown(&question(profile)?)),
    };
    judge(profile, &reading, serial.baud)
}

/// Best first; of equals, the profile's own line and then the name.
pub fn sort(all: &mut [Hypothesis]) {
    all.sort_by(|a, b| {
        let key = |h: &Hypothesis| (h.score, h.is_meaning(), h.is_own_line);
        key(b).cmp(&key(a)).then(a.profile.cmp(b.profile))
    });
}

/// The others that explain the same line as well as the best one does.
pub fn equals(sorted: &[Hypothesis]) -> Vec<&'static str> {
    let Some(best) = sorted.first() else {
        return Vec::new();
    };
    let same = |h: &&Hypothesis| {
        let key = |h: &Hypothesis| (h.score, h.is_meaning(), h.baud, h.data_bits, h.parity);
        key(h) == key(best) && h.profile != best.profile
    };
    let mut names: Vec<&str> = sorted.iter().filter(same).map(|h| h.profile).collect();
    names.dedup();
    names
}

/// Profiles whose bytes travel over a serial line.
pub fn is_over_line(profile: &Profile) -> bool {
    catalogue::connection(profile).starts_with("serial")
}

/// Scales that are asked, those with the same question on the same line together: one question
/// serves them all.
pub fn by_question(kind: Option<Kind>) -> Vec<Vec<&'static Profile>> {
    let mut groups: Vec<(String, Vec<u8>, Vec<&'static Profile>)> = Vec::new();
    for profile in registry::profiles() {
        let wanted = profile.kind == Kind::Scale && kind.is_none_or(|k| k == Kind::Scale);
        let Some(question) = question(profile).filter(|_| wanted && is_over_line(profile)) else {
            continue;
        };
        let line = catalogue::line(&profile.serial);
        match groups
            .iter_mut()
            .find(|(l, q, _)| *l == line && *q == question)
        {
            Some((_, _, group)) => group.push(profile),
            None => groups.push((line, question, vec![profile])),
        }
    }
    groups.into_iter().map(|(_, _, group)| group).collect()
}

/// The poll of a codec that asks; `None` for those that only listen.
pub fn question(profile: &Profile) -> Option<Vec<u8>> {
    let mut codec = registry::codec(profile)?;
    codec.reset();
    codec.handle_timeout(Duration::ZERO);
    codec.poll_transmit()
}

fn readings(bytes: &[u8]) -> Vec<Reading> {
    let mut all = vec![Reading {
        data_bits: 8,
        parity: "none",
        bytes: bytes.to_vec(),
        evidence: "read with 8 data bits".into(),
    }];
    let high = bytes.iter().filter(|b| **b >= 0x80).count();
    for (parity, odd) in [("even", false), ("odd", true)] {
        let fits = bytes.iter().all(|b| (b.count_ones() % 2 == 1) == odd);
        if fits && high > 0 {
            all.push(Reading {
                data_bits: 7,
                parity,
                bytes: bytes.iter().map(|b| b & 0x7F).collect(),
                evidence: format!("all {} bytes have {parity} parity", bytes.len()),
            });
        }
    }
    all
}

/// What the lines of a decoded stream say for its profile.
struct Tally<'a> {
    /// Readings that mean something.
    meant: u64,
    /// Bytes that belong to none.
    left: u64,
    latest: Option<&'a Line>,
}

fn tally(lines: &[Line], total: u64) -> Tally<'_> {
    let mut tally = Tally {
        meant: 0,
        left: 0,
        latest: None,
    };
    for (index, line) in lines.iter().enumerate() {
        match line {
            // Listening begins in the middle of a frame and ends in one: neither is held against
            // the profile.
            Line::Garbage { start: 0, .. } if lines.len() > index + 1 => {}
            Line::Garbage { end, .. } if *end == total && tally.meant > 0 => {}
            Line::Garbage { start, end } => {
                tally.left = tally.left.saturating_add(end.saturating_sub(*start));
            }
            Line::Scan { text, .. } if !is_readable(text.as_deref()) => {
                tally.left = tally.left.saturating_add(1);
            }
            _ => {
                tally.meant = tally.meant.saturating_add(1);
                tally.latest = Some(line);
            }
        }
    }
    tally
}

fn is_readable(text: Option<&str>) -> bool {
    let plain = |c: char| !c.is_control() || c == '\u{1d}';
    text.is_some_and(|text| text.len() > 2 && text.chars().all(plain))
}

fn judge(profile: &'static Profile, reading: &Reading, baud: u32) -> Option<Hypothesis> {
    let bytes = reading.bytes.get(..RECEIVE_BYTES_MAX);
    let bytes = bytes.unwrap_or(&reading.bytes);
    let lines = decode::decode(profile, None, None, bytes);
    let total = u64::try_from(bytes.len()).unwrap_or(u64::MAX).max(1);
    let Tally {
        meant,
        left,
        latest,
    } = tally(&lines, total);
    let meaning = serde_json::to_string(latest?).unwrap_or_default();
    let kept = 100_u64.saturating_sub(left.saturating_mul(100) / total);
    let most = match profile.kind {
        Kind::Scanner => SCANNER_SCORE_MAX,
        _ => 100,
    };
    // One frame can be chance, three are not.
    let sure = most.saturating_sub(10_u64.saturating_mul(3_u64.saturating_sub(meant.min(3))));
    let score = u8::try_from(sure.saturating_mul(kept) / 100).unwrap_or(0);
    let own = &profile.serial;
    let is_own_line = own.baud == baud
        && own.data_bits == reading.data_bits
        && named(&own.parity) == reading.parity;
    let letter = match reading.parity {
        "even" => 'E',
        "odd" => 'O',
        _ => 'N',
    };
    Some(Hypothesis {
        profile: &profile.id,
        line: format!("{baud} {}{letter}{}", reading.data_bits, own.stop_bits),
        baud,
        data_bits: reading.data_bits,
        parity: reading.parity,
        stop_bits: own.stop_bits,
        score,
        evidence: vec![
            reading.evidence.clone(),
            format!("{meant} readings, {left} of {total} bytes left over"),
            format!("heard {}", shown(bytes)),
            format!("means {meaning}"),
        ],
        kind: profile.kind,
        is_own_line,
    })
}

fn named(parity: &str) -> &'static str {
    match parity {
        "even" => "even",
        "odd" => "odd",
        _ => "none",
    }
}

fn shown(bytes: &[u8]) -> String {
    let short = bytes.get(..SHOWN_BYTES_MAX);
    let more = if short.is_some() && bytes.len() > SHOWN_BYTES_MAX {
        " ..."
    } else {
        ""
    };
    format!("{}{more}", escape(short.unwrap_or(bytes)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn best(bytes: &[u8]) -> Vec<Hypothesis> {
        let mut all = of(bytes, 9600, None);
        sort(&mut all);
        all
    }

    #[test]
    fn a_seven_bit_line_shows_in_eight_bits() {
        let frame = b"\x0201.25\r";
        let even = |b: &u8| b | if b.count_ones() % 2 == 1 { 0x80 } else { 0 };
        let bytes: Vec<u8> = frame.iter().map(even).collect::<Vec<_>>().repeat(5);
        let all = best(&bytes);
        let first = &all[0];
        assert_eq!(
            (first.line.as_str(), first.score),
            ("9600 7E1", 100),
            "{all:#?}"
        );
        let sure = |h: &Hypothesis| h.score == 100 && h.profile.starts_with("toledo-8217");
        assert!(all.iter().any(sure), "{all:#?}");
        assert!(first.evidence[0].contains("even parity"));
        assert!(
            all.iter().all(|h| h.data_bits == 7),
            "nothing fits in 8 bits: {all:?}"
        );
    }

    #[test]
    fn frames_cut_at_both_ends_count_fully_and_noise_counts_for_nothing() {
        let mut bytes = b"0,+00001.00  kg\r\n".to_vec();
        bytes.extend(b"ST,+00012.34  kg\r\n".repeat(4));
        bytes.extend(b"ST,+000");
        let all = best(&bytes);
        assert_eq!((all[0].profile, all[0].score), ("a-and-d", 100), "{all:#?}");
        assert!(all[0].evidence[3].contains("12.34"));
        assert!(best(b"\x00\xff\x13\x88\xfe\x01\x02\x9c\x00\x80").is_empty());
        assert!(best(b"ab").is_empty());
    }

    #[test]
    fn text_is_a_scanner_s_and_never_sure() {
        let all = best(&b"4006381333931\r".repeat(4));
        assert!(all.iter().any(|h| h.profile == "serial-line"), "{all:#?}");
        assert!(all.iter().all(|h| h.score <= 60), "{all:#?}");
    }

    #[test]
    fn an_answer_speaks_for_the_question() {
        let profile = registry::profile("toledo-8217-kg").unwrap();
        let found = asked(profile, &b"\x0201.25\r".repeat(3)).unwrap();
        assert_eq!(found.evidence[0], "it answered W");
        assert_eq!(found.line, "9600 7E1");
        assert_eq!(asked(profile, b""), None);
    }
}
