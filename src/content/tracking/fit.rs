//! Whether a number can be of the carrier it is said to be of.

use super::formats::FORMATS;
use super::recognise::{Candidate, Check, Context, Recognition, recognise};

/// Carriers whose parcels may bear a USPS number, because USPS delivers for them: UPS Mail
/// Innovations, FedEx Ground Economy, DHL eCommerce (public programs decode their numbers as
/// USPS; there may be more).
const USPS_PARTNERS: [&str; 3] = ["dhl-ecommerce", "fedex", "ups"];

/// How a number and a carrier fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fit {
    /// Nothing speaks against it, which is also said where nothing is known.
    Fits,
    /// It has a shape of the carrier, but the check character is wrong; `reason` names both.
    CheckFailed {
        format: &'static str,
        reason: String,
    },
    /// It has no shape of the carrier, and is surely a number of this other one.
    Other { carrier: &'static str },
}

/// Holds a number against its carrier. `works_with` tells the carriers of this station: a number of
/// a carrier nobody here works with is no better explanation. A carrier without a known format may
/// use any number.
pub fn fit(number: &str, carrier: &str, works_with: &dyn Fn(&str) -> bool) -> Fit {
    let blank = recognise(number, &Context::default());
    let is_own = |c: &&Candidate| c.carrier == carrier || c.format.carrier == carrier;
    let mut own = blank.candidates.iter().filter(is_own);
    if own.clone().any(Candidate::is_valid) {
        return Fit::Fits;
    }
    if let Some(failed) = own.find(|c| c.check == Check::Failed) {
        return Fit::CheckFailed {
            format: failed.format.name,
            reason: blank.reason(failed),
        };
    }
    let has_formats = FORMATS.into_iter().flatten().any(|f| f.carrier == carrier);
    // Anybody may number by SSCC.
    let is_sscc = |c: &Candidate| c.carrier == "gs1" && c.is_valid();
    if !has_formats || blank.candidates.iter().any(is_sscc) {
        return Fit::Fits;
    }
    let other = other(&blank, number, works_with);
    let partner = other == Some("usps") && USPS_PARTNERS.contains(&carrier);
    match other.filter(|_| !partner) {
        Some(carrier) => Fit::Other { carrier },
        None => Fit::Fits,
    }
}

/// The carrier of this station whose number it surely is.
fn other(
    blank: &Recognition<'_>,
    number: &str,
    works_with: &dyn Fn(&str) -> bool,
) -> Option<&'static str> {
    let known = blank.candidates.iter().map(|c| c.carrier);
    let contracts: Vec<&str> = known.filter(|carrier| works_with(carrier)).collect();
    if contracts.is_empty() {
        return None;
    }
    let context = Context {
        contracts: &contracts,
        ..Context::default()
    };
    let found = recognise(number, &context);
    let best = found.best().filter(|best| best.check == Check::Ok)?;
    contracts.contains(&best.carrier).then_some(best.carrier)
}

#[cfg(test)]
mod tests {
    use super::*;

    const UPS: &str = "1ZA1B2C30312345673";

    fn all(_: &str) -> bool {
        true
    }

    #[test]
    fn a_number_of_its_own_carrier_fits() {
        for (number, carrier) in [
            (UPS, "ups"),
            ("123456789012", "fedex"),
            ("RB471108151DE", "deutsche-post"),
            ("RB471108151DE", "post"),
            ("00095287654321011110", "dpd"),
            ("9200190123456700000014", "fedex"),
            ("ANY-THING-7", "house"),
            (UPS, "house"),
            ("HELLO", "dpd"),
        ] {
            assert_eq!(fit(number, carrier, &all), Fit::Fits, "{number} {carrier}");
        }
    }

    #[test]
    fn a_wrong_check_digit_and_another_carrier_are_told() {
        let Fit::CheckFailed { format, reason } = fit("1ZA1B2C30312345674", "ups", &all) else {
            panic!("the check digit is 3")
        };
        assert_eq!(format, "UPS tracking number");
        assert!(reason.contains("must be 3"), "{reason}");
        assert_eq!(fit(UPS, "dpd", &all), Fit::Other { carrier: "ups" });
        let only_dpd = |carrier: &str| carrier == "dpd";
        assert_eq!(fit(UPS, "dpd", &only_dpd), Fit::Fits, "no UPS here");
        assert_eq!(
            fit("9200190123456700000014", "dpd", &all),
            Fit::Other { carrier: "usps" }
        );
    }
}
