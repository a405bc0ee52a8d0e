#![allow(clippy::unwrap_used)]
use super::super::load::shipped;
use super::*;
use crate::content::tracking::{Check, Context, Expected, recognise};
use crate::domain::desk::{Desk, REUSE_DAYS};
use std::collections::BTreeMap;

/// Serials tried per format.
const SERIALS: u64 = 10_000;

/// A carrier with one service and these ranges.
fn carrier(id: &str, token: &str, ranges: &str) -> String {
    format!(
        "format = 1\nid = \"{id}\"\nname = \"{id}\"\ntoken = \"{token}\"\n\
         template = \"transport-4x6\"\n[[service]]\nid = \"s\"\nname = \"S\"\n{ranges}"
    )
}

fn range(id: &str, keys: &str) -> String {
    format!("[[range]]\nid = \"{id}\"\n{keys}\n")
}

fn load(files: &[(&str, String)]) -> Result<Tables, String> {
    let mut all = shipped();
    for (name, text) in files {
        all.insert((*name).to_owned(), text.clone());
    }
    Tables::from_files(&all).map_err(|errors| errors.to_string())
}

/// A carrier of the tests with one range.
fn one(keys: &str) -> Result<Tables, String> {
    load(&[("t.toml", carrier("t", "TT", &range("t-1", keys)))])
}

fn at(tables: &Tables, counters: &Counters, day: i64) -> Result<Number, Refusal> {
    tables.number("t", "s", counters, wall(day))
}

fn wall(day: i64) -> Wall {
    Wall {
        unix_ms: 1_790_000_000_000 + day * 86_400_000,
        offset_min: 0,
    }
}

/// Every format as a range over all its serials, with the recogniser's name for it and the carrier
/// that has to be known for it, if its shape alone says too little.
const ALL: [(&str, &str, &str, &str); 15] = [
    (
        "s10",
        "",
        "s10",
        "service = \"RB\"\ncountry = \"DE\"\nlast = 99_999_999",
    ),
    (
        "s10",
        "",
        "s10",
        "service = \"LX\"\ncountry = \"CN\"\nlast = 99_999_999",
    ),
    (
        "sscc",
        "",
        "sscc-18",
        "extension = 3\ncompany = \"9528765\"\nlast = 999_999_999",
    ),
    (
        "sscc",
        "",
        "sscc",
        "prefix = \"00\"\nextension = 0\ncompany = \"9528765\"\nlast = 999_999_999",
    ),
    (
        "usps-impb",
        "",
        "usps-impb-92",
        "service = \"001\"\nmailer = \"901234567\"\nlast = 9_999_999",
    ),
    (
        "usps-impb",
        "",
        "usps-impb-92",
        "service = \"055\"\nmailer = \"901234567\"\nlength = 26\nlast = 99_999_999_999",
    ),
    (
        "usps-impb",
        "",
        "usps-impb-93",
        "service = \"001\"\nmailer = \"123456\"\nlast = 9_999_999_999",
    ),
    (
        "usps-impb",
        "",
        "usps-impb-93",
        "service = \"612\"\nmailer = \"123456\"\nlength = 26\nlast = 99_999_999_999_999",
    ),
    (
        "ups-1z",
        "",
        "ups-1z",
        // The letter is where published accounts have theirs.
        "shipper = \"1A2345\"\nservice = \"03\"\nlast = 9_999_999",
    ),
    ("fedex-12", "", "fedex-12", "last = 99_999_999_999"),
    (
        "fedex-96",
        "",
        "fedex-ground-96",
        "scnc = \"11\"\nclass = \"020\"\nshipper = \"1234567\"\nlast = 9_999_999",
    ),
    (
        "dpd",
        "",
        "dpd-14",
        "prefix = \"0998\"\nlast = 9_999_999_999",
    ),
    (
        "numeric",
        "dhl-express",
        "dhl-express",
        "digits = 9\ncheck = \"mod7\"\nlast = 999_999_999",
    ),
    (
        "numeric",
        "canada-post",
        "canada-post-16",
        "prefix = \"1234567\"\ndigits = 8\ncheck = \"gs1-mod10\"\nlast = 99_999_999",
    ),
    (
        "numeric",
        "purolator",
        "purolator-12",
        "prefix = \"3\"\ndigits = 10\ncheck = \"luhn\"\nlast = 9_999_999_999",
    ),
];

fn spread(n: u64, last: u64) -> u64 {
    let mixed = n.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed ^ (mixed >> 29)) % last.saturating_add(1)
}

fn ranges() -> Vec<(&'static str, &'static str, Range)> {
    let of = |(format, known, id, keys): (&str, &'static str, &'static str, &str)| {
        let tables = one(&format!("format = \"{format}\"\nfirst = 0\n{keys}")).unwrap();
        let range = tables.details("t").unwrap().ranges[0].clone();
        (known, id, range)
    };
    ALL.into_iter().map(of).collect()
}

#[test]
fn every_number_is_first_recognised_as_what_it_is() {
    for (known, id, range) in ranges() {
        let contracts = [known];
        let context = Context {
            contracts: if known.is_empty() { &[] } else { &contracts },
            ..Context::default()
        };
        for n in 0..SERIALS {
            let number = range.write(spread(n, range.last)).unwrap();
            let found = recognise(&number, &context);
            let first = found.candidates.first().unwrap();
            assert_eq!(first.format.id, id, "{number}: {:?}", found.report());
            assert_eq!(first.check, Check::Ok, "{number}");
        }
        for serial in [range.first, range.last] {
            let number = range.write(serial).unwrap();
            let found = recognise(&number, &context);
            assert_eq!(found.candidates[0].format.id, id, "{number}");
        }
        assert_eq!(
            range.write(range.last + 1),
            None,
            "{id}: one digit too many"
        );
    }
}

/// Single digits changed and neighbours swapped: how many are no valid number of the format any
/// more, of how many; and how many are believed although another number is expected.
fn damage(id: &str, number: &str) -> ([(usize, usize); 2], usize) {
    let bytes = number.as_bytes();
    let expected = [Expected {
        number,
        carrier: "",
    }];
    let context = Context {
        expected: &expected,
        ..Context::default()
    };
    let (mut counts, mut believed) = ([(0, 0); 2], 0);
    let mut judge = |kind: usize, damaged: Vec<u8>| {
        let damaged = String::from_utf8(damaged).unwrap();
        let found = recognise(&damaged, &Context::default());
        let own = found.candidates.iter().find(|c| c.format.id == id);
        counts[kind].0 += usize::from(!own.is_some_and(|c| c.is_valid()));
        counts[kind].1 += 1;
        believed += usize::from(recognise(&damaged, &context).best().is_some());
    };
    for (at, byte) in bytes.iter().enumerate() {
        if !byte.is_ascii_digit() {
            continue;
        }
        for digit in (b'0'..=b'9').filter(|digit| digit != byte) {
            let mut damaged = bytes.to_vec();
            damaged[at] = digit;
            judge(0, damaged);
        }
        let next = bytes.get(at + 1).filter(|next| next.is_ascii_digit());
        if next.is_some_and(|next| next != byte) {
            let mut damaged = bytes.to_vec();
            damaged.swap(at, at + 1);
            judge(1, damaged);
        }
    }
    (counts, believed)
}

/// Single digits and swaps caught, in per cent, as published for these formats.
const CAUGHT: [(&str, usize, usize); 9] = [
    ("s10", 91, 88),
    ("usps-impb-92", 86, 79),
    ("usps-impb-93", 86, 79),
    ("ups-1z", 96, 91),
    ("fedex-12", 97, 93),
    ("fedex-ground-96", 77, 80),
    ("dpd-14", 100, 97),
    ("dhl-express", 93, 86),
    ("canada-post-16", 100, 79),
];

#[test]
fn damage_is_caught_as_published_and_always_where_a_number_is_expected() {
    let mut sums: BTreeMap<&str, [(usize, usize); 2]> = BTreeMap::new();
    for (_, id, range) in ranges() {
        let sum = sums.entry(id).or_default();
        for n in 0..60 {
            let number = range.write(spread(n * 7919, range.last)).unwrap();
            let (counts, believed) = damage(id, &number);
            assert_eq!(believed, 0, "{number}");
            for (sum, count) in sum.iter_mut().zip(counts) {
                sum.0 += count.0;
                sum.1 += count.1;
            }
        }
    }
    let mut low = Vec::new();
    for (id, single, swap) in CAUGHT {
        let [digits, swaps] = sums[id];
        let share = |(caught, all): (usize, usize)| (caught * 100 + all / 2) / all;
        if share(digits) < single || share(swaps) < swap {
            low.push(format!("{id}: {} {}", share(digits), share(swaps)));
        }
    }
    assert_eq!(low, [] as [&str; 0]);
}

#[test]
fn a_wrong_key_is_named_with_its_remedy() {
    for (keys, told) in [
        (
            "format = \"sscc\"\nfirst = 1\nlast = 9",
            "range[0].extension: an SSCC needs it",
        ),
        (
            "format = \"sscc\"\nextension = 10\ncompany = \"952876\"\nfirst = 1\nlast = 9",
            "range[0].extension: an SSCC needs it: give a digit from 0 to 9",
        ),
        (
            "format = \"sscc\"\nextension = 1\ncompany = \"952\"\nfirst = 1\nlast = 9",
            "range[0].company: an SSCC needs it: give 4 to 12 digits",
        ),
        (
            "format = \"sscc\"\nprefix = \"01\"\nextension = 1\ncompany = \"9528\"\nfirst = 1\n\
             last = 9",
            "range[0].prefix: \"01\" is not the identifier",
        ),
        (
            "format = \"usps-impb\"\nservice = \"01\"\nmailer = \"901234567\"\nfirst = 1\nlast = 9",
            "range[0].service: a USPS number needs it: give 3 digits",
        ),
        (
            "format = \"usps-impb\"\nservice = \"001\"\nmailer = \"801234567\"\nfirst = 1\n\
             last = 9",
            "range[0].mailer: a USPS number needs it",
        ),
        (
            "format = \"usps-impb\"\nservice = \"001\"\nmailer = \"123456\"\nlength = 24\n\
             first = 1\nlast = 9",
            "range[0].length: 24 is no length",
        ),
        (
            "format = \"ups-1z\"\nshipper = \"a1b2c3\"\nservice = \"03\"\nfirst = 1\nlast = 9",
            "range[0].shipper: a UPS number needs it: give 6 capital letters",
        ),
        (
            "format = \"ups-1z\"\nshipper = \"A1B2C3\"\nservice = \"03\"\nfirst = 1\n\
             last = 10_000_000",
            "range[0].last: 10000000 has more than 7 digits",
        ),
        (
            "format = \"fedex-12\"\nshipper = \"1\"\nfirst = 1\nlast = 9",
            "range[0].shipper: fedex-12 has no shipper: remove this key",
        ),
        (
            "format = \"fedex-96\"\nscnc = \"1\"\nclass = \"020\"\nshipper = \"1234567\"\n\
             first = 1\nlast = 9",
            "range[0].scnc: a FedEx Ground number needs it: give 2 digits",
        ),
        (
            "format = \"dpd\"\nprefix = \"12345678901234\"\nfirst = 1\nlast = 9",
            "range[0].prefix: a DPD number needs it: give 1 to 13 digits",
        ),
        (
            "format = \"s10\"\nservice = \"JX\"\ncountry = \"DE\"\nfirst = 1\nlast = 9",
            "range[0].service: the first letter is reserved",
        ),
        (
            "format = \"s10\"\nservice = \"RX\"\ncountry = \"QQ\"\nfirst = 1\nlast = 9",
            "range[0].country: is no country of ISO 3166",
        ),
        (
            "format = \"numeric\"\ndigits = 3\ncheck_skip = 1\nfirst = 1\nlast = 9",
            "range[0].check_skip: there is no check",
        ),
        (
            "format = \"fedex-12\"\nreuse_days = 9\nfirst = 1\nlast = 9",
            "range[0].reuse_days: the range is used once: add cycle = true",
        ),
        (
            "format = \"fedex-12\"\ncycle = true\nreuse_days = 0\nfirst = 1\nlast = 9",
            "range[0].reuse_days: 0 is no span",
        ),
        (
            "format = \"fedex-13\"\nfirst = 1\nlast = 9",
            "t.toml: line ",
        ),
    ] {
        let errors = one(keys).unwrap_err();
        assert!(
            errors.contains("t.toml") && errors.contains(told),
            "{told}\n{errors}"
        );
    }
}

#[test]
fn a_shared_range_gives_numbers_only_out_of_leased_blocks() {
    let keys = "format = \"fedex-12\"\nfirst = 100\nlast = 199\nlow = 2\nshared = true";
    let tables = one(keys).unwrap();
    let mut counters = Counters::default();
    let none = at(&tables, &counters, 0).unwrap_err().to_string();
    assert!(
        none.contains("t-1 has no block for this station") && none.contains("number lease"),
        "{none}"
    );
    let row = |counters: &Counters| {
        let all = tables.stock(counters, wall(0));
        all.into_iter().find(|row| row.range == "t-1").unwrap()
    };
    assert_eq!((row(&counters).left, row(&counters).low), (0, true));
    // The table shrank since this block was leased: only what it still has counts.
    let block = |first, last| Lease { first, last };
    counters
        .leases
        .insert("t-1".to_owned(), vec![block(150, 152), block(198, 250)]);
    assert_eq!((row(&counters).left, row(&counters).low), (5, false));
    assert_eq!(at(&tables, &counters, 0).unwrap().serial, Some(150));
    let span = |first, last| serials::Span {
        first,
        last,
        at_ms: 0,
    };
    counters.ranges.insert("t-1".to_owned(), 200);
    counters
        .used
        .insert("t-1".to_owned(), vec![span(150, 152), span(198, 199)]);
    let none = at(&tables, &counters, 0).unwrap_err().to_string();
    assert!(none.contains("blocks are used up"), "{none}");
    let whole = tables.range("t-1").unwrap();
    assert_eq!((whole.first, whole.last, whole.shared), (100, 199, true));
    assert_eq!(tables.range("t-2"), None);
}

#[test]
fn a_range_that_begins_again_says_when_the_next_number_is_free() {
    let keys = "format = \"fedex-12\"\nfirst = 0\nlast = 9\ncycle = true\nreuse_days = 30";
    let tables = one(keys).unwrap();
    let number = at(&tables, &Counters::default(), 0).unwrap();
    assert_eq!(number.reuse_days, Some(30));
    let mut counters = Counters::default();
    counters.ranges.insert("t-1".to_owned(), 10);
    let used = serials::Span {
        first: 0,
        last: 9,
        at_ms: wall(0).unix_ms,
    };
    counters.used.insert("t-1".to_owned(), vec![used]);
    let told = at(&tables, &counters, 29).unwrap_err().to_string();
    let day = wall(30).date();
    assert!(
        told.contains("within 30 days") && told.contains(&format!("free again on {day}")),
        "{told}"
    );
    assert_eq!(at(&tables, &counters, 30).unwrap().serial, Some(0));
    // Without days of its own, the carrier's window counts.
    let keys = "format = \"fedex-12\"\nfirst = 0\nlast = 9\ncycle = true";
    let number = at(&one(keys).unwrap(), &Counters::default(), 0).unwrap();
    assert_eq!(number.reuse_days, Some(REUSE_DAYS));
}

#[test]
fn two_carriers_may_have_the_same_numbers() {
    let keys = "format = \"fedex-12\"\nfirst = 0\nlast = 9";
    let same = |one: &str, other: &str| {
        load(&[
            ("t.toml", carrier("t", "TT", &range(one, keys))),
            ("u.toml", carrier("u", "UU", &range(other, keys))),
        ])
    };
    same("t-1", "u-1").unwrap();
    assert!(
        same("t-1", "t-1")
            .unwrap_err()
            .contains("t-1 is taken in t.toml")
    );
}
