//! The physics all scales share: load, zero, tare, coming to rest, capacity; and the reading that
//! a display would show.

use firstscan_drivers::mass::{Decimal, Mass, MassFlags, MassReading, Unit};

/// What the empty platform itself weighs, in nanograms.
const PLATFORM_NG: i64 = 900_000_000_000;
/// Time to come to rest.
const SETTLE_MS: u64 = 250;

/// A platform with its display.
#[derive(Debug, Clone)]
pub struct Platform {
    unit: Unit,
    decimals: u8,
    capacity_ng: i64,
    load_ng: i64,
    noise_ng: i64,
    zero_ng: i64,
    tare_ng: i64,
    rests_at_ms: u64,
    lifted: bool,
    /// It wants service: no weight until it is put right.
    pub faulty: bool,
}

impl Platform {
    /// An empty platform of 30 kg, displaying kg with three decimals, g with none, lb with two or
    /// oz with one.
    pub fn new(unit: Unit) -> Self {
        let decimals = match unit {
            Unit::Kilogram => 3,
            Unit::Pound => 2,
            Unit::Ounce => 1,
            _ => 0,
        };
        Self {
            unit,
            decimals,
            capacity_ng: Mass::from_grams(30_000).ng(),
            load_ng: 0,
            noise_ng: 0,
            zero_ng: 0,
            tare_ng: 0,
            rests_at_ms: 0,
            lifted: false,
            faulty: false,
        }
    }

    /// One count of the display.
    fn division_ng(&self) -> i64 {
        self.unit.ng() / 10_i64.pow(u32::from(self.decimals))
    }

    /// Another load.
    pub fn put(&mut self, now_ms: u64, load: Mass) {
        self.load_ng = load.ng();
        self.disturb(now_ms);
    }

    /// What lies on it.
    pub fn load(&self) -> Mass {
        Mass::from_ng(self.load_ng)
    }

    /// Shakes it; more than half a display count and it never rests.
    pub fn set_noise(&mut self, now_ms: u64, amplitude: Mass) {
        self.noise_ng = amplitude.ng();
        self.disturb(now_ms);
    }

    /// Off, it weighs less than nothing.
    pub fn lift(&mut self, now_ms: u64, lifted: bool) {
        self.lifted = lifted;
        self.disturb(now_ms);
    }

    fn disturb(&mut self, now_ms: u64) {
        self.rests_at_ms = now_ms + SETTLE_MS;
    }

    /// Whether it moves.
    pub fn moves(&self, now_ms: u64) -> bool {
        self.noise_ng > self.division_ng() / 2 || now_ms < self.rests_at_ms
    }

    fn gross_ng(&self) -> i64 {
        let load_ng = if self.lifted {
            -PLATFORM_NG
        } else {
            self.load_ng
        };
        load_ng - self.zero_ng
    }

    /// Takes what lies there for nothing, at rest and within 2 % of capacity; whether it did.
    pub fn zero(&mut self, now_ms: u64) -> bool {
        let gross_ng = self.gross_ng();
        let may = !self.moves(now_ms) && (gross_ng + self.zero_ng).abs() <= self.capacity_ng / 50;
        if may {
            (self.zero_ng, self.tare_ng) = (self.zero_ng + gross_ng, 0);
        }
        may
    }

    /// Takes the load as tare, at rest; whether it did.
    pub fn tare(&mut self, now_ms: u64) -> bool {
        let may = !self.moves(now_ms) && self.gross_ng() >= 0;
        if may {
            self.tare_ng = self.gross_ng();
        }
        may
    }

    /// Forgets the tare.
    pub fn clear_tare(&mut self) {
        self.tare_ng = 0;
    }

    /// What the display shows.
    pub fn reading(&self, now_ms: u64) -> MassReading {
        let gross_ng = self.gross_ng();
        let moving = self.moves(now_ms);
        let mut flags = MassFlags {
            zero: self.tare_ng == 0 && gross_ng.abs() <= self.division_ng() / 4,
            net: self.tare_ng != 0,
            over: gross_ng > self.capacity_ng,
            under: gross_ng < -(self.capacity_ng / 50),
            fault: self.faulty,
            ..MassFlags::default()
        };
        if flags.forbids_value() {
            return MassReading::absent(self.unit, flags);
        }
        (flags.stable, flags.motion) = (!moving, moving);
        let (net_ng, half) = (gross_ng - self.tare_ng, self.division_ng() / 2);
        let counts = (net_ng.abs() + half) / self.division_ng() * net_ng.signum();
        let number = Decimal {
            mantissa: counts,
            exponent: -i8::try_from(self.decimals).unwrap_or(0),
        };
        MassReading::present(number, self.unit, flags).unwrap_or_default()
    }
}
