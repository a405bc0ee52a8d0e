//! Lengths, volumes and times of day as people write them in carrier files: `120 cm`, `108 in`,
//! `0.25 m3`, `17:00`. Weights are read by `content::weight`.

use super::limits::{Volume, VolumeUnit};
use firstscan_drivers::length::{Length, LengthUnit};
use firstscan_drivers::mass::Decimal;
use jiff::civil::Time;

/// No parcel is longer than a hundred metres.
const LENGTH_UM_MAX: i64 = 100_000_000;
/// Nor larger than a thousand cubic metres.
const CUBIC_METRES_MAX: i128 = 1000;

/// Reads a length above zero: number and one of `mm cm m in`.
///
/// # Errors
/// Half a sentence with the cause.
pub(super) fn length(text: &str) -> Result<Length, String> {
    let (number, unit) = split(text)?;
    let unit = LengthUnit::parse(unit).ok_or_else(|| format!("{unit:?} is no unit of length"))?;
    let found = Length::from_decimal(number, unit);
    found
        .filter(|length| (1..=LENGTH_UM_MAX).contains(&length.um()))
        .ok_or_else(|| format!("{text:?} is not between nothing and 100 m"))
}

/// Reads a volume above zero: number and one of `cm3 m3 in3 ft3`.
///
/// # Errors
/// Half a sentence with the cause.
pub(super) fn volume(text: &str) -> Result<Volume, String> {
    let (number, unit) = split(text)?;
    let unit = match unit {
        "cm3" => VolumeUnit::Cm3,
        "m3" => VolumeUnit::M3,
        "in3" => VolumeUnit::In3,
        "ft3" => VolumeUnit::Ft3,
        _ => return Err(format!("{unit:?} is no unit of volume")),
    };
    let power = 10_i128.checked_pow(u32::from(number.exponent.unsigned_abs()));
    let product = i128::from(number.mantissa).checked_mul(unit.cubic_um());
    let found = match (power, product) {
        (Some(power), Some(product)) if number.exponent < 0 => product.checked_div(power),
        (Some(power), Some(product)) => product.checked_mul(power),
        _ => None,
    };
    found
        .filter(|um| (1..=CUBIC_METRES_MAX * VolumeUnit::M3.cubic_um()).contains(um))
        .map(Volume)
        .ok_or_else(|| format!("{text:?} is not between nothing and 1000 m3"))
}

/// Reads a time of day, `00:00` to `23:59`.
///
/// # Errors
/// Half a sentence with the cause.
pub(super) fn time_of_day(text: &str) -> Result<Time, String> {
    let fail = || format!("{text:?} is no time of day");
    let digits = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
    let parts = text.split_once(':').filter(|(h, m)| digits(h) && digits(m));
    let (hour, minute) = parts.ok_or_else(fail)?;
    let number = |part: &str| part.parse::<i8>().map_err(|_| fail());
    Time::new(number(hour)?, number(minute)?, 0, 0).map_err(|_| fail())
}

/// Number and unit.
fn split(text: &str) -> Result<(Decimal, &str), String> {
    let text = text.trim();
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.'));
    let (number, unit) = text.split_at(end.unwrap_or(text.len()));
    let shown: String = text.chars().take(40).collect();
    let number = Decimal::parse(number).map_err(|_| format!("{shown:?} has no number"))?;
    Ok((number, unit.trim()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lengths_volumes_and_times_are_exact_and_mistakes_are_named() {
        assert_eq!(length("108 in").unwrap().um(), 2_743_200);
        assert_eq!(length("1.2m").unwrap(), Length::from_mm(1200));
        assert_eq!(volume("0.25 m3").unwrap().0, 250_000_000_000_000_000);
        assert_eq!(volume("1 ft3").unwrap(), volume("1728 in3").unwrap());
        assert_eq!(time_of_day("17:05").unwrap(), Time::constant(17, 5, 0, 0));
        for text in [
            "", "12", "12 ft", "0 cm", "-1 cm", "1,5 cm", "101 m", "9e9 m",
        ] {
            assert!(length(text).is_err(), "{text}");
        }
        for text in ["", "1 l", "0 m3", "1001 m3", "99999999999999999 m3"] {
            assert!(volume(text).is_err(), "{text}");
        }
        for text in [
            "", "5pm", "24:00", "12:60", "1:30", "001:0", "+1:00", "12:3a",
        ] {
            assert!(time_of_day(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,20}", number in "[0-9.]{0,30} (cm|in|m3|ft3|in3)") {
            for text in [text, number] {
                prop_assert!(length(&text).is_ok_and(|l| l.um() > 0) || length(&text).is_err());
                prop_assert!(volume(&text).is_ok_and(|v| v.0 > 0) || volume(&text).is_err());
                prop_assert!(time_of_day(&text).is_err() || text.len() == 5);
            }
        }
    }
}
