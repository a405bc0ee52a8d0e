//! What a file is, by its bytes and never by its name.

/// Bytes looked at for a mark that need not be the first.
const HEAD_BYTES: usize = 1_024;
/// Bytes looked at for the start of a ZPL label: fonts and pictures may come first.
const ZPL_HEAD_BYTES: usize = 64 * 1_024;

/// What the bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Pdf,
    Png,
    Jpeg,
    Gif,
    Bmp,
    Tiff,
    Zpl,
}

impl Kind {
    /// By the first bytes; None if it is none of them.
    pub fn detect(bytes: &[u8]) -> Option<Self> {
        // Readers look for the PDF mark in the first kilobyte, and so do files.
        let head = &bytes[..bytes.len().min(HEAD_BYTES)];
        match bytes {
            [0x89, b'P', b'N', b'G', ..] => Some(Self::Png),
            [0xFF, 0xD8, 0xFF, ..] => Some(Self::Jpeg),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Self::Gif),
            [b'I', b'I', 42, 0, ..] | [b'M', b'M', 0, 42, ..] => Some(Self::Tiff),
            // Two letters, the file's size, two numbers that are 0.
            [b'B', b'M', _, _, _, _, 0, 0, 0, 0, ..] => Some(Self::Bmp),
            _ if head.windows(5).any(|five| five == b"%PDF-") => Some(Self::Pdf),
            _ if is_zpl(bytes) => Some(Self::Zpl),
            _ => None,
        }
    }

    /// The picture format, if it is one.
    pub(super) const fn picture(self) -> Option<image::ImageFormat> {
        match self {
            Self::Png => Some(image::ImageFormat::Png),
            Self::Jpeg => Some(image::ImageFormat::Jpeg),
            Self::Gif => Some(image::ImageFormat::Gif),
            Self::Bmp => Some(image::ImageFormat::Bmp),
            Self::Tiff => Some(image::ImageFormat::Tiff),
            Self::Pdf | Self::Zpl => None,
        }
    }
}

/// A label in ZPL starts with `^XA`, a stored picture with `~DG` or `~DY`. A printer whose prefix
/// was changed (`^CC`, `~CC`) gets another mark instead of `^`, which is then the same at both
/// ends of the label. Junk in front (byte order marks, wake-up bytes) is usual.
fn is_zpl(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(ZPL_HEAD_BYTES)];
    head.windows(3).enumerate().any(|(at, three)| {
        let [mark, a, b] = three else { return false };
        let command = [a.to_ascii_uppercase(), b.to_ascii_uppercase()];
        match (mark, &command) {
            (b'^', b"XA") | (b'~', b"DG" | b"DY") => true,
            (mark, b"XA") if mark.is_ascii_punctuation() => ends_with(&bytes[at + 3..], *mark),
            _ => false,
        }
    })
}

fn ends_with(rest: &[u8], mark: u8) -> bool {
    let end = |three: &[u8]| three[0] == mark && three[1..].eq_ignore_ascii_case(b"XZ");
    rest.windows(3).any(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_bytes() {
        let cases: [(&[u8], Option<Kind>); 14] = [
            (b"%PDF-1.4", Some(Kind::Pdf)),
            (b"\n\n%PDF-1.7 ", Some(Kind::Pdf)),
            (b"\x89PNG\r\n\x1a\n", Some(Kind::Png)),
            (b"\xFF\xD8\xFF\xE0", Some(Kind::Jpeg)),
            (b"GIF89a", Some(Kind::Gif)),
            (b"II\x2A\0", Some(Kind::Tiff)),
            (b"MM\0\x2A", Some(Kind::Tiff)),
            (b"BM\x10\0\0\0\0\0\0\0\x3E", Some(Kind::Bmp)),
            (b"\xEF\xBB\xBF\r\n^xa^FO1,1^FS^xz", Some(Kind::Zpl)),
            (b"~DGR:A.GRF,1,1,FF", Some(Kind::Zpl)),
            (b"^CC!!XA!FO1,1!FS!XZ", Some(Kind::Zpl)),
            (b"BMXA, but no label", None),
            (b"a-XA-b", None),
            (b"", None),
        ];
        for (bytes, kind) in cases {
            assert_eq!(Kind::detect(bytes), kind, "{bytes:?}");
        }
    }
}
