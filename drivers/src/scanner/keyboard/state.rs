//! Which keys are down: from HID reports, which say all of it each time, and from input events,
//! which say what changed.

use super::keys;
use super::typist::{Manner, Typed, Typist};
use crate::hid::{self, Field, ReportKind, Reports};

/// HID's page of keys.
const KEY_PAGE: u32 = 0x07;
/// Keys that can be down at once in one report; more is no keyboard.
const KEYS_MAX: u32 = 256;
/// The usage of an undefined error.
const ERROR: u8 = 3;
/// A report descriptor for devices that gave none: the boot report.
const BOOT: &[u8] = &[
    0x05, 0x01, 0x09, 0x06, 0xA1, 0x01, 0x05, 0x07, 0x19, 0xE0, 0x29, 0xE7, 0x15, 0x00, 0x25, 0x01,
    0x75, 0x01, 0x95, 0x08, 0x81, 0x02, 0x95, 0x01, 0x75, 0x08, 0x81, 0x01, 0x95, 0x06, 0x75, 0x08,
    0x15, 0x00, 0x26, 0xFF, 0x00, 0x05, 0x07, 0x19, 0x00, 0x29, 0xFF, 0x81, 0x00, 0xC0,
];

/// The keyboards of one HID device, by report id.
#[derive(Debug)]
pub(super) struct Boards {
    numbered: bool,
    boards: Vec<Board>,
    /// Ids of reports that hold no keys, such as media keys.
    others: Vec<u8>,
}

#[derive(Debug)]
struct Board {
    id: u8,
    bytes: usize,
    fields: Vec<Field>,
    modifiers: u8,
    /// How often each key stood in the latest report.
    down: Box<[u8; 256]>,
}

impl Boards {
    /// Keyboards by a report descriptor, the boot keyboard if it is empty; `None` if there is no
    /// keyboard in it.
    pub fn new(descriptor: &[u8]) -> Option<Self> {
        let descriptor = if descriptor.is_empty() {
            BOOT
        } else {
            descriptor
        };
        let reports: Reports = hid::parse(descriptor).ok()?;
        let mut boards: Vec<Board> = Vec::new();
        let mut others = Vec::new();
        for field in &reports.fields {
            let id = field.report_id;
            if field.kind != ReportKind::Input || boards.iter().any(|b| b.id == id) {
                continue;
            }
            let fields: Vec<Field> = reports
                .input(id)
                .filter(|f| holds_keys(f))
                .cloned()
                .collect();
            if fields.is_empty() {
                others.push(id);
                continue;
            }
            boards.push(Board {
                id,
                bytes: reports.report_bytes(ReportKind::Input, id),
                fields,
                modifiers: 0,
                down: Box::new([0; 256]),
            });
        }
        let numbered = reports.numbered;
        (!boards.is_empty()).then_some(Boards {
            numbered,
            boards,
            others,
        })
    }

    /// Takes a report; false if it is none of these keyboards' or cannot be trusted.
    pub fn report(
        &mut self,
        report: &[u8],
        typist: &mut Typist,
        manner: &Manner,
        out: &mut Vec<Typed>,
    ) -> bool {
        let id = if self.numbered {
            report.first().copied().unwrap_or(0)
        } else {
            0
        };
        let Some(board) = self.boards.iter_mut().find(|b| b.id == id) else {
            return self.others.contains(&id);
        };
        if report.len() < board.bytes {
            return false;
        }
        let mut modifiers = 0_u8;
        let mut pressed = Vec::new();
        let mut count = [0_u8; 256];
        for usage in board.fields.iter().flat_map(|f| down(f, report)) {
            match usage {
                0 => {}
                // Roll-over and other errors: which keys are down is not known.
                1..=ERROR => return false,
                0xE0..=0xE7 => modifiers |= 1 << (usage - keys::LEFT_CTRL),
                _ => {
                    let place = usize::from(usage);
                    let seen = count[place].saturating_add(1);
                    count[place] = seen;
                    if seen > board.down[place] {
                        pressed.push(usage);
                    }
                }
            }
        }
        *board.down = count;
        board.modifiers = modifiers;
        let all = self.boards.iter().fold(0, |all, b| all | b.modifiers);
        typist.hold(all, manner, out);
        for usage in pressed {
            typist.press(usage, manner, out);
        }
        true
    }
}

fn holds_keys(field: &Field) -> bool {
    let keys = field.usages.iter().any(|r| r.first >> 16 == KEY_PAGE);
    keys && !field.is_constant() && field.count <= KEYS_MAX
}

/// The usages that a field says are down, in its order.
fn down<'a>(field: &'a Field, report: &'a [u8]) -> impl Iterator<Item = u8> + 'a {
    let usage = move |index| {
        let usage = if field.is_array() {
            match field.selected(report, index) {
                Some(usage) => usage,
                None if field.get(report, index)? == 0 => return None,
                // A key that the descriptor does not have: lost, so the code cannot be trusted.
                None => return Some(ERROR),
            }
        } else {
            field.get(report, index).filter(|bit| *bit != 0)?;
            field.usage(index)?
        };
        let key = usage >> 16 == KEY_PAGE;
        u8::try_from(usage & 0xFFFF).ok().filter(|_| key)
    };
    (0..field.count).filter_map(usage)
}

/// Keys by input events.
#[derive(Debug, Default)]
pub(super) struct Events {
    /// Keypad digits that are down, one bit each.
    digits: u16,
    /// Events were dropped; nothing counts until the report is over.
    dropped: bool,
}

impl Events {
    /// Takes an event; false if the code under way cannot be trusted.
    pub fn event(
        &mut self,
        event: &[u8],
        typist: &mut Typist,
        manner: &Manner,
        out: &mut Vec<Typed>,
    ) -> bool {
        let Ok([t0, t1, c0, c1, v0, v1, v2, v3]) = <[u8; 8]>::try_from(event) else {
            return false;
        };
        let (kind, code) = (u16::from_le_bytes([t0, t1]), u16::from_le_bytes([c0, c1]));
        let value = i32::from_le_bytes([v0, v1, v2, v3]);
        match (kind, code) {
            (0, 3) => {
                self.dropped = true;
                self.let_go();
                typist.release();
                return false;
            }
            (0, 0) => self.dropped = false,
            (1, _) if !self.dropped => self.key(code, value, typist, manner, out),
            // The light of caps lock.
            (0x11, 1) if manner.follow_caps => typist.light(value != 0),
            _ => {}
        }
        true
    }

    /// Which keys are down is not known any more.
    pub fn let_go(&mut self) {
        self.digits = 0;
    }

    fn key(
        &mut self,
        code: u16,
        value: i32,
        typist: &mut Typist,
        manner: &Manner,
        out: &mut Vec<Typed>,
    ) {
        let Some(usage) = keys::usage_of(code) else {
            if value == 1 {
                out.push(Typed::Unknown);
            }
            return;
        };
        if usage >= keys::LEFT_CTRL {
            let bit = 1_u8 << (usage & 7);
            let held = typist.modifiers();
            let held = if value == 0 { held & !bit } else { held | bit };
            return typist.hold(held, manner, out);
        }
        let digit = match usage {
            0x59..=0x62 => 1_u16 << (usage - 0x59),
            _ => 0,
        };
        match value {
            0 => self.digits &= !digit,
            1 => {
                if digit != 0 && self.digits != 0 {
                    typist.chord();
                }
                self.digits |= digit;
                typist.press(usage, manner, out);
            }
            // The kernel repeats a key that is held; a scanner never means it.
            _ => {}
        }
    }
}
