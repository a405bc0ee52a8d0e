//! What we draw ourselves against what the renderer draws.

use std::path::Path;

use super::*;
use crate::label::{Template, pdf};

/// A page of 200 x 100 points with this content.
fn page_of(entries: &str, content: &str) -> Vec<u8> {
    let length = content.len();
    let resources = "/Resources<</ExtGState<</half<</ca 0.5/CA 0.5>>/dark<</BM/Multiply>>>>>>";
    format!(
        "%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n\
         2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n\
         3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]{entries}{resources}\
         /Contents 4 0 R>>endobj\n\
         4 0 obj<</Length {length}>>stream\n{content}\nendstream endobj\n\
         trailer<</Root 1 0 R>>\n"
    )
    .into_bytes()
}

/// Both pictures of a page, ours if it is plain.
fn both(bytes: &[u8], dpi: u32) -> (Option<Vec<u8>>, Vec<u8>) {
    let document = Document::open(bytes).unwrap();
    let page = document.page(0).unwrap();
    let sheet = sheet(page, Resolution::from_dpi(dpi)).unwrap();
    (
        plain::draw(page, &sheet),
        render_page(page, &sheet).unwrap(),
    )
}

/// Dots black in both, and in one only.
fn compare(ours: &[u8], theirs: &[u8]) -> (usize, usize) {
    let pairs = || ours.iter().zip(theirs).map(|(a, b)| (*a < 128, *b < 128));
    let black = pairs().filter(|(a, b)| *a && *b).count();
    (black, pairs().filter(|(a, b)| a != b).count())
}

#[test]
fn whole_labels_look_as_the_renderer_draws_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let a6 = std::fs::read(root.join("fixtures/labels/carrier-a6.pdf")).unwrap();
    let mut all = vec![
        ("a6".to_owned(), 203, a6.clone()),
        ("a6".to_owned(), 600, a6),
    ];
    for name in ["transport-4x6", "usps-style-4x6", "packing-slip"] {
        let template = Template::load(name).unwrap();
        let dots = Resolution::from_dpi(203);
        let bytes = pdf::label(&template, &template.sample, dots).unwrap();
        all.extend([203, 300].map(|dpi| (name.to_owned(), dpi, bytes.clone())));
    }
    for (name, dpi, bytes) in all {
        let (ours, theirs) = both(&bytes, dpi);
        let (black, astray) = compare(&ours.expect(&name), &theirs);
        println!("{name}, {dpi} dpi: {black} black, {astray} astray");
        assert!(black > 20_000, "{name}");
        // The edges of text: a renderer of strips and ours round differently.
        assert!(astray * 200 < black, "{name}: {astray} of {black}");
    }
}

#[test]
fn every_way_to_put_on_plain_ink_is_known() {
    for content in [
        "10 10 50.5 20.3 re f",
        "0.4 g 10 10 50 20 re f 1 g 20 15 5 5 re f 0 0.5 1 rg 100 10 30 30 re f",
        "10 10 m 90 15 l 50 90 l h f",
        "10 10 m 90 10 l 90 90 l 10 90 l h 30 30 m 30 70 l 70 70 l 70 30 l h f",
        "10 10 80 80 re 30 30 40 40 re f*",
        "10 10 80 80 re 30 30 40 40 re f",
        "50 90 m 80 10 l 10 60 l 90 60 l 20 10 l h f*",
        "10 50 m 10 90 90 90 90 50 c 90 10 l 50 60 10 10 v f",
        "3 w 10 10 m 150 10 l 100 60 l S",
        "1 J 1 j 8 w 20 20 m 150 20 l 100 70 l S",
        "0.1 w 10 10 m 150 60 l S 20 20 60 30 re S",
        "[6 3] 0 d 2 w 10 20 m 180 20 l S 2 J 10 50 m 180 50 l S",
        "2 w 10 10 80 60 re B",
        "20 20 60 40 re W n 0 0 m 200 0 l 100 100 l h f",
        "20.3 20.3 60.3 40.3 re W n 10 10 100 100 re f",
        "q 20 20 m 80 20 l 80 60 l 20 60 l h W n 0 0 200 100 re f Q 150 10 20 20 re f",
        "0.7 0.7 -0.7 0.7 100 10 cm 10 10 50 20 re f",
        "q 0 1 -1 0 150 0 cm 10 10 50 20 re f Q",
        "-500 -500 3000 3000 re f 1 g 50 50 10 10 re f",
        "-50000 40 m 50000 41 l 50000 60 l -50000 60 l h f",
        "BT 3 Tr (x) Tj ET 10 10 5 5 re f",
    ] {
        for entries in ["", "/CropBox[20 10 180 90]", "/Rotate 90"] {
            let (ours, theirs) = both(&page_of(entries, content), 203);
            let ours = ours.unwrap_or_else(|| panic!("{content} {entries} is plain"));
            let far = ours
                .iter()
                .zip(&theirs)
                .filter(|(a, b)| a.abs_diff(**b) > 40);
            let (far, (black, astray)) = (far.count(), compare(&ours, &theirs));
            println!("{content} {entries}: {black} black, {astray} astray, {far} far");
            assert!(
                astray * 100 <= black && far * 50 <= black,
                "{content} {entries}"
            );
        }
    }
}

#[test]
fn what_is_not_plain_is_left_to_the_renderer() {
    let many = "0 0 200 100 re f\n".repeat(500);
    for content in [
        "/half gs 10 10 50 50 re f",
        "/half gs 10 10 50 50 re S",
        "/dark gs 10 10 50 50 re f",
        "50 0 0 50 10 10 cm BI /W 1 /H 1 /BPC 8 /CS /G ID \u{1} EI",
        "10 10 m 90 10 l 50 90 l h W n 0 0 200 100 re f",
        "-2000000000 -2000000000 m 2000000000 -2000000000 l 0 4000000000 l h f",
        "0 0 m 100000000000000000000 50 l 0 100 l h f",
        "0 0 50 100 re 0 0 50 100 re 100 0 m 100 100 l h W n 0 0 200 100 re f",
        many.as_str(),
    ] {
        let (ours, theirs) = both(&page_of("", content), 203);
        assert!(ours.is_none(), "{content:.40}");
        assert!(theirs.iter().any(|grey| *grey < 200), "{content:.40}");
    }
}

#[test]
fn a_share_of_a_dot_is_a_share_of_grey() {
    let mut paper = paper::Paper::new(4, 2);
    paper.rect(Rect::new(0.5, 0.0, 2.25, 1.5), 0);
    assert_eq!(paper.greys, [127, 0, 191, 255, 191, 127, 223, 255]);
}
