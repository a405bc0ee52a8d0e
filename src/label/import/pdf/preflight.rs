//! Bounds what a file unpacks to, before anything unpacks it for good.
//!
//! The PDF library unpacks a stream whole, whatever its length: a kilobyte can become gigabytes.
//! So every object of the raw file that is a stream (whether or not a table names it, because
//! broken tables are repaired by searching) is unpacked here first, into nothing, with a counter.
//! Dictionaries are read by the library itself, so both see the same filters. Pictures coded as
//! JBIG2 or JPEG 2000 are refused: their sizes stand inside the code, and no label uses them.

use flate2::{Decompress, FlushDecompress, Status};
use hayro::hayro_syntax::Pdf;
use hayro::hayro_syntax::object::{Dict, FromBytes, MaybeRef, Name, Object, Stream};

use super::lzw;
use crate::label::import::ImportError;

/// Bytes all streams together may unpack to.
const UNPACKED_MAX: u64 = 96 << 20;
/// Bytes one page's content or form unpacks to: a path is collected whole before it is drawn.
const CONTENT_MAX: u64 = 8 << 20;
/// Objects in one file, and bytes of one dictionary in front of a stream.
const OBJECTS_MAX: usize = 20_000;
const DICT_BYTES_MAX: usize = 64 << 10;
/// Bytes spent on reading dictionaries, however they overlap.
const DICT_WORK_MAX: usize = 64 << 20;
/// Deflate never packs better than this.
const DEFLATE_RATIO: u64 = 1_032;
/// Filters on one stream.
const FILTERS_MAX: usize = 4;
/// Columns of a fax picture or a predictor.
const COLUMNS_MAX: i64 = 40_000;
const COLORS_MAX: i64 = 32;

fn refuse<T>(reason: &str) -> Result<T, ImportError> {
    Err(ImportError::Unreadable(reason.into()))
}

/// Bytes of the longest stream that is no picture, or why the file is refused.
pub fn check(file: &[u8]) -> Result<u64, ImportError> {
    let encrypted = names_encrypt(file);
    let mut budget = Budget::default();
    let mut work = 0;
    for (count, at) in objects(file).enumerate() {
        if count >= OBJECTS_MAX {
            return refuse("it has more objects than any label");
        }
        let window = &file[at..file.len().min(at + DICT_BYTES_MAX)];
        let Some(dict) = Dict::from_bytes(window) else {
            work += window.len();
            if work > DICT_WORK_MAX || window.len() == DICT_BYTES_MAX {
                return refuse("one of its objects is damaged or longer than in any label");
            }
            continue;
        };
        let after = at + dict.data().len();
        work += dict.data().len();
        if let Some(data) = stream_data(&file[after..]) {
            budget.raw_stream(&dict, data, encrypted)?;
        }
    }
    if encrypted {
        budget.opened(file)?;
    }
    Ok(budget.longest)
}

/// What follows each `obj` that starts a dictionary.
fn objects(file: &[u8]) -> impl Iterator<Item = usize> + '_ {
    let found = file
        .windows(3)
        .enumerate()
        .filter(|(_, three)| *three == b"obj");
    found.filter_map(|(at, _)| {
        let start = at + 3 + blank(&file[at + 3..]);
        file[start..].starts_with(b"<<").then_some(start)
    })
}

/// White space and comments at the start.
fn blank(bytes: &[u8]) -> usize {
    let mut comment = false;
    let end = bytes.iter().position(|byte| {
        comment = match byte {
            b'%' => true,
            b'\r' | b'\n' => false,
            _ => comment,
        };
        !comment && !matches!(byte, 0 | 9 | 10 | 12 | 13 | 32)
    });
    end.unwrap_or(bytes.len())
}

/// The data after a dictionary and `stream`; it goes on to the end of the file, because the stated
/// length proves nothing.
fn stream_data(after: &[u8]) -> Option<&[u8]> {
    let data = after[blank(after)..].strip_prefix(b"stream")?;
    let line = [&b"\n"[..], b"\r\n", b"\r"];
    line.iter().find_map(|end| data.strip_prefix(*end))
}

/// Whether a name anywhere is `Encrypt`, however it is written.
fn names_encrypt(file: &[u8]) -> bool {
    let slashes = file.iter().enumerate().filter(|(_, byte)| **byte == b'/');
    slashes.into_iter().any(|(at, _)| {
        let mut rest = &file[at + 1..];
        b"Encrypt".iter().all(|wanted| {
            let (byte, next) = match rest {
                [b'#', a, b, next @ ..] => {
                    let digit = |hex: u8| char::from(hex).to_digit(16).unwrap_or(0);
                    (digit(*a) << 4 | digit(*b), next)
                }
                [byte, next @ ..] => (u32::from(*byte), next),
                [] => return false,
            };
            rest = next;
            byte == u32::from(*wanted)
        })
    })
}

/// An entry that is there and not somewhere else.
fn direct<'a>(dict: &Dict<'a>, keys: [&[u8]; 2]) -> Result<Option<Object<'a>>, ImportError> {
    for key in keys {
        match dict.get_raw::<Object<'_>>(key) {
            None => {}
            Some(MaybeRef::NotRef(object)) => return Ok(Some(object)),
            // A reference is followed if the file is open already.
            Some(MaybeRef::Ref(_)) => match dict.get::<Object<'_>>(key) {
                Some(object) => return Ok(Some(object)),
                None => return refuse("a stream names its filter in an unusual way"),
            },
        }
    }
    Ok(None)
}

fn filters<'a>(dict: &Dict<'a>) -> Result<Vec<Name<'a>>, ImportError> {
    match direct(dict, [b"F", b"Filter"])? {
        None => Ok(Vec::new()),
        Some(Object::Name(name)) => Ok(vec![name]),
        Some(Object::Array(array)) => {
            let names: Vec<_> = array.iter::<Object<'_>>().take(FILTERS_MAX + 1).collect();
            let wanted = names.len();
            let names: Vec<_> = names.into_iter().filter_map(Object::into_name).collect();
            let all = array.raw_iter().take(FILTERS_MAX + 1).count() == wanted;
            if names.len() == wanted && all && wanted <= FILTERS_MAX {
                Ok(names)
            } else {
                refuse("a stream names its filters in an unusual way")
            }
        }
        Some(_) => refuse("a stream names its filter in an unusual way"),
    }
}

/// Predictors and fax pictures allocate whole rows.
fn parameters(dict: &Dict<'_>) -> Result<(), ImportError> {
    let checked = |parms: &Dict<'_>| {
        let most = [
            (&b"Columns"[..], COLUMNS_MAX),
            (b"Colors", COLORS_MAX),
            (b"BitsPerComponent", 16),
        ];
        for (key, max) in most {
            match direct(parms, [key, key])? {
                None => {}
                Some(Object::Number(number)) if (0..=max).contains(&number.as_i64()) => {}
                Some(_) => return refuse("the rows of a stream are wider than on any label"),
            }
        }
        Ok(())
    };
    match direct(dict, [b"DP", b"DecodeParms"])? {
        Some(Object::Dict(parms)) => checked(&parms),
        Some(Object::Array(list)) => list
            .iter::<Dict<'_>>()
            .try_for_each(|parms| checked(&parms)),
        _ => Ok(()),
    }
}

#[derive(Default)]
struct Budget {
    unpacked: u64,
    longest: u64,
}

impl Budget {
    /// A stream as it stands in the file.
    fn raw_stream(
        &mut self,
        dict: &Dict<'_>,
        data: &[u8],
        encrypted: bool,
    ) -> Result<(), ImportError> {
        if !encrypted || dict.contains_key(b"W") {
            return self.stream(dict, data);
        }
        // Streams of objects are unpacked on opening, before we can see into them.
        if dict.contains_key(b"First") {
            let packed = packed_length(dict, data)?;
            self.spend(packed * DEFLATE_RATIO)?;
            let names = filters(dict)?;
            if !names.iter().all(|name| name.as_ref() == b"FlateDecode") || names.len() > 1 {
                return refuse("a stream of objects is packed in an unusual way");
            }
            self.unpacked -= packed * DEFLATE_RATIO;
        }
        Ok(())
    }

    /// Streams of an encrypted file, after the library has opened it with the empty password.
    fn opened(&mut self, file: &[u8]) -> Result<(), ImportError> {
        let Ok(pdf) = Pdf::new(file.to_vec()) else {
            return refuse("it is protected by a password");
        };
        for object in pdf.objects() {
            if let Some(stream) = Object::into_stream(object) {
                self.stream(Stream::dict(&stream), &stream.raw_data())?;
            }
        }
        Ok(())
    }

    fn spend(&mut self, bytes: u64) -> Result<(), ImportError> {
        self.unpacked = self.unpacked.saturating_add(bytes);
        if self.unpacked > UNPACKED_MAX {
            return refuse("it unpacks to more data than any label has");
        }
        Ok(())
    }

    fn stream(&mut self, dict: &Dict<'_>, data: &[u8]) -> Result<(), ImportError> {
        parameters(dict)?;
        let names = filters(dict)?;
        let mut held: Option<Vec<u8>> = None;
        let mut length = None;
        for (index, name) in names.iter().enumerate() {
            let input = held.as_deref().unwrap_or(data);
            let last = index + 1 == names.len();
            let left = UNPACKED_MAX - self.unpacked;
            match name.as_ref() {
                b"FlateDecode" | b"Fl" => {
                    let (bytes, out) = inflate(input, left, !last);
                    let bytes = match bytes {
                        Some(bytes) => bytes,
                        // Damaged: the library goes on where this stops.
                        None if index == 0 => packed_length(dict, data)? * DEFLATE_RATIO,
                        None => input.len() as u64 * DEFLATE_RATIO,
                    };
                    length = Some(bytes);
                    held = Some(out);
                }
                b"ASCII85Decode" | b"A85" => held = Some(ascii85(input)),
                b"ASCIIHexDecode" | b"AHx" => held = Some(hex(input)),
                b"LZWDecode" | b"LZW" if last => length = Some(lzw::length(input, left)),
                b"RunLengthDecode" | b"RL" if last => length = Some(run_length(input)),
                // Pictures: their size is checked when they are drawn.
                b"DCTDecode" | b"DCT" | b"CCITTFaxDecode" | b"CCF" if last => {}
                b"Crypt" if index == 0 => {}
                b"JBIG2Decode" | b"JPXDecode" => {
                    return refuse("it holds a picture coded as JBIG2 or JPEG 2000");
                }
                _ => return refuse("a stream is packed in an unusual way"),
            }
        }
        let length = length.unwrap_or(0);
        self.spend(length)?;
        let plain = packed_length(dict, data).unwrap_or(0);
        let kind = dict.get::<Name<'_>>(b"Subtype");
        let picture = kind.as_ref().is_some_and(|s| s.as_ref() == b"Image");
        let form = kind.as_ref().is_none_or(|s| s.as_ref() == b"Form");
        // A font says how long its parts are.
        let content = form && !dict.contains_key(b"Length1");
        if content && length.max(plain) > CONTENT_MAX {
            return refuse("a page's content unpacks to more data than any label has");
        }
        if !picture {
            self.longest = self.longest.max(length).max(plain);
        }
        Ok(())
    }
}

/// Bytes of a stream's data in the file, at most.
fn packed_length(dict: &Dict<'_>, data: &[u8]) -> Result<u64, ImportError> {
    let marked = data.windows(9).position(|nine| nine == b"endstream");
    let marked = marked.unwrap_or(data.len()) as u64;
    match dict.get_raw::<Object<'_>>(b"Length") {
        Some(MaybeRef::NotRef(Object::Number(number))) => {
            Ok(marked.max(u64::try_from(number.as_i64()).unwrap_or(0)))
        }
        _ => Ok(marked),
    }
}

/// Unpacked bytes, and what they are if `keep`; no number if the data is damaged. Stops above
/// `max`. The header may be missing; the checksum is not looked at.
fn inflate(data: &[u8], max: u64, keep: bool) -> (Option<u64>, Vec<u8>) {
    let headed = matches!(data, [a, b, ..]
        if a & 15 == 8 && (u32::from(*a) << 8 | u32::from(*b)).is_multiple_of(31) && b & 32 == 0);
    let mut rest = if headed { &data[2..] } else { data };
    let mut state = Decompress::new(false);
    let (mut scratch, mut out) = (vec![0; 64 << 10], Vec::new());
    loop {
        let (before_in, before_out) = (state.total_in(), state.total_out());
        let status = state.decompress(rest, &mut scratch, FlushDecompress::None);
        let read = usize::try_from(state.total_in() - before_in).unwrap_or(0);
        let written = usize::try_from(state.total_out() - before_out).unwrap_or(0);
        rest = &rest[read..];
        if keep {
            out.extend(&scratch[..written]);
        }
        match status {
            Ok(Status::StreamEnd) => return (Some(state.total_out()), out),
            _ if state.total_out() > max => return (Some(state.total_out()), out),
            Ok(_) if read + written > 0 => {}
            Ok(_) | Err(_) => return (None, out),
        }
    }
}

fn hex(data: &[u8]) -> Vec<u8> {
    let digits = data.iter().take_while(|byte| **byte != b'>');
    let digits = digits.filter_map(|byte| char::from(*byte).to_digit(16));
    let digits: Vec<u8> = digits.map(|digit| digit as u8).collect();
    let pair = |two: &[u8]| two[0] << 4 | two.get(1).copied().unwrap_or(0);
    digits.chunks(2).map(pair).collect()
}

fn ascii85(data: &[u8]) -> Vec<u8> {
    let (mut out, mut group, mut count) = (Vec::new(), 0_u32, 0);
    for byte in data {
        match byte {
            b'z' if count == 0 => out.extend([0; 4]),
            b'!'..=b'u' => {
                group = group.wrapping_mul(85).wrapping_add(u32::from(byte - b'!'));
                count += 1;
                if count == 5 {
                    out.extend(group.to_be_bytes());
                    (group, count) = (0, 0);
                }
            }
            b'~' => break,
            _ => {}
        }
    }
    if count > 1 {
        let filled = (count..5).fold(group, |group, _| group.wrapping_mul(85).wrapping_add(84));
        out.extend(&filled.to_be_bytes()[..count - 1]);
    }
    out
}

fn run_length(data: &[u8]) -> u64 {
    let (mut at, mut total) = (0, 0);
    while let Some(length) = data.get(at) {
        match length {
            0..=127 => {
                total += u64::from(*length) + 1;
                at += usize::from(*length) + 2;
            }
            128 => break,
            _ => {
                total += 257 - u64::from(*length);
                at += 2;
            }
        }
    }
    total
}
