//! The resolution a picture states: PNG `pHYs`, JFIF density, BMP pixels per metre, TIFF tags.
//! GIF has none.

use firstscan_drivers::bitmap::Resolution;
use image::ImageFormat;

use crate::label::png;

/// Resolutions files mean when they state one within 0.5 % of it.
const USUAL_DPI: [u32; 9] = [72, 96, 150, 200, 203, 300, 400, 406, 600];
/// Entries looked at in a TIFF directory.
const TAGS_MAX: u16 = 256;

/// As stated in the file, if it is the same both ways and makes sense.
pub fn stated(bytes: &[u8], format: ImageFormat) -> Option<Resolution> {
    match format {
        ImageFormat::Png => png::stated_resolution(bytes),
        ImageFormat::Jpeg => jfif(bytes),
        ImageFormat::Bmp => bmp(bytes),
        ImageFormat::Tiff => tiff(bytes),
        _ => None,
    }
}

/// The resolution meant by so many pixels per metre; None if that is nonsense.
pub fn per_metre(per_metre: u32) -> Option<Resolution> {
    if !(1_000..=100_000).contains(&per_metre) {
        return None;
    }
    let near = |dpi: &u32| {
        // dpi * 10_000 / 254 pixels per metre.
        let ideal = *dpi * 10_000 / 254;
        ideal.abs_diff(per_metre) * 200 <= ideal
    };
    let usual = USUAL_DPI.iter().copied().filter(near);
    let nearest = usual.min_by_key(|dpi| (dpi * 10_000 / 254).abs_diff(per_metre));
    let as_stated = Resolution {
        dots: per_metre,
        per_um: 1_000_000,
    };
    Some(nearest.map_or(as_stated, Resolution::from_dpi))
}

/// JFIF header (ITU-T T.871, 10.1): unit 1 is per inch, 2 per centimetre.
fn jfif(bytes: &[u8]) -> Option<Resolution> {
    let header = bytes.get(6..18)?;
    let [b'J', b'F', b'I', b'F', 0, _, _, unit, x1, x2, y1, y2] = header else {
        return None;
    };
    let across = u32::from(u16::from_be_bytes([*x1, *x2]));
    if (x1, x2) != (y1, y2) {
        return None;
    }
    match unit {
        1 => per_metre(across * 10_000 / 254),
        2 => per_metre(across * 100),
        _ => None,
    }
}

/// `biXPelsPerMeter` and `biYPelsPerMeter` of a header of 40 bytes or more.
fn bmp(bytes: &[u8]) -> Option<Resolution> {
    let number = |at: usize| {
        let four = bytes.get(at..at + 4)?;
        Some(u32::from_le_bytes(four.try_into().ok()?))
    };
    let (header, across, down) = (number(14)?, number(38)?, number(42)?);
    (header >= 40 && across == down).then_some(())?;
    per_metre(across)
}

/// Tags XResolution (282), YResolution (283) and ResolutionUnit (296: 2 inch, 3 centimetre) of
/// the first directory (TIFF 6.0).
fn tiff(bytes: &[u8]) -> Option<Resolution> {
    let little = bytes.starts_with(b"II");
    let number = |at: usize, length: usize| {
        let part = bytes.get(at..at.checked_add(length)?)?;
        let join = |sum: u32, byte: &u8| sum << 8 | u32::from(*byte);
        Some(if little {
            part.iter().rev().fold(0, join)
        } else {
            part.iter().fold(0, join)
        })
    };
    let offset = |at: usize| usize::try_from(number(at, 4)?).ok();
    let directory = offset(4)?;
    let (mut across, mut down, mut unit) = (None, None, 2);
    for index in 0..number(directory, 2)?.min(u32::from(TAGS_MAX)) {
        let entry = directory + 2 + 12 * usize::try_from(index).ok()?;
        let ratio = || {
            let at = offset(entry + 8)?;
            Some((number(at, 4)?, number(at.checked_add(4)?, 4)?))
        };
        match number(entry, 2)? {
            282 => across = ratio(),
            283 => down = ratio(),
            296 => unit = number(entry + 8, 2)?,
            _ => {}
        }
    }
    let ((x, x_per), (y, y_per)) = (across?, down?);
    (u64::from(x) * u64::from(y_per) == u64::from(y) * u64::from(x_per)).then_some(())?;
    // A hundred millionth of a metre: 2,540,000 in an inch, 1,000,000 in a centimetre.
    let unit = match unit {
        2 => 2_540_000,
        3 => 1_000_000,
        _ => return None,
    };
    let metre = u64::from(x) * 100_000_000 / (u64::from(x_per) * unit).max(1);
    per_metre(u32::try_from(metre).ok()?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn stated_resolutions_mean_printers() {
        assert_eq!(per_metre(7_992), Some(Resolution::from_dpi(203)));
        assert_eq!(per_metre(8_000), Some(Resolution::from_dpi(203)));
        assert_eq!(per_metre(11_811), Some(Resolution::from_dpi(300)));
        assert_eq!(per_metre(0), None);
    }

    #[test]
    fn every_format_states_it_in_its_own_way() {
        let at_300 = Some(Resolution::from_dpi(300));
        let jpeg = b"\xFF\xD8\xFF\xE0\0\x10JFIF\0\x01\x01\x01\x01\x2C\x01\x2C\0\0";
        assert_eq!(stated(jpeg, ImageFormat::Jpeg), at_300);
        let mut bmp = vec![0; 54];
        bmp[14] = 40;
        for at in [38, 42] {
            bmp[at..at + 4].copy_from_slice(&11_811_u32.to_le_bytes());
        }
        assert_eq!(stated(&bmp, ImageFormat::Bmp), at_300);
        bmp[38] ^= 64;
        assert_eq!(stated(&bmp, ImageFormat::Bmp), None);
        for little in [true, false] {
            let mut file = if little {
                b"II".to_vec()
            } else {
                b"MM".to_vec()
            };
            let mut put = |value: u32, length: usize| {
                let bytes = value.to_be_bytes();
                let mut bytes = bytes[4 - length..].to_vec();
                if little {
                    bytes.reverse();
                }
                file.extend(bytes);
            };
            put(42, 2);
            put(8, 4);
            put(3, 2);
            for (tag, kind, value) in [(282_u32, 5, 50), (283, 5, 50), (296, 3, 2)] {
                put(tag, 2);
                put(kind, 2);
                put(1, 4);
                // A short stands in the first half of the field.
                if kind == 3 {
                    put(value, 2);
                    put(0, 2);
                } else {
                    put(value, 4);
                }
            }
            put(0, 4);
            put(3_000, 4);
            put(10, 4);
            assert_eq!(stated(&file, ImageFormat::Tiff), at_300, "{little}");
            for end in 0..file.len() {
                stated(&file[..end], ImageFormat::Tiff);
            }
        }
        assert_eq!(stated(b"GIF89a", ImageFormat::Gif), None);
    }
}
