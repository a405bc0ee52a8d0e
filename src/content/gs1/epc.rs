//! Pure identity EPC URIs of shipping units, items and assets (GS1 EPC Tag Data Standard 1.13,
//! section 6.3). How long a GS1 company prefix is cannot be seen: it is an argument.

use super::build::encode_unless;
use super::{Dictionary, percent_decode};
use crate::content::check_digit::Family;

const SCHEME: &str = "urn:epc:id:";

/// Why there is no URI.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EpcError {
    #[error("a GS1 company prefix has 4 to 12 digits, not {0}; ask its owner")]
    PrefixLength(usize),
    #[error("{0}; correct the value")]
    Value(String),
    #[error("no EPC URI for ({0}): SSCC (00), GTIN (01) with serial (21), 8003 and 8004 have one")]
    Key(String),
    #[error("{0:?} is no URI of an SSCC, SGTIN, GRAI or GIAI such as urn:epc:id:sscc:952876.5")]
    Uri(String),
}

/// A key with its serial number, if that is another element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// 00, 01, 8003 or 8004.
    pub ai: &'static str,
    pub value: String,
    /// Value of (21); empty unless `ai` is 01.
    pub serial: String,
}

/// The URI of a key: `ai` 00, 01 (with the value of 21 as `serial`), 8003 or 8004.
///
/// # Errors
/// A value that breaks its rules, a prefix length that cannot be, or another key.
pub fn to_uri(ai: &str, value: &str, serial: &str, prefix: usize) -> Result<String, EpcError> {
    if !(4..=12).contains(&prefix) {
        return Err(EpcError::PrefixLength(prefix));
    }
    valid(ai, value)?;
    let cut =
        |text: &str, from: usize, to: usize| text.get(from..to).unwrap_or_default().to_owned();
    let uri = match ai {
        "00" => {
            let (company, rest) = (cut(value, 1, 1 + prefix), cut(value, 1 + prefix, 17));
            format!("{SCHEME}sscc:{company}.{}{rest}", cut(value, 0, 1))
        }
        "01" => {
            valid("21", serial)?;
            let (company, rest) = (cut(value, 1, 1 + prefix), cut(value, 1 + prefix, 13));
            let indicator = cut(value, 0, 1);
            format!(
                "{SCHEME}sgtin:{company}.{indicator}{rest}.{}",
                escape(serial)
            )
        }
        "8003" => {
            let (company, rest) = (cut(value, 1, 1 + prefix), cut(value, 1 + prefix, 13));
            let serial = value.get(14..).filter(|serial| !serial.is_empty());
            let serial = serial.ok_or_else(|| EpcError::Value("this GRAI has no serial".into()))?;
            format!("{SCHEME}grai:{company}.{rest}.{}", escape(serial))
        }
        "8004" => {
            let company = value.get(..prefix);
            let digits = |text: &&str| text.bytes().all(|b| b.is_ascii_digit());
            let rest = value.get(prefix..).filter(|rest| !rest.is_empty());
            let (Some(company), Some(rest)) = (company.filter(digits), rest) else {
                let text = format!("{value:?} does not begin with a prefix of {prefix} digits");
                return Err(EpcError::Value(text));
            };
            format!("{SCHEME}giai:{company}.{}", escape(rest))
        }
        _ => return Err(EpcError::Key(ai.to_owned())),
    };
    Ok(uri)
}

/// The key of a URI, check digits restored.
///
/// # Errors
/// Another scheme, or parts that do not make a key.
pub fn from_uri(uri: &str) -> Result<Key, EpcError> {
    read(uri).ok_or_else(|| EpcError::Uri(uri.chars().take(80).collect()))
}

fn read(uri: &str) -> Option<Key> {
    let (kind, rest) = uri.strip_prefix(SCHEME)?.split_once(':')?;
    let (company, rest) = rest.split_once('.')?;
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if !(4..=12).contains(&company.len()) || !digits(company) {
        return None;
    }
    let (ai, value, serial) = match kind {
        "sscc" => {
            let (extension, reference) = rest.split_at_checked(1)?;
            (
                "00",
                checked(&format!("{extension}{company}{reference}"))?,
                String::new(),
            )
        }
        "sgtin" => {
            let (item, serial) = rest.split_once('.')?;
            let (indicator, reference) = item.split_at_checked(1)?;
            let value = checked(&format!("{indicator}{company}{reference}"))?;
            ("01", value, percent_decode(serial)?)
        }
        "grai" => {
            let (kind, serial) = rest.split_once('.')?;
            let value = checked(&format!("0{company}{kind}"))?;
            ("8003", value + &percent_decode(serial)?, String::new())
        }
        "giai" => (
            "8004",
            format!("{company}{}", percent_decode(rest)?),
            String::new(),
        ),
        _ => return None,
    };
    valid(ai, &value).ok()?;
    if ai == "01" {
        valid("21", &serial).ok()?;
    }
    // What cannot be written again the same way was not a URI of this key.
    let again = to_uri(ai, &value, &serial, company.len()).ok()?;
    (again == uri).then_some(Key { ai, value, serial })
}

fn valid(ai: &str, value: &str) -> Result<(), EpcError> {
    let errors = Dictionary::builtin().check(ai, value, 0);
    match errors.into_iter().next() {
        Some(error) => Err(EpcError::Value(error.message)),
        None => Ok(()),
    }
}

fn checked(body: &str) -> Option<String> {
    let check = Family::Gs1Mod10.check(body)?;
    Some(format!("{body}{check}"))
}

/// The characters a URI component of the standard encodes.
fn escape(text: &str) -> String {
    encode_unless(text, |c| !"\"%&/<>?".contains(c))
}
