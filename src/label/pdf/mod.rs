//! PDF out, exactly the label's size: [`label`] as vectors with text as text, [`encode`] one page
//! per bitmap with 1 bit per dot. Nothing is resampled; the same label gives the same bytes.
#![expect(
    clippy::float_arithmetic,
    reason = "PDF lengths are points as f32; only here"
)]

mod fonts;
mod rects;
mod vector;

use std::collections::BTreeMap;

use firstscan_drivers::bitmap::{Bitmap, Resolution};
use printpdf::{
    DictItem, ExternalStream, ExternalXObject, Op, PdfDocument, PdfPage, PdfSaveOptions, Pt, Rect,
    XObject, XObjectId, XObjectTransform,
};

pub use vector::label;

/// Pages in one document.
pub const PAGES_MAX: usize = 500;

/// Why no PDF came out.
#[derive(Debug, thiserror::Error)]
pub enum PdfError {
    #[error("{0} pages; a document has 1 to {PAGES_MAX}")]
    Pages(usize),
    #[error("the PDF writer warned: {0}; report this")]
    Warned(String),
    #[error("the PDF could not be written ({0}); report this")]
    Write(String),
}

/// Writes the document.
pub fn encode(pages: &[Bitmap], resolution: Resolution) -> Result<Vec<u8>, PdfError> {
    if pages.is_empty() || pages.len() > PAGES_MAX {
        return Err(PdfError::Pages(pages.len()));
    }
    let mut document = empty();
    for (index, bitmap) in pages.iter().enumerate() {
        let id = XObjectId(format!("Page{index}"));
        let (width, height) = size_pt(bitmap, resolution);
        let transform = XObjectTransform {
            scale_x: Some(width.0),
            scale_y: Some(height.0),
            no_auto_scale: true,
            ..XObjectTransform::default()
        };
        document
            .resources
            .xobjects
            .map
            .insert(id.clone(), image(bitmap));
        let whole = Rect::from_wh(width, height);
        document.pages.push(PdfPage {
            media_box: whole.clone(),
            trim_box: whole.clone(),
            crop_box: whole,
            ops: vec![Op::UseXobject { id, transform }],
        });
    }
    write(&document)
}

/// A document without pages; everything in it is the same each time.
fn empty() -> PdfDocument {
    let mut document = PdfDocument::new("Label");
    document.metadata.info.producer = "firstscan".into();
    document.metadata.info.creator = "firstscan".into();
    // The default is a random text.
    document.metadata.info.identifier = "label".into();
    document
}

/// An image of 1 bit per dot. The format's 0 is black, ours is 1: `Decode [1 0]` turns it.
fn image(bitmap: &Bitmap) -> XObject {
    let view = bitmap.view();
    let name = |text: &str| DictItem::Name(text.as_bytes().to_vec());
    let dict = BTreeMap::from([
        ("Type".into(), name("XObject")),
        ("Subtype".into(), name("Image")),
        ("Width".into(), DictItem::Int(i64::from(view.width()))),
        ("Height".into(), DictItem::Int(i64::from(view.height()))),
        ("ColorSpace".into(), name("DeviceGray")),
        ("BitsPerComponent".into(), DictItem::Int(1)),
        (
            "Decode".into(),
            DictItem::Array(vec![DictItem::Int(1), DictItem::Int(0)]),
        ),
        ("Interpolate".into(), DictItem::Bool(false)),
    ]);
    let content = (0..view.height())
        .flat_map(|y| view.row(y).to_vec())
        .collect();
    let stream = ExternalStream {
        dict,
        content,
        compress: true,
    };
    XObject::External(ExternalXObject {
        stream,
        width: None,
        height: None,
        dpi: None,
    })
}

/// Dots to points, 1/72 in; the nearest f32.
#[expect(clippy::cast_possible_truncation, reason = "the format wants f32")]
fn size_pt(bitmap: &Bitmap, resolution: Resolution) -> (Pt, Pt) {
    let per_point = f64::from(resolution.dots) * 25_400.0 / (f64::from(resolution.per_um) * 72.0);
    let points = |dots: u32| Pt((f64::from(dots) / per_point) as f32);
    let view = bitmap.view();
    (points(view.width()), points(view.height()))
}

fn write(document: &PdfDocument) -> Result<Vec<u8>, PdfError> {
    let options = PdfSaveOptions {
        image_optimization: None,
        // Operators the crate has no name for are ours.
        secure: false,
        ..PdfSaveOptions::default()
    };
    let mut warnings = Vec::new();
    let mut written = document.to_lopdf_document(&options, &mut warnings);
    if let Some(warning) = warnings.first() {
        return Err(PdfError::Warned(format!("{warning:?}")));
    }
    // Both document ids are random; a label's bytes shall depend on the label alone.
    let ids = written
        .trailer
        .get_mut(b"ID")
        .and_then(|id| id.as_array_mut());
    for id in ids.into_iter().flatten() {
        if let Ok(text) = id.as_str_mut() {
            text.fill(b'0');
        }
    }
    // The writer claims PDF/X and dates from 1970; neither is true.
    let info = written
        .trailer
        .get(b"Info")
        .and_then(|info| info.as_reference());
    if let Ok(info) = info
        && let Ok(info) = written
            .get_object_mut(info)
            .and_then(|info| info.as_dict_mut())
    {
        for claim in ["GTS_PDFXVersion", "CreationDate", "ModDate"] {
            info.remove(claim.as_bytes());
        }
    }
    written.compress();
    let mut bytes = Vec::new();
    written
        .save_to(&mut bytes)
        .map_err(|error| PdfError::Write(error.to_string()))?;
    Ok(bytes)
}
