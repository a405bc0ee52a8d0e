//! Shaping against an independent shaper: `hb-shape` (Debian: libharfbuzz-bin) gets the very font
//! our engine chose and must answer with the same glyphs at the same places.
//!
//! Fonts: fonts-tlwg-loma-ttf, fonts-lohit-deva, fonts-wqy-microhei, fonts-vlgothic, fonts-nanum.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;
use std::process::Command;

use firstscan::label::render::GlyphRun;
use firstscan::label::template::schema::{Align, Font, Weight};
use firstscan::label::text::{Block, Engine, Locale, Style};
use serde_json::Value;

/// Dots per em: large, so that an advance off by little is off by dots.
const SIZE: i32 = 400;

fn block(locale: Locale, weight: Weight) -> Block {
    Block {
        style: Style {
            font: Font::Sans,
            weight,
        },
        locale,
        width: 20_000,
        height: 2_000,
        size: SIZE,
        size_min: SIZE,
        lines_max: 1,
        line_height_percent: 120,
        align: Align::Left,
        middle: true,
    }
}

/// Glyph numbers with pen positions from the first pen, from left to right.
fn ours(run: &GlyphRun) -> Vec<(u32, i32)> {
    let mut glyphs: Vec<(u32, i32)> = run
        .glyphs
        .iter()
        .map(|(glyph, x, _, _)| (u32::from(*glyph), *x))
        .collect();
    glyphs.sort_by_key(|(_, x)| *x);
    glyphs
}

/// The same by `hb-shape`, advances and offsets rounded to dots one by one as we do.
fn theirs(font: &Path, index: u32, units_per_em: i64, text: &str) -> Vec<(u32, i32)> {
    let output = Command::new("hb-shape")
        .args(["--output-format=json", "--no-glyph-names"])
        .arg(format!("--face-index={index}"))
        .arg(format!("--text={text}"))
        .arg(font)
        .output()
        .expect("hb-shape runs: install libharfbuzz-bin");
    assert!(output.status.success(), "{output:?}");
    let glyphs: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let dots = |units: i64| {
        let doubled = 2 * units * i64::from(SIZE) + units_per_em;
        i32::try_from(doubled.div_euclid(2 * units_per_em)).unwrap()
    };
    let (mut pen, mut placed) = (0, Vec::new());
    for glyph in &glyphs {
        let number = |key: &str| glyph[key].as_i64().unwrap();
        placed.push((
            u32::try_from(number("g")).unwrap(),
            pen + dots(number("dx")),
        ));
        pen += dots(number("ax"));
    }
    placed.sort_by_key(|(_, x)| *x);
    placed
}

fn units_per_em(font: &[u8], index: u32) -> i64 {
    let be = |at: usize, bytes: usize| {
        font[at..at + bytes]
            .iter()
            .fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte))
    };
    let start = if &font[..4] == b"ttcf" {
        be(12 + 4 * index as usize, 4)
    } else {
        0
    };
    let tables = be(start + 4, 2);
    let head = (0..tables)
        .map(|table| start + 12 + 16 * table)
        .find(|at| &font[*at..at + 4] == b"head")
        .unwrap();
    i64::try_from(be(be(head + 8, 4) + 18, 2)).unwrap()
}

#[test]
fn words_are_shaped_as_harfbuzz_shapes_them() {
    let words = [
        (
            Locale::Elsewhere,
            "Musterstraße Þórshöfn Kadıköy Łódź AVATAR Te Ty Pkwy office",
        ),
        (
            Locale::Elsewhere,
            "Nguyễn Đường Tuye\u{302}\u{301}t A\u{302}\u{301}nh",
        ),
        (
            Locale::Elsewhere,
            "Κηφισίας Ἀθῆναι Щёлковское Їжакевич и\u{306}",
        ),
        (Locale::Elsewhere, "רוטשילד שָׁלוֹם אביב"),
        (
            Locale::Elsewhere,
            "الرياض شارع الملك لا اللّٰه می\u{200C}خواهم مُحَمَّد ٣٤٥",
        ),
        (Locale::Elsewhere, "กรุงเทพมหานคร น้ำใส ที่อยู่ ปั๊มน้ำ ฎุฏู"),
        (Locale::Elsewhere, "क्षेत्रीय कार्यालय दिल्ली हिन्दी र्क्यि श्री"),
        (Locale::Japan, "東京都港区芝公園 ガーデンビル カ\u{3099}"),
        (Locale::China, "广东省深圳市 直角骨 北京市，朝阳区"),
        (Locale::Taiwan, "臺北市信義區"),
        (Locale::Korea, "서울특별시 종로구 대로"),
    ];
    let dir = tempfile::tempdir().unwrap();
    let mut engine = Engine::new(vec!["/usr/share/fonts".into()]);
    let mut compared = 0;
    for (locale, text) in words {
        for weight in [Weight::Regular, Weight::Bold] {
            for word in text.split(' ') {
                let fitted = block(locale, weight).fit(&mut engine, word);
                assert_eq!(
                    fitted.missing,
                    [],
                    "{word}: are the font packages installed?"
                );
                assert!(!fitted.cut, "{word}");
                let [run] = &fitted.runs[..] else {
                    panic!("{word} came from several fonts: {:?}", fitted.runs);
                };
                let font = engine.font_data(run.font).unwrap();
                let file = dir.path().join(format!("{:?}.ttf", run.font));
                std::fs::write(&file, font.bytes()).unwrap();
                let em = units_per_em(font.bytes(), font.index);
                // The shaper is asked for what the engine shapes: zero-width breaks, joined parts.
                let asked: String = run.glyphs.iter().map(|glyph| glyph.3.as_str()).collect();
                let asked = if in_visual_order(word) { word } else { &asked };
                let (ours, theirs) = (ours(run), theirs(&file, font.index, em, asked));
                let ids = |glyphs: &[(u32, i32)]| {
                    let mut ids: Vec<u32> = glyphs.iter().map(|(id, _)| *id).collect();
                    ids.sort_unstable();
                    ids
                };
                assert_eq!(ids(&ours), ids(&theirs), "{word}\n{ours:?}\n{theirs:?}");
                let shift = |glyphs: &[(u32, i32)]| glyphs.iter().map(|g| g.1).min().unwrap();
                let (a, b) = (shift(&ours), shift(&theirs));
                for (mine, other) in ours.iter().zip(&theirs) {
                    let off = (mine.1 - a) - (other.1 - b);
                    assert!(off.abs() <= 1, "{word}\n{ours:?}\n{theirs:?}");
                }
                compared += ours.len();
            }
        }
    }
    assert!(compared > 500, "{compared}");
}

/// Right-to-left words: their runs list glyphs as they lie, not as they are read.
fn in_visual_order(word: &str) -> bool {
    word.chars().any(|c| matches!(c, '\u{590}'..='\u{8FF}'))
}
