//! Orders and items in, carriers, and the fixtures the demo plays.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use firstscan::carrier::Tables;
use firstscan::content::address::label_lines;
use firstscan::content::control::Control;
use firstscan::content::script::Unprintable;
use firstscan::domain::desk::{AssignRequest, Desk};
use firstscan::domain::order::{Item, OrderStatus};
use firstscan::domain::{OrderId, Wall};
use firstscan::label::import::{self, Kind};
use firstscan::label::printable;
use firstscan::sync::inbound::{
    Document, Incoming, Language, ORDER_CSV_HEADER, ORDER_SCHEMA, Person, Refused, Rules, items,
    person_hash, read, read_one,
};
use firstscan_drivers::bitmap::Resolution;
use firstscan_drivers::mass::Mass;
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn glyphs(text: &str) -> Result<(), Unprintable> {
    let missing = text.chars().filter(|c| "\u{738b}\u{1f600}".contains(*c));
    Unprintable::check(missing.collect())
}

fn carrier_known(id: &str) -> bool {
    ["house", "post", "swift"].contains(&id)
}

/// Orders are handed over at once.
const NOW: Wall = Wall {
    unix_ms: 1_795_226_700_000,
    offset_min: 60,
};

const RULES: Rules<'static> = Rules {
    printable: &glyphs,
    carrier_known: &carrier_known,
};

fn person(order: &OrderId) -> Person {
    Person {
        id: format!("p-{order}"),
        salt: format!("salt of {order}"),
    }
}

fn all(body: &[u8], language: Language) -> Vec<Result<Document, Refused>> {
    read(body, language, &RULES, &mut person)
}

fn one(order: &Value) -> Result<Document, Refused> {
    read_one(order.to_string().as_bytes(), &RULES, &mut person)
}

fn incoming(document: Result<Document, Refused>) -> Incoming {
    match document {
        Ok(Document::Order(incoming)) => *incoming,
        other => panic!("{other:?}"),
    }
}

fn problems(document: Result<Document, Refused>) -> Vec<String> {
    let refused = document.expect_err("refused");
    refused.problems.iter().map(ToString::to_string).collect()
}

fn good() -> Value {
    json!({
        "id": "TT-1", "seller": "Nordlicht Outdoor", "channel": "tiktok-shop",
        "ship_to": {
            "name": "Erika Mustermann", "lines": ["Heidestraße 17"], "postcode": "51147",
            "city": "Köln", "country": "DE",
        },
        "lines": [{"sku": "MUG", "title": "Mug", "quantity": 2}],
    })
}

/// The good order with one value replaced; `null` removes it.
fn with(path: &str, value: Value) -> Value {
    let mut order = good();
    let (parent, key) = path.rsplit_once('/').unwrap();
    let target = order.pointer_mut(parent).unwrap();
    match target {
        Value::Object(map) if value.is_null() => drop(map.remove(key)),
        Value::Object(map) => drop(map.insert(key.to_owned(), value)),
        Value::Array(list) => list[key.parse::<usize>().unwrap()] = value,
        other => panic!("{other}"),
    }
    order
}

fn label(document: &[u8]) -> Value {
    use base64::Engine as _;
    let document = base64::engine::general_purpose::STANDARD.encode(document);
    json!({
        "carrier": "swift", "service": "parcel", "tracking_number": "SFT98 0004-17263f",
        "document": document,
    })
}

// --- what is taken ------------------------------------------------------------------------------

#[test]
fn a_good_order_becomes_an_order_without_names() {
    let taken = incoming(one(&good()));
    let order = &taken.order;
    assert_eq!((order.id.as_str(), order.version), ("TT-1", 1));
    assert_eq!(order.status, OrderStatus::Waiting);
    assert_eq!((order.country.as_str(), order.pieces()), ("DE", 2));
    assert_eq!(order.ship_to.hash, person_hash(&taken.salt, &taken.address));
    assert_eq!(order.fingerprint.len(), 64);
    let text = serde_json::to_string(order).unwrap();
    for secret in ["Erika", "Heidestra", "51147", "Köln"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
}

#[test]
fn the_same_content_has_the_same_fingerprint_however_it_is_written() {
    let print = |body: &str| incoming(all(body.as_bytes(), Language::Json).remove(0)).order;
    let plain = print(&good().to_string());
    let pretty = print(&serde_json::to_string_pretty(&good()).unwrap());
    assert_eq!(plain, pretty);
    let mut spaced = good();
    spaced["ship_to"]["name"] = json!("  Erika   Mustermann ");
    spaced["ship_to"]["phone"] = Value::Null;
    assert_eq!(print(&format!("\u{feff}{spaced}")), plain);
    let csv = format!(
        "{ORDER_CSV_HEADER}\r\nTT-1,Nordlicht Outdoor,tiktok-shop,,Erika Mustermann,,\
         Heidestraße 17,,,51147,Köln,,DE,,,,,MUG,Mug,1\r\nTT-1,,,,,,,,,,,,,,,,,MUG,Mug,1\r\n"
    );
    let from_csv = incoming(all(csv.as_bytes(), Language::Csv).remove(0)).order;
    assert_eq!(from_csv, plain, "one order, whatever the language");

    let changes = [
        with(
            "/lines/0",
            json!({"sku": "MUG", "title": "Mug", "quantity": 3}),
        ),
        with("/ship_to/city", json!("Bonn")),
        with("/seller", json!("Other")),
        with("/service", json!("express")),
        with("/value", json!({"amount": "19.90", "currency": "EUR"})),
        with("/promised_by", json!("2026-11-24")),
    ];
    let mut prints: BTreeSet<String> = changes
        .iter()
        .map(|order| incoming(one(order)).order.fingerprint)
        .collect();
    prints.insert(plain.fingerprint.clone());
    assert_eq!(prints.len(), 7);
    // Without the salt nothing can be guessed back from the fingerprint.
    let other = |_: &OrderId| Person {
        id: "p".into(),
        salt: "another".into(),
    };
    let Ok(Document::Order(again)) =
        read_one(good().to_string().as_bytes(), &RULES, &mut { other })
    else {
        panic!()
    };
    assert_ne!(again.order.fingerprint, plain.fingerprint);
}

/// A station that is updated gets its orders again: the ones it has must not look changed.
#[test]
fn an_order_without_the_newer_fields_keeps_its_fingerprint() {
    let order = incoming(one(&good())).order;
    assert_eq!(
        (order.area.as_str(), &order.value, &order.promised),
        ("511", &None, &None)
    );
    // Of the same order as version 0.1.0 wrote it, which knew neither area nor value nor day.
    let old = "c692be63c630483d4d1525323e457ef893cb2d6926510955d2a530a0c6e2fc98";
    assert_eq!(order.fingerprint, old);
}

#[test]
fn value_and_promised_day_are_exact_in_both_languages() {
    let mut order = with("/value", json!({"amount": "1299.5", "currency": "EUR"}));
    order["promised_by"] = json!(" 2026-11-24 ");
    let taken = incoming(one(&order)).order;
    let value = taken.value.clone().unwrap();
    assert_eq!((value.minor, value.currency.as_str()), (129_950, "EUR"));
    assert_eq!(taken.promised.as_deref(), Some("2026-11-24"));
    let csv = format!(
        "{ORDER_CSV_HEADER}\nTT-1,Nordlicht Outdoor,tiktok-shop,,Erika Mustermann,,Heidestraße \
         17,,,51147,Köln,,DE,,1299.50,EUR,2026-11-24,MUG,Mug,2\n"
    );
    let from_csv = incoming(all(csv.as_bytes(), Language::Csv).remove(0)).order;
    assert_eq!(from_csv, taken);
}

#[test]
fn every_problem_of_value_and_promised_day_names_field_cause_and_remedy() {
    let value = |amount: &str, currency: &str| {
        with("/value", json!({"amount": amount, "currency": currency}))
    };
    refused_with(&[
        (value("", "EUR"), "value.amount: is missing: give 19.99"),
        (
            value("-1", "EUR"),
            "value.amount: \"-1\" is no amount: give 19.99",
        ),
        (
            value("1.999", "EUR"),
            "value.amount: \"1.999\" has more than 2 decimals",
        ),
        (
            value("1.5", "JPY"),
            "value.amount: \"1.5\" has more than 0 decimals",
        ),
        (
            value("1", "EURO"),
            "value.currency: \"EURO\" is no currency: give",
        ),
        (
            with("/value", json!({"amount": 19.9, "currency": "EUR"})),
            "value.amount: is a number: give a text in quotation marks",
        ),
        (
            with("/value", json!({"amount": "1"})),
            "value.currency: is missing",
        ),
        (
            with("/value", json!("19 EUR")),
            "value: is a text: give an object with amount",
        ),
        (
            with("/promised_by", json!("2026-02-30")),
            "promised_by: \"2026-02-30\" is no day: give the buyer's day as 2026-11-24",
        ),
        (
            with("/promised_by", json!("20261124")),
            "promised_by: \"20261124\" is no day",
        ),
        (
            with("/promised_by", json!("2026-11-24T00:00Z")),
            "promised_by: \"2026-11-24T00:00Z\" is no day",
        ),
        (
            with("/promised_by", json!(20261124)),
            "promised_by: is a number: give a text",
        ),
    ]);
}

#[test]
fn lines_of_one_article_are_put_together() {
    let lines = json!([
        {"sku": "A", "title": "First", "quantity": 2}, {"sku": "B", "title": "B", "quantity": 1},
        {"sku": "A", "title": "Again", "quantity": 3},
    ]);
    let order = incoming(one(&with("/lines", lines))).order;
    let told: Vec<_> = order
        .lines
        .iter()
        .map(|l| (l.sku.as_str(), l.quantity))
        .collect();
    assert_eq!(told, [("A", 5), ("B", 1)]);
    let many = json!([
        {"sku": "A", "title": "A", "quantity": 500}, {"sku": "A", "title": "A", "quantity": 500},
    ]);
    let told = problems(one(&with("/lines", many)));
    assert_eq!(
        told,
        ["lines[1].quantity: 1000 pieces of A in all: split the order at 999 pieces"]
    );
}

#[test]
fn a_carriers_label_is_kept_as_it_came() {
    for (bytes, format) in [
        (&b"%PDF-1.4 x"[..], "pdf"),
        (b"\x89PNG\r\n\x1a\nx", "png"),
        (b"\xff\xd8\xff\xe0", "jpeg"),
    ] {
        let taken = incoming(one(&with("/carrier_label", label(bytes))));
        let kept = taken.label.unwrap();
        assert_eq!((kept.format, kept.bytes.as_slice()), (format, bytes));
        let label = taken.order.carrier_label.unwrap();
        assert_eq!(label.tracking_number, "SFT98000417263F");
        assert_eq!((label.format.as_str(), label.document.len()), (format, 64));
    }
    // A platform that ships itself masks the address: nothing of it is printed here.
    let mut masked = with("/carrier_label", label(b"%PDF-1.4"));
    masked["ship_to"] = json!({"name": "J***", "city": "S***", "country": "US"});
    assert_eq!(incoming(one(&masked)).order.country, "US");
    masked["ship_to"] = json!({"name": "J***"});
    assert!(problems(one(&masked))[0].starts_with("ship_to.country: is missing"));
}

#[test]
fn a_cancellation_names_order_and_reason() {
    let cancel = json!({"cancel": "TT-1", "reason": " the buyer changed their mind "});
    let Ok(Document::Cancel { order, reason }) = one(&cancel) else {
        panic!()
    };
    assert_eq!(
        (order.as_str(), reason.as_str()),
        ("TT-1", "the buyer changed their mind")
    );
    assert_eq!(
        problems(one(&json!({"cancel": "TT-1"}))),
        ["reason: is missing: give it as a text"]
    );
    let told = problems(one(&json!({"cancel": "", "reason": "x", "why": 1})));
    assert!(
        told[0].contains("why") && told[1].starts_with("cancel: is missing"),
        "{told:?}"
    );
}

#[test]
fn neighbours_of_a_bad_order_are_taken() {
    let list = json!([good(), with("/seller", Value::Null), {"cancel": "TT-9", "reason": "x"}]);
    let read = all(list.to_string().as_bytes(), Language::Json);
    assert!(read[0].is_ok() && read[2].is_ok());
    let refused = read[1].as_ref().unwrap_err();
    assert_eq!(refused.order, "TT-1");
    let told = refused.problems[0].to_string();
    assert_eq!(told, "[1]: seller: is missing: give it as a text");
    let both = read_one(list.to_string().as_bytes(), &RULES, &mut person);
    assert!(problems(both)[0].contains("more than one order"));
}

// --- what is refused ----------------------------------------------------------------------------

/// Every order is refused, with few problems of which one says what is wanted.
fn refused_with(cases: &[(Value, &str)]) {
    for (order, want) in cases {
        let told = problems(one(order));
        assert!(
            told.iter().any(|line| line.contains(want)),
            "{want}\n{told:?}"
        );
        assert!(told.len() <= 4, "{told:?}");
        assert!(told.iter().all(|line| line.contains(": ")), "{told:?}");
    }
}

#[test]
fn every_problem_of_an_orders_head_names_field_cause_and_remedy() {
    refused_with(&[
        (
            with("/id", Value::Null),
            "id: is missing: give it as a text",
        ),
        (
            with("/id", json!(7)),
            "id: is a number: give a text in quotation marks",
        ),
        (
            with("/id", json!("a b")),
            "id: \"a b\" is no usable id: give 1 to 64 letters",
        ),
        (
            with("/id", json!("xctlokxi")),
            "id: \"xctlokxi\": XCTL begins the station's control",
        ),
        (with("/seller", json!(" ")), "seller: is missing"),
        (
            with("/seller", json!("a\u{7}")),
            "seller: \"a\\u{7}\" has the control character U+0007",
        ),
        (
            with("/seller", json!("a".repeat(61))),
            "has 61 characters: shorten it to 60",
        ),
        (
            with("/channel", json!("tik/tok")),
            "channel: \"tik/tok\" cannot be compared",
        ),
        (
            with("/service", json!("schnell!")),
            "service: \"schnell!\" cannot be compared",
        ),
        (
            with("/schema", json!("order-v2")),
            "schema: \"order-v2\" is unknown here: write order-v1",
        ),
        (
            with("/gift", json!(true)),
            "gift: is no field here: remove it; the fields are",
        ),
        (
            with("/ship_to", Value::Null),
            "ship_to: is missing: give the recipient's address",
        ),
        (
            with("/ship_to", json!("Köln")),
            "ship_to: is a text: give an object with name, company",
        ),
        (
            with("/ship_to/street", json!("x")),
            "ship_to.street: is no field here",
        ),
        (
            with("/ship_to/name", Value::Null),
            "ship_to.name: is missing: give the recipient's name",
        ),
        (
            with("/ship_to/name", json!("E*** M***")),
            "ship_to.name: \"E*** M***\" is masked: ask",
        ),
        (
            with("/ship_to/name", json!("\u{738b}")),
            "ship_to.name: no printable form of \u{738b} (U+738B) in",
        ),
        (
            with("/ship_to/lines", json!([])),
            "ship_to.lines: the street is missing",
        ),
        (
            with("/ship_to/lines", json!("x")),
            "ship_to.lines: is a text: give a list",
        ),
        (
            with("/ship_to/lines", json!(["x 1", 2])),
            "ship_to.lines[1]: is a number: give a text",
        ),
        (
            with("/ship_to/postcode", json!("")),
            "ship_to.postcode: is missing",
        ),
        (
            with("/ship_to/country", json!("XX")),
            "ship_to.country: \"XX\" is no country",
        ),
        (
            with("/ship_to/country", json!("DE\u{301}")),
            "ship_to.country: ",
        ),
    ]);
}

#[test]
fn every_problem_of_a_line_names_field_cause_and_remedy() {
    let sku = |sku: &str| with("/lines/0/sku", json!(sku));
    let quantity = |quantity: Value| with("/lines/0/quantity", quantity);
    refused_with(&[
        (with("/lines", Value::Null), "lines: the order has no lines"),
        (
            with("/lines", json!({})),
            "lines: is an object: give a list",
        ),
        (
            with("/lines", json!(vec![good()["lines"][0].clone(); 201])),
            "lines: 201 lines: send at most 200",
        ),
        (
            with("/lines/0", json!("MUG")),
            "lines[0]: is a text: give an object with sku, title",
        ),
        (sku("XCTLX"), "lines[0].sku: \"XCTLX\": XCTL begins"),
        (sku("a\u{e9}"), "lines[0].sku: \"a\u{e9}\" is no usable id"),
        (
            with("/lines/0/title", json!("")),
            "lines[0].title: is missing",
        ),
        (
            quantity(json!(0)),
            "lines[0].quantity: 0 is no quantity: give a whole number from 1",
        ),
        (
            quantity(json!(1000)),
            "lines[0].quantity: 1000 is no quantity",
        ),
        (quantity(json!(-1)), "lines[0].quantity: -1 is no quantity"),
        (
            quantity(json!(1.5)),
            "lines[0].quantity: 1.5 is no quantity",
        ),
        (
            quantity(json!("2")),
            "lines[0].quantity: is a text: give a whole number from 1 to 999, without",
        ),
        (quantity(Value::Null), "lines[0].quantity: is missing"),
    ]);
}

#[test]
fn every_problem_of_a_carriers_label_names_field_cause_and_remedy() {
    let label_with = |key: &str, value: Value| {
        let mut label = label(b"%PDF-1.4");
        label[key] = value;
        with("/carrier_label", label)
    };
    refused_with(&[
        (
            label_with("carrier", json!("dhx")),
            "carrier_label.carrier: there is no carrier \"dhx\" here",
        ),
        (
            label_with("carrier", Value::Null),
            "carrier_label.carrier: is missing",
        ),
        (
            label_with("service", json!("")),
            "carrier_label.service: is missing",
        ),
        (
            label_with("tracking_number", json!("12/34")),
            "carrier_label.tracking_number: \"12/34\" is no",
        ),
        (
            label_with("tracking_number", json!("XCTLOKXI")),
            "carrier_label.tracking_number: \"XCTLOKXI\": XCTL",
        ),
        (
            label_with("document", json!("?")),
            "carrier_label.document: this is no base64",
        ),
        (
            label_with("document", json!("SGFsbG8=")),
            "carrier_label.document: the label is neither PDF",
        ),
        (
            label_with("document", json!("A".repeat(8_000_000))),
            "carrier_label.document: the label is too large",
        ),
        (
            with("/carrier_label", json!([])),
            "carrier_label: is a list: give an object",
        ),
    ]);
}

#[test]
fn all_problems_of_an_order_are_told_at_once_and_none_twice() {
    let bad = json!({"id": "", "lines": [{}], "ship_to": {"country": "DE"}, "x": 1});
    let told = problems(one(&bad));
    let fields: BTreeSet<&str> = told
        .iter()
        .map(|line| line.split(": ").next().unwrap())
        .collect();
    assert_eq!(fields.len(), told.len(), "{told:?}");
    for field in [
        "id",
        "seller",
        "channel",
        "x",
        "ship_to.name",
        "ship_to.lines",
        "lines[0].sku",
    ] {
        assert!(fields.contains(field), "{field}: {told:?}");
    }
}

#[test]
fn documents_that_cannot_be_read_say_why() {
    for (body, want) in [
        (&b""[..], "the document is empty"),
        (b"\xff\xfe{\0", "the document is UTF-16: save it as UTF-8"),
        (b"{\"id\": \"\xe9\"}", "the document is no UTF-8 (byte 8)"),
        (
            b"{\"id\": }",
            "line 1, column 8: this is no JSON (expected value)",
        ),
        (
            b"{\"id\": \"a\", \"id\": \"b\"}",
            "key \"id\" is given twice",
        ),
        (b"[]", "the list has 0 orders: send 1 to 2000"),
        (b"7", "is a number: give an object with schema, id"),
        (b"[[]]", "[0]: is a list: give an object"),
        (b"{} {}", "trailing characters"),
    ] {
        let mut read = all(body, Language::Json);
        assert_eq!(read.len(), 1);
        let told = problems(read.remove(0));
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains(want), "{want}\n{told:?}");
    }
    let deep = "[".repeat(100_000);
    assert!(problems(all(deep.as_bytes(), Language::Json).remove(0))[0].contains("recursion"));
    let large = vec![b' '; 33 << 20];
    assert!(problems(all(&large, Language::Json).remove(0))[0].contains("split it below 32 MiB"));
}

#[test]
fn csv_problems_name_line_and_column() {
    let row =
        "TT-1,Nord,shop,,Erika Muster,,Weg 1,,,51147,Köln,,DE,,19.90,EUR,2026-11-24,MUG,Mug,2";
    let csv = |rows: &str| format!("{ORDER_CSV_HEADER}\n{rows}\n");
    let told = |text: &str| {
        let read = all(text.as_bytes(), Language::Csv);
        read.into_iter()
            .filter(Result::is_err)
            .flat_map(problems)
            .collect::<Vec<_>>()
    };
    assert_eq!(told(&csv(row)), [""; 0]);
    for (text, want) in [
        (
            ORDER_CSV_HEADER.replace(',', ";"),
            "line 1: the columns are separated by semicolons",
        ),
        (
            ORDER_CSV_HEADER.replace(',', "\t"),
            "line 1: the columns are separated by tabs",
        ),
        (
            csv("").replace("sku,", "sku,color,"),
            "line 1: \"color\" is no column here",
        ),
        (
            csv("").replace("sku,", "sku,sku,"),
            "line 1: column sku is there twice",
        ),
        (
            csv("").replace(",quantity", ""),
            "line 1: column quantity is missing: begin the file with",
        ),
        (csv(""), "there are no rows below the header"),
        (
            csv(&row.replace(",2", ",two")),
            "line 2: quantity: \"two\" is no quantity",
        ),
        (
            csv(&row.replace(",2", ",+2")),
            "line 2: quantity: \"+2\" is no quantity",
        ),
        (
            csv(&row.replace(",2", ",0")),
            "line 2: quantity: 0 is no quantity",
        ),
        (
            csv(&row.replace("TT-1", "")),
            "line 2: order_id: is missing",
        ),
        (
            csv(&row.replace("MUG", "XCTLB")),
            "line 2: sku: \"XCTLB\": XCTL begins",
        ),
        (
            csv(&row.replace("Weg 1", "***")),
            "line 2: line1: \"***\" is masked",
        ),
        (csv(&row.replace("Köln", "")), "line 2: city: is missing"),
        (
            csv(&row.replace("EUR", "")),
            "line 2: currency: is missing: give 19.99 and",
        ),
        (
            csv(&row.replace("19.90", "19,90").replace("19,90", "\"19,90\"")),
            "line 2: value: \"19,90\" is no amount: give 19.99 and",
        ),
        (
            csv(&row.replace("2026-11-24", "24.11.2026")),
            "line 2: promised_by: \"24.11.2026\" is no day: give",
        ),
        (
            csv(&row.replace("Mug,2", "Mug, big,2")),
            "line 2: row: 21 cells below 20 columns: put",
        ),
        (
            csv(&format!("{row}\n{}", row.replace("Köln", "Bonn"))),
            "line 3: city: \"Bonn\" is not what line 2 says",
        ),
        (
            csv(&format!("{row}\nTT-1,,,,,,,,,,,,,,,,,CUP,,1")),
            "line 3: title: is missing",
        ),
        (
            csv(&row.replace("Erika Muster", "\"Erika\nMuster\"")),
            "line 2: name: \"Erika\\nMuster\" has the control",
        ),
    ] {
        let told = told(&text);
        assert!(
            told.iter().any(|line| line.contains(want)),
            "{want}\n{told:?}"
        );
    }
    // Quoted commas, a byte order mark, CRLF, columns in another order and rows apart are fine.
    let moved = "\u{feff}sku,title,quantity,order_id,seller,channel,name,line1,postcode,city,\
        country\r\n\
        A,\"Mug, \"\"big\"\"\",1,T1,Nord,shop,Erika M,Weg 1,51147,Köln,DE\r\n\
        A,Cup,1,T2,Nord,shop,Anna B,Weg 2,51147,Köln,DE\r\nB,Pot,2,T1,,,,,,,\r\n";
    let read: Vec<Incoming> = all(moved.as_bytes(), Language::Csv)
        .into_iter()
        .map(incoming)
        .collect();
    assert_eq!(read.len(), 2);
    assert_eq!(read[0].order.lines.len(), 2);
    assert_eq!(read[0].order.lines[0].title, "Mug, \"big\"");
}

// --- items --------------------------------------------------------------------------------------

#[test]
fn items_come_as_json_or_csv() {
    let json = br#"[{"sku": "A", "title": "Mug", "barcodes": ["4006381333931", "A"],
        "weight": "0.350 kg", "picture": "mugs/a.PNG"},
        {"sku": "B", "title": "Cup", "barcodes": ["B"], "weight": 120},
        {"sku": "C", "title": "Pot", "barcodes": ["C"]}]"#;
    let csv = b"\xef\xbb\xbfsku,title,barcodes,weight,picture\nA,Mug,4006381333931 A,0.350 kg,\
        mugs/a.PNG\nB,Cup,B,120,\nC,Pot,C,,\n";
    let items = items::read(json).unwrap();
    assert_eq!(items, items::read(csv).unwrap());
    let grams: Vec<_> = items.iter().map(|item| item.weight).collect();
    assert_eq!(
        grams,
        [
            Some(Mass::from_grams(350)),
            Some(Mass::from_grams(120)),
            None
        ]
    );
}

#[test]
fn every_problem_of_an_item_names_place_field_and_remedy() {
    let item = |key: &str, value: Value| {
        let mut item = json!({"sku": "A", "title": "Mug", "barcodes": ["1"]});
        item[key] = value;
        json!([item]).to_string()
    };
    for (text, want) in [
        (
            item("sku", json!("XCTLA")),
            "[0]: sku: \"XCTLA\": XCTL begins",
        ),
        (
            item("sku", json!("a b")),
            "[0]: sku: \"a b\" is no usable id",
        ),
        (item("title", json!(3)), "[0]: title: is a number"),
        (
            item("barcodes", json!([])),
            "[0]: barcodes: there is none: give what is printed",
        ),
        (
            item("barcodes", json!("1")),
            "[0]: barcodes: is a text: give a list",
        ),
        (
            item("barcodes", json!([4006381333931_u64])),
            "[0]: barcodes[0]: is a number",
        ),
        (
            item("barcodes", json!(["xctlokxi"])),
            "[0]: barcodes[0]: \"xctlokxi\": XCTL begins",
        ),
        (
            item("barcodes", json!(["\u{e9}"])),
            "[0]: barcodes[0]: \"\u{e9}\" is no barcode",
        ),
        (item("weight", json!("350")), ""),
        (
            item("weight", json!("0,350 kg")),
            "[0]: weight: \"0,350 kg\" has a comma",
        ),
        (
            item("weight", json!("heavy")),
            "[0]: weight: \"heavy\" is no weight",
        ),
        (
            item("weight", json!(0)),
            "[0]: weight: 0 g is no weight of a piece",
        ),
        (
            item("weight", json!("2 kg kg")),
            "[0]: weight: \" kg kg\" is no unit of mass",
        ),
        (item("weight", json!("1001 kg")), "at most 1000 kg"),
        (
            item("weight", json!(1.5)),
            "[0]: weight: 1.5 is no weight: write 0.350 kg or whole",
        ),
        (
            item("picture", json!("../a.png")),
            "[0]: picture: \"../a.png\" is no picture below",
        ),
        (item("picture", json!("/etc/a.png")), "[0]: picture: "),
        (item("picture", json!("c:\\a.png")), "[0]: picture: "),
        (
            item("picture", json!("a.svg")),
            "[0]: picture: \"a.svg\" is no picture",
        ),
        (
            item("colour", json!("red")),
            "[0]: colour: is no field here",
        ),
        (
            "{}".to_owned(),
            "an item master is a list: put the items into square brackets",
        ),
        ("[]".to_owned(), "the document has 0 items"),
        (
            "sku;title;barcodes\n".to_owned(),
            "line 1: the columns are separated by semicolons",
        ),
        (
            "sku,title,barcodes\nA,Mug,1\nB,Cup,1\n".to_owned(),
            "line 3: barcodes[0]: \"1\" belongs to A too",
        ),
        (
            "sku,title,barcodes\nA,Mug,1\nA,Cup,2\n".to_owned(),
            "line 3: sku: \"A\" is at line 2 already",
        ),
        (
            "sku,title,barcodes\nA,Mug\n".to_owned(),
            "line 2: row: 2 cells below 3 columns",
        ),
    ] {
        let told = match items::read(text.as_bytes()) {
            Ok(_) => Vec::new(),
            Err(problems) => problems.iter().map(ToString::to_string).collect::<Vec<_>>(),
        };
        if want.is_empty() {
            assert_eq!(told, [""; 0], "{text}");
        } else {
            assert!(
                told.iter().any(|line| line.contains(want)),
                "{want}\n{told:?}"
            );
        }
    }
}

// --- the fixtures of the demo -------------------------------------------------------------------

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Script {
    format: u32,
    items: PathBuf,
    country: String,
    order: Vec<Play>,
    handover: Vec<Handover>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Play {
    note: String,
    file: String,
    id: String,
    outcome: String,
    parcels: usize,
    carrier: Option<String>,
    service: Option<String>,
    planned: Option<String>,
    steps: Vec<Step>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Handover {
    carrier: String,
    wrong_carrier: Option<String>,
    twice: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case", tag = "do")]
enum Step {
    ScanOrder { id: Option<String> },
    ScanItem { sku: String, times: Option<u32> },
    Control { name: String, param: Option<String> },
    Weigh { grams: i64 },
    Lift {},
    ScanLabel {},
    Cancel { reason: String },
    ExpectStop { code: String },
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/orders")
}

fn script() -> (Script, BTreeMap<String, Item>) {
    let text = std::fs::read_to_string(fixtures().join("script.toml")).unwrap();
    let script: Script = toml::from_str(&text).unwrap();
    assert_eq!(script.format, 1);
    let master = std::fs::read(fixtures().join(&script.items)).unwrap();
    let items = items::read(&master).unwrap();
    (
        script,
        items
            .into_iter()
            .map(|item| (item.sku.to_string(), item))
            .collect(),
    )
}

/// The carriers of the demo's station.
fn demo_tables() -> Tables {
    let folder = fixtures().with_file_name("carriers");
    Tables::load(Some(&folder)).unwrap().shipping_from("DE")
}

fn load(play: &Play) -> Result<Document, Refused> {
    let tables = demo_tables();
    let known = |id: &str| tables.carrier(id).is_some();
    let rules = Rules {
        printable: &printable,
        carrier_known: &known,
    };
    let body = std::fs::read(fixtures().join(&play.file)).unwrap();
    read_one(&body, &rules, &mut person)
}

#[test]
fn every_fixture_order_ends_as_its_script_says() {
    let (script, items) = script();
    let files = std::fs::read_dir(fixtures())
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let files = files
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .count();
    assert_eq!(files, script.order.len(), "every order is in the script");
    assert!(files >= 12);
    let (mut sellers, mut carriers) = (BTreeSet::new(), BTreeSet::new());
    for play in &script.order {
        assert!(!play.note.is_empty());
        let document = load(play);
        if play.outcome == "refused" {
            let refused = document.unwrap_err();
            assert_eq!(refused.order, play.id);
            assert!(
                refused.problems.iter().all(|p| p.text.contains("masked")),
                "{refused:?}"
            );
            continue;
        }
        let order = incoming(document).order;
        assert_eq!(order.id.as_str(), play.id);
        sellers.insert(order.seller.clone());
        for line in &order.lines {
            assert_eq!(items[line.sku.as_str()].title, line.title);
        }
        if play.outcome == "packed" {
            carriers.insert(play.carrier.clone().unwrap());
        } else {
            assert_eq!((play.outcome.as_str(), play.parcels), ("cancelled", 0));
        }
    }
    assert_eq!((sellers.len(), carriers.len()), (3, 8));
}

/// Plays the steps with pen and paper: pieces, weights and carriers must come out right.
#[test]
fn the_script_adds_up() {
    let (script, items) = script();
    let tables = demo_tables();
    let (mut by_rules, mut rerated) = (BTreeSet::new(), 0);
    for play in script.order.iter().filter(|play| play.outcome == "packed") {
        let order = incoming(load(play)).order;
        let mut left: BTreeMap<String, u32> = order
            .lines
            .iter()
            .map(|line| (line.sku.to_string(), line.quantity))
            .collect();
        let (mut content, mut tare, mut weighed) = (0, None, None);
        let mut labels = 0;
        for (index, step) in play.steps.iter().enumerate() {
            let red = matches!(play.steps.get(index + 1), Some(Step::ExpectStop { .. }));
            match step {
                Step::ScanItem { sku, times } if !red => {
                    let times = times.unwrap_or(1);
                    *left.get_mut(sku).unwrap() -= times;
                    content += items[sku].weight.unwrap().ng() * i64::from(times);
                }
                Step::Control { name, param } => {
                    assert!(Control::ALL.iter().any(|c| c.name() == name), "{name}");
                    if name == "BOX" {
                        let token = param.as_deref().unwrap();
                        tare = Some(tables.box_by_token(token).unwrap().tare.ng());
                    }
                }
                Step::Weigh { grams } if !red => {
                    let mass = Mass::from_grams(*grams);
                    let expected = Mass::from_ng(content + tare.take().unwrap());
                    let off = (mass.ng() - expected.ng()).abs();
                    if play.planned.is_some() {
                        assert!(off > 0 && off < expected.ng() / 100 * 3, "{}", play.file);
                    } else {
                        assert_eq!(off, 0, "{}", play.file);
                    }
                    (content, weighed) = (0, Some((mass, expected)));
                }
                Step::ScanLabel {} => {
                    labels += 1;
                    let (mass, expected) = weighed.take().unwrap();
                    let chosen = |mass| {
                        let chosen = tables
                            .assign(&AssignRequest::of(&order, mass, NOW))
                            .unwrap();
                        (chosen.carrier, chosen.service)
                    };
                    if let Some(planned) = &play.planned {
                        assert_eq!(&chosen(expected).1, planned);
                        assert_ne!(chosen(expected), chosen(mass), "{}", play.file);
                        rerated += 1;
                    }
                    let chosen = match &order.carrier_label {
                        Some(label) => (label.carrier.clone(), label.service.clone()),
                        None => {
                            by_rules.insert(chosen(mass).0);
                            chosen(mass)
                        }
                    };
                    let want = (play.carrier.clone().unwrap(), play.service.clone().unwrap());
                    assert_eq!(chosen, want, "{}", play.file);
                }
                _ => {}
            }
        }
        assert_eq!(labels, play.parcels, "{}", play.file);
        assert!(
            left.values().all(|pieces| *pieces == 0),
            "{}: {left:?}",
            play.file
        );
    }
    let all = [
        "dhl-express",
        "dhl-paket",
        "dpd",
        "fedex",
        "house",
        "post",
        "ups",
    ];
    assert_eq!(by_rules.into_iter().collect::<Vec<_>>(), all);
    assert_eq!(rerated, 1);
    for handover in &script.handover {
        let of = |id: &Option<String>| {
            let play = script
                .order
                .iter()
                .find(|play| Some(&play.id) == id.as_ref());
            play.and_then(|play| play.carrier.clone())
        };
        assert!(tables.carrier(&handover.carrier).is_some());
        if handover.wrong_carrier.is_some() {
            assert!(of(&handover.wrong_carrier).is_some_and(|c| c != handover.carrier));
        }
        if handover.twice.is_some() {
            assert_eq!(of(&handover.twice).as_ref(), Some(&handover.carrier));
        }
    }
}

#[test]
fn every_script_step_has_what_it_needs() {
    let (script, items) = script();
    let mut stops = BTreeSet::new();
    for step in script.order.iter().flat_map(|play| &play.steps) {
        match step {
            Step::ScanItem { sku, .. } => assert!(items.contains_key(sku)),
            Step::ScanOrder { id: Some(id) } => {
                assert!(script.order.iter().any(|play| play.id == *id));
            }
            Step::Cancel { reason } => assert!(!reason.is_empty()),
            Step::ExpectStop { code } => drop(stops.insert(code.as_str())),
            _ => {}
        }
    }
    let want = [
        "order_cancelled",
        "second_order",
        "surplus",
        "weight_out_of_band",
        "wrong_item",
    ];
    assert_eq!(stops.into_iter().collect::<Vec<_>>(), want);
}

#[test]
fn fixture_labels_say_their_tracking_number() {
    let (script, _) = script();
    let mut formats = Vec::new();
    for play in script
        .order
        .iter()
        .filter(|play| play.file.contains("label-"))
    {
        let taken = incoming(load(play));
        let label = taken.label.unwrap();
        let kind = Kind::detect(&label.bytes).unwrap();
        let stock = (
            firstscan_drivers::length::Length::from_um(101_600),
            firstscan_drivers::length::Length::from_um(152_400),
        );
        let resolution = Resolution::from_dpi(203);
        let labels = import::to_bitmaps(&label.bytes, kind, stock, resolution).unwrap();
        assert_eq!(labels.len(), 1);
        assert_eq!(labels[0].problems, [], "{}", play.file);
        let number = taken.order.carrier_label.unwrap().tracking_number;
        assert!(
            labels[0]
                .symbols_after
                .iter()
                .any(|symbol| symbol.data == number),
            "{}: {:?}",
            play.file,
            labels[0].symbols_after
        );
        formats.push(label.format);
    }
    assert_eq!(formats, ["pdf", "png", "zpl"]);
}

#[test]
fn fixture_addresses_fit_the_label_template() {
    let (script, _) = script();
    for play in script.order.iter().filter(|play| play.outcome != "refused") {
        let address = incoming(load(play)).address;
        let label = label_lines(&address.parts(), &script.country);
        assert!(
            (2..=7).contains(&label.lines.len()),
            "{}: {label:?}",
            play.file
        );
        assert_eq!(label.country.is_some(), address.country != script.country);
    }
}

/// The schema and the reader must not drift apart: same fields, same limits.
#[test]
fn the_published_schema_says_what_the_reader_does() {
    let schema: Value = serde_json::from_str(ORDER_SCHEMA).unwrap();
    let fields = |name: &str| -> Vec<String> {
        let known = schema["$defs"][name]["properties"].as_object().unwrap();
        let mut known: Vec<String> = known.keys().cloned().collect();
        known.sort();
        known
    };
    for (name, order, path) in [
        ("order", with("/x", json!(1)), "x"),
        ("address", with("/ship_to/x", json!(1)), "ship_to.x"),
        ("line", with("/lines/0/x", json!(1)), "lines[0].x"),
        (
            "value",
            with("/value", json!({"amount": "1", "currency": "EUR", "x": 1})),
            "value.x",
        ),
    ] {
        let told = problems(one(&order)).remove(0);
        let (_, listed) = told.split_once("the fields are ").unwrap();
        let mut listed: Vec<&str> = listed.split(", ").collect();
        listed.sort_unstable();
        assert_eq!(listed, fields(name), "{name}");
        assert!(told.starts_with(path));
        assert_eq!(schema["$defs"][name]["additionalProperties"], json!(false));
    }
    let line = &schema["$defs"]["line"]["properties"]["quantity"];
    assert_eq!(
        (&line["minimum"], &line["maximum"]),
        (&json!(1), &json!(999))
    );
    let lines = &schema["$defs"]["order"]["properties"]["lines"];
    assert_eq!(
        lines["maxItems"],
        json!(firstscan::sync::inbound::LINES_MAX)
    );
}

// --- hostile bytes ------------------------------------------------------------------------------

proptest! {
    #[test]
    fn no_bytes_panic(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        for language in [Language::Json, Language::Csv] {
            for document in all(&body, language) {
                let refused = document.expect_err("noise is no order");
                prop_assert!(!refused.problems.is_empty());
            }
        }
        prop_assert!(items::read(&body).is_err());
    }

    #[test]
    fn no_mutation_panics(
        at in 0..700_usize, put in proptest::collection::vec(any::<u8>(), 0..6), cut in 0..9_usize,
    ) {
        let csv = format!(
            "{ORDER_CSV_HEADER}\nTT-1,Nord,shop,,Erika Muster,,Weg 1,,,51147,Köln,,DE,,,,,MUG,Mug,\
             2\n"
        );
        for (text, language) in [(good().to_string(), Language::Json), (csv, Language::Csv)] {
            let mut body = text.into_bytes();
            let at = at % body.len();
            let end = (at + cut).min(body.len());
            body.splice(at..end, put.iter().copied());
            for document in all(&body, language) {
                if let Err(refused) = document {
                    prop_assert!(!refused.problems.is_empty());
                    prop_assert!(refused.problems.iter().all(|p| !p.remedy.is_empty()));
                }
            }
            prop_assert!(items::read(&body).is_err());
        }
    }
}
