//! Decimal text to micrometres, micrometres to dots. Integers throughout.

use firstscan_drivers::bitmap::Resolution;

/// Longest side of anything drawn: 1 m of paper.
pub const LENGTH_UM_MAX: i64 = 1_000_000;

/// Reads a decimal with an optional unit (`"12.5"`, `"12.5mm"`, `"9 pt"`) as micrometres; a bare
/// number is millimetres. At most three decimals count for mm (1 um). None if it is no such text,
/// is negative or beyond [`LENGTH_UM_MAX`].
pub fn parse_um(text: &str) -> Option<i64> {
    let text = text.trim();
    let (digits, points) = match (text.strip_suffix("mm"), text.strip_suffix("pt")) {
        (Some(rest), _) => (rest.trim_end(), false),
        (_, Some(rest)) => (rest.trim_end(), true),
        _ => (text, false),
    };
    let thousandths = parse_thousandths(digits)?;
    // 1 pt is 25.4 mm / 72.
    let um = if points {
        (thousandths * 25_400 + 36_000) / 72_000
    } else {
        thousandths
    };
    (um <= LENGTH_UM_MAX).then_some(um)
}

fn parse_thousandths(digits: &str) -> Option<i64> {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let dot_without_digits = digits.contains('.') && fraction.is_empty();
    if whole.is_empty() || whole.len() > 6 || fraction.len() > 3 || dot_without_digits {
        return None;
    }
    if !plain(whole) || !plain(fraction) {
        return None;
    }
    let whole: i64 = whole.parse().ok()?;
    let fraction: i64 = format!("{fraction:0<3}").parse().ok()?;
    Some(whole * 1_000 + fraction)
}

/// Micrometres to the nearest dot.
pub fn to_dots(um: i64, resolution: Resolution) -> i32 {
    let (dots, per_um) = (i64::from(resolution.dots), i64::from(resolution.per_um));
    let nearest = (um.clamp(-LENGTH_UM_MAX, LENGTH_UM_MAX) * dots * 2 + per_um) / (per_um * 2);
    i32::try_from(nearest).unwrap_or(i32::MAX)
}

/// Dots to the nearest micrometre.
pub fn to_um(dots: i32, resolution: Resolution) -> i64 {
    let (per, per_um) = (
        i64::from(resolution.dots).max(1),
        i64::from(resolution.per_um),
    );
    (i64::from(dots) * per_um * 2 + per) / (per * 2)
}

/// Micrometres as text in millimetres with two decimals, for messages.
pub fn mm_text(um: i64) -> String {
    let hundredths = (um + 5) / 10;
    format!("{}.{:02} mm", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn decimals_are_exact() {
        assert_eq!(parse_um("101.6"), Some(101_600));
        assert_eq!(parse_um("0.375mm"), Some(375));
        assert_eq!(parse_um("72 pt"), Some(25_400));
        assert_eq!(parse_um("9pt"), Some(3_175));
        for refused in [
            "", ".", "1.", ".5", "-1", "1e3", "1.2345", "1,5", "mm", "1001", "9 px",
        ] {
            assert_eq!(parse_um(refused), None, "{refused}");
        }
    }

    #[test]
    fn four_by_six_is_whole_dots() {
        for (dpi, width, height) in [(203, 812, 1218), (300, 1200, 1800), (600, 2400, 3600)] {
            let resolution = Resolution::from_dpi(dpi);
            assert_eq!(to_dots(101_600, resolution), width);
            assert_eq!(to_dots(152_400, resolution), height);
        }
    }
}
