//! Quantronix CubiScan (25, 100, 110, 125, 150, 325), over a serial line or TCP.
//!
//! Host: `STX cmd [data] ETX CR LF`. Device: `STX cmd A|N ... ETX CR LF`, over TCP with NULs
//! behind.
//!
//! A measurement, asked for (`M`) or sent by itself in continuous mode:
//!
//! `M A C|H location6 ,Lddd.d ,Wddd.d ,Hddd.d ,E|M ,Kddd.dd ,Dddd.dd ,E|M ,Fdddd ,D|I`
//!
//! | part | content |
//! |---|---|
//! | C, H | begun at the device, by the host |
//! | L W H | length, width, height; then `E` inches, `M` centimetres |
//! | K, D | weight and dimensional weight; then `E` pounds, `M` kilograms |
//! | F, D/I | factor; domestic or international |
//!
//! In place of a value's first digit: `_` under range, `-` low precision, `~` over range. Such a
//! value is a flag, not a number.
//!
//! `M N C|H err` is a refused measurement (err `C` corner or sensor, `M` measuring, `Z` zeroing): a
//! reading with `fault` and no size. Every other answer (zero, units, self test, `? N` for an
//! unknown command) is taken off the stream and never becomes a size. Output shaped by the
//! device's `com_def.txt` fits nothing here and is garbage, as it must be: set the device back to
//! its standard output.
//!
//! Sources: Quantronix service manuals of the 25 and 125; behaviour of two public drivers. Doubts:
//! the factory's line settings; whether the weight is always taken at rest, so it is never called
//! stable. Dimensional weight and factor are not used: they are the carrier's business.

use crate::codec::{Codec, Command, CommandError, Emitted, Event, Hint};
use crate::frames::{Frames, Front};
use crate::length::{Length, LengthUnit, SizeFlags, SizeReading};
use crate::mass::{Decimal, MassFlags, MassReading, Unit};
use std::time::Duration;

const STX: u8 = 0x02;
const ETX: u8 = 0x03;
/// Longest answer between STX and ETX; lists of settings are shorter.
const BODY_BYTES_MAX: usize = 200;
const GAP: Duration = Duration::from_millis(300);
/// A measurement takes seconds on a gate; after this it is unknown.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// Letters of the commands whose answers are kept apart.
const COMMANDS: &[u8] = b"CDFLSTUVZImb\"#!@~?";

/// The host's side.
#[derive(Debug)]
pub struct CubiScan {
    frames: Frames,
    to_send: Option<&'static [u8]>,
    /// When the answer to a measure command is late.
    asked: Option<Duration>,
}

impl Default for CubiScan {
    fn default() -> Self {
        CubiScan {
            frames: Frames::new(GAP),
            to_send: None,
            asked: None,
        }
    }
}

fn front(bytes: &[u8]) -> Front {
    match bytes {
        // Between frames: the rest of a line end, padding.
        [b'\r' | b'\n' | 0, ..] => Front::Filler(1),
        [STX, rest @ ..] => {
            let head = rest.get(..BODY_BYTES_MAX).unwrap_or(rest);
            let Some(end) = head.iter().position(|b| matches!(*b, STX | ETX)) else {
                return if rest.len() < BODY_BYTES_MAX {
                    Front::Open
                } else {
                    Front::Garbage(1)
                };
            };
            let (body, whole) = (head.get(..end), end.saturating_add(2));
            match body.filter(|_| head.get(end) == Some(&ETX)).map(answer) {
                Some(Answer::Size(reading)) => Front::Frame(whole, Some(Event::Size(*reading))),
                Some(Answer::Other) => Front::Frame(whole, None),
                // A frame that fits nothing, or one that starts anew before its end.
                Some(Answer::Strange) => Front::Garbage(whole),
                None => Front::Garbage(end.saturating_add(1)),
            }
        }
        _ => Front::Garbage(1),
    }
}

enum Answer {
    Size(Box<SizeReading>),
    Other,
    Strange,
}

fn answer(body: &[u8]) -> Answer {
    match body {
        [b'M', b'A', b'C' | b'H', ..] => {
            measured(body).map_or(Answer::Strange, |size| Answer::Size(Box::new(size)))
        }
        [b'M', b'N', b'C' | b'H', _] => Answer::Size(Box::new(SizeReading::fault())),
        [letter, b'A' | b'N', ..] if COMMANDS.contains(letter) => Answer::Other,
        // What the host sent, come back on a line with echo.
        [b'M'] => Answer::Other,
        [letter] if COMMANDS.contains(letter) => Answer::Other,
        // TCP settings have names of two letters.
        [b'@' | b'~', _, b'A' | b'N', ..] => Answer::Other,
        _ => Answer::Strange,
    }
}

fn measured(body: &[u8]) -> Option<SizeReading> {
    // The location may hold anything, commas too.
    let rest = std::str::from_utf8(body.get(9..)?)
        .ok()?
        .strip_prefix(',')?;
    let mut fields = rest.split(',');
    let (length, width) = (fields.next()?, fields.next()?);
    let (height, unit) = (fields.next()?, fields.next()?);
    let unit = match unit {
        "E" => LengthUnit::Inch,
        "M" => LengthUnit::Centimetre,
        _ => return None,
    };
    let mut flags = SizeFlags::default();
    let mut side = |field: &str, letter: char| -> Option<Option<Length>> {
        let value = value(field, letter, 1, &mut flags)?;
        match value {
            None => Some(None),
            Some(number) => Length::from_decimal(number, unit).map(Some),
        }
    };
    let (length, width) = (side(length, 'L')?, side(width, 'W')?);
    let height = side(height, 'H')?;
    let (weight, dimensional) = (fields.next()?, fields.next()?);
    value(dimensional, 'D', 2, &mut SizeFlags::default())?;
    let weight = mass(weight, fields.next()?)?;
    let factor = fields.next()?.strip_prefix('F')?;
    let proper = factor.len() == 4 && factor.bytes().all(|b| b.is_ascii_digit());
    let region = matches!(fields.next()?, "D" | "I");
    (proper && region && fields.next().is_none()).then_some(SizeReading {
        length,
        width,
        height,
        flags,
        legal_for_trade: None,
        weight: Some(weight),
    })
}

/// Letter, three digits, point, `places` digits; `Some(None)` with a flag for a marked value.
fn value(
    field: &str,
    letter: char,
    places: usize,
    flags: &mut SizeFlags,
) -> Option<Option<Decimal>> {
    let text = field.strip_prefix(letter)?;
    let flag = match text.bytes().next()? {
        b'_' => &mut flags.under,
        b'-' => &mut flags.low_precision,
        b'~' => &mut flags.over,
        _ => {
            let (whole, part) = text.split_once('.')?;
            let shape = whole.len() == 3 && part.len() == places;
            let digits = whole
                .bytes()
                .chain(part.bytes())
                .all(|b| b.is_ascii_digit());
            return Decimal::parse(text)
                .ok()
                .filter(|_| shape && digits)
                .map(Some);
        }
    };
    *flag = true;
    (text.len() == places.saturating_add(4)).then_some(None)
}

fn mass(field: &str, unit: &str) -> Option<MassReading> {
    let unit = match unit {
        "E" => Unit::Pound,
        "M" => Unit::Kilogram,
        _ => return None,
    };
    let mut marks = SizeFlags::default();
    let number = value(field, 'K', 2, &mut marks)?;
    let flags = MassFlags {
        under: marks.under,
        over: marks.over,
        fault: marks.low_precision,
        ..MassFlags::default()
    };
    match number {
        None => Some(MassReading::absent(unit, flags)),
        Some(number) => MassReading::present(number, unit, flags).ok(),
    }
}

impl Codec for CubiScan {
    fn receive(&mut self, now: Duration, bytes: &[u8]) {
        let mut measured = false;
        self.frames.receive(now, bytes, |bytes| {
            let front = front(bytes);
            measured |= matches!(front, Front::Frame(_, Some(_)));
            front
        });
        if measured {
            self.asked = None;
        }
    }

    fn command(&mut self, now: Duration, command: Command) -> Result<(), CommandError> {
        self.handle_timeout(now);
        let bytes: &[u8] = match command {
            Command::Request => b"\x02M\x03\r\n",
            Command::Zero => b"\x02Z\x03\r\n",
            _ => return Err(CommandError::Unsupported),
        };
        // The device does one thing at a time.
        if self.asked.is_some() || self.to_send.is_some() {
            return Err(CommandError::Busy);
        }
        if command == Command::Request {
            self.asked = Some(now.saturating_add(ANSWER_TIMEOUT));
        }
        self.to_send = Some(bytes);
        Ok(())
    }

    fn handle_timeout(&mut self, now: Duration) {
        self.frames.expire(now);
        // Silence says nothing about the parcel.
        if self.asked.is_some_and(|by| now >= by) {
            self.asked = None;
        }
    }

    fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.to_send.take().map(<[u8]>::to_vec)
    }

    fn poll_event(&mut self) -> Option<Emitted> {
        self.frames.pop()
    }

    fn poll_timeout(&self) -> Option<Duration> {
        [self.frames.deadline(), self.asked]
            .into_iter()
            .flatten()
            .min()
    }

    fn reset(&mut self) {
        *self = CubiScan::default();
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
    fn one_measurement_at_a_time() {
        let mut host = CubiScan::default();
        let ms = Duration::from_millis;
        assert_eq!(host.command(ms(0), Command::Request), Ok(()));
        assert_eq!(host.poll_transmit().as_deref(), Some(&b"\x02M\x03\r\n"[..]));
        assert_eq!(
            host.command(ms(1), Command::Request),
            Err(CommandError::Busy)
        );
        host.receive(ms(900), b"\x02ZA\x03\r\n\0\0\x02MNHC\x03\r\n\0");
        let Event::Size(size) = host.poll_event().unwrap().event else {
            panic!("no size");
        };
        assert_eq!(size, SizeReading::fault());
        assert!(host.poll_event().is_none());
        assert_eq!(host.command(ms(950), Command::Request), Ok(()));
        // No answer: after a while it may be asked again.
        drop(host.poll_transmit());
        assert_eq!(host.command(ms(11_000), Command::Request), Ok(()));
        assert_eq!(
            host.command(ms(0), Command::Tare),
            Err(CommandError::Unsupported)
        );
    }

    #[test]
    fn the_weight_belongs_to_the_measurement() {
        let mut host = CubiScan::default();
        host.receive(
            Duration::ZERO,
            b"\x02MAC000000,L031.5,W022.0,H010.4,M,K002.35,D001.44,E,F5000,I\x03\r\n",
        );
        let Event::Size(size) = host.poll_event().unwrap().event else {
            panic!("no size");
        };
        let weight = size.weight.unwrap();
        assert_eq!(weight.decimal.unwrap().to_string(), "2.35");
        assert_eq!(weight.unit, Some(Unit::Pound));
    }
}
