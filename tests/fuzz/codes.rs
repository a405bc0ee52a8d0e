//! What codes mean, under bytes of any kind: nothing panics, nothing is believed that is not
//! expected, and whatever is read as right can be written and read again.

use firstscan::content::gs1::{self, Dictionary, epc};
use firstscan::content::tracking::{Context, Expected, normalise, recognise};
use firstscan::content::{address, lint};

/// A scan; behind a zero byte, a number the station expects.
pub fn tracking(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (scan, number) = text
        .split_once('\0')
        .unwrap_or((&text, "1ZA1B2C30312345673"));
    let expected = [Expected {
        number,
        carrier: "",
    }];
    for expected in [&expected[..], &[]] {
        let context = Context {
            expected,
            contracts: &["ups", "post"],
        };
        let found = recognise(scan, &context);
        for report in found.report() {
            assert!(report.confidence <= 100, "{report:?}");
            assert!(report.reason.len() > 5, "{report:?}");
        }
        for pair in found.candidates.windows(2) {
            let rank = |at: usize| (pair[at].is_valid(), pair[at].confidence);
            assert!(rank(0) >= rank(1), "{pair:?}");
        }
        if found.best().is_some() && !expected.is_empty() {
            let wanted = normalise(number);
            let inside = found.number.contains(&wanted);
            assert!(inside && !wanted.is_empty(), "{scan:?} is not {number:?}");
        }
    }
}

/// GS1 data in any form. What breaks no rule is built again, and says the same.
pub fn gs1(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let dictionary = Dictionary::builtin();
    let parsed = gs1::parse(&text, dictionary);
    let most = text.chars().count();
    assert!(parsed.errors.iter().all(|p| p.position <= most));
    assert!(parsed.elements.len() <= gs1::ELEMENTS_MAX);
    assert!(!parsed.elements.is_empty() || !parsed.errors.is_empty());
    for element in &parsed.elements {
        let _uri = epc::to_uri(&element.ai, &element.value, "1", 7).is_ok();
    }
    let _key = epc::from_uri(&text).is_ok();
    if !parsed.is_valid() {
        return;
    }
    let elements = &parsed.elements;
    let bracketed = gs1::bracketed(elements, dictionary).expect("it broke no rule");
    let scanned = gs1::scanned(elements, gs1::Symbol::QrCode, dictionary).expect("nor here");
    for text in [&bracketed, &scanned] {
        let again = gs1::parse(text, dictionary);
        let same =
            |(a, b): (&gs1::Element<'_>, &gs1::Element<'_>)| a.ai == b.ai && a.value == b.value;
        assert_eq!(again.errors, [], "{text:?}");
        assert_eq!(again.elements.len(), elements.len(), "{text:?}");
        assert!(again.elements.iter().zip(elements).all(same), "{text:?}");
    }
    if let Ok(link) = gs1::link::build("https://id.gs1.org", elements, dictionary) {
        let again = gs1::parse(&link, dictionary);
        assert_eq!(again.errors, [], "{link}");
        for element in elements {
            assert_eq!(again.value(&element.ai), Some(&*element.value), "{link}");
        }
    }
}

/// An operator's dictionary: refused with a reason, or used on data of every length.
pub fn dictionary(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match Dictionary::parse(&text) {
        Ok(dictionary) => {
            for data in [
                "00123",
                "(01)09528765432108(10)A",
                "9912\u{1D}4300A%2",
                "310012",
            ] {
                let parsed = gs1::parse(data, &dictionary);
                assert!(!parsed.elements.is_empty() || !parsed.errors.is_empty());
            }
        }
        Err(error) => assert!(error.to_string().len() > 10, "{error:?}"),
    }
}

/// Lines: country, postcode, city, region, name, street lines.
pub fn address(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.split('\n');
    let mut next = || lines.next().unwrap_or_default();
    let (country, postcode, city, region, name) = (next(), next(), next(), next(), next());
    let street: Vec<String> = lines.map(str::to_owned).take(6).collect();
    let parts = address::Parts {
        name,
        lines: &street,
        postcode,
        city,
        region,
        country,
        ..address::Parts::default()
    };
    let told = address::check(&parts)
        .into_iter()
        .chain(lint::warnings(&parts));
    for problem in told {
        assert!(
            !problem.field.is_empty() && !problem.remedy.is_empty(),
            "{problem:?}"
        );
    }
    let label = address::label_lines(&parts, "DE");
    assert!(label.lines.iter().all(|line| !line.trim().is_empty()));
}
