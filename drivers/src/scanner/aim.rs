//! AIM symbology identifiers (ISO/IEC 15424): `]`, a code letter, a modifier.
//!
//! Source: the tables of the NCR 7895, Zebra DS457 and Datalogic guides. `]` can also be data, so
//! only a known letter with an alphanumeric modifier counts.

use crate::codec::ScanReading;

/// What a scanner said: with `strip`, an identifier at the front is taken off.
pub fn reading(content: &[u8], strip: bool) -> ScanReading {
    match split(content).filter(|_| strip) {
        Some((id, name, rest)) => ScanReading {
            bytes: rest.to_vec(),
            aim: Some(id.to_owned()),
            symbology: Some(name.to_owned()),
        },
        None => ScanReading {
            bytes: content.to_vec(),
            aim: None,
            symbology: None,
        },
    }
}

/// Splits a leading identifier off: the identifier, its symbology, the data.
pub fn split(bytes: &[u8]) -> Option<(&str, &'static str, &[u8])> {
    let head = bytes.get(..3)?;
    let [b']', letter, modifier] = head else {
        return None;
    };
    let name = name(*letter, *modifier)?;
    let id = std::str::from_utf8(head).ok()?;
    Some((id, name, bytes.get(3..).unwrap_or_default()))
}

/// The usual name behind a letter and modifier.
pub fn name(letter: u8, modifier: u8) -> Option<&'static str> {
    if !modifier.is_ascii_alphanumeric() {
        return None;
    }
    let name = match (letter, modifier) {
        (b'A', _) => "code39",
        (b'C', b'1') => "gs1-128",
        (b'C', b'4') => "isbt128",
        (b'C', _) => "code128",
        (b'd', b'2' | b'5') => "gs1-datamatrix",
        (b'd', _) => "datamatrix",
        // An add-on alone, without the code it belongs to.
        (b'E', b'1' | b'2') => "ean-addon",
        (b'E', b'4') => "ean8",
        (b'E', _) => "ean13",
        (b'e', _) => "gs1-databar",
        (b'F', _) => "codabar",
        (b'G', _) => "code93",
        (b'H', _) => "code11",
        (b'h', _) => "hanxin",
        (b'I', _) => "itf",
        (b'J', b'1') => "gs1-dotcode",
        (b'J', _) => "dotcode",
        (b'L', _) => "pdf417",
        (b'M', _) => "msi",
        (b'Q', b'3' | b'4') => "gs1-qr",
        (b'Q', _) => "qr",
        (b'R' | b'S', _) => "2of5",
        (b'U', _) => "maxicode",
        (b'X', _) => "other",
        (b'z', b'1') => "gs1-aztec",
        (b'z', _) => "aztec",
        _ => return None,
    };
    Some(name)
}

/// Whether an identifier such as `]C1` promises GS1 element strings; without one of these, data
/// is no element string even if it looks like one.
pub fn is_gs1(id: &str) -> bool {
    matches!(
        id,
        "]C1" | "]d2" | "]d5" | "]Q3" | "]Q4" | "]e0" | "]J1" | "]z1"
    )
}

/// Whether a message is the scanner's own talk (`]Z`, such as command answers), not a barcode.
pub fn is_talk(bytes: &[u8]) -> bool {
    matches!(bytes, [b']', b'Z', modifier, ..] if modifier.is_ascii_alphanumeric())
}
