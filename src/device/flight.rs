//! The flight recorder: the last exchanges of a device, in memory, for whoever asks what happened.
//!
//! Constraints: bounded in entries and bytes, whatever the device sends; the newest win. Pieces of
//! one message that come close together are one transfer. Labels are left out and scanned codes
//! are masked: both lead to people.

use super::record::MASKED;
use firstscan_drivers::profile::{Kind, Profile};
use firstscan_drivers::transcript::{Direction, Transcript, Transfer};
use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Entries kept per device.
const ENTRIES_MAX: usize = 512;
/// Bytes kept per device.
const BYTES_MAX: usize = 64 << 10;
/// A pause that ends a transfer, in milliseconds.
const PAUSE_MS: u64 = 20;
/// Longest transfer that pieces are joined to, in bytes.
const JOINED_BYTES_MAX: usize = 1024;
/// Longest note, in characters.
const NOTE_CHARS_MAX: usize = 200;

/// The last exchanges of one device.
#[derive(Debug, Default)]
pub struct Flight {
    entries: VecDeque<Entry>,
    bytes: usize,
    /// When the newest piece came.
    newest_ms: u64,
}

#[derive(Debug)]
enum Entry {
    Moved(Transfer),
    /// Bytes of a label, which are not kept.
    Label {
        at_ms: u64,
        bytes: u64,
    },
    /// What happened to the line.
    Note {
        at_ms: u64,
        text: String,
    },
}

impl Entry {
    fn at_ms(&self) -> u64 {
        match self {
            Entry::Moved(Transfer { at_ms, .. })
            | Entry::Label { at_ms, .. }
            | Entry::Note { at_ms, .. } => *at_ms,
        }
    }

    /// Bytes it holds.
    fn weight(&self) -> usize {
        match self {
            Entry::Moved(transfer) => transfer.bytes.len(),
            Entry::Label { .. } => 0,
            Entry::Note { text, .. } => text.len(),
        }
    }
}

impl Flight {
    /// Adds what was just transferred; `at_ms` is monotonic. `is_whole` for reports, which are
    /// never joined.
    pub fn record(&mut self, at_ms: u64, direction: Direction, bytes: &[u8], is_whole: bool) {
        let start = bytes.len().saturating_sub(BYTES_MAX);
        let bytes = bytes.get(start..).unwrap_or_default();
        let (at_ms, pause_ms) = self.pass(at_ms);
        let close = pause_ms < PAUSE_MS && !is_whole;
        let joins = |last: &Transfer| {
            let length = last.bytes.len().saturating_add(bytes.len());
            close && last.direction == direction && length <= JOINED_BYTES_MAX
        };
        match self.entries.back_mut() {
            Some(Entry::Moved(last)) if joins(last) => {
                last.bytes.extend_from_slice(bytes);
                self.bytes = self.bytes.saturating_add(bytes.len());
                self.trim();
            }
            _ => self.push(Entry::Moved(Transfer {
                at_ms,
                direction,
                bytes: bytes.to_vec(),
            })),
        }
    }

    /// Adds that so many bytes of a label were sent; consecutive ones are one entry.
    pub fn leave_out(&mut self, at_ms: u64, count: usize) {
        let more = u64::try_from(count).unwrap_or(u64::MAX);
        let (at_ms, _) = self.pass(at_ms);
        match self.entries.back_mut() {
            Some(Entry::Label { bytes, .. }) => *bytes = bytes.saturating_add(more),
            _ => self.push(Entry::Label { at_ms, bytes: more }),
        }
    }

    /// Adds a remark, such as that the line was lost and why.
    pub fn note(&mut self, at_ms: u64, text: &str) {
        let (at_ms, _) = self.pass(at_ms);
        let plain = text.chars().filter(|c| !c.is_control());
        let text = plain.take(NOTE_CHARS_MAX).collect();
        self.push(Entry::Note { at_ms, text });
    }

    /// Times never fall; also the pause since the newest entry.
    fn pass(&mut self, at_ms: u64) -> (u64, u64) {
        let at_ms = at_ms.max(self.newest_ms);
        let pause_ms = at_ms.saturating_sub(self.newest_ms);
        self.newest_ms = at_ms;
        (at_ms, pause_ms)
    }

    fn push(&mut self, entry: Entry) {
        self.bytes = self.bytes.saturating_add(entry.weight());
        self.entries.push_back(entry);
        self.trim();
    }

    fn trim(&mut self) {
        while self.entries.len() > ENTRIES_MAX || self.bytes > BYTES_MAX {
            let oldest = self.entries.pop_front();
            let weight = oldest.map_or(0, |entry| entry.weight());
            self.bytes = self.bytes.saturating_sub(weight);
        }
    }

    fn start_ms(&self) -> u64 {
        self.entries.front().map_or(0, Entry::at_ms)
    }

    /// The transfers that are kept, with times from the oldest entry on.
    pub fn transcript(&self, profile: &str) -> Transcript {
        let start_ms = self.start_ms();
        let from_start = |entry: &Entry| match entry {
            Entry::Moved(transfer) => Some(Transfer {
                at_ms: transfer.at_ms.saturating_sub(start_ms),
                ..transfer.clone()
            }),
            Entry::Label { .. } | Entry::Note { .. } => None,
        };
        Transcript {
            profile: Some(profile.to_owned()),
            transfers: self.entries.iter().filter_map(from_start).collect(),
        }
    }

    /// All entries as a transcript's text, masked; labels and remarks are comments in it.
    pub fn text(&self, profile: &Profile) -> String {
        let transfers = self.transcript(&profile.id).masked(profile).to_text();
        let mut lines = transfers.lines();
        let mut text = String::new();
        let mut add = |line: &str| {
            // Writing to a String cannot fail.
            writeln!(text, "{line}").unwrap_or_default();
        };
        if profile.kind == Kind::Scanner {
            add(MASKED);
        }
        add(lines.next().unwrap_or_default());
        let start_ms = self.start_ms();
        for entry in &self.entries {
            let at_ms = entry.at_ms().saturating_sub(start_ms);
            match entry {
                Entry::Moved(_) => add(lines.next().unwrap_or_default()),
                Entry::Label { bytes, .. } => {
                    add(&format!("# @{at_ms} > {bytes} bytes of a label, left out"));
                }
                Entry::Note { text, .. } => add(&format!("# @{at_ms} {text}")),
            }
        }
        text
    }
}

/// A device's flight recorder. Clones are the same one.
#[derive(Debug, Clone, Default)]
pub struct Recorder(Arc<Mutex<Flight>>);

impl Recorder {
    /// The recording itself, for as short as possible.
    pub fn lock(&self) -> MutexGuard<'_, Flight> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The flight recorders of a daemon, by device id.
#[derive(Debug, Default)]
pub struct Flights(BTreeMap<String, (&'static Profile, Recorder)>);

impl Flights {
    /// Takes the recorder of one more device.
    pub fn add(&mut self, device: impl Into<String>, profile: &'static Profile, of: Recorder) {
        self.0.insert(device.into(), (profile, of));
    }

    /// What is kept of a device, as [`Flight::text`]; `None` if there is no such device.
    pub fn text(&self, device: &str) -> Option<String> {
        let (profile, recorder) = self.0.get(device)?;
        Some(recorder.lock().text(profile))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use firstscan_drivers::registry;

    #[test]
    fn pieces_are_joined_and_the_newest_are_kept_within_bounds() {
        let mut flight = Flight::default();
        flight.record(1000, Direction::ToDevice, b"W", false);
        flight.record(1005, Direction::FromDevice, b"\x0201", false);
        flight.record(1010, Direction::FromDevice, b".25\r", false);
        flight.record(1200, Direction::FromDevice, b"next", false);
        let text = flight.transcript("p").to_text();
        assert_eq!(text, "profile p\n@0 > W\n@5 < \\x0201.25\\r\n@200 < next\n");
        flight.record(1201, Direction::FromDevice, b"report", true);
        assert_eq!(
            flight.transcript("p").transfers.len(),
            4,
            "reports stay whole"
        );
        for i in 0..2000 {
            flight.record(2000 + 50 * i, Direction::FromDevice, &[b'x'; 200], false);
        }
        let kept = flight.transcript("p");
        let bytes: usize = kept.transfers.iter().map(|t| t.bytes.len()).sum();
        assert!(bytes <= BYTES_MAX && bytes > BYTES_MAX / 2, "{bytes}");
        assert_eq!(kept.transfers[0].at_ms, 0);
        flight.record(1, Direction::FromDevice, &vec![7; 3 * BYTES_MAX], false);
        let kept = flight.transcript("p");
        assert_eq!(kept.received().len(), BYTES_MAX);
        assert!(
            Transcript::parse(&kept.to_text()).is_ok(),
            "times never fall"
        );
    }

    #[test]
    fn labels_are_left_out_and_remarks_are_comments() {
        let mut flight = Flight::default();
        flight.note(100, "connected: here\nand there");
        flight.record(110, Direction::ToDevice, b"~HS", false);
        flight.leave_out(120, 4096);
        flight.leave_out(125, 904);
        flight.record(130, Direction::FromDevice, b"\x02030\x03", false);
        flight.note(140, "lost: gone");
        let text = flight.text(registry::profile("zpl-203").unwrap());
        assert_eq!(
            text,
            "profile zpl-203\n# @0 connected: hereand there\n@10 > ~HS\n\
             # @20 > 5000 bytes of a label, left out\n@30 < \\x02030\\x03\n# @40 lost: gone\n"
        );
        let read = Transcript::parse(&text).unwrap();
        assert_eq!(read.transfers.len(), 2, "the comments are comments");
        for n in 0..5000 {
            flight.note(200 + n, &"x".repeat(500));
            flight.leave_out(200 + n, usize::MAX);
        }
        assert!(flight.entries.len() <= ENTRIES_MAX && flight.bytes <= BYTES_MAX);
    }

    #[test]
    fn devices_are_kept_apart_and_scans_are_masked() {
        let (gun, other) = (Recorder::default(), Recorder::default());
        let mut flights = Flights::default();
        let line = registry::profile("serial-line").unwrap();
        flights.add("b1/scanner", line, gun.clone());
        flights.add("b2/scanner", line, other);
        gun.lock()
            .record(5, Direction::FromDevice, b"PETRA-77\r", false);
        let text = flights.text("b1/scanner").unwrap();
        assert!(text.starts_with("# masked"), "{text}");
        assert!(text.contains("@0 < xxxxx-00\\r"), "{text}");
        let other = flights.text("b2/scanner").unwrap();
        assert!(!other.contains('<'), "{other}");
        assert_eq!(flights.text("b3/scanner"), None);
    }
}
