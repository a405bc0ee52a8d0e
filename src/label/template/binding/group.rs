//! Tracking numbers in groups, as carriers print them and people read them aloud.

/// Which groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grouping {
    /// By what the number looks like.
    Auto,
    /// Fours from the left: USPS, FedEx and most others.
    Fours,
    /// `1Z 999 AA1 01 2345 6784`: mark, shipper, service, package.
    Ups,
    /// `RR 123 456 789 DE`: UPU S10.
    S10,
    /// `3 4012 3450 0000 0001 2`: extension digit, four fours, check digit.
    Sscc,
}

const UPS: &[usize] = &[2, 3, 3, 2, 4, 4];
const S10: &[usize] = &[2, 3, 3, 3, 2];
const SSCC: &[usize] = &[1, 4, 4, 4, 4, 1];

impl Grouping {
    /// By the name used in templates.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "auto" => Self::Auto,
            "fours" => Self::Fours,
            "ups" => Self::Ups,
            "s10" => Self::S10,
            "sscc" => Self::Sscc,
            _ => return None,
        })
    }
}

/// Appends `value` in groups. White space already there is dropped. A number of another length
/// than the grouping knows is shown in fours: a strange number must stay readable.
pub fn append(grouping: Grouping, value: &str, out: &mut String) {
    let chars = || value.chars().filter(|c| !c.is_whitespace());
    let groups = match grouping {
        Grouping::Fours => None,
        Grouping::Ups => Some(UPS),
        Grouping::S10 => Some(S10),
        Grouping::Sscc => Some(SSCC),
        Grouping::Auto => recognise(chars()),
    };
    let length = chars().count();
    let groups = groups.filter(|groups| groups.iter().sum::<usize>() == length);
    let mut groups = groups.map(|groups| groups.iter().copied());
    let mut next = || match &mut groups {
        Some(groups) => groups.next().unwrap_or(length),
        None => 4,
    };
    let mut room = next();
    for c in chars() {
        if room == 0 {
            out.push(' ');
            room = next();
        }
        out.push(c);
        room -= 1;
    }
}

fn recognise(chars: impl Iterator<Item = char> + Clone) -> Option<&'static [usize]> {
    let all = |from: usize, to: usize, test: fn(&char) -> bool| {
        chars.clone().skip(from).take(to - from).all(|c| test(&c))
    };
    match chars.clone().count() {
        18 if chars.clone().take(2).eq("1Z".chars()) => Some(UPS),
        13 if all(0, 2, char::is_ascii_uppercase)
            && all(2, 11, char::is_ascii_digit)
            && all(11, 13, char::is_ascii_uppercase) =>
        {
            Some(S10)
        }
        18 if all(0, 18, char::is_ascii_digit) => Some(SSCC),
        _ => None,
    }
}

/// `1Z999AA10123456784` -> `1Z99 9AA1 0123 4567 84`. Spaces already there are dropped first.
pub fn group_in_fours(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + value.len() / 4);
    append(Grouping::Fours, value, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(grouping: Grouping, value: &str) -> String {
        let mut out = String::new();
        append(grouping, value, &mut out);
        out
    }

    #[test]
    fn numbers_are_recognised() {
        for (value, expected) in [
            ("1Z999AA10123456784", "1Z 999 AA1 01 2345 6784"),
            ("RR123456789DE", "RR 123 456 789 DE"),
            ("340123450000000012", "3 4012 3450 0000 0001 2"),
            ("9400111899223197428490", "9400 1118 9922 3197 4284 90"),
            ("794614001234", "7946 1400 1234"),
            ("JD01 4600 0034", "JD01 4600 0034"),
            ("", ""),
        ] {
            assert_eq!(shown(Grouping::Auto, value), expected);
        }
    }

    #[test]
    fn a_wrong_length_falls_back_to_fours() {
        assert_eq!(shown(Grouping::Ups, "1Z999"), "1Z99 9");
        assert_eq!(shown(Grouping::Sscc, "12345"), "1234 5");
        assert_eq!(group_in_fours("123456789"), "1234 5678 9");
    }
}
