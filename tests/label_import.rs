//! Carriers' labels in: bars keep their width, pictures their pixels, symbols get onto the grid,
//! sheets fall into labels, and files made to hurt are refused in time.
//!
//! Symbols come from `zint` and are read back by `zbarimg`, neither of our making.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::float_arithmetic)]

#[path = "label_import/art.rs"]
mod art;
#[path = "label_import/hostile.rs"]
mod hostile;

use art::{A4, A6, Art, FOUR_BY_SIX, Pdf, label_art, save, zbar};
use firstscan::label::import::{self, Imported, Kind};
use firstscan::label::{check, png};
use firstscan_drivers::bitmap::{Bitmap, Resolution};
use firstscan_drivers::length::Length;
use image::{DynamicImage, GrayImage, ImageFormat, Luma};

const STOCK: (Length, Length) = (Length::from_um(101_600), Length::from_um(152_400));
const TRACKING: &str = "1Z999AA10123456784";

fn imported(file: &[u8], dpi: u32) -> Vec<Imported> {
    let kind = Kind::detect(file).unwrap();
    import::to_bitmaps(file, kind, STOCK, Resolution::from_dpi(dpi)).unwrap()
}

fn one(file: &[u8], dpi: u32) -> Imported {
    let mut labels = imported(file, dpi);
    assert_eq!(labels.len(), 1);
    labels.remove(0)
}

fn data(symbols: &[check::Symbol]) -> Vec<String> {
    let mut all: Vec<String> = symbols.iter().map(|s| s.data.clone()).collect();
    all.sort();
    all
}

/// Lengths of black and white in turn, without the white at both ends.
fn runs(bitmap: &Bitmap, y: u32) -> Vec<u32> {
    let row: Vec<bool> = (0..bitmap.width()).map(|x| bitmap.get(x, y)).collect();
    let first = row.iter().position(|black| *black).unwrap();
    let last = row.iter().rposition(|black| *black).unwrap();
    let parts = row[first..=last].chunk_by(|a, b| a == b);
    parts.map(|part| part.len() as u32).collect()
}

fn as_picture(bitmap: &Bitmap) -> GrayImage {
    GrayImage::from_fn(bitmap.width(), bitmap.height(), |x, y| {
        Luma([if bitmap.get(x, y) { 0 } else { 255 }])
    })
}

/// The reference's measure: bars of a Code 128 at six pitches and eight places between two dots,
/// thresholded, against their ideal width. And what redrawing makes of them.
#[test]
fn bars_keep_their_width_on_average_and_become_even() {
    let art = Art::new("CODE128", TRACKING, &[]);
    for pitch in [2.0, 2.25, 2.5, 2.75, 3.0, 3.3] {
        let (mut sum, mut count, mut even, mut read) = (0.0, 0.0, 0, 0);
        for phase in 0..8 {
            let dot = 72.0 / 203.0;
            let left = (60.0 + f64::from(phase) / 8.0) * dot;
            let mut page = Pdf::new(FOUR_BY_SIX);
            page.bars(&art, left, 200.0, pitch * dot, 70.0);
            let file = page.file();
            let ours = import::original(&file, Resolution::from_dpi(203)).unwrap();
            let y = (432.0 - 235.0) / dot;
            let found = runs(&ours[0], y as u32);
            let ideal = art.runs(0);
            // Where a bar vanished there is nothing to compare.
            if found.len() == ideal.len() {
                for (found, ideal) in found.iter().zip(&ideal).step_by(2) {
                    sum += f64::from(*found) - f64::from(*ideal) * pitch;
                    count += 1.0;
                }
            }
            // Redrawing does not depend on the phase much, and takes most of the time.
            if phase % 4 != 3 {
                continue;
            }
            let label = one(&file, 203);
            assert_eq!(label.problems, [], "{pitch} {phase}");
            read += usize::from(data(&label.symbols_after) == [TRACKING]);
            let found = runs(&label.bitmap, y as u32);
            let module = found.iter().sum::<u32>() / ideal.iter().sum::<u32>();
            let whole: Vec<u32> = ideal.iter().map(|n| n * module).collect();
            even += usize::from(found == whole);
            if phase == 3 {
                save(&format!("bars-{pitch}"), &label.bitmap);
            }
        }
        let bias = sum / count;
        println!("pitch {pitch}: bias {bias:+.3} dot, even {even}/2, read {read}/2");
        assert!(bias.abs() <= 0.06, "{pitch}: {bias}");
        assert_eq!((even, read), (2, 2), "{pitch}");
    }
}

/// One picture, dot for dot, whichever way a page can hold it.
#[test]
fn a_picture_in_our_resolution_is_taken_over_bit_by_bit() {
    for dpi in [203, 300, 600] {
        let drawn = label_art(dpi, 3 * dpi / 203, TRACKING);
        let turned = drawn.rotated_quarter(3);
        let pages = [
            ("grey", Pdf::picture(&drawn, FOUR_BY_SIX, "", false)),
            (
                "one bit",
                Pdf::one_bit(&drawn, FOUR_BY_SIX, "", "[0 1]", false),
            ),
            (
                "inverted",
                Pdf::one_bit(&drawn, FOUR_BY_SIX, "", "[1 0]", false),
            ),
            ("mask", Pdf::one_bit(&drawn, FOUR_BY_SIX, "", "[0 1]", true)),
            (
                "mask, inverted",
                Pdf::one_bit(&drawn, FOUR_BY_SIX, "", "[1 0]", true),
            ),
            (
                "turned page",
                Pdf::picture(&turned, (432.0, 288.0), "/Rotate 90", false),
            ),
            ("packed", Pdf::picture(&drawn, FOUR_BY_SIX, "", true)),
        ];
        for (name, file) in pages {
            let label = one(&file, dpi);
            assert_eq!(label.problems, [], "{name} at {dpi}");
            let differing = differing(&label.bitmap, &drawn);
            println!("{name} at {dpi}: {differing} differing dots");
            assert_eq!(differing, 0, "{name} at {dpi}");
            assert_eq!(label.notes, Vec::<String>::new(), "{name} at {dpi}");
        }
    }
    // Whole multiples are replicated.
    let drawn = label_art(300, 4, TRACKING);
    let label = one(&Pdf::picture(&drawn, FOUR_BY_SIX, "", false), 600);
    for (x, y) in [(0, 0), (333, 777), (334, 778), (2_399, 3_599)] {
        assert_eq!(label.bitmap.get(x, y), drawn.get(x / 2, y / 2));
    }
    assert_eq!(label.problems, []);
}

fn differing(a: &Bitmap, b: &Bitmap) -> u32 {
    assert_eq!((a.width(), a.height()), (b.width(), b.height()));
    let pairs = a.bits().iter().zip(b.bits());
    pairs.map(|(a, b)| (a ^ b).count_ones()).sum()
}

#[test]
fn every_picture_format_comes_in_dot_by_dot() {
    let drawn = label_art(203, 3, TRACKING);
    let picture = DynamicImage::ImageLuma8(as_picture(&drawn));
    for (format, kind) in [
        (ImageFormat::Png, Kind::Png),
        (ImageFormat::Jpeg, Kind::Jpeg),
        (ImageFormat::Gif, Kind::Gif),
        (ImageFormat::Bmp, Kind::Bmp),
        (ImageFormat::Tiff, Kind::Tiff),
    ] {
        let mut file = std::io::Cursor::new(Vec::new());
        let picture = match format {
            ImageFormat::Gif => DynamicImage::ImageRgba8(picture.to_rgba8()),
            _ => picture.clone(),
        };
        picture.write_to(&mut file, format).unwrap();
        let file = file.into_inner();
        assert_eq!(Kind::detect(&file), Some(kind));
        let label = one(&file, 203);
        assert_eq!(label.problems, [], "{kind:?}");
        assert_eq!(differing(&label.bitmap, &drawn), 0, "{kind:?}");
    }
}

/// Every kind of symbol, drawn off the grid by a third of a dot and more, comes out on it.
#[test]
fn every_symbology_is_redrawn_and_read() {
    let kinds: [(&str, &str, &[&str], f64); 9] = [
        ("CODE128", TRACKING, &[], 1.0),
        ("CODE39", "PARCEL0042", &[], 1.0),
        ("ITF14", "1540014128876", &["--border=0", "--binary"], 1.0),
        ("EANX", "4006381333931", &[], 1.0),
        ("UPCA", "01234567890", &[], 1.0),
        (
            "QRCODE",
            "https://example.com/t/1Z999AA10123456784",
            &[],
            1.4,
        ),
        ("DATAMATRIX", "JVGL 0000 1111 2222 3333", &[], 1.6),
        ("DATAMATRIX", "JVGL 0000 1111 2222", &["--vers=30"], 1.6),
        (
            "PDF417",
            "PARCELWAY 20457 HAMBURG 1Z999AA10123456784",
            &["--cols=3"],
            1.0,
        ),
    ];
    let dot = 72.0 / 203.0;
    for (kind, text, options, larger) in kinds {
        let art = Art::new(kind, text, options);
        for (pitch, turned) in [(2.3, false), (2.7, true)] {
            let pitch = pitch * larger;
            let mut page = Pdf::new(FOUR_BY_SIX);
            let height = if art.rows.len() == 1 { 60.0 } else { 0.0 };
            if turned {
                page.draw("q 0 1 -1 0 270 20 cm\n");
                page.bars(&art, 30.37, 130.21, pitch * dot, height);
                page.draw("Q\n");
            } else {
                page.bars(&art, 30.37, 130.21, pitch * dot, height);
            }
            let file = page.file();
            let name = format!("{kind} at {pitch}, turned {turned}");
            let label = one(&file, 203);
            save(
                &format!("{kind}-{}-{pitch}-{turned}", options.len()),
                &label.bitmap,
            );
            assert_eq!(label.problems, [], "{name}");
            assert_eq!(label.symbols_before.len(), 1, "{name}");
            assert_eq!(
                data(&label.symbols_before),
                data(&label.symbols_after),
                "{name}"
            );
            assert!(
                label.notes.iter().any(|n| n.contains("drawn as")),
                "{name}: {:?}",
                label.notes
            );
            let read = zbar(&label.bitmap, 203);
            // zbar knows neither Data Matrix nor PDF417.
            if !kind.starts_with("DATA") && !kind.starts_with("PDF") {
                assert_eq!(read.len(), 1, "{name}: {read:?}");
            }
        }
    }
}

#[test]
fn a_picture_for_another_head_is_redrawn_for_ours() {
    let drawn = label_art(300, 4, TRACKING);
    let file = png::encode(&drawn, Resolution::from_dpi(300)).unwrap();
    save("for-300", &drawn);
    for dpi in [203, 600] {
        let label = one(&file, dpi);
        save(&format!("300-to-{dpi}"), &label.bitmap);
        assert_eq!(label.problems, [], "{dpi}");
        assert_eq!(label.symbols_before.len(), 3);
        assert_eq!(data(&label.symbols_before), data(&label.symbols_after));
        assert_eq!(zbar(&label.bitmap, dpi).len(), 2, "{dpi}");
        println!("{dpi}: {:?}", label.notes);
    }
    let page = Pdf::picture(&drawn, FOUR_BY_SIX, "", false);
    let label = one(&page, 203);
    assert_eq!(label.problems, []);
    assert_eq!(data(&label.symbols_before), data(&label.symbols_after));
}

/// Bars hemmed in on both sides: too little white for whole dots, so they stay, and it is said.
#[test]
fn without_room_bars_stay_and_it_is_told() {
    let art = Art::new("CODE128", TRACKING, &[]);
    let dot = 72.0 / 203.0;
    let mut page = Pdf::new(FOUR_BY_SIX);
    let width = art.width() as f64 * 1.6 * dot;
    page.bars(&art, 60.0, 200.0, 1.6 * dot, 70.0);
    page.draw(&format!(
        "54.5 190 1 90 re f {} 190 1 90 re f\n",
        60.0 + width + 4.5
    ));
    let label = one(&page.file(), 203);
    save("hemmed", &label.bitmap);
    println!(
        "{:?} {:?} {:?}",
        label.problems, label.notes, label.symbols_before
    );
    let told = label.notes.iter().any(|note| note.contains("stay uneven"));
    assert!(told || !label.problems.is_empty(), "{:?}", label.notes);
}

#[test]
fn boxes_units_and_turns_of_pages_are_heeded() {
    let art = Art::new("CODE128", TRACKING, &[]);
    let drawn = |page: (f64, f64), extra: &str, scale: f64, at: (f64, f64)| {
        let mut pdf = Pdf::new(page);
        pdf.extra = extra.to_owned();
        pdf.bars(&art, at.0, at.1, 1.064 / scale, 60.0 / scale);
        pdf.file()
    };
    for (name, file, turned) in [
        ("plain", drawn(FOUR_BY_SIX, "", 1.0, (40.0, 200.0)), false),
        (
            "crop box",
            drawn(
                (612.0, 792.0),
                "/CropBox [100 200 388 632]",
                1.0,
                (140.0, 400.0),
            ),
            false,
        ),
        (
            "landscape",
            drawn((432.0, 288.0), "", 1.0, (200.0, 100.0)),
            false,
        ),
        (
            "page turned",
            drawn((432.0, 288.0), "/Rotate 90", 1.0, (40.0, 100.0)),
            true,
        ),
        (
            "larger unit",
            drawn((144.0, 216.0), "/UserUnit 2", 2.0, (20.0, 100.0)),
            false,
        ),
        (
            "corner of Letter",
            drawn((612.0, 792.0), "", 1.0, (30.0, 700.0)),
            false,
        ),
    ] {
        let label = one(&file, 203);
        assert_eq!(label.problems, [], "{name}");
        assert_eq!(
            (label.bitmap.width(), label.bitmap.height()),
            (812, 1218),
            "{name}"
        );
        assert_eq!(data(&label.symbols_after), [TRACKING], "{name}");
        let symbol = &label.symbols_after[0];
        assert_eq!(symbol.height > symbol.width, turned, "{name}");
        assert_eq!(
            zbar(&label.bitmap, 203),
            [format!("CODE-128:{TRACKING}")],
            "{name}"
        );
    }
}

/// A6 labels on A4, four of them; two on Letter; one with instructions below.
#[test]
fn sheets_fall_into_their_labels() {
    let numbers = [
        "1Z999AA10000000001",
        "1Z999AA10000000002",
        "1Z999AA10000000003",
        "1Z999AA10000000004",
    ];
    let mut four = Pdf::new(A4);
    for (index, number) in numbers.iter().enumerate() {
        let (x, y) = ((index % 2) as f64 * A6.0, (1 - index / 2) as f64 * A6.1);
        four.label(x, y, number);
    }
    let labels = imported(&four.file(), 203);
    assert_eq!(labels.len(), 4);
    for (label, number) in labels.iter().zip(numbers) {
        save(number, &label.bitmap);
        assert_eq!(label.problems, []);
        assert_eq!((label.bitmap.width(), label.bitmap.height()), (812, 1218));
        assert_eq!(zbar(&label.bitmap, 203), [format!("CODE-128:{number}")]);
        assert!(
            label.notes.iter().any(|note| note.contains("of 4 cut out")),
            "{:?}",
            label.notes
        );
    }
    let mut two = Pdf::new((612.0, 792.0));
    two.landscape_label(90.0, 430.0, numbers[0]);
    two.landscape_label(90.0, 40.0, numbers[1]);
    let labels = imported(&two.file(), 203);
    assert_eq!(labels.len(), 2);
    assert!(labels.iter().all(|label| label.problems.is_empty()));
    let mut told = Pdf::new((612.0, 792.0));
    told.landscape_label(90.0, 430.0, numbers[0]);
    for line in 0..20 {
        told.text(
            40.0,
            320.0 - f64::from(line) * 14.0,
            12,
            &"Fold here and ".repeat(6),
        );
    }
    let label = one(&told.file(), 203);
    assert_eq!(label.problems, []);
    assert_eq!(
        zbar(&label.bitmap, 203),
        [format!("CODE-128:{}", numbers[0])]
    );
    assert!(
        label.notes.iter().any(|n| n.contains("left out")),
        "{:?}",
        label.notes
    );
    // One label of A5 is no two labels of A6.
    let mut large = Pdf::new((420.0, 595.0));
    large.label(10.0, 10.0, numbers[0]);
    large.bars(
        &Art::new("CODE128", numbers[1], &[]),
        120.0,
        520.0,
        1.0,
        50.0,
    );
    let label = one(&large.file(), 203);
    assert!(
        label
            .problems
            .iter()
            .any(|p| p.message.contains("the stock")),
        "{:?}",
        label.problems
    );
}

/// The committed A6 label as other programs write it: with streams of objects and locked against
/// changes (AES-256, empty password), for fast web view, and behind a password.
#[test]
fn files_written_in_other_ways_come_in_or_say_why_not() {
    let locked = include_bytes!("../fixtures/labels/carrier-a6-locked.pdf");
    let linear = include_bytes!("../fixtures/labels/carrier-a6-linear.pdf");
    let password = include_bytes!("../fixtures/labels/carrier-a6-password.pdf");
    for (name, file) in [("locked", &locked[..]), ("linear", linear)] {
        let label = one(file, 203);
        assert_eq!(label.problems, [], "{name}");
        assert_eq!(label.symbols_after.len(), 2, "{name}");
    }
    let resolution = Resolution::from_dpi(203);
    let refused = import::to_bitmaps(password, Kind::Pdf, STOCK, resolution).unwrap_err();
    assert!(
        refused.to_string().contains("protected by a password"),
        "{refused}"
    );
}

/// A byte changed here and there: a label, problems or an error, never a panic that gets out.
#[test]
fn damaged_files_never_break_anything() {
    let good = include_bytes!("../fixtures/labels/carrier-a6.pdf");
    let picture = include_bytes!("../fixtures/labels/carrier-a6.png");
    let resolution = Resolution::from_dpi(203);
    let mut state = 7_usize;
    for round in 0..120 {
        let source = if round % 4 == 0 {
            &picture[..]
        } else {
            &good[..]
        };
        let mut file = source.to_vec();
        for _ in 0..8 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let at = (state >> 20) % file.len();
            file[at] = (state >> 50) as u8;
        }
        let made = import::original(&file, resolution);
        assert!(
            made.is_err() || made.is_ok_and(|pages| !pages.is_empty()),
            "{round}"
        );
    }
}

/// Where the time goes; run with `--release -- --nocapture` for figures.
#[test]
fn a_page_is_drawn_in_milliseconds() {
    let mut page = Pdf::new(A6);
    page.label(0.0, 0.0, TRACKING);
    let file = page.file();
    let resolution = Resolution::from_dpi(203);
    let time = |work: &dyn Fn()| {
        let mut times: Vec<_> = (0..20)
            .map(|_| {
                let start = std::time::Instant::now();
                work();
                start.elapsed()
            })
            .collect();
        times.sort();
        times[10]
    };
    let drawn = time(&|| drop(import::original(&file, resolution).unwrap()));
    let whole = time(&|| drop(one(&file, 203)));
    println!("PDF to bitmap {drawn:?}, onto the stock with all checks {whole:?}");
    assert!(drawn.as_millis() < 500, "{drawn:?}");
}
