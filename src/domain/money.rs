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

    /// True for a currency of ISO 4217 in use.
    pub fn is_currency(code: &str) -> bool {
        CURRENCIES.split(' ').any(|listed| listed == code)
    }

    /// An amount as written, such as `19.99` and `EUR`: digits with at most one point, no sign,
    /// no more decimals than the currency has.
    ///
    /// # Errors
    /// [`MoneyError`] with the cause.
    pub fn read(amount: &str, currency: &str) -> Result<Money, MoneyError> {
        if !Money::is_currency(currency) {
            return Err(MoneyError::Currency);
        }
        let digits = Money::digits(currency);
        let (whole, part) = amount.split_once('.').unwrap_or((amount, "0"));
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !is_number(whole) || !is_number(part) || amount.len() > AMOUNT_CHARS_MAX {
            return Err(MoneyError::Amount);
        }
        let places = u32::try_from(part.len()).unwrap_or(u32::MAX);
        if amount.contains('.') && places > digits {
            return Err(MoneyError::Decimals { digits });
        }
        let scale = |text: &str, power: u32| {
            let number: i64 = text.parse().ok()?;
            number.checked_mul(10_i64.checked_pow(power)?)
        };
        let minor = scale(whole, digits)
            .zip(scale(part, digits.saturating_sub(places)))
            .and_then(|(whole, part)| whole.checked_add(part));
        let currency = currency.to_owned();
        let minor = minor.ok_or(MoneyError::Amount)?;
        Ok(Money { minor, currency })
    }
}

/// Characters of a written amount.
const AMOUNT_CHARS_MAX: usize = 15;

/// Why a text is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    #[error("is no amount: write digits with a point, such as 19.99")]
    Amount,
    #[error("has more decimals than the currency's {digits}")]
    Decimals { digits: u32 },
    #[error("is no currency: write the three capital letters of ISO 4217, such as EUR")]
    Currency,
}

/// ISO 4217 alphabetic codes of money people pay with.
const CURRENCIES: &str = "\
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN \
    BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL \
    GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF \
    KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN \
    MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD \
    SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH \
    UGX USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG";

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

    #[test]
    fn written_amounts_are_exact_and_mistakes_are_named() {
        let minor = |amount, currency| Money::read(amount, currency).map(|money| money.minor);
        assert_eq!(minor("19.99", "EUR"), Ok(1999));
        assert_eq!(minor("19.9", "EUR"), Ok(1990));
        assert_eq!(minor("0", "EUR"), Ok(0));
        assert_eq!(minor("500", "JPY"), Ok(500));
        assert_eq!(minor("1.001", "KWD"), Ok(1001));
        assert_eq!(minor("999999999999.99", "USD"), Ok(99_999_999_999_999));
        for text in [
            "",
            ".",
            "1.",
            ".5",
            "-1",
            "+1",
            "1,5",
            "1.2.3",
            "1e3",
            "9999999999999999",
        ] {
            assert_eq!(minor(text, "EUR"), Err(MoneyError::Amount), "{text}");
        }
        assert_eq!(
            minor("1.999", "EUR"),
            Err(MoneyError::Decimals { digits: 2 })
        );
        assert_eq!(minor("1.0", "JPY"), Err(MoneyError::Decimals { digits: 0 }));
        for code in ["", "EU", "eur", "EUR ", "XXX", "EUR USD"] {
            assert_eq!(minor("1", code), Err(MoneyError::Currency), "{code}");
        }
    }
}
