//! Answers of ZPL printers: `~HS`, `~HI`, `~HQES`, SGD values.

use super::super::{Details, FaultsReply, PrinterFaults, PrinterIdentity, PrinterStatus, Reply};

const STX: u8 = 0x02;
const ETX: u8 = 0x03;
/// Bytes of an unfinished answer worth waiting for.
const ANSWER_BYTES_MAX: usize = 4096;
/// Fields in the three lines of `~HS`.
const LINE_FIELDS: [usize; 3] = [12, 11, 2];

/// `~HQES` error bits, lowest first.
const ERRORS: &[&str] = &[
    "paper_out",
    "ribbon_out",
    "head_open",
    "cutter_fault",
    "over_temperature",
    "motor_over_temperature",
    "bad_head_element",
    "head_detection_error",
    "firmware_configuration",
    "thermistor_open",
    "",
    "",
    "paper_jam",
    "presenter_not_running",
    "paper_feed_error",
    "clear_path_failed",
    "paused",
    "retract_timed_out",
    "black_mark_calibration",
    "black_mark_not_found",
];

/// `~HQES` warning bits, lowest first.
const WARNINGS: &[&str] = &[
    "calibrate_media",
    "clean_head",
    "replace_head",
    "paper_low",
    "paper_before_head",
    "black_mark",
    "paper_after_head",
    "loop_ready",
    "presenter",
    "retract_ready",
    "in_retract",
    "at_bin",
];

/// One STX..ETX line from `from` on: text, and where the rest begins. A line that was cut off by
/// another STX is passed over.
fn line(bytes: &[u8], from: usize) -> Option<(&str, usize)> {
    let rest = bytes.get(from..)?;
    let first = rest.iter().position(|b| *b == STX)?;
    let end = first + rest.get(first..)?.iter().position(|b| *b == ETX)?;
    let start = rest.get(..end)?.iter().rposition(|b| *b == STX)?;
    let text = rest.get(start + 1..end)?;
    Some((
        std::str::from_utf8(text).unwrap_or_default(),
        from + end + 1,
    ))
}

fn missing(bytes: &[u8]) -> Reply {
    if bytes.len() > ANSWER_BYTES_MAX {
        Reply::Unknown(bytes.len())
    } else {
        Reply::Incomplete
    }
}

/// `~HS`: three STX..ETX lines of comma-separated fields; other lines in between are passed over.
///
/// Line 1: 1 paper out, 2 pause, 4 formats in buffer, 5 buffer full, 6 diagnostic mode, 7 partial format, 9 corrupt
/// memory, 10 under and 11 over temperature. Line 2: 2 head up, 3 ribbon out, 7 label waiting,
/// 8 labels remaining. Line 3: password, static memory.
pub fn host_status(bytes: &[u8]) -> Reply {
    let mut lines: Vec<Vec<&str>> = Vec::new();
    let mut at = 0;
    while lines.len() < LINE_FIELDS.len() {
        let Some((text, next)) = line(bytes, at) else {
            return missing(bytes);
        };
        at = next;
        let fields: Vec<&str> = text.split(',').map(str::trim).collect();
        if !fields.iter().all(|f| is_number(f)) {
            continue;
        }
        if LINE_FIELDS.first() == Some(&fields.len()) {
            // A new answer begins: the one before was cut off, and the two must not mix.
            lines.clear();
        }
        if LINE_FIELDS.get(lines.len()) == Some(&fields.len()) {
            lines.push(fields);
        }
    }
    while bytes.get(at).is_some_and(|b| matches!(b, b'\r' | b'\n')) {
        at += 1;
    }
    let field = |l: usize, f: usize| lines.get(l).and_then(|l| l.get(f)).copied().unwrap_or("0");
    let set = |l, f| field(l, f) != "0";
    let count = |l, f| field(l, f).parse::<u32>().unwrap_or(0);
    let status = PrinterStatus {
        paper_out: set(0, 1),
        paused: set(0, 2),
        formats_in_buffer: count(0, 4),
        buffer_full: set(0, 5),
        partial_format: set(0, 7),
        corrupt_memory: set(0, 9),
        under_temperature: set(0, 10),
        over_temperature: set(0, 11),
        head_open: set(1, 2),
        ribbon_out: set(1, 3),
        label_waiting: set(1, 7),
        labels_remaining: count(1, 8),
        details: if set(0, 6) {
            Details::DIAGNOSTIC
        } else {
            Details::NONE
        },
    };
    Reply::Status(status, at)
}

fn is_number(field: &str) -> bool {
    !field.is_empty() && field.len() <= 8 && field.bytes().all(|b| b.is_ascii_digit())
}

/// An alert at the front, with STX and ETX around it or on a line of its own; its length.
pub fn alert(bytes: &[u8]) -> Option<usize> {
    const ALERT: &[u8] = b"ALERT:";
    let start = usize::from(bytes.first() == Some(&STX));
    let text = bytes.get(start..)?;
    if !text.starts_with(ALERT) {
        return None;
    }
    let edge = |b: &u8| matches!(*b, STX | ETX | b'\r' | b'\n');
    let end = text.iter().position(edge)?;
    let last = usize::from(text.get(end) == Some(&ETX));
    Some(start + end + last)
}

/// `~HI`: `STX model,firmware,dpmm,memory[,options] ETX CR LF`.
pub fn identity(bytes: &[u8]) -> Reply {
    let mut at = 0;
    while let Some((text, next)) = line(bytes, at) {
        at = next;
        let fields: Vec<&str> = text.split(',').map(str::trim).collect();
        if let [model, firmware, dpmm, _memory, ..] = fields.as_slice()
            && !is_number(model)
        {
            let identity = PrinterIdentity {
                model: (*model).to_owned(),
                firmware: (*firmware).to_owned(),
                dots_per_mm: dpmm.parse().ok(),
            };
            return Reply::Identity(identity, at);
        }
    }
    missing(bytes)
}

/// An SGD value that is a label count: `"123"`, also `"123 LABELS"`; `"?"` is no counter.
pub fn counter(bytes: &[u8]) -> Reply {
    let Some(start) = bytes.iter().position(|b| *b == b'"') else {
        return missing(bytes);
    };
    let rest = bytes.get(start + 1..).unwrap_or_default();
    let Some(length) = rest.iter().position(|b| *b == b'"') else {
        return missing(bytes);
    };
    let end = start + length + 2;
    let text = std::str::from_utf8(rest.get(..length).unwrap_or_default()).unwrap_or_default();
    let digits = text.split_whitespace().next().unwrap_or_default();
    match digits.parse() {
        Ok(count) => Reply::Counter(count, end),
        Err(_) if text == "?" => Reply::Unknown(end),
        // A stray quote may have come before: the last one may open the answer.
        Err(_) => Reply::Unknown(end - 1),
    }
}

/// `~HQES`: a block between STX and ETX with a line for errors and one for warnings, each
/// `f gggggggg gggggggg`: any set, group 2, group 1 (both in hex; group 1 has the meanings).
pub fn faults(bytes: &[u8]) -> FaultsReply {
    let mut at = 0;
    while let Some((text, next)) = line(bytes, at) {
        at = next;
        let group = |name: &str| {
            let row = text.lines().find_map(|l| l.trim().strip_prefix(name))?;
            let mut words = row.split_whitespace();
            let (any, _, bits) = (words.next()?, words.next()?, words.next()?);
            let bits = u32::from_str_radix(bits, 16).ok()?;
            // "Any" without a known bit is still something: show it as an unknown one.
            Some(if any != "0" && bits == 0 {
                1 << 31
            } else {
                bits
            })
        };
        if let (Some(errors), Some(warnings)) = (group("ERRORS:"), group("WARNINGS:")) {
            return FaultsReply::Faults(
                PrinterFaults::new(errors, warnings, (ERRORS, WARNINGS)),
                at,
            );
        }
    }
    match missing(bytes) {
        Reply::Unknown(used) => FaultsReply::Unknown(used),
        _ => FaultsReply::Incomplete,
    }
}
