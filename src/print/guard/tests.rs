//! Every row, every case that is known from the field, and hostile streams.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod model;

use super::table::{Action, ROWS, Scope, find};
use super::*;
use model::Model;
use proptest::prelude::*;

fn stock() -> Preamble {
    Preamble::default()
}

/// A printer after the preamble.
fn ready() -> Model {
    let mut model = Model::default();
    model.run(&stock().format());
    model
}

fn after(stream: &[u8]) -> Model {
    let mut model = ready();
    model.run(stream);
    model
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Guards a label and checks what must hold for all.
fn checked(stream: &[u8]) -> Guarded {
    let guarded = guard(stream, &stock());
    let again = guard(&guarded.bytes, &stock());
    let mut dirty = Model::default();
    for (name, value) in [
        ("PO", "I"),
        ("LH", "9,9"),
        ("MC", "N"),
        ("MU", "M"),
        ("LR", "Y"),
    ] {
        dirty.state.insert(name.to_owned(), value.to_owned());
    }
    dirty.run(&guarded.bytes);
    let shown = text(&guarded.bytes);
    if guarded.labels == 0 {
        assert!(guarded.bytes.is_empty(), "{shown}");
        return guarded;
    }
    assert_eq!(dirty.state, ready().state, "{shown}");
    assert_eq!(dirty.files.len(), 0, "{shown}");
    for command in &dirty.seen {
        assert!(
            allowed(command),
            "{}{}: {shown}",
            command.prefix,
            command.name
        );
    }
    let printed = after(&guarded.bytes).printed;
    assert_eq!(printed.len(), guarded.labels as usize, "{shown}");
    assert_eq!(printed, after(&again.bytes).printed, "{shown}");
    assert_eq!(again.labels, guarded.labels);
    guarded
}

/// What may reach a printer; independent of the table.
fn allowed(command: &model::Command) -> bool {
    let parameters = text(&command.parameters);
    let name = command.name.as_str();
    if command.prefix == '~' {
        let stores = ["DG", "DY", "DB", "DS", "DT", "DU", "DE"].contains(&name);
        return stores && parameters.starts_with("R:");
    }
    match name {
        "ID" | "DF" | "IS" => parameters.starts_with("R:"),
        "PQ" => parameters == "1",
        "MC" => parameters == "Y",
        "JZ" => parameters == "N",
        "LT" => parameters == "0",
        "JM" | "MU" | "SN" | "SF" => true,
        "CC" | "CT" | "CD" | "CW" | "PR" | "PP" | "PN" | "PF" | "PH" | "XB" | "XS" => false,
        "ZZ" | "TO" | "LF" | "CM" | "CO" | "CN" | "CP" | "FL" => false,
        _ => !name.starts_with(['D', 'E', 'H', 'J', 'K', 'M', 'N', 'R', 'S', 'W']),
    }
}

fn sentences(guarded: &Guarded) -> String {
    let lines: Vec<String> = guarded.report.iter().map(Done::to_string).collect();
    lines.join("\n")
}

#[test]
fn the_table_is_sorted_and_every_row_does_what_it_says() {
    assert!(ROWS.is_sorted_by(|a, b| a.command < b.command));
    for row in ROWS {
        let (prefix, name) = row.command.split_at(1);
        let name = name.replace('?', "7");
        let prefix = prefix.chars().next().unwrap();
        assert_eq!(find(prefix, &name).command, row.command);
        let parameters = match (row.action, row.command) {
            (Action::Stock, _) => "400",
            (Action::Graphic, _) => "A,1,1,1,FF",
            (Action::Single, _) => "3",
            (Action::Recall, "^A@") => "N,9,9,E:X.TTF",
            (Action::Store, "~DY") => "E:X,A,G,1,1,FF",
            (Action::Store | Action::Recall, _) => "E:X.GRF,1,1,FF",
            (Action::Font, _) => "0N,30,30",
            (Action::Letter, _) => "Q,E:X.TTF",
            (Action::Begin | Action::End | Action::FieldEnd, _) => "",
            (Action::Characters, _) => "+",
            _ => "7",
        };
        let command = format!("{prefix}{name}{parameters}");
        let last = "^XA^FO1,1^GB9,9,1^FS^XZ";
        let stream = format!("^XA^FO1,1^GB9,9,1^FS{command}\r\n^XZ{last}");
        let guarded = checked(stream.as_bytes());
        let inside = guarded
            .bytes
            .strip_prefix(stock().format().as_slice())
            .unwrap();
        let closing = [b"^XA".as_slice(), &stock().commands()].concat();
        let end = inside.windows(closing.len()).rposition(|w| w == closing);
        // Commands that are set back beyond the preamble stand before it.
        let shown = text(&inside[..end.unwrap_or(inside.len())]);
        let passes = shown.contains(&command);
        let said = |act: Act| {
            let known = |done: &&Done| done.action == act && done.command.starts_with(prefix);
            guarded.report.iter().filter(known).count()
        };
        let row_name = row.command;
        match row.action {
            Action::Drop => {
                assert!(!passes && said(Act::LeftOut) == 1, "{row_name}: {shown}");
                assert_ne!(row.scope, Scope::Field, "{row_name}");
            }
            Action::Comment => assert!(!passes && guarded.report.is_empty(), "{row_name}"),
            Action::Reset | Action::Stock => {
                assert!(
                    passes && said(Act::KeptAndReset) == 1,
                    "{row_name}: {shown}"
                );
                assert_eq!(row.scope, Scope::Stays, "{row_name}");
            }
            Action::Single => {
                assert!(shown.contains("^PQ1\r\n") && said(Act::PrintedOnce) == 1);
            }
            Action::Store => {
                let volatile = command.replace("E:", "R:");
                assert!(shown.contains(&volatile), "{row_name}: {shown}");
                assert_eq!(said(Act::KeptInMemory), 1, "{row_name}");
            }
            Action::Recall => assert!(passes && said(Act::Kept) == 1, "{row_name}: {shown}"),
            Action::Letter => assert!(!passes && said(Act::NamedInFields) == 1),
            Action::Characters => assert!(!passes && said(Act::Rewritten) == 1, "{row_name}"),
            Action::End => assert_eq!(
                sentences(&guarded),
                "^XZ stands outside of any label: left out"
            ),
            Action::Begin => assert!(guarded.damaged),
            // What draws outside of a closed field is closed.
            _ => assert!(
                passes && said(Act::Added) == guarded.report.len(),
                "{row_name}: {shown}"
            ),
        }
    }
}

#[test]
fn what_carriers_ship_leaves_the_printer_as_it_was() {
    let body = "^FO50,50^A0N,40,40^FDJane Roe^FS^FO50,99^BY3^BCN,99,Y,N^FD>;1234^FS";
    let cases = [
        (
            "^MCN",
            "^MCN makes the next label print over this one: left out",
        ),
        (
            "^MMT",
            "^MMT sets what happens to labels after printing: left out",
        ),
        (
            "^POI",
            "^POI turns later labels upside down: kept for this label, reset after it",
        ),
        (
            "~SD24",
            "~SD24 sets the darkness for good and wears the head: left out",
        ),
        (
            "^PQ2,0,1,Y",
            "^PQ2,0,1,Y prints more than one copy of a paid label: printed once",
        ),
        (
            "^JUS",
            "^JUS saves all settings in the printer for good: left out",
        ),
        ("~JR", "~JR resets the printer: left out"),
        (
            "~HS",
            "~HS asks the printer for an answer nobody here expects: left out",
        ),
        (
            "^IDE:*.*",
            "^IDE:*.* deletes files stored in the printer: left out",
        ),
        (
            "^NS1,10.0.0.1",
            "^NS1,10.0.0.1 changes the printer's network: left out",
        ),
        (
            "^KP1234",
            "^KP1234 changes the printer's password: left out",
        ),
        ("^QX", "^QX is a command unknown here: kept as it is"),
        ("~QX", "~QX is a control command unknown here: left out"),
        (
            "^LL4000",
            "^LL4000 is larger than the stock in the printer: limited to the stock, \
            reset after it",
        ),
        (
            "^PW100",
            "^PW100 crops later labels to another width: kept for this label, reset \
            after it",
        ),
    ];
    for (command, sentence) in cases {
        let guarded = checked(format!("^XA^CI28{command}\n{body}^XZ\n").as_bytes());
        let said = sentences(&guarded);
        assert!(
            said.lines().any(|line| line == sentence),
            "{command}: {said}"
        );
        assert!(!guarded.damaged && guarded.labels == 1, "{command}");
        assert!(
            text(&guarded.bytes).contains("^FDJane Roe^FS^FO50,99^BY3"),
            "{command}"
        );
    }
}

#[test]
fn a_printer_command_between_or_inside_labels_goes() {
    let stream = "! U1 setvar \"device.languages\" \"epl\"\r\n^XA^FO1,1^FDa\n! U1 do \"reset\" \"\"\
        \r\n^FS ! U1 getvar \"x\"\r\n^XZ! U1 setvar \"ip.addr\" \"0.0.0.0\"\r\nhello";
    let guarded = checked(stream.as_bytes());
    let out = text(&guarded.bytes);
    assert!(
        !out.contains("setvar") && !out.contains("getvar") && !out.contains("\n!"),
        "{out}"
    );
    assert!(out.contains("^FDa! U1 do"), "{out}");
    let said = sentences(&guarded);
    assert!(
        said.contains("sets or asks something in the printer in another language"),
        "{said}"
    );
    assert!(
        said.contains("hello stands outside of any command: left out"),
        "{said}"
    );
    let guarded = checked(b"^XA^FO1,1^FDa\x02b\x03c\x0fd\x1de^FS^XZ\x02^PQ9\x03");
    assert!(
        text(&guarded.bytes).contains("^FDabcd\x1de^FS"),
        "{guarded:?}"
    );
}

#[test]
fn a_tilde_that_is_a_parameter_stays() {
    let stream = b"^XA^FO1,1^BXN,8,200,0,0,1,~^FH^FD_7E1010400^FS^XZ";
    let guarded = checked(stream);
    let out = text(&guarded.bytes);
    assert!(
        out.contains("^BXN,8,200,0,0,1,~^FH^FD_7E1010400^FS"),
        "{out}"
    );
    assert_eq!(guarded.report, []);
    let guarded = checked(b"^XA^FO1,1^FDx^FS~^FO1,1,~^FDy^FS^XZ");
    assert_eq!(text(&guarded.bytes).matches('~').count(), 0);
}

#[test]
fn what_the_printer_does_anyway_needs_no_word() {
    let label = b"^XA^MCY^PON^LH0,0^PW812^LT0^JZN^FO1,1^FDx^FS^PQ1^XZ";
    assert_eq!(checked(label).report, []);
    let other = Preamble {
        inverted: true,
        ..stock()
    };
    let said = sentences(&guard(label, &other));
    assert_eq!(
        said,
        "^PON turns later labels upside down: kept for this label, reset after it"
    );
}

#[test]
fn commands_are_shown_with_the_usual_characters() {
    let said = sentences(&checked(b"^XA^CC|+|FO1,1|FDx|FS|PQ3|MMT|XZ"));
    assert!(
        said.contains("^PQ3 prints more than one copy of a paid label: printed once"),
        "{said}"
    );
    assert!(said.contains("^MMT sets what happens"), "{said}");
}

#[test]
fn a_graphic_closed_by_a_wrong_command_is_closed() {
    let stream = b"^XA^FO9,9^GFA,4,4,1,FF00FF00^DN^FO50,50^A0N,40,40^FDafter^FS^XZ";
    let guarded = checked(stream);
    let out = text(&guarded.bytes);
    assert!(
        out.contains("^GFA,4,4,1,FF00FF00^FS^FO50,50^A0N,40,40^FDafter^FS^XZ"),
        "{out}"
    );
    assert!(sentences(&guarded).contains("^FS is missing at the end of a field: added"));
    assert!(!guarded.damaged);
}

#[test]
fn changed_characters_are_written_with_the_usual_ones() {
    let stream = b"^XA^CC+~CT%+FO9,9+CD;+FO10;20+BY2;3;50+A0N;40;40+FDtwo^~hats_5E+FS\
        +FO1;1+FH#+FD#41^#7E_41+FS+FO5;5+GFA;2;2;1;F,!+FS+FO3;3+FDa~JAb+FS%JA+XZ";
    let guarded = checked(stream);
    let out = text(&guarded.bytes);
    for part in [
        "^FO9,9^FO10,20^BY2,3,50^A0N,40,40^FH_^FDtwo_5E_7Ehats_5F5E^FS",
        "^FO1,1^FH_^FDA_5E_7E_5F41^FS",
        "^FO5,5^GFA,2,2,1,F,!^FS",
        "^FO3,3^FH_^FDa_7EJAb^FS",
    ] {
        assert!(out.contains(part), "{part}: {out}");
    }
    assert_eq!(after(&guarded.bytes).printed, after(stream).printed);
    let mut later = after(&guarded.bytes);
    later.run(b"^XA^FO1,1^FDz^FS^XZ");
    assert_eq!(later.printed.len(), 2);
}

#[test]
fn what_a_label_stores_is_gone_after_it() {
    let stream = b"~DGE:LOGO.GRF,2,1,FFFF\r\n~DYE:FACE,A,T,2,,FFFF\r\n^XA^DFE:FORM.ZPL^FS\
        ^FO1,1^FN1^FS^FO9,9^XGE:LOGO.GRF,1,1^FS^XZ^XA^CWQ,E:FACE.TTF^FS^XFE:FORM.ZPL^FS\
        ^FN1^FDJane^FS^FO5,5^AQN,30,20^FDx^FS^FO6,6^A@N,9,9,E:FACE.TTF^FDy^FS\
        ^FO7,7^XGE:OTHER.GRF,1,1^FS^XZ^XA^IDE:FORM.ZPL^FS^XZ";
    let guarded = checked(stream);
    let out = text(&guarded.bytes);
    for part in [
        "~DGR:LOGO.GRF,2,1,FFFF\r\n~DYR:FACE,A,T,2,,FFFF",
        "^DFR:FORM.ZPL^FS",
        "^XGR:LOGO.GRF,1,1^FS",
        "^XFR:FORM.ZPL^FS",
        "^A@N,30,20,R:FACE.TTF^FDx",
        "^A@N,9,9,R:FACE.TTF^FDy",
        "^XGE:OTHER.GRF,1,1^FS",
        "^IDR:LOGO.*^FS^IDR:FACE.*^FS^IDR:FORM.*^FS^XZ",
    ] {
        assert!(out.contains(part), "{part}: {out}");
    }
    assert_eq!(guarded.labels, 1);
    assert_eq!(after(&guarded.bytes).printed, after(stream).printed);
    let bad = checked(b"~DGE:../X.GRF,1,1,FF^XA^FO1,1^XGE:X.GRF^FS^XZ");
    assert!(bad.damaged, "{bad:?}");
}

#[test]
fn counted_binary_data_passes_byte_for_byte() {
    let every: Vec<u8> = (0..=255).collect();
    let picture = [b"^XA^FO1,1^GFB,256,256,16,".as_slice(), &every, b"^FS^XZ"].concat();
    let file = [b"~DYR:F,B,G,256,16,".as_slice(), &every, &picture].concat();
    for stream in [picture, file] {
        let guarded = checked(&stream);
        let whole = |w: &[u8]| w == every;
        let count = |bytes: &[u8]| bytes.windows(256).filter(|w| whole(w)).count();
        assert_eq!(count(&guarded.bytes), count(&stream));
        assert!(
            !guarded.damaged && guarded.labels == 1,
            "{:?}",
            guarded.report
        );
    }
}

#[test]
fn cut_and_missing_ends_are_said() {
    for (stream, labels) in [
        (b"^XA^FO1,1^FDa^FS".as_slice(), 1),
        (b"^XA^FO1,1^FDa^FS^XA^FO1,1^FDb^FS^XZ", 2),
        (b"^XA^FO1,1^FDa^FS^FO9,9^GFB,9999,9999,9,abc", 1),
        (b"^XA^FO1,1^FDa^FS^GFC,3,3,1,abc^FS^XZ", 1),
        (b"^XA^FO1,1^FDa^FS^GFB,99999999999,3,1,abc^FS^XZ", 1),
    ] {
        let guarded = checked(stream);
        assert!(guarded.damaged, "{}", text(stream));
        assert_eq!(guarded.labels, labels, "{}", text(stream));
    }
    for nothing in [
        b"".as_slice(),
        b"^XA^XZ",
        b"^FO1,1^FDa^FS",
        b"^XA^PON^XZ",
        b"EPL\nN\n",
    ] {
        let guarded = checked(nothing);
        assert_eq!(
            (guarded.labels, guarded.damaged),
            (0, false),
            "{}",
            text(nothing)
        );
    }
    let long = vec![b' '; STREAM_BYTES_MAX + 1];
    assert!(checked(&long).damaged);
}

#[test]
fn several_labels_keep_the_settings_they_share() {
    let stream = b"^XA^LH20,10^CFD^XZ^XA^FO1,1^FDa^FS^PQ1^XZ\r\n^XA^POI^FO1,1^FDb^FS^PQ7^XZ";
    let guarded = checked(stream);
    assert_eq!(guarded.labels, 2);
    assert_eq!(after(&guarded.bytes).printed, after(stream).printed);
}

#[test]
fn huge_and_repeated_input_is_bounded() {
    let many = "^XA^FO1,1^FDx^FS^XZ".repeat(LABELS_MAX as usize + 5);
    let guarded = guard(many.as_bytes(), &stock());
    assert_eq!((guarded.labels, guarded.damaged), (LABELS_MAX, true));
    let endless = guard("^XA".repeat(2_000_000).as_bytes(), &stock());
    assert!(endless.damaged && endless.bytes.is_empty());
    let noise: String = (0..200_000_u32)
        .map(|n| format!("^{}{}", char::from(b'!' + (n % 61) as u8), n % 97))
        .collect();
    let guarded = guard(format!("^XA^FO1,1^FDx^FS{noise}^XZ").as_bytes(), &stock());
    assert!(guarded.report.len() <= 100, "{}", guarded.report.len());
}

/// Commands that labels are made of, good and bad.
fn commands() -> impl Strategy<Value = String> {
    let number = 0_u32..900;
    let fixed: Vec<&'static str> = vec![
        "^FS",
        "^FR",
        "^FH^FD_41b_^FS",
        "^POI",
        "^PON",
        "^PMY",
        "^LRY",
        "^FWR",
        "^CI28",
        "^CFD,18",
        "^MCN",
        "^MMT",
        "^MNY",
        "~SD24",
        "^MD5",
        "^JUS",
        "~JR",
        "~JA",
        "^PQ2",
        "^PR6",
        "~HS",
        "^LT30",
        "^LS5",
        "^BY3",
        "^BCN,99,Y",
        "^IDR:A.GRF",
        "^XGR:A.GRF,1,1",
        "~DGE:A.GRF,1,1,FF",
        "^GFA,2,2,1,F:",
        "^FO2,2^GB9,9,1^FS",
        "^MUI",
        "^MUD",
        "^CVY",
        "^PA1,1,1,1",
        "^JMB",
        "^NS",
        "^FX note",
        "^QQ",
        "~QQ",
        "\r\n",
        "^DFE:F.ZPL",
        "^A0N,30,30",
        "^AQN,9,9",
        "^CWQ,E:T.TTF",
        "^FN1",
        "^ISR:P.GRF,N",
        "^LH3,4",
        "^PW700",
        "^LL900",
        "^ST01",
        "^SE",
        "^KP1",
        "^SN1,1,Y",
    ];
    prop_oneof![
        6 => proptest::sample::select(fixed).prop_map(str::to_owned),
        2 => (number.clone(), number).prop_map(|(x, y)| format!("^FO{x},{y}")),
        2 => "[ -\\]_-}]{0,12}".prop_map(|data| format!("^FD{data}^FS")),
    ]
}

fn label() -> impl Strategy<Value = String> {
    let body = proptest::collection::vec(commands(), 0..14);
    proptest::collection::vec(body, 1..4).prop_map(|labels| {
        let label = |body: &Vec<String>| format!("^XA{}^XZ", body.concat());
        labels.iter().map(label).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn labels_print_the_same_with_and_without_the_guard(stream in label()) {
        // Left out on purpose, and seen in the print: tables of characters, hidden deletion.
        let stream = stream.replace("^SE", "").replace("^IDR:A.GRF", "");
        let guarded = checked(stream.as_bytes());
        let printed = after(stream.as_bytes()).printed;
        prop_assert_eq!(after(&guarded.bytes).printed, printed);
    }

    #[test]
    fn mutated_labels_never_harm(
        stream in label(),
        changes in proptest::collection::vec((any::<usize>(), any::<u8>(), 0..4_u8), 0..12),
    ) {
        let mut bytes = stream.into_bytes();
        for (at, byte, how) in changes {
            let at = at % (bytes.len() + 1);
            match how {
                0 => bytes.insert(at, byte),
                1 if at < bytes.len() => { bytes.remove(at); }
                2 if at < bytes.len() => bytes[at] = byte,
                3 => bytes.insert(at, b"^~,+;!\nB"[usize::from(byte) % 8]),
                _ => {}
            }
        }
        checked(&bytes);
    }

    #[test]
    fn random_bytes_never_harm(
        bytes in proptest::collection::vec(
            prop_oneof![any::<u8>(), Just(b'^'), Just(b'X')], 0..200,
        ),
    ) {
        checked(&bytes);
        checked(&[b"^XA^FO1,1^FDx^FS".as_slice(), &bytes].concat());
        for change in ["^CC", "~CT", "^CD", "^CD;^CC", "~CT;^CC", "^CC;~CD"] {
            let stream = [b"^XA^FO1,1^FDx^FS".as_slice(), change.as_bytes(), &bytes, b"^XZ"];
            checked(&stream.concat());
        }
    }
}
