//! One device, driven by its codec outside the station: for recording, detecting and assigning.

use super::config::Wiring;
use super::flight::Flight;
use super::link::{Link, Moved, transfer};
use super::outgoing::Outgoing;
use firstscan_drivers::codec::{Attachment, Codec, Emitted};
use firstscan_drivers::registry;
use firstscan_drivers::transcript::{Direction, Transcript};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

pub use super::link::OpenError;

/// First line of a recording without what was scanned.
pub const MASKED: &str = "# masked: letters are x, digits are 0";
const READ_BYTES_MAX: usize = 4096;
/// Longest pause between two looks at the time.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// An open device with its codec and what was exchanged.
pub struct Session {
    /// As people know it.
    pub what: String,
    link: Box<dyn Link>,
    codec: Box<dyn Codec>,
    outgoing: Outgoing,
    started: Instant,
    write_first: bool,
    flight: Flight,
    listens_only: bool,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("what", &self.what)
            .finish_non_exhaustive()
    }
}

impl Session {
    /// Opens a scale, scanner or dimensioner. With `listens_only` its codec's questions are not
    /// sent.
    ///
    /// # Errors
    /// [`OpenError`] with cause and remedy.
    pub async fn open(wiring: &Wiring, listens_only: bool) -> Result<Self, OpenError> {
        let mut codec = registry::codec(wiring.profile).ok_or_else(|| {
            let cause = "it is a printer".to_owned();
            OpenError::new(
                &wiring.id,
                cause,
                "name a scale, a scanner or a dimensioner",
            )
        })?;
        let opened = wiring.target.open().await?;
        codec.reset();
        codec.attach(opened.link.attachment());
        codec.handle_timeout(Duration::ZERO);
        Ok(Session {
            what: opened.what,
            link: opened.link,
            codec,
            outgoing: Outgoing::default(),
            started: Instant::now(),
            write_first: true,
            flight: Flight::default(),
            listens_only,
        })
    }

    /// The next thing the device says; `None` when `until` has come.
    ///
    /// # Errors
    /// The line ended.
    pub async fn next(&mut self, until: Instant) -> std::io::Result<Option<Emitted>> {
        let mut buffer = [0_u8; READ_BYTES_MAX];
        loop {
            if let Some(emitted) = self.codec.poll_event() {
                return Ok(Some(emitted));
            }
            if Instant::now() >= until {
                return Ok(None);
            }
            let now = self.started.elapsed();
            while let Some(bytes) = self.codec.poll_transmit() {
                if !self.listens_only {
                    self.outgoing.push(now, bytes);
                }
            }
            let due = self.codec.poll_timeout().map(|due| self.started + due);
            let wake = due
                .unwrap_or(until)
                .min(until)
                .min(Instant::now() + LOOK_EVERY);
            let moved = tokio::select! {
                moved = transfer(
                    self.link.as_mut(), &mut buffer, self.outgoing.next(), self.write_first,
                ) => Some(moved?),
                () = sleep_until(wake) => None,
            };
            self.moved(moved, &buffer);
        }
    }

    fn moved(&mut self, moved: Option<Moved>, buffer: &[u8]) {
        let now = self.started.elapsed();
        let at_ms = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        let is_whole = self.link.attachment() != Attachment::Stream;
        match moved {
            Some(Moved::Read(count)) => {
                let bytes = buffer.get(..count).unwrap_or_default();
                self.flight
                    .record(at_ms, Direction::FromDevice, bytes, is_whole);
                self.codec.receive(now, bytes);
                self.write_first = true;
            }
            Some(Moved::Wrote(count)) => {
                let bytes = self.outgoing.next().get(..count).unwrap_or_default();
                self.flight
                    .record(at_ms, Direction::ToDevice, bytes, is_whole);
                self.outgoing.took(now, count);
                self.write_first = false;
            }
            None => {}
        }
        if self.codec.poll_timeout().is_some_and(|due| due <= now) {
            self.codec.handle_timeout(now);
        }
    }

    /// What was exchanged lately.
    pub fn transcript(&self, profile: &str) -> Transcript {
        self.flight.transcript(profile)
    }
}
