//! CAS AP and PD: a handshake of control characters, then one weight.
//!
//! | host | scale |
//! |---|---|
//! | ENQ (05) | ACK (06), or NAK (15) |
//! | DC1 (11) | `SOH STX S sign W6 U2 BCC ETX EOT`: 15 bytes |
//!
//! | byte | content |
//! |---|---|
//! | S | `S` at rest, `U` moving |
//! | sign | blank or `-` |
//! | W6 | six characters with a point, `12.345` |
//! | U2 | `kg` or `lb` |
//! | BCC | exclusive or of the text |
//!
//! Source: CAS AP and PD interface papers. Doubts: whether STX counts for the BCC ("bytes 2 to
//! n+1"): a profile says so, because a host that took both would miss half the errors; how
//! overload is told, so that a frame without a number is garbage; DC2 (weight, unit price, total)
//! is not used. A NAK says "not now": silence, asked again.

use crate::codec::{Codec, Command, CommandError, Emitted, Event, Hint};
use crate::frames::{Frames, Front};
use crate::mass::{Decimal, MassFlags, MassReading, Unit};
use std::time::Duration;

const SOH: u8 = 0x01;
const STX: u8 = 0x02;
const ETX: u8 = 0x03;
const EOT: u8 = 0x04;
const ENQ: u8 = 0x05;
const ACK: u8 = 0x06;
const DC1: u8 = 0x11;
const NAK: u8 = 0x15;
const FRAME_BYTES: usize = 15;
const GAP: Duration = Duration::from_millis(300);
const ANSWER_TIMEOUT: Duration = Duration::from_millis(500);

/// The host's side.
#[derive(Debug)]
pub struct CasEnq {
    /// STX counts for the BCC.
    with_stx: bool,
    poll: Duration,
    frames: Frames,
    to_send: Option<u8>,
    /// When ENQ is sent next; an answer in between moves it.
    ask_at: Duration,
}

impl CasEnq {
    /// A host that asks this often; `with_stx` if STX counts for the BCC.
    pub fn new(poll: Duration, with_stx: bool) -> Self {
        CasEnq {
            with_stx,
            poll,
            frames: Frames::new(GAP),
            to_send: None,
            ask_at: Duration::ZERO,
        }
    }
}

/// A frame that says this; for emulated scales.
pub fn encode(stable: bool, weight: &str, unit: &str, with_stx: bool) -> Vec<u8> {
    let (sign, digits) = match weight.strip_prefix('-') {
        Some(digits) => ('-', digits),
        None => (' ', weight),
    };
    let state = if stable { 'S' } else { 'U' };
    let text = format!("{state}{sign}{digits:0>6}{unit:2}");
    let first = if with_stx { STX } else { 0 };
    let check = text.bytes().fold(first, |sum, byte| sum ^ byte);
    let mut frame = vec![SOH, STX];
    frame.extend_from_slice(text.as_bytes());
    frame.extend([check, ETX, EOT]);
    frame
}

fn front(bytes: &[u8], with_stx: bool) -> Front {
    match bytes {
        [ACK | NAK, ..] => Front::Frame(1, None),
        // Only a host says these: a line with echo.
        [ENQ | DC1, ..] => Front::Filler(1),
        [SOH] => Front::Open,
        [SOH, STX, ..] => match bytes.first_chunk::<FRAME_BYTES>() {
            None => Front::Open,
            Some(frame) => reading(frame, with_stx).map_or(Front::Garbage(1), |reading| {
                Front::Frame(FRAME_BYTES, Some(Event::Mass(reading)))
            }),
        },
        _ => Front::Garbage(1),
    }
}

fn reading(frame: &[u8; FRAME_BYTES], with_stx: bool) -> Option<MassReading> {
    let [
        _,
        _,
        state,
        sign,
        weight @ ..,
        unit1,
        unit2,
        check,
        ETX,
        EOT,
    ] = frame
    else {
        return None;
    };
    let text = frame.get(usize::from(!with_stx) + 1..12)?;
    if *check != text.iter().fold(0, |sum, byte| sum ^ byte) {
        return None;
    }
    let flags = match state {
        b'S' => MassFlags {
            stable: true,
            ..MassFlags::default()
        },
        b'U' => MassFlags {
            motion: true,
            ..MassFlags::default()
        },
        _ => return None,
    };
    let digits = std::str::from_utf8(weight).ok()?.trim_start();
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let mut number = Decimal::parse(digits).ok()?;
    match sign {
        b' ' => {}
        b'-' => number.mantissa = number.mantissa.saturating_neg(),
        _ => return None,
    }
    let unit = Unit::parse(std::str::from_utf8(&[*unit1, *unit2]).ok()?).ok()?;
    MassReading::present(number, unit, flags).ok()
}

impl Codec for CasEnq {
    fn receive(&mut self, now: Duration, bytes: &[u8]) {
        let (mut answered, with_stx) = (false, self.with_stx);
        self.frames.receive(now, bytes, |bytes| {
            answered |= bytes.first() == Some(&ACK);
            front(bytes, with_stx)
        });
        if answered {
            self.to_send = Some(DC1);
            self.ask_at = now.saturating_add(self.poll.max(ANSWER_TIMEOUT));
        }
    }

    fn command(&mut self, now: Duration, command: Command) -> Result<(), CommandError> {
        if command != Command::Request {
            return Err(CommandError::Unsupported);
        }
        self.to_send = Some(ENQ);
        self.ask_at = now.saturating_add(self.poll);
        Ok(())
    }

    fn handle_timeout(&mut self, now: Duration) {
        self.frames.expire(now);
        if now >= self.ask_at {
            self.to_send = Some(ENQ);
            self.ask_at = now.saturating_add(self.poll);
        }
    }

    fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.to_send.take().map(|byte| vec![byte])
    }

    fn poll_event(&mut self) -> Option<Emitted> {
        self.frames.pop()
    }

    fn poll_timeout(&self) -> Option<Duration> {
        let deadline = self.frames.deadline();
        Some(deadline.map_or(self.ask_at, |at| at.min(self.ask_at)))
    }

    fn reset(&mut self) {
        *self = CasEnq::new(self.poll, self.with_stx);
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
    fn enquiry_acknowledgement_weight() {
        let mut host = CasEnq::new(Duration::from_millis(200), false);
        host.handle_timeout(Duration::ZERO);
        assert_eq!(host.poll_transmit(), Some(vec![ENQ]));
        host.receive(Duration::from_millis(5), &[NAK]);
        assert_eq!(host.poll_transmit(), None);
        host.receive(Duration::from_millis(205), &[ACK]);
        assert_eq!(host.poll_transmit(), Some(vec![DC1]));
        host.receive(
            Duration::from_millis(210),
            &encode(true, "1.250", "kg", false),
        );
        let Event::Mass(reading) = host.poll_event().unwrap().event else {
            panic!("no weight");
        };
        assert_eq!(reading.decimal.unwrap().to_string(), "1.250");
        assert!(reading.flags.stable && host.poll_event().is_none());
    }
}
