//! The physics all scales share: load, zero, tare, coming to rest, capacity; and the reading that
//! a display would show.

use firstscan_drivers::mass::{Decimal, Mass, MassFlags, MassReading, Unit};

/// What the empty platform itself weighs: the reading when it is lifted off, in nanograms.
const PLATFORM_NG: i64 = 900_000_000_000;
/// Most a platform carries, if its maker does not say otherwise.
pub const CAPACITY: Mass = Mass::from_grams(30_000);
/// Time to come to rest, in milliseconds.
pub const SETTLE_MS: u64 = 250;

/// A platform with its display.
#[derive(Debug, Clone)]
pub struct Platform {
    unit: Unit,
    decimals: u8,
    capacity_ng: i64,
    settle_ms: u64,
    load_ng: i64,
    noise_ng: i64,
    zero_ng: i64,
    tare_ng: i64,
    rests_at_ms: u64,
    lifted: bool,
    /// Switched on with too much on it to take for nothing.
    unzeroed: bool,
    /// How often the load, or what shakes it, changed.
    disturbances: u64,
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
            capacity_ng: CAPACITY.ng(),
            settle_ms: SETTLE_MS,
            load_ng: 0,
            noise_ng: 0,
            zero_ng: 0,
            tare_ng: 0,
            rests_at_ms: 0,
            lifted: false,
            unzeroed: false,
            disturbances: 0,
            faulty: false,
        }
    }

    /// The same with another capacity.
    #[must_use]
    pub fn carrying(self, capacity: Mass) -> Self {
        let capacity_ng = capacity.ng();
        Self {
            capacity_ng,
            ..self
        }
    }

    /// From the next change on it comes to rest after so many milliseconds.
    pub fn set_settle_ms(&mut self, settle_ms: u64) {
        self.settle_ms = settle_ms;
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

    /// What lies on it.
    pub fn load(&self) -> Mass {
        Mass::from_ng(self.load_ng)
    }

    /// Shakes it by this much; more than half a display count and it never rests.
    pub fn set_noise(&mut self, now_ms: u64, amplitude: Mass) {
        self.noise_ng = amplitude.ng();
        self.disturb(now_ms);
    }

    /// How much it is shaken.
    pub fn noise(&self) -> Mass {
        Mass::from_ng(self.noise_ng)
    }

    /// Takes the platform itself off, or puts it back: off, the scale reads below zero.
    pub fn lift_platform(&mut self, now_ms: u64, lifted: bool) {
        self.lifted = lifted;
        self.disturb(now_ms);
    }

    /// Whether the platform is off.
    pub fn is_lifted(&self) -> bool {
        self.lifted
    }

    /// Off and on: zeroes itself if the load is within the zero range, else wants zeroing.
    pub fn power_cycle(&mut self, now_ms: u64) {
        self.tare_ng = 0;
        self.unzeroed = !self.may_zero();
        if !self.unzeroed {
            self.zero_ng = self.on_platform_ng();
        }
        self.disturb(now_ms);
    }

    fn disturb(&mut self, now_ms: u64) {
        self.rests_at_ms = now_ms.saturating_add(self.settle_ms);
        self.disturbances = self.disturbances.saturating_add(1);
    }

    /// A number that changes whenever the load does.
    pub fn disturbances(&self) -> u64 {
        self.disturbances
    }

    /// Whether the load has come to rest.
    pub fn is_resting(&self, now_ms: u64) -> bool {
        self.noise_ng <= self.division_ng(0) / 2 && now_ms >= self.rests_at_ms
    }

    /// Whether it was switched on with too much on it, and not zeroed since.
    pub fn is_unzeroed(&self) -> bool {
        self.unzeroed
    }

    /// Whether a tare is subtracted.
    pub fn is_net(&self) -> bool {
        self.tare_ng != 0
    }

    /// Beyond what it carries.
    pub fn is_over(&self) -> bool {
        self.gross_ng() > self.capacity_ng
    }

    /// Within a quarter of a count of the zero it took.
    pub fn is_at_zero(&self) -> bool {
        self.gross_ng().abs() <= self.division_ng(0) / 4
    }

    /// Decimals of the display.
    pub fn decimals(&self) -> u8 {
        self.decimals
    }

    /// One count of the display, with so many decimals more.
    fn division_ng(&self, finer: u8) -> i64 {
        self.unit.ng() / 10_i64.pow(u32::from(self.decimals) + u32::from(finer))
    }

    fn on_platform_ng(&self) -> i64 {
        if self.lifted {
            -PLATFORM_NG
        } else {
            self.load_ng
        }
    }

    fn gross_ng(&self) -> i64 {
        self.on_platform_ng() - self.zero_ng
    }

    /// Within 2 % of capacity around the factory's zero.
    pub fn may_zero(&self) -> bool {
        self.on_platform_ng().abs() <= self.capacity_ng / 50
    }

    /// The net weight in display counts, with so many decimals more than the display has.
    pub fn counts(&self, finer: u8) -> i64 {
        rounded(self.gross_ng() - self.tare_ng, self.division_ng(finer))
    }

    /// Takes what lies there for nothing, at rest and within the zero range; whether it did.
    pub fn zero(&mut self, now_ms: u64) -> bool {
        let may = self.is_resting(now_ms) && self.may_zero();
        if may {
            (self.zero_ng, self.tare_ng) = (self.on_platform_ng(), 0);
            self.unzeroed = false;
        }
        may
    }

    /// Takes the load as tare, at rest and not below zero; whether it did.
    pub fn tare(&mut self, now_ms: u64) -> bool {
        let gross = rounded(self.gross_ng(), self.division_ng(0));
        let may = self.is_resting(now_ms) && gross >= 0;
        if may {
            self.tare_counts(gross);
        }
        may
    }

    /// Takes so many display counts as tare.
    pub fn tare_counts(&mut self, counts: i64) {
        self.tare_ng = counts.saturating_mul(self.division_ng(0));
    }

    /// Forgets the tare.
    pub fn clear_tare(&mut self) {
        self.tare_ng = 0;
    }

    /// What the display shows.
    pub fn reading(&self, now_ms: u64) -> MassReading {
        let moving = !self.is_resting(now_ms);
        let mut flags = MassFlags {
            zero: !self.is_net() && self.is_at_zero(),
            net: self.is_net(),
            over: self.is_over(),
            under: self.gross_ng() < -(self.capacity_ng / 50),
            fault: self.faulty || self.unzeroed,
            ..MassFlags::default()
        };
        if flags.forbids_value() {
            return MassReading::absent(self.unit, flags);
        }
        (flags.stable, flags.motion) = (!moving, moving);
        let number = Decimal {
            mantissa: self.counts(0),
            exponent: -i8::try_from(self.decimals).unwrap_or(0),
        };
        MassReading::present(number, self.unit, flags).unwrap_or_default()
    }
}

/// Whole counts, halves away from zero.
fn rounded(ng: i64, division_ng: i64) -> i64 {
    (ng.abs() + division_ng / 2) / division_ng * ng.signum()
}
