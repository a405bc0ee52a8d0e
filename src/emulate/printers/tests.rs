#![allow(clippy::unwrap_used)]

use super::*;
use firstscan_drivers::bitmap::Resolution;
use firstscan_drivers::length::Length;
use firstscan_drivers::printer::{
    Compression, FaultsReply, JobOptions, LANGUAGES, Language, Media, PrinterStatus, Query,
    QueryKind, Reply, Stock,
};
use tempfile::TempDir;

const HEAD: Resolution = Resolution::from_dpi(203);

struct Bench {
    printer: AnyPrinter,
    language: &'static dyn Language,
    now_ms: u64,
    _folder: TempDir,
}

impl Bench {
    fn new(language: &'static dyn Language) -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let tray = Tray::open(folder.path()).unwrap();
        let printer = model(language.id(), PrinterSettings::default(), tray).unwrap();
        Bench {
            printer,
            language,
            now_ms: 0,
            _folder: folder,
        }
    }

    fn all() -> impl Iterator<Item = Bench> {
        LANGUAGES.iter().map(|language| Bench::new(*language))
    }

    fn id(&self) -> &'static str {
        self.language.id()
    }

    fn send(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(777) {
            self.printer.receive(self.now_ms, part);
        }
    }

    fn pass(&mut self, ms: u64) {
        for _ in 0..ms {
            self.now_ms += 1;
            self.printer.handle_timeout(self.now_ms);
        }
    }

    fn said(&mut self) -> Vec<u8> {
        std::iter::from_fn(|| self.printer.poll_transmit())
            .flatten()
            .collect()
    }

    fn ask(&mut self, query: &Query) -> Reply {
        self.said();
        self.send(query.bytes);
        let answer = self.said();
        self.language.parse_reply(query, &answer)
    }

    fn status(&mut self) -> Option<PrinterStatus> {
        let query = self.language.query(QueryKind::Status)?;
        match self.ask(query) {
            Reply::Status(status, _) => Some(status),
            other => panic!("{}: {other:?}", self.id()),
        }
    }

    /// The last label with what is white around it cut off.
    fn last(&self) -> Bitmap {
        let label = self.printer.labels().last().unwrap();
        ink(&self.printer.tray().picture(label.sequence).unwrap())
    }
}

/// A picture without the white around it: languages differ in the paper they leave.
fn ink(picture: &Bitmap) -> Bitmap {
    let dots = |x: u32, y: u32| picture.get(x, y);
    let columns = || 0..picture.width();
    let rows = || 0..picture.height();
    let inked: Vec<u32> = rows().filter(|y| columns().any(|x| dots(x, *y))).collect();
    let across: Vec<u32> = columns().filter(|x| rows().any(|y| dots(*x, y))).collect();
    let (top, bottom) = (inked[0], inked[inked.len() - 1]);
    let (left, right) = (across[0], across[across.len() - 1]);
    let mut cut = Bitmap::new(right - left + 1, bottom - top + 1).unwrap();
    for y in top..=bottom {
        for x in left..=right {
            cut.set(x - left, y - top, dots(x, y));
        }
    }
    cut
}

/// Noise, long blanks and a frame; nothing in it is symmetric.
fn picture(width: u32, height: u32, mut seed: u32) -> Bitmap {
    let stride = usize::try_from(width.div_ceil(8)).unwrap();
    let mut bits = Vec::new();
    for y in 0..height {
        for _ in 0..stride {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = seed.to_be_bytes()[0];
            bits.push(match y / 16 % 5 {
                0 => noise,
                1 => 0,
                2 => 0xFF,
                3 => noise & 1,
                _ => noise | 0xF0,
            });
        }
    }
    let mut picture = Bitmap::from_bits(width, height, bits).unwrap();
    picture.fill_rect(0, 0, width, 2, true);
    picture.fill_rect(0, height - 1, width, 1, true);
    picture.fill_rect(0, 0, 3, height, true);
    picture.fill_rect(width - 1, 0, 1, height, true);
    picture
}

fn encode(language: &dyn Language, picture: &Bitmap, options: &JobOptions) -> Vec<u8> {
    let mut bytes = Vec::new();
    language
        .encode(&picture.view(), HEAD, options, &mut bytes)
        .unwrap();
    bytes
}

#[test]
fn every_language_prints_the_picture_that_was_sent_in_every_form() {
    for compression in [Compression::Z64, Compression::Acs, Compression::Hex] {
        for (width, height) in [(24, 9), (203, 77), (699, 401)] {
            for mut bench in Bench::all() {
                let sent = picture(width, height, width);
                let options = JobOptions {
                    compression,
                    ..JobOptions::default()
                };
                let bytes = encode(bench.language, &sent, &options);
                bench.send(&bytes);
                bench.pass(200);
                let notes: Vec<&str> = bench.printer.notes().collect();
                let (id, count) = (bench.id(), bench.printer.odometer());
                assert_eq!(count, 1, "{id} {compression:?} {width}: {notes:?}");
                assert!(notes.is_empty(), "{id}: {notes:?}");
                assert!(
                    bench.last() == ink(&sent),
                    "{id} {compression:?} {width}x{height}"
                );
                assert!(!bench.printer.is_busy(), "{id}");
            }
        }
    }
}

#[test]
fn stock_is_understood_and_a_tape_begins_where_its_pins_do() {
    let um = Length::from_um;
    let media = Media {
        width: um(62_000),
        height: um(100_000),
    };
    for gap in [0, 3000] {
        let stock = Some(Stock {
            media,
            gap: um(gap),
        });
        for mut bench in Bench::all() {
            let sent = picture(400, 300, 5);
            let options = JobOptions {
                stock,
                ..JobOptions::default()
            };
            let bytes = encode(bench.language, &sent, &options);
            bench.send(&bytes);
            bench.pass(200);
            assert!(bench.last() == ink(&sent), "{} {gap}", bench.id());
            if bench.id() == "brother-ql" {
                let label = bench.printer.tray().picture(1).unwrap();
                // 62 mm begin at the twelfth pin from the right.
                assert!(label.get(720 - 12 - 1, 0) && !label.get(720 - 12, 0));
            }
        }
    }
}

#[test]
fn copies_are_as_many_labels_and_the_counter_says_so() {
    for mut bench in Bench::all() {
        let options = JobOptions {
            copies: 3,
            ..JobOptions::default()
        };
        let bytes = encode(bench.language, &picture(160, 50, 3), &options);
        for part in bytes.chunks(64) {
            while bench.printer.room() == 0 {
                bench.pass(1);
            }
            bench.printer.receive(bench.now_ms, part);
        }
        bench.pass(600);
        assert_eq!(bench.printer.odometer(), 3, "{}", bench.id());
    }
}

#[test]
fn status_follows_paper_head_and_work() {
    for mut bench in Bench::all() {
        let id = bench.id();
        let bytes = encode(bench.language, &picture(160, 50, 3), &JobOptions::default());
        let idle = bench.status().unwrap();
        assert!(!idle.busy() && !idle.fault(), "{id}: {idle:?}");
        if id == "escpos" {
            // It has no word for work in progress.
            continue;
        }
        bench.send(&bytes);
        let busy = bench.status().unwrap();
        assert!(busy.busy() && !busy.fault(), "{id}: {busy:?}");
        bench.printer.set_paper_out(bench.now_ms, true);
        let out = bench.status().unwrap();
        assert!(out.paper_out, "{id}: {out:?}");
        bench.printer.set_paper_out(bench.now_ms, false);
        bench.pass(300);
        bench.printer.set_head_open(bench.now_ms, true);
        let open = bench.status().unwrap();
        // Some languages have no word for the head: a status must not read as well, though, if
        // it has one for "a hand is needed".
        let wordless = matches!(id, "dpl" | "dymo-wireless");
        assert!(open.fault() || wordless, "{id}: {open:?}");
        bench.printer.set_head_open(bench.now_ms, false);
        bench.pass(10);
        let after = bench.status().unwrap();
        assert_eq!((after, bench.printer.odometer()), (idle, 1), "{id}");
    }
}

#[test]
fn a_receipt_printer_tells_faults_at_any_time_and_when_it_has_printed() {
    let mut bench = Bench::all().find(|b| b.id() == "escpos").unwrap();
    let faults = bench.language.faults_query().unwrap();
    let told = |bench: &mut Bench| {
        bench.said();
        bench.send(faults.bytes);
        match (faults.parse)(&bench.said()) {
            FaultsReply::Faults(faults, 3) => faults.flags(),
            other => panic!("{other:?}"),
        }
    };
    assert!(told(&mut bench).is_empty());
    bench.printer.set_paper_out(0, true);
    assert_eq!(told(&mut bench), ["offline", "paper_out"]);
    bench.printer.set_paper_out(0, false);
    let mut job = encode(bench.language, &picture(160, 50, 3), &JobOptions::default());
    job.extend_from_slice(b"\x1D(H\x06\0\x30\x30 7~ ");
    bench.send(&job[..300]);
    assert!(told(&mut bench).is_empty(), "in the middle of the picture");
    bench.send(&job[300..]);
    assert_eq!(bench.said(), b"");
    bench.pass(100);
    assert_eq!(bench.said(), b"\x37\x22 7~ \0");
}

#[test]
fn a_tape_printer_tells_its_phases_unasked() {
    let mut bench = Bench::all().find(|b| b.id() == "brother-ql").unwrap();
    let bytes = encode(bench.language, &picture(160, 50, 3), &JobOptions::default());
    bench.send(&bytes);
    bench.pass(100);
    let said = bench.said();
    let kinds: Vec<(u8, u8)> = said
        .chunks(32)
        .map(|frame| (frame[18], frame[19]))
        .collect();
    assert_eq!(kinds, [(6, 1), (1, 1), (6, 0)]);
}

#[test]
fn after_a_cut_anywhere_the_resync_prefix_lets_the_next_label_come_out_clean() {
    for mut bench in Bench::all() {
        let id = bench.id();
        // What fills up a picture in one block is limited.
        let height = if id.starts_with("dymo-") { 45 } else { 90 };
        let (cut, whole) = (picture(640, height, 1), picture(160, 50, 2));
        let cut_bytes = encode(bench.language, &cut, &JobOptions::default());
        let whole_bytes = encode(bench.language, &whole, &JobOptions::default());
        for at in (0..cut_bytes.len()).step_by(cut_bytes.len() / 15 + 1) {
            bench.send(&cut_bytes[..at]);
            bench.printer.disconnected(bench.now_ms);
            bench.send(bench.language.resync());
            let before = bench.printer.odometer();
            bench.send(&whole_bytes);
            bench.pass(100);
            assert_eq!(bench.printer.odometer(), before + 1, "{id} cut at {at}");
            assert!(bench.last() == ink(&whole), "{id} cut at {at}");
        }
    }
}

#[test]
fn dead_in_mid_label_busy_silent_and_power_cycled() {
    for mut bench in Bench::all() {
        let id = bench.id();
        let sent = picture(640, 90, 1);
        let bytes = encode(bench.language, &sent, &JobOptions::default());
        let middle = u64::try_from(bytes.len() / 2).unwrap();
        bench.printer.hang_after(Some(middle));
        bench.send(&bytes);
        assert_eq!(
            (bench.printer.room(), bench.printer.odometer()),
            (0, 0),
            "{id}"
        );
        bench.printer.power_cycle(bench.now_ms);
        assert!(
            bench.printer.poll_disconnect() && !bench.printer.reachable(),
            "{id}"
        );
        bench.pass(500);
        assert!(
            bench.printer.reachable() && !bench.printer.is_busy(),
            "{id}"
        );
        bench.printer.set_silent(true);
        bench.send(&bytes);
        if let Some(query) = bench.language.query(QueryKind::Status) {
            assert_eq!(
                bench.ask(query),
                bench.language.parse_reply(query, b""),
                "{id}"
            );
        }
        bench.pass(100);
        assert_eq!(bench.printer.odometer(), 1, "{id}");
        assert!(bench.last() == ink(&sent), "{id}");
    }
}

#[test]
fn random_bytes_and_broken_labels_never_harm() {
    let mut seed = 99_u64;
    let mut roll = move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(seed >> 33).unwrap()
    };
    for mut bench in Bench::all() {
        for compression in [Compression::Z64, Compression::Hex] {
            let options = JobOptions {
                compression,
                ..JobOptions::default()
            };
            let bytes = encode(bench.language, &picture(160, 20, 1), &options);
            for _ in 0..30 {
                let mut broken = bytes.clone();
                for _ in 0..5 {
                    let at = roll() % broken.len();
                    broken[at] = u8::try_from(roll() % 256).unwrap();
                }
                bench.send(&broken);
                bench.pass(3);
                bench.said();
            }
        }
    }
}
