//! What a format is, as data, and how a number is held against it.

use super::NUMBER_CHARS_MAX;
use crate::content::check_digit::Family;
use crate::content::country;

/// How well a format is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// From the carrier, or checked against its published numbers.
    A,
    /// A published description that cites the carrier.
    B,
    /// Several public programs agree; nothing official was seen.
    C,
    /// One weak source.
    D,
}

/// Characters of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Set {
    Digits,
    Letters,
    /// Digits and capitals.
    Alnum,
    /// As before, at least one of them a digit.
    Mixed,
    /// Digits, the first of them one of these.
    From(&'static str),
    /// One of these.
    Of(&'static str),
    /// Two letters of an ISO 3166-1 country.
    Country,
    /// Three digits of an ISO 3166-1 country.
    CountryNumber,
}

/// A piece of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Exactly this.
    Text(&'static str),
    /// One of these, the first that fits.
    OneOf(&'static [&'static str]),
    /// A field of `least` to `most` characters; the longest that leaves enough for the rest. An
    /// empty name is no field people want to see.
    Run {
        field: &'static str,
        set: Set,
        least: u8,
        most: u8,
    },
}

/// What the check character covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cover {
    pub family: Family,
    /// First covered character, from 0.
    pub from: u8,
    /// Characters behind the check character.
    pub behind: u8,
    /// Counted as if it stood in front of the covered characters.
    pub before: &'static str,
}

/// A format of tracking numbers.
#[derive(Debug, PartialEq, Eq)]
pub struct Format {
    /// Such as `ups-1z`.
    pub id: &'static str,
    /// Such as `ups`. S10 numbers belong to the operator of their country.
    pub carrier: &'static str,
    pub name: &'static str,
    pub parts: &'static [Part],
    /// The lengths that exist, if not all that the parts allow.
    pub lengths: &'static [usize],
    /// None: only the shape says anything.
    pub check: Option<Cover>,
    /// May follow 420 and a postcode in one bar code.
    pub routed: bool,
    /// In symbols of this kind by the carrier's rules: `Some(true)` GS1-128 and its kin,
    /// `Some(false)` never those.
    pub gs1: Option<bool>,
    pub grade: Grade,
    /// What is not known for certain; may be empty.
    pub doubt: &'static str,
    /// A number of this format, made up.
    pub example: &'static str,
}

/// Where the pieces of a number are.
pub(super) type Piece = (&'static str, usize, usize);

impl Set {
    fn has(self, byte: u8) -> bool {
        match self {
            Set::Digits | Set::From(_) | Set::CountryNumber => byte.is_ascii_digit(),
            Set::Letters | Set::Country => byte.is_ascii_uppercase(),
            Set::Alnum | Set::Mixed => byte.is_ascii_digit() || byte.is_ascii_uppercase(),
            Set::Of(these) => these.as_bytes().contains(&byte),
        }
    }

    /// Characters of this set that `bytes` begin with.
    #[inline]
    fn run(self, bytes: &[u8]) -> usize {
        match self {
            Set::Digits | Set::From(_) | Set::CountryNumber => {
                bytes.iter().take_while(|b| b.is_ascii_digit()).count()
            }
            set => bytes.iter().take_while(|b| set.has(**b)).count(),
        }
    }

    #[inline]
    fn takes(self, run: &str) -> bool {
        match self {
            Set::Country => country::find(run).is_some(),
            Set::CountryNumber => country::by_number(run).is_some(),
            Set::Mixed => run.bytes().any(|b| b.is_ascii_digit()),
            Set::From(first) => run.starts_with(|c| first.contains(c)),
            _ => true,
        }
    }
}

impl Part {
    /// Fewest and most characters.
    pub(super) fn length(&self) -> (usize, usize) {
        match self {
            Part::Text(text) => (text.len(), text.len()),
            Part::OneOf(texts) => {
                let lengths = || texts.iter().map(|text| text.len());
                (lengths().min().unwrap_or(0), lengths().max().unwrap_or(0))
            }
            Part::Run { least, most, .. } => (usize::from(*least), usize::from(*most)),
        }
    }

    /// Characters taken from the start of `text`; a run of no fixed length leaves enough for
    /// `rest`.
    #[inline]
    fn take(&self, text: &str, rest: &[Part]) -> Option<usize> {
        match self {
            Part::Text(fixed) => begins(text, fixed).then_some(fixed.len()),
            Part::OneOf(texts) => {
                let found = texts.iter().find(|fixed| begins(text, fixed));
                found.map(|fixed| fixed.len())
            }
            Part::Run {
                set, least, most, ..
            } => {
                let (least, mut most) = (usize::from(*least), usize::from(*most));
                if least < most {
                    let spare: usize = rest.iter().map(|part| part.length().0).sum();
                    most = most.min(text.len().checked_sub(spare)?);
                }
                let run = set.run(text.as_bytes().get(..most)?);
                (run >= least && set.takes(text.get(..run)?)).then_some(run)
            }
        }
    }
}

/// As `starts_with`, which calls out for what are two or three bytes here.
#[inline]
fn begins(text: &str, fixed: &str) -> bool {
    let mut bytes = text.bytes();
    fixed.bytes().all(|byte| bytes.next() == Some(byte))
}

impl Format {
    /// True if numbers may begin with this digit or capital.
    pub(super) fn may_begin(&self, byte: u8) -> bool {
        match self.parts.first() {
            Some(Part::Text(text)) => text.as_bytes().first() == Some(&byte),
            Some(Part::OneOf(texts)) => texts
                .iter()
                .any(|text| text.as_bytes().first() == Some(&byte)),
            Some(Part::Run {
                set: Set::From(these) | Set::Of(these),
                ..
            }) => these.as_bytes().contains(&byte),
            Some(Part::Run { set, .. }) => set.has(byte),
            None => false,
        }
    }

    /// True if numbers of this many characters exist.
    pub(super) fn has_length(&self, length: usize) -> bool {
        let (least, most) = self.length();
        let listed = self.lengths.is_empty() || self.lengths.contains(&length);
        listed && (least..=most).contains(&length)
    }

    fn length(&self) -> (usize, usize) {
        let of = |(least, most), part: &Part| {
            let (l, m) = part.length();
            (least + l, most + m)
        };
        self.parts.iter().fold((0, 0), of)
    }

    /// True if `number` (ASCII digits and capitals) has this shape; `each` gets every piece.
    #[inline]
    pub(super) fn fits(&self, number: &str, mut each: impl FnMut(Piece)) -> bool {
        let mut at = 0;
        let mut parts = self.parts.iter();
        while let Some(part) = parts.next() {
            let Some(rest) = number.get(at..) else {
                return false;
            };
            let Some(taken) = part.take(rest, parts.as_slice()) else {
                return false;
            };
            if let Part::Run { field, .. } = part
                && !field.is_empty()
            {
                each((field, at, at + taken));
            }
            at += taken;
        }
        at == number.len()
    }

    /// Characters at the start that this format fixes: two letters of a prefix say more than none.
    pub fn fixed(&self) -> usize {
        match self.parts.first() {
            Some(Part::Text(text)) => text.len(),
            Some(one @ Part::OneOf(_)) => one.length().0,
            // Letters in front and an allocated country behind: as good as a prefix.
            Some(Part::Run { .. }) if self.ends_with_country() => 4,
            Some(Part::Run {
                set: Set::Of(these),
                ..
            }) => usize::from(these.starts_with(|c: char| c.is_ascii_uppercase())),
            _ => 0,
        }
    }

    /// S10: the country's operator is the carrier.
    pub(super) fn ends_with_country(&self) -> bool {
        matches!(
            self.parts.last(),
            Some(Part::Run {
                set: Set::Country,
                ..
            })
        )
    }

    /// The check character a number of this shape should have and the one it has.
    #[inline]
    pub(super) fn checks(&self, number: &str) -> Option<(char, char)> {
        let cover = self.check?;
        let at = number.len().checked_sub(usize::from(cover.behind) + 1)?;
        let body = number.get(usize::from(cover.from)..at)?;
        let right = if cover.before.is_empty() {
            cover.family.check(body)?
        } else {
            // No number is longer than this with what was left out.
            let mut whole = [0; NUMBER_CHARS_MAX + 2];
            let (front, back) = whole.split_at_mut_checked(cover.before.len())?;
            front.copy_from_slice(cover.before.as_bytes());
            back.get_mut(..body.len())?.copy_from_slice(body.as_bytes());
            let used = whole.get(..cover.before.len() + body.len())?;
            cover.family.check(std::str::from_utf8(used).ok()?)?
        };
        number.get(at..)?.chars().next().map(|has| (right, has))
    }
}
