//! Things to import: symbols by `zint`, PDFs written by hand.

use std::fmt::Write as _;
use std::process::Command;

use firstscan::label::png;
use firstscan_drivers::bitmap::{Bitmap, Resolution};
use flate2::Compression;
use flate2::write::ZlibEncoder;

pub const FOUR_BY_SIX: (f64, f64) = (288.0, 432.0);
pub const A6: (f64, f64) = (297.638, 419.528);
pub const A4: (f64, f64) = (595.276, 841.89);

/// Modules of a symbol, row by row, without quiet zone.
pub struct Art {
    pub rows: Vec<Vec<bool>>,
}

impl Art {
    pub fn new(kind: &str, text: &str, options: &[&str]) -> Self {
        let mut command = Command::new("zint");
        command
            .args(["--dump", "-b", kind, "-d", text])
            .args(options);
        let run = command
            .output()
            .unwrap_or_else(|e| panic!("zint: {e}; install zint"));
        let text = String::from_utf8(run.stdout).unwrap();
        let bits = |line: &str| -> Vec<bool> {
            let nibbles = line.chars().filter_map(|c| c.to_digit(16));
            nibbles
                .flat_map(|n| [8, 4, 2, 1].map(|bit| n & bit != 0))
                .collect()
        };
        let mut rows: Vec<Vec<bool>> = text
            .lines()
            .map(bits)
            .filter(|row| !row.is_empty())
            .collect();
        let last = |row: &Vec<bool>| row.iter().rposition(|black| *black).map_or(0, |at| at + 1);
        let width = rows.iter().map(last).max().unwrap_or(0);
        assert!(
            width > 0,
            "zint {kind}: {}",
            String::from_utf8_lossy(&run.stderr)
        );
        for row in &mut rows {
            row.resize(width, false);
        }
        Self { rows }
    }

    pub fn width(&self) -> usize {
        self.rows[0].len()
    }

    pub fn runs(&self, row: usize) -> Vec<u32> {
        let parts = self.rows[row].chunk_by(|a, b| a == b);
        parts.map(|part| part.len() as u32).collect()
    }

    /// Draws it in whole dots.
    pub fn stamp(&self, page: &mut Bitmap, x: u32, y: u32, module: u32, height: u32) {
        for (row, line) in self.rows.iter().enumerate() {
            for (column, _) in line.iter().enumerate().filter(|(_, black)| **black) {
                let x = x + column as u32 * module;
                page.fill_rect(x, y + row as u32 * height, module, height, true);
            }
        }
    }
}

/// A label of 4 x 6 in: frame, rules, two linear codes, a QR code, a Data Matrix.
pub fn label_art(dpi: u32, module: u32, tracking: &str) -> Bitmap {
    let mut page = Bitmap::new(4 * dpi, 6 * dpi).unwrap();
    let unit = dpi / 50;
    for (x, y, w, h) in [
        (0, 0, 4 * dpi, 2),
        (0, 6 * dpi - 2, 4 * dpi, 2),
        (0, 0, 2, 6 * dpi),
        (4 * dpi - 2, 0, 2, 6 * dpi),
        (0, 2 * dpi, 4 * dpi, 3),
    ] {
        page.fill_rect(x, y, w, h, true);
    }
    // Something like lettering.
    for index in 0..40 {
        let (x, y) = (
            dpi / 4 + index % 10 * 3 * unit,
            dpi / 4 + index / 10 * 5 * unit,
        );
        page.fill_rect(x, y, 2 * unit, 3 * unit, true);
        page.fill_rect(x + unit / 2, y + unit / 2, unit, unit, false);
    }
    let inch = |tenths: u32| dpi * tenths / 10;
    Art::new("CODE128", tracking, &[]).stamp(&mut page, inch(6), inch(24), module, inch(8));
    Art::new("QRCODE", "https://example.com/t/4711", &[]).stamp(
        &mut page,
        inch(6),
        inch(38),
        module + 1,
        module + 1,
    );
    Art::new("DATAMATRIX", "JVGL 0000 1111 2222", &[]).stamp(
        &mut page,
        inch(26),
        inch(40),
        module + 2,
        module + 2,
    );
    page
}

/// A page and its content.
pub struct Pdf {
    page: (f64, f64),
    body: String,
    /// More entries of the page.
    pub extra: String,
}

impl Pdf {
    pub fn new(page: (f64, f64)) -> Self {
        Self {
            page,
            body: String::new(),
            extra: String::new(),
        }
    }

    pub fn draw(&mut self, operators: &str) {
        self.body += operators;
    }

    pub fn text(&mut self, x: f64, y: f64, size: u32, text: &str) {
        writeln!(self.body, "BT /F1 {size} Tf {x} {y} Td ({text}) Tj ET").unwrap();
    }

    /// Filled rectangles, lower left corner at `x`, `y`, in points; square modules if `height`
    /// is 0.
    pub fn bars(&mut self, art: &Art, x: f64, y: f64, module: f64, height: f64) {
        let rows = art.rows.len();
        // PDF417 rows are three modules high.
        let tall = if height > 0.0 {
            height
        } else if art.rows[0].len() > 5 * rows {
            module * 3.0
        } else {
            module
        };
        for (row, line) in art.rows.iter().enumerate() {
            let y = y + (rows - 1 - row) as f64 * tall;
            let mut column = 0;
            for run in line.chunk_by(|a, b| a == b) {
                if run[0] {
                    let (x, width) = (x + column as f64 * module, run.len() as f64 * module);
                    writeln!(self.body, "{x:.5} {y:.5} {width:.5} {tall:.5} re f").unwrap();
                }
                column += run.len();
            }
        }
    }

    /// An A6 label with its corner at `x`, `y`.
    pub fn label(&mut self, x: f64, y: f64, number: &str) {
        writeln!(self.body, "1 w {} {} 277.8 399.7 re S", x + 9.92, y + 9.92).unwrap();
        writeln!(self.body, "{} {} 277.8 0 re S", x + 9.92, y + 300.0).unwrap();
        self.text(x + 20.0, y + 370.0, 22, "PARCELWAY");
        self.text(x + 20.0, y + 278.0, 14, "Erika Mustermann");
        self.text(x + 20.0, y + 262.0, 12, "Heidestrasse 17, 51147 Koeln");
        self.bars(
            &Art::new("CODE128", number, &[]),
            x + 40.0,
            y + 80.0,
            0.98,
            90.0,
        );
    }

    /// A label of 6 x 4 in lying on its side.
    pub fn landscape_label(&mut self, x: f64, y: f64, number: &str) {
        writeln!(self.body, "1 w {x} {y} 430 286 re S").unwrap();
        self.text(x + 20.0, y + 230.0, 22, "PARCELWAY");
        self.bars(
            &Art::new("CODE128", number, &[]),
            x + 60.0,
            y + 60.0,
            1.07,
            90.0,
        );
    }

    pub fn file(&self) -> Vec<u8> {
        self.with(&[])
    }

    /// With more objects, the first of them number 6.
    pub fn with(&self, more: &[Vec<u8>]) -> Vec<u8> {
        let (w, h) = self.page;
        let extra = &self.extra;
        let mut objects = vec![
            b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
            format!(
                "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {w:.4} {h:.4}] /Contents 4 0 R \
                 {extra} \
                 /Resources << /Font << /F1 5 0 R >> /XObject << /X 6 0 R /Y 7 0 R >> >> >>"
            )
            .into_bytes(),
            stream("", self.body.as_bytes()),
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_vec(),
        ];
        objects.extend_from_slice(more);
        file_of(&objects)
    }

    /// A page that is one grey picture.
    pub fn picture(bitmap: &Bitmap, page: (f64, f64), extra: &str, packed: bool) -> Vec<u8> {
        let (width, height) = (bitmap.width(), bitmap.height());
        let dots = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let grey: Vec<u8> = dots
            .map(|(x, y)| if bitmap.get(x, y) { 0 } else { 255 })
            .collect();
        let (filter, data) = if packed {
            ("/Filter /FlateDecode", zlib(&grey))
        } else {
            ("", grey)
        };
        let entries = format!(
            "/Type /XObject /Subtype /Image /Width {width} /Height {height} /ColorSpace \
             /DeviceGray /BitsPerComponent 8 {filter}"
        );
        Self::of_picture(stream(&entries, &data), page, extra)
    }

    /// A page that is one picture of one bit, or a mask.
    pub fn one_bit(
        bitmap: &Bitmap,
        page: (f64, f64),
        extra: &str,
        decode: &str,
        mask: bool,
    ) -> Vec<u8> {
        // 0 is black, and 0 is painted; `[1 0]` turns both round.
        let inverted = decode == "[0 1]";
        let data: Vec<u8> = bitmap
            .bits()
            .iter()
            .map(|byte| if inverted { !byte } else { *byte })
            .collect();
        let kind = if mask {
            "/ImageMask true"
        } else {
            "/ColorSpace /DeviceGray"
        };
        let entries = format!(
            "/Type /XObject /Subtype /Image /Width {} /Height {} {kind} /BitsPerComponent 1 \
             /Decode {decode}",
            bitmap.width(),
            bitmap.height()
        );
        Self::of_picture(stream(&entries, &data), page, extra)
    }

    fn of_picture(picture: Vec<u8>, page: (f64, f64), extra: &str) -> Vec<u8> {
        let mut pdf = Self::new(page);
        pdf.extra = extra.to_owned();
        let (w, h) = page;
        pdf.draw(&format!("q {w:.4} 0 0 {h:.4} 0 0 cm /X Do Q\n"));
        pdf.with(&[picture])
    }
}

pub fn zlib(data: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(6));
    std::io::Write::write_all(&mut encoder, data).unwrap();
    encoder.finish().unwrap()
}

pub fn stream(entries: &str, data: &[u8]) -> Vec<u8> {
    let head = format!("<< {entries} /Length {} >>\nstream\n", data.len());
    [head.as_bytes(), data, b"\nendstream"].concat()
}

/// Objects 1, 2 and so on; the first is the catalogue.
pub fn file_of(objects: &[Vec<u8>]) -> Vec<u8> {
    let mut file = b"%PDF-1.6\n".to_vec();
    let mut table = format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for (index, object) in objects.iter().enumerate() {
        writeln!(table, "{:010} 00000 n ", file.len()).unwrap();
        file.extend(format!("{} 0 obj\n", index + 1).bytes());
        file.extend(object);
        file.extend(b"\nendobj\n");
    }
    let start = file.len();
    file.extend(table.bytes());
    let size = objects.len() + 1;
    let tail = format!("trailer << /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n");
    file.extend(tail.bytes());
    file
}

/// Everything zbar reads, sorted.
pub fn zbar(bitmap: &Bitmap, dpi: u32) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("label.png");
    std::fs::write(
        &path,
        png::encode(bitmap, Resolution::from_dpi(dpi)).unwrap(),
    )
    .unwrap();
    let run = Command::new("zbarimg")
        .args(["-q", "--nodbus"])
        .arg(&path)
        .output();
    let run = run.unwrap_or_else(|e| panic!("zbarimg: {e}; install zbar-tools"));
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort();
    lines.dedup();
    lines
}

/// Into the folder `LABEL_PICTURES` names, to be looked at.
pub fn save(name: &str, bitmap: &Bitmap) {
    let Some(folder) = std::env::var_os("LABEL_PICTURES") else {
        return;
    };
    let path = std::path::Path::new(&folder).join(format!("{name}.png"));
    std::fs::write(
        path,
        png::encode(bitmap, Resolution::from_dpi(203)).unwrap(),
    )
    .unwrap();
}
