//! Every bit of every status table, as the references list them.

use super::get;
use firstscan_drivers::printer::{Heard, Notice, PrinterStatus, Reply, ReplyStream};

/// Everything heard in an answer, as flags; `unknown` for bytes that are none.
pub fn hear(id: &str, query: &str, bytes: &[u8]) -> String {
    let mut stream = ReplyStream::new(get(id), Some(query)).unwrap();
    stream.receive(bytes);
    stream.finish();
    let said = std::iter::from_fn(|| stream.poll()).map(|heard| match heard {
        Heard::Status(status) => status.flags().join(" "),
        Heard::Identity(i) => format!("{}/{}", i.model, i.firmware),
        Heard::Counter(labels) => labels.to_string(),
        Heard::Faults(faults) => faults.flags().join(" "),
        Heard::Notice(Notice::Status(status)) => format!("by itself: {}", status.flags().join(" ")),
        Heard::Notice(notice) => format!("{notice:?}"),
        Heard::Garbage { .. } => "unknown".into(),
    });
    said.collect::<Vec<_>>().join("; ")
}

fn each(id: &str, query: &str, table: &[(&[u8], &str)]) {
    for (bytes, wanted) in table {
        let shown = bytes.escape_ascii();
        assert_eq!(hear(id, query, bytes), *wanted, "{id} {query} {shown}");
    }
}

/// One byte per bit, the others as in `base`.
fn bits(id: &str, query: &str, base: &[u8], at: usize, table: [&str; 8]) {
    for (bit, wanted) in table.into_iter().enumerate() {
        if wanted == "fixed" {
            // Tells the kind of answer; another value is another kind.
            continue;
        }
        let mut bytes = base.to_vec();
        bytes[at] |= 1 << bit;
        assert_eq!(hear(id, query, &bytes), wanted, "{id} {query} {at}.{bit}");
    }
}

#[test]
fn silence_is_no_status() {
    for language in firstscan_drivers::printer::LANGUAGES {
        for query in language.queries() {
            assert_eq!(language.parse_reply(query, b""), Reply::Incomplete);
            assert_eq!(hear(language.id(), query.name, b""), "");
        }
    }
}

#[test]
fn zpl() {
    let answer = |changes: &[(usize, usize, &str)]| {
        let mut lines = [
            "030,0,0,0812,000,0,0,0,000,0,0,0",
            "000,0,0,0,0,2,4,0,00000000,1,000",
            "1234,0",
        ]
        .map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
        for (line, field, value) in changes {
            lines[*line][*field] = (*value).to_owned();
        }
        let framed = lines.map(|fields| format!("\x02{}\x03\r\n", fields.join(",")));
        hear("zpl", "hs", framed.concat().as_bytes())
    };
    assert_eq!(answer(&[]), "");
    for (line, field, value, wanted) in [
        (0, 1, "1", "paper_out"),
        (0, 2, "1", "paused"),
        (0, 4, "003", "busy"),
        (0, 5, "1", "buffer_full"),
        (0, 6, "1", "diagnostic"),
        (0, 7, "1", "busy"),
        (0, 9, "1", "corrupt_memory"),
        (0, 10, "1", "under_temperature"),
        (0, 11, "1", "over_temperature"),
        (1, 2, "1", "head_open"),
        (1, 3, "1", "ribbon_out"),
        (1, 7, "1", "label_waiting"),
        (1, 8, "00000007", "busy"),
        // Settings, not states.
        (0, 0, "511", ""),
        (0, 3, "1218", ""),
        (1, 4, "1", ""),
        (1, 5, "5", ""),
        (1, 10, "012", ""),
        (2, 1, "1", ""),
    ] {
        assert_eq!(answer(&[(line, field, value)]), wanted, "{line}.{field}");
    }
    let errors = [
        "paper_out",
        "ribbon_out",
        "head_open",
        "cutter_fault",
        "over_temperature",
        "motor_over_temperature",
        "bad_head_element",
        "head_detection_error",
        "firmware_configuration",
        "thermistor_open",
        "unknown_error",
        "unknown_error",
        "paper_jam",
        "presenter_not_running",
        "paper_feed_error",
        "clear_path_failed",
        "paused",
        "retract_timed_out",
        "black_mark_calibration",
        "black_mark_not_found",
    ];
    let warnings = [
        "calibrate_media",
        "clean_head",
        "replace_head",
        "paper_low",
        "paper_before_head",
        "black_mark",
        "paper_after_head",
        "loop_ready",
        "presenter",
        "retract_ready",
        "in_retract",
        "at_bin",
        "unknown_warning",
    ];
    let told = |errors: u32, warnings: u32| {
        let text = format!(
            "\x02\r\n  PRINTER STATUS\r\n  ERRORS:         1 00000000 {errors:08X}\r\n  \
             WARNINGS:       1 00000000 {warnings:08X}\r\n\x03"
        );
        hear("zpl", "hqes", text.as_bytes())
    };
    for (bit, name) in errors.into_iter().enumerate() {
        assert_eq!(told(1 << bit, 0), format!("{name} unknown_warning"));
    }
    for (bit, name) in warnings.into_iter().enumerate() {
        assert_eq!(told(0, 1 << bit), format!("unknown_error {name}"));
    }
    each(
        "zpl",
        "odometer",
        &[
            (b"\"1234\"", "1234"),
            (b"\"?\"", "unknown"),
            (b"\x02ALERT: PAPER OUT\x03\"7\"", "Other; 7"),
            (b"ALERT: HEAD OPEN\r\n\"8\"", "Other; 8"),
        ],
    );
}

#[test]
fn epl2() {
    each(
        "epl2",
        "ee",
        &[
            (b"00\r\n", ""),
            (b"00\n", ""),
            (b"01\r\n", "label_refused"),
            (b"02\r\n", "label_refused"),
            (b"03\r\n", "label_refused"),
            (b"04\r\n", "buffer_full"),
            (b"05\r\n", "label_refused"),
            (b"06\r\n", "communication_fault"),
            (b"07\r\n", "paper_out"),
            (b"08\r\n", "label_refused"),
            (b"09\r\n", "label_refused"),
            (b"10\r\n", "label_refused"),
            (b"11\r\n", "head_open"),
            (b"12\r\n", "paused"),
            (b"13\r\n", "over_temperature"),
            (b"14\r\n", "motor_over_temperature"),
            (b"15\r\n", "battery_low"),
            (b"16\r\n", "battery_low"),
            (b"50\r\n", "busy"),
            (b"62\r\n", "under_temperature"),
            (b"80\r\n", "printer_fault"),
            (b"81\r\n", "cutter_fault"),
            (b"82\r\n", "sensor_fault"),
            (b"83\r\n", "printer_fault"),
            (b"84\r\n", "feed_fault"),
            (b"93\r\n", "label_refused"),
            (b"07,11\r\n", "paper_out head_open"),
            (b"77\r\n", "unknown"),
            (b"00,77\r\n", "unknown"),
            (b"00,00,00\r\n", "unknown"),
            (b"\x0600\r\n", "Other; "),
            (b"\x1507\x1000\r\n", "by itself: paper_out; Other; "),
        ],
    );
    each(
        "epl2",
        "uq",
        &[
            (b"UKQ1935HLU       V4.42\r\n", "UKQ1935HLU/V4.42"),
            (b"q816 Q1218,24\r\n", "unknown"),
        ],
    );
}

#[test]
fn tspl() {
    let names = [
        "head_open",
        "jam",
        "paper_out",
        "ribbon_out",
        "paused",
        "busy",
        "cover_open",
        "printer_fault",
    ];
    bits("tspl", "status", b"\0", 0, names);
    each(
        "tspl",
        "status",
        &[(b"\0", ""), (b"\x05", "paper_out head_open")],
    );
    let detail =
        |b1: u8, b2: u8, b3: u8, b4: u8| hear("tspl", "detail", &[2, b1, b2, b3, b4, 3, 13, 10]);
    for (b1, wanted) in [
        (0x40, ""),
        (0x60, "paused"),
        (0x42, "feeding busy"),
        (0x43, "cutting busy"),
        (0x45, "printer_fault"),
        (0x46, "feeding busy"),
        (0x4B, "waiting_for_key"),
        (0x4C, "label_waiting"),
        (0x50, "busy"),
        (0x57, "busy"),
        (0x41, "unknown"),
    ] {
        assert_eq!(detail(b1, 0x40, 0x40, 0x40), wanted, "{b1:02x}");
    }
    let sets = [
        ["paper_low", "ribbon_low", "", "buffer_full", "", ""],
        [
            "over_temperature",
            "motor_over_temperature",
            "head_fault",
            "cutter_fault",
            "memory_fault",
            "",
        ],
        [
            "paper_out",
            "jam",
            "ribbon_out",
            "ribbon_jam",
            "",
            "head_open",
        ],
    ];
    for (byte, names) in sets.into_iter().enumerate() {
        for (bit, wanted) in names.into_iter().enumerate() {
            let mut b = [0x40; 3];
            b[byte] |= 1 << bit;
            assert_eq!(
                detail(0x40, b[0], b[1], b[2]),
                wanted,
                "b{} bit {bit}",
                byte + 2
            );
        }
    }
    each(
        "tspl",
        "model",
        &[(b"TTP-244 Pro\r\n", "TTP-244 Pro/"), (b"\r\n", "unknown")],
    );
}

#[test]
fn escpos() {
    let ok = [0x12; 4];
    let (cover, paper) = ("head_open", "paper_out");
    let fixed = "";
    bits(
        "escpos",
        "status",
        &ok,
        0,
        [
            "fixed",
            fixed,
            "drawer",
            "offline",
            fixed,
            "waiting_for_recovery",
            "feed_button",
            "fixed",
        ],
    );
    bits(
        "escpos",
        "status",
        &ok,
        1,
        [
            "fixed",
            fixed,
            cover,
            "feed_button",
            fixed,
            paper,
            "printer_fault",
            "fixed",
        ],
    );
    bits(
        "escpos",
        "status",
        &ok,
        2,
        [
            "fixed",
            fixed,
            "recoverable",
            "cutter_fault",
            fixed,
            "unrecoverable",
            "recoverable",
            "fixed",
        ],
    );
    bits(
        "escpos",
        "status",
        &ok,
        3,
        [
            "fixed",
            fixed,
            "paper_low",
            "paper_low",
            fixed,
            paper,
            paper,
            "fixed",
        ],
    );
    each(
        "escpos",
        "status",
        &[(b"\x16\x12\x12\x72", "paper_out drawer")],
    );
    let automatic = |at: usize, names: [&str; 8]| {
        for (bit, wanted) in names.into_iter().enumerate() {
            let mut bytes = [0x10, 0, 0, 0];
            bytes[at] |= 1 << bit;
            let wanted = match wanted {
                "unknown" | "4" => continue,
                flag => format!("by itself: {flag}"),
            };
            assert_eq!(hear("escpos", "status", &bytes), wanted, "{at}.{bit}");
        }
    };
    automatic(
        0,
        [
            "unknown",
            "unknown",
            "drawer",
            "offline",
            "",
            cover,
            "feed_button",
            "unknown",
        ],
    );
    automatic(
        1,
        [
            "waiting_for_recovery",
            "feed_button",
            "mechanical_fault",
            "cutter_fault",
            "unknown",
            "unrecoverable",
            "recoverable",
            "unknown",
        ],
    );
    automatic(
        2,
        [
            "paper_low",
            "paper_low",
            paper,
            paper,
            "unknown",
            "",
            "",
            "unknown",
        ],
    );
    automatic(3, ["", "", "", "", "unknown", "", "", "unknown"]);
    each(
        "escpos",
        "dle-eot",
        &[
            (b"\x12\x12\x12", ""),
            (b"\x1A\x12\x12", "offline"),
            (b"\x32\x12\x12", "waiting"),
            (b"\x12\x16\x12", "head_open"),
            (b"\x12\x52\x12", "error"),
            (b"\x12\x32\x12", paper),
            (b"\x12\x12\x72", paper),
            (b"\x12\x12\x1E", "paper_low"),
        ],
    );
    each(
        "escpos",
        "model",
        &[(b"_TM-T88V\0_30.14 ESC/POS\0", "TM-T88V/30.14 ESC/POS")],
    );
}

/// Answers, an automatic status, a confirmation, flow control and a queued answer, mixed.
#[test]
fn escpos_replies_told_apart() {
    let token = get("escpos").confirmation(0x00AB_CDEF);
    assert_eq!(&token[..7], b"\x1D(H\x06\0\x30\x30");
    assert!(token[7..].iter().all(|d| (0x20..=0x7E).contains(d)) && token.len() == 11);
    let confirmed = [b"\x37\x22", &token[7..], b"\0"].concat();
    let mixed = [
        b"\x12\x13\x12".as_slice(),
        &confirmed,
        b"\x11\x10\x00\x0C\x00\x12\x00\x5Fmodel\0\x16",
    ]
    .concat();
    let printed = format!("Printed {{ token: Some({}) }}", 0x00AB_CDEF);
    let wanted = format!("Other; {printed}; Other; by itself: paper_out; paper_low");
    let last = mixed.len() - 1;
    let mut mixed = mixed;
    mixed[last] = 0x16;
    assert_eq!(hear("escpos", "status", &mixed), wanted);
}

#[test]
fn cpcl() {
    bits(
        "cpcl",
        "status",
        b"\0",
        0,
        [
            "busy",
            "paper_out",
            "head_open",
            "battery_low",
            "was_reset",
            "unknown",
            "unknown",
            "unknown",
        ],
    );
    bits(
        "cpcl",
        "detail",
        b"\0",
        0,
        [
            "",
            "",
            "",
            "",
            "jam",
            "label_waiting",
            "paper_low",
            "ribbon_out",
        ],
    );
    each(
        "cpcl",
        "version",
        &[(b"QLn320 V68.19\0", "/QLn320 V68.19"), (b"\0", "unknown")],
    );
    each("cpcl", "odometer", &[(b"\"55\"", "55")]);
}

#[test]
fn dpl() {
    let names = [
        "busy",
        "paper_out",
        "ribbon_out",
        "busy",
        "busy",
        "paused",
        "label_waiting",
        "rewinder",
        "cutter_fault",
        "paper_out",
        "ribbon_saver",
        "head_open",
        "top_of_form",
        "ribbon_low",
        "",
        "",
    ];
    for (n, wanted) in names.into_iter().enumerate() {
        let letter = |i: usize| if i == n { "Y" } else { "N" };
        let [first, second] = [0, 8].map(|from| (from..from + 8).map(letter).collect::<String>());
        let long = format!("{first}:{second}\r");
        assert_eq!(hear("dpl", "detail", long.as_bytes()), wanted, "{n}");
        if n < 8 {
            assert_eq!(
                hear("dpl", "soh-a", format!("{first}\r").as_bytes()),
                wanted,
                "{n}"
            );
            let byte = 0x80_u8 >> n;
            assert_eq!(hear("dpl", "flags", &[byte, b'\r']), wanted, "{n}");
        }
    }
    each(
        "dpl",
        "remaining",
        &[(b"0000\r", ""), (b"0012\r", "busy"), (b"00x2\r", "unknown")],
    );
}

#[test]
fn sbpl() {
    let groups = [
        (b'0', "paused", false),
        (b'A', "", false),
        (b'G', "busy", true),
        (b'M', "label_waiting busy", true),
        (b'S', "busy", true),
    ];
    let with = |flags: &str, extra: &[&str]| {
        let mut all: Vec<&str> = flags.split(' ').chain(extra.iter().copied()).collect();
        all.retain(|f| !f.is_empty());
        all.sort_unstable();
        all.dedup();
        all.join(" ")
    };
    for (first, flags, _) in groups {
        for (n, extra) in [
            [].as_slice(),
            &["ribbon_low"],
            &["buffer_nearly_full"],
            &["ribbon_low", "buffer_nearly_full"],
            &["paused"],
        ]
        .into_iter()
        .enumerate()
        {
            let letter = char::from(first + u8::try_from(n).unwrap());
            let heard = hear(
                "sbpl",
                "enq",
                format!("\x02  {letter}000000\x03").as_bytes(),
            );
            assert_eq!(with(&heard, &[]), with(flags, extra), "{letter}");
        }
    }
    let errors = [
        "buffer_full",
        "head_open",
        "paper_out",
        "ribbon_out",
        "media_fault",
        "sensor_fault",
        "head_fault",
        "cover_open",
        "card_fault",
        "cutter_fault",
        "printer_fault",
        "unknown",
    ];
    for (letter, wanted) in (b'a'..).zip(errors) {
        let answer = [b"\x02  ".as_slice(), &[letter], b"000000\x03"].concat();
        assert_eq!(hear("sbpl", "enq", &answer), wanted);
    }
}

#[test]
fn brother_ql() {
    let frame = |set: &[(usize, u8)]| {
        let mut frame = [0_u8; 32];
        frame[..6].copy_from_slice(b"\x80\x20\x42480");
        set.iter().for_each(|(at, value)| frame[*at] = *value);
        frame
    };
    bits(
        "brother-ql",
        "status",
        &frame(&[]),
        8,
        [
            "paper_out",
            "paper_out",
            "cutter_fault",
            "battery_low",
            "locked",
            "switched_off",
            "power_fault",
            "fan_fault",
        ],
    );
    bits(
        "brother-ql",
        "status",
        &frame(&[]),
        9,
        [
            "wrong_media",
            "buffer_full",
            "communication_fault",
            "memory_fault",
            "head_open",
            "cancelled",
            "feed_fault",
            "printer_fault",
        ],
    );
    for (set, wanted) in [
        (vec![], ""),
        (vec![(18, 1)], "Printed { token: None }"),
        (vec![(18, 2), (8, 2)], "by itself: paper_out"),
        (vec![(18, 4)], "by itself: switched_off"),
        (vec![(18, 5), (22, 3)], "by itself: cooling"),
        (vec![(18, 5), (22, 4)], "Other"),
        (vec![(18, 6), (19, 1)], "Printing"),
        (vec![(18, 6)], "Other"),
        (vec![(19, 1)], "busy"),
    ] {
        assert_eq!(
            hear("brother-ql", "status", &frame(&set)),
            wanted,
            "{set:?}"
        );
    }
    for (code, wanted) in [
        (b"450", "QL-700/"),
        (b"480", "QL-800/"),
        (b"490", "QL-810W/"),
        (b"4A0", "QL-820NWB/"),
        (b"4C0", "QL-1100/"),
        (b"4D0", "QL-1110NWB/"),
        (b"0O0", "QL-500/550/"),
        (b"0Q0", "QL-650TD/"),
        (b"0P0", "QL-1050/"),
        (b"410", "QL-560/"),
        (b"420", "QL-570/"),
        (b"430", "QL-580N/"),
        (b"440", "QL-1060N/"),
        (b"4Z0", "unknown 4Z0/"),
    ] {
        let set: Vec<(usize, u8)> = (3..).zip(code.iter().copied()).collect();
        assert_eq!(hear("brother-ql", "model", &frame(&set)), wanted);
    }
}

#[test]
fn dymo() {
    bits(
        "dymo",
        "status",
        b"\x03",
        0,
        [
            "",
            "",
            "unknown",
            "unknown",
            "unknown",
            "paper_out",
            "jam",
            "printer_fault",
        ],
    );
    each(
        "dymo",
        "status",
        &[
            (b"\x01", "busy"),
            (b"\xA2", "paper_out"),
            (b"\x00", "printer_fault"),
            (b"\x05", "unknown"),
        ],
    );
    each("dymo", "version", &[(b"93089v0R  ", "/93089v0R")]);
}

#[test]
fn dymo_550_and_wireless() {
    let frame = |set: &[(usize, u8)]| {
        let mut frame = [0_u8; 32];
        (frame[10], frame[30], frame[31]) = (8, 1, 0xFF);
        set.iter().for_each(|(at, value)| frame[*at] = *value);
        frame
    };
    let mut cases: Vec<(Vec<(usize, u8)>, &str)> = vec![(vec![], "")];
    let states = [
        "",
        "busy",
        "printer_fault",
        "cancelled",
        "busy",
        "locked",
        "unknown",
    ];
    cases.extend((0..).zip(states).map(|(n, wanted)| (vec![(0, n)], wanted)));
    let bays = [
        "",
        "head_open",
        "paper_out",
        "media_fault",
        "",
        "paper_out",
        "paper_low",
        "paper_low",
        "",
        "jam",
        "wrong_media",
    ];
    cases.extend((0..).zip(bays).map(|(n, wanted)| (vec![(10, n)], wanted)));
    let heads = ["", "over_temperature", ""];
    cases.extend((0..).zip(heads).map(|(n, wanted)| (vec![(8, n)], wanted)));
    let voltages = ["", "", "", "power_fault", "power_fault"];
    cases.extend(
        (0..)
            .zip(voltages)
            .map(|(n, wanted)| (vec![(30, n)], wanted)),
    );
    cases.push((vec![(23, 7)], "printer_fault"));
    cases.push((vec![(31, 0)], "unknown"));
    for (set, wanted) in cases {
        let heard = hear("dymo-550", "status", &frame(&set));
        // A byte that is none may stand before what reads as the start of another frame.
        assert_eq!(heard, wanted, "{set:?}");
    }
    let wireless = |set: &[(usize, u8)]| {
        let mut frame = [0_u8; 32];
        frame[10] = 8;
        set.iter().for_each(|(at, value)| frame[*at] = *value);
        hear("dymo-wireless", "status", &frame)
    };
    assert_eq!(wireless(&[]), "");
    assert_eq!(wireless(&[(0, 1)]), "busy");
    assert_eq!(wireless(&[(7, 1)]), "top_of_form");
    assert_eq!(wireless(&[(10, 2)]), "paper_out");
    assert_eq!(wireless(&[(15, 1)]), "paper_out");
}

/// What needs a hand keeps the next label back; what does not, does not.
#[test]
fn faults_are_faults_and_warnings_are_not() {
    let one = |id: &str, bytes: &[u8]| -> PrinterStatus {
        let language = get(id);
        match language.parse_reply(&language.queries()[0], bytes) {
            Reply::Status(status, _) => status,
            other => panic!("{other:?}"),
        }
    };
    for fault in [
        one("tspl", &[0x02]),
        one("tspl", &[0x40]),
        one("tspl", &[0x80]),
        one("epl2", b"81\r\n"),
        one("dymo", &[0x43]),
        one("sbpl", b"\x02  j000000\x03"),
        one("escpos", b"\x1A\x12\x12\x12"),
    ] {
        assert!(fault.fault() && !fault.busy(), "{fault:?}");
    }
    for well in [
        one("epl2", b"03\r\n"),
        one("epl2", b"15\r\n"),
        one("cpcl", &[0x18]),
        one("sbpl", b"\x02  D000000\x03"),
        one("escpos", b"\x16\x12\x12\x1E"),
    ] {
        assert!(!well.fault() && !well.busy(), "{well:?}");
    }
}
