//! Formats of application identifiers (GS1 General Specifications 3; formats as in the public GS1
//! Syntax Dictionary).

use super::SymbolError;
use super::gs1::mod10;

/// From identifier, to identifier, format: components of N (digits), X (character set 82) or Y
/// (set 39), of a fixed length (`14`) or up to one (`..20`); `c` = the last digit is a check
/// digit.
const FORMATS: &[(&str, &str, &str)] = &[
    ("00", "00", "N18c"),
    ("01", "03", "N14c"),
    ("10", "10", "X..20"),
    ("11", "13", "N6"),
    ("15", "17", "N6"),
    ("20", "20", "N2"),
    ("21", "22", "X..20"),
    ("235", "235", "X..28"),
    ("240", "241", "X..30"),
    ("242", "242", "N..6"),
    ("243", "243", "X..20"),
    ("250", "251", "X..30"),
    ("253", "253", "N13c X..17"),
    ("254", "254", "X..20"),
    ("255", "255", "N13c N..12"),
    ("30", "30", "N..8"),
    ("37", "37", "N..8"),
    ("3900", "3909", "N..15"),
    ("3910", "3919", "N3 N..15"),
    ("3920", "3929", "N..15"),
    ("3930", "3939", "N3 N..15"),
    ("3940", "3943", "N4"),
    ("3950", "3955", "N6"),
    ("400", "401", "X..30"),
    ("402", "402", "N17c"),
    ("403", "403", "X..30"),
    ("410", "417", "N13c"),
    ("420", "420", "X..20"),
    ("421", "421", "N3 X..9"),
    ("422", "422", "N3"),
    ("423", "423", "N3 N..12"),
    ("424", "424", "N3"),
    ("425", "425", "N3 N..12"),
    ("426", "426", "N3"),
    ("427", "427", "X..3"),
    ("4300", "4301", "X..35"),
    ("4302", "4306", "X..70"),
    ("4307", "4307", "X2"),
    ("4308", "4308", "X..30"),
    ("4309", "4309", "N20"),
    ("4310", "4311", "X..35"),
    ("4312", "4316", "X..70"),
    ("4317", "4317", "X2"),
    ("4318", "4318", "X..20"),
    ("4319", "4319", "X..30"),
    ("4320", "4320", "X..35"),
    ("4321", "4323", "N1"),
    ("4324", "4325", "N10"),
    ("4326", "4326", "N6"),
    ("4330", "4333", "N6 X..1"),
    ("7001", "7001", "N13"),
    ("7002", "7002", "X..30"),
    ("7003", "7003", "N10"),
    ("7004", "7004", "N..4"),
    ("7005", "7005", "X..12"),
    ("7006", "7006", "N6"),
    ("7007", "7007", "N6 N..6"),
    ("7008", "7008", "X..3"),
    ("7009", "7009", "X..10"),
    ("7010", "7010", "X..2"),
    ("7011", "7011", "N6 N..4"),
    ("7020", "7022", "X..20"),
    ("7023", "7023", "X..30"),
    ("7030", "7039", "N3 X..27"),
    ("710", "716", "X..20"),
    ("7230", "7239", "X2 X..28"),
    ("7240", "7240", "X..20"),
    ("8001", "8001", "N14"),
    ("8002", "8002", "X..20"),
    ("8003", "8003", "N14c X..16"),
    ("8004", "8004", "X..30"),
    ("8005", "8005", "N6"),
    ("8006", "8006", "N14c N4"),
    ("8007", "8007", "X..34"),
    ("8008", "8008", "N8 N..4"),
    ("8009", "8009", "X..50"),
    ("8010", "8010", "Y..30"),
    ("8011", "8011", "N..12"),
    ("8012", "8012", "X..20"),
    ("8013", "8013", "X..25"),
    ("8017", "8018", "N18c"),
    ("8019", "8019", "N..10"),
    ("8020", "8020", "X..25"),
    ("8026", "8026", "N14c N4"),
    ("8110", "8110", "X..70"),
    ("8111", "8111", "N4"),
    ("8112", "8112", "X..70"),
    ("8200", "8200", "X..70"),
    ("90", "90", "X..30"),
    ("91", "99", "X..90"),
];
/// Measures, 31 to 36, a digit of kind and the number of decimals: six digits.
const MEASURE: &str = "N6";

/// Identifiers that exclude each other in one symbol.
const APART: [(&str, &str); 4] = [("420", "421"), ("421", "4307"), ("01", "02"), ("01", "37")];

/// The format of an identifier; None if there is no such one.
pub fn format_of(ai: &str) -> Option<&'static str> {
    let measure = matches!(ai.as_bytes(), [b'3', b'1'..=b'6', b'0'..=b'9', b'0'..=b'5']);
    if measure {
        return Some(MEASURE);
    }
    let same =
        |(from, to, _): &&(&str, &str, &str)| ai.len() == from.len() && (*from..=*to).contains(&ai);
    FORMATS.iter().find(same).map(|(_, _, format)| *format)
}

struct Component {
    kind: u8,
    least: usize,
    most: usize,
    checked: bool,
}

fn components(format: &'static str) -> impl Iterator<Item = Component> {
    format.split(' ').map(|part| {
        let kind = part.as_bytes().first().copied().unwrap_or(b'X');
        let size = part.get(1..).unwrap_or_default();
        let checked = size.ends_with('c');
        let size = size.trim_end_matches('c');
        let most = size.trim_start_matches("..").parse().unwrap_or(0);
        let least = if size.starts_with("..") { 0 } else { most };
        Component {
            kind,
            least,
            most,
            checked,
        }
    })
}

fn rule<T>(text: String) -> Result<T, SymbolError> {
    Err(SymbolError::Rule(text))
}

/// Checks a value by the format of its identifier.
///
/// # Errors
/// An unknown identifier; wrong length, characters or check digit.
pub fn check(ai: &str, value: &str) -> Result<(), SymbolError> {
    let Some(format) = format_of(ai) else {
        return rule(format!("({ai}) is no application identifier"));
    };
    if value.is_empty() {
        return rule(format!("({ai}) has no value"));
    }
    let (least, most) = components(format).fold((0, 0), |(least, most), part| {
        (least + part.least, most + part.most)
    });
    let least = least.max(1);
    let length = value.chars().count();
    if length < least || length > most {
        let wanted = if least == most {
            format!("must have {most}")
        } else {
            format!("may have {least} to {most}")
        };
        return rule(format!("({ai}) has {length} characters but {wanted}"));
    }
    let mut rest = value;
    for part in components(format) {
        let end = rest
            .char_indices()
            .nth(part.most)
            .map_or(rest.len(), |(at, _)| at);
        let (this, tail) = rest.split_at(end);
        characters(ai, part.kind, this)?;
        if part.checked {
            check_digit(this)?;
        }
        rest = tail;
    }
    Ok(())
}

fn characters(ai: &str, kind: u8, text: &str) -> Result<(), SymbolError> {
    let pass = |c: char| match kind {
        b'N' => c.is_ascii_digit(),
        b'Y' => matches!(c, '#' | '-' | '/' | '0'..='9' | 'A'..='Z'),
        _ => c.is_ascii_alphanumeric() || "!\"%&'()*+,-./:;<=>?_".contains(c),
    };
    let Some(bad) = text.chars().find(|c| !pass(*c)) else {
        return Ok(());
    };
    match kind {
        b'N' => rule(format!("({ai}) takes digits only, not {bad:?}")),
        b'Y' => rule(format!("({ai}): {bad:?}; use digits, capitals and #-/")),
        _ => rule(format!(
            "({ai}): {bad:?} is not in the GS1 character set; use letters, digits and \
             !\"%&'()*+,-./:;<=>?_"
        )),
    }
}

fn check_digit(value: &str) -> Result<(), SymbolError> {
    let (body, last) = value.split_at(value.len() - 1);
    let right = mod10(body);
    match last.chars().next() {
        Some(found) if found != right => Err(SymbolError::CheckDigit { found, right }),
        _ => Ok(()),
    }
}

/// Rules between identifiers of one symbol.
///
/// # Errors
/// The two that may not stand together.
pub fn together(ais: &[&str]) -> Result<(), SymbolError> {
    for (one, other) in APART {
        if ais.contains(&one) && ais.contains(&other) {
            return rule(format!(
                "({one}) and ({other}) exclude each other; leave one out"
            ));
        }
    }
    let twice = |(at, ai): &(usize, &&str)| ais.iter().take(*at).any(|earlier| earlier == *ai);
    match ais.iter().enumerate().find(twice) {
        Some((_, ai)) => rule(format!("({ai}) is there twice; remove one")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn values_are_held_to_their_format() {
        for (ai, value) in [
            ("00", "106141411234567897"),
            ("3102", "001234"),
            ("10", "A(1)"),
            ("421", "276X1"),
            ("8010", "ABC-1#2"),
            ("253", "4012345000009X"),
            ("99", "x"),
        ] {
            check(ai, value).unwrap();
        }
        for (ai, value, part) in [
            ("00", "106141411234567898", "must be 7"),
            ("01", "123", "must have 14"),
            ("3106", "001234", "no application identifier"),
            ("421", "27x1", "digits only"),
            ("421", "2761234567890", "may have 3 to 12"),
            ("402", "12345678901234567", "must be"),
            ("8010", "abc", "capitals"),
            ("10", "a b", "character set"),
            ("05", "1", "no application identifier"),
        ] {
            let error = check(ai, value).unwrap_err().to_string();
            assert!(error.contains(part), "({ai}){value}: {error}");
        }
        assert!(together(&["00", "420", "421"]).is_err());
        assert!(together(&["10", "10"]).is_err());
        together(&["00", "420", "10"]).unwrap();
    }
}
