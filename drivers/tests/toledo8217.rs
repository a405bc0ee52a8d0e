//! The Toledo 8217 conversation, played without a sleep.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use firstscan_drivers::codec::{Codec, Command, CommandError, Event, Hint};
use firstscan_drivers::mass::{Decimal, Mass, MassReading, Unit};
use firstscan_drivers::scale::toledo8217::*;
use proptest::prelude::*;
use std::time::Duration;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn host() -> Toledo8217 {
    Toledo8217::new(Options::new(Unit::Kilogram))
}

fn readings(host: &mut Toledo8217) -> Vec<MassReading> {
    std::iter::from_fn(|| host.poll_event())
        .map(|e| match e.event {
            Event::Mass(reading) => reading,
            other => panic!("{other:?}"),
        })
        .collect()
}

fn only(host: &mut Toledo8217) -> MassReading {
    let mut all = readings(host);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

fn shown(reading: &MassReading) -> Option<String> {
    assert_eq!(reading.mass.is_some(), reading.decimal.is_some());
    reading.decimal.map(|d| d.to_string())
}

/// Lets the host ask what is due at `at`.
fn asks(host: &mut Toledo8217, at: u64) -> Option<Vec<u8>> {
    host.handle_timeout(ms(at));
    host.poll_transmit()
}

#[test]
fn it_asks_every_200_ms_and_gives_up_on_silence() {
    let mut host = host();
    assert_eq!(host.poll_timeout(), Some(ms(0)));
    assert_eq!(asks(&mut host, 0), Some(b"W".to_vec()));
    assert_eq!(asks(&mut host, 100), None);
    host.receive(ms(120), b"\x0201.25\r");
    assert_eq!(shown(&only(&mut host)).unwrap(), "1.25");
    assert_eq!(host.poll_timeout(), Some(ms(200)));
    assert_eq!(asks(&mut host, 199), None);
    assert_eq!(asks(&mut host, 200), Some(b"W".to_vec()));
    // Silence: no event, no value, and the next question after the answer is late.
    assert_eq!(host.poll_timeout(), Some(ms(700)));
    assert_eq!(asks(&mut host, 699), None);
    assert_eq!(asks(&mut host, 700), Some(b"W".to_vec()));
    assert_eq!(readings(&mut host), []);
}

#[test]
fn the_published_vectors() {
    let mut host = host();
    host.receive(ms(0), b"\x02\x30\x31\x2E\x32\x35\x0D");
    let reading = only(&mut host);
    assert_eq!(reading.mass, Some(Mass::from_grams(1250)));
    assert!(reading.flags.stable && !reading.flags.net);
    host.receive(ms(0), b"\x02\x30\x32\x2E\x35\x30\x4E\x0D");
    let reading = only(&mut host);
    assert!(reading.flags.net);
    assert_eq!(shown(&reading).unwrap(), "2.50");
    host.receive(ms(0), b"\x02\x3F\x61\x0D");
    assert!(only(&mut host).flags.motion);
    host.receive(ms(0), b"\x02\x3F\x64\x0D");
    let reading = only(&mut host);
    assert!(reading.flags.under && reading.mass.is_none());
}

#[test]
fn every_status_bit_and_bit_5_never_matters() {
    for low in 0..0x20_u8 {
        let mut both = Vec::new();
        for high in [0x40, 0x60] {
            let mut host = host();
            host.receive(ms(0), &[0x02, b'?', high | low, 0x0D]);
            let reading = only(&mut host);
            let f = reading.flags;
            assert_eq!(f.motion, low & 0x01 != 0);
            assert_eq!(f.over, low & 0x02 != 0);
            assert_eq!(f.under, low & 0x04 != 0);
            assert_eq!(f.fault, low & 0x08 != 0);
            assert_eq!(f.zero, low & 0x10 != 0);
            assert!(!f.stable && !f.net);
            assert_eq!((reading.mass, reading.decimal), (None, None));
            both.push(reading);
        }
        assert_eq!(both[0], both[1]);
    }
    // Without bit 6, or with bit 7, it is no status byte.
    for st in [0x01, 0x21, 0xC1, 0xFF] {
        let mut host = host();
        host.receive(ms(0), &[0x02, b'?', st, 0x0D]);
        let event = host.poll_event().unwrap().event;
        assert_eq!(event, Event::Garbage { start: 0, end: 4 });
    }
}

#[test]
fn a_weight_told_once_is_kept_for_the_same_load_only() {
    let bare = b"\x02?`\r";
    let keeps = |then: &[u8]| {
        let mut host = host();
        host.receive(ms(0), b"\x0201.25\r");
        host.receive(ms(200), bare);
        host.receive(ms(400), bare);
        let first = readings(&mut host);
        assert!(first.iter().all(|r| shown(r).as_deref() == Some("1.25")));
        host.receive(ms(600), then);
        host.receive(ms(800), bare);
        shown(readings(&mut host).last().unwrap())
    };
    assert_eq!(keeps(bare).as_deref(), Some("1.25"));
    assert_eq!(keeps(b"\x0203.00\r").as_deref(), Some("3.00"));
    for gone in [
        b"\x02?a\r",
        b"\x02?b\r",
        b"\x02?d\r",
        b"\x02?h\r",
        b"\x02?p\r",
    ] {
        assert_eq!(keeps(gone), None, "{gone:?}");
    }
    // A bare answer with nothing kept says nothing.
    let mut fresh = host();
    fresh.receive(ms(0), bare);
    assert_eq!(shown(&only(&mut fresh)), None);
    // An empty platform stays empty, whether or not the scale calls it the centre of zero.
    let mut empty = host();
    empty.receive(ms(0), b"\x0200.00\r\x02?p\r\x02?`\r");
    assert!(
        readings(&mut empty)
            .iter()
            .all(|r| r.flags.zero && r.flags.stable && r.mass.is_some())
    );
}

#[test]
fn silence_and_reset_forget_the_kept_weight() {
    let mut host = host();
    assert!(asks(&mut host, 0).is_some());
    host.receive(ms(10), b"\x0201.25\r");
    assert!(asks(&mut host, 200).is_some());
    assert!(asks(&mut host, 700).is_some());
    host.receive(ms(710), b"\x02?`\r");
    assert_eq!(shown(readings(&mut host).last().unwrap()), None);
    host.receive(ms(720), b"\x0201.25\r\x0202");
    host.reset();
    assert_eq!(host.poll_event(), None);
    host.receive(ms(730), b".00\r\x02?`\r");
    assert_eq!(
        host.poll_event().unwrap().event,
        Event::Garbage { start: 0, end: 4 }
    );
    assert_eq!(shown(&only(&mut host)), None);
}

#[test]
fn a_weight_from_before_a_tare_is_never_taken_for_one_after_it() {
    let mut host = host();
    assert_eq!(asks(&mut host, 0), Some(b"W".to_vec()));
    // The command waits for the answer that is under way.
    host.command(ms(10), Command::Tare).unwrap();
    assert_eq!(host.poll_transmit(), None);
    host.receive(ms(20), b"\x0201.25\r");
    assert_eq!(shown(&only(&mut host)).as_deref(), Some("1.25"));
    assert_eq!(host.poll_transmit(), Some(b"T".to_vec()));
    host.receive(ms(30), b"\x02?`\r");
    assert_eq!(shown(&only(&mut host)), None);
    assert_eq!(asks(&mut host, 230), Some(b"W".to_vec()));
    host.receive(ms(240), b"\x0200.00N\r");
    let reading = only(&mut host);
    assert!(reading.flags.net && reading.flags.zero);

    // The answer to a poll that was given up arrives while the tare is under way.
    assert_eq!(asks(&mut host, 440), Some(b"W".to_vec()));
    host.command(ms(450), Command::Tare).unwrap();
    assert_eq!(asks(&mut host, 940), Some(b"T".to_vec()));
    host.receive(ms(950), b"\x0201.25\r\x02?`\r");
    assert!(readings(&mut host).iter().all(|r| shown(r).is_none()));
}

#[test]
fn commands_go_one_by_one_and_have_a_limit() {
    let mut host = host();
    for command in [
        Command::Zero,
        Command::Tare,
        Command::ClearTare,
        Command::Request,
    ] {
        host.command(ms(0), command).unwrap();
    }
    host.command(ms(0), Command::Zero).unwrap();
    assert_eq!(host.command(ms(0), Command::Zero), Err(CommandError::Busy));
    let mut now = 0;
    for letter in [b"Z", b"T", b"C", b"W", b"Z"] {
        if letter == b"W" {
            // Clearing a tare takes the scale 150 ms.
            assert_eq!(host.poll_transmit(), None);
            assert_eq!(host.poll_timeout(), Some(ms(now + 150)));
            assert_eq!(asks(&mut host, now + 149), None);
            now += 150;
            host.handle_timeout(ms(now));
        }
        assert_eq!(host.poll_transmit().as_deref(), Some(&letter[..]));
        assert_eq!(asks(&mut host, now + 1), None);
        let answer: &[u8] = if letter == b"W" {
            b"\x0200.00\r"
        } else {
            b"\x02?p\r"
        };
        now += 5;
        host.receive(ms(now), answer);
    }
    assert_eq!(host.poll_transmit(), None);
}

#[test]
fn what_is_half_received_does_not_answer_a_later_question() {
    let mut host = host();
    assert!(asks(&mut host, 0).is_some());
    host.receive(ms(5), b"\x0200.00\r\x0201.");
    assert!(asks(&mut host, 200).is_some());
    host.receive(ms(210), b"25\r");
    assert_eq!(shown(&only(&mut host)).as_deref(), Some("0.00"));
    host.receive(ms(220), b"\x0202.00\r");
    assert_eq!(
        host.poll_event().unwrap().event,
        Event::Garbage { start: 7, end: 14 }
    );
    assert_eq!(shown(&only(&mut host)).as_deref(), Some("2.00"));
}

#[test]
fn due_times_move_on_even_if_nobody_sends() {
    let mut host = host();
    let mut now = ms(0);
    for _ in 0..100 {
        host.handle_timeout(now);
        let due = host.poll_timeout().unwrap();
        assert!(due > now, "{due:?} at {now:?}");
        now = due;
    }
    assert!(now >= ms(10_000));
}

#[test]
fn weights_without_a_point_need_to_be_told_where_it_is() {
    let mut plain = host();
    plain.receive(ms(0), b"\x0200125\r");
    assert_eq!(
        plain.poll_event().unwrap().event,
        Event::Garbage { start: 0, end: 7 }
    );
    let options = Options {
        implied_decimals: Some(2),
        ..Options::new(Unit::Pound)
    };
    let mut told = Toledo8217::new(options);
    told.receive(ms(0), b"\x0200125\r\x0201.500\r");
    let all = readings(&mut told);
    assert_eq!(shown(&all[0]).unwrap(), "1.25");
    assert_eq!(shown(&all[1]).unwrap(), "1.500");
    assert_eq!(all[0].unit, Some(Unit::Pound));
}

#[test]
fn what_is_no_weight_is_refused_not_guessed() {
    for body in [
        "01,25", "-1.25", "+1.25", ".25", "1.", "1.2.3", "", "N", "12kg", "1e3", " 1.25",
    ] {
        let mut host = host();
        let frame = format!("\u{2}{body}\r");
        host.receive(ms(0), frame.as_bytes());
        let end = u64::try_from(frame.len()).unwrap();
        assert_eq!(
            host.poll_event().unwrap().event,
            Event::Garbage { start: 0, end },
            "{body:?}"
        );
        assert_eq!(host.poll_event(), None);
    }
}

#[test]
fn a_frame_that_stops_is_garbage_and_the_next_one_counts() {
    let mut host = host();
    host.receive(ms(0), b"\x0201.");
    host.receive(ms(300), b"\x0202.00\r");
    assert_eq!(
        host.poll_event().unwrap().event,
        Event::Garbage { start: 0, end: 4 }
    );
    let emitted = host.poll_event().unwrap();
    assert_eq!(emitted.raw, b"\x0202.00\r");
    assert_eq!(emitted.at, ms(300));
    // A continuation after the pause is not glued on.
    host.receive(ms(400), b"\x0201.");
    host.receive(ms(800), b"25\r");
    host.handle_timeout(ms(2000));
    let events: Vec<_> = std::iter::from_fn(|| host.poll_event())
        .map(|e| e.event)
        .collect();
    assert_eq!(
        events,
        [
            Event::Garbage { start: 11, end: 15 },
            Event::Garbage { start: 15, end: 18 },
        ]
    );
}

#[test]
fn a_wrong_line_setting_is_named() {
    let mut host = host();
    assert_eq!(host.hint(), None);
    host.receive(ms(0), &[0x82, 0x30, 0xB1, 0x2E, 0xB2, 0x35, 0x8D]);
    assert_eq!(host.hint(), Some(Hint::SevenEven));
    assert!(
        host.hint()
            .unwrap()
            .to_string()
            .contains("parity = \"even\"")
    );
    // Right again, and the hint goes.
    host.receive(ms(10), b"\x0201.25\r");
    assert_eq!(host.hint(), None);
    let odd = |b: u8| {
        if b.count_ones().is_multiple_of(2) {
            b | 0x80
        } else {
            b
        }
    };
    let bytes: Vec<u8> = b"\x0201.25\r".iter().map(|b| odd(*b)).collect();
    host.receive(ms(20), &bytes);
    assert_eq!(host.hint(), Some(Hint::SevenOdd));
}

#[test]
fn the_probe_knows_its_answer() {
    let good = b"\x02E\rhello";
    for cut in 0..good.len() {
        assert_eq!(probe_answer(&good[..cut]), None);
    }
    assert_eq!(probe_answer(good), Some(true));
    assert_eq!(probe_answer(b"Ehello"), Some(false));
    let mut scale = CommandParser::default();
    scale.receive(PROBE);
    scale.receive(PROBE_END);
    let mut answer = Vec::new();
    while let Some(command) = scale.poll() {
        match command {
            DeviceCommand::EchoOn => answer.extend(encode_ack(Some(b'E'))),
            DeviceCommand::Echo(byte) => answer.push(byte),
            DeviceCommand::EchoOff => answer.extend(encode_ack(Some(b'F'))),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(answer, b"\x02E\rhello\x02F\r");
    assert_eq!(probe_answer(&answer), Some(true));
}

#[test]
fn an_echo_is_no_garbage_and_a_forgotten_echo_mode_is_left() {
    let mut host = Toledo8217::new(Options::new(Unit::Kilogram));
    let events = |host: &mut Toledo8217| std::iter::from_fn(|| host.poll_event()).count();
    host.handle_timeout(ms(0));
    assert_eq!(host.poll_transmit().as_deref(), Some(b"W".as_slice()));
    host.receive(ms(5), b"W\x0201.250\r");
    assert_eq!(events(&mut host), 1);
    // The letter once is an echo; again, or before it was sent, it is noise.
    host.receive(ms(10), b"W");
    host.handle_timeout(ms(400));
    assert_eq!(events(&mut host), 1);
    // The letter comes back and nothing else.
    assert_eq!(host.poll_transmit().as_deref(), Some(b"W".as_slice()));
    host.receive(ms(410), b"W");
    host.handle_timeout(ms(900));
    assert_eq!(host.poll_transmit().as_deref(), Some(b"F".as_slice()));
    host.receive(ms(910), b"\x02F\r");
    host.handle_timeout(ms(1200));
    assert_eq!(
        (events(&mut host), host.poll_transmit()),
        (0, Some(b"W".to_vec()))
    );
    // A line with echo and a dead scale: it is asked for the weight again all the same.
    let mut asked = vec![Vec::new()];
    for second in 2..8 {
        host.receive(ms(second * 1000), &asked[asked.len() - 1]);
        host.handle_timeout(ms(second * 1000 + 600));
        asked.push(host.poll_transmit().unwrap());
    }
    let count = |letter: &[u8]| asked.iter().filter(|a| *a == letter).count();
    assert_eq!((count(b"W"), count(b"F")), (3, 3), "{asked:?}");
}

#[test]
fn the_scale_side_reads_every_command() {
    let mut scale = CommandParser::default();
    scale.receive(b"WHZT01250\rCABFx");
    use DeviceCommand as C;
    let got: Vec<C> = std::iter::from_fn(|| scale.poll()).collect();
    let wanted = [
        C::Weight,
        C::HighResolution,
        C::Zero,
        C::KeyboardTare("01250".into()),
        C::ClearTare,
        C::Test,
        C::TestResult,
        C::EchoOff,
        C::Other(b'x'),
    ];
    assert_eq!(got, wanted);
    scale.receive(b"TW");
    assert_eq!(
        [scale.poll(), scale.poll()],
        [Some(C::Tare), Some(C::Weight)]
    );
    scale.receive(b"T");
    assert!(scale.pending() && scale.poll().is_none());
    scale.flush();
    assert_eq!(scale.poll(), Some(C::Tare));
    scale.receive(b"T12");
    scale.flush();
    assert_eq!(scale.poll(), Some(C::Other(b'T')));
    // The parity bit is the line's business.
    scale.receive(&[b'W' | 0x80]);
    assert_eq!(scale.poll(), Some(C::Weight));
    for _ in 0..10_000 {
        scale.receive(b"W");
    }
    assert!(std::iter::from_fn(|| scale.poll()).count() <= 256);
}

proptest! {
    #[test]
    fn what_a_scale_encodes_the_host_reads(
        mantissa in 0_i64..100_000, places in 1_i8..4, net: bool,
    ) {
        let decimal = Decimal { mantissa, exponent: -places };
        let mut host = host();
        host.receive(ms(0), &encode_weight(decimal, net));
        let reading = only(&mut host);
        prop_assert_eq!(reading.decimal, Some(decimal));
        prop_assert_eq!(reading.flags.net, net);
        prop_assert_eq!(reading.flags.zero, mantissa == 0);
        host.receive(ms(0), &encode_status(status::OVER | status::NET_OR_ONE));
        prop_assert!(only(&mut host).flags.over);
    }

    /// Whatever comes, whenever: no panic, no value beside a range flag, due times in the future.
    #[test]
    fn no_reading_ever_has_a_value_it_must_not_have(
        steps in proptest::collection::vec(
            (0_u64..700, proptest::collection::vec(
                prop_oneof![
                    any::<u8>(), Just(0x02), Just(0x0D), Just(b'?'), Just(b'.'), Just(b'1'),
                    Just(b'`'),
                ], 0..12),
             0_u8..6), 0..60),
    ) {
        let mut host = host();
        let mut now = 0;
        for (wait, bytes, what) in steps {
            now += wait;
            match what {
                0 => { host.handle_timeout(ms(now)); }
                1 => { host.command(ms(now), Command::Zero).ok(); }
                2 => { host.poll_transmit(); }
                _ => host.receive(ms(now), &bytes),
            }
            while let Some(emitted) = host.poll_event() {
                if let Event::Mass(reading) = emitted.event {
                    let f = reading.flags;
                    prop_assert_eq!(reading.mass.is_some(), reading.decimal.is_some());
                    prop_assert!(!(reading.mass.is_some() && (f.forbids_value() || f.motion)));
                    prop_assert!(!f.stable || reading.mass.is_some());
                    prop_assert_eq!(emitted.raw.first(), Some(&0x02));
                }
            }
        }
        host.handle_timeout(ms(now));
        prop_assert!(host.poll_timeout().unwrap() > ms(now));
    }
}
