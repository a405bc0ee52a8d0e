//! A Toledo 8217 scale (`device-protocols` 2.4): single-letter commands, replies in 7-bit ASCII
//! framed by STX and CR, a status byte instead of a weight whenever the weight is no good.

use super::model::DeviceModel;
use super::scales::EmulatedScale;
use super::scales::platform::{CAPACITY, Platform, SETTLE_MS};
use firstscan_drivers::mass::{Mass, Unit};
use std::collections::VecDeque;
use std::ops::{Deref, DerefMut};

/// How long after a `T` a digit may still make it a keyboard tare.
const TARE_DIGIT_MS: u64 = 50;
/// Digits of a keyboard tare.
const TARE_DIGITS_MAX: usize = 5;
/// Replies waiting; a host that asks without reading loses the rest.
const REPLIES_MAX: usize = 64;

/// Status bits of the reply `STX ? st CR`.
pub mod status {
    pub const MOTION: u8 = 0x01;
    pub const OVER_CAPACITY: u8 = 0x02;
    pub const UNDER_ZERO: u8 = 0x04;
    pub const OUTSIDE_ZERO_RANGE: u8 = 0x08;
    pub const CENTRE_OF_ZERO: u8 = 0x10;
    /// Net weight on classic models, always set on others.
    pub const NET_OR_ONE: u8 = 0x20;
    pub const ALWAYS: u8 = 0x40;
}

/// What the display shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Display {
    /// Kilograms with three decimals.
    Kilogram,
    /// Pounds with two decimals.
    Pound,
}

impl Display {
    fn unit(self) -> Unit {
        match self {
            Display::Kilogram => Unit::Kilogram,
            Display::Pound => Unit::Pound,
        }
    }
}

/// How the scale is built and set up.
#[derive(Debug, Clone)]
pub struct ScaleSettings {
    pub display: Display,
    pub capacity: Mass,
    /// Time to come to rest after the load changed, in milliseconds.
    pub settle_ms: u64,
    /// Bit 5 of the status is always one (PS60 and others) instead of meaning net weight.
    pub bit5_always: bool,
    /// The same weight is given once only, then `?` without a flag until it changes.
    pub weight_once: bool,
}

impl Default for ScaleSettings {
    fn default() -> Self {
        Self {
            display: Display::Kilogram,
            capacity: CAPACITY,
            settle_ms: SETTLE_MS,
            bit5_always: false,
            weight_once: false,
        }
    }
}

/// What the bytes received so far began.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Input {
    Command,
    /// `T` came; digits may follow until `deadline_ms`.
    Tare {
        digits: Vec<u8>,
        deadline_ms: u64,
    },
    Echo,
}

/// The scale: a platform and the serial interface.
#[derive(Debug)]
pub struct Toledo8217 {
    settings: ScaleSettings,
    platform: Platform,
    /// The weight given last, with the platform's state at that time.
    last_given: Option<(u64, Vec<u8>)>,
    input: Input,
    out: VecDeque<Vec<u8>>,
}

impl Deref for Toledo8217 {
    type Target = Platform;

    fn deref(&self) -> &Platform {
        &self.platform
    }
}

impl DerefMut for Toledo8217 {
    fn deref_mut(&mut self) -> &mut Platform {
        &mut self.platform
    }
}

impl EmulatedScale for Toledo8217 {
    fn platform(&self) -> &Platform {
        &self.platform
    }

    fn platform_mut(&mut self) -> &mut Platform {
        &mut self.platform
    }
}

impl Toledo8217 {
    /// An empty, zeroed scale at rest.
    pub fn new(settings: ScaleSettings) -> Self {
        let mut platform = Platform::new(settings.display.unit()).carrying(settings.capacity);
        platform.set_settle_ms(settings.settle_ms);
        Self {
            settings,
            platform,
            last_given: None,
            input: Input::Command,
            out: VecDeque::new(),
        }
    }

    /// Off and on: what was said and asked is forgotten too.
    pub fn power_cycle(&mut self, now_ms: u64) {
        (self.last_given, self.input) = (None, Input::Command);
        self.out.clear();
        self.platform.power_cycle(now_ms);
    }

    fn status(&self, now_ms: u64) -> u8 {
        let platform = &self.platform;
        let mut st = status::ALWAYS;
        let mut set = |bit: u8, on: bool| st |= if on { bit } else { 0 };
        set(status::MOTION, !platform.is_resting(now_ms));
        set(status::OVER_CAPACITY, platform.is_over());
        set(status::UNDER_ZERO, platform.counts(0) < 0);
        set(status::OUTSIDE_ZERO_RANGE, platform.is_unzeroed());
        set(status::CENTRE_OF_ZERO, platform.is_at_zero());
        set(
            status::NET_OR_ONE,
            self.settings.bit5_always || platform.is_net(),
        );
        st
    }

    fn reply(&mut self, text: &[u8]) {
        if self.out.len() < REPLIES_MAX {
            self.out.push_back([b"\x02", text, b"\r"].concat());
        }
    }

    fn reply_status(&mut self, now_ms: u64) {
        let st = self.status(now_ms);
        self.reply(&[b'?', st]);
    }

    /// `W` and `H`: the weight, or the status if there is no good one.
    fn reply_weight(&mut self, now_ms: u64, finer: u8) {
        let faults = status::MOTION
            | status::OVER_CAPACITY
            | status::UNDER_ZERO
            | status::OUTSIDE_ZERO_RANGE;
        if self.status(now_ms) & faults != 0 {
            return self.reply_status(now_ms);
        }
        let shown = self.platform.counts(finer);
        let width = usize::from(self.platform.decimals()) + usize::from(finer);
        let ten = 10_i64.pow(u32::try_from(width).unwrap_or(0));
        let (whole, rest) = (shown / ten, shown % ten);
        let net = if self.platform.is_net() { "N" } else { "" };
        let text = format!("{whole:02}.{rest:0width$}{net}").into_bytes();
        let given = Some((self.platform.disturbances(), text.clone()));
        if self.settings.weight_once && self.last_given == given {
            return self.reply(&[b'?', status::ALWAYS]);
        }
        self.reply(&text);
        self.last_given = given;
    }

    fn zero(&mut self, now_ms: u64) {
        let outside = self.platform.is_resting(now_ms) && !self.platform.may_zero();
        self.platform.zero(now_ms);
        let more = if outside {
            status::OUTSIDE_ZERO_RANGE
        } else {
            0
        };
        let st = self.status(now_ms) | more;
        self.reply(&[b'?', st]);
    }

    /// Takes the load, or a weight given in display counts, as tare.
    fn tare(&mut self, now_ms: u64, given: Option<i64>) {
        match given {
            Some(counts) => self.platform.tare_counts(counts),
            None => drop(self.platform.tare(now_ms)),
        }
        self.last_given = None;
        self.reply_status(now_ms);
    }

    fn command(&mut self, now_ms: u64, byte: u8) {
        match byte {
            b'W' => self.reply_weight(now_ms, 0),
            b'H' => self.reply_weight(now_ms, 1),
            b'Z' => self.zero(now_ms),
            b'T' => {
                let deadline_ms = now_ms + TARE_DIGIT_MS;
                self.input = Input::Tare {
                    digits: Vec::new(),
                    deadline_ms,
                };
            }
            b'C' => {
                self.platform.clear_tare();
                self.last_given = None;
                self.reply_status(now_ms);
            }
            b'A' => self.reply(b""),
            b'B' => self.reply(b"?@"),
            b'E' => {
                self.input = Input::Echo;
                self.reply(b"E");
            }
            b'F' => self.reply(b"F"),
            _ => self.reply_status(now_ms),
        }
    }

    fn tare_byte(&mut self, now_ms: u64, mut digits: Vec<u8>, byte: u8) {
        self.input = Input::Command;
        let full = digits.len() == TARE_DIGITS_MAX;
        if byte.is_ascii_digit() && !full {
            digits.push(byte);
            let deadline_ms = now_ms + TARE_DIGIT_MS;
            self.input = Input::Tare {
                digits,
                deadline_ms,
            };
        } else if digits.is_empty() {
            self.tare(now_ms, None);
            if byte != b'\r' {
                self.command(now_ms, byte);
            }
        } else if byte == b'\r' && full {
            let given = digits
                .iter()
                .fold(0, |sum, d| sum * 10 + i64::from(d - b'0'));
            self.tare(now_ms, Some(given));
        } else {
            self.reply_status(now_ms);
        }
    }
}

impl DeviceModel for Toledo8217 {
    fn receive(&mut self, now_ms: u64, bytes: &[u8]) {
        self.handle_timeout(now_ms);
        for &byte in bytes {
            match std::mem::replace(&mut self.input, Input::Command) {
                Input::Command => self.command(now_ms, byte),
                Input::Tare { digits, .. } => self.tare_byte(now_ms, digits, byte),
                Input::Echo if byte == b'F' => self.reply(b"F"),
                Input::Echo => {
                    self.input = Input::Echo;
                    if self.out.len() < REPLIES_MAX {
                        self.out.push_back(vec![byte]);
                    }
                }
            }
        }
    }

    fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.out.pop_front()
    }

    fn poll_timeout(&self) -> Option<u64> {
        match &self.input {
            Input::Tare { deadline_ms, .. } => Some(*deadline_ms),
            Input::Command | Input::Echo => None,
        }
    }

    fn handle_timeout(&mut self, now_ms: u64) {
        if let Input::Tare {
            digits,
            deadline_ms,
        } = &self.input
            && now_ms >= *deadline_ms
        {
            let plain = digits.is_empty();
            self.input = Input::Command;
            if plain {
                self.tare(now_ms, None);
            } else {
                self.reply_status(now_ms);
            }
        }
    }

    fn disconnected(&mut self, _now_ms: u64) {
        self.input = Input::Command;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grams(g: i64) -> Mass {
        Mass::from_grams(g)
    }

    fn ask(scale: &mut Toledo8217, now_ms: u64, command: &[u8]) -> Vec<u8> {
        scale.receive(now_ms, command);
        scale.handle_timeout(now_ms + TARE_DIGIT_MS);
        std::iter::from_fn(|| scale.poll_transmit())
            .collect::<Vec<_>>()
            .concat()
    }

    #[test]
    fn moves_then_rests_exactly() {
        let mut scale = Toledo8217::new(ScaleSettings::default());
        assert_eq!(ask(&mut scale, 0, b"W"), b"\x0200.000\r");
        scale.put(1000, grams(1250));
        assert_eq!(ask(&mut scale, 1249, b"W"), b"\x02?\x41\r");
        assert_eq!(ask(&mut scale, 1250, b"W"), b"\x0201.250\r");
        assert_eq!(ask(&mut scale, 1250, b"H"), b"\x0201.2500\r");
        scale.set_noise(1300, grams(2));
        assert_eq!(ask(&mut scale, 9000, b"W"), b"\x02?\x41\r");
    }

    #[test]
    fn refuses_a_weight_out_of_range() {
        let mut scale = Toledo8217::new(ScaleSettings::default());
        scale.put(0, grams(30_001));
        assert_eq!(ask(&mut scale, 300, b"W"), b"\x02?\x42\r");
        scale.take(300);
        scale.lift_platform(300, true);
        assert_eq!(ask(&mut scale, 600, b"W"), b"\x02?\x44\r");
        scale.lift_platform(600, false);
        assert_eq!(ask(&mut scale, 900, b"?"), b"\x02?\x50\r");
        scale.put(900, grams(5000));
        scale.power_cycle(1000);
        assert_eq!(ask(&mut scale, 1300, b"W"), b"\x02?\x48\r");
        scale.take(1300);
        assert_eq!(ask(&mut scale, 1600, b"Z"), b"\x02?\x50\r");
        assert_eq!(ask(&mut scale, 1600, b"W"), b"\x0200.000\r");
    }

    #[test]
    fn zeroes_and_tares() {
        let mut scale = Toledo8217::new(ScaleSettings::default());
        scale.put(0, grams(100));
        assert_eq!(ask(&mut scale, 300, b"Z"), b"\x02?\x50\r");
        scale.put(300, grams(350));
        assert_eq!(ask(&mut scale, 600, b"W"), b"\x0200.250\r");
        assert_eq!(ask(&mut scale, 600, b"T"), b"\x02?\x60\r");
        scale.put(600, grams(850));
        assert_eq!(ask(&mut scale, 900, b"W"), b"\x0200.500N\r");
        assert_eq!(ask(&mut scale, 900, b"C"), b"\x02?\x40\r");
        assert_eq!(
            ask(&mut scale, 900, b"T00050\rW"),
            b"\x02?\x60\r\x0200.700N\r"
        );
        scale.put(900, grams(5000));
        assert_eq!(ask(&mut scale, 1200, b"Z"), b"\x02?\x68\r");
    }

    #[test]
    fn answers_the_echo_probe_and_the_self_test() {
        let mut scale = Toledo8217::new(ScaleSettings::default());
        assert_eq!(ask(&mut scale, 0, b"Ehello"), b"\x02E\rhello");
        assert_eq!(ask(&mut scale, 0, b"F"), b"\x02F\r");
        assert_eq!(ask(&mut scale, 0, b"AB"), b"\x02\r\x02?@\r");
    }

    #[test]
    fn shows_pounds_and_the_quirks() {
        let settings = ScaleSettings {
            display: Display::Pound,
            bit5_always: true,
            weight_once: true,
            ..ScaleSettings::default()
        };
        let mut scale = Toledo8217::new(settings);
        // 1.25 lb = 566.990 462 5 g
        scale.put(0, Mass::from_ng(566_990_462_500));
        assert_eq!(ask(&mut scale, 10, b"W"), b"\x02?\x61\r");
        assert_eq!(ask(&mut scale, 300, b"W"), b"\x0201.25\r");
        assert_eq!(ask(&mut scale, 400, b"W"), b"\x02?\x40\r");
        scale.take(500);
        assert_eq!(ask(&mut scale, 800, b"W"), b"\x0200.00\r");
    }
}
