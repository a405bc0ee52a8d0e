//! A file as it is: pages of a PDF at a resolution, or a picture at its own with its grey values.

use firstscan_drivers::bitmap::Resolution;
use image::ImageFormat;

use super::{Grey, Options, Report, check_with};
use crate::label::import::{self, ImportError, raster};

/// Checks every page of a label file; each must be valid, and the score is that of the worst. A
/// PDF is looked at at `resolution`; a picture states its own, or its lengths are not judged.
pub fn file(bytes: &[u8], resolution: Resolution) -> Result<Report, ImportError> {
    let options = Options {
        resolution: Some(resolution),
        dead_dots: true,
        ..Options::default()
    };
    let picture = match image::guess_format(bytes) {
        Ok(
            format @ (ImageFormat::Png
            | ImageFormat::Jpeg
            | ImageFormat::Gif
            | ImageFormat::Bmp
            | ImageFormat::Tiff),
        ) => format,
        _ => {
            let pages = import::original(bytes, resolution)?;
            let pages = pages.iter().map(|page| check_with(&page.view(), &options));
            return Ok(merge(pages));
        }
    };
    let picture = raster::decode(bytes, picture)?;
    let options = Options {
        resolution: picture.resolution,
        grey: Some(Grey {
            width: picture.width,
            height: picture.height,
            luma: &picture.pixels,
        }),
        ..options
    };
    Ok(check_with(&picture.threshold().view(), &options))
}

fn merge(pages: impl Iterator<Item = Report>) -> Report {
    let mut all = Report {
        valid: true,
        score: 100,
        symbols: Vec::new(),
        problems: Vec::new(),
    };
    for page in pages {
        all.valid &= page.valid;
        all.score = all.score.min(page.score);
        all.symbols.extend(page.symbols);
        all.problems.extend(page.problems);
    }
    all
}
