//! What the emulated upstream keeps: every event once, by id, for ever.

use super::{Refuse, Verdict};
use crate::domain::Event;
use crate::sync::cloudevents;
use crate::sync::sender::Outcome;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Most events kept: a demo has hundreds.
const EVENTS_MAX: usize = 1_000_000;
/// Longest ledger line read back, in bytes.
const LINE_BYTES_MAX: u64 = 4 << 20;
/// Most violations kept as text.
const VIOLATIONS_MAX: usize = 1000;

/// One event as it arrived.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Received {
    /// Unix milliseconds of arrival.
    pub received_ms: i64,
    /// The event that the CloudEvent carried.
    pub event: Event,
}

/// The store of the emulated upstream.
#[derive(Debug, Default)]
pub struct Ledger {
    pub events: Vec<Received>,
    /// Index in `events` by event id.
    by_id: HashMap<String, usize>,
    /// Index by station, epoch and number, for the chain.
    by_seq: HashMap<(String, u32, u64), usize>,
    /// Newest (epoch, number) by station and subject.
    newest: HashMap<(String, String), (u32, u64)>,
    /// Refused and not taken since: (epoch, number) and event id by station and subject.
    refused: HashMap<(String, String), BTreeMap<(u32, u64), String>>,
    /// Arrivals of events it had already.
    pub duplicates: u64,
    /// What no correct station does, in words: other content under a known id, a broken chain,
    /// an event of a subject before an earlier one.
    pub violations: Vec<String>,
    file: Option<File>,
}

impl Ledger {
    /// Reads a ledger file back and goes on with it; makes it if missing. A last line that was
    /// cut off while it was written is dropped: it was never acknowledged.
    ///
    /// # Errors
    /// If the file cannot be read or holds something else.
    pub fn open(path: &Path) -> std::io::Result<Self> {
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        let mut ledger = Self::default();
        let (mut reader, mut good) = (BufReader::new(&file), 0_u64);
        loop {
            let mut line = Vec::new();
            let length = (&mut reader)
                .take(LINE_BYTES_MAX)
                .read_until(b'\n', &mut line)?;
            if length == 0 || line.last() != Some(&b'\n') {
                break;
            }
            let received: Received = serde_json::from_slice(&line).map_err(|e| {
                let at = ledger.events.len() + 1;
                std::io::Error::other(format!(
                    "line {at} of {} is no ledger entry ({e}): remove the file to start over",
                    path.display()
                ))
            })?;
            ledger.index(received);
            good += length as u64;
        }
        file.set_len(good)?;
        file.seek(SeekFrom::End(0))?;
        ledger.file = Some(file);
        Ok(ledger)
    }

    /// Takes the events of one request in order and says how each fares. Stored durably before it
    /// returns, if there is a file.
    ///
    /// # Errors
    /// If the file cannot be written; nothing may be acknowledged then.
    pub fn take(
        &mut self,
        batch: &[Value],
        refuse: Option<&Refuse>,
        now_ms: i64,
    ) -> std::io::Result<Vec<Verdict>> {
        let mut verdicts = Vec::with_capacity(batch.len());
        let mut lines = Vec::new();
        for value in batch {
            let id = value
                .get("id")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned();
            let (verdict, reason, permanent) = match self.judge(value, refuse) {
                Judged::New(event) => {
                    let received = Received {
                        received_ms: now_ms,
                        event: *event,
                    };
                    serde_json::to_writer(&mut lines, &received)?;
                    lines.push(b'\n');
                    self.index(received);
                    (Outcome::Accepted, None, false)
                }
                Judged::Known => {
                    self.duplicates += 1;
                    (Outcome::Duplicate, None, false)
                }
                Judged::Refused { reason, permanent } => {
                    (Outcome::Refused, Some(reason), permanent)
                }
            };
            verdicts.push(Verdict {
                id,
                verdict,
                reason,
                permanent,
            });
        }
        if let Some(file) = self.file.as_mut().filter(|_| !lines.is_empty()) {
            file.write_all(&lines)?;
            file.sync_data()?;
        }
        Ok(verdicts)
    }

    /// Event ids of the first scans, by parcel.
    pub fn first_scans(&self) -> BTreeMap<String, Vec<String>> {
        let mut out: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for received in &self.events {
            if let crate::domain::Fact::FirstScan { parcel, .. } = &received.event.fact {
                out.entry(parcel.to_string())
                    .or_default()
                    .push(received.event.id.clone());
            }
        }
        out
    }

    /// True if the event was taken.
    pub fn has(&self, id: &str) -> bool {
        self.by_id.contains_key(id)
    }

    /// Chain links seen whole: event and the one before it, from the same station.
    pub fn links(&self) -> usize {
        let before = |e: &Event| (e.station.clone(), e.epoch, e.seq.wrapping_sub(1));
        self.events
            .iter()
            .filter(|r| self.by_seq.contains_key(&before(&r.event)))
            .count()
    }

    fn judge(&mut self, value: &Value, refuse: Option<&Refuse>) -> Judged {
        let no = |reason: String, permanent| Judged::Refused { reason, permanent };
        let event = match cloudevents::event_of(value) {
            Ok(event) => event,
            Err(e) => return no(format!("not understood: {e}"), true),
        };
        if let Some(known) = self
            .by_id
            .get(&event.id)
            .and_then(|at| self.events.get(*at))
        {
            if known.event == event {
                return Judged::Known;
            }
            self.violation(format!("event {} came again with other content", event.id));
            return no(
                "conflict: this id was taken with other content".to_owned(),
                true,
            );
        }
        if cloudevents::chain_hash(&event) != event.hash {
            self.violation(format!("event {} does not match its hash", event.id));
            return no("the hash does not match the content".to_owned(), true);
        }
        if let Some(broken) = self.broken_link(&event) {
            self.violation(broken.clone());
            return no(broken, true);
        }
        if self.events.len() >= EVENTS_MAX {
            return no("the emulated upstream is full".to_owned(), false);
        }
        let (subject, place) = (subject_of(&event), (event.epoch, event.seq));
        let waiting = self.refused.entry(subject).or_default();
        if let Some((_, earlier)) = waiting.range(..place).next() {
            return no(
                format!("waits behind event {earlier} of the same subject"),
                false,
            );
        }
        if let Some(refuse) = refuse.filter(|r| r.strikes(&event.fact.kind(), &event.subject)) {
            waiting.insert(place, event.id);
            return no("refused by the fault script".to_owned(), refuse.permanent);
        }
        waiting.remove(&place);
        Judged::New(Box::new(event))
    }

    /// A neighbour in the chain that does not fit.
    fn broken_link(&self, event: &Event) -> Option<String> {
        let at = |seq: u64| {
            let key = (event.station.clone(), event.epoch, seq);
            self.by_seq
                .get(&key)
                .and_then(|at| self.events.get(*at))
                .map(|r| &r.event)
        };
        let before = event
            .seq
            .checked_sub(1)
            .and_then(at)
            .is_none_or(|e| e.hash == event.prev_hash);
        let after = at(event.seq.wrapping_add(1)).is_none_or(|e| e.prev_hash == event.hash);
        let twin = at(event.seq).is_none();
        (!(before && after && twin)).then(|| {
            format!(
                "event {} (number {}) does not fit the chain",
                event.id, event.seq
            )
        })
    }

    fn violation(&mut self, text: String) {
        if self.violations.len() < VIOLATIONS_MAX {
            self.violations.push(text);
        }
    }

    fn index(&mut self, received: Received) {
        let event = &received.event;
        let place = (event.epoch, event.seq);
        if let Some(newest) = self
            .newest
            .insert(subject_of(event), place)
            .filter(|n| *n > place)
        {
            self.violation(format!(
                "event {} of {} came after number {} of the same subject",
                event.seq, event.subject, newest.1
            ));
        }
        let event = &received.event;
        let at = self.events.len();
        self.by_id.insert(event.id.clone(), at);
        self.by_seq
            .insert((event.station.clone(), event.epoch, event.seq), at);
        self.events.push(received);
    }
}

enum Judged {
    New(Box<Event>),
    Known,
    Refused { reason: String, permanent: bool },
}

fn subject_of(event: &Event) -> (String, String) {
    (event.station.clone(), event.subject.clone())
}
