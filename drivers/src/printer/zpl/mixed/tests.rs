//! What is sent is drawn by a small printer of its own, and must be the picture dot for dot.
#![allow(clippy::unwrap_used)]

use super::super::super::Language;
use super::super::code128::tests::widths;
use super::*;
use crate::bitmap::Resolution;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Draws `^FO`, `^GB`, `^BY`, `^BC`, `^FD` and `^GFA` the way the programming guide describes
/// them. Code 128 comes from a table of its own: symbols by their bars, as the test made them.
fn draw(label: &[u8], symbols: &BTreeMap<String, Vec<u8>>) -> Bitmap {
    let text = std::str::from_utf8(label).unwrap();
    let mut page: Option<Bitmap> = None;
    let (mut size, mut at, mut module, mut bars) = ((0, 0), (0, 0), 2, 10);
    for command in text.trim_end().split('^').skip(1) {
        let (name, rest) = command.split_at(2);
        let numbers: Vec<u32> = rest.split(',').map(|n| n.parse().unwrap_or(0)).collect();
        match name {
            "PW" => size.0 = numbers[0],
            "LL" => {
                size.1 = numbers[0];
                page = Some(Bitmap::new(size.0, size.1).unwrap());
            }
            "FO" => at = (numbers[0], numbers[1]),
            "BY" => module = numbers[0],
            "BC" => {
                assert!(rest.starts_with("N,") && rest.ends_with(",N,N,N"), "{rest}");
                bars = rest.split(',').nth(1).unwrap().parse().unwrap();
            }
            "FD" => {
                let mut x = at.0;
                for (i, width) in symbols[rest].iter().enumerate() {
                    let dots = u32::from(*width) * module;
                    if i % 2 == 0 {
                        page.as_mut().unwrap().fill_rect(x, at.1, dots, bars, true);
                    }
                    x += dots;
                }
            }
            "GB" => {
                let page = page.as_mut().unwrap();
                let (w, h, t) = (numbers[0], numbers[1], numbers[2]);
                assert!(t >= 1 && t <= w && t <= h);
                for y in 0..h {
                    for x in 0..w {
                        if x < t || y < t || x >= w - t || y >= h - t {
                            page.set(at.0 + x, at.1 + y, true);
                        }
                    }
                }
            }
            "GF" => {
                let picture = graphic::decode(rest.as_bytes()).unwrap();
                page.as_mut().unwrap().blit(&picture.view(), at.0, at.1);
            }
            _ => {}
        }
    }
    page.unwrap()
}

fn encoded(
    picture: &Bitmap,
    natives: &[Native<'_>],
    speed: Option<u32>,
    compression: Compression,
) -> (Vec<u8>, Mixed) {
    let mut out = Vec::new();
    let options = JobOptions {
        compression,
        ..JobOptions::default()
    };
    let view = picture.view();
    let mixed = Zpl.encode_mixed(&view, natives, speed, &options, &mut out);
    (out, mixed.unwrap())
}

const ALL: [Compression; 3] = [Compression::Z64, Compression::Acs, Compression::Hex];

/// A page like a label: frame, rules, two symbols, and noise for text.
fn page() -> (Bitmap, Vec<u8>, Vec<u8>) {
    let value = |b: u8| u32::from(b) - 32;
    let long = b"1Z999AA10123456784".iter().map(|b| value(*b));
    let long = widths(&std::iter::once(104).chain(long).collect::<Vec<u32>>());
    let short = b"PO-4711-0042".iter().map(|b| value(*b));
    let short = widths(&std::iter::once(104).chain(short).collect::<Vec<u32>>());
    let mut page = Bitmap::new(812, 1218).unwrap();
    for native in natives(&long, &short) {
        paint(&mut page, &native);
    }
    let mut seed = 88_172_645_463_325_252_u64;
    for line in 0..22_u32 {
        for letter in 0..34_u32 {
            // Strokes of two to four dots in a letter's cell, like text.
            for _ in 0..3 {
                seed ^= seed << 13;
                seed ^= seed >> 7;
                seed ^= seed << 17;
                let pick = |shift: u32, most: u64| u32::try_from((seed >> shift) % most).unwrap();
                let (x, y) = (30 + letter * 22 + pick(0, 12), 24 + line * 31 + pick(8, 14));
                let upright = pick(16, 2) == 0;
                let (w, h) = if upright { (4, 12) } else { (12, 3) };
                page.fill_rect(x, y, w, h, true);
            }
        }
    }
    (page, long, short)
}

fn natives<'a>(long: &'a [u8], short: &'a [u8]) -> Vec<Native<'a>> {
    let rule = |y| Native::Fill {
        x: 10,
        y,
        width: 792,
        height: 3,
    };
    vec![
        Native::Frame {
            x: 10,
            y: 10,
            width: 792,
            height: 1198,
            thickness: 4,
        },
        rule(130),
        rule(330),
        rule(720),
        Native::Fill {
            x: 420,
            y: 720,
            width: 3,
            height: 40,
        },
        Native::Code128 {
            x: 60,
            y: 760,
            module_dots: 3,
            height: 200,
            widths: long,
        },
        Native::Code128 {
            x: 341,
            y: 1020,
            module_dots: 2,
            height: 60,
            widths: short,
        },
    ]
}

fn paint(page: &mut Bitmap, native: &Native<'_>) {
    match *native {
        Native::Fill {
            x,
            y,
            width,
            height,
        } => page.fill_rect(x, y, width, height, true),
        Native::Frame {
            x,
            y,
            width,
            height,
            thickness,
        } => {
            let (right, bottom) = (x + width - thickness, y + height - thickness);
            page.fill_rect(x, y, width, thickness, true);
            page.fill_rect(x, bottom, width, thickness, true);
            page.fill_rect(x, y, thickness, height, true);
            page.fill_rect(right, y, thickness, height, true);
        }
        Native::Code128 {
            x,
            y,
            module_dots,
            height,
            widths,
        } => {
            let mut left = x;
            for pair in widths.chunks(2) {
                let dots = |at: usize| u32::from(pair.get(at).copied().unwrap_or(0)) * module_dots;
                page.fill_rect(left, y, dots(0), height, true);
                left += dots(0) + dots(1);
            }
        }
    }
}

fn symbols(long: &[u8], short: &[u8]) -> BTreeMap<String, Vec<u8>> {
    BTreeMap::from([
        (">:1Z999AA10123456784".to_owned(), long.to_vec()),
        (">:PO-4711-0042".to_owned(), short.to_vec()),
    ])
}

#[test]
fn a_slow_line_gets_commands_and_the_same_dots() {
    let (page, long, short) = page();
    let natives = natives(&long, &short);
    for compression in ALL {
        let (plain, quick) = encoded(&page, &natives, None, compression);
        assert_eq!((quick.natives, quick.strips), (0, 1));
        let (small, mixed) = encoded(&page, &natives, Some(11_520), compression);
        assert!(small.len() < plain.len(), "{compression:?}");
        assert!(mixed.natives >= 2, "{compression:?}: {mixed:?}");
        let symbols = symbols(&long, &short);
        assert_eq!(draw(&plain, &symbols), page, "{compression:?}");
        assert_eq!(draw(&small, &symbols), page, "{compression:?}");
        let mut same = Vec::new();
        let options = JobOptions {
            compression,
            ..JobOptions::default()
        };
        let head = Resolution::from_dpi(203);
        Zpl.encode(&page.view(), head, &options, &mut same).unwrap();
        assert_eq!(same, plain);
    }
}

#[test]
fn natives_that_are_not_there_stay_in_the_graphic() {
    let (mut page, long, short) = page();
    page.fill_rect(100, 800, 30, 1, false);
    page.fill_rect(500, 330, 1, 1, false);
    let mut natives = natives(&long, &short);
    natives.push(Native::Fill {
        x: u32::MAX,
        y: 5,
        width: 9,
        height: u32::MAX,
    });
    natives.push(Native::Frame {
        x: 0,
        y: 0,
        width: 4,
        height: 9,
        thickness: u32::MAX,
    });
    natives.push(Native::Code128 {
        x: 1,
        y: 1,
        module_dots: u32::MAX,
        height: 9,
        widths: &long,
    });
    for compression in ALL {
        let (small, mixed) = encoded(&page, &natives, Some(1), compression);
        assert!(mixed.natives <= 5, "{mixed:?}");
        assert_eq!(
            draw(&small, &symbols(&long, &short)),
            page,
            "{compression:?}"
        );
    }
}

#[test]
fn white_labels_and_refusals_are_like_those_of_a_plain_page() {
    let white = Bitmap::new(100, 50).unwrap();
    let (bytes, mixed) = encoded(&white, &[], Some(960), Compression::Z64);
    assert_eq!(mixed.strips, 0);
    assert_eq!(draw(&bytes, &BTreeMap::new()), white);
    assert!(bytes.windows(4).any(|w| w == b"^GFA"));
    let mut out = b"x".to_vec();
    let options = JobOptions {
        copies: 0,
        ..JobOptions::default()
    };
    let refused = Zpl.encode_mixed(&white.view(), &[], Some(960), &options, &mut out);
    assert!(refused.is_err() && out == b"x");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_rectangles_over_anything_print_as_the_picture(
        width in 1_u32..200, height in 1_u32..400,
        shapes in proptest::collection::vec(
            (0_u32..210, 0_u32..410, 0_u32..90, 0_u32..90, 0_u32..9, any::<bool>()), 0..12,
        ),
        dots in proptest::collection::vec((0_u32..200, 0_u32..400, any::<bool>()), 0..40),
    ) {
        let mut page = Bitmap::new(width, height).unwrap();
        let shape = |(x, y, width, height, thickness, filled)| if filled {
            Native::Fill { x, y, width, height }
        } else {
            Native::Frame { x, y, width, height, thickness }
        };
        let natives: Vec<Native<'_>> = shapes.into_iter().map(shape).collect();
        for native in &natives {
            // Frames thicker than they are wide are nobody's, and are not drawn here.
            match native {
                Native::Frame { width, height, thickness, .. }
                    if 2 * thickness > *width || 2 * thickness > *height => {}
                native => paint(&mut page, native),
            }
        }
        for (x, y, black) in dots {
            page.set(x, y, black);
        }
        for compression in ALL {
            let (bytes, _) = encoded(&page, &natives, Some(960), compression);
            prop_assert_eq!(&draw(&bytes, &BTreeMap::new()), &page);
        }
    }
}
