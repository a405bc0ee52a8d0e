//! Tracking numbers as scanned. Recognising carriers by their formats builds on this.

use super::check_digit::Family;

/// A scanned or typed number in the form numbers are stored and compared in: without the AIM
/// symbology identifier (`]C1`), spaces, hyphens, FNC1 (0x1D) and other control characters, and
/// in upper case.
pub fn normalise(scan: &str) -> String {
    let scan = scan.trim();
    let mut head = scan.chars();
    let is_aim = head.next() == Some(']')
        && head.next().is_some_and(|c| c.is_ascii_alphabetic())
        && head.next().is_some_and(|c| c.is_ascii_alphanumeric());
    let rest = if is_aim { head.as_str() } else { scan };
    let noise = |c: &char| c.is_whitespace() || c.is_control() || matches!(c, '-' | '\u{2010}');
    rest.chars()
        .filter(|c| !noise(c))
        .map(|c| c.to_ascii_uppercase())
        .collect()
}

/// A UPU S10 item number: two service letters, eight digits, the check digit, two letters of the
/// issuing operator's country. `None` if a part has another shape.
pub fn s10(service: &str, serial: u64, country: &str) -> Option<String> {
    let letters = |text: &str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase());
    if !letters(service) || !letters(country) || serial > 99_999_999 {
        return None;
    }
    let digits = format!("{serial:08}");
    let check = Family::S10.check(&digits)?;
    Some(format!("{service}{digits}{check}{country}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_and_symbology_identifiers_go() {
        for (scan, number) in [
            ("]C11z 999-AA1 01 2345 6784\r", "1Z999AA10123456784"),
            ("]C0JJD014600012345678", "JJD014600012345678"),
            ("\u{1d}00395287654321011110", "00395287654321011110"),
            ("]", "]"),
            ("]é1x", "]é1X"),
            ("", ""),
        ] {
            assert_eq!(normalise(scan), number, "{scan:?}");
        }
    }

    #[test]
    fn s10_numbers_have_the_check_digit_inside() {
        assert_eq!(
            s10("RB", 47_110_815, "XX").as_deref(),
            Some("RB471108151XX")
        );
        assert_eq!(s10("RB", 7, "XX").as_deref().map(str::len), Some(13));
        assert_eq!(s10("RB", 100_000_000, "XX"), None);
        assert_eq!(s10("rb", 1, "XX"), None);
        assert_eq!(s10("RB", 1, "X\u{e9}"), None);
    }
}
