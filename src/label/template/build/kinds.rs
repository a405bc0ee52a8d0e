//! What an element draws, checked.

use std::sync::Arc;

use crate::label::png;
use crate::label::symbol::{Options, Symbology};
use crate::label::template::binding::Binding;
use crate::label::template::files::Files;
use crate::label::template::schema::{
    BoxSpec, Caption, ImageSpec, LineSpec, Measure, SymbolSpec, TextSpec,
};
use crate::label::template::source::{Mistake, Table};
use crate::label::template::{Area, Image, Kind, Symbol, Text};

const LINES_MAX: u32 = 100;
/// Dots of a picture: twice a 4 x 6 in page at 600 dpi.
const IMAGE_DOTS_MAX: u64 = 16_000_000;
/// Narrowest module unless the template says otherwise: 0.25 mm, two dots at 203 dpi.
const MODULE_MIN_UM: i64 = 250;
/// Size of the human-readable line unless the template says otherwise.
const CAPTION_UM: i64 = 3_000;
/// Wide to narrow times ten unless the template says otherwise: 2.5 is legal for Code 39, ITF and
/// Codabar at every module width.
const WIDE_TENTHS: u32 = 25;

/// Checks the table of a `kind`, for copy `copy` of a repeated element.
pub fn kind(
    kind: &str,
    table: &Table<'_>,
    copy: Option<u32>,
    files: &Files,
) -> Result<Kind, Mistake> {
    let checked = match kind {
        "text" => text(table.read()?, copy).map(Kind::Text),
        "symbol" => symbol(table.read()?, copy).map(Kind::Symbol),
        "line" => line(&table.read()?),
        "box" => frame(&table.read()?),
        "image" => image(&table.read()?, files).map(Kind::Image),
        other => Err((
            "kind",
            format!("kind = '{other}'; use text, symbol, line, box or image"),
        )),
    };
    checked.map_err(|(key, reason)| match key {
        // The caller has taken this key out of the table.
        "kind" => Mistake { at: 0, reason },
        _ => table.mistake_at(key, reason),
    })
}

/// The key at fault and the reason.
type Wrong = (&'static str, String);

fn turns(degrees: u32) -> Result<u8, Wrong> {
    match degrees {
        0 => Ok(0),
        90 => Ok(1),
        180 => Ok(2),
        270 => Ok(3),
        other => Err(("turn", format!("turn = {other}; use 0, 90, 180 or 270"))),
    }
}

fn binding(key: &'static str, source: &str, copy: Option<u32>) -> Result<Binding, Wrong> {
    Binding::parse_copy(source, copy).map_err(|e| (key, format!("{key}: {e}")))
}

fn text(spec: TextSpec, copy: Option<u32>) -> Result<Text, Wrong> {
    let lines_max = spec.max_lines.unwrap_or(1);
    let line_height_percent = spec.line_height.unwrap_or(120);
    let size_min_um = spec.min_size.unwrap_or(spec.size).0;
    if !(1..=LINES_MAX).contains(&lines_max) {
        let reason = format!("max_lines = {lines_max}; use 1 to {LINES_MAX}");
        return Err(("max_lines", reason));
    }
    if !(80..=300).contains(&line_height_percent) {
        let reason = format!("line_height = {line_height_percent}; use 80 to 300 (percent)");
        return Err(("line_height", reason));
    }
    if !(1_000..=100_000).contains(&size_min_um) || size_min_um > spec.size.0 {
        let reason = "min_size must be at least 1 mm and at most size".into();
        return Err(("min_size", reason));
    }
    let turns = turns(spec.turn)?;
    let needed_um = spec.size.0 * i64::from(line_height_percent) * i64::from(lines_max) / 100;
    let height_um = match spec.height {
        Some(height) => height.0,
        None if turns.is_multiple_of(2) => needed_um,
        None => return Err(("turn", "text turned by 90 or 270 needs height".into())),
    };
    let country = spec.country.as_deref();
    let country = country.map(|source| binding("country", source, copy));
    Ok(Text {
        area: area(spec.x, spec.y, spec.width, Measure(height_um)),
        binding: binding("text", &spec.text, copy)?,
        font: spec.font,
        weight: spec.weight,
        size_um: spec.size.0,
        size_min_um,
        lines_max,
        line_height_percent,
        align: spec.align,
        middle: spec.middle || spec.inverse,
        inverse: spec.inverse,
        turns,
        country: country.transpose()?,
    })
}

fn symbol(spec: SymbolSpec, copy: Option<u32>) -> Result<Symbol, Wrong> {
    let sized = matches!(spec.symbology, Symbology::MaxiCode | Symbology::Imb);
    let module_um = match spec.module {
        Some(module) => module.0,
        // Their size is fixed by rule; any width is as good as another.
        None if sized => 500,
        None => return Err(("module", "give module, the width of a narrow bar".into())),
    };
    let module_min_um = spec
        .module_min
        .map_or(MODULE_MIN_UM.min(module_um), |min| min.0);
    if !(100..=5_000).contains(&module_min_um) || module_min_um > module_um {
        let reason = "module_min must be 0.1 to 5 mm and at most module".into();
        return Err(("module_min", reason));
    }
    options_fit(&spec)?;
    let wide_tenths = match spec.ratio.as_deref() {
        None => WIDE_TENTHS,
        Some(text) => ratio(text).ok_or_else(|| {
            let reason = format!("ratio = '{text}'; write it as \"2.0\" to \"3.0\"");
            ("ratio", reason)
        })?,
    };
    let caption_size_um = spec.text_size.map_or(CAPTION_UM, |size| size.0);
    if !(1_000..=20_000).contains(&caption_size_um) {
        return Err(("text_size", "text_size must be 1 to 20 mm".into()));
    }
    if spec.text != Caption::None && !spec.symbology.linear() {
        let reason = "text = above or below is for linear symbols; use a text element";
        return Err(("text", reason.into()));
    }
    Ok(Symbol {
        area: area(spec.x, spec.y, spec.width, spec.height),
        binding: binding("data", &spec.data, copy)?,
        symbology: spec.symbology,
        module_um,
        module_min_um,
        align: spec.align,
        wide_tenths,
        caption: spec.text,
        caption_size_um,
        turns: turns(spec.turn)?,
        options: Options {
            level: spec.level,
            columns: spec.columns,
            rows: spec.rows,
            row_modules: spec.row_modules,
            ec: spec.ec,
            rectangular: spec.rectangular,
            mode: spec.mode,
            check_digit: spec.check_digit,
            bearer: spec.bearer,
            ..Options::default()
        },
    })
}

/// An option that means nothing to the symbology is a mistake, not to be passed over.
fn options_fit(spec: &SymbolSpec) -> Result<(), Wrong> {
    use Symbology as S;
    let is = |list: &[Symbology]| list.contains(&spec.symbology);
    let two_widths = is(&[S::Code39, S::Itf, S::Itf14, S::Codabar]);
    let given = [
        ("level", spec.level.is_some(), is(&[S::Qr, S::Gs1Qr])),
        ("columns", spec.columns.is_some(), is(&[S::Pdf417])),
        ("rows", spec.rows.is_some(), is(&[S::Pdf417])),
        ("row_modules", spec.row_modules.is_some(), is(&[S::Pdf417])),
        ("ec", spec.ec.is_some(), is(&[S::Pdf417, S::Aztec])),
        (
            "rectangular",
            spec.rectangular,
            is(&[S::DataMatrix, S::Gs1DataMatrix]),
        ),
        ("mode", spec.mode.is_some(), is(&[S::MaxiCode])),
        ("check_digit", spec.check_digit.is_some(), two_widths),
        ("bearer", spec.bearer.is_some(), is(&[S::Itf, S::Itf14])),
        ("ratio", spec.ratio.is_some(), two_widths),
    ];
    for (key, present, fits) in given {
        if present && !fits {
            let name = spec.symbology.name();
            return Err((key, format!("{key} means nothing to {name}; remove it")));
        }
    }
    Ok(())
}

fn ratio(text: &str) -> Option<u32> {
    let (whole, tenth) = text.split_once('.').unwrap_or((text, "0"));
    let digit = |part: &str| (part.len() == 1).then(|| part.parse::<u32>().ok())?;
    let tenths = digit(whole)? * 10 + digit(tenth)?;
    (20..=30).contains(&tenths).then_some(tenths)
}

fn line(spec: &LineSpec) -> Result<Kind, Wrong> {
    let area = match (spec.width, spec.height) {
        (Some(width), None) => area(spec.x, spec.y, width, spec.thickness),
        (None, Some(height)) => area(spec.x, spec.y, spec.thickness, height),
        _ => {
            let reason = "give width (a horizontal line) or height (a vertical one), not both";
            return Err(("width", reason.into()));
        }
    };
    Ok(Kind::Fill { area, radius_um: 0 })
}

fn frame(spec: &BoxSpec) -> Result<Kind, Wrong> {
    let area = area(spec.x, spec.y, spec.width, spec.height);
    let radius_um = spec.radius.map_or(0, |radius| radius.0);
    if radius_um * 2 > area.width_um.min(area.height_um) {
        return Err((
            "radius",
            "radius must be at most half of the shorter side".into(),
        ));
    }
    match (spec.thickness, spec.filled) {
        (Some(thickness), false) => Ok(Kind::Frame {
            area,
            thickness_um: thickness.0,
            radius_um,
        }),
        (None, true) => Ok(Kind::Fill { area, radius_um }),
        _ => {
            let reason = "give thickness, or filled = true without thickness";
            Err(("filled", reason.into()))
        }
    }
}

fn image(spec: &ImageSpec, files: &Files) -> Result<Image, Wrong> {
    let bytes = files
        .bytes(&spec.file)
        .map_err(|error| ("file", error.to_string()))?;
    let decoded = png::decode(&bytes).map_err(|error| {
        let reason = format!("{}: {error}; give a PNG", files.shown(&spec.file));
        ("file", reason)
    });
    let (bitmap, _) = decoded?;
    let dots = u64::from(bitmap.width()) * u64::from(bitmap.height());
    if dots > IMAGE_DOTS_MAX {
        let reason = format!("{dots} dots, at most {IMAGE_DOTS_MAX} are drawn; make it smaller");
        return Err(("file", reason));
    }
    Ok(Image {
        area: area(spec.x, spec.y, spec.width, spec.height),
        bitmap: Arc::new(bitmap),
        fit: spec.fit,
        align: spec.align,
        turns: turns(spec.turn)?,
    })
}

fn area(x: Measure, y: Measure, width: Measure, height: Measure) -> Area {
    Area {
        x_um: x.0,
        y_um: y.0,
        width_um: width.0,
        height_um: height.0,
    }
}
