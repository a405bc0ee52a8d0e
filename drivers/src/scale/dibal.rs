//! Dibal retail scales in checkout dialogue 06, as a scale without prices.
//!
//! | host | scale |
//! |---|---|
//! | `EOT STX 01 ESC PPPPPP ESC ETX` (unit price) | ACK, or NAK when there is no weight |
//! | `EOT ENQ` after ACK | `STX 02 ESC 3 ESC WWWWW ESC PPPPPP ESC IIIIII ETX` |
//! | `EOT STX 08 ETX` after NAK: why? | ACK, then after `EOT ENQ`: `STX 09 ESC SS ETX` |
//!
//! | SS | reading |
//! |---|---|
//! | 20 | moving |
//! | 21 | no motion since the last weighing: says nothing |
//! | 22 | says nothing |
//! | 30 | below the least weight: `under` |
//! | 31 | below zero: `under` |
//! | 32 | overload: `over` |
//!
//! The weight is whole grams; the price asked with is zero. The dialogue gives a weight at rest
//! only. Source: Dibal communication papers. Doubts: the digit 3 after record 02 and the form of
//! records 08 and 09 are from general knowledge; dialogues 02 and 04 are not spoken. The older
//! `98`/`99` exchange is the profile `dibal-98`.

use crate::codec::{Codec, Command, CommandError, Emitted, Event, Hint};
use crate::frames::{Frames, Front};
use crate::mass::{Decimal, MassFlags, MassReading, Unit};
use std::time::Duration;

const STX: u8 = 0x02;
const ETX: u8 = 0x03;
const EOT: u8 = 0x04;
const ENQ: u8 = 0x05;
const ACK: u8 = 0x06;
const NAK: u8 = 0x15;
const PRICE: &[u8] = b"\x04\x0201\x1b000000\x1b\x03";
const WHY: &[u8] = b"\x04\x0208\x03";
const ENQUIRY: &[u8] = b"\x04\x05";
/// From STX to ETX.
const RECORD_BYTES_MAX: usize = 40;
const GAP: Duration = Duration::from_millis(300);

/// The host's side.
#[derive(Debug)]
pub struct Dibal {
    poll: Duration,
    frames: Frames,
    to_send: Option<&'static [u8]>,
    /// The last thing sent was [`WHY`]: a NAK to it ends the matter.
    asked_why: bool,
    ask_at: Duration,
}

impl Dibal {
    /// A host that asks this often.
    pub fn new(poll: Duration) -> Self {
        Dibal {
            poll,
            frames: Frames::new(GAP),
            to_send: None,
            asked_why: false,
            ask_at: Duration::ZERO,
        }
    }
}

fn front(bytes: &[u8]) -> Front {
    match bytes {
        [ACK | NAK, ..] => Front::Frame(1, None),
        // Only a host says these, as it does records 01 and 08: a line with echo.
        [EOT | ENQ, ..] => Front::Filler(1),
        [STX, rest @ ..] => {
            let head = rest.get(..RECORD_BYTES_MAX).unwrap_or(rest);
            let end = head.iter().position(|b| matches!(*b, ETX | STX));
            match end {
                None if rest.len() < RECORD_BYTES_MAX => Front::Open,
                Some(end) if rest.get(end) == Some(&ETX) => record(rest.get(..end))
                    .map_or(Front::Garbage(1), |reading| {
                        Front::Frame(end.saturating_add(2), reading.map(Event::Mass))
                    }),
                _ => Front::Garbage(1),
            }
        }
        _ => Front::Garbage(1),
    }
}

/// What a record says; `Some(None)` if it says nothing of the load.
fn record(body: Option<&[u8]>) -> Option<Option<MassReading>> {
    let body = std::str::from_utf8(body?).ok()?;
    let mut fields = body.split('\u{1b}');
    let digits = |text: Option<&str>, count: usize| {
        text.filter(|t| t.len() == count && t.bytes().all(|b| b.is_ascii_digit()))
            .map(str::to_owned)
    };
    match fields.next()? {
        "02" => {
            digits(fields.next(), 1)?;
            let weight = digits(fields.next(), 5)?;
            digits(fields.next(), 6)?;
            digits(fields.next(), 6)?;
            let end = fields.next().is_none();
            let flags = MassFlags {
                stable: true,
                ..MassFlags::default()
            };
            let number = Decimal::parse(&weight).ok()?;
            let reading = MassReading::present(number, Unit::Gram, flags).ok()?;
            end.then_some(Some(reading))
        }
        "09" => {
            let code = digits(fields.next(), 2)?;
            let mut flags = MassFlags::default();
            match code.as_str() {
                "20" => flags.motion = true,
                "30" | "31" => flags.under = true,
                "32" => flags.over = true,
                _ => return Some(None),
            }
            Some(Some(MassReading::absent(Unit::Gram, flags)))
        }
        "01" | "08" => Some(None),
        _ => None,
    }
}

impl Codec for Dibal {
    fn receive(&mut self, now: Duration, bytes: &[u8]) {
        let mut last = None;
        self.frames.receive(now, bytes, |bytes| {
            if let Some(answer @ &(ACK | NAK)) = bytes.first() {
                last = Some(*answer);
            }
            front(bytes)
        });
        match last {
            Some(ACK) => self.to_send = Some(ENQUIRY),
            Some(_) if !self.asked_why => {
                self.asked_why = true;
                self.to_send = Some(WHY);
            }
            _ => return,
        }
        self.ask_at = now.saturating_add(self.poll.max(GAP));
    }

    fn command(&mut self, now: Duration, command: Command) -> Result<(), CommandError> {
        if command != Command::Request {
            return Err(CommandError::Unsupported);
        }
        self.asked_why = false;
        self.to_send = Some(PRICE);
        self.ask_at = now.saturating_add(self.poll);
        Ok(())
    }

    fn handle_timeout(&mut self, now: Duration) {
        self.frames.expire(now);
        if now >= self.ask_at {
            self.asked_why = false;
            self.to_send = Some(PRICE);
            self.ask_at = now.saturating_add(self.poll);
        }
    }

    fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.to_send.take().map(<[u8]>::to_vec)
    }

    fn poll_event(&mut self) -> Option<Emitted> {
        self.frames.pop()
    }

    fn poll_timeout(&self) -> Option<Duration> {
        let deadline = self.frames.deadline();
        Some(deadline.map_or(self.ask_at, |at| at.min(self.ask_at)))
    }

    fn reset(&mut self) {
        *self = Dibal::new(self.poll);
    }

    fn hint(&self) -> Option<Hint> {
        self.frames.hint()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn price_weight_and_the_reason_for_none() {
        let mut host = Dibal::new(Duration::from_millis(200));
        let ms = Duration::from_millis;
        host.handle_timeout(ms(0));
        assert_eq!(host.poll_transmit().as_deref(), Some(PRICE));
        host.receive(ms(10), &[ACK]);
        assert_eq!(host.poll_transmit().as_deref(), Some(ENQUIRY));
        host.receive(ms(20), b"\x0202\x1b3\x1b01250\x1b000000\x1b000000\x03");
        let Event::Mass(reading) = host.poll_event().unwrap().event else {
            panic!("no weight");
        };
        assert_eq!(reading.decimal.unwrap().to_string(), "1250");
        host.handle_timeout(ms(400));
        assert_eq!(host.poll_transmit().as_deref(), Some(PRICE));
        host.receive(ms(410), &[NAK]);
        assert_eq!(host.poll_transmit().as_deref(), Some(WHY));
        host.receive(ms(420), &[ACK]);
        assert_eq!(host.poll_transmit().as_deref(), Some(ENQUIRY));
        host.receive(ms(430), b"\x0209\x1b32\x03");
        let Event::Mass(reading) = host.poll_event().unwrap().event else {
            panic!("no reading");
        };
        assert!(reading.flags.over && reading.decimal.is_none());
    }
}
