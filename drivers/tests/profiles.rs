//! Every profile proves itself: its examples decode to its stated lines, whole and split anywhere.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use firstscan_drivers::bitmap::Bitmap;
use firstscan_drivers::decode::{Line, decode, line};
use firstscan_drivers::printer::LANGUAGES;
use firstscan_drivers::profile::{Kind, Match, Profile, escape, unescape};
use firstscan_drivers::registry;
use proptest::prelude::*;
use std::time::Duration;

fn json(lines: &[Line]) -> Vec<serde_json::Value> {
    lines
        .iter()
        .map(|l| serde_json::to_value(l).unwrap())
        .collect()
}

#[test]
fn every_embedded_file_is_a_profile_and_ids_are_unique() {
    let files = registry::files();
    assert!(files.len() >= 6);
    for (path, text) in &files {
        let profile = Profile::parse(path, text).unwrap_or_else(|e| panic!("{e}"));
        assert!(
            path.ends_with(&format!("{}.toml", profile.id)),
            "{path} holds {}",
            profile.id
        );
    }
    assert_eq!(registry::profiles().len(), files.len());
    Profile::parse("BLUEPRINT", include_str!("../profiles/BLUEPRINT.toml")).unwrap();
}

#[test]
fn examples_decode_whole_and_byte_by_byte() {
    let mut wrong = Vec::new();
    for profile in registry::profiles() {
        for example in &profile.examples {
            let bytes = unescape(&example.bytes).unwrap();
            let wanted: Vec<serde_json::Value> = example
                .lines
                .iter()
                .map(|l| serde_json::from_str(l).unwrap())
                .collect();
            for chunk in [None, Some(1), Some(2), Some(3), Some(7)] {
                let got = json(&decode(profile, chunk, example.query.as_deref(), &bytes));
                if got != wanted {
                    let (id, name) = (&profile.id, &example.name);
                    wrong.push(format!(
                        "{id} / {name} / {chunk:?}: {got:?} is not {wanted:?}"
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn mistakes_are_named() {
    let good = include_str!("../profiles/BLUEPRINT.toml");
    let label = include_str!("../profiles/printers/zpl-203.toml");
    let cases = [
        (
            good.replace("id = \"vendor-model\"", "id = \"Vendor Model\""),
            "id: write lower-case",
        ),
        (
            good.replace("\"even\"", "\"maybe\""),
            "serial.parity: write none, even or odd",
        ),
        (
            good.replace("toledo-8217", "morse"),
            "codec: no such protocol",
        ),
        (
            good.replace("vendor = \"Vendor\"", "vendr = \"Vendor\""),
            "unknown field `vendr`",
        ),
        (
            good.replace(r"\x0201", r"\q01"),
            "examples.bytes: escapes are",
        ),
        (good.replace("unit = \"kg\"", ""), "unit: scales"),
        (
            good.replace("unit = \"kg\"", "unit = \"stone\""),
            "unknown variant `stone`",
        ),
        (good.replace("9600", "96"), "serial.baud: write"),
        (
            good.replace("data_bits = 7", "data_bits = 6"),
            "serial.data_bits: write 7 or 8",
        ),
        (
            good.replace("0eb8", "eb8"),
            "match.vendor_id: write four hex digits",
        ),
        (
            good.replace("f000", "wxyz"),
            "match.product_id: write four hex digits",
        ),
        (
            good.replace("name = \"stable\"", "name = \"s\"\nquery = \"hs\""),
            "examples.query: only",
        ),
        (
            good.replace("\"kind\":\"mass\",", ""),
            "examples.lines: write each line",
        ),
        (
            good.replace("[[examples]]", "[scanner]\nsuffixes = []\n[[examples]]"),
            "scanner.suffixes: write at least one, or gap_ends",
        ),
        (
            good.replace(
                "[[examples]]",
                "[scale]\nimplied_decimals = 9\n[[examples]]",
            ),
            "scale.implied_decimals: write 0 to 6",
        ),
        (
            good.replace("kind = \"scale\"", "kind = \"printer\""),
            "codec: no such protocol: write one of zpl",
        ),
        (
            label.replace("832", "800"),
            "printer.media_width_um: the stock is wider",
        ),
        (
            label.replace("compression =", "gap_um = -1\ncompression ="),
            "printer.gap_um: write micrometres",
        ),
        (
            label.replace("dpi = 203", "dpi = 204"),
            "printer.dpi: write 203, 300 or 600",
        ),
        (
            label.replace("query = \"hi\"", "query = \"ho\""),
            "examples.query: no such question: write one of hs",
        ),
    ];
    for (text, wanted) in cases {
        let error = Profile::parse("x.toml", &text).unwrap_err().to_string();
        assert!(
            error.contains(wanted) && error.starts_with("x.toml"),
            "{error}"
        );
    }
}

/// Feeds a codec pieces of any size; no time passes.
fn in_pieces(profile: &Profile, bytes: &[u8], cuts: &[usize]) -> Vec<Line> {
    let mut codec = registry::codec(profile).unwrap();
    let mut lines = Vec::new();
    let mut at = 0;
    for cut in cuts.iter().copied().chain([bytes.len()]) {
        let cut = cut.clamp(at, bytes.len());
        codec.receive(Duration::ZERO, &bytes[at..cut]);
        at = cut;
        while let Some(emitted) = codec.poll_event() {
            lines.push(line(&emitted.event));
        }
    }
    for second in 1..3 {
        codec.handle_timeout(Duration::from_secs(second * 60));
        while let Some(emitted) = codec.poll_event() {
            lines.push(line(&emitted.event));
        }
    }
    lines
}

proptest! {
    // Each case goes through all profiles.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn examples_split_anywhere_say_the_same(
        mut cuts in proptest::collection::vec(0_usize..120, 0..12),
    ) {
        cuts.sort_unstable();
        // Reports and answers of requests come whole, never split.
        let streams = |p: &&Profile| {
            p.kind != Kind::Printer && p.hid.is_none() && p.http.is_none()
        };
        for profile in registry::profiles().iter().filter(streams) {
            for example in &profile.examples {
                let bytes = unescape(&example.bytes).unwrap();
                let whole = json(&decode(profile, None, None, &bytes));
                let split = json(&in_pieces(profile, &bytes, &cuts));
                prop_assert_eq!(whole, split, "{} / {}", profile.id, example.name);
            }
        }
    }

    /// Every byte is accounted for once: in a frame or in a garbage range, in order.
    #[test]
    fn garbage_ranges_rise_and_stay_within_the_stream(
        bytes in proptest::collection::vec(
            prop_oneof![any::<u8>(), Just(0x02), Just(0x0D), Just(b'?'), Just(b'0')], 0..300),
    ) {
        for profile in registry::profiles().iter().filter(|p| p.kind != Kind::Printer) {
            let mut last = 0;
            for line in decode(profile, None, None, &bytes) {
                if let Line::Garbage { start, end } = line {
                    prop_assert!(last <= start && start < end);
                    prop_assert!(end <= u64::try_from(bytes.len()).unwrap());
                    last = end;
                }
            }
        }
    }

    #[test]
    fn any_bytes_split_anywhere_give_the_same_and_never_panic(
        bytes in proptest::collection::vec(
            prop_oneof![any::<u8>(), Just(0x02), Just(0x0D), Just(b'?'), Just(b'0')], 0..200),
        chunk in 1_usize..17,
    ) {
        for profile in registry::profiles() {
            let whole = json(&decode(profile, None, None, &bytes));
            let split = json(&decode(profile, Some(chunk), None, &bytes));
            prop_assert_eq!(whole, split, "{}", profile.id);
        }
    }
}

#[test]
fn matching_wants_all_that_is_stated() {
    let wanted = Match {
        vendor_id: "0a5f".into(),
        product_id: None,
        text: Some("zd421".into()),
    };
    assert!(wanted.fits(
        "0A5F",
        "0166",
        &["Zebra Technologies", "ZTC ZD421-203dpi ZPL"]
    ));
    assert!(!wanted.fits("0A5F", "0166", &["Zebra Technologies", "GK420d"]));
    assert!(!wanted.fits("0A60", "0166", &["ZD421"]));
    let exact = Match {
        product_id: Some("0167".into()),
        text: None,
        ..wanted
    };
    assert!(!exact.fits("0a5f", "0166", &[]) && exact.fits("0a5f", "0167", &[]));
}

#[test]
fn printers_state_stock_that_fits_their_head() {
    for (id, size) in [
        ("zpl-203", (812, 1218)),
        ("zpl-300", (1200, 1800)),
        ("zpl-600", (2400, 3600)),
    ] {
        let profile = registry::profile(id).unwrap();
        let printer = profile.printer.as_ref().unwrap();
        assert_eq!(printer.media().dots(printer.resolution()), size);
        assert_eq!(printer.job(3).copies, 3);
        assert_eq!(registry::language(profile).unwrap().id(), "zpl");
        assert!(registry::codec(profile).is_none());
    }
}

/// Each language has a profile, and what it says about stock and head reaches the job.
#[test]
fn every_language_has_a_profile_whose_label_it_encodes() {
    for language in LANGUAGES {
        let mut profiles = registry::profiles().iter();
        let profile = profiles.find(|p| p.codec == language.id());
        let profile = profile.unwrap_or_else(|| panic!("{}", language.id()));
        let printer = profile.printer.as_ref().unwrap();
        let job = printer.job(1);
        assert_eq!(job.head_dots, Some(printer.width_dots));
        assert_eq!(
            job.stock.map(|s| s.gap.um()),
            printer.gap_um,
            "{}",
            profile.id
        );
        let (width, height) = printer.media().dots(printer.resolution());
        let picture = Bitmap::new(width, height).unwrap();
        let mut bytes = Vec::new();
        let encoded = registry::language(profile).unwrap().encode(
            &picture.view(),
            printer.resolution(),
            &job,
            &mut bytes,
        );
        assert_eq!(encoded, Ok(()), "{}", profile.id);
        assert!(!bytes.is_empty());
    }
}

/// A device that talks without end to a host that does not listen must not fill the memory, and
/// what is lost must show.
#[test]
fn codecs_hold_bounded_memory_and_lose_nothing_silently() {
    for (id, frame) in [("toledo-8217-kg", "\u{2}01.25\r"), ("serial-line", "A\r")] {
        let profile = registry::profile(id).unwrap();
        let mut codec = registry::codec(profile).unwrap();
        let rounds = 20_000;
        for _ in 0..rounds {
            codec.receive(Duration::ZERO, frame.as_bytes());
        }
        let events: Vec<_> = std::iter::from_fn(|| codec.poll_event()).collect();
        assert!(events.len() < 10_000, "{id}: {}", events.len());
        let last = line(&events.last().unwrap().event);
        let end = u64::try_from(frame.len() * rounds).unwrap();
        let start = u64::try_from((events.len() - 1) * frame.len()).unwrap();
        assert_eq!(last, Line::Garbage { start, end }, "{id}");
        for _ in 0..50_000 {
            codec.receive(Duration::ZERO, &[0x02; 64]);
            codec.receive(Duration::ZERO, &[b'x'; 64]);
        }
        assert!(
            std::iter::from_fn(|| codec.poll_event()).count() < 10_000,
            "{id}"
        );
    }
}

proptest! {
    #[test]
    fn escaped_bytes_come_back(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        prop_assert_eq!(unescape(&escape(&bytes)).unwrap(), bytes);
    }

    #[test]
    fn strange_escapes_are_refused(text in r"\\[^xrnt\\].*") {
        prop_assert_eq!(unescape(&text), None);
    }
}

#[test]
fn half_escapes_are_refused() {
    for text in [r"\x", r"\x1", r"\x+1", r"\xG0", r"a\"] {
        assert_eq!(unescape(text), None, "{text}");
    }
}
