//! Weights in the unit a label wants. Nanograms inside, whole numbers throughout: a pound is
//! 453.59237 g and an ounce a sixteenth of it, both exact in nanograms.

use std::fmt::Write as _;

const GRAM: i128 = 1_000_000_000;
const KILOGRAM: i128 = 1_000 * GRAM;
const POUND: i128 = 453_592_370_000;
const OUNCE: i128 = POUND / 16;
/// Digits of bare nanograms.
const BARE_DIGITS_MAX: usize = 18;
/// Digits before and behind the decimal point that are read.
const WHOLE_DIGITS_MAX: usize = 15;
const DECIMALS_MAX: usize = 9;
/// Decimals that can be asked for.
const SHOWN_DECIMALS_MAX: u32 = 6;

/// What is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Kilogram,
    Gram,
    Pound,
    Ounce,
    /// Whole pounds, and ounces with the decimals asked for.
    PoundOunce,
    /// Six digits of kilograms with three decimals, no unit: GS1 AI 3103.
    Gs1,
}

/// `kg`, `kg:2`, `lb-oz`. Gives the unit and its decimals.
pub fn parse_unit(source: &str) -> Result<(Unit, u32), String> {
    let (name, decimals) = match source.split_once(':') {
        Some((name, decimals)) => (name, Some(decimals)),
        None => (source, None),
    };
    let (unit, usual) = match name {
        "kg" => (Unit::Kilogram, 3),
        "g" => (Unit::Gram, 0),
        "lb" => (Unit::Pound, 2),
        "oz" => (Unit::Ounce, 1),
        "lb-oz" => (Unit::PoundOunce, 0),
        "gs1" if decimals.is_none() => (Unit::Gs1, 3),
        _ => return Err(format!("weight:{source}: use kg, g, lb, oz, lb-oz or gs1")),
    };
    let decimals = decimals.map_or(Ok(usual), |text| {
        let number = text.parse().ok();
        number
            .filter(|decimals| *decimals <= SHOWN_DECIMALS_MAX)
            .ok_or_else(|| format!("weight:{source}: decimals are 0 to {SHOWN_DECIMALS_MAX}"))
    })?;
    Ok((unit, decimals))
}

/// Appends the weight `value` (`1250 g`, `1.25 kg`, `2 lb 3 oz`, or nanograms as a bare whole
/// number) in `unit`, rounded half up.
pub fn append(value: &str, unit: Unit, decimals: u32, out: &mut String) -> Result<(), String> {
    let ng = read(value).ok_or_else(|| {
        format!("'{value}' is no weight; give it as 1250 g, 1.25 kg, 2 lb 3 oz or in nanograms")
    })?;
    match unit {
        Unit::Kilogram => decimal(ng, KILOGRAM, decimals, " kg", out),
        Unit::Gram => decimal(ng, GRAM, decimals, " g", out),
        Unit::Pound => decimal(ng, POUND, decimals, " lb", out),
        Unit::Ounce => decimal(ng, OUNCE, decimals, " oz", out),
        Unit::PoundOunce => {
            // Rounded first, so that 15.96 oz becomes 1 lb 0 oz and never 16 oz.
            let scale = 10_i128.pow(decimals);
            let parts = divided(ng * scale, OUNCE);
            let pound = 16 * scale;
            if parts >= pound {
                written(write!(out, "{} lb ", parts / pound));
            }
            decimal(parts % pound, scale, decimals, " oz", out);
        }
        Unit::Gs1 => {
            let grams = divided(ng, GRAM);
            if grams > 999_999 {
                return Err(format!("'{value}' is more than 999.999 kg; use another AI"));
            }
            written(write!(out, "{grams:06}"));
        }
    }
    Ok(())
}

fn decimal(amount: i128, one: i128, decimals: u32, unit: &str, out: &mut String) {
    let scale = 10_i128.pow(decimals);
    let parts = divided(amount * scale, one);
    written(write!(out, "{}", parts / scale));
    if decimals > 0 {
        let digits = decimals as usize;
        written(write!(out, ".{:0digits$}", parts % scale));
    }
    out.push_str(unit);
}

/// Writing to a String cannot fail.
fn written(result: std::fmt::Result) {
    debug_assert!(result.is_ok());
}

/// Half up; amounts are not negative.
fn divided(amount: i128, by: i128) -> i128 {
    (amount * 2 + by) / (by * 2)
}

/// Nanograms.
fn read(value: &str) -> Option<i128> {
    let mut rest = value.trim();
    if !rest.is_empty() && rest.len() <= BARE_DIGITS_MAX && rest.bytes().all(|b| b.is_ascii_digit())
    {
        return rest.parse().ok();
    }
    let mut sum = 0_i128;
    let mut count = 0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(end);
        let after = after.trim_start();
        let end = after
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        sum += amount(number, unit)?;
        count += 1;
        rest = after.trim_start();
    }
    // Two parts only where people write two: pounds and ounces.
    (count == 1 || count == 2 && value.contains("lb")).then_some(sum)
}

fn amount(number: &str, unit: &str) -> Option<i128> {
    let one = match unit.to_ascii_lowercase().as_str() {
        "ng" => 1,
        "mg" => GRAM / 1_000,
        "g" => GRAM,
        "kg" => KILOGRAM,
        "oz" => OUNCE,
        "lb" | "lbs" => POUND,
        _ => return None,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let plain = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let legal = !whole.is_empty()
        && plain(whole)
        && plain(fraction)
        && whole.len() <= WHOLE_DIGITS_MAX
        && fraction.len() <= DECIMALS_MAX
        && number.contains('.') != fraction.is_empty();
    if !legal {
        return None;
    }
    let scale = 10_i128.pow(u32::try_from(fraction.len()).ok()?);
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    Some(divided(digits * one, scale))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn shown(unit: &str, value: &str) -> Result<String, String> {
        let (unit, decimals) = parse_unit(unit)?;
        let mut out = String::new();
        append(value, unit, decimals, &mut out).map(|()| out)
    }

    #[test]
    fn weights_are_exact() {
        for (unit, value, expected) in [
            ("kg", "1250 g", "1.250 kg"),
            ("kg:1", "1250 g", "1.3 kg"),
            ("kg:0", "499 g", "0 kg"),
            ("g", "1.2545 kg", "1255 g"),
            ("g", "1254000000000", "1254 g"),
            ("kg", "1254000000000 ng", "1.254 kg"),
            ("lb:5", "1 kg", "2.20462 lb"),
            ("lb", "453592370000", "1.00 lb"),
            ("lb-oz", "453.59237 g", "1 lb 0 oz"),
            ("lb-oz", "2 lb 3 oz", "2 lb 3 oz"),
            ("lb-oz", "2 lb 15.9 oz", "3 lb 0 oz"),
            ("lb-oz:1", "0.5 oz", "0.5 oz"),
            ("oz", "1 lb", "16.0 oz"),
            ("gs1", "1254.4 g", "001254"),
            ("g", "0 g", "0 g"),
        ] {
            assert_eq!(
                shown(unit, value).as_deref(),
                Ok(expected),
                "{unit} of {value}"
            );
        }
    }

    #[test]
    fn what_is_no_weight_is_refused() {
        for value in [
            "",
            "g",
            "1,5 kg",
            "-1 g",
            "1 stone",
            "1.2.3 g",
            "1. g",
            ".5 kg",
            "1 kg 2 g",
            "9999999999999999 kg",
            "1e3 g",
            "1 lb 2 oz 3 g",
            "1.5",
        ] {
            assert!(shown("g", value).is_err(), "{value}");
        }
        assert!(shown("gs1", "1000 kg").is_err());
        for unit in ["", "t", "kg:7", "kg:x", "gs1:2"] {
            assert!(parse_unit(unit).is_err(), "{unit}");
        }
    }
}
