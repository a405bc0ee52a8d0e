//! Reads what is really on a printed label, as a scanner gun would: the player of the demo scans
//! the paper, not what the program meant to print.

use super::tray::to_luma;
use firstscan_drivers::bitmap::Bitmap;
use rxing::{BarcodeFormat, DecodeHints};
use std::collections::HashSet;

/// A code on a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// `code128`, `qr`, `datamatrix`, `pdf417`, `aztec`, or the reader's name for others.
    pub symbology: String,
    /// Decoded text; FNC1 is GS (1D).
    pub text: String,
}

/// All codes on the picture, linear ones first, each once, in order of their text.
pub fn read_codes(picture: &Bitmap) -> Vec<Seen> {
    let mut seen = read_linear(picture);
    seen.extend(read_square(picture));
    seen
}

/// Whether a code with this text is on the picture. Stops looking when it is found.
pub fn sees(picture: &Bitmap, text: &str) -> bool {
    let among = |seen: Vec<Seen>| seen.iter().any(|s| s.text == text);
    among(read_linear(picture)) || among(read_square(picture))
}

/// The linear codes only: far quicker than looking for all.
pub fn read_linear(picture: &Bitmap) -> Vec<Seen> {
    read(picture, HashSet::from([BarcodeFormat::CODE_128]))
}

fn read_square(picture: &Bitmap) -> Vec<Seen> {
    let square = HashSet::from([
        BarcodeFormat::QR_CODE,
        BarcodeFormat::DATA_MATRIX,
        BarcodeFormat::PDF_417,
        BarcodeFormat::AZTEC,
    ]);
    read(picture, square)
}

fn read(picture: &Bitmap, formats: HashSet<BarcodeFormat>) -> Vec<Seen> {
    let mut hints = DecodeHints {
        PossibleFormats: Some(formats),
        ..DecodeHints::default()
    };
    let found = rxing::helpers::detect_multiple_in_luma_with_hints(
        to_luma(picture),
        picture.width(),
        picture.height(),
        &mut hints,
    );
    let mut seen: Vec<Seen> = Vec::new();
    // "Not found" is an empty answer, not a failure.
    for result in found.unwrap_or_default() {
        let symbology = name(*result.getBarcodeFormat());
        let one = Seen {
            symbology,
            text: result.getText().to_owned(),
        };
        if !seen.contains(&one) {
            seen.push(one);
        }
    }
    seen.sort_by(|a, b| a.text.cmp(&b.text));
    seen
}

fn name(format: BarcodeFormat) -> String {
    match format {
        BarcodeFormat::CODE_128 => "code128".into(),
        BarcodeFormat::QR_CODE => "qr".into(),
        BarcodeFormat::DATA_MATRIX => "datamatrix".into(),
        BarcodeFormat::PDF_417 => "pdf417".into(),
        BarcodeFormat::AZTEC => "aztec".into(),
        other => other.to_string().to_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use barcoders::sym::code128::Code128;

    /// A Code 128 and a QR code side by side on a 4x6 in label.
    fn label() -> Bitmap {
        let mut picture = Bitmap::new(812, 1218).unwrap();
        let bars = Code128::new("\u{0181}1Z999AA10123456784").unwrap().encode();
        for (i, bar) in (0_u32..).zip(bars) {
            picture.fill_rect(60 + i * 3, 700, 3, 160, bar == 1);
        }
        let qr = fast_qr::QRBuilder::new("FS1:S1-7:S1-7.0").build().unwrap();
        for y in 0..qr.size {
            for x in 0..qr.size {
                let dot = |n: usize| u32::try_from(n).unwrap() * 6;
                let black = qr[y][x].value();
                picture.fill_rect(500 + dot(x), 100 + dot(y), 6, 6, black);
            }
        }
        picture
    }

    #[test]
    fn sees_linear_and_square_codes() {
        let seen = read_codes(&label());
        let texts: Vec<(&str, &str)> = seen
            .iter()
            .map(|s| (s.symbology.as_str(), s.text.as_str()))
            .collect();
        assert_eq!(
            texts,
            [("code128", "1Z999AA10123456784"), ("qr", "FS1:S1-7:S1-7.0")]
        );
        assert!(read_codes(&Bitmap::new(812, 1218).unwrap()).is_empty());
    }
}
