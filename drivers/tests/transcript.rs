//! Recorded exchanges come back as they were, and bad ones say where they are bad.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use firstscan_drivers::transcript::{Direction, Transcript, Transfer};
use proptest::prelude::*;
use std::time::Duration;

const TEXT: &str = "# scale on bench 1\n\nprofile toledo-8217-kg\n@5 > W\n@17 < \\x0201.25\\r\n";

#[test]
fn a_recording_is_read_and_replayed() {
    let transcript = Transcript::parse(TEXT).unwrap();
    assert_eq!(transcript.profile.as_deref(), Some("toledo-8217-kg"));
    assert_eq!(transcript.received(), b"\x0201.25\r");
    let replay: Vec<_> = transcript.replay().collect();
    assert_eq!(replay[0].0, Duration::ZERO);
    assert_eq!(replay[0].1.direction, Direction::ToDevice);
    assert_eq!(replay[1].0, Duration::from_millis(12));
    assert_eq!(replay[1].1.bytes, b"\x0201.25\r");
    assert_eq!(
        Transcript::parse(&TEXT.replace('\n', "\r\n")).unwrap(),
        transcript
    );
}

#[test]
fn mistakes_are_named_with_their_line() {
    let cases = [
        ("@1 ? x", "line 1: want `@ms > bytes`"),
        ("\n1 > x", "line 2: want `@` and milliseconds"),
        ("@-1 > x", "line 1: want `@` and milliseconds"),
        (
            "@99999999999 > x",
            "line 1: want `@` and milliseconds, at most a week",
        ),
        ("@1 > \\q", "line 1: want bytes with escapes"),
        ("@2 > x\n@1 < y", "line 2: times must not fall"),
        ("@2 > x\nprofile a", "line 2: write one `profile` line"),
        ("profile a\nprofile b", "line 2: write one `profile` line"),
    ];
    for (text, wanted) in cases {
        let error = Transcript::parse(text).unwrap_err().to_string();
        assert!(error.starts_with(wanted), "{error}");
    }
    let error = Transcript::parse(&"\n".repeat(100_001)).unwrap_err();
    assert_eq!(error.line, 100_001);
    let long = format!("@0 < {}", "x".repeat((1 << 20) + 1));
    assert!(Transcript::parse(&long).unwrap_err().text.contains("1 MiB"));
}

proptest! {
    #[test]
    fn written_and_read_again_it_is_the_same(
        parts in proptest::collection::vec(
            (0_u64..1000, any::<bool>(), proptest::collection::vec(
                prop_oneof![any::<u8>(), Just(b' '), Just(b'#')], 0..40)), 0..20),
    ) {
        let mut at_ms = 0;
        let mut transfers = Vec::new();
        for (wait, out, bytes) in parts {
            at_ms += wait;
            let direction = if out { Direction::ToDevice } else { Direction::FromDevice };
            transfers.push(Transfer { at_ms, direction, bytes });
        }
        let transcript = Transcript { profile: Some("zpl-203".into()), transfers };
        prop_assert_eq!(Transcript::parse(&transcript.to_text()).unwrap(), transcript);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[@0-9<> \\\\xrn#a-z\n]{0,200}") {
        if let Ok(transcript) = Transcript::parse(&text) {
            prop_assert_eq!(Transcript::parse(&transcript.to_text()).unwrap(), transcript);
        }
    }
}

#[test]
fn a_masked_recording_keeps_its_structure_and_no_code() {
    use firstscan_drivers::registry::profile;
    let scanner = profile("serial-line").unwrap();
    let text = "profile serial-line\n@3 < ]C1(01)0400-Müller\\x1D\\r\n@9 < 77]C1\\r\n";
    let recorded = Transcript::parse(text).unwrap();
    let masked = recorded.masked(scanner);
    let wanted = "profile serial-line\n@3 < ]C1(00)0000-xxxxxxx\\x1D\\r\n@9 < 00]x0\\r\n";
    assert_eq!(masked.to_text(), wanted);
    let scale = profile("toledo-8217-kg").unwrap();
    let weights = Transcript::parse(TEXT).unwrap();
    assert_eq!(weights.masked(scale), weights, "weights are nobody's");
}

#[test]
fn a_recording_tells_its_events_and_becomes_an_example() {
    use firstscan_drivers::profile::Profile;
    use firstscan_drivers::registry::profile;
    let scale = profile("toledo-8217-kg").unwrap();
    let recorded = Transcript::parse(TEXT).unwrap();
    let events = recorded.events(scale);
    let [(17, line)] = events.as_slice() else {
        panic!("{events:?}")
    };
    let line = serde_json::to_value(line).unwrap();
    assert_eq!(line["decimal"], "1.25");
    let example = recorded.example(scale, "one weight");
    let file = "id = 'x'\nkind = 'scale'\nvendor = 'V'\nmodel = 'M'\ncodec = 'toledo-8217'\n\
                unit = 'kg'\n";
    let parsed = Profile::parse("x", &format!("{file}{example}")).unwrap();
    assert_eq!(parsed.examples[0].name, "one weight");
    assert!(parsed.examples[0].lines[0].contains("1.25"));
}

#[test]
fn what_a_keyboard_typed_is_masked_in_reports_and_in_input_events() {
    use firstscan_drivers::registry::profile;
    let keyboard = profile("cino-hid-keyboard").unwrap();
    let texts = |transcript: &Transcript| -> Vec<String> {
        let lines = transcript.events(keyboard);
        let lines = lines
            .iter()
            .map(|(_, line)| serde_json::to_value(line).unwrap());
        lines
            .filter_map(|line| line["text"].as_str().map(str::to_owned))
            .collect()
    };
    let from_device = |parts: Vec<Vec<u8>>| Transcript {
        profile: Some(keyboard.id.clone()),
        transfers: (0_u64..)
            .zip(parts)
            .map(|(i, bytes)| Transfer {
                at_ms: 8 * i,
                direction: Direction::FromDevice,
                bytes,
            })
            .collect(),
    };
    // z v 7 Enter: HID usages, and the kernel's codes of the same keys.
    let report = |usage: u8| [vec![0, 0, usage, 0, 0, 0, 0, 0], vec![0; 8]];
    let reports = from_device(
        [0x1D, 0x19, 0x24, 0x28]
            .into_iter()
            .flat_map(report)
            .collect(),
    );
    let event = |kind: u16, code: u16, value: i32| {
        let value = value.to_le_bytes();
        [&kind.to_le_bytes()[..], &code.to_le_bytes(), &value].concat()
    };
    let stroke = |(code, usage): (u16, i32)| {
        let scan = event(4, 4, 0x7_0000 + usage);
        let key = |value| [scan.clone(), event(1, code, value), event(0, 0, 0)].concat();
        [key(1), key(0)]
    };
    let keys = [(44, 0x1D), (47, 0x19), (8, 0x24), (28, 0x28)];
    let events = from_device(keys.into_iter().flat_map(stroke).collect());
    assert!(events.has_input_events() && !reports.has_input_events());
    for recorded in [reports, events] {
        assert_eq!(texts(&recorded), ["zv7"]);
        let masked = recorded.masked(keyboard);
        assert_eq!(texts(&masked), ["xx0"], "{}", masked.to_text());
        // The kernel tells the usage of each key as well.
        for usage in [b"\x1D\x00\x07\x00", b"\x19\x00\x07\x00"] {
            let bytes = masked.received();
            assert!(
                !bytes.windows(4).any(|w| w == usage),
                "{}",
                masked.to_text()
            );
        }
    }
}

#[test]
fn a_scanner_with_reports_shows_no_character_of_a_code() {
    use firstscan_drivers::registry::{profile, profiles};
    let with_reports = profiles().iter().filter(|p| p.codec == "hid-pos");
    let mut seen = 0;
    for scanner in with_reports.map(|p| profile(&p.id).unwrap()) {
        for example in &scanner.examples {
            let text = format!("@0 < {}\n", example.bytes.trim());
            let Ok(recorded) = Transcript::parse(&text) else {
                continue;
            };
            let report = scanner.hid.as_ref().map_or(64, |hid| hid.report_bytes);
            let whole = recorded.received();
            let split = whole.chunks(report).map(|bytes| Transfer {
                at_ms: 0,
                direction: Direction::FromDevice,
                bytes: bytes.to_vec(),
            });
            let recorded = Transcript {
                profile: Some(scanner.id.clone()),
                transfers: split.collect(),
            };
            for transfer in recorded.masked(scanner).transfers {
                let told = |b: &&u8| b.is_ascii_alphanumeric() && !matches!(b, b'x' | b'0');
                let told: Vec<&u8> = transfer.bytes.iter().skip(2).filter(told).collect();
                assert!(told.is_empty(), "{}: {told:?}", scanner.id);
            }
            seen += 1;
        }
    }
    assert!(seen > 3, "{seen} examples");
}
