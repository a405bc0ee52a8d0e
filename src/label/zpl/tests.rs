#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::*;

/// For looking at what is drawn: writes every fixture as PNG into the folder named by `ZPL_PNG`.
#[test]
fn draws_pictures_to_look_at() {
    let Ok(folder) = std::env::var("ZPL_PNG") else {
        return;
    };
    for entry in std::fs::read_dir("fixtures/labels/zpl").unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "zpl") {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let dpi: u32 = std::env::var("ZPL_DPI").map_or(203, |d| d.parse().unwrap());
        let drawn = interpret(&bytes, Resolution::from_dpi(dpi), Some((dpi * 4, dpi * 6))).unwrap();
        let name = path.file_stem().unwrap().to_str().unwrap();
        println!("{name}: made for {} notes {:?}", drawn.made_for_dpi, drawn.notes);
        for problem in &drawn.problems {
            println!("   {problem}");
        }
        for (at, label) in drawn.labels.iter().enumerate() {
            println!("   label {at}: {:?}", crate::label::check::check(&label.bitmap.view())
                .symbols.iter().map(|s| (s.symbology, s.data.clone())).collect::<Vec<_>>());
            for s in &label.symbols { println!("      {s:?}"); }
            let (w, h) = (label.bitmap.width(), label.bitmap.height());
            let image = image::GrayImage::from_fn(w, h, |x, y| {
                image::Luma([if label.bitmap.get(x, y) { 0 } else { 255 }])
            });
            image.save(format!("{folder}/{name}-{at}.png")).unwrap();
        }
    }
}
