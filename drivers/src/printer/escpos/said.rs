//! What ESC/POS printers say, told apart by its bits.

use super::super::{Details, PrinterIdentity, PrinterStatus, Reply};

/// The four answers to `10 04`, in order.
const REAL_TIME: [&[(u8, PrinterStatus)]; 4] = [
    &[
        (0x04, PrinterStatus::detail(Details::DRAWER)),
        (0x08, PrinterStatus::detail(Details::OFFLINE)),
        (0x20, PrinterStatus::detail(Details::WAITING_FOR_RECOVERY)),
        (0x40, PrinterStatus::detail(Details::FEED_BUTTON)),
    ],
    &[
        (0x04, PrinterStatus::HEAD_OPEN),
        (0x08, PrinterStatus::detail(Details::FEED_BUTTON)),
        (0x20, PrinterStatus::PAPER_OUT),
        (0x40, PrinterStatus::detail(Details::PRINTER_FAULT)),
    ],
    &[
        (0x04, PrinterStatus::detail(Details::RECOVERABLE)),
        (0x08, PrinterStatus::detail(Details::CUTTER_FAULT)),
        (0x20, PrinterStatus::detail(Details::UNRECOVERABLE)),
        (0x40, PrinterStatus::detail(Details::RECOVERABLE)),
    ],
    &[
        (0x0C, PrinterStatus::detail(Details::PAPER_LOW)),
        (0x60, PrinterStatus::PAPER_OUT),
    ],
];
/// The four bytes of the automatic status.
const AUTOMATIC: [&[(u8, PrinterStatus)]; 4] = [
    &[
        (0x04, PrinterStatus::detail(Details::DRAWER)),
        (0x08, PrinterStatus::detail(Details::OFFLINE)),
        (0x20, PrinterStatus::HEAD_OPEN),
        (0x40, PrinterStatus::detail(Details::FEED_BUTTON)),
    ],
    &[
        (0x01, PrinterStatus::detail(Details::WAITING_FOR_RECOVERY)),
        (0x02, PrinterStatus::detail(Details::FEED_BUTTON)),
        (0x04, PrinterStatus::detail(Details::MECHANICAL_FAULT)),
        (0x08, PrinterStatus::detail(Details::CUTTER_FAULT)),
        (0x20, PrinterStatus::detail(Details::UNRECOVERABLE)),
        (0x40, PrinterStatus::detail(Details::RECOVERABLE)),
    ],
    &[
        (0x03, PrinterStatus::detail(Details::PAPER_LOW)),
        (0x0C, PrinterStatus::PAPER_OUT),
    ],
    &[],
];
/// Longest text of a block.
const TEXT_BYTES_MAX: usize = 80;
/// Answers that are mixed with more than this are none.
pub(super) const ANSWER_BYTES_MAX: usize = 512;

/// One thing a printer said.
pub(super) enum Said<'a> {
    /// An answer to `10 04`.
    RealTime(u8),
    Automatic(PrinterStatus),
    /// With the first byte and the 00 at its end.
    Text(&'a [u8]),
    Flow,
    /// An answer to a queued question.
    Queued,
    Strange,
}

/// What stands at the front, with its length; `None` if more bytes are needed.
pub(super) fn said(bytes: &[u8]) -> Option<(Said<'_>, usize)> {
    let first = *bytes.first()?;
    Some(match first {
        0x11 | 0x13 => (Said::Flow, 1),
        0x37 | 0x53 | 0x5F => return text(bytes),
        _ if first & 0x93 == 0x12 => (Said::RealTime(first), 1),
        _ if first & 0x93 == 0x10 => {
            if bytes.iter().skip(1).take(3).any(|b| b & 0x90 != 0) {
                return Some((Said::Strange, 1));
            }
            let status = of_tables(&AUTOMATIC, bytes.get(..4)?);
            (Said::Automatic(status), 4)
        }
        _ if first & 0x90 == 0 => (Said::Queued, 1),
        _ => (Said::Strange, 1),
    })
}

/// Printable bytes up to 00.
fn text(bytes: &[u8]) -> Option<(Said<'_>, usize)> {
    let mut text = bytes.iter().skip(1).take(TEXT_BYTES_MAX);
    match text.position(|b| !(b' '..=b'~').contains(b)) {
        Some(length) if bytes.get(length + 1) == Some(&0) => {
            let used = length + 2;
            Some((Said::Text(bytes.get(..used)?), used))
        }
        None if bytes.len() <= TEXT_BYTES_MAX => None,
        _ => Some((Said::Strange, 1)),
    }
}

fn of_tables(tables: &[&[(u8, PrinterStatus)]; 4], bytes: &[u8]) -> PrinterStatus {
    let pairs = bytes.iter().zip(tables);
    pairs.fold(PrinterStatus::IDLE, |all, (byte, table)| {
        all.and(PrinterStatus::of_bits(*byte, table))
    })
}

/// The first `N` answers to `10 04`, with what they and all that is mixed in take up.
///
/// # Errors
/// How many bytes at the front are no such answer; none if more are needed.
pub(super) fn real_time<const N: usize>(bytes: &[u8]) -> Result<([u8; N], usize), usize> {
    let (mut answers, mut known, mut at) = ([0; N], 0, 0_usize);
    while known < N {
        let Some((said, used)) = said(bytes.get(at..).unwrap_or_default()) else {
            // What stands before the first answer belongs to nothing.
            return Err(if known == 0 { at } else { 0 });
        };
        match said {
            Said::RealTime(_) if known == 0 && at > 0 => return Err(at),
            Said::RealTime(answer) => {
                if let Some(place) = answers.get_mut(known) {
                    *place = answer;
                }
                known += 1;
            }
            Said::Queued | Said::Strange => {}
            _ if known == 0 => return Err(if at == 0 { used } else { at }),
            _ => {}
        }
        at += used;
        if at > ANSWER_BYTES_MAX {
            return Err(if known == 0 { at } else { 1 });
        }
    }
    Ok((answers, at))
}

/// Four answers to `10 04` in the order of their questions.
pub(super) fn status(bytes: &[u8]) -> Reply {
    match real_time::<4>(bytes) {
        Ok((answers, used)) => Reply::Status(of_tables(&REAL_TIME, &answers), used),
        Err(0) => Reply::Incomplete,
        Err(strange) => Reply::Unknown(strange),
    }
}

/// Two texts: the model, then the firmware.
pub(super) fn identity(bytes: &[u8]) -> Reply {
    let mut texts = Vec::with_capacity(2);
    let mut at = 0_usize;
    while texts.len() < 2 {
        match said(bytes.get(at..).unwrap_or_default()) {
            None => return Reply::Incomplete,
            Some((Said::Text([0x5F, text @ .., 0]), used)) => {
                texts.push(String::from_utf8_lossy(text).trim().to_owned());
                at += used;
            }
            Some((_, used)) if texts.is_empty() => return Reply::Unknown(used),
            Some((_, used)) => at += used,
        }
        if at > ANSWER_BYTES_MAX {
            return Reply::Unknown(1);
        }
    }
    let firmware = texts.pop().unwrap_or_default();
    let identity = PrinterIdentity {
        model: texts.pop().unwrap_or_default(),
        firmware,
        dots_per_mm: None,
    };
    Reply::Identity(identity, at)
}

/// Six bits as a printable byte.
pub(super) fn digit(bits: u32) -> u8 {
    b' ' + u8::try_from(bits & 0x3F).unwrap_or(0)
}

/// The token of four such bytes.
pub(super) fn token_of(digits: &[u8]) -> Option<u32> {
    let four: &[u8; 4] = digits.try_into().ok()?;
    four.iter().try_fold(0, |token, digit| {
        let bits = digit.checked_sub(b' ').filter(|bits| *bits < 64)?;
        Some(token << 6 | u32::from(bits))
    })
}
