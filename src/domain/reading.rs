//! What a code is that no parcel here bears: a number of a carrier, a damaged read, or nothing
//! known. So that the operator reads what to do, not only "unknown".

use super::ids::ParcelId;
use super::parcel::Parcel;
use super::state::normal;
use super::step::Desktop;
use crate::content::tracking::{self, Candidate, Check, Context, Note, Recognition};

const AGAIN: &str = "Scan again, else print a new label.";

/// A code nobody here packed.
pub(super) struct Reading {
    /// `misread` or `unknown`.
    pub reason: &'static str,
    pub text: String,
    pub remedy: Option<&'static str>,
    /// The parcel whose number this nearly is.
    pub near: Option<ParcelId>,
}

/// Looks at a code with the carriers of this station and the numbers of `expected` parcels.
pub(super) fn of(at: &Desktop<'_>, code: &str, expected: &[&Parcel]) -> Reading {
    let carriers = at.desk.carriers();
    let contracts: Vec<&str> = carriers.iter().map(|c| c.id.as_str()).collect();
    let context = Context {
        contracts: &contracts,
        ..Context::default()
    };
    let found = tracking::recognise(code, &context);
    let name = |candidate: &Candidate| {
        let ours = carriers.iter().find(|c| c.id == candidate.carrier);
        ours.map_or(candidate.format.name.to_owned(), |c| c.name.clone())
    };
    let near = near(&found.number, expected);
    let misread = |text: String| Reading {
        reason: "misread",
        text,
        remedy: Some(AGAIN),
        near: near.clone(),
    };
    let unknown = |text: String, remedy| Reading {
        reason: "unknown",
        text,
        remedy,
        near: None,
    };
    if found.notes.contains(&Note::OddDigits) {
        let text = "This code has letters or digits of another script.";
        return unknown(text.into(), Some("Scan it, do not type it."));
    }
    if let Some(failed) = damaged(&found, &contracts) {
        return misread(format!("{} number, check digit wrong.", name(failed)));
    }
    if let Some(id) = &near {
        return misread(format!("Almost the number of {id}, but not quite."));
    }
    match found.best().filter(|best| best.carrier != "gs1") {
        Some(best) => {
            let text = format!("A number of {}. Nobody here packed it.", name(best));
            unknown(text, None)
        }
        None => unknown(format!("Nobody here packed {code}."), None),
    }
}

/// The format whose check the number fails, if it can hardly be anything else: a prefix nobody
/// else has, or a carrier of this station.
fn damaged<'a>(found: &'a Recognition<'_>, contracts: &[&str]) -> Option<&'a Candidate> {
    if found.candidates.iter().any(Candidate::is_valid) {
        return None;
    }
    let clear = |c: &&Candidate| {
        c.check == Check::Failed && (c.format.fixed() >= 2 || contracts.contains(&c.carrier))
    };
    found.candidates.iter().find(clear)
}

/// The one expected parcel whose number is one wrong or two swapped characters away.
fn near(number: &str, expected: &[&Parcel]) -> Option<ParcelId> {
    let is_near = |parcel: &&&Parcel| {
        let theirs = parcel.tracking_number().map(normal);
        theirs.is_some_and(|theirs| is_one_slip(number.as_bytes(), theirs.as_bytes()))
    };
    let mut near = expected.iter().filter(is_near);
    let first = near.next()?;
    near.next().is_none().then(|| first.id.clone())
}

fn is_one_slip(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let differs = |at: &usize| one.get(*at) != other.get(*at);
    let mut wrong = (0..one.len()).filter(differs);
    match (wrong.next(), wrong.next(), wrong.next()) {
        (Some(_), None, _) => true,
        (Some(a), Some(b), None) => {
            b == a + 1 && one.get(a) == other.get(b) && one.get(b) == other.get(a)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_one_slip;

    #[test]
    fn one_slip_is_one_wrong_or_two_swapped_neighbours() {
        let slip = |one: &str, other: &str| is_one_slip(one.as_bytes(), other.as_bytes());
        assert!(slip("12345", "12845") && slip("12345", "12435"));
        assert!(!slip("12345", "12345") && !slip("12345", "1234"));
        assert!(!slip("12345", "52341") && !slip("12345", "12399") && !slip("", ""));
    }
}
