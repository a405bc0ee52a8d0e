//! When a carrier collects and when it delivers: weekdays, holidays, a cut-off in its time zone.
//!
//! Constraints: no clock is read, every search ends after [`DAYS_SEARCHED_MAX`] days, and what the
//! calendar does not know is `None`, never a guess. A wall time that a change of clocks repeats
//! means its first pass, one that it skips means the moment after the gap.

use super::holiday::Holiday;
use super::weekdays::Weekdays;
use crate::domain::Wall;
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::{Offset, TimeZone};

/// Longer than any year, so that one pickup a year is found.
const DAYS_SEARCHED_MAX: usize = 400;

/// Whose clock a cut-off is read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Zone {
    /// The station's: the offset that comes with every time.
    Station,
    Named(TimeZone),
    /// This computer has no time zone database, so nothing can be said.
    Missing,
}

/// A carrier's days and hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Calendar {
    pub zone: Zone,
    /// Days on which it collects, holidays apart.
    pub pickup: Weekdays,
    /// Days that count on the way, and on which it delivers.
    pub delivery: Weekdays,
    /// What is handed over later counts from the next pickup day; `None` = the whole day.
    pub cutoff: Option<Time>,
    pub holidays: Vec<Holiday>,
}

/// From which day a handover counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pickup {
    pub day: Date,
    /// The day of the handover itself was a pickup day.
    pub on_pickup_day: bool,
    /// It counts from the day of the handover.
    pub same_day: bool,
}

impl Calendar {
    /// The first pickup that takes what is ready at this moment; exactly at the cut-off is in time.
    pub fn pickup(&self, at: Wall) -> Option<Pickup> {
        let (zone, now) = (self.zone(at)?, moment(at)?);
        let first = zone.to_datetime(now).date();
        let mut day = first;
        for _ in 0..DAYS_SEARCHED_MAX {
            let in_time = match self.cutoff_on(day, &zone) {
                None => true,
                Some(end) => now <= end?,
            };
            if self.collects_on(day) && in_time {
                return Some(Pickup {
                    day,
                    on_pickup_day: self.collects_on(first),
                    same_day: day == first,
                });
            }
            day = day.tomorrow().ok()?;
        }
        None
    }

    /// The next cut-off at or after this moment; `None` without a cut-off.
    pub fn next_cutoff(&self, now: Wall) -> Option<Wall> {
        let zone = self.zone(now)?;
        let end = self.cutoff_on(self.pickup(now)?.day, &zone)??;
        let offset_min = i16::try_from(zone.to_offset(end).seconds() / 60).ok()?;
        Some(Wall {
            unix_ms: end.as_millisecond(),
            offset_min,
        })
    }

    /// The day after `days` delivery days from `day`, which itself does not count; with 0 the
    /// first delivery day at or after it. `holidays` are those on the way and at the destination.
    pub fn delivery_day(&self, day: Date, days: u16, holidays: &[Holiday]) -> Option<Date> {
        let mut day = if days == 0 { day } else { day.tomorrow().ok()? };
        let mut left = days.max(1);
        let searched = DAYS_SEARCHED_MAX.saturating_add(usize::from(days).saturating_mul(8));
        for _ in 0..searched {
            if self.delivery.has(day.weekday()) && !holidays.iter().any(|h| h.is_on(day)) {
                left -= 1;
                if left == 0 {
                    return Some(day);
                }
            }
            day = day.tomorrow().ok()?;
        }
        None
    }

    fn collects_on(&self, day: Date) -> bool {
        self.pickup.has(day.weekday()) && !self.holidays.iter().any(|h| h.is_on(day))
    }

    /// The last moment of a day's pickup: outer `None` without a cut-off, inner beyond all dates.
    fn cutoff_on(&self, day: Date, zone: &TimeZone) -> Option<Option<Timestamp>> {
        let cutoff = self.cutoff?;
        Some(zone.to_timestamp(day.to_datetime(cutoff)).ok())
    }

    fn zone(&self, at: Wall) -> Option<TimeZone> {
        match &self.zone {
            Zone::Station => {
                let seconds = i32::from(at.offset_min).checked_mul(60)?;
                Offset::from_seconds(seconds).ok().map(TimeZone::fixed)
            }
            Zone::Named(zone) => Some(zone.clone()),
            Zone::Missing => None,
        }
    }
}

fn moment(at: Wall) -> Option<Timestamp> {
    Timestamp::from_millisecond(at.unix_ms).ok()
}

#[cfg(test)]
#[path = "calendar_tests.rs"]
mod tests;
