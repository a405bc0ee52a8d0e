//! A label file checked as it is: nothing converted, a picture with its grey values.

use firstscan_drivers::bitmap::{Bitmap, Resolution};

use super::{ImportError, Kind, original, raster};
use crate::label::check::{self, Grey, Options, Report};

/// Checks every page: those of a document at `resolution`, a picture at its own.
pub fn check(bytes: &[u8], resolution: Resolution) -> Result<Vec<Report>, ImportError> {
    let Some(format) = Kind::detect(bytes).and_then(Kind::picture) else {
        let options = Options {
            resolution: Some(resolution),
            dead_dots: true,
            ..Options::default()
        };
        let pages = original(bytes, resolution)?;
        let report = |page: &Bitmap| check::check_with(&page.view(), &options);
        return Ok(pages.iter().map(report).collect());
    };
    let grey = raster::decode(bytes, format)?;
    let options = Options {
        resolution: grey.resolution,
        grey: Some(Grey {
            width: grey.width,
            height: grey.height,
            luma: &grey.pixels,
        }),
        dead_dots: true,
    };
    Ok(vec![check::check_with(&grey.threshold().view(), &options)])
}
