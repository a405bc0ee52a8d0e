//! A carrier's ZPL: drawn by our interpreter at the head's resolution, then read back.

use firstscan_drivers::bitmap::{Bitmap, Resolution};

use super::{ImportError, Imported, onto_stock};
use crate::label::check;
use crate::label::problem::Problem;
use crate::label::zpl::{self, ZplSymbol};

/// What the search of a whole page finds reliably; others are not believed without a place.
const SEARCHED: [&str; 12] = [
    "code128",
    "gs1-128",
    "qr",
    "gs1-qr",
    "datamatrix",
    "gs1-datamatrix",
    "pdf417",
    "aztec",
    "maxicode",
    "code39",
    "ean13",
    "upca",
];

/// Every label of the file on the stock.
pub fn labels(
    bytes: &[u8],
    stock: (u32, u32),
    resolution: Resolution,
) -> Result<Vec<Imported>, ImportError> {
    let drawn = zpl::interpret(bytes, resolution, Some(stock))?;
    let mut labels = Vec::with_capacity(drawn.labels.len());
    for label in drawn.labels {
        let mut notes = drawn.notes.clone();
        if label.copies > 1 {
            let copies = label.copies;
            notes.push(format!("the file asks for {copies} copies; one is printed"));
        }
        let mut imported = onto_stock(&label.bitmap, Vec::new(), notes, stock, resolution);
        imported.problems.extend(drawn.problems.iter().cloned());
        for symbol in &label.symbols {
            read_back(symbol, &mut imported);
        }
        labels.push(imported);
    }
    Ok(labels)
}

/// A symbol with known data must be among those read from the result.
fn read_back(symbol: &ZplSymbol, imported: &mut Imported) {
    let ZplSymbol {
        symbology, data, ..
    } = symbol;
    if data.is_empty() || !SEARCHED.contains(symbology) {
        let note = format!("the {symbology} code was drawn but not read back");
        return imported.notes.push(note);
    }
    let found = |read: &check::Symbol| {
        read.data == *data || read.symbology == *symbology && plain(&read.data) == plain(data)
    };
    if imported.symbols_after.iter().any(found) {
        return;
    }
    imported.problems.push(Problem::new(
        *symbology,
        format!("\"{data}\" is on the label but cannot be read from the result"),
        "take a printer of higher resolution, or ask for the label in its resolution",
    ));
}

/// Without what scanners leave out or add.
fn plain(data: &str) -> String {
    data.chars().filter(|c| !c.is_control()).collect()
}

/// The labels as they are, nothing put on a stock.
pub fn pages(bytes: &[u8], resolution: Resolution) -> Result<Vec<Bitmap>, ImportError> {
    let drawn = zpl::interpret(bytes, resolution, None)?;
    Ok(drawn.labels.into_iter().map(|label| label.bitmap).collect())
}
