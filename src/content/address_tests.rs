#![allow(clippy::unwrap_used)]
use super::*;
use proptest::prelude::*;

struct Sample {
    lines: Vec<String>,
    parts: [&'static str; 6],
}

/// Name, postcode, city, region, country, phone.
fn sample(parts: [&'static str; 6]) -> Sample {
    Sample {
        lines: vec!["1 Long Street".to_owned()],
        parts,
    }
}

impl Sample {
    fn parts(&self) -> Parts<'_> {
        let [name, postcode, city, region, country, phone] = self.parts;
        Parts {
            name,
            company: "",
            lines: &self.lines,
            postcode,
            city,
            region,
            country,
            phone,
        }
    }

    fn problems(&self) -> Vec<String> {
        let told = |p: Problem| format!("{}: {}: {}", p.field, p.text, p.remedy);
        check(&self.parts()).into_iter().map(told).collect()
    }
}

#[test]
fn lines_follow_the_destination() {
    for (country, postcode, city, region, from, want) in [
        (
            "US",
            "62701",
            "Springfield",
            "IL",
            "US",
            "SPRINGFIELD IL 62701",
        ),
        (
            "US",
            "62701",
            "Springfield",
            "IL",
            "DE",
            "SPRINGFIELD IL 62701/UNITED STATES",
        ),
        (
            "GB",
            "SW1A 1AA",
            "London",
            "",
            "DE",
            "LONDON/SW1A 1AA/UNITED KINGDOM",
        ),
        ("DE", "20457", "Hamburg", "HH", "DE", "20457 Hamburg"),
        ("FR", "75001", "Paris", "", "DE", "75001 PARIS/FRANCE"),
        ("NL", "1012 AB", "Amsterdam", "", "NL", "1012 AB Amsterdam"),
        (
            "ES",
            "28001",
            "Madrid",
            "Madrid",
            "DE",
            "28001 Madrid/Madrid/SPAIN",
        ),
        (
            "IT",
            "34121",
            "Trieste",
            "TS",
            "DE",
            "34121 Trieste TS/ITALY",
        ),
        (
            "CA",
            "K1A 0B1",
            "Ottawa",
            "ON",
            "US",
            "OTTAWA ON K1A 0B1/CANADA",
        ),
        (
            "AU",
            "2000",
            "Sydney",
            "NSW",
            "US",
            "SYDNEY NSW 2000/AUSTRALIA",
        ),
        (
            "JP",
            "100-0001",
            "Chiyoda-ku",
            "Tokyo",
            "DE",
            "Chiyoda-ku Tokyo/100-0001/JAPAN",
        ),
        (
            "CN",
            "200001",
            "Shanghai",
            "Shanghai",
            "DE",
            "Shanghai/Shanghai 200001/CHINA",
        ),
        ("VN", "100000", "Hà Nội", "", "DE", "Hà Nội/100000/VIETNAM"),
        (
            "TH",
            "10110",
            "Khlong Toei",
            "Bangkok",
            "DE",
            "Khlong Toei/Bangkok 10110/THAILAND",
        ),
        ("AE", "", "Dubai", "", "DE", "Dubai/UNITED ARAB EMIRATES"),
        ("??", "1", "Nowhere", "", "DE", "1 Nowhere"),
    ] {
        let sample = sample(["A B", postcode, city, region, country, ""]);
        let label = label_lines(&sample.parts(), from);
        let mut lines: Vec<&str> = label.lines.iter().map(String::as_str).collect();
        lines.extend(label.country);
        assert_eq!(lines.join("/"), format!("A B/1 Long Street/{want}"));
    }
    let budapest = sample(["A B", "1051", "Budapest", "", "HU", ""]);
    let lines = label_lines(&budapest.parts(), "DE").lines;
    assert_eq!(lines, ["A B", "Budapest", "1 Long Street", "1051"]);
}

#[test]
fn a_company_and_three_street_lines_fit_into_seven() {
    let lines: Vec<String> = ["c/o X", "Yard 3", "Road 5"].map(str::to_owned).to_vec();
    let address = Parts {
        name: "A B",
        company: "Works",
        lines: &lines,
        postcode: "V94 1",
        city: "Limerick",
        region: "Co. Limerick",
        country: "IE",
        phone: "",
    };
    let label = label_lines(&address, "DE");
    assert_eq!(label.lines.len(), 7);
    assert_eq!(label.lines.first().unwrap(), "A B");
    assert_eq!(check(&address), []);
}

#[test]
fn everything_missing_is_named_at_once() {
    let none = Parts {
        country: "US",
        ..Parts::default()
    };
    let fields: Vec<String> = check(&none).into_iter().map(|p| p.field).collect();
    assert_eq!(fields, ["name", "lines", "postcode", "city", "region"]);
    let lost = Parts::default();
    assert!(
        check(&lost)
            .iter()
            .any(|p| p.field == "country" && p.text == "is missing")
    );
}

#[test]
fn each_problem_names_field_cause_and_remedy() {
    let long = "x y ".repeat(20);
    let long: &'static str = long.leak();
    for (parts, keys) in [
        (
            ["J*** D**", "1", "Rome", "", "VN", ""],
            ["name: \"J*** D**\" is masked", "platform"],
        ),
        (
            ["Jo", "1", "R\u{2022}\u{2022}", "", "VN", ""],
            ["city: ", "is masked"],
        ),
        (
            ["Jo", "1", "Rome", "", "VN", "(+1)***-12"],
            ["phone: ", "is masked"],
        ),
        (
            ["Jxxx", "1", "Rome", "", "VN", ""],
            ["name: \"Jxxx\" is masked", ""],
        ),
        (
            ["Jo", "XXX", "Rome", "", "VN", ""],
            ["postcode: \"XXX\" is masked", ""],
        ),
        (
            ["?? ???", "1", "Rome", "", "VN", ""],
            ["name: ", "lost characters"],
        ),
        (
            ["J\u{fffd}", "1", "Rome", "", "VN", ""],
            ["name: ", "lost characters"],
        ),
        (
            ["Jo\u{7}", "1", "Rome", "", "VN", ""],
            ["name: ", "U+0007: remove it"],
        ),
        (
            ["Jo", "1", "\u{202e}emoR", "", "VN", ""],
            ["city: ", "U+202E"],
        ),
        (
            [long, "1", "Rome", "", "VN", ""],
            ["name: ", "has 80 characters: shorten it to 60"],
        ),
        (
            ["--", "1", "Rome", "", "VN", ""],
            ["name: \"--\" has no letters", "in full"],
        ),
        (
            ["Jo", "1", "7", "", "VN", ""],
            ["city: \"7\" has no letters", ""],
        ),
        (
            ["Jo", "1", "Rome", "", "UK", ""],
            ["country: UK is no ISO code", "write GB"],
        ),
        (
            ["Jo", "1", "Rome", "", "de", ""],
            ["country: \"de\" is no country", "ISO 3166"],
        ),
        (
            ["Jo", "", "Rome", "", "IT", ""],
            ["postcode: is missing", "give the postcode"],
        ),
        (
            ["Jo", "1", "Rome", "", "US", ""],
            ["region: is missing", "state or province"],
        ),
    ] {
        let told = sample(parts).problems();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(
            keys.iter().all(|key| told[0].contains(key)),
            "{told:?} {keys:?}"
        );
    }
    let mut street = sample(["Jo", "1", "Rome", "", "VN", ""]);
    street.lines = vec!["***".to_owned(), "a".repeat(61)];
    assert_eq!(street.problems().len(), 2);
    assert!(street.problems()[1].starts_with("lines[1]: "));
    street.lines = vec!["-".to_owned()];
    assert!(street.problems()[0].contains("neither letters nor digits"));
    street.lines = vec!["a".to_owned(); 4];
    assert!(street.problems()[0].contains("4 street lines: give 1 to 3"));
    street.lines = vec![" ".to_owned()];
    assert!(street.problems()[0].contains("the street is missing"));
}

#[test]
fn real_names_are_no_masks() {
    for text in [
        "Via XXX Ottobre 8",
        "Pope John XXIII",
        "King Louis XXX",
        "Km CXXX",
        "XXXLutz Wels",
        "Max Exx",
        "Apt #5",
        "O'Neil-Smith",
        "Олена Шевченко",
        "Nguyễn Thị Hồng Nhung",
        "Who? Me",
    ] {
        assert_eq!(masked(text), None, "{text}");
    }
}

#[test]
fn tidy_keeps_words_and_drops_spare_spaces() {
    assert_eq!(tidy("  A\u{a0}\u{a0}B   C \r\n"), "A B C");
    assert_eq!(tidy("A\tB"), "A\tB", "an inner tab stays and is refused");
}

proptest! {
    #[test]
    fn no_address_panics(texts in proptest::collection::vec(".{0,70}", 8)) {
        let address = Parts {
            name: &texts[0], company: &texts[1], lines: &texts[2..4], postcode: &texts[4],
            city: &texts[5], region: &texts[6], country: &texts[7], phone: &texts[0],
        };
        let problems = check(&address);
        prop_assert!(problems.iter().all(|p| !p.text.is_empty() && !p.remedy.is_empty()));
        prop_assert!(label_lines(&address, "DE").lines.iter().all(|line| !line.is_empty()));
    }
}
