//! Single rules of the sender, each with the shortest script that shows it.

use crate::chain::Chain;
use firstscan::domain::{Event, Instant};
use firstscan::sync::cloudevents::Filter;
use firstscan::sync::outbox::{MemoryOutbox, Outbox};
use firstscan::sync::sender::{
    Answer, BACKOFF_CAP_MS, Batch, Limits, Mood, Outcome, Output, PAUSE_MS, RETRY_AFTER_MS_MAX,
    Sender, UpstreamReceipt, Verdict,
};

/// A sender with its outbox; the test plays the upstream.
struct Rig {
    sender: Sender,
    outbox: MemoryOutbox,
    now: u64,
    paused: Vec<String>,
}

impl Rig {
    fn new(events: Vec<Event>, events_max: u32) -> Self {
        let limits = Limits {
            events_max,
            bytes_max: 1 << 20,
            first_spread_ms: 0,
        };
        let sender = Sender::new(limits, Filter::default(), Instant(0), 7);
        let outbox = MemoryOutbox {
            events,
            ..MemoryOutbox::default()
        };
        Self {
            sender,
            outbox,
            now: 0,
            paused: Vec::new(),
        }
    }

    /// The next batch that leaves without time passing.
    fn batch_now(&mut self) -> Option<Batch> {
        self.sender.handle_timeout(Instant(self.now));
        while let Some(output) = self.sender.poll() {
            let now = Instant(self.now);
            match output {
                Output::Want {
                    events_max,
                    bytes_max,
                } => {
                    let due = self.outbox.due(events_max, bytes_max).unwrap();
                    self.sender.loaded(now, due);
                }
                Output::Send(batch) => return Some(batch),
                Output::Settle(settlement) => {
                    self.outbox.settle(settlement).unwrap();
                    self.sender.settled(now);
                }
                Output::Pause { reason } => self.paused.push(reason),
            }
        }
        None
    }

    /// The next batch, and how long it took to come.
    fn batch(&mut self) -> (u64, Batch) {
        let began = self.now;
        for _ in 0..10 {
            if let Some(batch) = self.batch_now() {
                return (self.now - began, batch);
            }
            self.now = self
                .sender
                .poll_timeout()
                .expect("the sender waits for nothing")
                .0;
        }
        panic!("no batch");
    }

    fn answer(&mut self, answer: Answer) {
        self.sender.answered(Instant(self.now), answer);
    }

    fn status(&mut self, status: u16, retry_after_ms: Option<u64>) {
        self.answer(Answer::Status {
            status,
            retry_after_ms,
            text: String::new(),
        });
    }

    /// Verdict by number: `+` accepted, `=` duplicate, `-` refused, `?` refused for now.
    fn verdicts(&mut self, batch: &Batch, text: &str) {
        let verdicts = batch
            .entries
            .iter()
            .zip(text.chars())
            .map(|(entry, c)| Verdict {
                id: entry.id.clone(),
                verdict: match c {
                    '+' => Outcome::Accepted,
                    '=' => Outcome::Duplicate,
                    _ => Outcome::Refused,
                },
                reason: Some("because".to_owned()),
                permanent: c == '-',
            });
        self.answer(Answer::Verdicts {
            verdicts: verdicts.collect(),
            receipt: None,
        });
    }

    fn parked(&self) -> Vec<(u64, bool)> {
        self.outbox
            .parked
            .iter()
            .map(|(seq, (_, refused))| (*seq, *refused))
            .collect()
    }
}

fn numbers(batch: &Batch) -> Vec<u64> {
    batch.entries.iter().map(|e| e.seq).collect()
}

fn parcels(subjects: &[&str]) -> Vec<Event> {
    let mut chain = Chain::new();
    subjects.iter().map(|s| chain.parcel(s)).collect()
}

#[test]
fn a_batch_holds_the_limits_and_its_id_follows_the_content() {
    let mut rig = Rig::new(parcels(&["A", "B", "C"]), 2);
    let (_, first) = rig.batch();
    assert_eq!(numbers(&first), [1, 2]);
    assert_eq!(first.head.hash, rig.outbox.events[1].hash);
    rig.answer(Answer::Unclear {
        reason: "timeout".to_owned(),
    });
    assert_eq!(rig.sender.mood(), Mood::Offline);
    let (_, again) = rig.batch();
    assert_eq!(again, first, "the same events make the same request");
    rig.verdicts(&again, "=+");
    let (waited, third) = rig.batch();
    assert_eq!((waited, numbers(&third)), (0, vec![3]));
    assert_ne!(third.id, first.id);
    rig.verdicts(&third, "+");
    assert_eq!(rig.batch_now(), None);
    assert!(rig.sender.is_idle());
    assert_eq!((rig.outbox.cursor, rig.sender.mood()), (3, Mood::Ok));
}

#[test]
fn backoff_grows_to_its_cap_and_is_never_skipped_by_new_events() {
    let mut rig = Rig::new(parcels(&["A"]), 10);
    let mut longest = Vec::new();
    for round in 0..40 {
        let (waited, _) = rig.batch();
        let step = (500_u64 << round.min(16)).min(BACKOFF_CAP_MS);
        assert!(
            round == 0 || waited <= step,
            "round {round} waited {waited}"
        );
        longest.push(waited);
        rig.status([408, 425, 429, 500, 503][round % 5], None);
        rig.sender.woken();
        assert!(rig.sender.poll().is_none());
    }
    assert!(
        longest.iter().max().unwrap() > &(BACKOFF_CAP_MS / 2),
        "{longest:?}"
    );
    assert!(
        longest.iter().skip(10).min().unwrap() < &(BACKOFF_CAP_MS / 4),
        "full jitter"
    );
}

#[test]
fn retry_after_wins_with_a_floor_and_a_ceiling() {
    let mut rig = Rig::new(parcels(&["A"]), 10);
    for (asked, least, most) in [
        (30_000, 30_000, 33_000),
        (0, 500, 550),
        (u64::MAX, RETRY_AFTER_MS_MAX, RETRY_AFTER_MS_MAX / 10 * 11),
    ] {
        rig.batch();
        rig.status(429, Some(asked));
        let began = rig.now;
        rig.batch();
        assert!(
            (least..=most).contains(&(rig.now - began)),
            "{asked}: {}",
            rig.now - began
        );
        rig.status(500, None);
    }
}

#[test]
fn a_wrong_secret_or_address_pauses_and_a_person_resumes() {
    for status in [401, 403, 302, 404, 405, 410, 415] {
        let mut rig = Rig::new(parcels(&["A", "B"]), 10);
        rig.batch();
        rig.status(status, Some(5));
        assert_eq!(rig.batch_now(), None);
        assert_eq!(
            (rig.sender.mood(), rig.paused.len()),
            (Mood::Paused, 1),
            "{status}"
        );
        assert!(rig.paused[0].contains(&status.to_string()));
        rig.sender.woken();
        assert_eq!(rig.batch_now(), None, "new events do not end a pause");
        rig.sender.resume();
        let (waited, batch) = rig.batch();
        assert_eq!((waited, numbers(&batch)), (0, vec![1, 2]));
        rig.status(status, None);
        let (waited, batch) = rig.batch();
        assert!(
            (PAUSE_MS..=PAUSE_MS / 5 * 6).contains(&waited),
            "slowly by itself: {waited}"
        );
        rig.verdicts(&batch, "++");
        assert_eq!(rig.batch_now(), None);
        assert_eq!((rig.outbox.cursor, rig.sender.mood()), (2, Mood::Ok));
        assert!(rig.parked().is_empty());
    }
}

#[test]
fn too_large_halves_and_success_doubles() {
    let mut rig = Rig::new(parcels(&["A"; 16]), 8);
    let mut sizes = Vec::new();
    while let Some(batch) = rig.batch_now() {
        sizes.push(batch.entries.len());
        if batch.entries.len() > 3 {
            rig.status(413, None);
        } else {
            rig.verdicts(&batch, &"+".repeat(batch.entries.len()));
        }
    }
    assert_eq!(sizes[..4], [8, 4, 2, 4]);
    assert_eq!((rig.outbox.cursor, rig.parked()), (16, vec![]));
}

#[test]
fn the_culprit_of_a_refused_request_is_found_and_parked() {
    let mut rig = Rig::new(parcels(&["A", "B", "C", "D", "E", "B", "F"]), 100);
    let mut requests = 0;
    while let Some(batch) = rig.batch_now() {
        requests += 1;
        match numbers(&batch).contains(&2) {
            true => rig.status(422, None),
            false => rig.verdicts(&batch, &"+".repeat(batch.entries.len())),
        }
    }
    assert!(requests < 12, "{requests}");
    assert_eq!(rig.parked(), [(2, true), (6, false)]);
    assert!(rig.outbox.parked[&2].0.contains("422"));
    assert_eq!(rig.outbox.cursor, 7);
}

#[test]
fn an_upstream_that_refuses_every_request_pauses_after_three_culprits() {
    let mut rig = Rig::new(parcels(&["A", "B", "C", "D", "E", "F"]), 100);
    while rig.batch_now().is_some() {
        rig.status(400, None);
    }
    assert_eq!(rig.sender.mood(), Mood::Paused);
    assert_eq!(rig.parked(), [(1, true), (2, true), (3, true)]);
}

#[test]
fn a_refusal_parks_its_event_and_holds_its_subject_only() {
    let mut rig = Rig::new(parcels(&["A", "B", "A", "C", "A"]), 3);
    let (_, batch) = rig.batch();
    rig.verdicts(&batch, "-+?");
    let (waited, batch) = rig.batch();
    assert_eq!(
        (waited, numbers(&batch)),
        (0, vec![4]),
        "others flow on at once"
    );
    rig.verdicts(&batch, "+");
    assert_eq!(rig.batch_now(), None);
    assert_eq!(rig.parked(), [(1, true), (3, false), (5, false)]);
    assert_eq!(rig.outbox.parked[&1].0, "because");
    assert_eq!(rig.outbox.unpark(), Ok(1));
    rig.sender.resume();
    let (_, batch) = rig.batch();
    assert_eq!(numbers(&batch), [1, 3, 5]);
    rig.verdicts(&batch, "+++");
    assert_eq!(rig.batch_now(), None);
    assert_eq!(rig.parked(), []);
}

#[test]
fn an_event_refused_for_now_is_tried_again_and_parked_at_last() {
    let mut rig = Rig::new(parcels(&["A", "B"]), 10);
    let mut chain = Chain {
        seq: 2,
        head: rig.outbox.events[1].hash.clone(),
    };
    for round in 1..8 {
        let (_, batch) = rig.batch();
        assert_eq!(batch.entries[0].seq, 1, "round {round}");
        rig.verdicts(&batch, "?+");
        assert_eq!(rig.batch_now(), None, "patience");
        assert!(rig.sender.last_error().unwrap().contains("because"));
        rig.outbox.events.push(chain.parcel("C"));
    }
    let (_, batch) = rig.batch();
    rig.verdicts(&batch, "?+");
    assert_eq!(rig.batch_now(), None);
    assert_eq!(rig.parked(), [(1, true)]);
    assert!(rig.outbox.parked[&1].0.contains("8 times"));
}

#[test]
fn a_receipt_for_another_chain_stops_everything() {
    let mut rig = Rig::new(parcels(&["A"]), 10);
    let (_, batch) = rig.batch();
    let good = UpstreamReceipt {
        station: batch.head.station.clone(),
        epoch: 1,
        seq: 1,
        head: batch.head.hash.clone(),
        received_at: "2026-11-21T09:05:00Z".to_owned(),
        signature: None,
    };
    let verdict = Verdict {
        id: batch.entries[0].id.clone(),
        verdict: Outcome::Accepted,
        reason: None,
        permanent: false,
    };
    let verdicts = vec![verdict];
    for forged in [
        UpstreamReceipt {
            head: "f".repeat(64),
            ..good.clone()
        },
        UpstreamReceipt {
            station: "south".to_owned(),
            ..good.clone()
        },
        UpstreamReceipt {
            epoch: 2,
            ..good.clone()
        },
        UpstreamReceipt {
            seq: 2,
            ..good.clone()
        },
    ] {
        rig.answer(Answer::Verdicts {
            verdicts: verdicts.clone(),
            receipt: Some(forged),
        });
        assert_eq!(rig.batch_now(), None);
        assert_eq!((rig.sender.mood(), rig.outbox.cursor), (Mood::Paused, 0));
        rig.sender.resume();
        rig.batch();
    }
    rig.answer(Answer::Verdicts {
        verdicts,
        receipt: Some(good),
    });
    assert_eq!(rig.batch_now(), None);
    assert_eq!((rig.outbox.cursor, rig.outbox.receipts.len()), (1, 1));
}

#[test]
fn local_events_never_leave_and_move_the_cursor_sparingly() {
    let mut chain = Chain::new();
    let mut rig = Rig::new(vec![chain.scan("s")], 100);
    assert_eq!(rig.batch_now(), None);
    assert_eq!(rig.outbox.cursor, 1);
    rig.outbox.events.push(chain.scan("s"));
    rig.sender.woken();
    assert_eq!(rig.batch_now(), None);
    assert_eq!(rig.outbox.cursor, 1, "the second one waits a second");
    assert!(rig.sender.poll_timeout().is_some());
    rig.outbox
        .events
        .extend([chain.parcel("A"), chain.scan("s")]);
    rig.sender.woken();
    let (waited, batch) = rig.batch();
    assert_eq!(
        (waited, numbers(&batch)),
        (0, vec![3]),
        "but a real one goes at once"
    );
    rig.verdicts(&batch, "+");
    assert_eq!(rig.batch_now(), None);
    assert_eq!(rig.outbox.cursor, 4);
}
