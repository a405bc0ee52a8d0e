//! Bar code commands and their parameters, by the programming guide.

use super::code128::Mode;
use super::params::Params;

/// Which symbology, with what only it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Code128(Mode),
    Code39,
    Code93,
    Interleaved,
    Industrial,
    Ean8,
    Ean13,
    UpcA,
    UpcE,
    Codabar { start: u8, stop: u8 },
    Postal { kind: u8 },
    Qr { magnification: Option<i32> },
    DataMatrix(DataMatrix),
    Pdf417(Pdf417),
    Aztec { magnification: i32, size: i32 },
    MaxiCode { mode: u8 },
}

/// `^BX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataMatrix {
    /// Side of a module in dots of the label.
    pub module: Option<i32>,
    pub quality: i32,
    pub columns: u32,
    pub rows: u32,
    pub escape: Option<u8>,
    pub rectangular: bool,
}

/// `^B7`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pdf417 {
    /// In dots of the label.
    pub row_height: Option<i32>,
    pub security: u32,
    pub columns: Option<u32>,
    pub rows: Option<u32>,
    pub truncated: bool,
}

/// A bar code command waiting for its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    pub kind: Kind,
    /// Quarter turns clockwise; None takes `^FW`.
    pub turns: Option<u8>,
    /// Dots of the label; None takes `^BY`.
    pub height: Option<i32>,
    /// Whether the data is printed as text, and above the bars.
    pub line: bool,
    pub above: bool,
    pub check: bool,
}

/// Quarter turns for `N`, `R`, `I`, `B`.
pub fn turns(letter: Option<u8>) -> Option<u8> {
    match letter? {
        b'N' => Some(0),
        b'R' => Some(1),
        b'I' => Some(2),
        b'B' => Some(3),
        _ => None,
    }
}

impl Code {
    /// The command's meaning; None if it is no bar code command.
    pub fn parse(name: &str, p: &Params<'_>) -> Option<Self> {
        let height = |at: usize| p.within(at, 1, 32_000);
        let yes = |at: usize, default: bool| p.yes(at).unwrap_or(default);
        let linear = |kind, check: bool, height_at: usize, line: bool| Code {
            kind,
            turns: turns(p.letter(0)),
            height: height(height_at),
            line: yes(height_at + 1, line),
            above: yes(height_at + 2, false),
            check,
        };
        let code = match name {
            "BC" => linear(Kind::Code128(mode(p.letter(5))), yes(4, false), 1, true),
            "B3" => linear(Kind::Code39, yes(1, false), 2, true),
            "BA" => linear(Kind::Code93, yes(4, false), 1, true),
            "B2" => linear(Kind::Interleaved, yes(4, false), 1, true),
            "BI" => linear(Kind::Industrial, false, 1, true),
            "B8" => linear(Kind::Ean8, false, 1, true),
            "BE" => linear(Kind::Ean13, false, 1, true),
            "BU" => linear(Kind::UpcA, yes(4, true), 1, true),
            "B9" => linear(Kind::UpcE, yes(4, true), 1, true),
            "BK" => {
                let start = p.letter(5).unwrap_or(b'A');
                let stop = p.letter(6).unwrap_or(b'A');
                linear(Kind::Codabar { start, stop }, false, 2, true)
            }
            "BZ" => {
                let kind = p.letter(4).unwrap_or(b'0');
                linear(Kind::Postal { kind }, false, 1, false)
            }
            _ => return Self::matrix(name, p),
        };
        Some(code)
    }

    fn matrix(name: &str, p: &Params<'_>) -> Option<Self> {
        let count = |at: usize, most: i32| {
            let number = p.within(at, 1, most);
            number.map(i32::unsigned_abs)
        };
        let kind = match name {
            "BQ" => Kind::Qr {
                magnification: p.within(2, 1, 100),
            },
            "BX" => Kind::DataMatrix(DataMatrix {
                module: p.within(1, 1, 1_000),
                quality: p.within(2, 0, 200).unwrap_or(0),
                columns: count(3, 144).unwrap_or(0),
                rows: count(4, 144).unwrap_or(0),
                escape: p.bytes(6).first().copied(),
                rectangular: p.int(7) == Some(2),
            }),
            "B7" => Kind::Pdf417(Pdf417 {
                row_height: p.within(1, 1, 1_000),
                security: count(2, 8).unwrap_or(0),
                columns: count(3, 30),
                rows: count(4, 90),
                truncated: p.yes(5).unwrap_or(false),
            }),
            "BO" | "B0" => Kind::Aztec {
                magnification: p.within(1, 1, 100).unwrap_or(0),
                size: p.within(3, 0, 300).unwrap_or(0),
            },
            "BD" => Kind::MaxiCode {
                mode: u8::try_from(p.within(0, 2, 6).unwrap_or(2)).unwrap_or(2),
            },
            _ => return None,
        };
        let upright = matches!(kind, Kind::Qr { .. } | Kind::MaxiCode { .. });
        Some(Code {
            kind,
            turns: if upright { Some(0) } else { turns(p.letter(0)) },
            height: None,
            line: false,
            above: false,
            check: false,
        })
    }
}

fn mode(letter: Option<u8>) -> Mode {
    match letter {
        Some(b'A') => Mode::Automatic,
        Some(b'U') => Mode::Ucc,
        Some(b'D') => Mode::Gs1,
        _ => Mode::None,
    }
}
