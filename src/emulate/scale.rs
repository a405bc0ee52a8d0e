//! A Toledo 8217 scale (`device-protocols` 2.4): single-letter commands, replies in 7-bit ASCII
//! framed by STX and CR, a status byte instead of a weight whenever the weight is no good.

use super::model::DeviceModel;
use firstscan_drivers::mass::Mass;
use std::collections::VecDeque;

/// How long after a `T` a digit may still make it a keyboard tare.
const TARE_DIGIT_MS: u64 = 50;
/// Digits of a keyboard tare.
const TARE_DIGITS_MAX: usize = 5;
/// What the empty platform itself weighs: the reading when it is lifted off, in nanograms.
const PLATFORM_NG: i64 = 900_000_000_000;
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
    /// One count of the display, in nanograms.
    fn division_ng(self) -> i64 {
        match self {
            Display::Kilogram => 1_000_000_000,
            Display::Pound => 4_535_923_700,
        }
    }

    fn decimals(self) -> u32 {
        match self {
            Display::Kilogram => 3,
            Display::Pound => 2,
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
            capacity: Mass::from_grams(30_000),
            settle_ms: 250,
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

/// The scale: platform, display and serial interface.
#[derive(Debug)]
pub struct Toledo8217 {
    settings: ScaleSettings,
    load_ng: i64,
    noise_ng: i64,
    lifted: bool,
    zero_ng: i64,
    tare_ng: i64,
    never_zeroed: bool,
    rests_at_ms: u64,
    last_given: Option<Vec<u8>>,
    input: Input,
    out: VecDeque<Vec<u8>>,
}

impl Toledo8217 {
    /// An empty, zeroed scale at rest.
    pub fn new(settings: ScaleSettings) -> Self {
        Self {
            settings,
            load_ng: 0,
            noise_ng: 0,
            lifted: false,
            zero_ng: 0,
            tare_ng: 0,
            never_zeroed: false,
            rests_at_ms: 0,
            last_given: None,
            input: Input::Command,
            out: VecDeque::new(),
        }
    }

    /// Puts this load on the platform instead of what lay there.
    pub fn put(&mut self, now_ms: u64, load: Mass) {
        self.load_ng = load.ng();
        self.disturb(now_ms);
    }

    /// Takes everything off.
    pub fn take(&mut self, now_ms: u64) {
        self.put(now_ms, Mass::from_ng(0));
    }

    /// The load that lies on the platform.
    pub fn load(&self) -> Mass {
        Mass::from_ng(self.load_ng)
    }

    /// Whether it would give a weight now, as far as motion goes.
    pub fn is_resting(&self, now_ms: u64) -> bool {
        !self.moves(now_ms)
    }

    /// Whether the platform is off.
    pub fn is_lifted(&self) -> bool {
        self.lifted
    }

    /// How much the platform is shaken.
    pub fn noise(&self) -> Mass {
        Mass::from_ng(self.noise_ng)
    }

    /// Shakes the platform by this much; more than half a display count and it never rests.
    pub fn set_noise(&mut self, now_ms: u64, amplitude: Mass) {
        self.noise_ng = amplitude.ng();
        self.disturb(now_ms);
    }

    /// Takes the platform itself off, or puts it back: off, the scale reads below zero.
    pub fn lift_platform(&mut self, now_ms: u64, lifted: bool) {
        self.lifted = lifted;
        self.disturb(now_ms);
    }

    /// Off and on: zeroes itself if the load is within the zero range, else wants zeroing.
    pub fn power_cycle(&mut self, now_ms: u64) {
        self.never_zeroed = true;
        (self.tare_ng, self.last_given, self.input) = (0, None, Input::Command);
        self.out.clear();
        self.disturb(now_ms);
        if self.may_zero() {
            (self.zero_ng, self.never_zeroed) = (self.on_platform_ng(), false);
        }
    }

    fn disturb(&mut self, now_ms: u64) {
        self.rests_at_ms = now_ms + self.settings.settle_ms;
        self.last_given = None;
    }

    fn on_platform_ng(&self) -> i64 {
        if self.lifted {
            -PLATFORM_NG
        } else {
            self.load_ng
        }
    }

    fn net_ng(&self) -> i64 {
        self.on_platform_ng() - self.zero_ng - self.tare_ng
    }

    /// Within 2 % of capacity around the factory's zero.
    fn may_zero(&self) -> bool {
        self.on_platform_ng().abs() <= self.settings.capacity.ng() / 50
    }

    fn moves(&self, now_ms: u64) -> bool {
        let trembles = self.noise_ng > self.settings.display.division_ng() / 2;
        trembles || now_ms < self.rests_at_ms
    }

    fn status(&self, now_ms: u64) -> u8 {
        let division_ng = self.settings.display.division_ng();
        let gross_ng = self.on_platform_ng() - self.zero_ng;
        let mut st = status::ALWAYS;
        let mut set = |bit: u8, on: bool| st |= if on { bit } else { 0 };
        set(status::MOTION, self.moves(now_ms));
        set(
            status::OVER_CAPACITY,
            gross_ng > self.settings.capacity.ng(),
        );
        set(status::UNDER_ZERO, counts(self.net_ng(), division_ng) < 0);
        set(status::OUTSIDE_ZERO_RANGE, self.never_zeroed);
        set(status::CENTRE_OF_ZERO, gross_ng.abs() <= division_ng / 4);
        set(
            status::NET_OR_ONE,
            self.settings.bit5_always || self.tare_ng != 0,
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
    fn reply_weight(&mut self, now_ms: u64, fine: u32) {
        let faults = status::MOTION
            | status::OVER_CAPACITY
            | status::UNDER_ZERO
            | status::OUTSIDE_ZERO_RANGE;
        if self.status(now_ms) & faults != 0 {
            return self.reply_status(now_ms);
        }
        let display = self.settings.display;
        let decimals = display.decimals() + fine;
        let shown = counts(self.net_ng(), display.division_ng() / 10_i64.pow(fine));
        let (whole, rest) = (shown / 10_i64.pow(decimals), shown % 10_i64.pow(decimals));
        let net = if self.tare_ng != 0 { "N" } else { "" };
        let width = decimals as usize;
        let text = format!("{whole:02}.{rest:0width$}{net}").into_bytes();
        if self.settings.weight_once && self.last_given.as_ref() == Some(&text) {
            return self.reply(&[b'?', status::ALWAYS]);
        }
        self.reply(&text);
        self.last_given = Some(text);
    }

    fn zero(&mut self, now_ms: u64) {
        if self.moves(now_ms) {
            return self.reply_status(now_ms);
        }
        if !self.may_zero() {
            let st = self.status(now_ms) | status::OUTSIDE_ZERO_RANGE;
            return self.reply(&[b'?', st]);
        }
        (self.zero_ng, self.tare_ng, self.never_zeroed) = (self.on_platform_ng(), 0, false);
        self.reply_status(now_ms);
    }

    /// Takes the load, or a weight given in display counts, as tare.
    fn tare(&mut self, now_ms: u64, given: Option<i64>) {
        let division_ng = self.settings.display.division_ng();
        let gross = counts(self.on_platform_ng() - self.zero_ng, division_ng);
        if let Some(given) = given {
            self.tare_ng = given * division_ng;
        } else if gross > 0 && !self.moves(now_ms) {
            self.tare_ng = gross * division_ng;
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
                (self.tare_ng, self.last_given) = (0, None);
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

/// Whole display counts, halves away from zero.
fn counts(ng: i64, division_ng: i64) -> i64 {
    (ng.abs() + division_ng / 2) / division_ng * ng.signum()
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
