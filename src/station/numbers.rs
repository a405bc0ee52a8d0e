//! Numbers outside of packing: how many are left, some given out by hand, blocks leased.

use super::api::{ApiError, Issued};
use super::clock::StationClock;
use super::core::{Delivery, LoadError, load};
use super::handle::{Handle, parse, unavailable};
use super::look::look;
use crate::domain::change::RecordKind;
use crate::domain::desk::Stock;
use crate::domain::state::{Counters, Lease};
use crate::domain::step::Reply;
use crate::domain::{Desk, Input, InputKind, Live, Rules, Stamp, Wall, step};
use crate::store::{Commit, Store};

/// What a station used of its ranges.
///
/// # Errors
/// The store's error, or a record of another shape.
pub fn counters(store: &Store) -> Result<Counters, ApiError> {
    let body = store.record(RecordKind::Station, "station")?;
    body.map(parse).transpose().map(Option::unwrap_or_default)
}

/// Takes one input on a store that no daemon holds: decided and committed as the station would, its
/// effects left to the next start.
///
/// # Errors
/// [`LoadError`] if the store cannot be read or written; nothing is given out then.
pub fn take_alone(
    store: &Store,
    desk: &dyn Desk,
    kind: InputKind,
) -> Result<Option<Reply>, LoadError> {
    let clock = StationClock::default();
    let stamp: Stamp = clock.now();
    let mut state = load(store, &[])?;
    let looked = look(store, &state, &kind)?;
    let input = Input {
        place: None,
        stamp,
        kind,
    };
    let (mut live, rules) = (Live::default(), Rules::default());
    let done = step(&mut state, &mut live, &input, &looked, &rules, desk);
    let mut commit = Commit::new(clock.boot_id.clone(), clock.quality());
    commit.drafts = done.drafts;
    commit.changes = done.changes;
    if !commit.drafts.is_empty() {
        store.commit(commit)?;
    }
    Ok(done.reply)
}

/// The answer to numbers wanted by hand.
///
/// # Errors
/// [`ApiError::Conflict`] if there is not a single one.
pub fn issued(reply: Option<Reply>) -> Result<Issued, ApiError> {
    match reply {
        Some(Reply::Numbers {
            numbers,
            refusal: Some(text),
        }) if numbers.is_empty() => Err(ApiError::Conflict { text }),
        Some(Reply::Numbers { numbers, refusal }) => Ok(Issued { numbers, refusal }),
        _ => Err(unavailable("the station gave no answer: try again")),
    }
}

/// The answer to a leased block.
///
/// # Errors
/// [`ApiError::NotFound`] for an unknown range, [`ApiError::Conflict`] if it cannot be this
/// station's.
pub fn leased(reply: Option<Reply>, range: &str) -> Result<(), ApiError> {
    match reply {
        Some(Reply::Leased) => Ok(()),
        Some(Reply::Conflict(text)) => Err(ApiError::Conflict { text }),
        Some(Reply::Unknown) => Err(ApiError::NotFound {
            what: "number range",
            id: range.to_owned(),
        }),
        _ => Err(unavailable("the station gave no answer: try again")),
    }
}

impl Handle {
    pub(super) fn count_numbers(&self) -> Result<Vec<Stock>, ApiError> {
        let now: Wall = self.clock.now().wall;
        Ok(self.desk.stock(&counters(&self.store)?, now))
    }

    pub(super) fn issue(
        &self,
        carrier: &str,
        service: &str,
        count: u32,
    ) -> Result<Issued, ApiError> {
        let kind = InputKind::IssueNumbers {
            carrier: carrier.to_owned(),
            service: service.to_owned(),
            count,
        };
        issued(self.deliver(Delivery::plain(None, self.clock.now(), kind))?)
    }

    pub(super) fn lease(&self, range: &str, block: Lease) -> Result<Stock, ApiError> {
        let kind = InputKind::LeaseNumbers {
            range: range.to_owned(),
            block,
        };
        let reply = self.deliver(Delivery::plain(None, self.clock.now(), kind))?;
        leased(reply, range)?;
        let row = self.count_numbers()?;
        let row = row.into_iter().find(|row| row.range == range);
        row.ok_or_else(|| unavailable("the range is gone: look at its carrier's file"))
    }

    /// The ranges as metrics.
    pub(super) fn number_gauges(&self, out: &mut String) {
        // A store that cannot be read is told by other gauges.
        for row in self.count_numbers().unwrap_or_default() {
            let name = format!("firstscan_numbers_left{{range=\"{}\"}}", row.range);
            super::metrics::sample(out, &name, row.left);
            let name = format!("firstscan_numbers_low{{range=\"{}\"}}", row.range);
            super::metrics::sample(out, &name, u64::from(row.low));
        }
    }
}
