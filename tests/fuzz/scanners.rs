//! Scanner protocols and report descriptors: any bytes, cut and paced anyhow, give events whose
//! ranges rise within the stream, and never more than was sent.

use super::Target;
use firstscan_drivers::codec::{Attachment, Codec, Command, Event};
use firstscan_drivers::{hid, registry};
use std::time::Duration;

/// These targets by name.
pub const TARGETS: [(&str, Target); 7] = [
    ("hid-descriptor", descriptor),
    ("keyboard-reports", keyboard_reports),
    ("keyboard-events", keyboard_events),
    ("hid-pos", hid_pos),
    ("ssi", ssi),
    ("line", line),
    ("msgget", msgget),
];

/// A length, a descriptor of that length, a report: refused, or every field is within its report.
pub fn descriptor(data: &[u8]) {
    let Some((length, rest)) = data.split_first() else {
        return;
    };
    let (descriptor, report) = rest.split_at(rest.len().min(usize::from(*length) * 4));
    let Ok(reports) = hid::parse(descriptor) else {
        return;
    };
    assert!(reports.fields.len() <= hid::FIELDS_MAX);
    for field in &reports.fields {
        let mut out = reports
            .blank(field.kind, field.report_id)
            .expect("it has a field");
        assert!(out.len() <= hid::REPORT_BYTES_MAX + 1);
        for index in [0, field.count / 2, field.count - 1] {
            if let Some(value) = field.get(report, index) {
                assert!(field.set(&mut out, index, value), "{field:?}");
            }
            field.selected(report, index);
        }
        assert_eq!(field.get(report, field.count), None);
    }
}

/// Boot reports of a scanner that types German.
pub fn keyboard_reports(data: &[u8]) {
    drive("keyboard-de", Some(8), data);
}

/// Input events of the same.
pub fn keyboard_events(data: &[u8]) {
    let profile = registry::profile("keyboard-de").expect("a shipped profile");
    let mut codec = registry::codec(profile).expect("a known codec");
    codec.attach(Attachment::Evdev);
    run(codec.as_mut(), data, None);
}

/// HID POS reports in the common shape.
pub fn hid_pos(data: &[u8]) {
    drive("honeywell-hid-pos", Some(64), data);
}

/// SSI packets.
pub fn ssi(data: &[u8]) {
    drive("zebra-ssi", None, data);
}

/// Text, with answers to commands.
pub fn line(data: &[u8]) {
    drive("newland-serial", None, data);
}

/// Honeywell's packets.
pub fn msgget(data: &[u8]) {
    drive("honeywell-msgget", None, data);
}

fn drive(id: &str, report: Option<usize>, data: &[u8]) {
    let profile = registry::profile(id).expect("a shipped profile");
    let mut codec = registry::codec(profile).expect("a known codec");
    if let Some(hid) = &profile.hid {
        let descriptor = hid.descriptor_bytes().expect("a checked profile");
        codec.attach(Attachment::Hid {
            descriptor: &descriptor,
        });
    }
    run(codec.as_mut(), data, report);
}

/// The first byte says how large the pieces are and how much time passes between them.
fn run(codec: &mut dyn Codec, data: &[u8], report: Option<usize>) {
    let Some((first, data)) = data.split_first() else {
        return;
    };
    let piece = report.unwrap_or(1 + usize::from(first & 0x3F));
    let pause = Duration::from_millis(u64::from(first >> 6) * 90);
    let (mut now, mut last, mut scanned) = (Duration::ZERO, 0, 0);
    for (number, part) in data.chunks(piece).enumerate() {
        now += pause;
        if codec.poll_timeout().is_some_and(|due| due <= now) {
            codec.handle_timeout(now);
        }
        codec.receive(now, part);
        if number % 7 == 3 {
            let command = if number % 2 == 0 {
                Command::Accept
            } else {
                Command::Reject
            };
            let _taken = codec.command(now, command);
        }
        collect(codec, data.len(), &mut last, &mut scanned);
    }
    for _ in 0..8 {
        now += Duration::from_secs(30);
        codec.handle_timeout(now);
        collect(codec, data.len(), &mut last, &mut scanned);
    }
    assert!(
        scanned <= data.len() * 3,
        "{scanned} bytes of codes out of {}",
        data.len()
    );
}

fn collect(codec: &mut dyn Codec, sent: usize, last: &mut u64, scanned: &mut usize) {
    for _ in 0..1000 {
        if codec.poll_transmit().is_none() {
            break;
        }
    }
    assert_eq!(codec.poll_transmit(), None, "it sends without end");
    while let Some(emitted) = codec.poll_event() {
        match emitted.event {
            Event::Scan(reading) => *scanned += reading.bytes.len(),
            Event::Garbage { start, end } => {
                assert!(*last <= start && start < end, "{start}..{end} after {last}");
                assert!(usize::try_from(end).is_ok_and(|end| end <= sent));
                *last = end;
            }
            other => panic!("no scanner says {other:?}"),
        }
    }
}
