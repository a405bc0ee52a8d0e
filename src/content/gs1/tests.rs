#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::transport::{Content, Transport};
use super::*;
use proptest::prelude::*;

fn builtin() -> &'static Dictionary {
    Dictionary::builtin()
}

fn pairs(parsed: &Parsed<'_>) -> Vec<(String, String, usize)> {
    let one = |e: &Element<'_>| (e.ai.to_string(), e.value.to_string(), e.position);
    parsed.elements.iter().map(one).collect()
}

/// Identifier, position and rule of every error.
fn errors(data: &str) -> Vec<(String, usize, Rule)> {
    let parsed = parse(data, builtin());
    let one = |p: Problem| (p.ai, p.position, p.rule);
    parsed.errors.into_iter().map(one).collect()
}

const SSCC: &str = "095287654321011110";

#[test]
fn the_same_elements_in_every_form() {
    let want = [("00", SSCC), ("420", "12345"), ("400", "PO(7)")];
    for (data, form, symbology) in [
        (
            format!("(00){SSCC}(420)12345(400)PO(7)"),
            Form::Bracketed,
            None,
        ),
        (
            format!("00{SSCC}42012345\u{1D}400PO(7)"),
            Form::Unbracketed,
            None,
        ),
        (
            format!("]C100{SSCC}42012345\u{1D}400PO(7)"),
            Form::Unbracketed,
            Some("C1"),
        ),
        (
            format!("]d2\u{1D}00{SSCC}42012345\u{1D}400PO(7)\u{1D}"),
            Form::Unbracketed,
            Some("d2"),
        ),
        (
            format!("^00{SSCC}^42012345^400PO(7)"),
            Form::Unbracketed,
            None,
        ),
        (
            format!("https://example.com/gs1/00/{SSCC}?420=12345&400=PO%287%29&linkType=x"),
            Form::DigitalLink,
            None,
        ),
    ] {
        let parsed = parse(&data, builtin());
        assert_eq!(parsed.errors, [], "{data}");
        assert_eq!((parsed.form, parsed.symbology), (form, symbology), "{data}");
        let found: Vec<_> = parsed
            .elements
            .iter()
            .map(|e| (&*e.ai, &*e.value))
            .collect();
        assert_eq!(found, want, "{data}");
    }
    let parsed = parse("(00)095287654321011110(420)12345", builtin());
    let positions: Vec<_> = pairs(&parsed).into_iter().map(|(.., at)| at).collect();
    assert_eq!(positions, [0, 22]);
}

#[test]
fn errors_name_identifier_position_and_rule() {
    let one = |ai: &str, at, rule| vec![(ai.to_owned(), at, rule)];
    for (data, want) in [
        ("", one("", 0, Rule::Syntax)),
        ("]C1", one("", 3, Rule::Syntax)),
        ("(00", one("", 0, Rule::Syntax)),
        ("00095287654321011111", one("00", 0, Rule::CheckDigit)),
        ("0009528765432101111", one("00", 0, Rule::Length)),
        ("00A95287654321011110", one("00", 0, Rule::Characters)),
        ("0531", one("", 0, Rule::UnknownAi)),
        ("(11)261301", one("11", 0, Rule::Date)),
        ("(11)260230", one("11", 0, Rule::Date)),
        ("(421)000AB", one("421", 0, Rule::Country)),
        ("(10)a b", one("10", 0, Rule::Characters)),
        ("(10)", one("10", 0, Rule::Length)),
        ("(10)A(10)B", one("10", 5, Rule::Repeat)),
        ("(02)09528765432108", one("02", 0, Rule::Requires)),
        ("(3300)001234", one("3300", 0, Rule::Requires)),
        ("10A\u{1D}\u{1D}21B", one("", 4, Rule::Syntax)),
        ("https://example.com/about", one("", 19, Rule::Syntax)),
        (
            "https://x.example/01/09528765432108/21/A/10/B",
            one("21", 36, Rule::Syntax),
        ),
        (
            "(10)\u{C9}(21)\u{C9}",
            vec![
                ("10".into(), 0, Rule::Characters),
                ("21".into(), 5, Rule::Characters),
            ],
        ),
    ] {
        let found = errors(data);
        assert_eq!(found, want, "{data:?}");
    }
    let set = |tail: &str| errors(&format!("(00){SSCC}{tail}"));
    assert_eq!(set("(420)12345"), []);
    assert_eq!(set("(420)12345(421)276X"), one("420", 22, Rule::Excludes));
    assert_eq!(set("(421)276X(4307)DE"), one("421", 22, Rule::Excludes));
    assert_eq!(set("(4307)UK"), one("4307", 22, Rule::Country));
    assert_eq!(set("(4303)Floor"), one("4303", 22, Rule::Requires));
    assert_eq!(set("(4301)J%C3%BCrgen%20M"), []);
    assert_eq!(set("(4301)100%"), one("4301", 22, Rule::PercentEncoding));
    assert_eq!(set("(4301)%C3x"), one("4301", 22, Rule::PercentEncoding));
    assert_eq!(set("(4321)2"), one("4321", 22, Rule::Value));
    assert_eq!(set("(3301)000100(3302)001000").len(), 2);
    assert_eq!(set("(4324)2611219999"), []);
    assert_eq!(set("(4324)2611212560"), one("4324", 22, Rule::Date));
}

#[test]
fn messages_say_what_would_be_right() {
    for (data, part) in [
        ("00095287654321011111", "check digit is 1 but must be 0"),
        ("(02)09528765432108", "(02) needs (37) beside it"),
        (
            "(37)5",
            "(37) needs (00) and (02), or (00) and (8026) beside it",
        ),
        ("(421)276X(420)1", "exclude each other; leave one out"),
    ] {
        let parsed = parse(data, builtin());
        let texts: Vec<_> = parsed.errors.iter().map(ToString::to_string).collect();
        assert!(texts.iter().any(|t| t.contains(part)), "{data}: {texts:?}");
    }
}

#[test]
fn what_is_built_obeys_the_rules() {
    let element = |ai: &'static str, value: &'static str| Element::new(ai, value);
    let parcel = [
        element("00", SSCC),
        element("400", "A(1)"),
        element("420", "1234"),
    ];
    assert_eq!(
        unbracketed(&parcel, true, builtin()).unwrap(),
        format!("\u{1D}00{SSCC}400A(1)\u{1D}4201234")
    );
    assert_eq!(
        scanned(&parcel, Symbol::Gs1_128, builtin()).unwrap(),
        format!("]C100{SSCC}400A(1)\u{1D}4201234")
    );
    let text = bracketed(&parcel, builtin()).unwrap();
    assert_eq!(text, format!("(00){SSCC}(400)A\\(1)(420)1234"));
    let link = link::build("https://id.gs1.org/", &parcel, builtin()).unwrap();
    assert_eq!(
        link,
        format!("https://id.gs1.org/00/{SSCC}?400=A%281%29&420=1234")
    );
    let alone = [element("00", SSCC)];
    let link = link::build("https://id.gs1.org", &alone, builtin()).unwrap();
    assert_eq!(link, format!("https://id.gs1.org/00/{SSCC}"));
    let both = [element("420", "1"), element("421", "276X")];
    assert_eq!(
        unbracketed(&both, false, builtin()).unwrap_err()[0].rule,
        Rule::Excludes
    );
    assert!(link::build("https://x.example", &[element("10", "A")], builtin()).is_err());
    assert!(link::build("id.gs1.org", &alone, builtin()).is_err());
    // Qualifiers of an item follow it in their order, whatever order they came in.
    let item = [
        element("21", "S/1"),
        element("10", "L"),
        element("01", "09528765432108"),
    ];
    let link = link::build("https://x.example", &item, builtin()).unwrap();
    assert_eq!(link, "https://x.example/01/09528765432108/10/L/21/S%2F1");
    assert_eq!(parse(&link, builtin()).errors, []);
}

#[test]
fn epc_uris_both_ways() {
    for (ai, value, serial, prefix, uri) in [
        ("00", SSCC, "", 7, "urn:epc:id:sscc:9528765.0432101111"),
        (
            "01",
            "09528765432108",
            "A/1",
            7,
            "urn:epc:id:sgtin:9528765.043210.A%2F1",
        ),
        (
            "8003",
            "09528765432108XY",
            "",
            9,
            "urn:epc:id:grai:952876543.210.XY",
        ),
        ("8004", "9528765AB-1", "", 7, "urn:epc:id:giai:9528765.AB-1"),
    ] {
        assert_eq!(epc::to_uri(ai, value, serial, prefix).as_deref(), Ok(uri));
        let key = epc::from_uri(uri).unwrap();
        assert_eq!((key.ai, &*key.value, &*key.serial), (ai, value, serial));
    }
    assert_eq!(
        epc::to_uri("00", SSCC, "", 3),
        Err(epc::EpcError::PrefixLength(3))
    );
    assert!(epc::to_uri("00", "095287654321011111", "", 7).is_err());
    assert!(epc::to_uri("8003", "09528765432108", "", 7).is_err());
    assert!(epc::to_uri("10", "A", "", 7).is_err());
    for uri in [
        "",
        "urn:epc:id:sscc:1.2",
        "urn:epc:id:sscc:9528765.343210111",
        "urn:epc:id:sgln:9528765.1.0",
    ] {
        assert!(epc::from_uri(uri).is_err(), "{uri}");
    }
}

#[test]
fn an_address_is_in_the_symbol_only_if_asked_for() {
    let lines = vec!["Große Straße 7".to_owned(), "3. Stock".to_owned()];
    let parcel = Transport {
        sscc: SSCC,
        name: "Jürgen Müller",
        lines: &lines,
        city: "Köln",
        postcode: "50667",
        country: "DE",
        signature: Some(true),
        ..Transport::default()
    };
    let ais = |content| {
        let elements = parcel.elements(content).unwrap();
        elements
            .iter()
            .map(|e| e.ai.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(ais(Content::default()), ["00", "420", "4307", "4323"]);
    assert_eq!(
        ais(Content::Address),
        ["00", "420", "4301", "4302", "4303", "4305", "4307", "4323"]
    );
    let elements = parcel.elements(Content::Address).unwrap();
    assert_eq!(elements[2].value, "J%C3%BCrgen%20M%C3%BCller");
    assert_eq!(
        percent_decode(&elements[2].value).as_deref(),
        Some(parcel.name)
    );
    let long = "ü".repeat(6);
    let errors = Transport {
        name: &long,
        ..parcel
    }
    .elements(Content::Address);
    assert_eq!(
        errors.unwrap_err()[0].rule,
        Rule::Length,
        "6 characters, 36 encoded"
    );
}

#[test]
fn an_operators_dictionary_is_used() {
    let text = "\
# A comment, and lines as published
00         *?  N18,csum,gcppos2                  dlpkey                 # SSCC
01         *?  N14,csum,gcppos2                  ex=255,37 dlpkey=22,10,21|235  # GTIN
17         *?  N6,yymmd0     req=01,02 # USE BY
3100-3105  *?  N6            req=01,02 ex=310n  # NET WEIGHT (kg)
4321        ?  N1,yesno,futurerule                 # DANGEROUS GOODS
8008        ?  N8,yymmddhh [N..4],mmoptss  req=00+01,4321 dlattr=x # PROD TIME
";
    let dictionary = Dictionary::parse(text).unwrap();
    assert_eq!(
        dictionary.unchecked(),
        ["dlattr", "futurerule", "mmoptss", "yymmddhh"]
    );
    assert_eq!(dictionary.find("3103").unwrap().title, "NET WEIGHT (kg)");
    assert!(dictionary.find("3106").is_none() && dictionary.find("10").is_none());
    let rules = |data: &str| {
        let errors = parse(data, &dictionary).errors;
        errors.into_iter().map(|p| p.rule).collect::<Vec<_>>()
    };
    assert_eq!(rules("(01)09528765432108(17)261100"), []);
    assert_eq!(rules("(17)261100"), [Rule::Requires]);
    assert_eq!(rules("(8008)26112112(4321)1"), []);
    assert_eq!(rules("(8008)26112112"), [Rule::Requires]);
    assert_eq!(rules("(01)09528765432108(3103)000100(3102)001000").len(), 2);
    assert_eq!(rules("10ABC"), [Rule::UnknownAi]);
    for (text, part) in [
        ("", "no identifier"),
        ("# only\n", "no identifier"),
        ("\n0 * N18", "line 2"),
        ("00 * N18,csum\n00 * N18", "twice"),
        ("00 * Q18", "line 1: \"Q18\" is not understood"),
        ("00 *", "(00) has no format"),
        ("00 N999", "line 1"),
        ("10-9 N1", "line 1"),
        ("31 N1\n3100 N1", "identifiers of two lengths"),
        ("00 N18 req=x", "line 1"),
    ] {
        let error = Dictionary::parse(text).unwrap_err().to_string();
        assert!(error.contains(part), "{text:?}: {error}");
    }
}

#[test]
fn our_own_table_is_whole() {
    assert!(builtin().unchecked().is_empty());
    for (ai, length, predefined) in [
        ("00", (18, 18), true),
        ("414", (13, 13), true),
        ("3625", (6, 6), true),
        ("421", (4, 12), false),
        ("4330", (6, 7), false),
        ("8003", (14, 30), false),
        ("99", (1, 90), false),
    ] {
        let entry = builtin().find(ai).unwrap();
        assert_eq!(
            (entry.length(), entry.predefined),
            (length, predefined),
            "{ai}"
        );
    }
}

/// Elements that keep all rules: an SSCC and some of what may stand beside it.
fn good() -> impl Strategy<Value = Vec<Element<'static>>> {
    let text = "[!\"%&'()*+,./0-9:;<=>?A-Z_a-z-]{1,20}";
    let digits = "[0-9]{17}".prop_map(|body| {
        let check = crate::content::check_digit::Family::Gs1Mod10.check(&body);
        body + &check.unwrap().to_string()
    });
    let name = "[\\PC]{1,2}".prop_map(|text| percent_encode(&text));
    (digits, text, "[0-9A-Z]{1,20}", name, any::<bool>(), text).prop_map(
        |(sscc, order, zip, name, first, internal)| {
            let mut all = vec![
                Element::new("00", sscc),
                Element::new("400", order),
                Element::new("420", zip),
                Element::new("4301", name),
                Element::new("91", internal),
            ];
            if first {
                all.rotate_left(1);
            }
            all
        },
    )
}

fn same(parsed: &Parsed<'_>, elements: &[Element<'_>]) -> bool {
    let one = |e: &Element<'_>| (e.ai.to_string(), e.value.to_string());
    let found: Vec<_> = parsed.elements.iter().map(one).collect();
    parsed.errors.is_empty() && found == elements.iter().map(one).collect::<Vec<_>>()
}

proptest! {
    #[test]
    fn what_is_built_reads_back(elements in good()) {
        for text in [
            unbracketed(&elements, false, builtin()).unwrap(),
            unbracketed(&elements, true, builtin()).unwrap(),
            scanned(&elements, Symbol::DataMatrix, builtin()).unwrap(),
            bracketed(&elements, builtin()).unwrap(),
        ] {
            let parsed = parse(&text, builtin());
            prop_assert!(same(&parsed, &elements), "{text:?} {parsed:?}");
        }
        let link = link::build("https://id.gs1.org", &elements, builtin()).unwrap();
        let mut parsed = parse(&link, builtin());
        let mut sorted = elements.clone();
        sorted.sort_by(|a, b| a.ai.cmp(&b.ai));
        parsed.elements.sort_by(|a, b| a.ai.cmp(&b.ai));
        prop_assert!(same(&parsed, &sorted), "{link} {parsed:?}");
    }

    #[test]
    fn epc_uris_round_trip(body in "[0-9]{17}", prefix in 4..=12_usize, serial in "[!-~]{1,16}") {
        let check = crate::content::check_digit::Family::Gs1Mod10.check(&body).unwrap();
        let uri = epc::to_uri("00", &format!("{body}{check}"), "", prefix).unwrap();
        prop_assert_eq!(epc::from_uri(&uri).unwrap().value, format!("{body}{check}"));
        let asset = format!("{body}{serial}");
        if let Ok(uri) = epc::to_uri("8004", &asset, "", prefix) {
            prop_assert_eq!(epc::from_uri(&uri).unwrap().value, asset);
        }
    }

    #[test]
    fn no_data_panic(
        text in "\\PC{0,60}", codes in "[\\]C1d(0-9)^%/\u{1D}A-Z\u{C9}\\\\]{0,80}",
        link in "https://[a-z/0-9?&=%\u{C9}]{0,60}",
    ) {
        for data in [&text, &codes, &link] {
            let parsed = parse(data, builtin());
            let most = data.chars().count();
            prop_assert!(parsed.errors.iter().all(|p| p.position <= most));
            prop_assert!(parsed.elements.iter().all(|e| e.position <= most));
            prop_assert!(!parsed.elements.is_empty() || !parsed.errors.is_empty());
            let _same = epc::from_uri(data).is_err();
            let _read = Dictionary::parse(data).is_err();
        }
    }

    #[test]
    fn percent_encoding_round_trips(text in "\\PC{0,40}") {
        let encoded = percent_encode(&text);
        prop_assert!(encoded.chars().all(|c| c != ' ' && c.is_ascii()));
        prop_assert_eq!(percent_decode(&encoded), Some(text));
    }
}

#[test]
fn the_longest_data_is_read_in_time() {
    for piece in [
        "(",
        "(10",
        "(10)",
        "10A\u{1D}",
        "%",
        "/00",
        "\u{C9}",
        "\\(",
        "^",
    ] {
        let data = piece.repeat(DATA_BYTES_MAX / piece.len());
        assert!(!parse(&data, builtin()).errors.is_empty());
        assert!(!parse(&format!("(99){data}"), builtin()).errors.is_empty());
    }
}
