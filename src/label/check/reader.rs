//! The only file that knows `rxing`. Its panics on odd pictures count as "not read".

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use firstscan_drivers::bitmap::BitmapView;
use rxing::common::{BitArray, GlobalHistogramBinarizer};
use rxing::oned::{Code128Reader, OneDReader};
use rxing::qrcode::QRCodeReader;
use rxing::{
    BarcodeFormat, BinaryBitmap, DecodeHints, Luma8LuminanceSource, MultiFormatReader, Point,
    RXingResult, Reader,
};

use crate::label::canvas::Dots;
use crate::label::render::PlacedSymbol;
use crate::label::symbol::Symbology;

/// Read on a whole page. Left out are UPC-E, EAN-8, Codabar, Code 93 and DataBar: no carrier uses
/// them, and they are "found" in lines of text.
const FORMATS: [(BarcodeFormat, &str); 9] = [
    (BarcodeFormat::CODE_128, "code128"),
    (BarcodeFormat::QR_CODE, "qr"),
    (BarcodeFormat::DATA_MATRIX, "datamatrix"),
    (BarcodeFormat::PDF_417, "pdf417"),
    (BarcodeFormat::AZTEC, "aztec"),
    (BarcodeFormat::CODE_39, "code39"),
    (BarcodeFormat::ITF, "itf"),
    (BarcodeFormat::EAN_13, "ean13"),
    (BarcodeFormat::UPC_A, "upca"),
];
/// Shortest data believed of the symbologies without a check digit.
const UNCHECKED_CHARS_MIN: usize = 6;
/// What the reader puts in front of data that starts with FNC1.
const GS1_PREFIX: &str = "]C1";

/// A read symbol with the reader's own points (image coordinates, rounded).
#[derive(Debug)]
pub struct Found {
    pub symbology: &'static str,
    pub data: String,
    pub points: Vec<(i32, i32)>,
    /// One row of bars, not a matrix.
    pub linear: bool,
}

/// A page as bytes, 0 black and 255 white, that found symbols can be wiped from.
#[derive(Debug)]
pub struct Luma {
    /// Where its corner is on the page.
    origin: (i32, i32),
    width: u32,
    height: u32,
    grey: Vec<u8>,
}

impl Luma {
    /// The area of the page, white beyond the page.
    pub fn from_view(page: &BitmapView<'_>, area: Dots) -> Self {
        let grey = crop(page, area);
        let (width, height) = (area.width.unsigned_abs(), area.height.unsigned_abs());
        Self {
            origin: (area.x, area.y),
            width,
            height,
            grey,
        }
    }

    /// Reads one symbol anywhere.
    pub fn find_one(&self) -> Option<Found> {
        let hints = DecodeHints {
            TryHarder: Some(true),
            AssumeGs1: Some(true),
            PossibleFormats: Some(FORMATS.iter().map(|(format, _)| *format).collect()),
            ..DecodeHints::default()
        };
        let read = || {
            let mut image = binary(self.grey.clone(), self.width, self.height)?;
            MultiFormatReader::default()
                .decode_with_hints(&mut image, &hints)
                .ok()
        };
        let mut found = found(&catch_unwind(AssertUnwindSafe(read)).ok()??)?;
        for point in &mut found.points {
            *point = (point.0 + self.origin.0, point.1 + self.origin.1);
        }
        Some(found)
    }

    /// Paints an area of the page white.
    pub fn wipe(&mut self, area: Dots) {
        let area = Dots {
            x: area.x - self.origin.0,
            y: area.y - self.origin.1,
            ..area
        };
        let width = self.width as usize;
        let clip = |at: i32, max: u32| usize::try_from(at.clamp(0, side(max))).unwrap_or(0);
        let columns = clip(area.x, self.width)..clip(area.x + area.width, self.width);
        for y in clip(area.y, self.height)..clip(area.y + area.height, self.height) {
            self.grey[y * width..(y + 1) * width][columns.clone()].fill(255);
        }
    }
}

fn found(result: &RXingResult) -> Option<Found> {
    let format = result.getBarcodeFormat();
    let (_, mut symbology) = FORMATS.iter().find(|(known, _)| known == format).copied()?;
    let mut data = result.getText();
    if let Some(rest) = data
        .strip_prefix(GS1_PREFIX)
        .filter(|_| symbology == "code128")
    {
        (symbology, data) = ("gs1-128", rest);
    }
    let unchecked = matches!(symbology, "code39" | "itf");
    if unchecked && data.len() < UNCHECKED_CHARS_MIN {
        return None;
    }
    let linear = !matches!(symbology, "qr" | "datamatrix" | "aztec" | "pdf417");
    let points = result
        .getPoints()
        .iter()
        .map(|point| whole(*point))
        .collect();
    Some(Found {
        symbology,
        data: data.to_owned(),
        points,
        linear,
    })
}

#[expect(clippy::cast_possible_truncation, reason = "float casts saturate")]
fn whole(point: Point) -> (i32, i32) {
    (point.x.round() as i32, point.y.round() as i32)
}

/// Reads a symbol where we drew it.
pub fn read_placed(page: &BitmapView<'_>, symbol: &PlacedSymbol) -> Option<String> {
    let read = || {
        if symbol.symbology == Symbology::Qr {
            matrix(page, symbol)
        } else {
            bars(page, symbol)
        }
    };
    catch_unwind(AssertUnwindSafe(read)).ok()?
}

/// A row near the top, the middle and near the bottom; all must say the same.
fn bars(page: &BitmapView<'_>, symbol: &PlacedSymbol) -> Option<String> {
    let (x, width) = (
        symbol.x - symbol.quiet.left,
        symbol.width + 2 * symbol.quiet.left,
    );
    let mut read: Option<String> = None;
    for quarter in 1..=3 {
        let y = symbol.y + symbol.height * quarter / 4;
        let row = crop(
            page,
            Dots {
                x,
                y,
                width,
                height: 1,
            },
        );
        let row: Vec<bool> = row.into_iter().map(|grey| grey == 0).collect();
        let text = decode_row(&row)?;
        if read.as_ref().is_some_and(|before| *before != text) {
            return None;
        }
        read = Some(text);
    }
    read
}

fn matrix(page: &BitmapView<'_>, symbol: &PlacedSymbol) -> Option<String> {
    let area = Dots {
        x: symbol.x,
        y: symbol.y,
        width: symbol.width,
        height: symbol.height,
    };
    let area = area.grown(symbol.quiet.left);
    let (width, height) = (
        u32::try_from(area.width).ok()?,
        u32::try_from(area.height).ok()?,
    );
    let mut image = binary(crop(page, area), width, height)?;
    let hints = DecodeHints {
        PureBarcode: Some(true),
        PossibleFormats: Some(HashSet::from([BarcodeFormat::QR_CODE])),
        ..DecodeHints::default()
    };
    let result = QRCodeReader.decode_with_hints(&mut image, &hints).ok()?;
    Some(result.getText().to_owned())
}

/// Reads a row of dots (true = black) as Code 128. FNC1 leaves no trace in the text.
pub(crate) fn decode_row(row: &[bool]) -> Option<String> {
    let mut bits = BitArray::with_size(row.len());
    for (at, _) in row.iter().enumerate().filter(|(_, black)| **black) {
        bits.set(at);
    }
    let hints = DecodeHints::default();
    let result = Code128Reader.decode_row(0, &bits, &hints).ok()?;
    Some(result.getText().to_owned())
}

fn binary(
    grey: Vec<u8>,
    width: u32,
    height: u32,
) -> Option<BinaryBitmap<GlobalHistogramBinarizer<Luma8LuminanceSource>>> {
    let source = Luma8LuminanceSource::new(grey, width, height).ok()?;
    Some(BinaryBitmap::new(GlobalHistogramBinarizer::new(source)))
}

/// Dots of an area as bytes, 0 black and 255 white; beyond the page it is white.
fn crop(page: &BitmapView<'_>, area: Dots) -> Vec<u8> {
    let (width, height) = (side(page.width()), side(page.height()));
    let mut out = Vec::new();
    for y in area.y..area.y + area.height {
        let row = if (0..height).contains(&y) {
            page.row(y.unsigned_abs())
        } else {
            &[]
        };
        out.extend((area.x..area.x + area.width).map(|x| {
            let byte = usize::try_from(x / 8)
                .ok()
                .filter(|_| (0..width).contains(&x));
            let byte = byte.and_then(|at| row.get(at)).copied().unwrap_or(0);
            if byte & (0x80 >> x.rem_euclid(8)) == 0 {
                255
            } else {
                0
            }
        }));
    }
    out
}

fn side(dots: u32) -> i32 {
    i32::try_from(dots).unwrap_or(i32::MAX)
}
