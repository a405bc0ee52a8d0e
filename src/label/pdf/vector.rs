//! A label as a document of shapes: text as text (searchable, embedded faces cut down to what is
//! used), everything else as filled rectangles on the label's dot grid, in one path so that
//! neighbours leave no seam. Coordinates are dots; one matrix per page turns them into points.

#![expect(
    clippy::float_arithmetic,
    reason = "PDF lengths are points as f32; only here"
)]

use std::collections::{BTreeMap, BTreeSet};

use firstscan_drivers::bitmap::{Bitmap, Resolution};
use printpdf::{
    Codepoint, Color, CurTransMat, DictItem, FontId, Greyscale, Op, PdfFont,
    PdfFontHandle, PdfPage, Pt, Rect, TextItem, TextMatrix,
};

use super::fonts::Face;
use super::rects::rects;
use super::{PdfError, empty, size_pt, write};
use crate::label::FieldMap;
use crate::label::render::{self, FontKey, PlacedText, Rendered};
use crate::label::template::Template;
use crate::label::text::engine;

/// Writes the label of a template with its text as text. Texts in faces this writer cannot embed
/// make the whole page a picture; the document is then as exact, but not searchable.
///
/// # Errors
/// [`PdfError`].
pub fn label(
    template: &Template,
    fields: &FieldMap,
    resolution: Resolution,
) -> Result<Vec<u8>, PdfError> {
    let shapes = render::without_letters(template, fields, resolution);
    let Some(faces) = faces(&shapes.texts)? else {
        let whole = render::render(template, fields, resolution);
        return super::encode(std::slice::from_ref(&whole.bitmap), resolution);
    };
    page(&shapes, &faces)
}

type Faces = BTreeMap<FontKey, (FontId, Face)>;

/// The faces of all texts; `None` if one cannot be embedded.
fn faces(texts: &[PlacedText]) -> Result<Option<Faces>, PdfError> {
    let mut used: BTreeMap<FontKey, BTreeSet<u16>> = BTreeMap::new();
    for run in texts.iter().flat_map(|text| text.runs.iter()) {
        let glyphs = run.glyphs.iter().map(|glyph| glyph.0);
        used.entry(run.font).or_default().extend(glyphs);
    }
    let mut faces = Faces::new();
    for (number, (key, glyphs)) in used.into_iter().enumerate() {
        let Some(data) = engine().font_data(key) else {
            return Ok(None);
        };
        let Some(face) = Face::new(data.bytes(), data.index as usize, &glyphs)? else {
            return Ok(None);
        };
        faces.insert(key, (FontId(format!("Face{number}")), face));
    }
    Ok(Some(faces))
}

fn page(label: &Rendered, faces: &Faces) -> Result<Vec<u8>, PdfError> {
    let mut document = empty();
    for (id, face) in faces.values() {
        let mut font = PdfFont::new(face.font.clone());
        font.meta.requires_subsetting = false;
        document.resources.fonts.map.insert(id.clone(), font);
    }
    let (width, height) = size_pt(&label.bitmap, label.resolution);
    let mut ops = vec![
        Op::SaveGraphicsState,
        Op::SetTransformationMatrix {
            matrix: CurTransMat::Raw(dots_to_points(label, height)),
        },
    ];
    ops.extend(filled(&label.bitmap));
    for text in &label.texts {
        write_text(text, faces, &mut ops);
    }
    ops.push(Op::RestoreGraphicsState);
    let whole = Rect::from_wh(width, height);
    document.pages.push(PdfPage {
        media_box: whole.clone(),
        trim_box: whole.clone(),
        crop_box: whole,
        ops,
    });
    write(&document)
}

/// Dots from the top left corner to points from the bottom left one.
fn dots_to_points(label: &Rendered, height: Pt) -> [f32; 6] {
    let dots = label.bitmap.height().max(1);
    let scale = height.0 / whole(i64::from(dots));
    [scale, 0.0, 0.0, -scale, 0.0, height.0]
}

/// All black dots as one path.
fn filled(shapes: &Bitmap) -> Vec<Op> {
    let number = |dots: u32| DictItem::Int(i64::from(dots));
    let mut ops: Vec<Op> = rects(&shapes.view())
        .into_iter()
        .map(|rect| Op::Unknown {
            key: "re".into(),
            value: vec![
                number(rect.x),
                number(rect.y),
                number(rect.width),
                number(rect.height),
            ],
        })
        .collect();
    if !ops.is_empty() {
        ops.push(Op::Unknown {
            key: "f".into(),
            value: Vec::new(),
        });
    }
    ops
}

fn write_text(text: &PlacedText, faces: &Faces, ops: &mut Vec<Op>) {
    ops.push(Op::StartTextSection);
    let percent = if text.inverse { 1.0 } else { 0.0 };
    ops.push(Op::SetFillColor {
        col: Color::Greyscale(Greyscale::new(percent, None)),
    });
    for run in text.runs.iter() {
        let Some((id, face)) = faces.get(&run.font) else {
            continue;
        };
        ops.push(Op::SetFont {
            font: PdfFontHandle::External(id.clone()),
            size: Pt(whole(i64::from(run.size))),
        });
        // Glyphs on one base line are one show operation; marks above it are their own.
        let mut rest = run.glyphs.as_slice();
        while let Some(first) = rest.first() {
            let level = rest.iter().take_while(|glyph| glyph.2 == first.2).count();
            let (line, after) = rest.split_at(level);
            ops.push(Op::SetTextMatrix {
                matrix: TextMatrix::Raw(matrix(text, first.1, first.2)),
            });
            let items = vec![TextItem::GlyphIds(codes(run.size, line, face))];
            ops.push(Op::ShowText { items });
            rest = after;
        }
    }
    ops.push(Op::EndTextSection);
}

/// Text space to dots of the page: where the pen stands, which way it goes and which way is up.
fn matrix(text: &PlacedText, x: i32, y: i32) -> [f32; 6] {
    let (right, bottom) = (text.x + text.width, text.y + text.height);
    let (along, up, at) = match text.turns % 4 {
        0 => ((1.0, 0.0), (0.0, -1.0), (text.x + x, text.y + y)),
        1 => ((0.0, 1.0), (1.0, 0.0), (right - y, text.y + x)),
        2 => ((-1.0, 0.0), (0.0, 1.0), (right - x, bottom - y)),
        _ => ((0.0, -1.0), (-1.0, 0.0), (text.x + y, bottom - x)),
    };
    let (at_x, at_y) = (whole(i64::from(at.0)), whole(i64::from(at.1)));
    [along.0, along.1, up.0, up.1, at_x, at_y]
}

/// Glyphs of one line with the corrections that put each on its own dot, whatever the face's
/// advances are: thousandths of an em, taken back after the glyph.
fn codes(size: i32, line: &[(u16, i32, i32, String)], face: &Face) -> Vec<Codepoint> {
    let Some(start) = line.first().map(|glyph| i64::from(glyph.1)) else {
        return Vec::new();
    };
    let size = i64::from(size.max(1));
    let mut pen = 0;
    let places = line.iter().skip(1).map(|next| Some(i64::from(next.1)));
    line.iter()
        .zip(places.chain([None]))
        .map(|((glyph, _, _, text), next)| {
            pen += face.advance(*glyph);
            let wanted = next.map_or(pen, |next| (next - start) * 1_000 / size);
            let offset = whole(pen - wanted);
            pen = wanted;
            Codepoint {
                gid: face.glyphs.get(glyph).copied().unwrap_or(0),
                offset,
                cid: Some(text.clone()),
            }
        })
        .collect()
}

/// Dots and thousandths are far below 2^24, so nothing is lost.
#[expect(clippy::cast_precision_loss, reason = "the format wants f32")]
fn whole(value: i64) -> f32 {
    value as f32
}
