//! Guns against the codecs of their profiles: what is read arrives, once, whatever goes wrong.

use super::*;
use firstscan_drivers::codec::{Attachment, Codec, Command, Event};
use std::time::Duration;

/// A gun with a codec at its other end; reports go over whole, bytes in pieces.
struct Bench {
    gun: Gun,
    codec: Box<dyn Codec>,
    descriptor: Vec<u8>,
    now_ms: u64,
    scans: Vec<Vec<u8>>,
    garbage: usize,
}

impl Bench {
    fn new(id: &str) -> Self {
        let profile = registry::profile(id).unwrap();
        let hid = profile.hid.as_ref();
        let descriptor = hid.and_then(|h| h.descriptor_bytes()).unwrap_or_default();
        let mut bench = Bench {
            gun: Gun::of(profile).unwrap(),
            codec: registry::codec(profile).unwrap(),
            descriptor,
            now_ms: 0,
            scans: Vec::new(),
            garbage: 0,
        };
        bench.connect();
        bench
    }

    fn with(id: &str, scanner: Box<dyn Scanner>) -> Self {
        let mut bench = Self::new(id);
        bench.gun.scanner = scanner;
        bench
    }

    fn connect(&mut self) {
        self.codec.reset();
        let how = match self.gun.wire() {
            Wire::Serial => Attachment::Stream,
            _ => Attachment::Hid {
                descriptor: &self.descriptor,
            },
        };
        self.codec.attach(how);
        self.run(10);
    }

    fn now(&self) -> Duration {
        Duration::from_millis(self.now_ms)
    }

    /// Lets so many milliseconds pass.
    fn run(&mut self, ms: u64) {
        for _ in 0..ms {
            self.now_ms += 1;
            self.step();
        }
    }

    fn step(&mut self) {
        let now = self.now();
        if self.codec.poll_timeout().is_some_and(|due| due <= now) {
            self.codec.handle_timeout(now);
        }
        if self
            .gun
            .poll_timeout()
            .is_some_and(|due| due <= self.now_ms)
        {
            self.gun.handle_timeout(self.now_ms);
        }
        while let Some(bytes) = self.codec.poll_transmit() {
            self.gun.receive(self.now_ms, &bytes);
        }
        if let Some(bytes) = self.gun.poll_transmit() {
            let piece = if self.gun.wire() == Wire::Serial {
                7
            } else {
                bytes.len()
            };
            for part in bytes.chunks(piece) {
                self.codec.receive(now, part);
            }
        }
        while let Some(emitted) = self.codec.poll_event() {
            match emitted.event {
                Event::Scan(reading) => self.scans.push(reading.bytes),
                Event::Garbage { .. } => self.garbage += 1,
                other => panic!("{other:?}"),
            }
        }
        if self.gun.poll_disconnect() {
            self.gun.disconnected(self.now_ms);
            self.connect();
        }
    }

    fn texts(&mut self) -> Vec<String> {
        let scans = std::mem::take(&mut self.scans);
        scans
            .iter()
            .map(|s| String::from_utf8_lossy(s).into_owned())
            .collect()
    }
}

#[test]
fn every_scanner_profile_reads_its_gun() {
    let mut seen = 0;
    for profile in registry::profiles()
        .iter()
        .filter(|p| p.kind == Kind::Scanner)
    {
        let mut bench = Bench::new(&profile.id);
        for text in ["4006381333931", "FS-P000421/2", "1Z999AA10123456784"] {
            bench.gun.scan(text);
            bench.run(1500);
            assert_eq!(bench.texts(), [text], "{}", profile.id);
        }
        assert_eq!(bench.garbage, 0, "{}", profile.id);
        seen += 1;
    }
    assert!(seen >= 40, "{seen}");
    assert!(Gun::by_id("zpl-203").is_none() && Gun::by_id("nobody").is_none());
}

#[test]
fn all_that_a_layout_can_type_arrives() {
    let profile = registry::profile("keyboard-us").unwrap();
    for layout in firstscan_drivers::scanner::keyboard::LAYOUTS {
        let mut profile = profile.clone();
        profile.scanner.layout = layout.id.into();
        profile.scanner.suffixes = vec!["\r".into()];
        profile.scanner.aim = false;
        let all: Vec<char> = (' '..='\u{17F}')
            .filter(|c| layout.strokes(*c).is_some())
            .collect();
        let ascii = all.iter().filter(|c| c.is_ascii()).count();
        // Windows' Italian layout has no key for the grave accent and the tilde.
        let wanted = if layout.id == "it" { 93 } else { 95 };
        assert_eq!(ascii, wanted, "{}", layout.id);
        let text: String = all.iter().collect::<String>() + "\u{1D}\u{1E}\u{4}\u{2}";
        for typing in [Typing::Keys, Typing::KeysWithoutRelease] {
            let mut bench = Bench::new("keyboard-us");
            bench.codec = registry::codec(&profile).unwrap();
            // The extra key of Brazilian boards is beyond the usual descriptor.
            bench.descriptor.clear();
            bench.connect();
            let gun = KeyboardGun::of(&profile.scanner).unwrap().typing(typing);
            bench.gun.scanner = Box::new(gun);
            bench.gun.scan(&text);
            bench.run(3000);
            assert_eq!(bench.texts(), [text.as_str()], "{} {typing:?}", layout.id);
        }
    }
}

#[test]
fn alt_codes_need_no_layout() {
    for typing in [Typing::AltDigits, Typing::AltChord] {
        let profile = registry::profile("keyboard-alt").unwrap();
        let gun = KeyboardGun::of(&profile.scanner).unwrap().typing(typing);
        let mut bench = Bench::with("keyboard-alt", Box::new(gun));
        let text = "0107Lü-\u{1D}M7\u{4}nn";
        bench.gun.scan(text);
        bench.run(2000);
        assert_eq!(bench.texts(), [text], "{typing:?}");
    }
}

#[test]
fn faults_never_shorten_a_code() {
    let cases = [
        ("keyboard-us", Fault::NoEnd),
        ("keyboard-us", Fault::RollOver),
        ("keyboard-us", Fault::Unplugged),
        ("keyboard-us", Fault::Silent),
        ("honeywell-hid-pos", Fault::NoEnd),
        ("honeywell-hid-pos", Fault::BadLength),
        ("honeywell-hid-pos", Fault::Unplugged),
        ("microscan-hid", Fault::BadLength),
        ("honeywell-serial", Fault::NoEnd),
        ("honeywell-serial", Fault::Unplugged),
        ("honeywell-msgget", Fault::NoEnd),
        ("honeywell-msgget", Fault::Unplugged),
        ("zebra-ssi", Fault::Silent),
    ];
    let long = "0123456789".repeat(9);
    for (id, fault) in cases {
        let mut bench = Bench::new(id);
        bench.gun.plan(fault);
        bench.gun.scan(&long);
        bench.run(1500);
        assert_eq!(bench.texts(), Vec::<String>::new(), "{id} {fault:?}");
        // The rest of a code that broke off could still come for ten seconds.
        bench.run(10_000);
        bench.gun.scan("AFTER");
        bench.run(1500);
        assert_eq!(bench.texts(), ["AFTER"], "{id} {fault:?}");
    }
}

#[test]
fn ssi_reads_exactly_once() {
    let long = "FIRSTSCAN-".repeat(60);
    for fault in [Fault::Damaged, Fault::AckLost] {
        let mut bench = Bench::new("zebra-ssi");
        for round in 0..4 {
            // The same code twice in a row is two scans.
            for text in ["A1", "A1", "B22", long.as_str()] {
                bench.gun.plan(fault);
                bench.gun.scan(text);
                bench.run(2500);
                assert_eq!(bench.texts(), [text], "{fault:?} in round {round}");
            }
        }
    }
}

#[test]
fn ssi_parameters_come_back_and_feedback_arrives() {
    let mut bench = Bench::new("zebra-ssi");
    bench.gun.plan(Fault::Forgot);
    bench.gun.scan("4006381333931");
    bench.run(3000);
    assert_eq!(bench.texts(), Vec::<String>::new());
    assert_eq!(bench.garbage, 1);
    bench.gun.scan("4006381333931");
    bench.run(100);
    assert_eq!(bench.texts(), ["4006381333931"]);
    bench.gun.heard();
    bench.codec.command(bench.now(), Command::Accept).unwrap();
    bench.run(10);
    assert_eq!(bench.gun.heard(), [Heard::Beep(0)]);
    bench.codec.command(bench.now(), Command::Reject).unwrap();
    bench.run(1000);
    let wanted = [Heard::Beep(6), Heard::Light(true), Heard::Light(false)];
    assert_eq!(bench.gun.heard(), wanted);
    bench.codec.command(bench.now(), Command::Request).unwrap();
    bench.run(10);
    assert_eq!(bench.gun.heard(), [Heard::Trigger]);
    assert!(bench.codec.command(bench.now(), Command::Zero).is_err());
}

#[test]
fn hid_pos_beeps_triggers_and_keeps_answers_out() {
    let mut bench = Bench::new("honeywell-hid-pos");
    bench.codec.command(bench.now(), Command::Accept).unwrap();
    bench.codec.command(bench.now(), Command::Request).unwrap();
    bench.run(5);
    assert_eq!(bench.gun.heard(), [Heard::Beep(0), Heard::Trigger]);
    bench.gun.receive(0, b"\xFD\x0A\x16\x4D\x0DREVINF.");
    bench.gun.scan("NEXT");
    bench.run(50);
    assert_eq!(bench.texts(), ["NEXT"]);

    let mut bench = Bench::new("zebra-hid-pos");
    bench.codec.command(bench.now(), Command::Request).unwrap();
    bench.run(5);
    assert_eq!(bench.gun.heard(), [Heard::Trigger]);
    // Its descriptor has no beeps.
    assert!(bench.codec.command(bench.now(), Command::Accept).is_err());
}
