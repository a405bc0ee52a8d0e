//! Raster languages: bytes written out by hand from their references, and miniature printers, of
//! other descent than the encoders, that print the bytes again dot by dot.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "printers/brother_ql.rs"]
mod brother_ql;
#[path = "printers/cpcl.rs"]
mod cpcl;
#[path = "printers/dpl.rs"]
mod dpl;
#[path = "printers/dymo.rs"]
mod dymo;
#[path = "printers/dymo_labels.rs"]
mod dymo_labels;
#[path = "printers/epl2.rs"]
mod epl2;
#[path = "printers/escpos.rs"]
mod escpos;
#[path = "printers/golden.rs"]
mod golden;
#[path = "printers/paper.rs"]
mod paper;
#[path = "printers/sbpl.rs"]
mod sbpl;
#[path = "printers/status.rs"]
mod status;
#[path = "printers/streams.rs"]
mod streams;
#[path = "printers/tspl.rs"]
mod tspl;

use firstscan_drivers::bitmap::{Bitmap, Resolution};
use firstscan_drivers::length::Length;
use firstscan_drivers::printer::{
    Compression, Counted, Drained, EncodeError, JobOptions, LANGUAGES, Language, Media, PrintMode,
    QueryKind, Reply, Stock, language,
};
use paper::{Printed, ink};
use proptest::prelude::*;

/// All but ZPL, which has tests of its own; with the widest picture of each.
const RASTER: [(&str, u32); 10] = [
    ("epl2", 1280),
    ("tspl", 8192),
    ("escpos", 1280),
    ("cpcl", 2560),
    ("dpl", 2040),
    ("sbpl", 2048),
    ("brother-ql", 1296),
    ("dymo", 1248),
    ("dymo-550", 1248),
    ("dymo-wireless", 1248),
];
const HEAD: Resolution = Resolution::from_dpi(203);

fn get(id: &str) -> &'static dyn Language {
    language(id).unwrap_or_else(|| panic!("{id}"))
}

fn encode(id: &str, picture: &Bitmap, options: &JobOptions) -> Vec<u8> {
    let mut bytes = Vec::new();
    get(id)
        .encode(&picture.view(), HEAD, options, &mut bytes)
        .unwrap();
    bytes
}

fn print(id: &str, bytes: &[u8], width: u32, beyond: usize) -> Printed {
    match id {
        "epl2" => epl2::print(bytes),
        "tspl" => tspl::print(bytes),
        "escpos" => escpos::print(bytes),
        "cpcl" => cpcl::print(bytes),
        "dpl" => dpl::print(bytes),
        "sbpl" => sbpl::print(bytes),
        "brother-ql" => brother_ql::print(bytes, usize::try_from(width).unwrap(), beyond),
        "dymo-550" => dymo_labels::print(bytes, false),
        "dymo-wireless" => dymo_labels::print(bytes, true),
        _ => dymo::print(bytes),
    }
}

/// Bars, noise and blank stretches; nothing in it is symmetric.
fn picture(width: u32, height: u32, seed: u64) -> Bitmap {
    let mut bitmap = Bitmap::new(width, height).unwrap();
    let mut x = seed | 1;
    for row in 0..height {
        let blank = (u64::from(row) / 7 + seed).is_multiple_of(3);
        for column in 0..width {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            let bar = (column / 29 + row / 13 + column * row / 700).is_multiple_of(3);
            let noise = x.is_multiple_of(11) && seed.is_multiple_of(2);
            bitmap.set(column, row, !blank && (bar || noise));
        }
    }
    bitmap
}

fn stock(width_mm: i64, gap_mm: i64) -> Option<Stock> {
    let media = Media {
        width: Length::from_mm(width_mm),
        height: Length::from_mm(100),
    };
    let gap = Length::from_mm(gap_mm);
    Some(Stock { media, gap })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn printers_print_exactly_the_picture(
        width in 1_u32..900, height in 1_u32..70, seed in any::<u64>(),
        known in any::<bool>(), plain in any::<bool>(), copies in 1_u32..4,
    ) {
        let bitmap = picture(width, height, seed);
        let compression = if plain { Compression::Hex } else { Compression::default() };
        let stock = stock(62, i64::from(copies) - 1).filter(|_| known);
        let options = JobOptions { compression, copies, stock, ..JobOptions::default() };
        for (id, _) in RASTER {
            let bytes = encode(id, &bitmap, &options);
            // A tape of 62 mm leaves twelve pins of the head free, if the picture does.
            let head = if width > 720 { 1296 } else { 720 };
            let beyond = if known { 12.min(head - width) } else { 0 };
            let printed = print(id, &bytes, width, usize::try_from(beyond).unwrap());
            prop_assert_eq!(printed.strange, 0, "{}", id);
            let count: u32 = printed.labels.iter().map(|label| label.copies).sum();
            prop_assert_eq!(count, copies, "{}", id);
            for label in &printed.labels {
                prop_assert_eq!(label.ink(), ink(&bitmap), "{}", id);
            }
        }
    }

    /// Whatever arrived of a label, the next one is whole; no half one is printed.
    #[test]
    fn a_cut_label_neither_prints_nor_harms_the_next(
        width in 1_u32..500, height in 1_u32..70, seed in any::<u64>(), cut in any::<usize>(),
        from_end in any::<bool>(),
    ) {
        let (first, next) = (picture(width, height, seed), picture(400, 40, seed ^ 0xFF));
        let options = JobOptions::default();
        // What ends a cut picture of the newer DYMO is not known.
        for (id, _) in RASTER.into_iter().filter(|(id, _)| !id.starts_with("dymo-")) {
            let whole = encode(id, &first, &options);
            let cut = cut % whole.len();
            let cut = if from_end { whole.len() - cut % 40.min(whole.len()) } else { cut };
            let mut bytes = whole[..cut].to_vec();
            bytes.extend_from_slice(get(id).resync());
            prop_assert!(!print(id, &bytes, 400, 0).open, "{} at {}", id, cut);
            bytes.extend(encode(id, &next, &options));
            let printed = print(id, &bytes, 400, 0).labels;
            let Some((last, before)) = printed.split_last() else {
                return Err(TestCaseError::fail(format!("{id}: nothing was printed at {cut}")));
            };
            prop_assert_eq!(last.ink(), ink(&next), "{} at {}", id, cut);
            prop_assert!(before.len() <= 1, "{} at {}", id, cut);
            // Mirrored pins mean other dots at another width.
            for early in before.iter().filter(|_| id != "brother-ql") {
                prop_assert_eq!(early.ink(), ink(&first), "{} at {}", id, cut);
            }
        }
    }

    #[test]
    fn answers_of_any_bytes_never_panic_and_take_what_was_there(
        bytes in proptest::collection::vec(
            prop_oneof![any::<u8>(), Just(0x02), Just(b'\n'), Just(b'Y'), Just(0x12)], 0..60),
    ) {
        for (id, _) in RASTER {
            let language = get(id);
            for query in language.queries() {
                match language.parse_reply(query, &bytes) {
                    Reply::Incomplete => {}
                    Reply::Status(_, used) | Reply::Identity(_, used)
                    | Reply::Counter(_, used) | Reply::Unknown(used) => {
                        prop_assert!((1..=bytes.len()).contains(&used), "{}: {}", id, used);
                    }
                }
            }
            if let Some(faults) = language.faults_query() {
                let _ = (faults.parse)(&bytes);
            }
        }
    }
}

#[test]
fn the_list_of_languages_is_what_the_command_line_offers() {
    let ids: Vec<&str> = LANGUAGES.iter().map(|l| l.id()).collect();
    let wanted = [
        "zpl",
        "epl2",
        "tspl",
        "escpos",
        "cpcl",
        "dpl",
        "sbpl",
        "brother-ql",
        "dymo",
        "dymo-550",
        "dymo-wireless",
    ];
    assert_eq!(ids, wanted);
    assert!(wanted.iter().all(|id| get(id).id() == *id));
    assert!(language("png").is_none() && language("ZPL").is_none() && language("").is_none());
}

#[test]
fn what_proves_a_label_is_stated_per_language_and_true() {
    let docs = include_str!("../src/printer/mod.rs");
    for language in LANGUAGES {
        let proof = language.proof();
        let drained = match proof.drained {
            Drained::BusyThenIdle { idle_answers } => format!("busy, then idle ({idle_answers})"),
            Drained::Told => "told".to_owned(),
        };
        let counted = match proof.counted {
            Counted::Counter => "label odometer",
            Counted::Never => "never",
        };
        let id = language.id();
        let row = docs.lines().find(|l| l.contains(&format!("| `{id}` |")));
        let cells: Vec<&str> = row.unwrap().split(" | ").collect();
        assert!(cells[2].starts_with(&drained), "{id}: {cells:?}");
        assert!(cells[3].starts_with(counted), "{id}: {cells:?}");
        let counts = language.query(QueryKind::Counter).is_some();
        assert_eq!(counts, proof.counted == Counted::Counter, "{id}");
    }
}

#[test]
fn limits_are_refused_and_nothing_is_appended() {
    for (id, max) in RASTER {
        let refused = |width, height, options: JobOptions| {
            let picture = Bitmap::new(width, height).unwrap();
            let mut bytes = b"before".to_vec();
            let error = get(id).encode(&picture.view(), HEAD, &options, &mut bytes);
            assert_eq!(bytes, b"before", "{id}");
            error.unwrap_err()
        };
        let wide = |dots, max| EncodeError::Wide { dots, max };
        assert_eq!(
            refused(max + 1, 1, JobOptions::default()),
            wide(max + 1, max)
        );
        let head_dots = Some(400);
        let small = JobOptions {
            head_dots,
            ..JobOptions::default()
        };
        assert_eq!(refused(401, 1, small), wide(401, 400), "{id}");
        let tall = refused(8, 65_536, JobOptions::default());
        assert!(
            matches!(tall, EncodeError::Tall { dots: 65_536, .. }),
            "{id}"
        );
        for copies in [0, 100, u32::MAX] {
            let error = refused(
                8,
                8,
                JobOptions {
                    copies,
                    ..JobOptions::default()
                },
            );
            assert!(matches!(error, EncodeError::Copies { .. }), "{id}");
        }
        // The widest itself is printed, dot for dot.
        let widest = picture(max, 9, 6);
        let printed = print(id, &encode(id, &widest, &JobOptions::default()), max, 0);
        assert_eq!(printed.labels[0].ink(), ink(&widest), "{id}");
    }
}

/// Every connection begins with it.
#[test]
fn an_idle_printer_takes_no_harm_from_what_ends_a_cut_label() {
    for (id, _) in RASTER {
        let printed = print(id, get(id).resync(), 400, 0);
        assert_eq!(
            (printed.strange, printed.labels.len(), printed.open),
            (0, 0, false),
            "{id}"
        );
    }
}

#[test]
fn blank_and_black_labels_print() {
    let blank = Bitmap::new(800, 1200).unwrap();
    let mut black = blank.clone();
    black.fill_rect(0, 0, 800, 1200, true);
    for (id, _) in RASTER {
        for compression in [Compression::Z64, Compression::Hex] {
            let options = JobOptions {
                compression,
                ..JobOptions::default()
            };
            for picture in [&blank, &black] {
                let printed = print(id, &encode(id, picture, &options), 800, 0);
                assert_eq!((printed.strange, printed.labels.len()), (0, 1), "{id}");
                assert_eq!(printed.labels[0].ink().len(), ink(picture).len(), "{id}");
            }
        }
    }
}

/// A head that is known decides about the length of a row, not the picture.
#[test]
fn narrow_pictures_fill_the_rows_of_a_wide_brother() {
    let options = JobOptions {
        compression: Compression::Hex,
        head_dots: Some(1296),
        mode: Some(PrintMode::TearOff),
        ..JobOptions::default()
    };
    let bytes = encode("brother-ql", &Bitmap::new(8, 1).unwrap(), &options);
    assert!(bytes.windows(3).any(|w| w == [b'g', 0, 162]));
    assert!(bytes.windows(4).any(|w| w == [0x1B, b'i', b'M', 0]));
}
