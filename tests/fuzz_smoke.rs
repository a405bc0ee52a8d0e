//! The fuzz targets for some seconds in the normal test run: the shipped templates and fixtures,
//! each bent a hundred ways by a fixed seed. `tests/fuzz` runs them for as long as one likes.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;
use std::time::{Duration, Instant};

#[allow(dead_code)]
#[path = "fuzz/targets.rs"]
mod targets;

use firstscan::label::symbol::Symbology;
use firstscan::label::{Template, check, pdf, png, render};
use firstscan_drivers::bitmap::Resolution;
use firstscan_drivers::profile::{Kind, unescape};
use firstscan_drivers::registry;

/// Bent inputs per seed.
const ROUNDS: usize = 12;
/// Longest that one input may take, on a slow machine and without optimisation.
const INPUT_MAX: Duration = Duration::from_secs(10);
/// Words of the formats, so that bending gets past the first check.
const WORDS: [&[u8]; 36] = [
    b"^XA",
    b"^XZ",
    b"^FO",
    b"^FD",
    b"^FS",
    b"^GFA,",
    b":Z64:",
    b"^BC",
    b"^FX",
    b"^FB",
    b"~DG",
    b"^PQ9",
    b"\0",
    b"\n",
    b"=",
    b"\"",
    b"{",
    b"}",
    b"[",
    b"]]",
    b"-1",
    b"0",
    b"65536",
    b"99999999999",
    b"1e9",
    b"mm",
    b"pt",
    b"[[element]]",
    b"code128",
    b"qr",
    b"\xFF\xFF\xFF\xFF",
    b"\xE2\x80\xAE",
    b"\xC3\x80",
    b"/Length",
    b"endobj",
    b"IDAT",
];

/// A small generator: the same bits on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % below.max(1)
    }

    /// One to four small harms.
    fn bend(&mut self, seed: &[u8]) -> Vec<u8> {
        let mut data = seed.to_vec();
        for _ in 0..=self.next(4) {
            let (at, other) = (self.next(data.len()), self.next(data.len()));
            let (from, to) = (at.min(other), at.max(other).min(at.min(other) + 300));
            match self.next(6) {
                0 if !data.is_empty() => data[at] ^= 1 << self.next(8),
                1 => data.truncate(at),
                2 => drop(data.drain(from..to)),
                3 => {
                    let copy = data[from..to].to_vec();
                    data.splice(at..at, copy);
                }
                4 => {
                    let word = WORDS[self.next(WORDS.len())];
                    data.splice(at..at, word.iter().copied());
                }
                _ if !data.is_empty() => data[at] = u8::try_from(self.next(256)).unwrap(),
                _ => {}
            }
        }
        data
    }
}

fn bend_all(target: targets::Target, seeds: &[Vec<u8>], rounds: usize) {
    let mut random = Random(0x5EED_F1A5_7B0A_4D01);
    for seed in seeds {
        for round in 0..=rounds {
            let data = if round == 0 {
                seed.clone()
            } else {
                random.bend(seed)
            };
            let begun = Instant::now();
            target(&data);
            let took = begun.elapsed();
            assert!(
                took < INPUT_MAX,
                "{took:?} for {:?}",
                String::from_utf8_lossy(&data)
            );
        }
    }
}

fn target(name: &str) -> targets::Target {
    let found = targets::TARGETS.iter().find(|(known, _)| *known == name);
    found.map(|(_, target)| *target).unwrap()
}

/// What each name of the registry is under test as.
fn names_of(kind: Kind, codec: &str) -> Vec<String> {
    let name = codec.replace('-', "_");
    match (kind, codec) {
        (Kind::Printer, _) => vec![format!("replies_{name}")],
        (_, "keyboard") => vec!["keyboard_reports".into(), "keyboard_events".into()],
        _ => vec![name],
    }
}

#[test]
fn every_protocol_has_a_target_and_every_target_is_built_and_tried() {
    let names = |list: &[(&str, targets::Target)]| -> Vec<String> {
        list.iter()
            .map(|(name, _)| name.replace('-', "_"))
            .collect()
    };
    let looped = [
        names(&targets::scanners::TARGETS),
        names(&targets::printers::TARGETS),
    ]
    .concat();
    let mut all = [looped.clone(), names(&targets::TARGETS)].concat();
    let mut wanted = vec!["hid_descriptor".to_owned()];
    for kind in [Kind::Scale, Kind::Scanner, Kind::Dimensioner, Kind::Printer] {
        let codecs = registry::codecs(kind).into_iter();
        wanted.extend(codecs.flat_map(|codec| names_of(kind, codec)));
    }
    for name in &wanted {
        assert!(all.contains(name), "no target for {name}");
    }
    let here = include_str!("fuzz_smoke.rs");
    for name in names(&targets::TARGETS) {
        let called = here.contains(&format!("target(\"{name}\")"));
        assert!(called || wanted.contains(&name), "{name} is not tried here");
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz");
    let manifest = std::fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let mut files: Vec<String> = std::fs::read_dir(root.join("fuzz_targets"))
        .unwrap()
        .map(|entry| {
            entry
                .unwrap()
                .path()
                .file_stem()
                .unwrap()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    for name in &all {
        assert!(
            manifest.contains(&format!("name = \"{name}\"")),
            "{name} is not built"
        );
    }
    files.sort();
    all.sort();
    assert_eq!(files, all);
}

#[test]
fn templates() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let seed = |name: &&str| {
        let toml = std::fs::read(folder.join(name).join("label.toml")).unwrap();
        let sample = std::fs::read(folder.join(name).join("sample.json")).unwrap();
        [toml, sample].join(&0)
    };
    let seeds: Vec<Vec<u8>> = Template::shipped().iter().map(seed).collect();
    bend_all(target("template"), &seeds, ROUNDS);
}

#[test]
fn field_data() {
    let seeds = [
        "tracking_number=1Z999AA10123456784\nship_to.1=Łukasz Żółć\nship_to.2=שלום 12\nseller=x",
        "job_code=FS1/P/P000421-2/J/1042\nship_to.1=\u{202E}abc\u{2066}\nservice=^XA^XZ",
        "tracking_number=\u{C0}\u{181}\u{179}12\nweight=1.2 kg\nparcel_of=1 of 2\ncopy=9",
    ];
    let seeds = seeds.map(|seed| seed.as_bytes().to_vec());
    bend_all(target("fields"), &seeds, ROUNDS * 2);
}

#[test]
fn symbols() {
    const DATA: [&str; 8] = [
        "1Z999AA10123456784",
        "(00)003404340000000177(10)AB-12(21)x",
        "400638133393",
        "https://example.com/p/FS-0042?x=%20",
        "Grüße aus Łódź, 東京",
        "[)>\u{1E}01\u{1D}96841706672\u{1D}840\u{1D}001\u{1D}1Z00004951\u{1D}UPSN\u{1D}\u{4}",
        "01234567094987654321-01234567891",
        "A40156B",
    ];
    let kinds = 0..u8::try_from(Symbology::ALL.len()).unwrap();
    let seeds = kinds.flat_map(|kind| DATA.map(|data| [&[kind][..], data.as_bytes()].concat()));
    bend_all(target("symbols"), &seeds.collect::<Vec<_>>(), ROUNDS);
}

/// Four hundred numbers have all check characters of Code 128 several times, those that are
/// function characters too.
#[test]
fn every_check_character() {
    for number in 0..400 {
        target("symbols")(format!("\0FS-{number:04}x").as_bytes());
    }
}

#[test]
fn zpl_of_carriers() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/labels/zpl");
    let files = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files
        .filter(|f| f.extension().is_some_and(|e| e == "zpl"))
        .collect();
    files.sort();
    let seeds: Vec<Vec<u8>> = files
        .iter()
        .map(|file| std::fs::read(file).unwrap())
        .collect();
    assert!(seeds.len() >= 3, "carriers' labels are missing");
    bend_all(target("zpl"), &seeds, ROUNDS);
}

/// A label as PNG and as PDF, and all fixtures that are files of carriers.
#[test]
fn pictures() {
    let template = Template::load("park-tag").unwrap();
    let head = Resolution::from_dpi(203);
    let label = render(&template, &template.sample, head);
    let mut seeds = vec![
        png::encode(&label.bitmap, head).unwrap(),
        pdf::encode(std::slice::from_ref(&label.bitmap), head).unwrap(),
    ];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/labels");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "jpg" || e == "pdf") {
            seeds.push(std::fs::read(&path).unwrap());
        }
    }
    seeds.retain(|seed| seed.len() < 40_000);
    bend_all(target("pictures"), &seeds, ROUNDS / 2);
}

/// What the scanner profiles recorded, each in the protocol it is of and in all others.
#[test]
fn scanners() {
    let mut seeds = Vec::new();
    for profile in registry::profiles()
        .iter()
        .filter(|p| p.kind == Kind::Scanner)
    {
        for example in &profile.examples {
            let mut seed = vec![0x80 | 0x1F];
            seed.extend(unescape(&example.bytes).unwrap());
            seeds.push(seed);
        }
        if let Some(descriptor) = profile.hid.as_ref().and_then(|h| h.descriptor_bytes()) {
            seeds.push([&[40][..], &descriptor, &[2; 80]].concat());
        }
    }
    assert!(seeds.len() > 60);
    for (_, target) in targets::scanners::TARGETS {
        bend_all(target, &seeds, ROUNDS);
    }
}

#[test]
fn codes() {
    let seeds = |texts: &[&str]| {
        texts
            .iter()
            .map(|t| t.as_bytes().to_vec())
            .collect::<Vec<_>>()
    };
    let numbers = seeds(&[
        "]C142012345\u{1D}9200190123456700000014",
        "%0012345099801234567891012765\x0009980123456789",
        "1Z A1B2 C303 1234 5673\x001ZA1B2C30312345673",
        "(00) 0 9528765 4321011110\x00095287654321011110",
        "\u{FF11}\u{FF3A}A1B2C30312345673",
    ]);
    bend_all(target("tracking"), &numbers, ROUNDS * 40);
    let data = seeds(&[
        "]C100095287654321011110\u{1D}42012345\u{1D}400PO(7)\u{1D}",
        "(00)095287654321011110(4301)J%C3%BCrgen(4302)Weg\\(7(4303)3(4307)DE(4324)2611219999",
        "https://id.gs1.org/00/095287654321011110?400=PO%287&420=12345#x",
        "https://x.example/a/01/09528765432108/10/L/21/S%2F1",
        "urn:epc:id:sgtin:9528765.043210.A%2F1",
    ]);
    bend_all(target("gs1"), &data, ROUNDS * 40);
    let lines = "00 *? N18,csum,gcppos2 dlpkey # SSCC\n3300-3305 *? N6 req=00,01+10 ex=330n # X\n\
        01 *? N14,csum dlpkey=22,10|235\n8008 ? N8 [N..4,mmoptss]";
    bend_all(target("dictionary"), &seeds(&[lines]), ROUNDS * 40);
    let to = "US\n62701-0001\nSpringfield\nIL\nErin &amp; Sample\nP.O. Box 7\n12 Main St.";
    bend_all(target("address"), &seeds(&[to]), ROUNDS * 40);
}

#[test]
fn pages() {
    let template = Template::load("park-tag").unwrap();
    let label = render(&template, &template.sample, Resolution::from_dpi(203));
    let view = label.bitmap.view();
    assert!(check::check(&view).valid);
    // The middle of the page, 64 bytes wide.
    let rows = (200..700).flat_map(|y| view.row(y)[20..84].iter().copied());
    let seed: Vec<u8> = std::iter::once(63).chain(rows).collect();
    let noise: Vec<u8> = (0..20_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    bend_all(target("pages"), &[seed, noise], ROUNDS * 2);
}

/// Every example of every scale and dimensioner, bent; and the profiles themselves.
#[test]
fn scales_and_dimensioners() {
    use firstscan_drivers::profile::{Kind, Profile, unescape};
    use firstscan_drivers::registry;
    for kind in [Kind::Scale, Kind::Dimensioner] {
        for name in registry::codecs(kind) {
            let mine = |p: &&Profile| p.codec == name && p.kind == kind;
            let profiles = registry::profiles().iter().filter(mine).enumerate();
            let seeds: Vec<Vec<u8>> = profiles
                .flat_map(|(place, profile)| {
                    let place = u8::try_from(place).unwrap();
                    profile.examples.iter().map(move |example| {
                        [&[place, 3][..], &unescape(&example.bytes).unwrap()].concat()
                    })
                })
                .collect();
            bend_all(target(&name.replace('-', "_")), &seeds, ROUNDS);
        }
    }
    let files = registry::files();
    let texts: Vec<Vec<u8>> = files
        .into_iter()
        .map(|(_, text)| text.into_bytes())
        .collect();
    bend_all(target("profile"), &texts, 2);
}

/// Every example of every printer, bent, as an answer to each question.
#[test]
fn answers_of_printers() {
    use firstscan_drivers::profile::unescape;
    use firstscan_drivers::registry;
    for (name, target) in targets::printers::TARGETS {
        let mine = |codec: &str| format!("replies_{}", codec.replace('-', "_")) == name;
        let profiles = registry::profiles()
            .iter()
            .filter(|p| mine(&p.codec))
            .take(2);
        let seeds: Vec<Vec<u8>> = profiles
            .flat_map(|p| &p.examples)
            .flat_map(|example| {
                let bytes = unescape(&example.bytes).unwrap();
                (0..5).map(move |question| [&[question, 3][..], &bytes].concat())
            })
            .collect();
        assert!(!seeds.is_empty(), "{name}");
        bend_all(target, &seeds, ROUNDS);
    }
}
