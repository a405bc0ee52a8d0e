//! Code 128 (ISO/IEC 15417) through `barcoders`, which is handed nothing it could misread.
//!
//! That crate steers with letters inside the data (U+00C0, U+0181, U+0106 choose the set,
//! U+0179..U+017D are FNC1..4 and shift), so foreign text could inject controls; it also reorders
//! digits around an FNC1 inside a pair and accepts a set choice without data. Therefore: data is
//! checked ASCII, FNC1 is a value of its own, and the letters come only from [`plan`].

use barcoders::sym::code128::Code128;

use super::{Encoded, Quiet, Shape, SymbolError};

/// Longest data taken. 80 characters in set B are 915 modules, wider than any label.
pub const UNITS_MAX: usize = 80;
/// ISO/IEC 15417: 10X on each side.
pub(super) const QUIET: Quiet = Quiet::sides(10);

/// One thing to encode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// An ASCII character, 0 to 126. DEL is not encodable by the crate.
    Byte(u8),
    /// Function 1: GS1 marker in front, field separator inside.
    Fnc1,
}

/// A code set of the symbology.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    A,
    B,
    C,
}

const ALLOWED: &str = "plain ASCII without DEL";
const SETS: [Set; 3] = [Set::A, Set::B, Set::C];
const FNC1: char = '\u{179}';

/// Text as a symbol.
pub(super) fn symbol(text: &str) -> Result<Encoded, SymbolError> {
    Ok(Encoded {
        shape: encode(&units_from_text(text)?)?,
        quiet: QUIET,
        // Control characters are not printed for people.
        text: text.replace(|c: char| c.is_control(), " "),
        data: text.to_owned(),
    })
}

/// Checks text and turns it into units.
pub fn units_from_text(text: &str) -> Result<Vec<Unit>, SymbolError> {
    let length = text.chars().count();
    if length == 0 {
        return Err(SymbolError::Empty);
    }
    if length > UNITS_MAX {
        return Err(SymbolError::TooLong {
            length,
            max: UNITS_MAX,
        });
    }
    let unit = |(position, found): (usize, char)| match u8::try_from(found) {
        Ok(byte) if byte < 127 => Ok(Unit::Byte(byte)),
        _ => Err(SymbolError::Character {
            found,
            code: u32::from(found),
            position,
            allowed: ALLOWED,
        }),
    };
    text.chars().enumerate().map(unit).collect()
}

/// Encodes units into the fewest symbol characters possible without shift.
pub fn encode(units: &[Unit]) -> Result<Shape, SymbolError> {
    if !units.iter().any(|unit| matches!(unit, Unit::Byte(_))) {
        return Err(SymbolError::Empty);
    }
    if units.len() > UNITS_MAX {
        return Err(SymbolError::TooLong {
            length: units.len(),
            max: UNITS_MAX,
        });
    }
    if let Some(position) = units
        .iter()
        .position(|u| matches!(u, Unit::Byte(b) if *b > 126))
    {
        return Err(SymbolError::Character {
            found: '\u{7f}',
            code: 127,
            position,
            allowed: ALLOWED,
        });
    }
    let refused = |reason: String| SymbolError::Encoder(reason);
    let code = Code128::new(plan(units)).map_err(|error| refused(error.to_string()))?;
    let modules = code.encode();
    let run = |run: &[u8]| u8::try_from(run.len()).unwrap_or(u8::MAX);
    Ok(Shape::Linear(
        modules.chunk_by(|a, b| a == b).map(run).collect(),
    ))
}

/// Units consumed when `set` encodes at the head of `rest` with one symbol character; 0 if it
/// cannot.
fn step(set: Set, rest: &[Unit]) -> usize {
    match (set, rest) {
        (_, [Unit::Fnc1, ..]) => 1,
        (Set::A, [Unit::Byte(0..=95), ..]) => 1,
        (Set::B, [Unit::Byte(32..=126), ..]) => 1,
        (Set::C, [Unit::Byte(b'0'..=b'9'), Unit::Byte(b'0'..=b'9'), ..]) => 2,
        _ => 0,
    }
}

/// The crate's control string for `units`: shortest path over (position, set), computed from the
/// end. `cost[i][s]` is the number of symbol characters for `units[i..]` when set `s` is active;
/// a change of set costs one. Every byte fits A or B, so a path always exists.
fn plan(units: &[Unit]) -> String {
    const FAR: usize = usize::MAX / 2;
    let mut cost = vec![[FAR; 3]; units.len() + 1];
    cost[units.len()] = [0; 3];
    for at in (0..units.len()).rev() {
        for (index, set) in SETS.iter().enumerate() {
            let taken = step(*set, &units[at..]);
            if taken > 0 {
                cost[at][index] = 1 + cost[at + taken][index];
            }
        }
        let best = cost[at].iter().copied().min().unwrap_or(FAR);
        for entry in &mut cost[at] {
            *entry = (*entry).min(best + 1);
        }
    }
    walk(units, &cost)
}

/// Follows the cheapest path. On a tie the set in use is kept; at the start B comes first,
/// because it reads like plain text on a scanner's display of sets.
fn walk(units: &[Unit], cost: &[[usize; 3]]) -> String {
    let cheapest = |at: usize| {
        let order = [1, 2, 0];
        order
            .into_iter()
            .min_by_key(|index| cost[at][*index])
            .unwrap_or(1)
    };
    let mut out = String::with_capacity(units.len() + 8);
    let mut set = cheapest(0);
    out.push(letter(SETS[set]));
    let mut at = 0;
    while at < units.len() {
        let taken = step(SETS[set], &units[at..]);
        let stay = taken > 0 && cost[at][set] == 1 + cost[at + taken][set];
        if !stay {
            set = cheapest(at);
            out.push(letter(SETS[set]));
            continue;
        }
        for unit in &units[at..at + taken] {
            out.push(match unit {
                Unit::Byte(byte) => char::from(*byte),
                Unit::Fnc1 => FNC1,
            });
        }
        at += taken;
    }
    out
}

const fn letter(set: Set) -> char {
    match set {
        Set::A => '\u{C0}',
        Set::B => '\u{181}',
        Set::C => '\u{106}',
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::label::check::decode_row;
    use proptest::prelude::*;

    fn runs(units: &[Unit]) -> Vec<u8> {
        match encode(units).unwrap() {
            Shape::Linear(runs) => runs,
            other => panic!("{other:?}"),
        }
    }

    fn width(units: &[Unit]) -> usize {
        runs(units).into_iter().map(usize::from).sum()
    }

    fn round_trip(units: &[Unit]) -> String {
        let mut row = vec![false; 20];
        for (at, run) in runs(units).into_iter().enumerate() {
            row.extend(vec![at % 2 == 0; usize::from(run) * 2]);
        }
        row.extend([false; 20]);
        decode_row(&row).unwrap()
    }

    #[test]
    fn lengths_are_optimal() {
        // (text, symbol characters between start and check)
        let cases = [
            ("1234", 2),
            ("123", 3),
            ("AB", 2),
            ("1Z999AA10123456784", 1 + 1 + 3 + 2 + 1 + 5 + 1),
            ("ab\u{1}", 4),
            ("00340434161094042557", 10),
        ];
        for (text, characters) in cases {
            // start + data + check of 11 modules, stop of 13.
            let found = (width(&units_from_text(text).unwrap()) - 13) / 11 - 2;
            assert!(found <= characters, "{text}: {found} > {characters}");
            assert_eq!(round_trip(&units_from_text(text).unwrap()), text);
        }
    }

    #[test]
    fn control_letters_of_the_crate_are_refused() {
        let bad = "\u{C0}\u{181}\u{106}\u{179}\u{17A}\u{17B}\u{17C}\u{17D}\u{F7}\u{7F}é漢";
        for letter in bad.chars() {
            let text = format!("AB{letter}CD");
            let refused = units_from_text(&text);
            assert!(
                matches!(refused, Err(SymbolError::Character { position: 2, .. })),
                "{letter:?}: {refused:?}"
            );
        }
        assert_eq!(units_from_text(""), Err(SymbolError::Empty));
        assert_eq!(encode(&[Unit::Fnc1]), Err(SymbolError::Empty));
        assert!(matches!(
            units_from_text(&"x".repeat(81)),
            Err(SymbolError::TooLong { .. })
        ));
        assert!(encode(&[Unit::Byte(127)]).is_err());
    }

    /// Fewest characters by trying every choice of set, to prove the planner.
    fn brute(units: &[Unit], set: Option<Set>) -> usize {
        if units.is_empty() {
            return 0;
        }
        let choices = SETS.into_iter().filter_map(|next| {
            let taken = step(next, units);
            let change = usize::from(set.is_some_and(|set| set != next));
            (taken > 0).then(|| 1 + change + brute(&units[taken..], Some(next)))
        });
        choices.min().unwrap()
    }

    fn unit() -> impl Strategy<Value = Unit> {
        prop_oneof![
            6 => (b'0'..=b'9').prop_map(Unit::Byte),
            2 => (0u8..=126).prop_map(Unit::Byte),
            1 => Just(Unit::Fnc1),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        #[test]
        fn any_ascii_round_trips(bytes in proptest::collection::vec(0u8..=126, 1..40)) {
            let text: String = bytes.iter().map(|b| char::from(*b)).collect();
            prop_assert_eq!(round_trip(&units_from_text(&text).unwrap()), text);
        }

        #[test]
        fn digits_round_trip(text in "[0-9]{1,30}[A-Z]{0,2}[0-9]{0,12}") {
            prop_assert_eq!(round_trip(&units_from_text(&text).unwrap()), text);
        }

        #[test]
        fn plans_are_shortest(units in proptest::collection::vec(unit(), 1..11)) {
            prop_assume!(units.iter().any(|u| matches!(u, Unit::Byte(_))));
            let characters = (width(&units) - 13) / 11 - 2;
            prop_assert_eq!(characters, brute(&units, None));
        }

        #[test]
        fn fnc1_never_reorders(head in "[0-9]{1,9}", tail in "[0-9]{1,9}") {
            let mut units = vec![Unit::Fnc1];
            units.extend(head.bytes().map(Unit::Byte));
            units.push(Unit::Fnc1);
            units.extend(tail.bytes().map(Unit::Byte));
            let text = round_trip(&units);
            let digits: String = text.chars().filter(char::is_ascii_digit).collect();
            prop_assert_eq!(digits, format!("{head}{tail}"));
        }
    }
}
