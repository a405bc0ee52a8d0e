//! AIM symbology identifiers (ISO/IEC 15424): `]`, a code letter, a modifier.

/// Splits a leading identifier off; the letter must be known, the modifier alphanumeric.
pub fn split(bytes: &[u8]) -> Option<(&str, &'static str, &[u8])> {
    let head = bytes.get(..3)?;
    let [b']', letter, modifier] = head else {
        return None;
    };
    let name = name(*letter, *modifier)?;
    let id = std::str::from_utf8(head).ok()?;
    modifier
        .is_ascii_alphanumeric()
        .then_some((id, name, bytes.get(3..).unwrap_or_default()))
}

/// The usual name behind an identifier.
pub fn name(letter: u8, modifier: u8) -> Option<&'static str> {
    let name = match (letter, modifier) {
        (b'C', b'1') => "gs1-128",
        (b'C', _) => "code128",
        (b'd', b'2') => "gs1-datamatrix",
        (b'd', _) => "datamatrix",
        (b'Q', b'3') => "gs1-qr",
        (b'Q', _) => "qr",
        (b'A', _) => "code39",
        (b'E', b'4') => "ean8",
        (b'E', _) => "ean13",
        (b'F', _) => "codabar",
        (b'G', _) => "code93",
        (b'H', _) => "code11",
        (b'I', _) => "itf",
        (b'L', _) => "pdf417",
        (b'M', _) => "msi",
        (b'R' | b'S', _) => "2of5",
        (b'U', _) => "maxicode",
        (b'X', _) => "other",
        (b'e', _) => "gs1-databar",
        (b'z', _) => "aztec",
        _ => return None,
    };
    Some(name)
}
