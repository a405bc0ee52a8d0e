#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::*;
use proptest::prelude::*;
use rxing::common::GlobalHistogramBinarizer;
use rxing::{BinaryBitmap, DecodeHints, Luma8LuminanceSource, MultiFormatReader, Reader};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::path::PathBuf;

const FOLDER: &str = "fixtures/labels/zpl";
const GOLDEN: &str = "fixtures/labels/zpl/golden.sha256";
/// Modules of white left around a symbol that is read alone.
const MARGIN: u32 = 10;

fn fixtures() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(FOLDER).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "zpl"));
    paths.sort();
    paths
}

fn four_by_six(bytes: &[u8], dpi: u32) -> Result<Interpreted, ZplError> {
    interpret(bytes, Resolution::from_dpi(dpi), Some((dpi * 4, dpi * 6)))
}

fn draw(zpl: &str) -> Interpreted {
    four_by_six(zpl.as_bytes(), 203).unwrap()
}

fn only(zpl: &str) -> Bitmap {
    let mut drawn = draw(zpl);
    assert_eq!(drawn.labels.len(), 1);
    drawn.labels.remove(0).bitmap
}

/// The symbol cut out, upright, with white around, enlarged if small; as a scanner may see it.
fn crop(page: &Bitmap, symbol: &ZplSymbol) -> (Vec<u8>, u32, u32) {
    let side = |n: i32| u32::try_from(n).unwrap();
    let (w, h) = (side(symbol.width), side(symbol.height));
    let mut cut = Bitmap::new(w, h).unwrap();
    for (x, y) in (0..w).flat_map(|x| (0..h).map(move |y| (x, y))) {
        cut.set(x, y, page.get(side(symbol.x) + x, side(symbol.y) + y));
    }
    let cut = cut.rotated_quarter((4 - symbol.turns) % 4);
    // The reader's grid for MaxiCode begins at the picture's edge.
    let alone = symbol.symbology == "maxicode";
    let margin = if alone {
        0
    } else {
        MARGIN * symbol.module_dots
    };
    let times = if symbol.module_dots < 4 { 2 } else { 1 };
    let (w, h) = (cut.width() + 2 * margin, cut.height() + 2 * margin);
    let grey = (0..times * times * w * h).map(|at| {
        let (x, y) = (at % (times * w) / times, at / (times * w) / times);
        let black = x >= margin && y >= margin && cut.get(x - margin, y - margin);
        if black { 0 } else { 255 }
    });
    (grey.collect(), times * w, times * h)
}

fn read(page: &Bitmap, symbol: &ZplSymbol) -> Option<String> {
    let (grey, width, height) = crop(page, symbol);
    let source = Luma8LuminanceSource::new(grey, width, height).ok()?;
    let mut image = BinaryBitmap::new(GlobalHistogramBinarizer::new(source));
    let hints = DecodeHints {
        // The reader's search for MaxiCode is weak; without it, it samples the symbol as it lies.
        TryHarder: Some(symbol.symbology != "maxicode"),
        AssumeGs1: Some(true),
        PureBarcode: (symbol.symbology == "maxicode").then_some(true),
        ..DecodeHints::default()
    };
    let found = MultiFormatReader::default()
        .decode_with_hints(&mut image, &hints)
        .ok()?;
    let text = found.getText().to_owned();
    Some(text.strip_prefix("]C1").unwrap_or(&text).to_owned())
}

/// Symbols that the reader does not know.
const UNREAD: [&str; 4] = ["imb", "postnet", "planet", "industrial25"];

#[test]
fn every_symbol_of_every_fixture_reads_as_its_field_says() {
    let mut kinds = std::collections::BTreeSet::new();
    for path in fixtures() {
        for dpi in [203, 300, 600] {
            let drawn = four_by_six(&std::fs::read(&path).unwrap(), dpi).unwrap();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            assert_eq!(drawn.problems, [], "{name} at {dpi}");
            for label in &drawn.labels {
                for symbol in &label.symbols {
                    kinds.insert(symbol.symbology);
                    if UNREAD.contains(&symbol.symbology) {
                        continue;
                    }
                    let data = read(&label.bitmap, symbol);
                    assert_eq!(
                        data.as_deref(),
                        Some(&*symbol.data),
                        "{name} {dpi} {symbol:?}"
                    );
                }
            }
        }
    }
    assert!(kinds.len() >= 15, "{kinds:?}");
}

#[test]
fn fixtures_keep_their_bits() {
    let mut found = String::new();
    for path in fixtures() {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        for dpi in [203, 300, 600] {
            let drawn = four_by_six(&std::fs::read(&path).unwrap(), dpi).unwrap();
            for (at, label) in drawn.labels.iter().enumerate() {
                let sum = Sha256::digest(label.bitmap.bits());
                let hex = sum.iter().fold(String::new(), |mut hex, byte| {
                    write!(hex, "{byte:02x}").unwrap();
                    hex
                });
                writeln!(found, "{hex}  {name}-{at}@{dpi}").unwrap();
            }
        }
    }
    // Set FIRSTSCAN_BLESS after looking at every picture that changed.
    if std::env::var_os("FIRSTSCAN_BLESS").is_some() {
        std::fs::write(GOLDEN, &found).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(GOLDEN).unwrap(),
        found,
        "look at what changed"
    );
}

#[test]
fn a_label_for_300_dpi_is_recognised_on_both_heads() {
    let bytes = std::fs::read(format!("{FOLDER}/made-for-300dpi.zpl")).unwrap();
    for dpi in [203, 300] {
        assert_eq!(four_by_six(&bytes, dpi).unwrap().made_for_dpi, 300, "{dpi}");
    }
    let bytes = std::fs::read(format!("{FOLDER}/usps-shaped.zpl")).unwrap();
    assert_eq!(four_by_six(&bytes, 300).unwrap().made_for_dpi, 203);
}

#[test]
fn fields_reverse_what_is_below_and_white_boxes_wipe_it() {
    let page =
        only("^XA^FO10,10^GB100,100,100^FS^FO20,20^FR^GB20,20,20^FS^FO60,60^GB9,9,9,W^FS^XZ");
    assert!(page.get(10, 10) && !page.get(20, 20) && !page.get(39, 39) && page.get(40, 40));
    assert!(!page.get(60, 60) && page.get(69, 60));
    let page = only("^XA^LRY^FO10,10^GB50,50,50^FS^FO10,10^GB50,50,50^FS^XZ");
    assert!(page.bits().iter().all(|byte| *byte == 0));
}

#[test]
fn home_shift_top_and_turning_the_label() {
    let dot = |head: &str| only(&format!("^XA{head}^FO10,20^GB1,1,1^FS^XZ"));
    assert!(dot("").get(10, 20));
    assert!(dot("^LH5,7").get(15, 27));
    assert!(dot("^LS4").get(6, 20));
    assert!(dot("^LT-9").get(10, 11));
    assert!(dot("^POI").get(801, 1197));
    assert!(dot("^PMY").get(801, 20));
    // They stay for the labels after.
    let two = draw("^XA^LH5,7^FO1,1^GB1^FS^XZ^XA^FO10,20^GB1,1,1^FS^XZ");
    assert!(two.labels[1].bitmap.get(15, 27));
}

#[test]
fn units_are_dots_inches_or_millimetres() {
    let page = only("^XA^MUM^FO25.4,12.7^GB2.54,2.54,2.54^FS^MUD^FO0,0^GB1,1,1^FS^XZ");
    assert!(page.get(203, 102) && page.get(222, 121) && page.get(0, 0));
    let page = only("^XA^MUI^FO1,0.5^GB0.1,0.1,0.1^FS^XZ");
    assert!(page.get(203, 102) && !page.get(202, 102));
}

#[test]
fn stored_formats_take_values_given_later_and_defaults() {
    let format = "^XA^DFE:T.ZPL^FS^FO10,10^GB5,5,5^FS^FO60,60^BY2^BCN,50,N^FN1^FDDEFAULT^FS^XZ";
    let drawn = draw(&format!(
        "{format}^XA^XFE:T.ZPL^FS^FN1^FDGIVEN^FS^XZ^XA^XFE:T^FS^PQ3^XZ"
    ));
    let data: Vec<&str> = drawn
        .labels
        .iter()
        .map(|l| l.symbols[0].data.as_str())
        .collect();
    assert_eq!(data, ["GIVEN", "DEFAULT"]);
    assert_eq!(drawn.labels[1].copies, 3);
    let missing = draw("^XA^XFE:NONE.ZPL^FS^FO1,1^GB9,9,9^FS^XZ");
    assert!(missing.problems[0].message.contains("NONE.ZPL"));
}

#[test]
fn changed_prefixes_hex_fields_and_missing_field_ends() {
    let drawn = draw("^XA^CC!!CD;!FO10;10!BCN;50;N;N;N!FDA^B!FS!XZ");
    assert_eq!(drawn.labels[0].symbols[0].data, "A^B");
    let drawn = draw("^XA^FO9,9^BCN,50,N^FH^FDa_5fb_zz^FS^FO9,99^BCN,50,N^FH\\^FDa\\5Eb_5f^FS^XZ");
    let data: Vec<&str> = drawn.labels[0]
        .symbols
        .iter()
        .map(|s| s.data.as_str())
        .collect();
    assert_eq!(data, ["a_b_zz", "a^b_5f"]);
    // ^FS forgotten, as on labels that end a picture with ^DN.
    let page = only("^XA^FO0,0^GFA,1,1,1,80^DN^FO50,50^GB9,9,9^FS^XZ");
    assert!(page.get(0, 0) && page.get(50, 50));
}

#[test]
fn graphics_in_every_wrapping_land_on_their_dots() {
    let z = "~DGR:X.GRF,2,1,80,01\n^XA^FO10,10^XGR:X.GRF,2,3^FS^XZ";
    let page = only(&z.replace("80,01", "8001"));
    assert!(page.get(10, 10) && page.get(11, 12) && !page.get(12, 10));
    assert!(page.get(24, 13) && page.get(25, 15));
    let damaged = draw("^XA^FO1,1^GB1^FS^FO0,0^GFA,2,2,1,:Z64:eNpjYAAAAAIAAQ==:0000^FS^XZ");
    assert!(damaged.problems[0].message.contains("checksum"));
}

#[test]
fn unknown_commands_are_counted_and_do_no_harm() {
    let drawn = draw("^XA^QQ1^QQ2~ZZ^FO1,1^GB9,9,9^FS^XZ");
    assert_eq!(drawn.notes.len(), 2);
    assert!(
        drawn
            .notes
            .iter()
            .any(|note| note.contains("^QQ") && note.contains("2 times"))
    );
    let many: String = (b'A'..=b'Z')
        .flat_map(|a| (b'A'..=b'Z').map(move |b| format!("^Q{}{}", char::from(a), char::from(b))))
        .collect();
    assert!(draw(&format!("^XA{many}^FO1,1^GB9,9,9^FS^XZ")).notes.len() <= 40);
}

#[test]
fn characters_without_a_glyph_are_named() {
    let drawn = draw("^XA^CI28^FO9,9^A0N,30,30^FDAB東京^FS^XZ");
    assert!(drawn.problems[0].message.contains("東京"));
}

#[test]
fn a_picture_with_a_code_for_another_head_is_refused_and_a_logo_resampled() {
    let source = four_by_six(
        &std::fs::read(format!("{FOLDER}/usps-shaped.zpl")).unwrap(),
        203,
    );
    let mut zpl = b"^XA^PW812^FO0,0".to_vec();
    let page = source.unwrap().labels.remove(0).bitmap;
    firstscan_drivers::printer::zpl::graphic::encode(
        &page.view(),
        firstscan_drivers::printer::Compression::Z64,
        &mut zpl,
    );
    zpl.extend_from_slice(b"^FS^XZ");
    assert_eq!(four_by_six(&zpl, 203).unwrap().labels[0].bitmap, page);
    let refused = four_by_six(&zpl, 300).unwrap_err();
    assert!(
        matches!(
            refused,
            ZplError::Raster {
                made: 203,
                head: 300,
                ..
            }
        ),
        "{refused}"
    );
    let logo = "^XA^PW812^FO10,10^GFA,8,8,2,FFFFFFFFFFFFFFFF^FS^XZ";
    assert!(
        four_by_six(logo.as_bytes(), 300)
            .unwrap()
            .problems
            .is_empty()
    );
}

#[test]
fn hostile_files_are_refused_with_a_reason_in_time() {
    let deep: String = (0..9)
        .map(|n| format!("^XA^DFR:F{n}.ZPL^FS^XFR:F{}.ZPL^FS^XZ", n + 1))
        .collect();
    let stored = |field: &str| {
        let recalls = "^XA^XFR:F.ZPL^FS^XZ".repeat(100);
        format!("^XA^DFR:F.ZPL^FS{}^XZ{recalls}", field.repeat(100))
    };
    let spaces = " ".repeat(3_000);
    let code = "9a".repeat(1_000);
    type Wanted = fn(&ZplError) -> bool;
    let cases: [(String, Wanted); 14] = [
        (
            "^XA".to_owned() + &"^FO0,0^GB32000,32000,9,B,8^FS".repeat(5_000) + "^XZ",
            |e| matches!(e, ZplError::Work(_)),
        ),
        (
            "^XA".to_owned() + &"^FO0,0^A0N,1200,1200^FDWQWQWQWQWQ^FS".repeat(3_000) + "^XZ",
            |e| matches!(e, ZplError::Work(_)),
        ),
        (stored(&format!("^FO1,1^FD{spaces}^FS")), |e| {
            matches!(e, ZplError::Work(_))
        }),
        (stored(&format!("^FO1,1^BQN,2,2^FDQA,{code}^FS")), |e| {
            matches!(e, ZplError::Work(_))
        }),
        (stored("^FO1,1^GFA,8000000,8000000,1000,zzzz0^FS"), |e| {
            matches!(e, ZplError::Work(_))
        }),
        ("x".repeat(INPUT_BYTES_MAX + 1), |e| {
            matches!(e, ZplError::Input)
        }),
        ("".into(), |e| matches!(e, ZplError::Nothing)),
        ("^XA^XZ".into(), |e| matches!(e, ZplError::Nothing)),
        (
            "^XA^DFR:A.ZPL^FS^XFR:A.ZPL^FS^XZ^XA^XFR:A.ZPL^XZ".into(),
            |e| matches!(e, ZplError::Recursion(_)),
        ),
        (format!("{deep}^XA^XFR:F0.ZPL^FS^XZ"), |e| {
            matches!(e, ZplError::Recursion(_))
        }),
        (
            "^XA".to_owned() + &"^FO0,0^GB32000,32000,32000^FS".repeat(30_000),
            |e| matches!(e, ZplError::Nothing),
        ),
        (
            "^XA".to_owned() + &"^FO0,0^GB32000,32000,32000^FS".repeat(30_000) + "^XZ",
            |e| matches!(e, ZplError::Work(_)),
        ),
        ("^XA^FO1,1^GB9^FS^XZ".repeat(LABELS_MAX + 1), |e| {
            matches!(e, ZplError::Labels)
        }),
        (format!("^XA^FO1,1^FD{}^FS^XZ", "x".repeat(100_000)), |e| {
            matches!(e, ZplError::Field(_))
        }),
    ];
    for (zpl, expected) in cases {
        let start = std::time::Instant::now();
        let start_of_it: String = zpl.chars().take(60).collect();
        let Err(refused) = four_by_six(zpl.as_bytes(), 203) else {
            panic!("{start_of_it} was drawn");
        };
        assert!(expected(&refused), "{refused}");
        assert!(
            start.elapsed().as_secs() < 10,
            "{refused}: {:?}",
            start.elapsed()
        );
    }
    let wide = "^XA^PW32000^LL32000^FO1,1^GB9^FS^XZ";
    let refused = interpret(wide.as_bytes(), Resolution::from_dpi(203), None).unwrap_err();
    assert!(matches!(refused, ZplError::Page { .. }));
    // A million copies are reported as one, and a huge letter is cut to size.
    let drawn = draw("^XA^FO1,1^A0N,32000,32000^FDW^FS^PQ1000000^XZ");
    assert_eq!(drawn.labels[0].copies, 1);
}

/// Where files may be cut or changed: between commands and inside.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let files: Vec<Vec<u8>> = fixtures()
        .iter()
        .map(|p| std::fs::read(p).unwrap())
        .collect();
    let change = (any::<prop::sample::Index>(), any::<u8>(), 0..4_u8);
    (
        prop::sample::select(files),
        prop::collection::vec(change, 1..12),
    )
        .prop_map(|(mut file, changes)| {
            for (at, byte, kind) in changes {
                if file.is_empty() {
                    break;
                }
                let at = at.index(file.len());
                match kind {
                    0 => file[at] = byte,
                    1 => file.insert(at, byte),
                    2 => drop(file.remove(at)),
                    _ => {
                        let end = (at + usize::from(byte)).min(file.len());
                        let copy = file[at..end].to_vec();
                        file.splice(at..at, copy);
                    }
                }
            }
            file
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn damaged_labels_never_panic(bytes in mutated(), dpi in 1..3_u32) {
        let dpi = [203, 300][dpi as usize - 1];
        let drawn = four_by_six(&bytes, dpi);
        if let Ok(drawn) = drawn {
            prop_assert!(!drawn.labels.is_empty());
            prop_assert!(drawn.notes.len() <= 40 && drawn.problems.len() <= 40);
        }
    }

    #[test]
    fn random_commands_never_panic(
        parts in prop::collection::vec((
            prop::sample::select(vec![
                "^XA", "^XZ", "^FS", "^FO", "^FT", "^FD", "^FH", "^A0", "^AD", "^A@", "^CF", "^FB",
                "^TB", "^BC", "^B3", "^BA", "^B2", "^B8", "^BE", "^BU", "^B9", "^BK", "^BI", "^BQ",
                "^BX", "^B7", "^BO", "^BD", "^BZ", "^BY", "^GB", "^GC", "^GD", "^GE", "^GF", "^GS",
                "^XG", "^IM", "^IL", "^IS", "^DF", "^XF", "^FN", "~DG", "~DY", "^LH", "^LS", "^LT",
                "^PO", "^PM", "^MU", "^PQ", "^CC", "^CD", "^CI", "^FW", "^FR", "^LR", "^FP", "^PW",
            ]),
            "[-0-9A-Za-z,.:;_>\\\\ ()]{0,24}",
        ), 0..60),
        bytes in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let mut zpl: Vec<u8> = b"^XA".to_vec();
        for (name, rest) in parts {
            zpl.extend_from_slice(name.as_bytes());
            zpl.extend_from_slice(rest.as_bytes());
        }
        zpl.extend_from_slice(&bytes);
        zpl.extend_from_slice(b"^FS^XZ");
        drop(four_by_six(&zpl, 203));
        drop(interpret(&zpl, Resolution::from_dpi(300), None));
    }
}

/// How long a warm label takes; set `ZPL_TIME` and optimise to see it.
#[test]
fn tells_how_long_it_takes() {
    if std::env::var_os("ZPL_TIME").is_none() {
        return;
    }
    for path in fixtures() {
        let bytes = std::fs::read(&path).unwrap();
        let mut times: Vec<_> = (0..60)
            .map(|_| {
                let start = std::time::Instant::now();
                drop(four_by_six(&bytes, 203).unwrap());
                start.elapsed()
            })
            .collect();
        times.sort_unstable();
        println!("{}: {:?}", path.display(), times[30]);
    }
}

/// For looking at what is drawn: writes every fixture as PNG into the folder named by `ZPL_PNG`.
#[test]
fn draws_pictures_to_look_at() {
    let Some(folder) = std::env::var_os("ZPL_PNG").map(PathBuf::from) else {
        return;
    };
    for path in fixtures() {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        for dpi in [203, 300, 600] {
            let drawn = four_by_six(&std::fs::read(&path).unwrap(), dpi).unwrap();
            println!("{name}@{dpi}: {:?} {:?}", drawn.notes, drawn.problems);
            for (at, label) in drawn.labels.iter().enumerate() {
                let (w, h) = (label.bitmap.width(), label.bitmap.height());
                let image = image::GrayImage::from_fn(w, h, |x, y| {
                    image::Luma([if label.bitmap.get(x, y) { 0 } else { 255 }])
                });
                image
                    .save(folder.join(format!("{name}-{at}@{dpi}.png")))
                    .unwrap();
            }
        }
    }
}
