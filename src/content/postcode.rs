//! Shapes of postcodes in the countries parcels go to most. Facts of the posts, re-expressed from
//! their addressing pages; they age (Vietnam went from six digits to five, both are taken), so a
//! postcode of another shape is worth a warning and never a refusal.

/// Longest postcode looked at, in characters.
const CHARS_MAX: usize = 16;

/// What a postcode looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Postcode {
    /// `9` a digit, `A` a letter, `X` either, `|` between alternatives; separators left out.
    patterns: &'static str,
    /// One as people write it.
    pub example: &'static str,
}

/// The shape of a country's postcodes, by ISO 3166-1 alpha-2; none if it has none or it is not
/// known here.
pub fn of(country: &str) -> Option<Postcode> {
    let at = POSTCODES
        .binary_search_by(|(code, ..)| (*code).cmp(country))
        .ok()?;
    let (_, patterns, example) = POSTCODES.get(at)?;
    Some(Postcode { patterns, example })
}

impl Postcode {
    /// True if `text` has the shape. Case, spaces and hyphens do not count, and the country's own
    /// letters may stand in front, as in `LV-1073`.
    pub fn fits(self, text: &str, country: &str) -> bool {
        let text = text.trim();
        let bare = text
            .get(..2)
            .filter(|head| head.eq_ignore_ascii_case(country));
        let bare = bare
            .and_then(|_| text.get(2..))
            .and_then(|rest| rest.strip_prefix('-'));
        let is = |text: &str| self.patterns.split('|').any(|pattern| same(pattern, text));
        is(text) || bare.is_some_and(is)
    }
}

fn same(pattern: &str, text: &str) -> bool {
    let mut shape = pattern.chars();
    let solid = text
        .chars()
        .filter(|c| !matches!(c, ' ' | '-'))
        .take(CHARS_MAX);
    for c in solid {
        let good = match shape.next() {
            Some('9') => c.is_ascii_digit(),
            Some('X') => c.is_ascii_alphanumeric(),
            Some('A') => c.is_ascii_alphabetic(),
            _ => false,
        };
        if !good {
            return false;
        }
    }
    shape.next().is_none()
}

/// True if parts of an address are written in capitals there: `C` city, `S` region, `Z` postcode.
/// United States (Publication 28), Canada, Australia, United Kingdom and France: the posts'
/// addressing guides.
pub fn in_capitals(country: &str, part: char) -> bool {
    let parts = match country {
        "US" | "PR" | "CA" | "AU" => "CSZ",
        "GB" => "CZ",
        "FR" => "C",
        _ => "",
    };
    parts.contains(part)
}

/// States, provinces and territories by the letters the post wants, where it wants letters.
pub fn is_region(country: &str, region: &str) -> Option<bool> {
    let codes = match country {
        "US" => US_STATES,
        "CA" => "AB BC MB NB NL NS NT NU ON PE QC SK YT",
        "AU" => "ACT NSW NT QLD SA TAS VIC WA",
        _ => return None,
    };
    Some(
        codes
            .split(' ')
            .any(|code| code.eq_ignore_ascii_case(region.trim())),
    )
}

const US_STATES: &str = "AA AE AK AL AP AR AS AZ CA CO CT DC DE FL FM GA GU HI IA ID IL IN KS KY \
    LA MA MD ME MH MI MN MO MP MS MT NC ND NE NH NJ NM NV NY OH OK OR PA PR PW RI SC SD TN TX UT \
    VA VI VT WA WI WV WY";

/// Country, patterns, example. Sorted by country.
#[rustfmt::skip]
const POSTCODES: &[(&str, &str, &str)] = &[
    ("AD", "AA999", "AD500"),
    ("AL", "9999", "1001"),
    ("AR", "9999|A9999AAA", "C1070AAM"),
    ("AT", "9999", "1010"),
    ("AU", "9999", "2060"),
    ("BA", "99999", "71000"),
    ("BD", "9999", "1340"),
    ("BE", "9999", "4000"),
    ("BG", "9999", "1000"),
    ("BR", "99999999", "40301-110"),
    ("BY", "999999", "223016"),
    ("CA", "A9A9A9", "H3Z 2Y7"),
    ("CH", "9999", "2544"),
    ("CL", "9999999", "8340457"),
    ("CN", "999999", "266033"),
    ("CO", "999999", "111221"),
    ("CR", "99999", "10101"),
    ("CY", "9999", "2008"),
    ("CZ", "99999", "100 00"),
    ("DE", "99999", "26133"),
    ("DK", "9999", "8660"),
    ("DO", "99999", "11903"),
    ("EC", "999999", "090105"),
    ("EE", "99999", "69501"),
    ("EG", "99999|9999999", "12411"),
    ("ES", "99999", "28039"),
    ("FI", "99999", "00550"),
    ("FR", "99999", "33380"),
    ("GB", "A99AA|A999AA|AA99AA|AA999AA|A9A9AA|AA9A9AA", "EC1Y 8SY"),
    ("GE", "9999", "0101"),
    ("GR", "99999", "151 24"),
    ("GT", "99999", "09001"),
    ("HR", "99999", "10000"),
    ("HU", "9999", "1037"),
    ("ID", "99999", "40115"),
    ("IE", "A9XXXXX", "A65 F4E2"),
    ("IL", "99999|9999999", "9614303"),
    ("IN", "999999", "110034"),
    ("IS", "999", "320"),
    ("IT", "99999", "00144"),
    ("JP", "9999999", "154-0023"),
    ("KE", "99999", "20100"),
    ("KR", "99999", "03051"),
    ("KW", "99999", "54541"),
    ("KZ", "999999|A99A9A9", "040900"),
    ("LI", "9999", "9496"),
    ("LK", "99999", "20000"),
    ("LT", "99999", "04340"),
    ("LU", "9999", "4750"),
    ("LV", "9999", "LV-1073"),
    ("MA", "99999", "53000"),
    ("MC", "99999", "98000"),
    ("MD", "9999", "2012"),
    ("ME", "99999", "81257"),
    ("MK", "9999", "1314"),
    ("MT", "AAA99|AAA999|AAA9999", "NXR 1001"),
    ("MX", "99999", "02860"),
    ("MY", "99999", "43000"),
    ("NG", "999999", "930283"),
    ("NL", "9999AA", "1234 AB"),
    ("NO", "9999", "0025"),
    ("NZ", "9999", "6001"),
    ("PE", "99999", "15074"),
    ("PH", "9999", "1008"),
    ("PK", "99999", "44000"),
    ("PL", "99999", "00-950"),
    ("PR", "99999|999999999", "00930"),
    ("PT", "9999999", "2725-079"),
    ("RO", "999999", "060274"),
    ("RS", "99999", "11000"),
    ("RU", "999999", "247112"),
    ("SA", "99999|999999999", "11564"),
    ("SE", "99999", "114 55"),
    ("SG", "999999", "546080"),
    ("SI", "9999", "4000"),
    ("SK", "99999", "010 01"),
    ("TH", "99999", "10150"),
    ("TN", "9999", "1002"),
    ("TR", "99999", "01960"),
    ("TW", "999|99999|999999", "106"),
    ("UA", "99999", "15432"),
    ("US", "99999|999999999", "95014"),
    ("UY", "99999", "11600"),
    ("VN", "99999|999999", "70010"),
    ("ZA", "9999", "0083"),
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::content::country;

    #[test]
    fn the_table_is_sorted_and_every_example_fits() {
        assert!(POSTCODES.len() >= 60);
        assert!(POSTCODES.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for (code, _, example) in POSTCODES {
            assert!(country::find(code).is_some(), "{code}");
            assert!(of(code).unwrap().fits(example, code), "{code} {example}");
            assert!(!of(code).unwrap().fits("", code));
            assert!(!of(code).unwrap().fits("12345678901234567", code));
        }
    }

    #[test]
    fn shapes_are_told_apart() {
        for (code, text, fits) in [
            ("US", "62701-1234", true),
            ("US", "6270", false),
            ("GB", "sw1a1aa", true),
            ("GB", "SW1A 1A", false),
            ("NL", "1234AB", true),
            ("DE", "D-50667", false),
            ("DE", "DE-50667", true),
            ("LU", "L-1234", false),
            ("VN", "700100", true),
            ("PL", "00\u{2010}950", false),
            ("DE", "\u{661}2345", false),
        ] {
            assert_eq!(of(code).unwrap().fits(text, code), fits, "{code} {text}");
        }
        assert_eq!(of("HK"), None);
        assert_eq!(is_region("US", "il"), Some(true));
        assert_eq!(is_region("CA", "Ontario"), Some(false));
        assert_eq!(is_region("DE", "Bayern"), None);
    }
}
