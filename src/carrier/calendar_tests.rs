#![allow(clippy::unwrap_used)]
use super::*;
use crate::carrier::weekdays::Weekdays;
use jiff::civil::{date, time};
use proptest::prelude::*;

/// Central European time with its changes of clocks, from no database.
const CET: &str = "CET-1CEST,M3.5.0,M10.5.0/3";
const EASTERN: &str = "EST5EDT,M3.2.0,M11.1.0";

fn days(texts: &[&str]) -> Weekdays {
    let texts: Vec<String> = texts.iter().map(|t| (*t).to_owned()).collect();
    Weekdays::parse(&texts).unwrap()
}

fn holidays(texts: &[&str]) -> Vec<Holiday> {
    texts.iter().map(|t| Holiday::parse(t).unwrap()).collect()
}

fn calendar(zone: &str, cutoff: Option<(i8, i8)>) -> Calendar {
    Calendar {
        zone: Zone::Named(TimeZone::posix(zone).unwrap()),
        pickup: days(&["mon-fri"]),
        delivery: days(&["mon-sat"]),
        cutoff: cutoff.map(|(hour, minute)| time(hour, minute, 0, 0)),
        holidays: holidays(&["12-25", "12-26", "01-01", "easter-2", "easter+1"]),
    }
}

fn at(text: &str) -> Wall {
    let unix_ms = text.parse::<Timestamp>().unwrap().as_millisecond();
    Wall {
        unix_ms,
        offset_min: 0,
    }
}

#[test]
fn a_handover_counts_from_the_next_pickup_that_takes_it() {
    let german = calendar(CET, Some((17, 0)));
    for (handed_over, day, same_day) in [
        // Monday, exactly at the cut-off, and a second later.
        ("2026-11-23T17:00:00+01:00", date(2026, 11, 23), true),
        ("2026-11-23T17:00:01+01:00", date(2026, 11, 24), false),
        // The same moment told from another zone.
        ("2026-11-23T16:00:00Z", date(2026, 11, 23), true),
        // Friday evening, Saturday, Sunday before midnight UTC but Monday in Berlin.
        ("2026-11-20T18:00:00+01:00", date(2026, 11, 23), false),
        ("2026-11-21T09:00:00+01:00", date(2026, 11, 23), false),
        ("2026-11-22T23:30:00Z", date(2026, 11, 23), true),
        // Thursday evening before Christmas: Friday and Saturday are holidays.
        ("2026-12-24T18:00:00+01:00", date(2026, 12, 28), false),
        // Good Friday to Easter Monday.
        ("2026-04-02T17:30:00+02:00", date(2026, 4, 7), false),
        // Summer time: 16:59 on the wall.
        ("2026-07-01T14:59:00Z", date(2026, 7, 1), true),
        ("2026-07-01T15:01:00Z", date(2026, 7, 2), false),
    ] {
        let found = german.pickup(at(handed_over)).unwrap();
        assert_eq!(
            (found.day, found.same_day),
            (day, same_day),
            "{handed_over}"
        );
    }
    let late = calendar(CET, None)
        .pickup(at("2026-11-23T22:59:00Z"))
        .unwrap();
    assert_eq!((late.day, late.same_day), (date(2026, 11, 23), true));
}

#[test]
fn a_change_of_clocks_moves_the_cutoff_and_nothing_else() {
    // The Sunday clocks go forward, 02:30 does not exist: the moment after the gap counts.
    let mut sundays = calendar(CET, Some((2, 30)));
    sundays.pickup = days(&["sun"]);
    let cutoff = sundays.next_cutoff(at("2026-03-29T00:00:00Z")).unwrap();
    assert_eq!(cutoff.rfc3339(), "2026-03-29T03:30:00.000+02:00");
    // The Sunday they go back, 02:30 comes twice: the first counts.
    let cutoff = sundays.next_cutoff(at("2026-10-25T00:00:00Z")).unwrap();
    assert_eq!(cutoff.rfc3339(), "2026-10-25T02:30:00.000+02:00");
    let second = sundays.next_cutoff(at("2026-10-25T01:10:00Z")).unwrap();
    assert_eq!(second.rfc3339(), "2026-11-01T02:30:00.000+01:00");
    // The Monday after it is an hour later in UTC than the Monday before.
    let weekly = calendar(CET, Some((17, 0)));
    let before = weekly.next_cutoff(at("2026-10-19T10:00:00Z")).unwrap();
    let after = weekly.next_cutoff(at("2026-10-26T10:00:00Z")).unwrap();
    assert_eq!(after.unix_ms - before.unix_ms, (7 * 24 + 1) * 3_600_000);
    assert_eq!((before.offset_min, after.offset_min), (120, 60));
}

#[test]
fn without_a_zone_the_stations_offset_counts_and_without_a_database_nothing() {
    let mut here = calendar(CET, Some((17, 0)));
    here.zone = Zone::Station;
    let wall = |text, offset_min| Wall {
        offset_min,
        ..at(text)
    };
    let west = here.pickup(wall("2026-11-24T00:30:00Z", -480)).unwrap();
    assert_eq!((west.day, west.same_day), (date(2026, 11, 23), true));
    let east = here.pickup(wall("2026-11-23T16:30:00Z", 60)).unwrap();
    assert_eq!((east.day, east.same_day), (date(2026, 11, 24), false));
    let cutoff = here
        .next_cutoff(wall("2026-11-24T00:30:00Z", -480))
        .unwrap();
    assert_eq!(cutoff.rfc3339(), "2026-11-23T17:00:00.000-08:00");
    assert_eq!(here.pickup(wall("2026-11-24T00:30:00Z", i16::MAX)), None);
    here.zone = Zone::Missing;
    assert_eq!(here.pickup(at("2026-11-23T16:30:00Z")), None);
    assert_eq!(here.next_cutoff(at("2026-11-23T16:30:00Z")), None);
}

#[test]
fn delivery_days_leave_out_sundays_and_holidays() {
    let german = calendar(CET, None);
    let none: &[Holiday] = &[];
    let christmas = holidays(&["12-25", "12-26"]);
    for (from, count, holidays, want) in [
        (date(2026, 11, 23), 1, none, date(2026, 11, 24)),
        (date(2026, 11, 20), 2, none, date(2026, 11, 23)),
        (date(2026, 11, 21), 0, none, date(2026, 11, 21)),
        (date(2026, 11, 22), 0, none, date(2026, 11, 23)),
        (date(2026, 12, 24), 1, &christmas, date(2026, 12, 28)),
        (date(2026, 12, 24), 1, none, date(2026, 12, 25)),
    ] {
        assert_eq!(german.delivery_day(from, count, holidays), Some(want));
    }
}

#[test]
fn a_calendar_of_holidays_only_ends_its_search() {
    let mut never = calendar(CET, Some((17, 0)));
    never.holidays = (1..=12)
        .flat_map(|month| (1..=31).map(move |day| Holiday::Yearly { month, day }))
        .collect();
    assert_eq!(never.pickup(at("2026-11-23T10:00:00Z")), None);
    let from = date(2026, 11, 23);
    assert_eq!(never.delivery_day(from, 3, &never.holidays.clone()), None);
    assert_eq!(never.delivery_day(Date::MAX, 1, &[]), None);
    for unix_ms in [i64::MIN, i64::MAX] {
        let end = Wall {
            unix_ms,
            offset_min: 0,
        };
        assert_eq!(never.next_cutoff(end), None);
    }
}

proptest! {
    #[test]
    fn the_next_pickup_is_never_before_now_and_never_goes_back(
        ms in 1_790_000_000_000..1_990_000_000_000_i64,
        later_ms in 0..40_000_000_000_i64,
        (hour, minute) in (0..24_i8, 0..60_i8),
        eastern in proptest::bool::ANY,
    ) {
        let zone = if eastern { EASTERN } else { CET };
        let calendar = calendar(zone, Some((hour, minute)));
        let wall = |unix_ms| Wall { unix_ms, offset_min: 0 };
        let cutoff = calendar.next_cutoff(wall(ms)).unwrap();
        prop_assert!(cutoff.unix_ms >= ms);
        // Nothing is nearer: at the cut-off itself it is still the same one.
        prop_assert_eq!(calendar.next_cutoff(cutoff), Some(cutoff));
        let later = calendar.next_cutoff(wall(ms + later_ms)).unwrap();
        prop_assert!(later.unix_ms >= cutoff.unix_ms);
        let next = calendar.next_cutoff(wall(cutoff.unix_ms + 1)).unwrap();
        prop_assert!(next.unix_ms > cutoff.unix_ms);
        let day = calendar.pickup(wall(ms)).unwrap();
        prop_assert!(calendar.pickup(wall(ms + later_ms)).unwrap().day >= day.day);
        prop_assert!(calendar.collects_on(day.day));
    }

    #[test]
    fn more_days_never_arrive_earlier(day in 0..3000_i32, count in 0..60_u16, more in 1..20_u16) {
        let calendar = calendar(CET, None);
        let mut from = date(2026, 1, 1);
        for _ in 0..day {
            from = from.tomorrow().unwrap();
        }
        let holidays = &calendar.holidays;
        let arrives = calendar.delivery_day(from, count, holidays).unwrap();
        prop_assert!(arrives >= from);
        prop_assert!(calendar.delivery.has(arrives.weekday()));
        prop_assert!(!holidays.iter().any(|h| h.is_on(arrives)));
        let later = calendar.delivery_day(from, count + more, holidays).unwrap();
        prop_assert!(later > arrives || (count == 0 && more == 1 && later >= arrives));
        let tomorrow = from.tomorrow().unwrap();
        prop_assert!(calendar.delivery_day(tomorrow, count, holidays).unwrap() >= arrives);
    }
}
