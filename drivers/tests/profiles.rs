//! Every profile proves itself: its examples decode to its stated lines, whole and split anywhere.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use firstscan_drivers::decode::{Line, decode};
use firstscan_drivers::profile::{Profile, unescape};
use firstscan_drivers::registry;
use proptest::prelude::*;

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
                assert_eq!(got, wanted, "{} / {} / {chunk:?}", profile.id, example.name);
            }
        }
    }
}

#[test]
fn mistakes_are_named() {
    let good = include_str!("../profiles/BLUEPRINT.toml");
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
    ];
    for (text, wanted) in cases {
        let error = Profile::parse("x.toml", &text).unwrap_err().to_string();
        assert!(
            error.contains(wanted) && error.starts_with("x.toml"),
            "{error}"
        );
    }
}

proptest! {
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
