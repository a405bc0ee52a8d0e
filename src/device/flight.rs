//! The flight recorder: the last exchanges of a device, in memory, for whoever asks what happened.
//!
//! Constraints: bounded in transfers and bytes, whatever the device sends; the newest win. Pieces
//! of one message that come close together are one transfer.

use firstscan_drivers::transcript::{Direction, Transcript, Transfer};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

/// Transfers kept per device.
const TRANSFERS_MAX: usize = 512;
/// Bytes kept per device.
const BYTES_MAX: usize = 64 << 10;
/// A pause that ends a transfer, in milliseconds.
const PAUSE_MS: u64 = 20;
/// Longest transfer that pieces are joined to, in bytes.
const JOINED_BYTES_MAX: usize = 1024;

/// The last exchanges of one device.
#[derive(Debug, Default)]
pub struct Flight {
    transfers: VecDeque<Transfer>,
    bytes: usize,
    /// When the newest piece came.
    newest_ms: u64,
}

impl Flight {
    /// Adds what was just transferred; `at_ms` is monotonic. `is_whole` for reports, which are
    /// never joined.
    pub fn record(&mut self, at_ms: u64, direction: Direction, bytes: &[u8], is_whole: bool) {
        let start = bytes.len().saturating_sub(BYTES_MAX);
        let bytes = bytes.get(start..).unwrap_or_default();
        let at_ms = at_ms.max(self.newest_ms);
        let close = at_ms.saturating_sub(self.newest_ms) < PAUSE_MS && !is_whole;
        self.newest_ms = at_ms;
        self.bytes = self.bytes.saturating_add(bytes.len());
        let joins = |last: &&mut Transfer| {
            let length = last.bytes.len().saturating_add(bytes.len());
            close && last.direction == direction && length <= JOINED_BYTES_MAX
        };
        match self.transfers.back_mut().filter(joins) {
            Some(last) => last.bytes.extend_from_slice(bytes),
            None => self.transfers.push_back(Transfer {
                at_ms,
                direction,
                bytes: bytes.to_vec(),
            }),
        }
        while self.transfers.len() > TRANSFERS_MAX || self.bytes > BYTES_MAX {
            let oldest = self.transfers.pop_front();
            let length = oldest.map_or(0, |t| t.bytes.len());
            self.bytes = self.bytes.saturating_sub(length);
        }
    }

    /// What is kept, with times from the oldest on.
    pub fn transcript(&self, profile: &str) -> Transcript {
        let start_ms = self.transfers.front().map_or(0, |t| t.at_ms);
        let from_start = |transfer: &Transfer| Transfer {
            at_ms: transfer.at_ms.saturating_sub(start_ms),
            ..transfer.clone()
        };
        Transcript {
            profile: Some(profile.to_owned()),
            transfers: self.transfers.iter().map(from_start).collect(),
        }
    }
}

/// The flight recorders of a daemon, by device id. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Flights(Arc<Mutex<BTreeMap<String, Flight>>>);

impl Flights {
    /// Adds a transfer of a device, as [`Flight::record`].
    pub fn record(
        &self,
        device: &str,
        at_ms: u64,
        direction: Direction,
        bytes: &[u8],
        is_whole: bool,
    ) {
        let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !flights.contains_key(device) {
            flights.insert(device.to_owned(), Flight::default());
        }
        if let Some(flight) = flights.get_mut(device) {
            flight.record(at_ms, direction, bytes, is_whole);
        }
    }

    /// What is kept of a device; `None` if it never said or heard anything.
    pub fn transcript(&self, device: &str, profile: &str) -> Option<Transcript> {
        let flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        flights.get(device).map(|flight| flight.transcript(profile))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

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
    fn devices_are_kept_apart() {
        let flights = Flights::default();
        flights
            .clone()
            .record("b1/scale", 5, Direction::FromDevice, b"a", false);
        assert_eq!(
            flights.transcript("b1/scale", "p").unwrap().received(),
            b"a"
        );
        assert_eq!(flights.transcript("b1/scanner", "p"), None);
    }
}
