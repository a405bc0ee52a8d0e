//! USB scales by their descriptor, and what every line of the drivers' checklist for scales wants.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use firstscan_drivers::codec::{Attachment, Codec, Command, CommandError, Event};
use firstscan_drivers::mass::{Decimal, MassFlags, MassReading, Unit};
use firstscan_drivers::profile::{Kind, Profile};
use firstscan_drivers::registry;
use firstscan_drivers::scale::framed::encode;
use proptest::prelude::*;
use std::time::Duration;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn attached(id: &str) -> Box<dyn Codec> {
    let profile = registry::profile(id).unwrap();
    let mut codec = registry::codec(profile).unwrap();
    let descriptor = profile.hid.as_ref().unwrap().descriptor_bytes().unwrap();
    codec.attach(Attachment::Hid {
        descriptor: &descriptor,
    });
    codec
}

fn reading(codec: &mut dyn Codec, now: Duration, report: &[u8]) -> Option<MassReading> {
    codec.receive(now, report);
    match codec.poll_event()?.event {
        Event::Mass(reading) => Some(reading),
        _ => None,
    }
}

#[test]
fn zeroing_is_an_attempt_that_a_reading_confirms() {
    let mut scale = attached("hid-scale");
    let rests = [3, 4, 2, 0, 20, 0];
    assert_eq!(scale.command(ms(0), Command::Zero), Ok(()));
    // As the descriptor says: report 2, bit 1.
    assert_eq!(scale.poll_transmit(), Some(vec![2, 2]));
    assert_eq!(
        scale.command(ms(10), Command::Zero),
        Err(CommandError::Busy)
    );
    let before = reading(scale.as_mut(), ms(20), &rests).unwrap();
    assert!(before.decimal.is_some() && !before.flags.stable);
    let zero = reading(scale.as_mut(), ms(40), &[3, 2, 2, 0, 0, 0]).unwrap();
    assert!(zero.flags.stable && zero.flags.zero);
    assert!(
        reading(scale.as_mut(), ms(60), &rests)
            .unwrap()
            .flags
            .stable
    );
    // A scale that ignores the command is believed again after a while.
    assert_eq!(scale.command(ms(100), Command::Zero), Ok(()));
    assert_eq!(scale.poll_timeout(), Some(ms(2100)));
    scale.handle_timeout(ms(2100));
    assert!(
        reading(scale.as_mut(), ms(2101), &rests)
            .unwrap()
            .flags
            .stable
    );
    assert_eq!(
        scale.command(ms(2200), Command::Tare),
        Err(CommandError::Unsupported)
    );
    let mut other = attached("stamps-com-550");
    assert_eq!(other.command(ms(0), Command::Zero), Ok(()));
    assert_eq!(other.poll_transmit(), Some(vec![4, 1]));
}

#[test]
fn a_control_report_that_is_a_feature_is_sent_with_both_its_bits() {
    let profile = registry::profile("hid-scale").unwrap();
    let descriptor = profile.hid.as_ref().unwrap().descriptor_bytes().unwrap();
    let output = [0x91, 0x02, 0x75, 0x06, 0x95, 0x01, 0x91, 0x03];
    let at = descriptor.windows(8).position(|w| w == output).unwrap();
    let mut feature = descriptor.clone();
    (feature[at], feature[at + 6]) = (0xB1, 0xB1);
    let mut scale = registry::codec(profile).unwrap();
    scale.attach(Attachment::Hid {
        descriptor: &feature,
    });
    assert_eq!(scale.command(ms(0), Command::Zero), Ok(()));
    assert_eq!(scale.poll_transmit(), Some(vec![2, 3]));
    let rests = reading(scale.as_mut(), ms(20), &[3, 4, 2, 0, 20, 0]).unwrap();
    assert!(!rests.flags.stable, "not confirmed yet");
    let kinds = |bytes: &[u8]| firstscan_drivers::hid::parse(bytes).unwrap();
    assert!(kinds(&feature).is_feature_only(2) && !kinds(&descriptor).is_feature_only(2));
}

#[test]
fn what_was_sent_and_comes_back_is_no_garbage() {
    for (id, sent, answer) in [
        ("cas-ap-pd", b"\x05\x11".as_slice(), b"".as_slice()),
        (
            "dibal-06",
            b"\x04\x0201\x1b000000\x1b\x03\x04\x05\x04\x0208\x03",
            b"",
        ),
        ("cubiscan", b"\x02M\x03\r\n\x02Z\x03\r\n", b""),
        ("mt-sics", b"SI\r\n", b"S S     100.00 g\r\n"),
        ("kern-de", b"w", b"        1.250 kg\r\n"),
        ("nci-scp01", b"W\r", b"\n0005.10lb\r\n00\r\x03"),
    ] {
        let profile = registry::profile(id).unwrap();
        let mut codec = registry::codec(profile).unwrap();
        codec.receive(ms(0), &[sent, answer].concat());
        codec.handle_timeout(ms(5000));
        let events: Vec<Event> = std::iter::from_fn(|| codec.poll_event())
            .map(|e| e.event)
            .collect();
        let weights = events
            .iter()
            .filter(|e| matches!(e, Event::Mass(_)))
            .count();
        assert_eq!(
            (events.len(), weights),
            (weights, usize::from(!answer.is_empty())),
            "{id}: {events:?}"
        );
    }
}

#[test]
fn fields_are_found_by_the_descriptor_not_by_place() {
    // Unnumbered; weight first (32 bits, signed), then unit, then status; no scaling.
    let descriptor = [
        0x05, 0x8D, 0x09, 0x20, 0xA1, 0x01, 0x09, 0x32, 0xA1, 0x02, 0x17, 0, 0, 0, 0x80, 0x27,
        0xFF, 0xFF, 0xFF, 0x7F, 0x75, 0x20, 0x95, 0x01, 0x09, 0x40, 0x81, 0x02, 0x75, 0x08, 0x15,
        0x01, 0x25, 0x0C, 0x09, 0x50, 0xA1, 0x02, 0x19, 0x51, 0x29, 0x5C, 0x81, 0x00, 0xC0, 0x25,
        0x08, 0x09, 0x70, 0xA1, 0x02, 0x19, 0x71, 0x29, 0x78, 0x81, 0x00, 0xC0, 0xC0, 0xC0,
    ];
    let mut scale = registry::codec(registry::profile("hid-scale").unwrap()).unwrap();
    scale.attach(Attachment::Hid {
        descriptor: &descriptor,
    });
    let said = reading(scale.as_mut(), ms(0), &[0xE8, 0x03, 0, 0, 3, 4, 0, 0]).unwrap();
    assert_eq!(said.decimal.unwrap().to_string(), "1000");
    assert_eq!(said.unit, Some(Unit::Kilogram));
    let said = reading(scale.as_mut(), ms(0), &[0xFF, 0xFF, 0xFF, 0xFF, 2, 4]).unwrap();
    assert_eq!(said.decimal.unwrap().to_string(), "-1");
    // No zero report is declared.
    assert_eq!(
        scale.command(ms(0), Command::Zero),
        Err(CommandError::Unsupported)
    );
    assert_eq!(reading(scale.as_mut(), ms(0), &[1, 2]), None);
}

#[test]
fn no_descriptor_no_weight() {
    let mut scale = registry::codec(registry::profile("hid-scale").unwrap()).unwrap();
    for descriptor in [
        &[][..],
        &[0xFF; 40],
        &[0x05, 0x8C, 0x09, 0x02, 0xA1, 0x01, 0xC0],
    ] {
        scale.attach(Attachment::Hid { descriptor });
        assert_eq!(reading(scale.as_mut(), ms(0), &[3, 4, 2, 0, 20, 0]), None);
    }
}

#[test]
fn a_scale_is_told_to_send_and_told_again_when_silent() {
    let profile = registry::profile("kern-ew").unwrap();
    let mut scale = registry::codec(profile).unwrap();
    scale.handle_timeout(ms(0));
    assert_eq!(scale.poll_transmit().as_deref(), Some(&b"O1\r\n"[..]));
    assert_eq!(scale.poll_timeout(), Some(ms(3000)));
    scale.receive(ms(2000), b"A00\r\n+0123.45 G S\r\n");
    scale.handle_timeout(ms(3000));
    assert_eq!(scale.poll_transmit(), None);
    scale.handle_timeout(ms(5000));
    assert!(scale.poll_transmit().is_some());
}

fn framed() -> Vec<&'static Profile> {
    let all = registry::profiles().iter();
    all.filter(|p| p.framed.is_some()).collect()
}

fn any_reading() -> impl Strategy<Value = MassReading> {
    let unit = prop_oneof![Just(Unit::Kilogram), Just(Unit::Pound), Just(Unit::Gram)];
    (0_i64..99_999, 0_i8..4, unit, any::<[bool; 4]>()).prop_map(|(n, places, unit, f)| {
        let flags = MassFlags {
            stable: f[0] && !f[1],
            motion: !f[0] && !f[1],
            over: f[1],
            net: f[2],
            ..MassFlags::default()
        };
        let decimal = Decimal {
            mantissa: if f[3] { -n } else { n },
            exponent: -places,
        };
        MassReading::present(decimal, unit, flags).unwrap()
    })
}

proptest! {
    /// What an emulated scale says by a profile is what the host reads by it, whatever noise came
    /// before, wherever the stream is cut, and twice if it is sent twice.
    #[test]
    fn a_frame_says_the_same_to_both_sides(
        wanted in any_reading(),
        noise in proptest::collection::vec(any::<u8>(), 0..20),
        cut in 0_usize..40,
    ) {
        let mut said = 0;
        for profile in framed() {
            let options = profile.framed.as_ref().unwrap();
            let Some(frame) = encode(options, profile.unit.unwrap(), &wanted) else { continue };
            said += 1;
            let mut codec = registry::codec(profile).unwrap();
            codec.receive(ms(0), &noise);
            codec.handle_timeout(ms(6000));
            // Noise that looks like the first part of a line takes the next line along.
            codec.receive(ms(6000), &frame);
            while codec.poll_event().is_some() {}
            let cut = cut.min(frame.len());
            codec.receive(ms(6001), &frame[..cut]);
            codec.receive(ms(6002), &[&frame[cut..], &frame].concat());
            for _ in 0..2 {
                let emitted = codec.poll_event();
                let Some(Event::Mass(read)) = emitted.map(|e| e.event) else {
                    return Err(TestCaseError::fail(format!("{}: {frame:?}", profile.id)));
                };
                prop_assert_eq!(read.decimal, wanted.decimal, "{}", profile.id);
                prop_assert_eq!(read.unit, wanted.unit, "{}", profile.id);
                prop_assert_eq!(read.flags.stable, wanted.flags.stable, "{}", profile.id);
                prop_assert_eq!(read.flags.over, wanted.flags.over, "{}", profile.id);
            }
            prop_assert!(codec.poll_event().is_none(), "{}", profile.id);
        }
        prop_assert!(said > 0 || wanted.flags.net || wanted.decimal.is_none());
    }

    /// A pause inside a frame: its second part is never a weight of its own, and the next frame is
    /// read.
    #[test]
    fn half_a_frame_is_no_weight(wanted in any_reading(), cut in 0_usize..40) {
        for profile in framed() {
            let options = profile.framed.as_ref().unwrap();
            let Some(frame) = encode(options, profile.unit.unwrap(), &wanted) else { continue };
            let mut codec = registry::codec(profile).unwrap();
            let cut = cut.min(frame.len());
            codec.receive(ms(1), &frame[..cut]);
            codec.handle_timeout(ms(8000));
            codec.receive(ms(8001), &frame[cut..]);
            codec.receive(ms(8002), &frame);
            let mut read = Vec::new();
            while let Some(emitted) = codec.poll_event() {
                if let Event::Mass(reading) = emitted.event {
                    prop_assert_eq!(reading.decimal, wanted.decimal, "{} {}", profile.id, cut);
                    read.push(reading);
                }
            }
            prop_assert!((1..=2).contains(&read.len()), "{} {cut}: {read:?}", profile.id);
        }
    }

    /// One flipped bit never makes another weight of a frame with a checksum.
    #[test]
    fn a_corrupted_checked_frame_is_garbage(at in 0_usize..200, bit in 0_u8..8) {
        for profile in registry::profiles().iter().filter(|p| {
            p.framed.as_ref().is_some_and(|f| !f.checksum.is_empty()) || p.codec == "cas-enq"
                || p.scale.checksum
        }) {
            let example = &profile.examples[0];
            let mut bytes = firstscan_drivers::profile::unescape(&example.bytes).unwrap();
            let at = at % bytes.len();
            let good = firstscan_drivers::decode::decode(profile, None, None, &bytes);
            bytes[at] ^= 1 << bit;
            let bad = firstscan_drivers::decode::decode(profile, None, None, &bytes);
            let weights = |lines: &[firstscan_drivers::decode::Line]| -> Vec<String> {
                let text = lines.iter().map(|l| serde_json::to_string(l).unwrap());
                text.filter(|l| l.contains("\"mass\"")).collect()
            };
            let good = weights(&good);
            prop_assert!(weights(&bad).iter().all(|w| good.contains(w)), "{}", profile.id);
        }
    }

    /// Whatever a USB scale sends, with whatever descriptor: a flag that forbids a value has none.
    #[test]
    fn any_report_by_any_descriptor(
        descriptor in proptest::collection::vec(any::<u8>(), 0..120),
        reports in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..12), 0..8),
    ) {
        for own in [true, false] {
            let mut scale = attached("hid-scale-status");
            if own {
                scale.attach(Attachment::Hid { descriptor: &descriptor });
            }
            for report in &reports {
                let mut report = report.clone();
                if let Some(first) = report.first_mut() {
                    *first = 3 + (*first & 1);
                }
                if let Some(said) = reading(scale.as_mut(), ms(0), &report) {
                    prop_assert_eq!(said.flags.forbids_value() && said.decimal.is_some(), false);
                    prop_assert_eq!(said.decimal.is_some(), said.mass.is_some());
                }
            }
        }
    }
}

#[test]
fn every_scale_has_a_unit_and_a_stable_example_or_says_why_not() {
    for profile in registry::profiles()
        .iter()
        .filter(|p| p.kind == Kind::Scale)
    {
        let lines = || profile.examples.iter().flat_map(|e| &e.lines);
        assert!(
            lines().any(|l| l.contains("\"decimal\":\"")),
            "{} shows no weight",
            profile.id
        );
        assert!(profile.unit.is_some());
    }
}
