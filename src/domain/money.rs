//! Amounts of money: whole minor units, never a fraction, and never without their currency.

use serde::{Deserialize, Serialize};
use std::fmt;

/// An amount in minor units, such as 1999 and `EUR` for 19.99 euros.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Money {
    pub minor: i64,
    /// ISO 4217, upper case.
    pub currency: String,
}

impl Money {
    /// Digits behind the point that ISO 4217 gives the currency.
    pub fn digits(currency: &str) -> u32 {
        match currency {
            "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF"
            | "UGX" | "UYI" | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 0,
            "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
            _ => 2,
        }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.minor < 0 { "-" } else { "" };
        let digits = Money::digits(&self.currency);
        let minor = self.minor.unsigned_abs();
        let one = 10_u64.pow(digits);
        if digits == 0 {
            return write!(f, "{sign}{minor} {}", self.currency);
        }
        let width = digits as usize;
        let (whole, part) = (minor / one, minor % one);
        write!(f, "{sign}{whole}.{part:0width$} {}", self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_shown_with_the_digits_of_their_currency() {
        let shown = |minor, currency: &str| {
            let currency = currency.to_owned();
            Money { minor, currency }.to_string()
        };
        assert_eq!(shown(1999, "EUR"), "19.99 EUR");
        assert_eq!(shown(-5, "USD"), "-0.05 USD");
        assert_eq!(shown(500, "JPY"), "500 JPY");
        assert_eq!(shown(1, "KWD"), "0.001 KWD");
        assert_eq!(shown(i64::MIN, "VND"), "-9223372036854775808 VND");
    }
}
