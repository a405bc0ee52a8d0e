//! What carriers and standards ask of symbols, as data. Lengths in micrometres; half a dot of
//! rounding is allowed everywhere. A symbol nobody has a rule for is held to what any scanner
//! needs. Nothing here is an ISO/IEC 15416 grade.

use firstscan_drivers::bitmap::Resolution;

use crate::label::problem::Problem;
use crate::label::symbol::Symbology;
use crate::label::units::{mm_text, to_um};

/// White needed around a symbol, in modules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quiet {
    pub left: u32,
    pub right: u32,
}

/// Quiet zones: ISO/IEC 15417, 16388, 16390 (10X), 15420 (EAN-13 11X/7X, EAN-8 7X, UPC-A 9X),
/// 18004 (4X), 16022 (1X), 15438 (2X), 24778 (none), 16023 (1X); USPS-B-3200 (1/8 in, about 6
/// bars' width).
pub const fn quiet(symbology: Symbology) -> Quiet {
    let (left, right) = match symbology {
        Symbology::Ean13 => (11, 7),
        Symbology::Ean8 => (7, 7),
        Symbology::UpcA => (9, 9),
        Symbology::Qr | Symbology::Gs1Qr => (4, 4),
        Symbology::DataMatrix | Symbology::Gs1DataMatrix | Symbology::MaxiCode => (1, 1),
        Symbology::Pdf417 => (2, 2),
        Symbology::Aztec => (0, 0),
        Symbology::Imb => (6, 6),
        _ => (10, 10),
    };
    Quiet { left, right }
}

/// Whether bars come in just two widths.
pub const fn two_width(symbology: Symbology) -> bool {
    matches!(
        symbology,
        Symbology::Code39 | Symbology::Itf | Symbology::Itf14 | Symbology::Codabar
    )
}

/// Geometry asked for.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Whose rule, as told in messages.
    pub name: &'static str,
    pub module_um: (i64, i64),
    pub height_um_min: i64,
    /// Least height in percent of the length.
    pub height_percent_min: i64,
    /// Longest symbol with its quiet zones.
    pub length_um_max: i64,
}

const NO_LENGTH: i64 = 1_000_000;

/// GS1 General Specifications, logistic label: X 0.495 to 1.016 mm, bars 31.75 mm, 165.1 mm with
/// quiet zones.
const GS1_LOGISTIC: Rule = Rule {
    name: "GS1's rule for logistic labels",
    module_um: (495, 1_016),
    height_um_min: 31_750,
    height_percent_min: 0,
    length_um_max: 165_100,
};
/// USPS Publication 199: X 0.013 to 0.021 in, bars 0.75 in.
const USPS_IMPB: Rule = Rule {
    name: "USPS's rule for IMpb",
    module_um: (330, 534),
    height_um_min: 19_050,
    height_percent_min: 0,
    length_um_max: NO_LENGTH,
};
/// UPU S10: X 0.25 to 0.51 mm, bars 9 mm and 15 % of the length.
const UPU_S10: Rule = Rule {
    name: "UPU S10",
    module_um: (250, 510),
    height_um_min: 9_000,
    height_percent_min: 15,
    length_um_max: NO_LENGTH,
};
/// USPS-B-3200: 20 to 24 bars per inch, bars 0.015 to 0.025 in wide, 0.125 to 0.165 in high.
const USPS_IMB: Rule = Rule {
    name: "USPS-B-3200",
    module_um: (381, 635),
    height_um_min: 3_175,
    height_percent_min: 0,
    length_um_max: NO_LENGTH,
};
/// What hand-held scanners need: two dots of a 300 dpi head, bars 5 mm high.
const ANY_LINEAR: Rule = Rule {
    name: "what scanners need",
    module_um: (165, 2_000),
    height_um_min: 5_000,
    height_percent_min: 0,
    length_um_max: NO_LENGTH,
};
/// What imagers need.
const ANY_MATRIX: Rule = Rule {
    name: "what scanners need",
    module_um: (205, 5_000),
    height_um_min: 2_000,
    height_percent_min: 0,
    length_um_max: NO_LENGTH,
};

/// The rule for a symbol, by what it says. `data` has GS (0x1D) for FNC1 and none in front.
pub fn rule(symbology: Symbology, data: &str) -> &'static Rule {
    match symbology {
        Symbology::Gs1_128 if is_sscc(data) => &GS1_LOGISTIC,
        Symbology::Gs1_128 if is_impb(data) => &USPS_IMPB,
        Symbology::Code128 if is_s10(data) => &UPU_S10,
        Symbology::Imb => &USPS_IMB,
        _ if symbology.linear() => &ANY_LINEAR,
        _ => &ANY_MATRIX,
    }
}

/// AI 00 and 18 digits.
fn is_sscc(data: &str) -> bool {
    let digits = data
        .strip_prefix("00")
        .or_else(|| data.strip_prefix("(00)"));
    digits.is_some_and(|rest| rest.bytes().take_while(u8::is_ascii_digit).count() >= 18)
}

/// AI 420 with a ZIP code, then a service number 91 to 95.
fn is_impb(data: &str) -> bool {
    let digits: String = data.chars().filter(char::is_ascii_digit).collect();
    let parts = data
        .strip_prefix("420")
        .and_then(|rest| rest.split_once('\u{1D}'));
    match parts {
        Some((zip, number)) => {
            matches!(zip.len(), 5 | 9) && number.starts_with('9') && number.len() >= 20
        }
        None => data.starts_with("(420)") && digits.len() >= 28,
    }
}

/// Two letters, nine digits, two letters.
fn is_s10(data: &str) -> bool {
    let letters = |part: &[u8]| part.iter().all(u8::is_ascii_uppercase);
    match data.as_bytes() {
        bytes if bytes.len() == 13 => {
            letters(&bytes[..2])
                && bytes[2..11].iter().all(u8::is_ascii_digit)
                && letters(&bytes[11..])
        }
        _ => false,
    }
}

/// Size of a symbol, along and across its bars.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Thousandths of a dot.
    pub module_milli: u32,
    pub length_dots: i32,
    pub height_dots: i32,
}

/// What of a symbol breaks its rule, and by how much: thousandths of the module width and of the
/// height that are missing.
#[derive(Debug, Default)]
pub struct Verdict {
    pub problems: Vec<Problem>,
    pub module_missing_milli: u32,
    pub height_missing_milli: u32,
}

/// Holds a symbol against its rule. Problems name `element`.
pub fn judge(
    element: &str,
    symbology: Symbology,
    data: &str,
    size: Size,
    resolution: Resolution,
) -> Verdict {
    let rule = rule(symbology, data);
    let half_dot = to_um(1, resolution) / 2;
    let module = milli_to_um(size.module_milli, resolution);
    let length = to_um(size.length_dots, resolution);
    let height = to_um(size.height_dots, resolution);
    let mut verdict = Verdict::default();
    let mut tell = |what: String, remedy: &str| {
        let message = format!("{what} asked for by {}", rule.name);
        verdict
            .problems
            .push(Problem::new(element, message, remedy));
    };
    let (narrowest, widest) = rule.module_um;
    // 300 dpi heads have 11.8 dots per mm: 3 dots are 0.254 mm and 0.25 mm is asked for.
    let narrow = size.module_milli > 0 && module + half_dot / 4 < narrowest;
    if narrow {
        let (is, least) = (fine(module), fine(narrowest));
        let what = format!("modules are {is} wide, at least {least} is");
        tell(
            what,
            "draw wider modules, shorten the data, or print at another resolution",
        );
    } else if module > widest + half_dot {
        let (is, most) = (fine(module), fine(widest));
        let what = format!("modules are {is} wide, at most {most} is");
        tell(what, "draw narrower modules");
    }
    let least = rule
        .height_um_min
        .max(length * rule.height_percent_min / 100);
    let low = height + half_dot < least;
    if low {
        let (is, least) = (mm_text(height), mm_text(least));
        let what = format!("the code is {is} high, at least {least} is");
        tell(what, "make the code higher");
    }
    let white = quiet(symbology);
    let whole = length + module * i64::from(white.left + white.right);
    if whole > rule.length_um_max + half_dot {
        let (is, most) = (mm_text(whole), mm_text(rule.length_um_max));
        let what = format!("the code is {is} long with its quiet zones, at most {most} is");
        tell(what, "put the data into two codes");
    }
    verdict.module_missing_milli = if narrow {
        missing(module, narrowest)
    } else {
        0
    };
    verdict.height_missing_milli = if low { missing(height, least) } else { 0 };
    verdict
}

/// Thousandths of a dot to micrometres.
pub fn milli_to_um(milli: u32, resolution: Resolution) -> i64 {
    let per = i64::from(resolution.dots).max(1) * 1_000;
    (i64::from(milli) * i64::from(resolution.per_um) * 2 + per) / (per * 2)
}

fn missing(is: i64, needed: i64) -> u32 {
    let share = (needed - is).max(0) * 1_000 / needed.max(1);
    u32::try_from(share.min(1_000)).unwrap_or(1_000)
}

/// Millimetres with three decimals.
fn fine(um: i64) -> String {
    format!("{}.{:03} mm", um / 1_000, um % 1_000)
}
