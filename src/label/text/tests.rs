#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::label::render::FontKey;
use crate::label::template::schema::{Align, Font, Weight};

/// Needs the Debian packages fonts-tlwg-loma-ttf, fonts-lohit-deva, fonts-wqy-microhei,
/// fonts-vlgothic and fonts-nanum.
const SAMPLES: [(Script, &str); 10] = [
    (
        Script::Latin,
        "Musterstraße 12, Łódź, Þórshöfn, Kadıköy İstanbul",
    ),
    (Script::Latin, "Nguyễn Thị Ánh Tuyết, Đường Lê Lợi, ẤẦẨẪẬ"),
    (Script::Greek, "Λεωφόρος Κηφισίας 7, Ἀθῆναι"),
    (Script::Cyrillic, "Щёлковское шоссе, Їжакевич, ЏЉЊ"),
    (Script::Hebrew, "שדרות רוטשילד 12, תל אביב"),
    (Script::Arabic, "شارع الملك فهد 12، الرياض"),
    (Script::Thai, "แขวงคลองเตย กรุงเทพมหานคร น้ำใส"),
    (Script::Devanagari, "क्षेत्रीय कार्यालय, नई दिल्ली"),
    (Script::Han, "东莞市松山湖，廣東省 直角"),
    (Script::Hangul, "서울특별시 종로구"),
];

fn block() -> Block {
    Block {
        style: Style {
            font: Font::Sans,
            weight: Weight::Regular,
        },
        locale: Locale::Elsewhere,
        width: 780,
        height: 200,
        size: 32,
        size_min: 16,
        lines_max: 4,
        line_height_percent: 120,
        align: Align::Left,
        middle: false,
    }
}

fn fresh() -> Engine {
    Engine::new(vec![PathBuf::from("/usr/share/fonts")])
}

fn fit(block: Block, text: &str) -> Arc<Fitted> {
    block.fit(&mut engine(), text)
}

fn text_of(fitted: &Fitted) -> String {
    let glyphs = fitted.runs.iter().flat_map(|run| &run.glyphs);
    glyphs.map(|glyph| glyph.3.as_str()).collect()
}

fn fonts_of(fitted: &Fitted) -> BTreeSet<FontKey> {
    fitted.runs.iter().map(|run| run.font).collect()
}

fn lines_of(fitted: &Fitted) -> usize {
    let glyphs = fitted.runs.iter().flat_map(|run| &run.glyphs);
    // Marks have heights of their own; pitches are far more than a quarter of the size.
    let step = fitted.size / 4;
    let bases: BTreeSet<i32> = glyphs.map(|glyph| glyph.2 / step.max(1)).collect();
    let mut lines = 0;
    let mut last = i32::MIN / 2;
    for base in bases {
        lines += usize::from(base > last + 2);
        last = base;
    }
    lines
}

/// Ink may pass the sides by a side bearing or a mark, and rise above by an accent.
fn assert_inside(block: &Block, fitted: &Fitted, told: &str) {
    // Sara am is a mark and a letter in one.
    let marked = told.chars().any(|c| clean::is_mark(c) || c == '\u{E33}');
    let side = fitted.size / if marked { 2 } else { 16 } + 1;
    let above = fitted.size * 20 / 100 + 2;
    for (x, y, glyph) in &fitted.glyphs {
        let (right, bottom) = (x + glyph.width as i32, y + glyph.height as i32);
        assert!(
            *x >= -side && right <= block.width + side,
            "{told}: {x}..{right}"
        );
        assert!(*y >= -above || fitted.cut, "{told}: {y} is above");
        let hangs = if block.middle { fitted.size / 3 } else { 2 };
        // One line always stands, if only in part, and then it is told as cut.
        let told_as_cut = fitted.cut || fitted.size * 2 > block.height;
        assert!(
            bottom <= block.height + hangs || told_as_cut,
            "{told}: {bottom} is below"
        );
    }
}

#[test]
fn every_script_prints_inside_its_box() {
    for (script, text) in SAMPLES {
        assert_eq!(
            printable(text),
            Ok(()),
            "{script:?}: are the font packages installed?"
        );
        assert!(scripts(text).contains(&script));
        for weight in [Weight::Regular, Weight::Bold] {
            for font in [Font::Sans, Font::Condensed] {
                let style = Style { font, weight };
                let block = Block { style, ..block() };
                let fitted = fit(block, text);
                assert_eq!(fitted.missing, [], "{text}");
                assert!(!fitted.cut, "{text}");
                let inked = fitted
                    .glyphs
                    .iter()
                    .filter(|g| g.2.rows.iter().any(|b| *b != 0));
                assert!(inked.count() >= 8, "{text}");
                assert_inside(&block, &fitted, text);
                for (x, y, _) in &fitted.glyphs {
                    assert!(
                        *y >= 0,
                        "{text}: there is room, yet {x},{y} is above the box"
                    );
                }
            }
        }
    }
}

#[test]
fn decomposed_letters_are_the_same_letters() {
    for (whole, parts) in [
        ("Nguyễn", "Nguye\u{302}\u{303}n"),
        ("Łódź", "Ło\u{301}dz\u{301}"),
        ("й", "и\u{306}"),
        ("한글", "\u{1112}\u{1161}\u{11AB}\u{1100}\u{1173}\u{11AF}"),
        ("ガパ", "カ\u{3099}ハ\u{309A}"),
    ] {
        let (a, b) = (fit(block(), whole), fit(block(), parts));
        assert_eq!(b.missing, [], "{whole}");
        assert_eq!(a.glyphs, b.glyphs, "{whole}");
    }
}

#[test]
fn the_country_decides_the_forms_of_chinese_characters() {
    let of = |locale, text| fit(Block { locale, ..block() }, text);
    let (japan, china) = (of(Locale::Japan, "直角骨"), of(Locale::China, "直角骨"));
    assert_ne!(fonts_of(&japan), fonts_of(&china));
    assert_ne!(japan.glyphs, china.glyphs);
    assert_eq!(fonts_of(&of(Locale::Elsewhere, "直角骨")), fonts_of(&china));
    // Kana tell where the text is from if the country does not.
    assert_eq!(fonts_of(&of(Locale::Elsewhere, "直角の")), fonts_of(&japan));
    assert_eq!(fonts_of(&of(Locale::Japan, "直角の骨")), fonts_of(&japan));
    // A simplified character a Japanese face lacks: another face for all of the line, no mixture.
    let mixed = of(Locale::Japan, "直东角龙の");
    assert_eq!(mixed.missing, []);
    assert_eq!(fonts_of(&mixed).len(), 1);
    for (country, locale) in [
        ("JP", Locale::Japan),
        ("MO", Locale::HongKong),
        ("TW", Locale::Taiwan),
        ("DE", Locale::Elsewhere),
    ] {
        assert_eq!(Locale::of_country(country), locale);
    }
}

#[test]
fn without_fonts_of_the_host_a_refusal_names_script_and_package() {
    let mut engine = Engine::new(vec![PathBuf::from("/no/such/folder")]);
    for (script, text) in SAMPLES {
        let hosted = !script.packages().is_empty();
        let told = engine.printable(text);
        assert_eq!(told.is_err(), hosted, "{text}");
        let fitted = block().fit(&mut engine, text);
        assert_eq!(!fitted.missing.is_empty(), hosted, "{text}");
        if let Err(missing) = told {
            let remedy = missing.remedy();
            assert!(remedy.contains(script.name()), "{remedy}");
            assert!(remedy.contains(script.packages()[0]), "{remedy}");
            assert!(missing.scripts().contains(&script));
        }
    }
    let told = |text: &str| printable(text).unwrap_err();
    assert_eq!(told("tab\tand bell\u{7}").chars(), ['\u{7}', '\t']);
    // Our own fonts have private characters too; what they show is nobody's business.
    assert_eq!(told("a\u{F6C5}\u{E000}").chars(), ['\u{E000}', '\u{F6C5}']);
    assert_eq!(told("x\u{10FFFF}\u{FFFE}\u{378}").chars().len(), 3);
    assert_eq!(printable("☎ ✈ ♥ ☺"), Ok(()));
    assert_eq!(told("Leo 🦦").remedy(), "remove the emoji");
}

#[test]
fn fonts_come_from_the_first_folder_and_must_be_what_they_are_called() {
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (dir.path().join("a"), dir.path().join("b/truetype/x"));
    std::fs::create_dir_all(&first).unwrap();
    std::fs::create_dir_all(&second).unwrap();
    let loma = "/usr/share/fonts/truetype/tlwg/Loma.ttf";
    let data = std::fs::read(loma).expect("install fonts-tlwg-loma-ttf");
    std::fs::write(second.join("Loma.ttf"), &data).unwrap();
    let folders = || vec![first.clone(), dir.path().join("b")];
    assert_eq!(Engine::new(folders()).printable("กรุงเทพ"), Ok(()));
    // Another font under that name, a broken one, and a cut one, in the folder that comes first.
    let dejavu = dejavu::sans::regular().to_vec();
    for wrong in [dejavu, b"no font".to_vec(), data[..data.len() / 3].to_vec()] {
        std::fs::write(first.join("Loma.ttf"), wrong).unwrap();
        let mut engine = Engine::new(folders());
        match engine.printable("กรุงเทพ") {
            Ok(()) => {
                let fitted = block().fit(&mut engine, "กรุงเทพ");
                let font = engine.font_data(fitted.runs[0].font).unwrap();
                assert!(font.bytes().len() < data.len());
            }
            Err(told) => assert!(told.remedy().contains("fonts-tlwg-loma-ttf")),
        }
    }
}

#[test]
fn nothing_is_searched_before_it_is_needed() {
    let dir = tempfile::tempdir().unwrap();
    let mut engine = Engine::new(vec![dir.path().to_path_buf()]);
    block().fit(&mut engine, "Köln Αθήνα Київ הרצל");
    std::fs::copy(
        "/usr/share/fonts/truetype/tlwg/Loma.ttf",
        dir.path().join("Loma.ttf"),
    )
    .expect("install fonts-tlwg-loma-ttf");
    assert_eq!(engine.printable("กรุงเทพ"), Ok(()));
}

#[test]
fn an_arabic_address_reads_right_to_left_with_its_numbers_left_to_right() {
    let block = Block {
        height: 60,
        lines_max: 1,
        ..block()
    };
    let fitted = fit(block, "شارع 12 الرياض 345 KSA");
    let mut seen: Vec<(i32, char)> = fitted
        .runs
        .iter()
        .flat_map(|run| &run.glyphs)
        .filter_map(|(_, x, _, text)| Some((*x, text.trim().chars().next()?)))
        .collect();
    seen.sort_unstable();
    let order: String = seen.iter().map(|(_, c)| *c).collect();
    // From left to right, so every Arabic word appears reversed.
    assert_eq!(order, "KSA345ضايرلا12عراش");
    let right = |fitted: &Fitted| {
        let ends = fitted.glyphs.iter().map(|(x, _, g)| x + g.width as i32);
        ends.max().unwrap()
    };
    assert!((right(&fitted) - block.width).abs() <= 3, "flush right");
    let left = fit(block, "345 KSA");
    assert!(left.glyphs[0].0 < 4, "flush left");
    // A line of digits in between follows the others.
    let tall = Block {
        height: 200,
        lines_max: 4,
        ..block
    };
    let digits = fit(tall, "שלום\n12345");
    let last = digits.glyphs.last().unwrap();
    assert!(last.0 + last.2.width as i32 > block.width - 4);
    let centred = fit(
        Block {
            align: Align::Center,
            ..block
        },
        "שלום",
    );
    assert!((300..480).contains(&centred.glyphs[0].0));
}

#[test]
fn marks_of_direction_do_nothing() {
    let plain = fit(block(), "Platz 12 a");
    let marked = fit(
        block(),
        "\u{202E}Platz\u{2066} 12\u{200F} a\u{202C}\u{2069}",
    );
    assert_eq!(plain.glyphs, marked.glyphs);
    assert_eq!(text_of(&marked).replace(' ', ""), "Platz12a");
}

#[test]
fn long_lines_wrap_where_their_script_allows() {
    let narrow = Block {
        width: 150,
        height: 400,
        size: 24,
        size_min: 24,
        lines_max: 10,
        ..block()
    };
    for (text, lines) in [
        ("東京都港区芝公園四丁目二番八号", 2..=4),
        ("กรุงเทพมหานครเขตคลองเตยแขวงคลองเตยประเทศไทย", 3..=6),
        ("सेक्टर बारह द्वारका नई दिल्ली भारत", 2..=6),
        ("Amphitheatre Parkway Mountain View", 3..=6),
        // Nothing to break at: broken anywhere rather than cut.
        ("Donaudampfschifffahrtsgesellschaft", 3..=6),
        ("กกกกกกกกกกกกกกกกกกกกกกก", 2..=4),
    ] {
        let fitted = fit(narrow, text);
        assert!(!fitted.cut, "{text}");
        assert_inside(&narrow, &fitted, text);
        assert!(
            lines.contains(&lines_of(&fitted)),
            "{text}: {}",
            lines_of(&fitted)
        );
        let kept: String = text_of(&fitted).chars().filter(|c| *c != ' ').collect();
        let wanted: String = text.chars().filter(|c| *c != ' ').collect();
        assert_eq!(kept.chars().count(), wanted.chars().count(), "{text}");
    }
    let one = Block {
        lines_max: 1,
        ..narrow
    };
    assert!(fit(one, "Amphitheatre Parkway").cut);
    let shrunk = fit(
        Block {
            size_min: 10,
            ..one
        },
        "Amphitheatre Parkway",
    );
    assert!(!shrunk.cut && shrunk.size < 24);
    // Largest size that fits: one dot more does not.
    let size = shrunk.size + 1;
    let more = Block {
        size,
        size_min: size,
        ..one
    };
    assert!(fit(more, "Amphitheatre Parkway").cut);
}

#[test]
fn strange_texts_are_fitted_too() {
    let family = "👨\u{200D}👩\u{200D}👧";
    for text in [
        String::new(),
        "\n\n\n".to_owned(),
        "\u{301}".repeat(3_000),
        format!("a{}", "\u{302}\u{323}".repeat(999)),
        "ก็็็็็็็็็็็็็็็็็็็็".repeat(50),
        family.repeat(100),
        "a\u{2028}b\u{2029}c\u{85}d".to_owned(),
        "\u{FDFA}".repeat(500),
        "क्".repeat(1_000),
        "א1b".repeat(700),
        "\u{200D}\u{200C}".repeat(900),
        "W".repeat(5_000),
        "\u{D7FF}\u{E000}\u{FFFF}\u{10FFFF}".to_owned(),
    ] {
        for (width, height, lines_max) in [(300, 60, 1), (300, 200, 8), (1, 1, 3), (-5, -5, 0)] {
            let block = Block {
                width,
                height,
                lines_max,
                ..block()
            };
            let fitted = fit(block, &text);
            assert!(fitted.glyphs.len() <= 20_000);
            assert!(fitted.cut || text.chars().count() <= 2_000);
        }
    }
}

#[test]
fn texts_are_kept_and_the_cache_has_an_end() {
    let mut engine = Engine::new(Vec::new());
    let first = block().fit(&mut engine, "Absender");
    for number in 0..2_000 {
        block().fit(&mut engine, &format!("Sendung {number}"));
        // What every label shows is never dropped.
        assert!(Arc::ptr_eq(&first, &block().fit(&mut engine, "Absender")));
    }
    assert!(engine.kept() <= 600, "{}", engine.kept());
    let other = Block {
        align: Align::Right,
        ..block()
    };
    assert!(!Arc::ptr_eq(&first, &other.fit(&mut engine, "Absender")));
}

/// FNV-1a of all dots, so that a change of a single one shows.
fn sum(fitted: &Fitted) -> u64 {
    let mut hash = 0xCBF2_9CE4_8422_2325_u64;
    for (x, y, glyph) in &fitted.glyphs {
        let place = [*x as u8, *y as u8, glyph.width as u8, glyph.height as u8];
        for byte in place.iter().chain(&glyph.rows) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
        }
    }
    hash
}

#[test]
fn same_fonts_same_bits() {
    let (mut one, mut other) = (fresh(), fresh());
    // In another order, so that no state of an engine shows.
    let first: Vec<u64> = SAMPLES
        .iter()
        .map(|(_, text)| sum(&block().fit(&mut one, text)))
        .collect();
    for (at, (_, text)) in SAMPLES.iter().enumerate().rev() {
        assert_eq!(sum(&block().fit(&mut other, text)), first[at], "{text}");
    }
    // The embedded fonts draw these dots on every machine.
    let embedded = [
        "Musterstraße 12",
        "Αθήνα Київ",
        "תל אביב الرياض",
        "Nguyễn Ấ",
    ];
    let sums = embedded.map(|text| sum(&block().fit(&mut one, text)));
    let known = [
        5_359_838_188_272_177_249,
        5_173_609_396_686_983_029,
        8_557_678_912_513_382_768,
        511_354_859_490_354_215,
    ];
    assert_eq!(sums, known);
}

fn any_text() -> impl Strategy<Value = String> {
    let any = prop::sample::select(
        "aÄßẤqgĳ1 -,.()Щйαםלقش ل\u{651}กี่ำเनिक्ष東の가\n\u{301}\u{200D}\u{202E}\u{7}"
            .chars()
            .collect::<Vec<_>>(),
    );
    prop::collection::vec(any, 0..60).prop_map(|chars| chars.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    #[test]
    fn text_stays_in_its_box(
        text in any_text(),
        (width, height) in (20..600_i32, 20..300_i32),
        (size, less) in (8..60_i32, 0..40_i32),
        (lines_max, middle) in (1..6_usize, any::<bool>()),
        bold in any::<bool>(),
    ) {
        let weight = if bold { Weight::Bold } else { Weight::Regular };
        let style = Style { font: Font::Condensed, weight };
        let size_min = (size - less).max(6);
        let block = Block { style, width, height, size, size_min, lines_max, middle, ..block() };
        let fitted = fit(block, &text);
        prop_assert!(fitted.size <= size && fitted.size >= size_min);
        // A text with characters no font has is refused as a whole.
        if fitted.missing.is_empty() {
            assert_inside(&block, &fitted, &text);
        }
    }
}

/// Two families of one collection file, asked for one after the other.
#[test]
fn every_face_of_a_collection_is_found_again() {
    let mut engine = fresh();
    for locale in [Locale::China, Locale::Japan, Locale::Korea, Locale::Taiwan] {
        for weight in [Weight::Regular, Weight::Bold] {
            let style = Style {
                font: Font::Sans,
                weight,
            };
            // The last character is in few Japanese and Korean fonts, so lists are gone through.
            for text in ["直角", "直角们"] {
                let block = Block {
                    style,
                    locale,
                    ..block()
                };
                let fitted = block.fit(&mut engine, text);
                assert_eq!(fitted.missing, []);
                let chars = text.chars().count();
                assert_eq!(fitted.glyphs.len(), chars, "{locale:?} {text}");
                let inked = |g: &PlacedGlyph| g.2.rows.iter().any(|byte| *byte != 0);
                assert!(fitted.glyphs.iter().all(inked), "{locale:?} {text}");
            }
        }
    }
}
