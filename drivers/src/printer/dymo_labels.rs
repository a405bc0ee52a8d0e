//! DYMO LabelWriter 550, 5XL and Wireless: jobs, labels and a status of 32 bytes.
//!
//! | bytes | meaning |
//! |---|---|
//! | `1B 41 01` | asks for the printer, which holds it for us, and answers its status |
//! | `1B 73` id (4) | begins a job; numbers have the low byte first |
//! | `1B 43` n, `1B 68` | darkness in percent; equal resolution both ways |
//! | `1B 6E` n (2) | label n of the job |
//! | `1B 44 01 02` width (4) height (4) data | the picture, rows of whole bytes, 1 is black |
//! | `1B 47` / `1B 45` | short feed between labels / form feed after the last |
//! | `1B 51` | ends the job |
//! | `1B 41 00` | asks: 32 bytes, see below |
//!
//! Bytes of the status: 0 state (0 idle, 1 printing, 2 error, 3 cancelled, 4 busy, 5 held by
//! another), 1 to 4 job, 5 and 6 label, 8 head, 10 bay, 23 to 26 error, 27 and 28 labels left on
//! the roll, 29 power, 30 voltage, 31 FF.
//!
//! Proof: `drained` is printing or busy and then idle without a fault, three times in a row: the
//! first answer after a job can still look healthy although its last label was not printed. The
//! label's number is shown by the printer but begins again with each job, so `counted` is never
//! claimed. Answer 5 means that data is dropped: the printer is not idle then, and waits.
//!
//! Recovery: as for the older ones, escapes fill up what was cut; the job begins anew with its own
//! `1B 73`. Only genuine rolls print (bay 10), which no command changes.
//!
//! Sources: the public 550 reference as read by a public driver (MIT), and a public description of
//! the Wireless (MIT). Doubts: the 550's paper puts the width first, the Wireless' author the
//! height: each variant follows its own source. The upper bytes of the Wireless differ and are
//! partly understood: 7 top of form, 10 bay (8 normal, 2 empty), 15 no paper; the rest is not read.
//! A picture that is cut needs as much filling as is missing, which may be all of it: the filler is
//! limited, and beyond it a power cycle or the end of the connection must help.

use super::raster::{self, Limits};
use super::{
    Details, Drained, EncodeError, JobOptions, Language, PrinterStatus, Proof, Query, QueryKind,
    Reply,
};
use crate::bitmap::{BitmapView, Resolution};

const LIMITS: Limits = Limits {
    width_dots: 1248,
    height_dots: 32_000,
    copies: 9,
};
const STATUS_BYTES: usize = 32;
const LAST: u8 = 0xFF;
/// The job's number. One label is one job, and only one is under way.
const JOB: u32 = 1;
const DARKNESS: u8 = 100;
/// Rows of the widest head, as many as are worth waiting for.
const FILLER: usize = 4096;

static RESYNC: [u8; FILLER] = raster::filler(0x1B, b"\x1BQ\x1B@");

static QUERIES: [Query; 1] = [Query {
    name: "status",
    kind: QueryKind::Status,
    bytes: b"\x1BA\0",
}];

/// Byte 0. A number that is not listed is no status.
const STATES: &[(u8, PrinterStatus)] = &[
    (0, PrinterStatus::IDLE),
    (1, PrinterStatus::BUSY),
    (2, PrinterStatus::detail(Details::PRINTER_FAULT)),
    (3, PrinterStatus::detail(Details::CANCELLED)),
    (4, PrinterStatus::BUSY),
    (5, PrinterStatus::detail(Details::LOCKED)),
];
/// Byte 8.
const HEADS: &[(u8, PrinterStatus)] = &[(1, PrinterStatus::HOT)];
/// Byte 10; 0 and 4 are "not known".
const BAYS: &[(u8, PrinterStatus)] = &[
    (1, PrinterStatus::HEAD_OPEN),
    (2, PrinterStatus::PAPER_OUT),
    (3, PrinterStatus::detail(Details::MEDIA_FAULT)),
    (5, PrinterStatus::PAPER_OUT),
    (6, PrinterStatus::detail(Details::PAPER_LOW)),
    (7, PrinterStatus::detail(Details::PAPER_LOW)),
    (9, PrinterStatus::detail(Details::JAM)),
    (10, PrinterStatus::detail(Details::WRONG_MEDIA)),
];
/// Low half of byte 30; 2 is low, which still prints.
const VOLTAGES: &[(u8, PrinterStatus)] = &[
    (3, PrinterStatus::detail(Details::POWER_FAULT)),
    (4, PrinterStatus::detail(Details::POWER_FAULT)),
];

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DymoLabels {
    /// 550, 550 Turbo, 5XL.
    Series550,
    Wireless,
}

impl Language for DymoLabels {
    fn id(&self) -> &'static str {
        match self {
            DymoLabels::Series550 => "dymo-550",
            DymoLabels::Wireless => "dymo-wireless",
        }
    }

    fn encode(
        &self,
        picture: &BitmapView<'_>,
        _resolution: Resolution,
        options: &JobOptions,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        LIMITS.check(picture, options)?;
        let copies = usize::try_from(options.copies).unwrap_or(1);
        out.reserve((picture.bits().len() + 32) * copies + 64);
        out.extend_from_slice(b"\x1BA\x01\x1Bs");
        out.extend_from_slice(&JOB.to_le_bytes());
        out.extend_from_slice(&[0x1B, b'C', DARKNESS, 0x1B, b'h']);
        let sizes = [picture.width(), picture.height()].map(u32::to_le_bytes);
        for label in 1..=options.copies {
            out.extend_from_slice(b"\x1Bn");
            out.extend_from_slice(&u16::try_from(label).unwrap_or(1).to_le_bytes());
            out.extend_from_slice(b"\x1BD\x01\x02");
            match self {
                DymoLabels::Series550 => sizes.iter().for_each(|n| out.extend_from_slice(n)),
                DymoLabels::Wireless => sizes.iter().rev().for_each(|n| out.extend_from_slice(n)),
            }
            out.extend_from_slice(picture.bits());
            let last = label == options.copies;
            out.extend_from_slice(if last { b"\x1BE" } else { b"\x1BG" });
        }
        out.extend_from_slice(b"\x1BQ");
        Ok(())
    }

    fn resync(&self) -> &'static [u8] {
        &RESYNC
    }

    fn proof(&self) -> Proof {
        Proof {
            drained: Drained::BusyThenIdle { idle_answers: 3 },
            ..Proof::STATUS
        }
    }

    fn queries(&self) -> &'static [Query] {
        &QUERIES
    }

    /// The 550's frame ends with FF; the Wireless' has nothing to know it by but its length.
    fn parse_reply(&self, _query: &Query, bytes: &[u8]) -> Reply {
        let Some(first) = bytes.first() else {
            return Reply::Incomplete;
        };
        let byte = |n: usize| bytes.get(n).copied().unwrap_or(0);
        let state = STATES.iter().find(|(state, _)| state == first);
        let state = match self {
            DymoLabels::Series550 => state.map(|(_, meaning)| *meaning),
            DymoLabels::Wireless if *first <= 1 => state.map(|(_, meaning)| *meaning),
            DymoLabels::Wireless => None,
        };
        let Some(state) = state else {
            return Reply::Unknown(1);
        };
        if bytes.len() < STATUS_BYTES {
            return Reply::Incomplete;
        }
        match self {
            DymoLabels::Series550 if byte(STATUS_BYTES - 1) != LAST => Reply::Unknown(1),
            DymoLabels::Series550 => {
                let error = u32::from_le_bytes([byte(23), byte(24), byte(25), byte(26)]);
                let error = if error == 0 {
                    Details::NONE
                } else {
                    Details::PRINTER_FAULT
                };
                let status = state
                    .and(of(byte(8), HEADS))
                    .and(of(byte(10), BAYS))
                    .and(of(byte(30) & 0x0F, VOLTAGES))
                    .and(PrinterStatus::detail(error));
                Reply::Status(status, STATUS_BYTES)
            }
            DymoLabels::Wireless => {
                let empty = byte(10) == 2 || byte(15) != 0;
                let mut status = state;
                status.paper_out = empty;
                if byte(7) != 0 {
                    status.details = Details::TOP_OF_FORM;
                }
                Reply::Status(status, STATUS_BYTES)
            }
        }
    }
}

fn of(number: u8, table: &[(u8, PrinterStatus)]) -> PrinterStatus {
    let found = table.iter().find(|(known, _)| *known == number);
    found.map_or(PrinterStatus::IDLE, |(_, meaning)| *meaning)
}
