//! Draws a ZPL format on a label of the set size: graphics here, because nearly every label is one
//! picture, and formats with other drawing commands through the product's interpreter.

use crate::label::zpl;
use firstscan_drivers::bitmap::{Bitmap, Resolution};
use firstscan_drivers::printer::zpl::graphic;
use firstscan_drivers::printer::zpl::tokens::{Piece, Token, Tokeniser};

/// Longest label in dots.
const LENGTH_DOTS_MAX: u32 = 32_000;
/// Most copies of one format.
const COPIES_MAX: u32 = 9999;
/// Commands that set what this printer has no use for.
const HARMLESS: [&str; 24] = [
    "MC", "PM", "LR", "LS", "LT", "FW", "MM", "MN", "MT", "MD", "CI", "PR", "PA", "XB", "FX", "SD",
    "JU", "JM", "CV", "MU", "TO", "ML", "KD", "JZ",
];

/// What a printer keeps from one format to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LabelSettings {
    /// Print width and label length in dots.
    pub width: u32,
    pub length: u32,
    head_dots: u32,
    dpi: u32,
    home: (u32, u32),
}

impl LabelSettings {
    /// As after power on: the whole head, 6 in long.
    pub fn new(head_dots: u32, dpi: u32) -> Self {
        Self {
            width: head_dots,
            length: dpi * 6,
            head_dots,
            dpi,
            home: (0, 0),
        }
    }
}

/// A format as it will be printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// `None` if the format only sets something.
    pub picture: Option<Bitmap>,
    pub copies: u32,
    /// `^JZ`, if it was there.
    pub reprint_after_error: Option<bool>,
    /// `^ID` deletes what was stored.
    pub deletes: bool,
    /// Commands that were not drawn.
    pub ignored: Vec<String>,
}

/// Draws the commands between `^XA` and `^XZ`; `stored` are the `~DG` commands before it.
///
/// # Errors
/// Which command is broken, and why; a damaged graphic spoils the whole label.
pub fn draw(format: &[u8], stored: &[u8], settings: &mut LabelSettings) -> Result<Drawn, String> {
    let mut tokeniser = Tokeniser::default();
    tokeniser.push(format);
    let mut drawn = Drawn {
        picture: None,
        copies: 1,
        reprint_after_error: None,
        deletes: false,
        ignored: Vec::new(),
    };
    let (mut origin, mut graphics, mut has_text) = ((0, 0), Vec::new(), false);
    while let Some(piece) = tokeniser.next_piece(true) {
        let Piece::Command(token) = piece else {
            continue;
        };
        match token.name.as_str() {
            "PW" => settings.width = number(&token, 0).clamp(1, settings.head_dots),
            "LL" => settings.length = number(&token, 0).clamp(1, LENGTH_DOTS_MAX),
            "LH" => settings.home = (number(&token, 0), number(&token, 1)),
            "FO" => origin = (number(&token, 0), number(&token, 1)),
            "GF" => {
                let graphic = graphic::decode(&token.parameters)
                    .map_err(|e| format!("broken label: ^GF: {e}"))?;
                let x = origin.0.saturating_add(settings.home.0);
                let y = origin.1.saturating_add(settings.home.1);
                graphics.push((x, y, graphic));
            }
            "FS" => origin = (0, 0),
            "PQ" => drawn.copies = number(&token, 0).clamp(1, COPIES_MAX),
            "JZ" => drawn.reprint_after_error = Some(!token.parameters.starts_with(b"N")),
            "ID" => drawn.deletes = true,
            "PO" if token.parameters.starts_with(b"N") => {}
            name if HARMLESS.contains(&name) => {}
            name => {
                let draws = matches!(name, "FD" | "FV" | "GB" | "GC" | "GD" | "GE" | "XG");
                has_text |= draws;
                if !draws && !name.starts_with(['A', 'B']) && name != "CF" && name != "FB" {
                    drawn.ignored.push(format!("{}{name}", token.prefix));
                }
            }
        }
    }
    if tokeniser.pending() > 0 {
        return Err("broken label: the last command is cut short".into());
    }
    if has_text {
        drawn.picture = Some(interpreted(format, stored, settings)?);
    } else if !graphics.is_empty() {
        drawn.picture = Some(compose(settings, graphics)?);
    }
    Ok(drawn)
}

/// The format as the product's own interpreter understands it.
fn interpreted(format: &[u8], stored: &[u8], settings: &LabelSettings) -> Result<Bitmap, String> {
    let (x, y) = settings.home;
    let mut whole = stored.to_vec();
    whole.extend_from_slice(format!("^XA^CI28^LH{x},{y}").as_bytes());
    whole.extend_from_slice(format);
    whole.extend_from_slice(b"^XZ");
    let stock = Some((settings.width, settings.length));
    let read = zpl::interpret(&whole, Resolution::from_dpi(settings.dpi), stock);
    let label = read.map_err(|e| e.to_string())?.labels.into_iter().next();
    label
        .map(|label| label.bitmap)
        .ok_or_else(|| "no label came out".to_owned())
}

fn compose(
    settings: &LabelSettings,
    mut graphics: Vec<(u32, u32, Bitmap)>,
) -> Result<Bitmap, String> {
    let (width, length) = (settings.width, settings.length);
    // The usual case, one picture that fills the label, needs no drawing dot by dot.
    if let [(0, 0, graphic)] = graphics.as_slice()
        && graphic.stride() == width.div_ceil(8) as usize
        && graphic.height() == length
        && let Some((_, _, graphic)) = graphics.pop()
    {
        let bits = graphic.bits().to_vec();
        return Bitmap::from_bits(width, length, bits).map_err(|e| e.to_string());
    }
    let mut canvas = Bitmap::new(width, length).map_err(|e| e.to_string())?;
    for (x, y, graphic) in graphics {
        canvas.blit(&graphic.view(), x, y);
    }
    Ok(canvas)
}

/// A numeric parameter; 0 if it is missing or no number.
fn number(token: &Token, index: usize) -> u32 {
    let field = token
        .parameters
        .split(|b| *b == b',')
        .nth(index)
        .unwrap_or_default();
    std::str::from_utf8(field)
        .ok()
        .and_then(|t| t.trim().parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn draws_graphics_where_they_belong_and_clips() {
        let mut settings = LabelSettings::new(832, 203);
        let format = b"^PW12^LL3^LH1,0^FO2,1^GFA,2,2,1,FF81^FS^FO9,0^GFA,1,1,1,FF^FS^PQ2^JZN";
        let drawn = draw(format, b"", &mut settings).unwrap();
        let want = vec![0x00, 0x30, 0x1F, 0xE0, 0x10, 0x20];
        assert_eq!(drawn.picture, Some(Bitmap::from_bits(12, 3, want).unwrap()));
        assert_eq!((drawn.copies, drawn.reprint_after_error), (2, Some(false)));
        assert_eq!((settings.width, settings.length), (12, 3));
        assert!(drawn.ignored.is_empty());
    }

    #[test]
    fn keeps_settings_and_reports_what_it_cannot_draw() {
        let mut settings = LabelSettings::new(832, 203);
        assert_eq!((settings.width, settings.length), (832, 1218));
        assert_eq!(
            draw(b"^PW9999^JZY", b"", &mut settings).unwrap().picture,
            None
        );
        assert_eq!(settings.width, 832);
        let text = draw(b"^FO1,1^A0N,40,40^FDHello^FS", b"", &mut settings).unwrap();
        assert!(text.ignored.is_empty(), "{:?}", text.ignored);
        let ink = |bitmap: &Bitmap| bitmap.bits().iter().any(|byte| *byte != 0);
        assert!(text.picture.as_ref().is_some_and(ink));
        let odd = draw(b"^FO1,1^GB9,9^FS^QQ1", b"", &mut settings).unwrap();
        assert_eq!(odd.ignored, ["^QQ"]);
        let broken = draw(b"^FO0,0^GFA,9,9,3,FF", b"", &mut settings).unwrap_err();
        assert!(broken.contains("^GF"), "{broken}");
    }
}
