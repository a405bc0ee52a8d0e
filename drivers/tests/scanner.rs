//! Text scanners: framing, identifiers, and what must never become a scan.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use firstscan_drivers::codec::{Codec, Command, Event, ScanReading};
use firstscan_drivers::scanner::aim;
use firstscan_drivers::scanner::line::{CODE_BYTES_MAX, Line, LineOptions};
use proptest::prelude::*;
use std::time::Duration;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn with(suffixes: &[&str]) -> LineOptions {
    LineOptions {
        suffixes: suffixes.iter().map(|s| s.as_bytes().to_vec()).collect(),
        ..LineOptions::default()
    }
}

fn events(options: LineOptions, bytes: &[u8]) -> Vec<Event> {
    let mut line = Line::new(options);
    line.receive(ms(0), bytes);
    line.handle_timeout(ms(10_000));
    std::iter::from_fn(|| line.poll_event())
        .map(|e| e.event)
        .collect()
}

fn scan(event: &Event) -> &ScanReading {
    match event {
        Event::Scan(reading) => reading,
        other => panic!("{other:?}"),
    }
}

fn texts(options: LineOptions, bytes: &[u8]) -> Vec<String> {
    let text = |event: &Event| match event {
        Event::Scan(reading) => reading.text().unwrap_or("(bytes)").to_owned(),
        Event::Garbage { start, end } => format!("garbage {start}..{end}"),
        other => panic!("{other:?}"),
    };
    events(options, bytes).iter().map(text).collect()
}

#[test]
fn every_usual_suffix_ends_a_code() {
    for bytes in ["A1\rB2\r", "A1\nB2\n", "A1\r\nB2\r\n", "\r\nA1\r\r\nB2\n"] {
        assert_eq!(
            texts(LineOptions::default(), bytes.as_bytes()),
            ["A1", "B2"],
            "{bytes:?}"
        );
    }
    assert_eq!(texts(with(&["\t"]), b"A1\tB2\t"), ["A1", "B2"]);
    assert_eq!(texts(with(&["#END"]), b"A1#E#ENDB2#END"), ["A1#E", "B2"]);
    // With CR LF as the one suffix, a lone CR or LF is content.
    assert_eq!(texts(with(&["\r\n"]), b"A\r1\nx\r\n"), ["A\r1\nx"]);
    // The longest suffix that fits is taken off.
    assert_eq!(texts(with(&["\n", "\r\n"]), b"A1\r\nB2\n"), ["A1", "B2"]);
}

#[test]
fn a_code_is_told_as_soon_as_it_is_complete() {
    let mut line = Line::new(LineOptions::default());
    line.receive(ms(0), b"A1\r");
    let emitted = line.poll_event().unwrap();
    assert_eq!(emitted.raw, b"A1\r");
    assert_eq!(emitted.at, ms(0));
    line.receive(ms(3), b"\n");
    assert_eq!(line.poll_event(), None);
    assert_eq!(line.poll_timeout(), None);
    assert!(line.command(ms(3), Command::Zero).is_err());
}

#[test]
fn content_is_any_bytes() {
    let bytes = "a\u{1D}\u{0}\u{4}é漢\u{1F600}".as_bytes();
    let framed = [bytes, b"\r"].concat();
    assert_eq!(
        scan(&events(LineOptions::default(), &framed)[0]).bytes,
        bytes
    );
    // A suffix outside ASCII does not break other characters that share a byte with it.
    assert_eq!(texts(with(&["é"]), "è漢é".as_bytes()), ["è漢"]);
    let latin = scan(&events(LineOptions::default(), b"caf\xE9\r")[0]).clone();
    assert_eq!(
        (latin.text(), latin.bytes.as_slice()),
        (None, &b"caf\xE9"[..])
    );
}

#[test]
fn identifiers_are_stripped_when_the_scanner_sends_them() {
    let data = "0109506000134352172612311\u{30}LOT7\u{1D}21SER9";
    let bytes = format!("]C1{data}\r").into_bytes();
    let got = events(LineOptions::default(), &bytes);
    let reading = scan(&got[0]);
    assert_eq!(reading.text(), Some(data));
    assert_eq!(reading.aim.as_deref(), Some("]C1"));
    assert_eq!(reading.symbology.as_deref(), Some("gs1-128"));
    let plain = LineOptions {
        aim: false,
        ..LineOptions::default()
    };
    assert_eq!(texts(plain, &bytes), [format!("]C1{data}")]);
    // `]` can be data.
    assert_eq!(
        texts(LineOptions::default(), b"]\r]y0x\r]C\r]C?x\r"),
        ["]", "]y0x", "]C", "]C?x"]
    );
    // An identifier without data is no code; a scanner's own answer is none either.
    assert_eq!(
        texts(LineOptions::default(), b"]C1\rA\r]Z6CBRENA1.\r"),
        ["garbage 0..4", "A", "garbage 6..18",]
    );
}

#[test]
fn a_prefix_is_removed_and_required() {
    let options = LineOptions {
        prefix: b"\x02".to_vec(),
        ..LineOptions::default()
    };
    assert_eq!(
        texts(options, b"\x02A1\rB2\rx\x02C\r\x02\r\x02D4\r"),
        [
            "A1",
            "garbage 4..7",
            "garbage 7..11",
            "garbage 11..13",
            "D4",
        ]
    );
}

#[test]
fn a_gap_makes_half_a_code_garbage() {
    let mut line = Line::new(LineOptions::default());
    line.receive(ms(0), b"400638");
    assert_eq!(line.poll_timeout(), Some(ms(500)));
    line.receive(ms(499), b"1");
    line.receive(ms(999), b"333931\r");
    line.receive(ms(1000), b"A1\r");
    let events: Vec<_> = std::iter::from_fn(|| line.poll_event()).collect();
    assert_eq!(events[0].event, Event::Garbage { start: 0, end: 7 });
    assert_eq!(events[1].event, Event::Garbage { start: 7, end: 14 });
    assert_eq!(scan(&events[2].event).text(), Some("A1"));
}

#[test]
fn a_suffix_that_never_comes_costs_no_code_of_later() {
    let mut line = Line::new(LineOptions::default());
    // Only the suffix was late.
    line.receive(ms(0), b"4006");
    line.receive(ms(600), b"\r");
    line.receive(ms(700), b"A1\r");
    // It never came, and the line is quiet for long.
    line.receive(ms(1000), b"4006");
    line.handle_timeout(ms(1500));
    line.receive(ms(11_500), b"B2\r");
    // Noise of a line is no part of a code.
    line.receive(ms(12_000), b"\x00\xFE");
    line.receive(ms(13_000), b"C3\r");
    let scans = std::iter::from_fn(|| line.poll_event()).filter_map(|e| match e.event {
        Event::Scan(reading) => reading.text().map(str::to_owned),
        _ => None,
    });
    assert_eq!(scans.collect::<Vec<_>>(), ["A1", "B2", "C3"]);
}

#[test]
fn a_gap_ends_the_code_of_a_scanner_without_suffix() {
    let options = LineOptions {
        gap_ends: true,
        ..with(&[])
    };
    let mut line = Line::new(options);
    line.receive(ms(0), b"A1");
    line.handle_timeout(ms(499));
    assert_eq!(line.poll_event(), None);
    line.handle_timeout(ms(500));
    assert_eq!(scan(&line.poll_event().unwrap().event).text(), Some("A1"));
    line.receive(ms(600), b"B2");
    line.receive(ms(1200), b"C3");
    assert_eq!(scan(&line.poll_event().unwrap().event).text(), Some("B2"));
}

#[test]
fn the_longest_code_passes_and_a_longer_one_is_garbage() {
    let longest = "x".repeat(CODE_BYTES_MAX);
    assert_eq!(
        texts(LineOptions::default(), format!("{longest}\r").as_bytes()),
        [longest.as_str()]
    );
    for extra in [1, 16, 17, 5000] {
        let long = format!("{longest}{}\rA\r", "y".repeat(extra));
        let end = CODE_BYTES_MAX + extra + 1;
        let wanted = [format!("garbage 0..{end}"), "A".to_owned()];
        assert_eq!(
            texts(LineOptions::default(), long.as_bytes()),
            wanted,
            "{extra}"
        );
    }
    // Without an end in sight the gap ends it.
    let endless = "z".repeat(100_000);
    assert_eq!(
        texts(LineOptions::default(), endless.as_bytes()),
        ["garbage 0..100000"]
    );
}

#[test]
fn a_new_connection_starts_fresh() {
    let mut line = Line::new(LineOptions::default());
    line.receive(ms(0), b"A1\r400");
    line.reset();
    line.receive(ms(1), b"6381\r");
    assert_eq!(scan(&line.poll_event().unwrap().event).text(), Some("6381"));
}

#[test]
fn the_identifier_table() {
    let known = [
        ("]A0", "code39"),
        ("]C0", "code128"),
        ("]C1", "gs1-128"),
        ("]C4", "isbt128"),
        ("]d1", "datamatrix"),
        ("]d2", "gs1-datamatrix"),
        ("]d5", "gs1-datamatrix"),
        ("]E0", "ean13"),
        ("]E1", "ean-addon"),
        ("]E3", "ean13"),
        ("]E4", "ean8"),
        ("]e0", "gs1-databar"),
        ("]F0", "codabar"),
        ("]G0", "code93"),
        ("]H0", "code11"),
        ("]h0", "hanxin"),
        ("]I1", "itf"),
        ("]J0", "dotcode"),
        ("]J1", "gs1-dotcode"),
        ("]L0", "pdf417"),
        ("]M0", "msi"),
        ("]Q1", "qr"),
        ("]Q3", "gs1-qr"),
        ("]S0", "2of5"),
        ("]U0", "maxicode"),
        ("]X0", "other"),
        ("]z0", "aztec"),
        ("]zC", "aztec"),
        ("]z1", "gs1-aztec"),
    ];
    for (id, name) in known {
        let bytes = format!("{id}data");
        assert_eq!(aim::split(bytes.as_bytes()), Some((id, name, &b"data"[..])));
        // The name and the promise of element strings never disagree.
        if name.starts_with("gs1-") {
            assert!(aim::is_gs1(id), "{id}");
        } else {
            assert!(!aim::is_gs1(id), "{id}");
        }
    }
}

proptest! {
    #[test]
    fn codes_come_back_whatever_they_hold(
        codes in proptest::collection::vec("[^\r\n]{1,60}", 1..8), chunk in 1_usize..40,
    ) {
        let options = LineOptions { aim: false, ..LineOptions::default() };
        let stream: String = codes.iter().map(|c| format!("{c}\r\n")).collect();
        let mut line = Line::new(options);
        let mut got = Vec::new();
        for part in stream.as_bytes().chunks(chunk) {
            line.receive(ms(0), part);
            while let Some(emitted) = line.poll_event() {
                got.push(scan(&emitted.event).text().unwrap().to_owned());
            }
        }
        prop_assert_eq!(got, codes);
    }
}
