#![allow(clippy::unwrap_used)]
use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

const RANGE: &str = "r";

fn day(day: i64) -> Wall {
    Wall {
        unix_ms: 1_790_000_000_000 / DAY_MS * DAY_MS + day * DAY_MS,
        offset_min: 60,
    }
}

fn block(first: u64, last: u64) -> Lease {
    Lease { first, last }
}

fn leased(blocks: &[Lease]) -> Counters {
    let leases = BTreeMap::from([(RANGE.to_owned(), blocks.to_vec())]);
    Counters {
        leases,
        ..Counters::default()
    }
}

fn take(
    counters: &mut Counters,
    blocks: &[Lease],
    reuse_days: Option<u16>,
    at: Wall,
) -> Option<u64> {
    let serial = next(counters, RANGE, blocks, reuse_days, at)?;
    note(counters, RANGE, serial, reuse_days, at);
    Some(serial)
}

#[test]
fn a_range_of_ones_own_is_used_once_and_keeps_no_spans() {
    let mut counters = Counters::default();
    let all = [block(5, 7)];
    let taken: Vec<_> = (0..5)
        .map(|_| take(&mut counters, &all, None, day(0)))
        .collect();
    assert_eq!(taken, [Some(5), Some(6), Some(7), None, None]);
    assert!(counters.used.is_empty());
    assert_eq!(counters.ranges[RANGE], 8);
    assert_eq!(left(&counters, RANGE, &all, None, day(9999)), 0);
    assert_eq!(free_at_ms(&counters, RANGE, None), None);
    // The carrier gave more behind it.
    assert_eq!(
        take(&mut counters, &[block(5, 9)], None, day(0)),
        Some(8),
        "what was used stays used"
    );
}

#[test]
fn blocks_are_used_in_the_order_they_came_also_downwards() {
    let blocks = [block(50, 51), block(10, 11), block(30, 30)];
    let mut counters = leased(&blocks);
    assert_eq!(left(&counters, RANGE, &blocks, None, day(0)), 5);
    let taken: Vec<_> = (0..6)
        .map(|_| take(&mut counters, &blocks, None, day(0)))
        .collect();
    let wanted = [50, 51, 10, 11, 30].map(Some);
    assert_eq!(taken.get(..5).unwrap(), wanted);
    assert_eq!(taken.last(), Some(&None));
    assert_eq!(left(&counters, RANGE, &blocks, None, day(0)), 0);
    assert!(is_touched(&counters, RANGE, block(11, 20)));
    assert!(!is_touched(&counters, RANGE, block(12, 29)));
}

#[test]
fn what_was_used_before_the_range_was_shared_stays_used() {
    let mut counters = Counters::default();
    for _ in 0..3 {
        take(&mut counters, &[block(1, 99)], None, day(0));
    }
    assert!(is_touched(&counters, RANGE, block(3, 9)));
    counters
        .leases
        .insert(RANGE.into(), vec![block(20, 20), block(1, 5)]);
    let blocks = counters.leases[RANGE].clone();
    let taken: Vec<_> = (0..4)
        .map(|_| take(&mut counters, &blocks, None, day(0)))
        .collect();
    // On behind the last one, then the other block.
    assert_eq!(taken, [Some(4), Some(5), Some(20), None]);
}

#[test]
fn a_round_begins_again_only_when_the_days_are_over() {
    let all = [block(1, 4)];
    let days = Some(10);
    let mut counters = Counters::default();
    for (today, serial) in [(0, 1), (0, 2), (3, 3), (3, 4)] {
        assert_eq!(take(&mut counters, &all, days, day(today)), Some(serial));
    }
    assert_eq!(take(&mut counters, &all, days, day(9)), None);
    let free = free_at_ms(&counters, RANGE, days).unwrap();
    assert_eq!(free, day(10).unix_ms);
    assert_eq!(left(&counters, RANGE, &all, days, day(9)), 0);
    assert_eq!(left(&counters, RANGE, &all, days, day(10)), 2);
    assert_eq!(take(&mut counters, &all, days, day(10)), Some(1));
    assert_eq!(take(&mut counters, &all, days, day(11)), Some(2));
    // Three and four rest until day 13, and one is young again.
    assert_eq!(take(&mut counters, &all, days, day(12)), None);
    assert_eq!(take(&mut counters, &all, days, day(13)), Some(3));
    assert_eq!(take(&mut counters, &all, days, day(13)), Some(4));
    assert_eq!(take(&mut counters, &all, days, day(19)), None);
    assert_eq!(take(&mut counters, &all, days, day(20)), Some(1));
}

#[test]
fn a_clock_set_back_makes_numbers_rest_longer_and_never_shorter() {
    let all = [block(1, 2)];
    let mut counters = Counters::default();
    take(&mut counters, &all, Some(5), day(100));
    take(&mut counters, &all, Some(5), day(0));
    assert_eq!(take(&mut counters, &all, Some(5), day(4)), None);
    assert_eq!(take(&mut counters, &all, Some(5), day(5)), Some(2));
    assert_eq!(
        take(&mut counters, &all, Some(5), day(104)),
        Some(2),
        "1 rests until day 105"
    );
}

#[test]
fn a_range_that_became_cyclic_does_not_know_when_its_numbers_were_used() {
    let all = [block(1, 3)];
    let mut counters = Counters::default();
    take(&mut counters, &all, None, day(0));
    take(&mut counters, &all, None, day(0));
    assert_eq!(take(&mut counters, &all, Some(7), day(50)), Some(3));
    // Everything counts as used on day 50.
    assert_eq!(take(&mut counters, &all, Some(7), day(56)), None);
    assert_eq!(take(&mut counters, &all, Some(7), day(57)), Some(1));
}

#[test]
fn hostile_records_end() {
    let mut counters = leased(&[block(0, u64::MAX)]);
    let whole = Span {
        first: 0,
        last: u64::MAX,
        at_ms: i64::MAX,
    };
    counters.used.insert(RANGE.into(), vec![whole; 3]);
    counters.ranges.insert(RANGE.into(), u64::MAX);
    let blocks = [block(0, u64::MAX), block(9, 1)];
    assert_eq!(next(&counters, RANGE, &blocks, Some(1), day(0)), None);
    assert_eq!(left(&counters, RANGE, &blocks, Some(1), day(0)), 1);
    note(&mut counters, RANGE, u64::MAX, Some(1), day(0));
    assert_eq!(counters.ranges[RANGE], u64::MAX);
}

proptest! {
    /// Against a model that remembers every single use.
    #[test]
    fn no_serial_comes_again_within_its_days(
        sizes in proptest::collection::vec(1..40_u64, 1..5),
        days in proptest::option::of(1..30_u16),
        steps in proptest::collection::vec((0..3_i64, 1..12_u32), 1..120),
        order in any::<u64>(),
    ) {
        // Disjoint blocks, not in the order of their serials.
        let mut blocks = Vec::new();
        let mut at = 1;
        for size in &sizes {
            blocks.push(block(at, at + size - 1));
            at += size + order % 3;
        }
        let turn = usize::try_from(order % 7).unwrap() % blocks.len();
        blocks.rotate_left(turn);
        let mut counters = leased(&blocks);
        let mut last_use: BTreeMap<u64, i64> = BTreeMap::new();
        let mut today = 0;
        for (later, count) in steps {
            today += later;
            for _ in 0..count {
                let free = left(&counters, RANGE, &blocks, days, day(today));
                let Some(serial) = take(&mut counters, &blocks, days, day(today)) else {
                    prop_assert_eq!(free, 0);
                    // What rests may be told as free too late, never too early.
                    break;
                };
                prop_assert!(free > 0);
                prop_assert!(blocks.iter().any(|b| (b.first..=b.last).contains(&serial)));
                if let Some(before) = last_use.insert(serial, today) {
                    let days = days.map(i64::from);
                    prop_assert!(days.is_some_and(|days| today - before >= days), "{}", serial);
                }
                let all = sizes.iter().sum::<u64>();
                let resting = last_use.values().filter(|used| {
                    days.is_none_or(|days| today - **used < i64::from(days))
                });
                let resting = u64::try_from(resting.count()).unwrap();
                let told = left(&counters, RANGE, &blocks, days, day(today));
                prop_assert!(told <= all - resting, "{} free of {}, {} rest", told, all, resting);
                if days.is_none() {
                    prop_assert_eq!(told, all - resting);
                }
                prop_assert!(counters.used[RANGE].len() <= SPANS_MAX + blocks.len() + 1);
            }
        }
    }
}
