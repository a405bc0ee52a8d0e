//! Labels as vector PDF, looked at with poppler and zbar: the same bytes each time, the exact page,
//! text as text, symbols that read, and dots where the printed label has them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use firstscan::label::{PlacedSymbol, Template, import, pdf, render};
use firstscan_drivers::bitmap::{Bitmap, Resolution};
use std::path::Path;
use std::process::Command;

fn out(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{program}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Black dots of one that the other has no black dot beside: text is drawn by two rasterisers, so
/// edges may differ by a dot.
fn astray(a: &Bitmap, b: &Bitmap) -> usize {
    let near = |x: u32, y: u32| {
        (y.saturating_sub(1)..=y + 1).any(|y| (x.saturating_sub(1)..=x + 1).any(|x| b.get(x, y)))
    };
    let dots = (0..a.height()).flat_map(|y| (0..a.width()).map(move |x| (x, y)));
    dots.filter(|(x, y)| a.get(*x, *y) && !near(*x, *y)).count()
}

#[test]
fn every_shipped_template_is_the_same_on_paper_and_in_its_document() {
    let folder = tempfile::tempdir().unwrap();
    let resolution = Resolution::from_dpi(203);
    for name in Template::shipped() {
        let template = Template::load(name).unwrap();
        let fields = &template.sample;
        let document = pdf::label(&template, fields, resolution).unwrap();
        assert_eq!(document, pdf::label(&template, fields, resolution).unwrap());
        let drawn = render(&template, fields, resolution);
        let pages = import::original(&document, resolution).unwrap();
        let [page] = pages.as_slice() else {
            panic!("{name}: {} pages", pages.len())
        };
        assert_eq!(
            (page.width(), page.height()),
            (drawn.bitmap.width(), drawn.bitmap.height()),
            "{name}"
        );
        let ink: usize = drawn
            .bitmap
            .bits()
            .iter()
            .map(|b| b.count_ones() as usize)
            .sum();
        for (what, count) in [
            ("missing", astray(&drawn.bitmap, page)),
            ("added", astray(page, &drawn.bitmap)),
        ] {
            assert!(count * 500 < ink, "{name}: {count} of {ink} dots {what}");
        }
        let path = folder.path().join(format!("{name}.pdf"));
        std::fs::write(&path, &document).unwrap();
        let text = out("pdftotext", &["-raw", path.to_str().unwrap(), "-"]);
        for placed in &drawn.texts {
            let latin = |word: &&str| word.is_ascii() && word.len() > 2;
            for word in placed.text.split_whitespace().filter(latin) {
                // Turned lines come out letter by letter.
                if placed.turns == 0 {
                    assert!(text.contains(word), "{name}: {word:?} is not in\n{text}");
                }
            }
        }
        symbols(&path, &drawn.symbols, name);
    }
}

/// zbar reads what it knows from poppler's picture of the page.
fn symbols(path: &Path, wanted: &[PlacedSymbol], name: &str) {
    let known = |symbol: &&PlacedSymbol| matches!(symbol.symbology.name(), "code128" | "qr");
    let wanted: Vec<&PlacedSymbol> = wanted.iter().filter(known).collect();
    if wanted.is_empty() {
        return;
    }
    let stem = path.with_extension("");
    let (from, to) = (path.to_str().unwrap(), stem.to_str().unwrap());
    out(
        "pdftoppm",
        &["-r", "203", "-gray", "-png", "-singlefile", from, to],
    );
    let picture = stem.with_extension("png");
    let read = out("zbarimg", &["-q", picture.to_str().unwrap()]);
    for PlacedSymbol { data, .. } in wanted {
        assert!(read.contains(data), "{name}: {data:?}\n{read}");
    }
}
