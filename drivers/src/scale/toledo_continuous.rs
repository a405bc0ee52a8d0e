//! Toledo and Mettler "continuous" output: the scale sends fixed frames all the time.
//!
//! `STX SWA SWB SWC W1..W6 T1..T6 CR [CHK]`, or without the tare digits (short form).
//!
//! | byte | bits |
//! |---|---|
//! | SWA | 0-2 place of the point (below); 3-4 increment; 5 always 1 |
//! | SWB | 0 net, 1 negative, 2 out of range, 3 motion, 4 kg (else lb), 5 always 1, 6 not ready |
//! | SWC | 0-2 unit: 0 as SWB says, 1 g, 2 t; 3 print; 4 ten times finer; 5 always 1; 6 hand tare |
//!
//! Place of the point: 0 `XXXXXX00`, 1 `XXXXXX0`, 2 `XXXXXX`, 3 `XXXXX.X`, ... 7 `X.XXXXX`.
//!
//! CHK makes the low seven bits of the sum of all bytes, STX to CHK, zero.
//!
//! Sources: Kern FTC manual p. 42, Fairbanks FB3000 p. 55, Rockwell 57C428 p. 37, Cardinal 225
//! p. 118, Liden LUW2001. Doubts: clones set the constant bits otherwise, so they are not looked
//! at; the papers leave open whether the fixed zeros of SWA codes 0 and 1 are among the six digits
//! (`fixed_zeros` says they are not; as delivered the digits count as sent). Expanded readings
//! (SWC bit 4) and tonnes are refused: what they mean is not told clearly enough for a weight.

use crate::codec::{Codec, Command, CommandError, Emitted, Event, EventQueue, Hint, ParityWatch};
use crate::mass::{Decimal, MassFlags, MassReading, Unit};
use std::time::Duration;

const STX: u8 = 0x02;
const CR: u8 = 0x0D;
/// Status bytes and digits after STX: short and long form.
const SHORT: usize = 9;
const LONG: usize = 15;
/// A pause inside a frame that makes it garbage.
const GAP: Duration = Duration::from_millis(300);

/// Settings of the device that its frames do not tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// A checksum byte follows CR.
    pub checksum: bool,
    /// With SWA codes 0 and 1 the zeros come on top of the six digits.
    pub fixed_zeros: bool,
}

/// The host's side.
#[derive(Debug)]
pub struct ToledoContinuous {
    options: Options,
    frame: Vec<u8>,
    /// Position of the first byte of `frame`.
    start: u64,
    position: u64,
    last_byte: Duration,
    to_send: Option<&'static [u8]>,
    events: EventQueue,
    parity: ParityWatch,
}

impl ToledoContinuous {
    /// A host for a device with these settings.
    pub fn new(options: Options) -> Self {
        ToledoContinuous {
            options,
            frame: Vec::new(),
            start: 0,
            position: 0,
            last_byte: Duration::ZERO,
            to_send: None,
            events: EventQueue::default(),
            parity: ParityWatch::default(),
        }
    }

    fn byte(&mut self, now: Duration, byte: u8) {
        self.position = self.position.saturating_add(1);
        self.parity.byte(byte);
        self.frame.push(byte);
        self.settle(now);
    }

    /// Takes whole frames off the front, drops what cannot become one.
    fn settle(&mut self, now: Duration) {
        while let Some(first) = self.frame.first() {
            if *first != STX {
                self.drop_front(now, 1);
                continue;
            }
            match self.whole() {
                Shape::Open => return,
                Shape::Broken => self.drop_front(now, self.next_start()),
                Shape::Whole(length) => self.finish(now, length),
            }
        }
    }

    /// What the frame at the front is so far.
    fn whole(&self) -> Shape {
        let tail = usize::from(self.options.checksum);
        for body in [SHORT, LONG] {
            let length = 1 + body + 1 + tail;
            match self.frame.get(1 + body) {
                None => return Shape::Open,
                Some(&CR) if self.frame.len() >= length => return Shape::Whole(length),
                Some(&CR) => return Shape::Open,
                Some(_) => {}
            }
        }
        Shape::Broken
    }

    /// Bytes to drop so that the frame begins with a later STX, or all of them.
    fn next_start(&self) -> usize {
        let later = self.frame.iter().skip(1).position(|b| *b == STX);
        later.map_or(self.frame.len(), |at| at + 1)
    }

    fn drop_front(&mut self, now: Duration, count: usize) {
        let end = self.start.saturating_add(count as u64);
        self.events.garbage(now, self.start, end);
        self.frame.drain(..count.min(self.frame.len()));
        self.start = end;
    }

    fn finish(&mut self, now: Duration, length: usize) {
        let raw: Vec<u8> = self.frame.iter().copied().take(length).collect();
        let reading = self.reading(&raw);
        let Some(reading) = reading else {
            let lost = self.next_start().min(length);
            return self.drop_front(now, lost);
        };
        let end = self.start.saturating_add(length as u64);
        let range = (self.start, end);
        self.frame.drain(..length);
        self.start = end;
        self.events.push(now, raw, Event::Mass(reading), range);
    }

    fn reading(&self, raw: &[u8]) -> Option<MassReading> {
        let sum = raw.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
        if self.options.checksum && sum & 0x7F != 0 {
            return None;
        }
        let (swa, swb, swc) = (*raw.get(1)?, *raw.get(2)?, *raw.get(3)?);
        let unit = match (swc & 0x07, swb & 0x10 != 0) {
            (0, true) => Unit::Kilogram,
            (0, false) => Unit::Pound,
            (1, _) => Unit::Gram,
            _ => return None,
        };
        let moving = swb & 0x08 != 0;
        let over = swb & 0x04 != 0;
        let fault = swb & 0x40 != 0;
        let flags = MassFlags {
            net: swb & 0x01 != 0,
            motion: moving,
            over,
            fault,
            stable: !moving && !over && !fault,
            ..MassFlags::default()
        };
        if flags.forbids_value() {
            return Some(MassReading::absent(unit, flags));
        }
        // Ten times finer than the marked point: by how it is meant papers differ.
        if swc & 0x10 != 0 {
            return None;
        }
        let digits = std::str::from_utf8(raw.get(4..10)?).ok()?.trim_start();
        let mut decimal = Decimal::parse(digits)
            .ok()
            .filter(|_| !digits.contains('.'))?;
        if digits.starts_with(['+', '-']) {
            return None;
        }
        let code = i8::try_from(swa & 0x07).ok()?;
        match code {
            0 | 1 if self.options.fixed_zeros => {
                decimal.mantissa *= if code == 0 { 100 } else { 10 };
            }
            0..=2 => {}
            _ => decimal.exponent = 2 - code,
        }
        if swb & 0x02 != 0 {
            decimal.mantissa = -decimal.mantissa;
        }
        MassReading::present(decimal, unit, flags).ok()
    }

    fn expire(&mut self, now: Duration) {
        if !self.frame.is_empty() && now >= self.last_byte.saturating_add(GAP) {
            self.drop_front(now, self.frame.len());
        }
    }
}

enum Shape {
    Open,
    Broken,
    /// So many bytes.
    Whole(usize),
}

impl Codec for ToledoContinuous {
    fn receive(&mut self, now: Duration, bytes: &[u8]) {
        self.expire(now);
        self.last_byte = now;
        for byte in bytes {
            self.byte(now, *byte);
        }
    }

    fn command(&mut self, _now: Duration, command: Command) -> Result<(), CommandError> {
        self.to_send = Some(match command {
            Command::Zero => b"Z\r\n",
            Command::Tare => b"T\r\n",
            Command::ClearTare => b"C\r\n",
            // It sends without being asked.
            Command::Request | Command::Accept | Command::Reject => {
                return Err(CommandError::Unsupported);
            }
        });
        Ok(())
    }

    fn handle_timeout(&mut self, now: Duration) {
        self.expire(now);
    }

    fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.to_send.take().map(<[u8]>::to_vec)
    }

    fn poll_event(&mut self) -> Option<Emitted> {
        self.events.pop()
    }

    fn poll_timeout(&self) -> Option<Duration> {
        (!self.frame.is_empty()).then(|| self.last_byte.saturating_add(GAP))
    }

    fn reset(&mut self) {
        *self = ToledoContinuous::new(self.options);
    }

    fn hint(&self) -> Option<Hint> {
        self.parity.hint()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn frame(swa: u8, swb: u8, swc: u8, digits: &str) -> Vec<u8> {
        let mut frame = vec![STX, swa, swb, swc];
        frame.extend(digits.bytes());
        frame.extend(b"   000\r");
        let sum = frame.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
        frame.push(0_u8.wrapping_sub(sum) & 0x7F);
        frame
    }

    fn read(options: Options, bytes: &[u8]) -> Vec<Option<MassReading>> {
        let mut host = ToledoContinuous::new(options);
        host.receive(Duration::ZERO, bytes);
        std::iter::from_fn(|| host.poll_event())
            .map(|emitted| match emitted.event {
                Event::Mass(reading) => Some(reading),
                _ => None,
            })
            .collect()
    }

    const CHECKED: Options = Options {
        checksum: true,
        fixed_zeros: false,
    };

    #[test]
    fn every_place_of_the_point() {
        let texts = [
            "1234", "1234", "1234", "123.4", "12.34", "1.234", "0.1234", "0.01234",
        ];
        for (code, text) in (0_u8..).zip(texts) {
            let read = read(CHECKED, &frame(0x28 | code, 0x30, 0x20, "  1234"));
            let decimal = read[0].as_ref().unwrap().decimal.unwrap();
            assert_eq!(decimal.to_string(), text, "code {code}");
        }
        let zeros = Options {
            fixed_zeros: true,
            ..CHECKED
        };
        let read = read(zeros, &frame(0x28, 0x30, 0x20, "001234"));
        assert_eq!(
            read[0].as_ref().unwrap().decimal.unwrap().to_string(),
            "123400"
        );
    }

    #[test]
    fn every_bit_of_the_second_byte() {
        let one = |swb: u8, swc: u8| read(CHECKED, &frame(0x2C, swb, swc, "  1234")).remove(0);
        let kg = one(0x30, 0x20).unwrap();
        assert_eq!((kg.unit, kg.flags.stable), (Some(Unit::Kilogram), true));
        assert_eq!(one(0x20, 0x20).unwrap().unit, Some(Unit::Pound));
        assert_eq!(one(0x20, 0x21).unwrap().unit, Some(Unit::Gram));
        assert!(one(0x31, 0x20).unwrap().flags.net);
        let negative = one(0x32, 0x20).unwrap();
        assert_eq!(negative.decimal.unwrap().to_string(), "-12.34");
        let over = one(0x34, 0x20).unwrap();
        assert_eq!(
            (over.decimal, over.flags.over, over.flags.stable),
            (None, true, false)
        );
        assert!(!one(0x38, 0x20).unwrap().flags.stable);
        assert!(one(0x70, 0x20).unwrap().flags.fault);
        // Tonnes and expanded readings are not guessed at.
        assert_eq!((one(0x30, 0x22), one(0x30, 0x30)), (None, None));
    }

    #[test]
    fn a_wrong_checksum_is_no_weight_and_the_next_frame_is_read() {
        let good = frame(0x2C, 0x30, 0x20, "  1234");
        let mut bad = good.clone();
        bad[9] ^= 1;
        let all = [bad, good.clone(), good[..7].to_vec(), good].concat();
        let read = read(CHECKED, &all);
        let found: Vec<bool> = read.iter().map(Option::is_some).collect();
        assert_eq!(found, [false, true, false, true]);
    }
}
