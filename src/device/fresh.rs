//! Which report of a newly opened scale is new.
//!
//! A report a HID scale made while nobody listened waits inside it and comes with the host's first
//! question, within milliseconds. The kernel's driver waits 50 ms at the first opening and drops
//! what comes (`usbhid_open` in hid-core.c); libusb drops nothing, and neither does the kernel if
//! another program has the node open.

use std::time::Duration;

/// What comes so early was made before anybody listened.
const EARLY: Duration = Duration::from_millis(50);
/// The first report may be old even later, if this machine was slow to take it.
const FIRST: Duration = Duration::from_secs(1);

/// Tells old reports of a connection from new ones.
#[derive(Debug, Default)]
pub struct Fresh {
    /// When the device was opened; `None` once everything is new.
    opened: Option<Duration>,
    first_came: bool,
}

impl Fresh {
    /// A connection opened now; over a plain line, whose old bytes are dropped at the opening,
    /// everything is new.
    pub fn opened(now: Duration, has_reports: bool) -> Self {
        Fresh {
            opened: has_reports.then_some(now),
            first_came: false,
        }
    }

    /// Whether a report that came now is new.
    pub fn is_new(&mut self, now: Duration) -> bool {
        let Some(opened) = self.opened else {
            return true;
        };
        let age = now.saturating_sub(opened);
        let is_first = !std::mem::replace(&mut self.first_came, true);
        let is_old = age < EARLY || is_first && age < FIRST;
        if age >= EARLY {
            self.opened = None;
        }
        !is_old
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn early_reports_and_a_first_one_are_old() {
        let mut scale = Fresh::opened(at(1000), true);
        assert!(!scale.is_new(at(1001)), "it waited in the scale");
        assert!(!scale.is_new(at(1049)), "two may have waited");
        assert!(scale.is_new(at(1050)));
        assert!(scale.is_new(at(1050)), "and all that follow");
        let mut slow = Fresh::opened(at(1000), true);
        assert!(!slow.is_new(at(1999)), "it may have waited in this machine");
        assert!(slow.is_new(at(1999)));
        let mut still = Fresh::opened(at(1000), true);
        assert!(still.is_new(at(2000)), "a scale that speaks on change");
        let mut line = Fresh::opened(at(1000), false);
        assert!(line.is_new(at(1000)));
        assert!(Fresh::default().is_new(at(0)));
    }
}
