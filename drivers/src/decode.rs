//! Bytes of a device to lines of meaning: what `firstscan device decode` prints and what profile
//! examples state.

use crate::codec::{Attachment, Event, RECEIVE_BYTES_MAX, ScanReading};
use crate::dimensioner::http_json;
use crate::length::SizeReading;
use crate::mass::MassReading;
use crate::printer::{Heard, Notice, PrinterStatus, ReplyStream};
use crate::profile::{Kind, Profile};
use crate::registry;
use serde::Serialize;
use std::time::Duration;

/// Time between two chunks: below every gap a codec watches for.
const CHUNK_GAP: Duration = Duration::from_millis(1);

/// One decoded event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Line {
    Mass {
        decimal: Option<String>,
        unit: Option<&'static str>,
        exponent: Option<i8>,
        flags: Vec<&'static str>,
    },
    Size {
        length_um: Option<i64>,
        width_um: Option<i64>,
        height_um: Option<i64>,
        flags: Vec<&'static str>,
    },
    Scan {
        text: Option<String>,
        hex: String,
        aim: Option<String>,
        symbology: Option<String>,
    },
    Status {
        flags: Vec<&'static str>,
    },
    Identity {
        model: String,
        firmware: String,
    },
    Counter {
        labels: u64,
    },
    Garbage {
        start: u64,
        end: u64,
    },
}

/// Decodes received bytes with a profile, `chunk` bytes at a time (all at once if `None`).
/// `query` names the question a printer's bytes answer; its first one if absent, and nothing is
/// decoded for a name the language does not have. Time does not pass between the chunks.
pub fn decode(
    profile: &Profile,
    chunk: Option<usize>,
    query: Option<&str>,
    bytes: &[u8],
) -> Vec<Line> {
    if profile.kind == Kind::Printer {
        return replies(profile, chunk, query, bytes);
    }
    let Some(mut codec) = registry::codec(profile) else {
        return Vec::new();
    };
    let mut now = Duration::ZERO;
    let mut lines = Vec::new();
    let mut chunk = chunk.unwrap_or(RECEIVE_BYTES_MAX);
    if let Some(hid) = &profile.hid {
        let descriptor = hid.descriptor_bytes().unwrap_or_default();
        codec.attach(Attachment::Hid {
            descriptor: &descriptor,
        });
        // A HID device hands over whole reports, however the recording is read.
        chunk = hid.report_bytes;
    }
    let parts = if profile.http.is_some() {
        // A request's answer comes whole, however the recording is read.
        http_json::responses(bytes)
    } else {
        bytes.chunks(chunk.clamp(1, RECEIVE_BYTES_MAX)).collect()
    };
    for part in parts {
        now = now.saturating_add(CHUNK_GAP);
        codec.receive(now, part);
        while let Some(emitted) = codec.poll_event() {
            lines.push(line(&emitted.event));
        }
    }
    // Whatever is unfinished at the end is garbage after the gap; two rounds, because the first
    // timeout may only end a frame.
    for _ in 0..2 {
        now = now.saturating_add(Duration::from_secs(60));
        codec.handle_timeout(now);
        while let Some(emitted) = codec.poll_event() {
            lines.push(line(&emitted.event));
        }
    }
    lines
}

fn replies(
    profile: &Profile,
    chunk: Option<usize>,
    query: Option<&str>,
    bytes: &[u8],
) -> Vec<Line> {
    let stream = registry::language(profile).and_then(|l| ReplyStream::new(l, query));
    let Some(mut stream) = stream else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    let chunk = chunk.unwrap_or(RECEIVE_BYTES_MAX);
    for part in bytes.chunks(chunk.clamp(1, RECEIVE_BYTES_MAX)) {
        stream.receive(part);
        lines.extend(std::iter::from_fn(|| stream.poll()).map(heard_line));
    }
    stream.finish();
    lines.extend(std::iter::from_fn(|| stream.poll()).map(heard_line));
    lines
}

/// What was said without being asked reads as flags, like a status.
fn heard_line(heard: Heard) -> Line {
    let notice = |flag| Line::Status { flags: vec![flag] };
    match heard {
        Heard::Status(status) | Heard::Notice(Notice::Status(status)) => status_line(&status),
        Heard::Identity(identity) => {
            let (model, firmware) = (identity.model, identity.firmware);
            Line::Identity { model, firmware }
        }
        Heard::Counter(labels) => Line::Counter { labels },
        Heard::Faults(faults) => Line::Status {
            flags: faults.flags(),
        },
        Heard::Notice(Notice::Printing) => notice("busy"),
        Heard::Notice(Notice::Printed { .. }) => notice("printed"),
        Heard::Notice(Notice::Other) => notice("notice"),
        Heard::Garbage { start, end } => Line::Garbage { start, end },
    }
}

/// The line of an event.
pub fn line(event: &Event) -> Line {
    match event {
        Event::Mass(reading) => mass_line(reading),
        Event::Size(reading) => size_line(reading),
        Event::Scan(reading) => scan_line(reading),
        Event::Status(status) => status_line(status),
        Event::Garbage { start, end } => Line::Garbage {
            start: *start,
            end: *end,
        },
    }
}

fn mass_line(reading: &MassReading) -> Line {
    let f = reading.flags;
    let all = [
        (f.stable, "stable"),
        (f.zero, "zero"),
        (f.net, "net"),
        (f.over, "over"),
        (f.under, "under"),
        (f.fault, "fault"),
    ];
    Line::Mass {
        decimal: reading.decimal.map(|d| d.to_string()),
        unit: reading.unit.map(crate::mass::Unit::symbol),
        exponent: reading.decimal.map(|d| d.exponent),
        flags: all
            .into_iter()
            .filter_map(|(set, name)| set.then_some(name))
            .collect(),
    }
}

fn size_line(reading: &SizeReading) -> Line {
    let f = reading.flags;
    let all = [
        (f.over, "over"),
        (f.under, "under"),
        (f.low_precision, "low_precision"),
        (f.fault, "fault"),
    ];
    Line::Size {
        length_um: reading.length.map(crate::length::Length::um),
        width_um: reading.width.map(crate::length::Length::um),
        height_um: reading.height.map(crate::length::Length::um),
        flags: all
            .into_iter()
            .filter_map(|(set, name)| set.then_some(name))
            .collect(),
    }
}

fn scan_line(reading: &ScanReading) -> Line {
    Line::Scan {
        text: reading.text().map(str::to_owned),
        hex: reading.bytes.iter().map(|b| format!("{b:02x}")).collect(),
        aim: reading.aim.clone(),
        symbology: reading.symbology.clone(),
    }
}

fn status_line(status: &PrinterStatus) -> Line {
    Line::Status {
        flags: status.flags(),
    }
}
