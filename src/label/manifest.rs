//! The handover's manifest: a PDF for the driver to sign, on A4 or on label stock.
//!
//! Pages are drawn like labels, so that every script prints and the code is dot exact.

use firstscan_drivers::bitmap::Resolution;

use crate::label::pdf::{self, PdfError};
use crate::label::problem::Problem;
use crate::label::render::{Drawing, Rendered};
use crate::label::symbol::{Options, Symbology};
use crate::label::template::binding::{Binding, group_in_fours};
use crate::label::template::schema::{Align, Caption, Font, Weight};
use crate::label::template::{Area, Symbol, Text};
use crate::label::text::engine;
use crate::label::units::to_dots;

/// Parcels on one manifest; a lorry holds fewer.
pub const LINES_MAX: usize = 2_000;
const DPI: u32 = 300;
const CODE: &str = "handover-code";

/// What goes on it. All values are shown as they are; times carry their zone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifest {
    pub paper: Paper,
    pub carrier: String,
    /// Who hands over: site or seller, one line.
    pub from: String,
    /// Content of the code, printed below it too.
    pub handover_id: String,
    pub opened_at: String,
    pub closed_at: String,
    /// Number of parcels, as counted by the handover.
    pub count: u32,
    /// With unit.
    pub total_weight: String,
    /// Empty leaves a line to fill in.
    pub driver: String,
    pub vehicle: String,
    pub lines: Vec<Line>,
}

/// A parcel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    pub tracking_number: String,
    pub parcel: String,
    /// With unit.
    pub weight: String,
}

/// Paper of the document.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Paper {
    #[default]
    A4,
    /// 4 x 6 in label stock.
    Label,
}

/// Why there is no manifest.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    #[error("{0} parcels, at most {LINES_MAX} fit a manifest; close the handover in parts")]
    TooMany(usize),
    #[error("the handover's code cannot be printed: {0}")]
    Code(Problem),
    #[error(transparent)]
    Pdf(#[from] PdfError),
}

/// The PDF. The same manifest gives the same bytes.
pub fn document(manifest: &Manifest) -> Result<Vec<u8>, ManifestError> {
    let pages = pages(manifest)?;
    let bitmaps: Vec<_> = pages.into_iter().map(|page| page.bitmap).collect();
    Ok(pdf::encode(&bitmaps, Resolution::from_dpi(DPI))?)
}

/// The pages as bitmaps at 300 dpi, with where their codes are.
pub fn pages(manifest: &Manifest) -> Result<Vec<Rendered>, ManifestError> {
    if manifest.lines.len() > LINES_MAX {
        return Err(ManifestError::TooMany(manifest.lines.len()));
    }
    let sheet = Sheet::of(manifest.paper);
    let plan = sheet.split(manifest.lines.len());
    let total = plan.len();
    let mut pages = Vec::with_capacity(total);
    for (index, range) in plan.into_iter().enumerate() {
        let mut page = Page {
            sheet,
            drawing: sheet.blank(),
        };
        page.head(manifest);
        page.table(manifest, range);
        if index + 1 == total {
            page.signature(manifest);
        }
        page.foot(index + 1, total);
        let page = page.drawing.finish();
        if let Some(problem) = page.problems.iter().find(|problem| problem.element == CODE) {
            return Err(ManifestError::Code(problem.clone()));
        }
        pages.push(page);
    }
    Ok(pages)
}

/// Measures of a paper, micrometres.
#[derive(Debug, Clone, Copy)]
struct Sheet {
    width: i64,
    height: i64,
    margin: i64,
    /// Size of plain text; everything else is a multiple.
    text: i64,
    /// Top of the table.
    table: i64,
    row: i64,
    code_width: i64,
}

impl Sheet {
    fn of(paper: Paper) -> Self {
        match paper {
            Paper::A4 => Self {
                width: 210_000,
                height: 297_000,
                margin: 18_000,
                text: 3_600,
                table: 78_000,
                row: 5_600,
                code_width: 90_000,
            },
            Paper::Label => Self {
                width: 101_600,
                height: 152_400,
                margin: 4_000,
                text: 2_900,
                table: 63_000,
                row: 4_400,
                code_width: 93_600,
            },
        }
    }

    fn blank(&self) -> Drawing {
        let resolution = Resolution::from_dpi(DPI);
        let dots = |um| to_dots(um, resolution);
        Drawing::new(dots(self.width), dots(self.height), resolution)
    }

    fn inner(&self) -> i64 {
        self.width - 2 * self.margin
    }

    /// Height kept free for signing, on the last page.
    fn signature_height(&self) -> i64 {
        self.text * 11
    }

    fn foot_top(&self) -> i64 {
        self.height - self.margin - self.text
    }

    fn rows(&self, reserved: i64) -> usize {
        let room = self.foot_top() - self.text - reserved - self.table - self.row;
        usize::try_from(room / self.row).unwrap_or(1).max(1)
    }

    /// Which lines go on which page: full pages, then one that leaves room for signing.
    fn split(&self, lines: usize) -> Vec<std::ops::Range<usize>> {
        let (full, last) = (self.rows(0), self.rows(self.signature_height()));
        let mut plan = Vec::new();
        let mut start = 0;
        while lines - start > last {
            // Never leave the signature alone on a page.
            let take = full.min(lines - start - 1);
            plan.push(start..start + take);
            start += take;
        }
        plan.push(start..lines);
        plan
    }
}

/// One page being drawn.
struct Page {
    sheet: Sheet,
    drawing: Drawing,
}

/// How a text looks.
#[derive(Clone, Copy)]
struct Look {
    /// Percent of the plain size.
    scale: i64,
    weight: Weight,
    align: Align,
}

const PLAIN: Look = Look {
    scale: 100,
    weight: Weight::Regular,
    align: Align::Left,
};
const BOLD: Look = Look {
    weight: Weight::Bold,
    ..PLAIN
};
const CAPTION: Look = Look { scale: 72, ..BOLD };

impl Page {
    /// Text at `x`, `y` from the page's corner, shrunk to half before it is cut.
    fn say(&mut self, id: &str, at: (i64, i64), width: i64, look: Look, value: &str) {
        let size_um = self.sheet.text * look.scale / 100;
        let text = Text {
            area: Area {
                x_um: at.0,
                y_um: at.1,
                width_um: width,
                height_um: size_um * 12 / 10,
            },
            binding: Binding::default(),
            font: Font::Sans,
            weight: look.weight,
            size_um,
            size_min_um: size_um / 2,
            lines_max: 1,
            line_height_percent: 120,
            align: look.align,
            middle: false,
            inverse: false,
            turns: 0,
            country: None,
        };
        self.drawing.text(&mut engine(), id, &text, value);
    }

    fn rule(&mut self, y_um: i64, thickness_um: i64) {
        let (x_um, width_um) = (self.sheet.margin, self.sheet.inner());
        self.drawing.fill(Area {
            x_um,
            y_um,
            width_um,
            height_um: thickness_um,
        });
    }

    fn head(&mut self, manifest: &Manifest) {
        let Sheet {
            margin,
            text,
            code_width,
            ..
        } = self.sheet;
        let inner = self.sheet.inner();
        let title = Look { scale: 190, ..BOLD };
        self.say(
            "title",
            (margin, margin),
            inner * 6 / 10,
            title,
            "HANDOVER MANIFEST",
        );
        let carrier = Look {
            align: Align::Right,
            ..title
        };
        self.say(
            "carrier",
            (margin + inner * 6 / 10, margin),
            inner * 4 / 10,
            carrier,
            &manifest.carrier,
        );
        let from_y = margin + text * 5 / 2;
        self.say("from", (margin, from_y), inner, PLAIN, &manifest.from);

        let code_y = from_y + text * 2;
        let code_height = text * 4;
        let code = Symbol {
            area: Area {
                x_um: margin + (inner - code_width) / 2,
                y_um: code_y,
                width_um: code_width,
                height_um: code_height,
            },
            binding: Binding::default(),
            symbology: Symbology::Code128,
            module_um: 420,
            module_min_um: 250,
            align: Align::Center,
            options: Options::default(),
            wide_tenths: 25,
            caption: Caption::None,
            caption_size_um: text,
            turns: 0,
        };
        self.drawing
            .symbol(&mut engine(), CODE, &code, &manifest.handover_id);
        let centred = Look {
            align: Align::Center,
            ..BOLD
        };
        let id_y = code_y + code_height + text * 3 / 4;
        self.say(
            "handover-id",
            (margin, id_y),
            inner,
            centred,
            &manifest.handover_id,
        );
        self.facts(manifest, id_y + text * 2);
        self.table_head();
    }

    /// Times, count and weight in a row from `facts_y`.
    fn facts(&mut self, manifest: &Manifest, facts_y: i64) {
        let Sheet { margin, text, .. } = self.sheet;
        let inner = self.sheet.inner();
        let facts = [
            ("OPENED", manifest.opened_at.clone()),
            ("CLOSED", manifest.closed_at.clone()),
            ("PARCELS", manifest.count.to_string()),
            ("WEIGHT", manifest.total_weight.clone()),
        ];
        self.rule(facts_y - text / 2, 300);
        // Times are long, numbers short.
        let widths = [33, 33, 14, 20];
        let mut x = margin;
        for ((name, value), percent) in facts.iter().zip(widths) {
            let width = inner * percent / 100;
            self.say(name, (x, facts_y), width, CAPTION, name);
            self.say(
                name,
                (x, facts_y + text * 5 / 4),
                width - text / 2,
                BOLD,
                value,
            );
            x += width;
        }
    }

    fn table_head(&mut self) {
        let Sheet {
            margin,
            text,
            table,
            ..
        } = self.sheet;
        let y = table - text / 4;
        let inner = self.sheet.inner();
        for (x, width, name) in columns(margin, inner) {
            let align = if name == "WEIGHT" {
                Align::Right
            } else {
                Align::Left
            };
            self.say("table-head", (x, y), width, Look { align, ..CAPTION }, name);
        }
        self.rule(table + text, 500);
    }

    fn table(&mut self, manifest: &Manifest, range: std::ops::Range<usize>) {
        let Sheet {
            margin,
            row,
            table,
            text,
            ..
        } = self.sheet;
        let mut y = table + text + row / 3;
        for index in range {
            let Some(line) = manifest.lines.get(index) else {
                break;
            };
            let number = (index + 1).to_string();
            let tracking = group_in_fours(&line.tracking_number);
            let values = [number.as_str(), &tracking, &line.parcel, &line.weight];
            let columns = columns(margin, self.sheet.inner());
            for ((x, width, name), value) in columns.into_iter().zip(values) {
                let align = if name == "WEIGHT" {
                    Align::Right
                } else {
                    Align::Left
                };
                let weight = if name == "TRACKING NUMBER" {
                    Weight::Bold
                } else {
                    Weight::Regular
                };
                let look = Look {
                    align,
                    weight,
                    ..PLAIN
                };
                self.say("parcel", (x, y), width, look, value);
            }
            self.rule(y + row - row / 3, 100);
            y += row;
        }
    }

    fn signature(&mut self, manifest: &Manifest) {
        let Sheet { margin, text, .. } = self.sheet;
        let inner = self.sheet.inner();
        let top = self.sheet.foot_top() - self.sheet.signature_height();
        let half = inner / 2;
        let statement = format!("Received: {} parcels as listed.", manifest.count);
        self.say("statement", (margin, top + text), inner, PLAIN, &statement);
        let fields = [
            (margin, top + text * 5, "DRIVER", manifest.driver.as_str()),
            (
                margin + half,
                top + text * 5,
                "VEHICLE",
                manifest.vehicle.as_str(),
            ),
            (margin, top + text * 9, "DATE AND TIME", ""),
            (margin + half, top + text * 9, "SIGNATURE", ""),
        ];
        for (x, y, name, value) in fields {
            let width = half - text;
            self.say(name, (x, y - text * 5 / 4), width, PLAIN, value);
            let line = Area {
                x_um: x,
                y_um: y,
                width_um: width,
                height_um: 250,
            };
            self.drawing.fill(line);
            self.say(name, (x, y + text / 3), width, CAPTION, name);
        }
    }

    fn foot(&mut self, page: usize, pages: usize) {
        let right = Look {
            scale: 80,
            align: Align::Right,
            ..PLAIN
        };
        let at = (self.sheet.margin, self.sheet.foot_top());
        self.say(
            "foot",
            at,
            self.sheet.inner(),
            right,
            &format!("Page {page} of {pages}"),
        );
    }
}

/// Left edge, width and name of the table's columns.
fn columns(margin: i64, inner: i64) -> [(i64, i64, &'static str); 4] {
    let part = |from: i64, to: i64, name| {
        (
            margin + inner * from / 100,
            inner * (to - from - 1) / 100,
            name,
        )
    };
    [
        part(0, 8, "NO"),
        part(8, 58, "TRACKING NUMBER"),
        part(58, 81, "PARCEL"),
        part(81, 101, "WEIGHT"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parcel_is_on_one_page_and_the_last_page_can_be_signed() {
        for paper in [Paper::A4, Paper::Label] {
            let sheet = Sheet::of(paper);
            for lines in 0..400 {
                let plan = sheet.split(lines);
                let listed: Vec<usize> = plan.iter().cloned().flatten().collect();
                assert_eq!(listed, (0..lines).collect::<Vec<_>>());
                let last = plan.last().map_or(0, |range| range.len());
                assert!(last <= sheet.rows(sheet.signature_height()));
                assert!(lines == 0 || last > 0, "{lines}");
                assert!(plan.iter().all(|range| range.len() <= sheet.rows(0)));
            }
        }
    }
}
