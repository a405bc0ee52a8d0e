//! Which serials of a number range this station used, and which it may use next.
//!
//! A range that ends is used once, from the front. A range that begins again (`reuse_days`) also
//! keeps when its serials were used, in spans of at most a day, so that none comes again too early.
//! A range that several stations share is used in leased blocks, in the order they came.
//!
//! Constraints: pure; nothing is guessed: a serial whose last use is not known counts as used just
//! now, and joined spans keep the later time. A wall clock that is wrong makes numbers rest for too
//! long if it was ahead when they were used, and too shortly if it is ahead now.

use super::state::{Counters, Lease};
use super::time::Wall;
use serde::{Deserialize, Serialize};

/// Spans kept per range before neighbours are joined.
const SPANS_MAX: usize = 32;
const DAY_MS: i64 = 86_400_000;

/// Serials used one after another, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    pub first: u64,
    pub last: u64,
    /// When the last of them was used, Unix milliseconds.
    pub at_ms: i64,
}

/// The next serial to take out of `blocks`, which do not overlap; `None` if none is free.
pub fn next(
    counters: &Counters,
    range: &str,
    blocks: &[Lease],
    reuse_days: Option<u16>,
    now: Wall,
) -> Option<u64> {
    let used = resting(counters, range, reuse_days, now);
    let position = counters.ranges.get(range).copied().unwrap_or(0);
    let here = position.checked_sub(1).and_then(|last| {
        blocks
            .iter()
            .position(|b| (b.first..=b.last).contains(&last))
    });
    let Some(here) = here else {
        return blocks.iter().find_map(|block| first_free(*block, &used));
    };
    // On from the last one, through the other blocks in their order, and round to it again.
    let (before, from) = blocks.split_at_checked(here)?;
    let (current, after) = from.split_first()?;
    let rest = Lease {
        first: position,
        ..*current
    };
    let others = after.iter().chain(before);
    first_free(rest, &used)
        .or_else(|| {
            others
                .into_iter()
                .find_map(|block| first_free(*block, &used))
        })
        .or_else(|| first_free(*current, &used))
}

/// How many serials of `blocks`, which do not overlap, are free.
pub fn left(
    counters: &Counters,
    range: &str,
    blocks: &[Lease],
    reuse_days: Option<u16>,
    now: Wall,
) -> u64 {
    let used = resting(counters, range, reuse_days, now);
    let free = |block: &Lease| {
        let taken = used.iter().map(|span| common(block, span));
        size(block).saturating_sub(taken.fold(0, u64::saturating_add))
    };
    blocks.iter().map(free).fold(0, u64::saturating_add)
}

/// When the serial that rests longest may be used again, Unix milliseconds; `None` if that is not
/// known, or never.
pub fn free_at_ms(counters: &Counters, range: &str, reuse_days: Option<u16>) -> Option<i64> {
    let spans = counters.used.get(range)?.iter();
    let oldest = spans.map(|span| span.at_ms).min()?;
    Some(oldest.saturating_add(i64::from(reuse_days?) * DAY_MS))
}

/// Whether this station ever used a serial of the block.
pub fn is_touched(counters: &Counters, range: &str, block: Lease) -> bool {
    let used = spans(counters, range);
    used.iter().any(|span| common(&block, span) > 0)
}

/// Notes a serial as used.
pub(super) fn note(
    counters: &mut Counters,
    range: &str,
    serial: u64,
    reuse_days: Option<u16>,
    at: Wall,
) {
    let is_leased = counters.leases.contains_key(range);
    let keeps_spans = is_leased || reuse_days.is_some() || counters.used.contains_key(range);
    let position = counters.ranges.entry(range.to_owned()).or_insert(0);
    if !keeps_spans {
        *position = (*position).max(serial.saturating_add(1));
        return;
    }
    let before = position.checked_sub(1).map(|last| Span {
        first: 0,
        last,
        at_ms: at.unix_ms,
    });
    *position = serial.saturating_add(1);
    let spans = counters.used.entry(range.to_owned());
    let spans = spans.or_insert_with(|| before.into_iter().collect());
    forget(spans, serial);
    let goes_on = |tail: &&mut Span| {
        let is_next = tail.last.checked_add(1) == Some(serial);
        let is_today = tail.at_ms.div_euclid(DAY_MS) == at.unix_ms.div_euclid(DAY_MS);
        is_next && (reuse_days.is_none() || is_today)
    };
    match spans.last_mut().filter(goes_on) {
        Some(tail) => {
            tail.last = serial;
            tail.at_ms = tail.at_ms.max(at.unix_ms);
        }
        None => spans.push(Span {
            first: serial,
            last: serial,
            at_ms: at.unix_ms,
        }),
    }
    thin(spans);
}

/// Takes a serial out of the spans of an earlier round.
fn forget(spans: &mut Vec<Span>, serial: u64) {
    let Some(at) = spans
        .iter()
        .position(|span| (span.first..=span.last).contains(&serial))
    else {
        return;
    };
    let old = spans.remove(at);
    let behind = serial.checked_add(1).filter(|first| *first <= old.last);
    if let Some(first) = behind {
        spans.insert(at, Span { first, ..old });
    }
    let before = serial.checked_sub(1).filter(|last| *last >= old.first);
    if let Some(last) = before {
        spans.insert(at, Span { last, ..old });
    }
}

/// Joins neighbours of nearly the same time until few enough are left.
fn thin(spans: &mut Vec<Span>) {
    while spans.len() > SPANS_MAX {
        let gap = |at: &usize| {
            let (one, other) = (spans.get(*at)?, spans.get(at + 1)?);
            let joins = one.last.checked_add(1) == Some(other.first);
            joins.then(|| other.at_ms.abs_diff(one.at_ms))
        };
        let pairs = (0..spans.len()).filter_map(|at| Some((gap(&at)?, at)));
        let Some((_, at)) = pairs.min() else {
            return;
        };
        let one = spans.remove(at);
        if let Some(joined) = spans.get_mut(at) {
            joined.first = one.first;
            joined.at_ms = joined.at_ms.max(one.at_ms);
        }
    }
}

/// Everything used. A range without spans was used from the front, at times nobody noted.
fn spans(counters: &Counters, range: &str) -> Vec<Span> {
    if let Some(spans) = counters.used.get(range) {
        return spans.clone();
    }
    let position = counters.ranges.get(range).copied().unwrap_or(0);
    let before = position.checked_sub(1).map(|last| Span {
        first: 0,
        last,
        at_ms: i64::MAX,
    });
    before.into_iter().collect()
}

/// What was used and may not be used again yet.
fn resting(counters: &Counters, range: &str, reuse_days: Option<u16>, now: Wall) -> Vec<Span> {
    let mut used = spans(counters, range);
    if let Some(days) = reuse_days {
        let days_ms = i64::from(days) * DAY_MS;
        used.retain(|span| now.unix_ms < span.at_ms.saturating_add(days_ms));
    }
    used
}

/// The first serial of a block in none of the spans.
fn first_free(block: Lease, used: &[Span]) -> Option<u64> {
    let mut serial = block.first;
    // Every turn leaves one span behind.
    for _ in 0..=used.len() {
        if serial > block.last {
            return None;
        }
        let within = |span: &&Span| (span.first..=span.last).contains(&serial);
        match used.iter().find(within) {
            Some(span) => serial = span.last.checked_add(1)?,
            None => return Some(serial),
        }
    }
    None
}

fn common(block: &Lease, span: &Span) -> u64 {
    let (first, last) = (block.first.max(span.first), block.last.min(span.last));
    let both = Lease { first, last };
    if first > last { 0 } else { size(&both) }
}

fn size(block: &Lease) -> u64 {
    block.last.saturating_sub(block.first).saturating_add(1)
}

#[cfg(test)]
#[path = "serials_tests.rs"]
mod tests;
