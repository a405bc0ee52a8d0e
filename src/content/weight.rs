//! Weights as people write them in files: `0.350 kg`, `350 g`, `1.25 lb`, `12 oz`.

use firstscan_drivers::mass::{Decimal, Mass, Unit};

/// Reads a number and its unit. Digits with at most one point, no sign, one of `kg g lb oz`.
///
/// # Errors
/// One sentence with cause and remedy.
pub fn parse(text: &str) -> Result<Mass, String> {
    let text = text.trim();
    let shown: String = text.chars().take(40).collect();
    if text.contains(',') {
        return Err(format!(
            "{shown:?} has a comma: write a point, such as 0.350 kg"
        ));
    }
    let split = text
        .find(|c: char| !(c.is_ascii_digit() || c == '.'))
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    if number.is_empty() || unit.trim().is_empty() {
        return Err(format!(
            "{shown:?} is no weight: write number and unit, such as 0.350 kg"
        ));
    }
    let decimal = Decimal::parse(number).map_err(|error| error.to_string())?;
    let unit = Unit::parse(unit).map_err(|error| error.to_string())?;
    Mass::from_decimal(decimal, unit).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_exact_and_mistakes_are_named() {
        assert_eq!(parse("0.350 kg"), Ok(Mass::from_grams(350)));
        assert_eq!(parse(" 12oz "), Ok(Mass::from_ng(340_194_277_500)));
        for (text, cause) in [
            ("0,350 kg", "comma"),
            ("350", "number and unit"),
            ("kg", "number and unit"),
            ("-1 kg", "number and unit"),
            ("1.2.3 kg", "no decimal number"),
            ("3 stone", "no unit of mass"),
            ("999999999999999 kg", "larger"),
        ] {
            assert!(
                parse(text).is_err_and(|error| error.contains(cause)),
                "{text}"
            );
        }
    }
}
