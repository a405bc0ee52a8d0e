//! Symbols onto the dot grid.
//!
//! At 2.25 dots per module no rasteriser can be right: bars of one module come out as 2 dots or 3.
//! The cure is not to encode the data again but to measure the symbol that is there: its runs (or
//! its matrix) in whole modules, drawn again in the same place with whole dots per module, as wide
//! as the white around allows. What cannot be read afterwards is put back as it was.

mod linear;
mod lines;
mod matrix;

use firstscan_drivers::bitmap::Bitmap;

use crate::label::canvas::Dots;
use crate::label::check::{self, Symbol};

/// What became of one symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// It is on the grid already, or a kind that is not redrawn.
    Left,
    /// Drawn again, with so many dots per module instead of so many 256ths; all that may have
    /// changed is inside the area.
    Redrawn {
        area: Dots,
        pitch_256: i64,
        module: i32,
    },
    /// Off the grid, and there is no room for whole dots.
    NoRoom { pitch_256: i64 },
}

/// Size of the page as it was read and as it will be printed.
#[derive(Debug, Clone, Copy)]
struct Scale {
    from: (u32, u32),
    to: (u32, u32),
}

/// Redraws what is off the grid in `ours`; `symbols` were read in `original`, the same page in
/// another resolution. A page that is `untouched` is changed only if its modules cannot be whole.
/// Returns notes.
pub fn onto_grid(
    original: &Bitmap,
    ours: &mut Bitmap,
    symbols: &[Symbol],
    untouched: bool,
) -> Vec<String> {
    let scale = Scale {
        from: (original.width(), original.height()),
        to: (ours.width(), ours.height()),
    };
    let (source, before) = (original.view(), ours.clone());
    let mut redrawn = Vec::new();
    let mut notes = Vec::new();
    for symbol in symbols {
        let Some(area) = area_of(symbol) else {
            continue;
        };
        let outcome = match symbol.symbology {
            "qr" | "gs1-qr" | "datamatrix" | "gs1-datamatrix" => {
                matrix::redraw(&source, area, symbol.symbology, ours, scale)
            }
            "pdf417" => matrix::redraw_stacked(&source, area, ours, scale),
            name => linear::redraw(&source, area, name, ours, scale, untouched),
        };
        match outcome {
            Outcome::Left => {}
            Outcome::Redrawn {
                area,
                pitch_256,
                module,
            } => redrawn.push((symbol, area, pitch_256, module)),
            Outcome::NoRoom { pitch_256 } => notes.push(format!(
                "warning: {} \"{}\": modules of {} dots stay uneven, because there is no room to \
                 draw them in whole dots; ask for the label in this printer's resolution",
                symbol.symbology,
                symbol.data,
                decimal(pitch_256)
            )),
        }
    }
    if redrawn.is_empty() {
        return notes;
    }
    let after = check::check(&ours.view()).symbols;
    for (symbol, area, pitch_256, module) in redrawn {
        let (name, data) = (symbol.symbology, &symbol.data);
        let pitch = decimal(pitch_256);
        if super::found(symbol, &after) {
            notes.push(format!(
                "{name} \"{data}\": modules of {pitch} dots drawn as {module}"
            ));
        } else {
            restore(ours, &before, area);
            notes.push(format!(
                "warning: {name} \"{data}\": modules of {pitch} dots stay uneven"
            ));
        }
    }
    notes
}

fn area_of(symbol: &Symbol) -> Option<Dots> {
    let side = |dots: u32| i32::try_from(dots).ok();
    let area = Dots {
        x: side(symbol.x)?,
        y: side(symbol.y)?,
        width: side(symbol.width)?,
        height: side(symbol.height)?,
    };
    (area.width > 0 && area.height > 0).then_some(area)
}

fn decimal(parts_256: i64) -> String {
    let hundredths = (parts_256 * 100 + 128) / 256;
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

fn restore(ours: &mut Bitmap, before: &Bitmap, area: Dots) {
    let side =
        |from: i32, length: i32| from.max(0).unsigned_abs()..(from + length).max(0).unsigned_abs();
    for y in side(area.y, area.height) {
        for x in side(area.x, area.width) {
            ours.set(x, y, before.get(x, y));
        }
    }
}

/// Dots per module to try, best first: the nearest whole number, the next smaller one. A single
/// dot is narrower than scanners are promised, so it becomes two.
fn candidates(pitch_256: i64) -> impl Iterator<Item = i32> {
    let nearest = i32::try_from((pitch_256 + 128) / 256).unwrap_or(i32::MAX);
    let smaller = Some(nearest - 1).filter(|module| *module >= 2);
    [Some(nearest.max(2)), smaller].into_iter().flatten()
}

/// Where `length` dots go instead of `old_length` at `old`, with white of `before` and `after`
/// around: in the middle of where it was, moved if that keeps the quiet zones, which may not
/// become smaller than `quiet` unless they have been.
fn fit(
    (old, old_length): (i32, i32),
    (before, after): (i32, i32),
    length: i32,
    quiet: i32,
) -> Option<i32> {
    let low = old - before + quiet.min(before);
    let high = old + old_length + after - quiet.min(after) - length;
    let middle = old + (old_length - length).div_euclid(2);
    (low <= high).then(|| middle.clamp(low, high))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Whatever is reported where, drawing stays on the page and within bounds.
    #[test]
    fn symbols_that_are_none_do_no_harm() {
        let mut state = 1_u32;
        let mut random = move |below: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) % below.max(1)
        };
        let names = [
            "code128",
            "code39",
            "itf",
            "ean13",
            "qr",
            "datamatrix",
            "pdf417",
            "aztec",
        ];
        let page = |random: &mut dyn FnMut(u32) -> u32| {
            let mut page = Bitmap::new(1 + random(300), 1 + random(300)).unwrap();
            for _ in 0..random(60) {
                let (x, y, width) = (random(300), random(300), random(30));
                page.fill_rect(x, y, width, random(200), random(3) > 0);
            }
            page
        };
        let symbol = one_symbol();
        for _ in 0..300 {
            let (original, mut ours) = (page(&mut random), page(&mut random));
            let size = (ours.width(), ours.height());
            let mut symbol = symbol.clone();
            symbol.symbology = names[random(8) as usize];
            (symbol.x, symbol.y) = (random(320), random(320));
            (symbol.width, symbol.height) = (random(320), random(320));
            onto_grid(&original, &mut ours, &[symbol], random(2) == 0);
            assert_eq!((ours.width(), ours.height()), size);
        }
    }

    /// Code 128, AB1234.
    fn one_symbol() -> Symbol {
        let bits = "110100100001010001100010001011000101110111101\
                    011001110010001011000111101011101100011101011";
        let mut page = Bitmap::new(500, 200).unwrap();
        for (at, bit) in bits.chars().enumerate() {
            page.fill_rect(60 + 3 * at as u32, 20, 3, 160, bit == '1');
        }
        let symbols = check::check(&page.view()).symbols;
        symbols.into_iter().next().unwrap()
    }

    #[test]
    fn room_is_used_but_quiet_zones_are_kept() {
        assert_eq!(fit((100, 50), (40, 40), 60, 20), Some(95));
        assert_eq!(fit((100, 50), (22, 40), 60, 20), Some(98));
        assert_eq!(fit((100, 50), (22, 22), 60, 20), None);
        assert_eq!(fit((100, 50), (5, 5), 40, 20), Some(105));
        assert_eq!(candidates(2 * 256 + 64).collect::<Vec<_>>(), [2]);
        assert_eq!(candidates(2 * 256 + 192).collect::<Vec<_>>(), [3, 2]);
        assert_eq!(candidates(300).collect::<Vec<_>>(), [2]);
        assert_eq!(decimal(2 * 256 + 64), "2.25");
    }
}
