//! The eight check-digit families behind parcel numbers. A check digit is weak evidence (it
//! misses up to a tenth of single errors, and many formats leave digits uncovered): it rejects a
//! misread, it never proves a parcel.

use serde::Deserialize;

/// Longest text a check character is computed over.
pub const BODY_BYTES_MAX: usize = 64;

/// A rule for one check character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// Weights 3, 1 from the right; SSCC, GTIN, USPS, and many parcel numbers.
    Gs1Mod10,
    /// Weights 1, 2 from the left, products not folded, letters as `(ASCII - 63) mod 10`; UPS.
    UpsMod10,
    /// Every second digit from the right doubled and folded.
    Luhn,
    /// The whole number modulo 7; DHL Express waybills.
    Mod7,
    /// Exactly eight digits, weights 8 6 4 2 3 5 9 7, modulo 11; UPU standard S10.
    S10,
    /// Weights 1, 3, 7 from the right, modulo 11, then 10; FedEx.
    FedexMod11,
    /// ISO/IEC 7064 MOD 37,36 over digits and letters; DPD.
    Iso7064Mod37,
    /// Weights 4, 9 from the left; Deutsche Post Identcode and Leitcode.
    DeutschePost,
}

impl Family {
    /// All families.
    pub const ALL: [Family; 8] = [
        Family::Gs1Mod10,
        Family::UpsMod10,
        Family::Luhn,
        Family::Mod7,
        Family::S10,
        Family::FedexMod11,
        Family::Iso7064Mod37,
        Family::DeutschePost,
    ];

    /// The check character of `body` (everything the rule covers, without the check character).
    /// `None` if it is empty, longer than [`BODY_BYTES_MAX`], or has a character the rule does
    /// not know (letters must be upper case).
    pub fn check(self, body: &str) -> Option<char> {
        if body.is_empty() || body.len() > BODY_BYTES_MAX {
            return None;
        }
        let text = body.as_bytes();
        match self {
            Family::Gs1Mod10 => weighted(text.iter().rev(), &[3, 1], digit).map(tens),
            Family::UpsMod10 => weighted(text.iter(), &[1, 2], ups_value).map(tens),
            Family::Luhn => luhn(text).map(tens),
            Family::Mod7 => mod7(text),
            Family::S10 => s10(text),
            Family::FedexMod11 => {
                weighted(text.iter().rev(), &[1, 3, 7], digit).map(|sum| figure(sum % 11 % 10))
            }
            Family::Iso7064Mod37 => mod37(text),
            Family::DeutschePost => weighted(text.iter(), &[4, 9], digit).map(tens),
        }
    }

    /// True if the last character of `text` is the check character of what precedes it.
    pub fn holds(self, text: &str) -> bool {
        let Some((at, last)) = text.char_indices().next_back() else {
            return false;
        };
        text.get(..at).and_then(|body| self.check(body)) == Some(last)
    }
}

/// Sum of values times cycling weights. At most 64 * 35 * 9, so a `u32` never overflows.
fn weighted<'a>(
    text: impl Iterator<Item = &'a u8>,
    weights: &[u32],
    value: impl Fn(u8) -> Option<u32>,
) -> Option<u32> {
    let (mut sum, mut at) = (0, 0);
    for byte in text {
        sum += value(*byte)? * weights.get(at)?;
        at = if at + 1 == weights.len() { 0 } else { at + 1 };
    }
    Some(sum)
}

fn digit(byte: u8) -> Option<u32> {
    byte.is_ascii_digit().then(|| u32::from(byte - b'0'))
}

fn ups_value(byte: u8) -> Option<u32> {
    if byte.is_ascii_uppercase() {
        return Some((u32::from(byte) - 63) % 10);
    }
    digit(byte)
}

/// Digits are 0 to 9, letters 10 to 35.
fn base36(byte: u8) -> Option<u32> {
    if byte.is_ascii_uppercase() {
        return Some(u32::from(byte - b'A') + 10);
    }
    digit(byte)
}

/// What is missing to the next ten.
fn tens(sum: u32) -> char {
    figure((10 - sum % 10) % 10)
}

/// The character of a value from 0 to 35.
fn figure(value: u32) -> char {
    char::from_digit(value, 36).map_or('?', |c| c.to_ascii_uppercase())
}

fn luhn(text: &[u8]) -> Option<u32> {
    let mut sum = 0;
    for (position, byte) in text.iter().rev().enumerate() {
        let value = digit(*byte)?;
        let doubled = if position % 2 == 0 { value * 2 } else { value };
        sum += doubled / 10 + doubled % 10;
    }
    Some(sum)
}

fn mod7(text: &[u8]) -> Option<char> {
    let mut rest = 0;
    for byte in text {
        rest = (rest * 10 + digit(*byte)?) % 7;
    }
    Some(figure(rest))
}

fn s10(text: &[u8]) -> Option<char> {
    if text.len() != 8 {
        return None;
    }
    let sum = weighted(text.iter(), &[8, 6, 4, 2, 3, 5, 9, 7], digit)?;
    Some(match sum % 11 {
        0 => '5',
        1 => '0',
        rest => figure(11 - rest),
    })
}

fn mod37(text: &[u8]) -> Option<char> {
    let mut product = 36;
    for byte in text {
        let sum = (product + base36(*byte)?) % 36;
        product = if sum == 0 { 36 } else { sum } * 2 % 37;
    }
    Some(figure((37 - product) % 36))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn worked_examples() {
        for (family, body, check) in [
            (Family::Gs1Mod10, "09528765432101111", '0'),
            (Family::UpsMod10, "A1B2C3031234567", '3'),
            (Family::Luhn, "7771234567", '5'),
            (Family::Mod7, "123456789", '1'),
            (Family::S10, "47110815", '1'),
            (Family::FedexMod11, "12345678901", '2'),
            (Family::FedexMod11, "1234567890123", '0'),
            (Family::Iso7064Mod37, "001234509980123456789101276", '5'),
            (Family::DeutschePost, "12345678901", '6'),
        ] {
            assert_eq!(family.check(body), Some(check), "{family:?} {body}");
            assert!(family.holds(&format!("{body}{check}")), "{family:?} {body}");
        }
    }

    #[test]
    fn what_a_rule_does_not_know_has_no_check_character() {
        for family in Family::ALL {
            assert_eq!(family.check(""), None);
            assert_eq!(family.check("12 45678"), None);
            assert_eq!(
                family.check("1234567\u{664}"),
                None,
                "a digit of another script"
            );
            assert_eq!(family.check(&"1".repeat(65)), None);
            assert!(!family.holds(""));
            assert!(!family.holds("1"));
        }
        assert_eq!(Family::Gs1Mod10.check("12A"), None);
        assert_eq!(Family::UpsMod10.check("a1"), None, "lower case");
        assert_eq!(Family::S10.check("1234567"), None, "too short");
    }

    #[test]
    fn s10_remainders_0_and_1_have_their_own_digit() {
        let with = |rest: u32| {
            (0..1000_u32).map(|n| format!("{n:08}")).find(|body| {
                weighted(body.as_bytes().iter(), &[8, 6, 4, 2, 3, 5, 9, 7], digit)
                    .is_some_and(|sum| sum % 11 == rest)
            })
        };
        for (rest, check) in [(0, '5'), (1, '0'), (2, '9'), (10, '1')] {
            assert_eq!(
                with(rest).and_then(|body| Family::S10.check(&body)),
                Some(check)
            );
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,80}") {
            for family in Family::ALL {
                if let Some(check) = family.check(&text) {
                    prop_assert!(check.is_ascii_alphanumeric());
                    let whole = format!("{text}{check}");
                    prop_assert!(text.len() == BODY_BYTES_MAX || family.holds(&whole));
                }
            }
        }

        #[test]
        fn a_changed_digit_is_caught_where_the_rule_promises_it(
            body in "[0-9]{8,20}", at in 0..8_usize, add in 1..10_u8,
        ) {
            let mut changed = body.clone().into_bytes();
            changed[at] = b'0' + (changed[at] - b'0' + add) % 10;
            let changed = String::from_utf8(changed).unwrap_or_default();
            for family in [Family::Gs1Mod10, Family::Luhn, Family::Iso7064Mod37] {
                prop_assert_ne!(family.check(&body), family.check(&changed));
            }
        }
    }
}
