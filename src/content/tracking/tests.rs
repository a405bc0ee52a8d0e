#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::*;
use crate::content::check_digit::Family;
use proptest::prelude::*;

fn all() -> impl Iterator<Item = &'static Format> {
    FORMATS.into_iter().flatten()
}

/// Formats of a text, best first.
fn ids(scan: &str) -> Vec<&'static str> {
    let found = recognise(scan, &Context::default());
    found.candidates.iter().map(|c| c.format.id).collect()
}

fn valid_ids(scan: &str) -> Vec<&'static str> {
    let found = recognise(scan, &Context::default());
    let valid = found.candidates.iter().filter(|c| c.is_valid());
    valid.map(|c| c.format.id).collect()
}

#[test]
fn noise_and_symbology_identifiers_go() {
    for (scan, number) in [
        ("]C11z 999-AA1 01 2345 6784\r", "1Z999AA10123456784"),
        ("]C0JJD014600012345678", "JJD014600012345678"),
        ("\u{1d}00395287654321011110", "00395287654321011110"),
        ("]", "]"),
        ("]é1x", "]é1X"),
        ("", ""),
    ] {
        assert_eq!(normalise(scan), number, "{scan:?}");
    }
}

#[test]
fn s10_numbers_have_the_check_digit_inside() {
    assert_eq!(
        s10("RB", 47_110_815, "XX").as_deref(),
        Some("RB471108151XX")
    );
    assert_eq!(s10("RB", 7, "XX").as_deref().map(str::len), Some(13));
    assert_eq!(s10("RB", 100_000_000, "XX"), None);
    assert_eq!(s10("rb", 1, "XX"), None);
    assert_eq!(s10("RB", 1, "X\u{e9}"), None);
}

#[test]
fn every_format_is_well_formed_and_knows_its_own_example() {
    let mut seen = Vec::new();
    for format in all() {
        assert!(!seen.contains(&format.id), "{} is there twice", format.id);
        seen.push(format.id);
        assert_eq!(by_id(format.id), Some(format));
        assert!(
            format.grade < Grade::C || format.check.is_none(),
            "{}",
            format.id
        );
        let found = recognise(format.example, &Context::default());
        let own = found.candidates.iter().find(|c| c.format == format);
        let right = format.checks(format.example);
        let own = own.unwrap_or_else(|| panic!("{} {}", format.id, format.example));
        assert!(
            own.is_valid(),
            "{} {}: {right:?}",
            format.id,
            format.example
        );
        let contract = [own.carrier];
        let context = Context {
            contracts: &contract,
            ..Context::default()
        };
        let found = recognise(format.example, &context);
        assert_eq!(found.candidates[0].carrier, own.carrier, "{}", format.id);
        let text = found.reason(&found.candidates[0]);
        assert!(text.contains("carrier of this station"), "{text}");
    }
    assert!(seen.len() >= 60, "{}", seen.len());
}

#[test]
fn parts_are_decoded() {
    for (scan, format, fields) in [
        (
            "1ZA1B2C30312345673",
            "ups-1z",
            vec![
                ("shipper", "A1B2C3"),
                ("service", "03"),
                ("serial", "1234567"),
            ],
        ),
        (
            "RB471108151DE",
            "s10",
            vec![("service", "RB"), ("serial", "47110815"), ("country", "DE")],
        ),
        (
            "%0012345099801234567891012765",
            "dpd-28",
            vec![
                ("zip", "0012345"),
                ("number", "09980123456789"),
                ("service", "101"),
                ("country", "276"),
            ],
        ),
    ] {
        let found = recognise(scan, &Context::default());
        let best = found
            .best()
            .unwrap_or_else(|| panic!("{scan} {:?}", found.candidates));
        assert_eq!(best.format.id, format);
        let got: Vec<_> = found
            .fields(best)
            .iter()
            .map(|f| (f.name, f.value))
            .collect();
        assert_eq!(got, fields);
    }
    let number = make::usps_impb("001", "901234567", 1, 22).unwrap();
    for (zip, scan) in [
        ("12345", format!("]C142012345\u{1D}{number}")),
        (
            "12345",
            format!("(420) 12345 ({}) {}", &number[..2], &number[2..]),
        ),
        ("123456789", format!("420123456789{number}")),
    ] {
        let found = recognise(&scan, &Context::default());
        let best = found.best().unwrap();
        assert_eq!(best.format.id, "usps-impb-92", "{scan}");
        let fields = found.fields(best);
        let field = |name| fields.iter().find(|f| f.name == name).map(|f| f.value);
        assert_eq!(field("zip"), Some(zip));
        assert_eq!(
            (field("service"), field("mailer")),
            (Some("001"), Some("901234567"))
        );
    }
}

#[test]
fn a_number_is_found_in_every_dress() {
    for scan in [
        "00095287654321011110",
        "]C100095287654321011110",
        "(00) 0 9528765 4321011110",
        "]d20009528765432101111042012345\u{1D}4307DE",
        "https://id.gs1.org/00/095287654321011110",
        "\u{1D}00 0952 8765 4321 0111 10",
    ] {
        assert_eq!(ids(scan).first(), Some(&"sscc"), "{scan}");
    }
    for scan in [
        "*1ZA1B2C30312345673*",
        "1z a1b2c3 03 1234 5673",
        "1Z\u{2013}A1B2C3\u{AD}0312345673",
    ] {
        assert_eq!(ids(scan), ["ups-1z"], "{scan}");
    }
}

#[test]
fn odd_digits_are_flagged_and_never_believed() {
    let found = recognise("１ＺA1B2C3031234567３", &Context::default());
    assert_eq!(found.notes, [Note::OddDigits]);
    assert_eq!(found.candidates[0].format.id, "ups-1z");
    assert!(found.candidates[0].confidence <= 40 && found.best().is_none());
    assert!(found.report()[0].reason.contains("another script"));
    let own = [Expected {
        number: "1ZA1B2C30312345673",
        carrier: "ups",
    }];
    let context = Context {
        expected: &own,
        ..Context::default()
    };
    assert!(
        recognise("1ZA1B2C303123456\u{667}3", &context)
            .best()
            .is_none()
    );
    for scan in [
        "1ZA1B2C3031234567\u{2083}",
        "12345\u{3007}789012",
        "ABC/DEF",
        &"1".repeat(60),
    ] {
        let found = recognise(scan, &Context::default());
        assert!(
            found.candidates.is_empty() && !found.notes.is_empty(),
            "{scan}"
        );
    }
    assert_eq!(ids(""), [] as [&str; 0]);
    assert_eq!(ids("HELLO"), [] as [&str; 0]);
}

#[test]
fn an_empty_expectation_is_none() {
    let expected = [Expected {
        number: " -",
        carrier: "",
    }];
    let context = Context {
        expected: &expected,
        ..Context::default()
    };
    for scan in ["", " ", "-", "1ZA1B2C30312345673"] {
        assert!(recognise(scan, &context).best().is_none(), "{scan:?}");
    }
}

#[test]
fn a_failed_check_rules_look_alikes_out() {
    // S10 with the wrong digit, which the permissive DHL eCommerce would take.
    let scan = "LX471108152CN";
    assert_eq!(valid_ids(scan), [] as [&str; 0]);
    let found = recognise(scan, &Context::default());
    let told = found.report();
    let dhl = told.iter().find(|r| r.format == "dhl-ecommerce").unwrap();
    assert!(
        !dhl.valid && dhl.reason.contains("fails the check of s10"),
        "{}",
        dhl.reason
    );
    let post = told.iter().find(|r| r.format == "s10").unwrap();
    assert!(
        post.reason.contains("is 2 but must be 1"),
        "{}",
        post.reason
    );
    assert_eq!(valid_ids("LX471108151CN")[0], "s10");
    // Digits alone say too little to rule anything out.
    assert!(valid_ids("123456789013").contains(&"gls"));
}

#[test]
fn the_station_decides_between_candidates() {
    // Right for FedEx and for Purolator.
    let both = (10_000_000_000..).map(|n| make::fedex_12(n).unwrap());
    let number = both.into_iter().find(|n| Family::Luhn.holds(n)).unwrap();
    let found = recognise(&number, &Context::default());
    assert!(found.best().is_none(), "two carriers are as likely");
    for carrier in ["fedex", "purolator"] {
        let contracts = [carrier];
        let context = Context {
            contracts: &contracts,
            ..Context::default()
        };
        let found = recognise(&number, &context);
        assert_eq!(found.best().map(|c| c.carrier), Some(carrier));
        let expected = [Expected {
            number: &number,
            carrier,
        }];
        let context = Context {
            expected: &expected,
            ..Context::default()
        };
        let found = recognise(&number, &context);
        assert_eq!(found.best().map(|c| c.carrier), Some(carrier));
        assert!(found.report()[0].reason.contains("expected here"));
    }
    // 34 digits may be FedEx's or of the post: the symbol says which.
    let number = make::usps_impb("001", "901234567", 1, 22).unwrap();
    let routed = make::usps_routed("123456789", &number).unwrap();
    let best = |scan: &str| {
        let found = recognise(scan, &Context::default());
        (
            found.candidates[0].format.id,
            found.candidates[0].confidence,
        )
    };
    let (with, without) = (best(&format!("]C1{routed}")), best(&format!("]C0{routed}")));
    assert_eq!(with.0, "usps-impb-92");
    assert!(with.1 > without.1);
    // A number of a shape nobody knows is known if it is expected.
    let expected = [Expected {
        number: "NINJA-77/x",
        carrier: "ninja-van",
    }];
    let context = Context {
        expected: &expected,
        ..Context::default()
    };
    let found = recognise("NVX77", &context);
    assert!(found.best().is_none());
    let expected = [Expected {
        number: "NVX77",
        carrier: "ninja-van",
    }];
    let context = Context {
        expected: &expected,
        ..Context::default()
    };
    assert!(recognise("", &context).best().is_none());
    let best = recognise("nvx 77", &context).best().copied().unwrap();
    assert_eq!((best.format.id, best.confidence), ("expected", 100));
}

/// A number of each kind this station can write, by format.
fn written(kind: usize, serial: u64, text: &str, digits: &str) -> (&'static str, String) {
    let d = |from: usize, to: usize| &digits[from..to];
    let made = match kind {
        0 => (
            "s10",
            make::s10(
                ["RB", "CP", "EE", "LA"][(serial % 4) as usize],
                serial % 100_000_000,
                "DE",
            ),
        ),
        1 => (
            "sscc",
            make::sscc((serial % 10) as u8, d(0, 9), serial % 10_000_000).map(|n| format!("00{n}")),
        ),
        2 => (
            "sscc-18",
            make::sscc((serial % 10) as u8, d(0, 7), serial % 1_000_000_000),
        ),
        3 => (
            "usps-impb-92",
            make::usps_impb(d(0, 3), &format!("9{}", d(3, 11)), serial % 10_000_000, 22),
        ),
        4 => (
            "usps-impb-93",
            make::usps_impb(d(0, 3), &format!("1{}", d(3, 8)), serial, 26),
        ),
        5 => (
            "ups-1z",
            make::ups_1z(&text[..6], &text[6..8], serial % 10_000_000),
        ),
        6 => ("fedex-12", make::fedex_12(serial)),
        7 => (
            "fedex-ground-96",
            make::fedex_96("22", "001", d(5, 12), serial % 10_000_000),
        ),
        8 => ("dpd-14", make::dpd_14(d(0, 4), serial % 10_000_000_000)),
        9 => (
            "dpd-28",
            make::dpd_28(&text[..7], d(0, 14), d(14, 17), "276"),
        ),
        10 => (
            "canada-post-16",
            make::numeric(d(0, 7), serial % 100_000_000, 8, Family::Gs1Mod10, 0),
        ),
        11 => (
            "dhl-express",
            make::numeric("", serial % 1_000_000_000, 9, Family::Mod7, 0),
        ),
        12 => (
            "purolator-12",
            make::numeric("3", serial % 10_000_000_000, 10, Family::Luhn, 0),
        ),
        13 => (
            "dhl-identcode",
            make::numeric(d(0, 5), serial % 1_000_000, 6, Family::DeutschePost, 0),
        ),
        14 => (
            "fedex-ground-15",
            make::numeric(d(0, 4), serial % 10_000_000_000, 10, Family::Gs1Mod10, 0),
        ),
        15 => (
            "hermes",
            make::numeric(d(0, 3), serial % 10_000_000_000, 10, Family::Gs1Mod10, 0),
        ),
        _ => (
            "old-dominion",
            make::numeric("777", serial % 10_000_000, 7, Family::Luhn, 0),
        ),
    };
    (made.0, made.1.unwrap())
}

/// Kinds whose numbers no other format outranks, whatever the station knows.
const CLEAR: usize = 10;

fn serials() -> impl Strategy<Value = (usize, u64, String, String)> {
    (
        0..17_usize,
        0..100_000_000_000_u64,
        "[0-9A-Z]{8}",
        "[0-9]{20}",
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_written_number_is_first_recognised_as_what_it_is(
        (kind, serial, text, digits) in serials(),
    ) {
        let (id, number) = written(kind, serial, &text, &digits);
        let carrier = [recognise_own(id, &number)];
        let context = Context { contracts: &carrier, ..Context::default() };
        let found = recognise(&number, &context);
        prop_assert_eq!(found.candidates[0].format.id, id, "{}", number);
        prop_assert_eq!(found.candidates[0].check, Check::Ok);
        if kind < CLEAR {
            prop_assert_eq!(ids(&number)[0], id, "{}", number);
        }
    }

    #[test]
    fn nothing_but_the_expected_is_believed(
        (kind, serial, text, digits) in serials(), at in 0..64_usize, add in 1..36_u8, swap: bool,
    ) {
        let (id, number) = written(kind, serial, &text, &digits);
        let expected = [Expected { number: &number, carrier: recognise_own(id, &number) }];
        let context = Context { expected: &expected, contracts: &[] };
        let found = recognise(&number, &context);
        prop_assert_eq!(found.best().map(|c| c.format.id), Some(id));
        let changed = if swap { swapped(&number, at) } else { changed(&number, at, add) };
        if changed != number {
            prop_assert!(recognise(&changed, &context).best().is_none(), "{} {}", number, changed);
        }
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,60}", codes in "[0-9A-Z%*\\]()\u{1D}\u{FF11} -]{0,60}") {
        for scan in [&text, &codes] {
            let found = recognise(scan, &Context::default());
            for report in found.report() {
                prop_assert!(report.confidence <= 100 && !report.reason.is_empty());
            }
        }
    }
}

fn recognise_own(id: &str, number: &str) -> &'static str {
    let found = recognise(number, &Context::default());
    let own = found.candidates.iter().find(|c| c.format.id == id);
    own.unwrap_or_else(|| panic!("{id} {number}")).carrier
}

/// One character replaced by another of its kind.
fn changed(number: &str, at: usize, add: u8) -> String {
    let mut bytes = number.as_bytes().to_vec();
    let at = at % bytes.len();
    bytes[at] = match bytes[at] {
        digit @ b'0'..=b'9' => b'0' + (digit - b'0' + add) % 10,
        letter => b'A' + (letter - b'A' + add) % 26,
    };
    String::from_utf8(bytes).unwrap()
}

fn swapped(number: &str, at: usize) -> String {
    let mut bytes = number.as_bytes().to_vec();
    let at = at % (bytes.len() - 1);
    bytes.swap(at, at + 1);
    String::from_utf8(bytes).unwrap()
}

/// Per cent of damaged numbers that do not pass as valid numbers of the same format: single digits
/// and adjacent swaps, as the published tables count them.
fn caught(kind: usize) -> (usize, usize) {
    let mut counts = [(0, 0); 2];
    for serial in 0..200_u64 {
        let spread = serial.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let digits = format!("{:020}", spread);
        // Shipper accounts have letters where the published ones have them.
        let texts = ["1A234503", "123A4503", "123A5B03", "1A23B403"];
        let text = texts[usize::try_from(serial % 4).unwrap()];
        let (id, number) = written(kind, spread % 100_000_000_000, text, &digits);
        let passes = |text: &str| {
            let found = recognise(text, &Context::default());
            found
                .candidates
                .iter()
                .any(|c| c.format.id == id && c.is_valid())
        };
        for at in (0..number.len()).filter(|at| number.as_bytes()[*at].is_ascii_digit()) {
            for add in 1..10 {
                let text = changed(&number, at, add);
                counts[0].0 += usize::from(!passes(&text));
                counts[0].1 += 1;
            }
            let next = number.as_bytes().get(at + 1).copied();
            let other = next.filter(|b| b.is_ascii_digit() && *b != number.as_bytes()[at]);
            if other.is_some() {
                counts[1].0 += usize::from(!passes(&swapped(&number, at)));
                counts[1].1 += 1;
            }
        }
    }
    (
        (counts[0].0 * 100 + counts[0].1 / 2) / counts[0].1,
        (counts[1].0 * 100 + counts[1].1 / 2) / counts[1].1,
    )
}

#[test]
fn damage_is_caught_as_often_as_published() {
    let mut low = Vec::new();
    for (kind, name, single, swap) in [
        (9, "DPD 28", 100, 97),
        (8, "DPD 14", 100, 97),
        (10, "Canada Post", 100, 79),
        (14, "FedEx Ground 15", 100, 79),
        (12, "Purolator", 100, 79),
        (16, "Old Dominion", 100, 79),
        (6, "FedEx 12", 97, 93),
        (5, "UPS 1Z", 96, 91),
        (11, "DHL Express", 93, 86),
        (0, "S10", 91, 88),
        (3, "USPS 92", 86, 79),
        (7, "FedEx 96", 77, 80),
    ] {
        let found = caught(kind);
        if found.0 < single || found.1 < swap {
            low.push(format!("{name}: {found:?}"));
        }
    }
    assert_eq!(low, [] as [&str; 0]);
}

#[test]
fn the_longest_scan_is_read_in_time() {
    for piece in [
        "1",
        "(00",
        "(",
        "]C1",
        "\u{1D}",
        "\u{FF11}",
        "https://x/00/",
        "%*",
    ] {
        let scan = piece.repeat(4096 / piece.len());
        let found = recognise(&scan, &Context::default());
        assert!(found.best().is_none(), "{piece}");
    }
}
