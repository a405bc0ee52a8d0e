//! What a printer says about itself, by name.

use serde::{Deserialize, Serialize};

/// Conditions beyond those every language has, as a set of named bits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details(u64);

/// Names of the bits, lowest first; the first [`FAULTS`] of them need a hand.
const NAMES: [&str; 40] = [
    "jam",
    "cutter_fault",
    "head_fault",
    "sensor_fault",
    "media_fault",
    "mechanical_fault",
    "printer_fault",
    "motor_over_temperature",
    "ribbon_jam",
    "cover_open",
    "wrong_media",
    "feed_fault",
    "power_fault",
    "fan_fault",
    "communication_fault",
    "card_fault",
    "memory_fault",
    "offline",
    "waiting_for_recovery",
    "unrecoverable",
    "recoverable",
    "cancelled",
    "locked",
    "switched_off",
    "diagnostic",
    "paper_low",
    "ribbon_low",
    "battery_low",
    "buffer_nearly_full",
    "label_refused",
    "cooling",
    "feed_button",
    "drawer",
    "was_reset",
    "top_of_form",
    "cutting",
    "feeding",
    "rewinder",
    "waiting_for_key",
    "ribbon_saver",
];
/// How many names, from the first, mean that nothing prints without a hand.
const FAULTS: u32 = 25;

impl Details {
    pub const NONE: Self = Details(0);
    pub const JAM: Self = Details(1);
    pub const CUTTER_FAULT: Self = Details(1 << 1);
    pub const HEAD_FAULT: Self = Details(1 << 2);
    pub const SENSOR_FAULT: Self = Details(1 << 3);
    pub const MEDIA_FAULT: Self = Details(1 << 4);
    pub const MECHANICAL_FAULT: Self = Details(1 << 5);
    pub const PRINTER_FAULT: Self = Details(1 << 6);
    pub const MOTOR_OVER_TEMPERATURE: Self = Details(1 << 7);
    pub const RIBBON_JAM: Self = Details(1 << 8);
    pub const COVER_OPEN: Self = Details(1 << 9);
    pub const WRONG_MEDIA: Self = Details(1 << 10);
    pub const FEED_FAULT: Self = Details(1 << 11);
    pub const POWER_FAULT: Self = Details(1 << 12);
    pub const FAN_FAULT: Self = Details(1 << 13);
    pub const COMMUNICATION_FAULT: Self = Details(1 << 14);
    pub const CARD_FAULT: Self = Details(1 << 15);
    pub const MEMORY_FAULT: Self = Details(1 << 16);
    pub const OFFLINE: Self = Details(1 << 17);
    pub const WAITING_FOR_RECOVERY: Self = Details(1 << 18);
    pub const UNRECOVERABLE: Self = Details(1 << 19);
    pub const RECOVERABLE: Self = Details(1 << 20);
    /// A hand stopped the job at the printer.
    pub const CANCELLED: Self = Details(1 << 21);
    /// Another host holds the printer.
    pub const LOCKED: Self = Details(1 << 22);
    pub const SWITCHED_OFF: Self = Details(1 << 23);
    /// Shows on paper what it receives instead of printing it.
    pub const DIAGNOSTIC: Self = Details(1 << 24);
    pub const PAPER_LOW: Self = Details(1 << 25);
    pub const RIBBON_LOW: Self = Details(1 << 26);
    pub const BATTERY_LOW: Self = Details(1 << 27);
    pub const BUFFER_NEARLY_FULL: Self = Details(1 << 28);
    /// It did not understand a label; nothing came out.
    pub const LABEL_REFUSED: Self = Details(1 << 29);
    pub const COOLING: Self = Details(1 << 30);
    pub const FEED_BUTTON: Self = Details(1 << 31);
    pub const DRAWER: Self = Details(1 << 32);
    pub const WAS_RESET: Self = Details(1 << 33);
    pub const TOP_OF_FORM: Self = Details(1 << 34);
    pub const CUTTING: Self = Details(1 << 35);
    pub const FEEDING: Self = Details(1 << 36);
    pub const REWINDER: Self = Details(1 << 37);
    pub const WAITING_FOR_KEY: Self = Details(1 << 38);
    pub const RIBBON_SAVER: Self = Details(1 << 39);

    /// Both together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Details(self.0 | other.0)
    }

    /// Whether all of `other` is set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Something in it needs a hand before anything prints.
    pub const fn fault(self) -> bool {
        self.0 & ((1 << FAULTS) - 1) != 0
    }

    /// The names of what is set.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let set =
            move |(bit, name): (usize, &'static str)| (self.0 >> bit & 1 == 1).then_some(name);
        NAMES.into_iter().enumerate().filter_map(set)
    }
}

/// What a printer says about itself. Silence is not a status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(clippy::struct_excessive_bools)]
pub struct PrinterStatus {
    pub paper_out: bool,
    pub paused: bool,
    pub head_open: bool,
    pub ribbon_out: bool,
    pub buffer_full: bool,
    pub over_temperature: bool,
    pub under_temperature: bool,
    pub corrupt_memory: bool,
    pub partial_format: bool,
    pub label_waiting: bool,
    pub formats_in_buffer: u32,
    pub labels_remaining: u32,
    /// What only some languages tell.
    #[serde(default)]
    pub details: Details,
}

impl PrinterStatus {
    /// Nothing to report.
    pub const IDLE: Self = PrinterStatus {
        paper_out: false,
        paused: false,
        head_open: false,
        ribbon_out: false,
        buffer_full: false,
        over_temperature: false,
        under_temperature: false,
        corrupt_memory: false,
        partial_format: false,
        label_waiting: false,
        formats_in_buffer: 0,
        labels_remaining: 0,
        details: Details::NONE,
    };
    pub const BUSY: Self = PrinterStatus {
        labels_remaining: 1,
        ..Self::IDLE
    };
    pub const PAPER_OUT: Self = PrinterStatus {
        paper_out: true,
        ..Self::IDLE
    };
    pub const HEAD_OPEN: Self = PrinterStatus {
        head_open: true,
        ..Self::IDLE
    };
    pub const RIBBON_OUT: Self = PrinterStatus {
        ribbon_out: true,
        ..Self::IDLE
    };
    pub const PAUSED: Self = PrinterStatus {
        paused: true,
        ..Self::IDLE
    };
    pub const BUFFER_FULL: Self = PrinterStatus {
        buffer_full: true,
        ..Self::IDLE
    };
    pub const HOT: Self = PrinterStatus {
        over_temperature: true,
        ..Self::IDLE
    };
    pub const COLD: Self = PrinterStatus {
        under_temperature: true,
        ..Self::IDLE
    };
    pub const LABEL_WAITING: Self = PrinterStatus {
        label_waiting: true,
        ..Self::IDLE
    };

    /// Only these details.
    pub const fn detail(details: Details) -> Self {
        PrinterStatus {
            details,
            ..Self::IDLE
        }
    }

    /// What either says; the larger one of each count.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        PrinterStatus {
            paper_out: self.paper_out | other.paper_out,
            paused: self.paused | other.paused,
            head_open: self.head_open | other.head_open,
            ribbon_out: self.ribbon_out | other.ribbon_out,
            buffer_full: self.buffer_full | other.buffer_full,
            over_temperature: self.over_temperature | other.over_temperature,
            under_temperature: self.under_temperature | other.under_temperature,
            corrupt_memory: self.corrupt_memory | other.corrupt_memory,
            partial_format: self.partial_format | other.partial_format,
            label_waiting: self.label_waiting | other.label_waiting,
            formats_in_buffer: self.formats_in_buffer.max(other.formats_in_buffer),
            labels_remaining: self.labels_remaining.max(other.labels_remaining),
            details: self.details.and(other.details),
        }
    }

    /// What the set bits of a byte mean, by a table of (mask, meaning).
    pub(crate) fn of_bits(byte: u8, table: &[(u8, PrinterStatus)]) -> Self {
        let set = table.iter().filter(|(mask, _)| byte & mask != 0);
        set.fold(Self::IDLE, |all, (_, meaning)| all.and(*meaning))
    }

    /// Something is being received or printed.
    pub fn busy(&self) -> bool {
        self.partial_format || self.formats_in_buffer > 0 || self.labels_remaining > 0
    }

    /// A hand is needed before anything prints.
    pub fn fault(&self) -> bool {
        self.paper_out
            || self.paused
            || self.head_open
            || self.ribbon_out
            || self.over_temperature
            || self.under_temperature
            || self.corrupt_memory
            || self.details.fault()
    }

    /// Everything that is set, by name; `busy` for work in progress.
    pub fn flags(&self) -> Vec<&'static str> {
        let all = [
            (self.paper_out, "paper_out"),
            (self.paused, "paused"),
            (self.head_open, "head_open"),
            (self.ribbon_out, "ribbon_out"),
            (self.buffer_full, "buffer_full"),
            (self.over_temperature, "over_temperature"),
            (self.under_temperature, "under_temperature"),
            (self.corrupt_memory, "corrupt_memory"),
            (self.label_waiting, "label_waiting"),
        ];
        let set = all
            .into_iter()
            .filter_map(|(set, name)| set.then_some(name));
        let busy = self.busy().then_some("busy");
        set.chain(self.details.names()).chain(busy).collect()
    }
}

/// Errors and warnings in detail. Deliberately no [`PrinterStatus`]: it tells nothing about work
/// in progress, and a missing word about that must not read as idle.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PrinterFaults {
    /// Bits as the language defines them; [`PrinterFaults::flags`] names them.
    pub errors: u32,
    pub warnings: u32,
    /// Names of the bits, lowest first; unnamed bits are empty.
    names: (&'static [&'static str], &'static [&'static str]),
}

impl PrinterFaults {
    pub(crate) const fn new(
        errors: u32,
        warnings: u32,
        names: (&'static [&'static str], &'static [&'static str]),
    ) -> Self {
        PrinterFaults {
            errors,
            warnings,
            names,
        }
    }

    /// Everything that is set, errors first; a bit without a name is `unknown_error` or
    /// `unknown_warning`.
    pub fn flags(&self) -> Vec<&'static str> {
        let mut flags = named(self.errors, self.names.0, "unknown_error");
        flags.extend(named(self.warnings, self.names.1, "unknown_warning"));
        flags
    }
}

fn named(bits: u32, names: &[&'static str], unknown: &'static str) -> Vec<&'static str> {
    let set = (0..u32::BITS).filter(|bit| bits >> bit & 1 == 1);
    let name = |bit: u32| {
        let name = usize::try_from(bit).ok().and_then(|bit| names.get(bit));
        name.copied().filter(|n| !n.is_empty()).unwrap_or(unknown)
    };
    let mut found: Vec<&'static str> = set.map(name).collect();
    found.dedup();
    found
}

/// Model and firmware.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrinterIdentity {
    pub model: String,
    pub firmware: String,
    /// Dots per millimetre, if told.
    pub dots_per_mm: Option<u32>,
}
