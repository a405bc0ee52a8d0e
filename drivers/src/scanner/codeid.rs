//! Symbology bytes of makers to the names that [`super::aim`] uses.
//!
//! Sources: the symbology charts of Honeywell's guides and of Zebra's SSI guide, with what public
//! host programs make of them. A byte that is not in a table gives no name, never a guess.

/// Honeywell's code ids, as in MSGGET packets and HID POS reports.
pub fn honeywell(id: u8) -> Option<&'static str> {
    let name = match id {
        0x2E => "dotcode",
        0x3C => "code32",
        0x3D => "trioptic",
        0x44 => "ean8",
        0x45 => "upce",
        0x48 => "hanxin",
        0x49 | 0x7C => "gs1-128",
        0x52 => "micropdf417",
        0x58 => "gridmatrix",
        0x59 | 0x66 | 0x6D => "2of5",
        0x60 | 0x64 => "ean13",
        0x61 => "codabar",
        0x62 => "code39",
        0x63 => "upca",
        0x65 => "itf",
        0x67 => "msi",
        0x68 => "code11",
        0x69 => "code93",
        0x6A => "code128",
        0x71 => "codablockf",
        0x72 => "pdf417",
        0x73 => "qr",
        0x74 => "telepen",
        0x77 => "datamatrix",
        0x78 => "maxicode",
        0x79 | 0x7B | 0x7D => "gs1-databar",
        0x7A => "aztec",
        0x2C | 0x3F | 0x41..=0x43 | 0x4A..=0x4D | 0x50 | 0x51 => "postal",
        _ => return None,
    };
    Some(name)
}

/// Code types of Zebra's SSI. The CS3000 memory scanner numbers DataBar differently.
pub fn ssi(kind: u8) -> Option<&'static str> {
    let name = match kind {
        0x01 | 0x13 => "code39",
        0x02 | 0x18 => "codabar",
        0x03 => "code128",
        0x04 | 0x05 => "2of5",
        0x06 => "itf",
        0x07 => "code93",
        0x08 => "upca",
        0x09 | 0x10 => "upce",
        0x0A => "ean8",
        0x0B | 0x16 => "ean13",
        0x0C => "code11",
        0x0E => "msi",
        0x0F => "gs1-128",
        0x11 | 0x28 => "pdf417",
        0x15 => "trioptic",
        0x19 | 0x21 => "isbt128",
        0x1A => "micropdf417",
        0x1B => "datamatrix",
        0x1C => "qr",
        0x20 => "code32",
        0x25 => "maxicode",
        0x22..=0x27 | 0x73 => "postal",
        0x2C => "microqr",
        0x2D | 0x2E => "aztec",
        0x30..=0x32 | 0xB4 => "gs1-databar",
        0x48 | 0x88 => "upca",
        0x49 | 0x89 => "upce",
        0x4A | 0x8A => "ean8",
        0x4B | 0x8B => "ean13",
        0x51..=0x5A => "gs1-composite",
        _ => return None,
    };
    Some(name)
}
