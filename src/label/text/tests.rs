#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::*;
use crate::label::template::schema::{Align, Font, Weight};

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

#[test]
fn sheet() {
    let mut engine = engine();
    let mut canvas = crate::label::canvas::Canvas::new(800, 1600);
    let mut y = 10;
    for (size, weight, font) in [
        (19, Weight::Regular, Font::Sans),
        (22, Weight::Regular, Font::Sans),
        (26, Weight::Regular, Font::Condensed),
        (32, Weight::Regular, Font::Sans),
        (40, Weight::Regular, Font::Sans),
        (19, Weight::Bold, Font::Sans),
        (26, Weight::Bold, Font::Condensed),
        (32, Weight::Bold, Font::Sans),
    ] {
        let block = Block {
            style: Style { font, weight },
            size,
            size_min: size,
            height: size * 4,
            ..block()
        };
        let text = "Musterstraße 12, 80331 München · Łódź · Nguyễn Thị Ánh\nWilliam Hillier, 1600 Amphitheatre Pkwy 0O8B 1Il 5S\nΛεωφόρος Κηφισίας 7 · Щёлковское ш. · שדרות רוטשילד 12";
        let fitted = block.fit(&mut engine, text);
        for (x, dy, glyph) in &fitted.glyphs {
            canvas.glyph(10 + x, y + dy, glyph, true);
        }
        y += size * 4 + 8;
    }
    for text in [
        "東京都港区芝公園四丁目2番8号 直角",
        "广东省深圳市南山区粤海街道 直角",
        "서울특별시 종로구 세종대로 209",
        "แขวงคลองเตย เขตคลองเตย กรุงเทพมหานคร 10110",
        "क्षेत्रीय कार्यालय, नई दिल्ली 110001",
        "شارع الملك فهد 12، الرياض 12345 KSA",
    ] {
        let mut x = 10;
        for size in [22, 30] {
            let block = Block { size, size_min: size, height: size * 2, width: 380, ..block() };
            let fitted = block.fit(&mut engine, text);
            assert_eq!(fitted.missing, [], "{text}");
            for (dx, dy, glyph) in &fitted.glyphs {
                canvas.glyph(x + dx, y + dy, glyph, true);
            }
            x += 390;
        }
        y += 64;
    }
    let bitmap = canvas.finish();
    std::fs::write("/tmp/text-sheet.png", crate::label::png::encode(&bitmap, firstscan_drivers::bitmap::Resolution::from_dpi(203)).unwrap()).unwrap();
}
