//! Scanners that type or speak packets: what the profiles' examples do not show.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use firstscan_drivers::codec::{Attachment, Codec, Command, CommandError, Event};
use firstscan_drivers::profile::Profile;
use firstscan_drivers::registry;
use firstscan_drivers::scanner::keyboard::{ALT_GR, Layout, SHIFT, code_of};
use firstscan_drivers::scanner::ssi::{checksum, packet};
use proptest::prelude::*;
use std::time::Duration;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn codec_with(id: &str, change: impl Fn(&mut Profile)) -> Box<dyn Codec> {
    let mut profile = registry::profile(id).unwrap().clone();
    change(&mut profile);
    registry::codec(&profile).unwrap()
}

/// What a codec said so far: texts, and ranges of garbage.
fn said(codec: &mut dyn Codec) -> Vec<String> {
    let events = std::iter::from_fn(|| codec.poll_event());
    let one = |event| match event {
        Event::Scan(reading) => String::from_utf8(reading.bytes).unwrap(),
        Event::Garbage { start, end } => format!("garbage {start}..{end}"),
        other => panic!("{other:?}"),
    };
    events.map(|e| one(e.event)).collect()
}

/// An input event.
fn event(kind: u16, code: u16, value: i32) -> Vec<u8> {
    let mut bytes = kind.to_le_bytes().to_vec();
    bytes.extend(code.to_le_bytes());
    bytes.extend(value.to_le_bytes());
    bytes
}

const SYN: (u16, u16, i32) = (0, 0, 0);
const DROPPED: (u16, u16, i32) = (0, 3, 0);
const ENTER: u16 = 28;

fn events(list: &[(u16, u16, i32)]) -> Vec<u8> {
    list.iter()
        .flat_map(|(k, c, v)| event(*k, *c, *v))
        .collect()
}

fn tap(code: u16) -> Vec<u8> {
    events(&[(4, 4, 0), (1, code, 1), SYN, (1, code, 0), SYN])
}

/// A text as the kernel tells of a scanner's US keys.
fn typed(text: &str) -> Vec<u8> {
    typed_in(Layout::find("us").unwrap(), text)
}

fn typed_in(layout: &Layout, text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for c in text.chars() {
        if c == '\r' {
            bytes.extend(tap(ENTER));
            continue;
        }
        for stroke in layout.strokes(c).unwrap() {
            let held = [(stroke.level & SHIFT, 42), (stroke.level & ALT_GR, 100)];
            let held: Vec<u16> = held.iter().filter(|h| h.0 != 0).map(|h| h.1).collect();
            held.iter()
                .for_each(|code| bytes.extend(event(1, *code, 1)));
            bytes.extend(tap(code_of(stroke.usage).unwrap()));
            held.iter()
                .for_each(|code| bytes.extend(event(1, *code, 0)));
        }
    }
    bytes
}

fn evdev(change: impl Fn(&mut Profile), bytes: &[u8]) -> Vec<String> {
    let mut codec = codec_with("keyboard-us", change);
    codec.attach(Attachment::Evdev);
    codec.receive(ms(0), bytes);
    codec.handle_timeout(ms(5000));
    said(codec.as_mut())
}

#[test]
fn input_events_give_the_codes_of_every_layout() {
    for layout in firstscan_drivers::scanner::keyboard::LAYOUTS {
        let text: String = ('!'..'\u{180}')
            .filter(|c| layout.strokes(*c).is_some())
            .collect();
        let set = |p: &mut Profile| {
            p.scanner.layout = layout.id.into();
            p.scanner.aim = false;
        };
        let bytes = typed_in(layout, &format!("{text}\r"));
        assert_eq!(evdev(set, &bytes), [text], "{}", layout.id);
    }
}

#[test]
fn the_kernel_repeats_keys_and_nobody_counts_them() {
    let held = events(&[
        (1, 30, 1),
        SYN,
        (1, 30, 2),
        (1, 30, 2),
        SYN,
        (1, 30, 0),
        SYN,
    ]);
    let bytes = [held, tap(48), tap(ENTER)].concat();
    assert_eq!(evdev(|_| {}, &bytes), ["ab"]);
    // A release that never came does not hide the next press.
    let bytes = [events(&[(1, 30, 1), (1, 30, 1)]), tap(ENTER)].concat();
    assert_eq!(evdev(|_| {}, &bytes), ["aa"]);
}

#[test]
fn dropped_events_spoil_their_code_to_its_end_and_no_other() {
    let bytes = [
        typed("A1\r"),
        typed("4006"),
        events(&[DROPPED, (1, 42, 1), (1, 30, 1), SYN]),
        typed("3339\r"),
        typed("B2\r"),
    ]
    .concat();
    let got = evdev(|_| {}, &bytes);
    assert_eq!(got.len(), 3, "{got:?}");
    assert!(
        got[0] == "A1" && got[1].starts_with("garbage") && got[2] == "B2",
        "{got:?}"
    );
    // If the end was among what was dropped, a pause ends it.
    let mut codec = codec_with("keyboard-us", |_| {});
    codec.attach(Attachment::Evdev);
    codec.receive(ms(0), &[typed("4006"), events(&[DROPPED, SYN])].concat());
    assert_eq!(codec.poll_timeout(), Some(ms(200)));
    codec.handle_timeout(ms(200));
    codec.receive(ms(300), &typed("B2\r"));
    let got = said(codec.as_mut());
    assert!(got.len() == 2 && got[1] == "B2", "{got:?}");
}

#[test]
fn chords_of_alt_digits_count_on_input_events_only_if_their_number_is_known() {
    let digit = |d: u16| [82, 79, 80, 81, 75, 76, 77, 71, 72, 73][usize::from(d)];
    let chord = |digits: &[u16]| {
        let mut all = vec![(1, 56, 1)];
        all.extend(digits.iter().map(|d| (1, digit(*d), 1)));
        all.push(SYN);
        all.extend(digits.iter().map(|d| (1, digit(*d), 0)));
        all.extend([(1, 56, 0), SYN]);
        events(&all)
    };
    // 065, and then 0112 of which the kernel shows 0, 1, 2.
    let three = [chord(&[0, 6, 5]), tap(ENTER)].concat();
    let four = [chord(&[0, 1, 2]), tap(ENTER)].concat();
    let digits = |n| move |p: &mut Profile| p.scanner.alt_digits = Some(n);
    assert_eq!(evdev(digits(3), &three), ["A"]);
    assert!(evdev(digits(4), &four)[0].starts_with("garbage"));
    assert!(evdev(|_| {}, &four)[0].starts_with("garbage"));
    // One after the other nothing is hidden.
    let single = |d: &u16| events(&[(1, digit(*d), 1), SYN, (1, digit(*d), 0), SYN]);
    let slow: Vec<u8> = [0, 1, 1, 2].iter().flat_map(single).collect();
    let bytes = [
        events(&[(1, 56, 1), SYN]),
        slow,
        events(&[(1, 56, 0)]),
        tap(ENTER),
    ]
    .concat();
    assert_eq!(evdev(|_| {}, &bytes), ["p"]);
}

#[test]
fn caps_lock_is_passed_over_or_followed() {
    let follow = |p: &mut Profile| {
        p.scanner.caps_lock = firstscan_drivers::profile::CapsLock::Follow;
    };
    let bytes = [tap(58), typed("Ab1!\r"), tap(58), typed("Ab\r")].concat();
    assert_eq!(evdev(|_| {}, &bytes), ["Ab1!", "Ab"]);
    assert_eq!(evdev(follow, &bytes), ["aB1!", "Ab"]);
    let lit = [events(&[(0x11, 1, 1), SYN]), typed("Ab\r")].concat();
    assert_eq!(evdev(follow, &lit), ["aB"]);
    assert_eq!(evdev(|_| {}, &lit), ["Ab"]);
}

#[test]
fn a_key_without_a_meaning_spoils_its_code() {
    for key in [59, 106, 240, 125] {
        let bytes = [typed("A"), tap(key), typed("B\rC\r")].concat();
        let got = evdev(|_| {}, &bytes);
        if key == 125 {
            // The GUI key alone does nothing.
            assert_eq!(got, ["AB", "C"]);
        } else {
            assert!(
                got.len() == 2 && got[0].starts_with("garbage") && got[1] == "C",
                "{got:?}"
            );
        }
    }
    let named = |p: &mut Profile| drop(p.scanner.keys.insert("F1".into(), r"\x1D".into()));
    let bytes = [typed("A"), tap(59), typed("B\r")].concat();
    assert_eq!(evdev(named, &bytes), ["A\u{1D}B"]);
}

/// Modifiers as bits, then one bit per key: no limit on how many are down.
const NKRO: &[u8] = &[
    0x05, 0x01, 0x09, 0x06, 0xA1, 0x01, 0x85, 0x05, 0x05, 0x07, 0x19, 0xE0, 0x29, 0xE7, 0x15, 0x00,
    0x25, 0x01, 0x75, 0x01, 0x95, 0x08, 0x81, 0x02, 0x19, 0x00, 0x29, 0x77, 0x95, 0x78, 0x81, 0x02,
    0xC0, 0x05, 0x0C, 0x09, 0x01, 0xA1, 0x01, 0x85, 0x06, 0x19, 0x00, 0x2A, 0xFF, 0x02, 0x26, 0xFF,
    0x02, 0x75, 0x10, 0x95, 0x01, 0x81, 0x00, 0xC0,
];

#[test]
fn boards_with_a_bit_per_key() {
    let report = |modifiers: u8, keys: &[usize]| {
        let mut report = vec![0_u8; 17];
        (report[0], report[1]) = (5, modifiers);
        keys.iter()
            .for_each(|key| report[2 + key / 8] |= 1 << (key % 8));
        report
    };
    let mut codec = codec_with("keyboard-us", |_| {});
    codec.attach(Attachment::Hid { descriptor: NKRO });
    let all = [
        report(2, &[0x04]),
        report(0, &[]),
        // A media key in between is another report, and no key.
        vec![6, 0xE9, 0x00],
        report(0, &[0x1E, 0x1F]),
        report(0, &[0x28]),
    ];
    for (at, report) in (0..).zip(&all) {
        codec.receive(ms(at), report);
    }
    assert_eq!(said(codec.as_mut()), ["A12"]);
    // A report that is too short cannot be trusted.
    codec.receive(ms(10), &report(0, &[])[..9]);
    codec.receive(ms(11), &report(0, &[]));
    codec.receive(ms(12), &report(0, &[0x28]));
    assert_eq!(said(codec.as_mut()), ["garbage 71..114"]);
}

#[test]
fn without_a_descriptor_the_boot_report_is_assumed_and_a_mouse_says_nothing() {
    let mut codec = codec_with("keyboard-us", |_| {});
    codec.attach(Attachment::Hid { descriptor: &[] });
    for key in [0x04, 0x00, 0x28] {
        codec.receive(ms(1), &[0, 0, key, 0, 0, 0, 0, 0]);
    }
    assert_eq!(said(codec.as_mut()), ["a"]);
    // A key beyond the descriptor's range is not passed over.
    let board = registry::profile("keyboard-us")
        .unwrap()
        .hid
        .as_ref()
        .unwrap();
    codec.reset();
    codec.attach(Attachment::Hid {
        descriptor: &board.descriptor_bytes().unwrap(),
    });
    for key in [0x04, 0x00, 0x87, 0x00, 0x28] {
        codec.receive(ms(1), &[0, 0, key, 0, 0, 0, 0, 0]);
    }
    assert_eq!(said(codec.as_mut()), ["garbage 0..40"]);
    codec.reset();
    let mouse = [
        0x05, 0x01, 0x09, 0x02, 0xA1, 0x01, 0x75, 8, 0x95, 3, 0x81, 6, 0xC0,
    ];
    codec.attach(Attachment::Hid { descriptor: &mouse });
    codec.receive(ms(1), &[0, 1, 1]);
    codec.handle_timeout(ms(1000));
    assert_eq!(said(codec.as_mut()), ["garbage 0..3"]);
}

#[test]
fn ssi_packets_are_those_of_the_guide() {
    let cases: [(&[u8], Vec<u8>); 6] = [
        (b"\x04\xD0\x04\x00\xFF\x28", packet(0xD0, 4, 0, &[])),
        (b"\x05\xD1\x04\x00\x01\xFF\x25", packet(0xD1, 4, 0, &[1])),
        (b"\x05\xE6\x04\x00\x00\xFF\x11", packet(0xE6, 4, 0, &[0])),
        (b"\x05\xE7\x04\x00\x01\xFF\x0F", packet(0xE7, 4, 0, &[1])),
        (b"\x04\xD3\x04\x00\xFF\x25", packet(0xD3, 4, 0, &[])),
        (
            b"\x07\xC6\x04\x00\xFF\xEE\x01\xFD\x41",
            packet(0xC6, 4, 0, &[0xFF, 0xEE, 1]),
        ),
    ];
    for (wanted, made) in cases {
        assert_eq!(made, wanted);
        let (body, sum) = wanted.split_at(wanted.len() - 2);
        assert_eq!(checksum(body), sum);
    }
}

#[test]
fn ssi_wakes_sets_asks_answers_and_gives_up() {
    let mut codec = codec_with("zebra-ssi", |_| {});
    let mut now = 0;
    let mut sent = Vec::new();
    let mut pump = |codec: &mut Box<dyn Codec>, now: u64| {
        codec.handle_timeout(ms(now));
        let all: Vec<Vec<u8>> = std::iter::from_fn(|| codec.poll_transmit()).collect();
        sent.extend(all.clone());
        all
    };
    let first = pump(&mut codec, now);
    assert_eq!(first[0], [0x00]);
    assert_eq!(first[1], packet(0xC6, 4, 0, &[0xFF, 0xEE, 1, 0x9F, 1]));
    assert_eq!(first.len(), 2);
    // Nobody answers: twice again, marked; then the next command.
    let mut told = Vec::new();
    for _ in 0..100 {
        now += 200;
        told.extend(pump(&mut codec, now));
    }
    let parameters = packet(0xC6, 4, 1, &[0xFF, 0xEE, 1, 0x9F, 1]);
    let (ask, again) = (packet(0xD3, 4, 0, &[]), packet(0xD3, 4, 1, &[]));
    assert_eq!(
        told,
        [parameters.clone(), parameters, ask, again.clone(), again]
    );
    assert_eq!(codec.poll_timeout(), None);
    // A scanner that lists no beep and no light has no feedback.
    codec.receive(ms(now), &packet(0xD4, 0, 0, &[0, 0, 0, 0, 0xC6]));
    assert_eq!(
        codec.command(ms(now), Command::Accept),
        Err(CommandError::Unsupported)
    );
    // A damaged packet is refused, once; an event is acknowledged.
    let mut bad = packet(0xF3, 0, 0, &[3, b'A']);
    bad[5] ^= 1;
    codec.receive(ms(now), &bad);
    codec.receive(ms(now), &packet(0xF6, 0, 0, &[1]));
    let replies: Vec<_> = std::iter::from_fn(|| codec.poll_transmit()).collect();
    assert_eq!(replies, [packet(0xD1, 4, 0, &[1]), packet(0xD0, 4, 0, &[])]);
}

#[test]
fn commands_are_the_profiles() {
    let sent = |id: &str, command| {
        let mut codec = codec_with(id, |_| {});
        let connect: Vec<_> = std::iter::from_fn(|| codec.poll_transmit()).collect();
        codec.command(ms(0), command).unwrap();
        let then: Vec<_> = std::iter::from_fn(|| codec.poll_transmit()).collect();
        (connect.concat(), then.concat())
    };
    let pair = |a: &[u8], b: &[u8]| (a.to_vec(), b.to_vec());
    assert_eq!(sent("datalogic-rs232", Command::Accept), pair(b"E", b"B"));
    assert_eq!(
        sent("newland-serial", Command::Request),
        pair(b"", b"\x01T\x04")
    );
    assert_eq!(
        sent("cino-fsc", Command::Accept),
        pair(b"", b"\x7E\x80\x01\x03\x00\x00\x01\x00\x83\x7E")
    );
    assert_eq!(
        sent("honeywell-msgget", Command::Reject),
        pair(b"\x16M\rDECHDR1!", b"\x16\x07\r\x16\x07\r\x16\x07\r")
    );
    let mut silent = codec_with("serial-line", |_| {});
    assert_eq!(
        silent.command(ms(0), Command::Accept),
        Err(CommandError::Unsupported)
    );
    // Nobody sends: it says so instead of piling up.
    let mut stuck = codec_with("honeywell-serial", |_| {});
    let busy = (0..100).any(|_| stuck.command(ms(0), Command::Reject) == Err(CommandError::Busy));
    assert!(busy);
}

#[test]
fn an_answer_that_was_asked_for_makes_no_event() {
    let mut codec = codec_with("cino-fsc", |_| {});
    codec.command(ms(0), Command::Accept).unwrap();
    codec.receive(ms(100), b"~\x80\x06\r\x00~A1\r");
    assert_eq!(said(codec.as_mut()), ["A1"]);
    // Later a tilde is content again.
    codec.receive(ms(2500), b"~A1~\r");
    assert_eq!(said(codec.as_mut()), ["~A1~"]);
}

#[test]
fn a_pause_inside_a_code_makes_both_its_parts_garbage() {
    let mut codec = codec_with("keyboard-us", |_| {});
    codec.attach(Attachment::Evdev);
    codec.receive(ms(0), &typed("40063"));
    codec.handle_timeout(ms(200));
    codec.receive(ms(900), &typed("81333931\r"));
    codec.receive(ms(950), &typed("B2\r"));
    let got = said(codec.as_mut());
    assert!(got.len() == 3 && got[2] == "B2", "{got:?}");
    assert!(got[..2].iter().all(|g| g.starts_with("garbage")), "{got:?}");
    // A suffix that never came costs nothing after ten quiet seconds.
    codec.receive(ms(2000), &typed("4006"));
    codec.handle_timeout(ms(2200));
    codec.receive(ms(12_200), &typed("C3\r"));
    assert_eq!(said(codec.as_mut())[1..], ["C3"]);
}

/// A scanner that promises more for ever and sends nothing holds no memory.
#[test]
fn messages_without_an_end_are_given_up() {
    let mut ssi = codec_with("zebra-ssi", |_| {});
    let empty = packet(0xF3, 0, 0x02, &[3]);
    let mut given_up = 0;
    for round in 0..40_000 {
        ssi.receive(ms(round / 10), &empty);
        while ssi.poll_transmit().is_some() {}
        given_up += said(ssi.as_mut()).len();
    }
    assert!((4..40).contains(&given_up), "{given_up}");

    let profile = registry::profile("honeywell-hid-pos").unwrap();
    let descriptor = profile.hid.as_ref().unwrap().descriptor_bytes().unwrap();
    let mut pos = registry::codec(profile).unwrap();
    pos.attach(Attachment::Hid {
        descriptor: &descriptor,
    });
    let mut report = vec![2, 0, b']', b'C', b'0'];
    report.resize(63, 0);
    report.push(1);
    for round in 0..40_000 {
        pos.receive(ms(round / 10), &report);
    }
    report[63] = 0;
    pos.receive(ms(4000), &report);
    assert_eq!(said(pos.as_mut()), [format!("garbage 0..{}", 40_001 * 64)]);
}

#[test]
fn a_pause_before_the_last_report_makes_a_message_and_its_rest_garbage() {
    let profile = registry::profile("honeywell-hid-pos").unwrap();
    let mut codec = registry::codec(profile).unwrap();
    let descriptor = profile.hid.as_ref().unwrap().descriptor_bytes().unwrap();
    codec.attach(Attachment::Hid {
        descriptor: &descriptor,
    });
    let report = |text: &[u8], more: bool| {
        let mut report = vec![2, u8::try_from(text.len()).unwrap(), b']', b'C', b'0'];
        report.extend(text);
        report.resize(63, 0);
        report.push(u8::from(more));
        report
    };
    codec.receive(ms(0), &report(&[b'1'; 56], true));
    codec.receive(ms(5000), &report(b"REST", false));
    codec.receive(ms(5010), &report(b"NEXT", false));
    assert_eq!(
        said(codec.as_mut()),
        ["garbage 0..64", "garbage 64..128", "NEXT"]
    );
}

proptest! {
    /// Whatever the kernel says, however it is cut: nothing panics, positions rise, and a code
    /// that follows a pause is read.
    #[test]
    fn any_input_events_do_no_harm(
        list in proptest::collection::vec(
            (0_u16..6, prop_oneof![0_u16..110, Just(3)], -1_i32..4), 0..120),
    ) {
        let mut codec = codec_with("keyboard-us", |_| {});
        codec.attach(Attachment::Evdev);
        codec.receive(ms(0), &events(&list));
        codec.handle_timeout(ms(1000));
        // All keys that may still be down go up.
        let up: Vec<_> = (0..128).map(|code| (1, code, 0)).chain([SYN]).collect();
        codec.receive(ms(1001), &events(&up));
        codec.handle_timeout(ms(3000));
        said(codec.as_mut());
        // A rest of what broke off comes within ten seconds or never.
        codec.receive(ms(14_000), &typed("Ab1\r"));
        prop_assert_eq!(said(codec.as_mut()), ["Ab1"]);
    }

    /// Wherever a code is interrupted, and for however long: neither part counts, in reports and
    /// in input events, and the next code does.
    #[test]
    fn a_pause_inside_a_code_spoils_all_of_it(
        code in "[A-Za-z0-9]{2,20}",
        cut in 0_usize..1000,
        pause in 200_u64..10_000,
        again in proptest::option::of((0_usize..1000, 200_u64..10_000)),
    ) {
        let mut codec = codec_with("keyboard-us", |_| {});
        codec.attach(Attachment::Evdev);
        // Between the keys of the code; its suffix is the last key.
        let keys: Vec<Vec<u8>> = code.chars().map(|c| typed(&c.to_string())).collect();
        let cut = 1 + cut % (keys.len() - 1);
        let mut now = 0;
        for (place, key) in keys.iter().enumerate() {
            if place == cut {
                now += pause;
            }
            if let Some((at, more)) = again
                && place > cut
                && place == 1 + at % keys.len()
            {
                now += more;
            }
            codec.receive(ms(now), key);
        }
        codec.receive(ms(now), &tap(ENTER));
        codec.receive(ms(now + 1), &typed("Ab1\r"));
        let mut got = said(codec.as_mut());
        prop_assert_eq!(got.pop(), Some("Ab1".to_owned()));
        prop_assert!(got.iter().all(|text| text.starts_with("garbage")), "{:?}", got);
    }

    /// A stream of packets with noise between them: the good ones arrive, in order.
    #[test]
    fn ssi_finds_every_good_packet(
        codes in proptest::collection::vec("[A-Z0-9]{1,30}", 1..6),
        noise in proptest::collection::vec(0x80_u8..=0xFF, 0..12),
        chunk in 1_usize..40,
    ) {
        let mut codec = codec_with("zebra-ssi", |_| {});
        let one = |c: &String| {
            [noise.clone(), packet(0xF3, 0, 0, &[&[3][..], c.as_bytes()].concat())].concat()
        };
        let stream: Vec<u8> = codes.iter().flat_map(one).collect();
        let mut got = Vec::new();
        for part in stream.chunks(chunk) {
            codec.receive(ms(0), part);
            got.extend(said(codec.as_mut()));
        }
        got.retain(|text| !text.starts_with("garbage"));
        prop_assert_eq!(got, codes);
    }

    /// Any damage to one of two packets: what arrives is one of what was sent.
    #[test]
    fn ssi_never_invents(at in 0_usize..24, bit in 0_u8..8) {
        let first = packet(0xF3, 0, 0, b"\x03FIRST123");
        let second = packet(0xF3, 0, 0, b"\x03SECOND");
        let mut stream = [first, second].concat();
        stream[at] ^= 1 << bit;
        let mut codec = codec_with("zebra-ssi", |_| {});
        codec.receive(ms(0), &stream);
        codec.handle_timeout(ms(9000));
        for text in said(codec.as_mut()) {
            let known = text == "FIRST123" || text == "SECOND" || text.starts_with("garbage");
            prop_assert!(known, "{}", text);
        }
    }
}
