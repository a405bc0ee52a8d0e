//! What is fuzzed: every way bytes from outside come into a label; what codes mean, and the
//! protocols of scanners, printers, scales and dimensioners, in files of their own. Each target is
//! a function of bytes that returns, in bounded time and memory, or panics because a promise was
//! broken. The fuzzer's binaries and the smoke test run the same functions.

#[path = "codecs.rs"]
pub mod codecs;
#[path = "codes.rs"]
pub mod codes;
#[path = "printers.rs"]
pub mod printers;
#[path = "scanners.rs"]
pub mod scanners;

use std::sync::Once;

use firstscan::label::import::{self, Kind};
use firstscan::label::render::Sides;
use firstscan::label::symbol::{self, Symbology};
use firstscan::label::{FieldMap, PlacedSymbol, Rendered, Template, check, render, zpl};
use firstscan_drivers::bitmap::{Bitmap, Resolution};
use firstscan_drivers::length::Length;

/// Takes any bytes; panics if a promise was broken.
pub type Target = fn(&[u8]);

/// All targets by name.
pub const TARGETS: [(&str, Target); 19] = [
    ("tracking", codes::tracking),
    ("gs1", codes::gs1),
    ("dictionary", codes::dictionary),
    ("address", codes::address),
    ("profile", codecs::profile),
    ("hid_scale", codecs::hid_scale),
    ("framed", codecs::framed),
    ("toledo_8217", codecs::toledo_8217),
    ("toledo_continuous", codecs::toledo_continuous),
    ("cas_enq", codecs::cas_enq),
    ("dibal", codecs::dibal),
    ("cubiscan", codecs::cubiscan),
    ("http_json", codecs::http_json),
    ("template", template),
    ("fields", fields),
    ("symbols", symbols),
    ("zpl", zpl),
    ("pictures", pictures),
    ("pages", pages),
];

const HEAD: Resolution = Resolution::from_dpi(203);
const STOCK: (Length, Length) = (Length::from_um(101_600), Length::from_um(152_400));

/// Runs a target under the fuzzer. Its panic hook aborts, but panics inside third-party readers
/// are caught and mean "not read"; those that are not caught still end the run.
pub fn quietly(target: Target, data: &[u8]) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| std::panic::set_hook(Box::new(|panic| eprintln!("{panic}"))));
    target(data);
}

/// `label.toml`, a zero byte, `sample.json`: refused with a reason, or drawn and checked.
pub fn template(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (toml, sample) = text.split_once('\0').unwrap_or((&text, "{}"));
    match Template::parse("fuzz", toml, sample) {
        Ok(template) => {
            let label = render(&template, &template.sample, HEAD);
            check::expect(&label);
        }
        Err(error) => assert!(error.to_string().len() > 10, "{error:?}"),
    }
}

/// Lines `name=value` over the sample of the transport label: whatever is in them, the label is
/// drawn, and what was drawn reads as it should or a problem was told.
pub fn fields(data: &[u8]) {
    let template = Template::load("transport-4x6").expect("a shipped template");
    let mut fields: FieldMap = template.sample.clone();
    let text = String::from_utf8_lossy(data);
    for line in text.split('\n').take(64) {
        if let Some((name, value)) = line.split_once('=') {
            fields.insert(name.to_owned(), value.replace('\r', "\n"));
        }
    }
    let label = render(&template, &fields, HEAD);
    if label.problems.is_empty() {
        assert_eq!(
            check::expect(&label),
            [],
            "drawn without a problem and yet wrong"
        );
    }
}

/// The first byte chooses a symbology, the rest are data: refused with a reason, or drawn so that
/// a reader of other descent says the same.
pub fn symbols(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else {
        return;
    };
    let symbology = Symbology::ALL[usize::from(*first) % Symbology::ALL.len()];
    let text = String::from_utf8_lossy(rest);
    let encoded = match symbol::encode(symbology, &text, &symbol::Options::default()) {
        Ok(encoded) => encoded,
        Err(error) => {
            assert!(error.to_string().len() > 10, "{error:?}");
            return;
        }
    };
    // No reader believes a Codabar of one digit.
    if symbology == Symbology::Codabar && encoded.data.len() < 2 {
        return;
    }
    let geometry = symbol::Geometry {
        module_dots: 4,
        height_dots: 260,
        wide_tenths: 25,
        resolution: HEAD,
    };
    let drawn = encoded.draw(&geometry);
    let white = 12 * geometry.module_dots;
    let mut bitmap = Bitmap::new(drawn.width() + 2 * white, drawn.height() + 2 * white)
        .expect("a symbol is smaller than a bitmap can be");
    bitmap.blit(&drawn.view(), white, white);
    let dots = |dots: u32| i32::try_from(dots).expect("a symbol is not that large");
    let quiet = dots(white);
    let label = Rendered {
        symbols: vec![PlacedSymbol {
            element: "symbol".into(),
            symbology,
            data: encoded.data.clone(),
            text: encoded.text.clone(),
            x: quiet,
            y: quiet,
            width: dots(drawn.width()),
            height: dots(drawn.height()),
            module_dots: dots(geometry.module_dots),
            quiet: Sides {
                left: quiet,
                top: quiet,
                right: quiet,
                bottom: quiet,
            },
            turns: 0,
        }],
        bitmap,
        resolution: HEAD,
        problems: Vec::new(),
        texts: Vec::new(),
    };
    // How large it has to be is another question.
    let told = check::expect(&label);
    let told: Vec<_> = told
        .iter()
        .filter(|p| !p.message.contains("asked for by"))
        .collect();
    assert!(told.is_empty(), "{symbology:?} {text:?}: {told:?}");
}

/// A carrier's ZPL: refused with a reason, or bitmaps within the limits.
pub fn zpl(data: &[u8]) {
    match zpl::interpret(data, HEAD, Some((812, 1218))) {
        Ok(drawn) => {
            assert!((1..=zpl::LABELS_MAX).contains(&drawn.labels.len()));
            let bytes: usize = drawn.labels.iter().map(|l| l.bitmap.bits().len()).sum();
            assert!(bytes <= zpl::OUTPUT_BYTES_MAX, "{bytes} bytes of labels");
            assert!(drawn.labels.iter().all(|label| label.copies >= 1));
        }
        Err(error) => assert!(error.to_string().len() > 10, "{error:?}"),
    }
}

/// A file of a carrier: refused with a reason, or on our stock.
pub fn pictures(data: &[u8]) {
    let Some(kind) = Kind::detect(data) else {
        return;
    };
    match import::to_bitmaps(data, kind, STOCK, HEAD) {
        Ok(labels) => assert!(labels.len() <= 1_000),
        Err(error) => assert!(error.to_string().len() > 10, "{error:?}"),
    }
}

/// Dots as they come, the first byte says how wide: looked at without an end of time.
pub fn pages(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else {
        return;
    };
    let stride = usize::from(first % 64) + 1;
    let rows = rest.len() / stride;
    let bits = rest[..rows * stride].to_vec();
    let (width, height) = (u32::try_from(stride * 8), u32::try_from(rows));
    let (Ok(width), Ok(height)) = (width, height) else {
        return;
    };
    let Ok(page) = Bitmap::from_bits(width, height, bits) else {
        return;
    };
    let options = check::Options {
        resolution: Some(HEAD),
        dead_dots: rows < 200,
        ..check::Options::default()
    };
    let report = check::check_with(&page.view(), &options);
    for symbol in &report.symbols {
        assert!(
            symbol.x < width && symbol.y < height,
            "{symbol:?} is beyond the page"
        );
        assert!(symbol.score <= 100);
    }
}
