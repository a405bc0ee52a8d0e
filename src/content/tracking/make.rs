//! Numbers from serials, the inverse of recognising them. A carrier issues the range; these only
//! write what it issued. Every function gives `None` if a part has another shape, and nothing is
//! ever cut or padded silently but the serial with zeros.

use crate::content::check_digit::Family;
use crate::content::country;

/// The serial with leading zeros.
fn filled(serial: u64, digits: usize) -> Option<String> {
    let text = format!("{serial:0digits$}");
    (text.len() == digits).then_some(text)
}

fn is_digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_alnum(text: &str, count: usize) -> bool {
    let pass = |b: u8| b.is_ascii_digit() || b.is_ascii_uppercase();
    text.len() == count && text.bytes().all(pass)
}

/// A UPU S10 item number: two service letters, eight digits, the check digit, two letters of the
/// issuing operator's country. `XX` stands for none and is for tests.
pub fn s10(service: &str, serial: u64, country: &str) -> Option<String> {
    let letters = |text: &str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase());
    if !letters(service) || !letters(country) {
        return None;
    }
    let digits = filled(serial, 8)?;
    let check = Family::S10.check(&digits)?;
    Some(format!("{service}{digits}{check}{country}"))
}

/// An SSCC of 18 digits: extension digit, GS1 company prefix (4 to 12 digits), serial, check digit.
pub fn sscc(extension: u8, company: &str, serial: u64) -> Option<String> {
    let good = extension <= 9 && (4..=12).contains(&company.len());
    if !good || !is_digits(company, company.len()) {
        return None;
    }
    let serial = filled(serial, 16 - company.len())?;
    numeric_body(
        &format!("{extension}{company}{serial}"),
        Family::Gs1Mod10,
        0,
    )
}

/// A USPS IMpb number of 22 or 26 digits: `92` with a mailer of nine digits that begins with 9,
/// `93` with one of six that does not; `service` is the service type code of three digits.
pub fn usps_impb(service: &str, mailer: &str, serial: u64, length: usize) -> Option<String> {
    if !is_digits(service, 3) || !is_digits(mailer, mailer.len()) || !matches!(length, 22 | 26) {
        return None;
    }
    let construct = match (mailer.len(), mailer.starts_with('9')) {
        (9, true) => "92",
        (6, false) => "93",
        _ => return None,
    };
    let serial = filled(serial, length - 6 - mailer.len())?;
    let body = format!("{construct}{service}{mailer}{serial}");
    numeric_body(&body, Family::Gs1Mod10, 0)
}

/// What a USPS bar code holds: 420, the postcode (5 or 9 digits), the number.
pub fn usps_routed(zip: &str, number: &str) -> Option<String> {
    let good = is_digits(zip, 5) || is_digits(zip, 9);
    (good && is_digits(number, number.len())).then(|| format!("420{zip}{number}"))
}

/// A UPS 1Z number: shipper account (6), service (2), package number (7 digits).
pub fn ups_1z(shipper: &str, service: &str, serial: u64) -> Option<String> {
    if !is_alnum(shipper, 6) || !is_alnum(service, 2) {
        return None;
    }
    let body = format!("{shipper}{service}{}", filled(serial, 7)?);
    let check = Family::UpsMod10.check(&body)?;
    Some(format!("1Z{body}{check}"))
}

/// A FedEx Express number of 12 digits.
pub fn fedex_12(serial: u64) -> Option<String> {
    numeric_body(&filled(serial, 11)?, Family::FedexMod11, 0)
}

/// A FedEx Ground number of 22 digits: `96`, 2 digits, class of service (3), shipper (7), package
/// (7), check digit over shipper and package.
pub fn fedex_96(scnc: &str, class: &str, shipper: &str, serial: u64) -> Option<String> {
    if !is_digits(scnc, 2) || !is_digits(class, 3) || !is_digits(shipper, 7) {
        return None;
    }
    let serial = filled(serial, 7)?;
    numeric_body(
        &format!("96{scnc}{class}{shipper}{serial}"),
        Family::Gs1Mod10,
        7,
    )
}

/// A DPD parcel number of 14 digits with its check character; `prefix` is what DPD issued.
pub fn dpd_14(prefix: &str, serial: u64) -> Option<String> {
    let digits = 14_usize.checked_sub(prefix.len())?;
    if !is_digits(prefix, prefix.len()) || digits == 0 {
        return None;
    }
    let body = format!("{prefix}{}", filled(serial, digits)?);
    numeric_body(&body, Family::Iso7064Mod37, 0)
}

/// The DPD bar code of a parcel: destination postcode (7 characters, filled as DPD says), parcel
/// number (14 digits), service (3), ISO 3166 numeric country, check character.
pub fn dpd_28(zip: &str, number: &str, service: &str, country: &str) -> Option<String> {
    let known = country::by_number(country).is_some();
    if !is_alnum(zip, 7) || !is_digits(number, 14) || !is_digits(service, 3) || !known {
        return None;
    }
    let body = format!("{zip}{number}{service}{country}");
    let check = Family::Iso7064Mod37.check(&body)?;
    Some(format!("{body}{check}"))
}

/// Any other number: prefix, serial of `digits` digits, and a check character over all but the
/// first `skip` characters.
pub fn numeric(
    prefix: &str,
    serial: u64,
    digits: usize,
    family: Family,
    skip: usize,
) -> Option<String> {
    if digits > 20 {
        return None;
    }
    numeric_body(
        &format!("{prefix}{}", filled(serial, digits)?),
        family,
        skip,
    )
}

fn numeric_body(body: &str, family: Family, skip: usize) -> Option<String> {
    let check = family.check(body.get(skip..)?)?;
    Some(format!("{body}{check}"))
}
