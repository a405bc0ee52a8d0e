//! Every model against the codec that reads it: what lies on the platform is what the host says.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use cubiscan::CubiScan;
use firstscan_drivers::codec::{Attachment, Codec, Command, Event};
use firstscan_drivers::length::{Length, SizeReading};
use firstscan_drivers::mass::{Mass, MassReading};
use http::HttpDimensioner;
use std::time::Duration;

fn codec(profile: &Profile) -> Box<dyn Codec> {
    let mut codec = registry::codec(profile).unwrap();
    if let Some(hid) = &profile.hid {
        let descriptor = hid.descriptor_bytes().unwrap();
        codec.attach(Attachment::Hid {
            descriptor: &descriptor,
        });
    }
    codec
}

/// Lets both sides talk for a time; the events of it.
fn talk(model: &mut dyn DeviceModel, codec: &mut dyn Codec, from_ms: u64, ms: u64) -> Vec<Event> {
    let mut events = Vec::new();
    for now_ms in (from_ms..from_ms + ms).step_by(10) {
        let now = Duration::from_millis(now_ms);
        codec.handle_timeout(now);
        while let Some(bytes) = codec.poll_transmit() {
            model.receive(now_ms, &bytes);
        }
        model.handle_timeout(now_ms);
        while let Some(frame) = model.poll_transmit() {
            codec.receive(now, &frame);
        }
        while let Some(emitted) = codec.poll_event() {
            events.push(emitted.event);
        }
    }
    events
}

fn last(events: &[Event]) -> Option<&MassReading> {
    events.iter().rev().find_map(|event| match event {
        Event::Mass(reading) => Some(reading),
        _ => None,
    })
}

#[test]
fn every_scale_of_the_registry_is_emulated_and_understood() {
    let scales = registry::profiles().iter();
    let mut silent = Vec::new();
    for profile in scales.filter(|p| p.kind == Kind::Scale) {
        let id = &profile.id;
        let mut model = scale(profile).unwrap_or_else(|| panic!("{id} has no model"));
        let mut host = codec(profile);
        // 5 lb and a bit: no count of any display is cut.
        let load = Mass::from_grams(2500);
        model.put(0, load);
        let events = talk(&mut model, host.as_mut(), 0, 12_000);
        let Some(mass) = last(&events).and_then(|reading| reading.mass) else {
            silent.push(format!("{id}: {:?}", events.last()));
            continue;
        };
        let off_ng = (mass.ng() - load.ng()).abs();
        // Cambridge sends whole pounds.
        let coarse = Unit::Pound.ng();
        assert!(off_ng <= coarse / 2, "{id}: {mass} for {load}");
        model.put(12_000, Mass::from_grams(31_000));
        let events = talk(&mut model, host.as_mut(), 12_000, 12_000);
        let over = last(&events).filter(|r| r.mass.is_some_and(|m| m.ng() > 30_000_000_000_000));
        assert!(over.is_none(), "{id}: a weight above capacity");
    }
    assert!(silent.is_empty(), "{silent:#?}");
}

#[test]
fn a_usb_scale_zeroes_tares_by_hand_and_breaks() {
    let profile = registry::profile("hid-scale").unwrap();
    let mut host = codec(profile);
    let mut model = hid::HidScale::new(Unit::Gram);
    model.status_reports = true;
    model.platform_mut().put(0, Mass::from_grams(100));
    let events = talk(&mut model, host.as_mut(), 0, 1000);
    assert!(last(&events).unwrap().flags.stable);
    host.command(Duration::from_secs(1), Command::Zero).unwrap();
    let events = talk(&mut model, host.as_mut(), 1000, 1000);
    assert!(last(&events).unwrap().flags.zero);
    model.platform_mut().put(2000, Mass::from_grams(40));
    let events = talk(&mut model, host.as_mut(), 2000, 1000);
    assert_eq!(last(&events).unwrap().decimal.unwrap().mantissa, -60);
    model.platform_mut().faulty = true;
    let events = talk(&mut model, host.as_mut(), 3000, 1000);
    assert!(last(&events).unwrap().flags.fault && last(&events).unwrap().mass.is_none());
}

#[test]
fn commands_of_line_scales_are_obeyed() {
    for id in ["mt-sics", "nci-scp01", "a-and-d"] {
        let profile = registry::profile(id).unwrap();
        let (mut model, mut host) = (scale(profile).unwrap(), codec(profile));
        model.put(0, Mass::from_grams(500));
        talk(&mut model, host.as_mut(), 0, 1000);
        host.command(Duration::from_secs(1), Command::Zero).unwrap();
        let events = talk(&mut model, host.as_mut(), 1000, 2000);
        assert_eq!(last(&events).unwrap().mass, Some(Mass::from_ng(0)), "{id}");
        let garbage = events.iter().any(|e| matches!(e, Event::Garbage { .. }));
        assert!(!garbage, "{id}: {events:?}");
    }
}

fn sizes(events: &[Event]) -> Vec<&SizeReading> {
    fn size(event: &Event) -> Option<&SizeReading> {
        match event {
            Event::Size(size) => Some(size),
            _ => None,
        }
    }
    events.iter().filter_map(size).collect()
}

#[test]
fn a_cubiscan_measures_refuses_and_goes_on_by_itself() {
    let mut host = codec(registry::profile("cubiscan").unwrap());
    let mut model = CubiScan::default();
    model.padding = true;
    model.put([315, 220, 104], 2350);
    let mut ask = |model: &mut CubiScan, at_s: u64| {
        host.command(Duration::from_secs(at_s), Command::Request)
            .unwrap();
        talk(model, host.as_mut(), at_s * 1000, 1000)
    };
    let events = ask(&mut model, 0);
    let size = sizes(&events)[0];
    assert_eq!(size.length, Some(Length::from_mm(315)));
    assert_eq!(
        size.weight.as_ref().unwrap().mass,
        Some(Mass::from_grams(2350))
    );
    model.trouble = Some(cubiscan::Trouble::Marked('~'));
    let events = ask(&mut model, 20);
    assert!(sizes(&events)[0].flags.over && sizes(&events)[0].height.is_none());
    model.trouble = Some(cubiscan::Trouble::Refused('C'));
    let events = ask(&mut model, 40);
    assert!(sizes(&events)[0].flags.fault);
    model.trouble = Some(cubiscan::Trouble::OwnShape);
    let events = ask(&mut model, 60);
    assert!(sizes(&events).is_empty() && events.len() == 1);
    model.trouble = None;
    model.receive(80_000, b"\x02C\x03\r\n");
    model.put([100, 100, 100], 0);
    let events = talk(&mut model, host.as_mut(), 80_000, 500);
    assert_eq!(sizes(&events).len(), 1);
}

/// The body of a raw HTTP answer, as the link hands it over.
fn answer(model: &mut HttpDimensioner) -> Option<Vec<u8>> {
    let raw = String::from_utf8(model.poll_transmit()?).unwrap();
    let (head, body) = raw.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap();
    Some(format!("HTTP {status}\n{body}").into_bytes())
}

#[test]
fn http_dimensioners_answer_as_their_profiles_read() {
    use http::Trouble;
    for id in ["phd-envision", "vmeasure", "cargo-spectre"] {
        let mut host = codec(registry::profile(id).unwrap());
        let mut model = HttpDimensioner::of_profile(id).unwrap();
        model.parcel_mm = [300, 200, 100];
        let mut ask = |model: &mut HttpDimensioner, trouble| {
            model.trouble = trouble;
            model.receive(0, b"POST /x HTTP/1.1\r\nContent-Length: 2\r\n\r\n{");
            assert!(model.poll_transmit().is_none());
            model.receive(0, b"}");
            host.receive(Duration::ZERO, &answer(model)?);
            host.poll_event().map(|e| e.event)
        };
        let size = |event| match event {
            Some(Event::Size(size)) => size,
            other => panic!("{id}: {other:?}"),
        };
        let first = size(ask(&mut model, None));
        assert_eq!(first.width, Some(Length::from_mm(200)), "{id}");
        assert_eq!(
            first.legal_for_trade,
            (id == "phd-envision").then_some(true)
        );
        if id != "cargo-spectre" {
            assert_eq!(ask(&mut model, Some(Trouble::Again)), None, "{id}");
        }
        assert!(
            size(ask(&mut model, Some(Trouble::Refused))).flags.fault,
            "{id}"
        );
        assert!(
            size(ask(&mut model, Some(Trouble::Internal))).flags.fault,
            "{id}"
        );
        let garbage = ask(&mut model, Some(Trouble::NoJson));
        assert!(matches!(garbage, Some(Event::Garbage { .. })), "{id}");
        let nothing = ask(&mut model, Some(Trouble::Nothing));
        assert!(id != "phd-envision" || nothing.is_none());
    }
}
