//! Carriers of North America, and the SSCC, which every carrier may use.

use super::{BASE, CHECK, digits, last, run, text};
use crate::content::check_digit::Family::{FedexMod11, Gs1Mod10, Luhn, UpsMod10};
use crate::content::tracking::format::{Cover, Format, Grade, Part, Set};

/// Service type code of the United States Postal Service.
const STC: Part = digits("service", 3);

pub(super) static FORMATS: &[Format] = &[
    Format {
        id: "ups-1z",
        carrier: "ups",
        name: "UPS tracking number",
        parts: &[
            text("1Z"),
            run("shipper", Set::Alnum, 6, 6),
            run("service", Set::Alnum, 2, 2),
            run("serial", Set::Alnum, 7, 7),
            CHECK,
        ],
        check: last(UpsMod10, 2),
        gs1: Some(false),
        example: "1ZA1B2C30312345673",
        ..BASE
    },
    Format {
        id: "ups-waybill",
        carrier: "ups",
        name: "UPS waybill",
        parts: &[
            run("kind", Set::Of("AHJKTV"), 1, 1),
            digits("serial", 9),
            CHECK,
        ],
        // The letter is not counted: the published numbers check only without it.
        check: last(UpsMod10, 1),
        gs1: Some(false),
        example: "K1234567895",
        ..BASE
    },
    Format {
        id: "sscc",
        carrier: "gs1",
        name: "SSCC with its identifier",
        parts: &[
            text("00"),
            digits("extension", 1),
            digits("serial", 16),
            CHECK,
        ],
        check: last(Gs1Mod10, 2),
        gs1: Some(true),
        doubt: "where the company prefix ends cannot be seen",
        example: "00095287654321011110",
        ..BASE
    },
    Format {
        id: "sscc-18",
        carrier: "gs1",
        name: "SSCC as people read it",
        parts: &[digits("extension", 1), digits("serial", 16), CHECK],
        check: last(Gs1Mod10, 0),
        doubt: "where the company prefix ends cannot be seen",
        example: "095287654321011110",
        ..BASE
    },
    Format {
        id: "usps-impb-92",
        carrier: "usps",
        name: "USPS tracking number, 9-digit mailer",
        parts: &[
            text("92"),
            STC,
            run("mailer", Set::From("9"), 9, 9),
            run("serial", Set::Digits, 7, 11),
            CHECK,
        ],
        lengths: &[22, 26],
        check: last(Gs1Mod10, 0),
        routed: true,
        gs1: Some(true),
        example: "9200190123456700000014",
        ..BASE
    },
    Format {
        id: "usps-impb-93",
        carrier: "usps",
        name: "USPS tracking number, 6-digit mailer",
        parts: &[
            text("93"),
            STC,
            run("mailer", Set::From("012345678"), 6, 6),
            run("serial", Set::Digits, 10, 14),
            CHECK,
        ],
        lengths: &[22, 26],
        check: last(Gs1Mod10, 0),
        routed: true,
        gs1: Some(true),
        example: "9300112345600000000019",
        ..BASE
    },
    Format {
        id: "usps-impb-94",
        carrier: "usps",
        name: "USPS tracking number, online postage",
        parts: &[text("94"), STC, run("serial", Set::Digits, 16, 24), CHECK],
        lengths: &[22, 26, 30],
        check: last(Gs1Mod10, 0),
        routed: true,
        gs1: Some(true),
        doubt: "the parts of the serial, and of the form with 30 digits",
        example: "9400112345678901234566",
        ..BASE
    },
    Format {
        id: "usps-impb-95",
        carrier: "usps",
        name: "USPS tracking number, retail",
        parts: &[text("95"), STC, run("serial", Set::Digits, 16, 20), CHECK],
        lengths: &[22, 26],
        check: last(Gs1Mod10, 0),
        routed: true,
        gs1: Some(true),
        doubt: "where channel, device and date stand in the serial",
        example: "9500112345678901234565",
        ..BASE
    },
    Format {
        id: "usps-91",
        carrier: "usps",
        name: "USPS tracking number of before, with 91",
        parts: &[
            text("91"),
            digits("service", 2),
            digits("mailer", 9),
            digits("serial", 8),
            CHECK,
        ],
        check: last(Gs1Mod10, 0),
        routed: true,
        gs1: Some(true),
        example: "9101123456789000000013",
        ..BASE
    },
    Format {
        id: "usps-91-short",
        carrier: "usps",
        name: "USPS tracking number of before, 91 left out",
        parts: &[
            digits("service", 2),
            digits("mailer", 9),
            digits("serial", 8),
            CHECK,
        ],
        // What is left out counts all the same.
        check: Some(Cover {
            family: Gs1Mod10,
            from: 0,
            behind: 0,
            before: "91",
        }),
        example: "01123456789000000013",
        ..BASE
    },
    Format {
        id: "usps-20",
        carrier: "usps",
        name: "USPS label number of 20 digits",
        parts: &[
            digits("service", 2),
            digits("mailer", 9),
            digits("serial", 8),
            CHECK,
        ],
        check: last(Gs1Mod10, 0),
        example: "01123456789000000011",
        ..BASE
    },
    Format {
        id: "fedex-12",
        carrier: "fedex",
        name: "FedEx Express",
        parts: &[digits("serial", 11), CHECK],
        check: last(FedexMod11, 0),
        example: "123456789012",
        ..BASE
    },
    Format {
        id: "fedex-ground-15",
        carrier: "fedex",
        name: "FedEx Ground",
        parts: &[digits("serial", 14), CHECK],
        check: last(Gs1Mod10, 0),
        example: "123456789012343",
        ..BASE
    },
    Format {
        id: "fedex-ground-96",
        carrier: "fedex",
        name: "FedEx Ground, 96",
        parts: &[
            text("96"),
            digits("scnc", 2),
            digits("service", 3),
            digits("shipper", 7),
            digits("serial", 7),
            CHECK,
        ],
        check: last(Gs1Mod10, 7),
        example: "9611020123456712345678",
        ..BASE
    },
    Format {
        id: "fedex-gsn-34",
        carrier: "fedex",
        name: "FedEx Ground, 96 with GSN",
        parts: &[
            text("96"),
            digits("scnc", 2),
            digits("", 5),
            digits("gsn", 10),
            digits("", 1),
            digits("serial", 13),
            CHECK,
        ],
        check: last(FedexMod11, 20),
        example: "9611020000123456789001234567890129",
        ..BASE
    },
    Format {
        id: "fedex-34",
        carrier: "fedex",
        name: "FedEx bar code of 34 digits",
        parts: &[
            run("", Set::From("012345678"), 15, 15),
            digits("zip", 5),
            digits("serial", 13),
            CHECK,
        ],
        check: last(FedexMod11, 20),
        doubt: "the check digit covers the last third only",
        example: "1000000000000001234512345678901230",
        ..BASE
    },
    Format {
        id: "fedex-astra-32",
        carrier: "fedex",
        name: "FedEx ASTRA bar code of 32 digits",
        parts: &[
            text("3"),
            digits("", 15),
            digits("number", 12),
            digits("", 4),
        ],
        check: Some(Cover {
            family: FedexMod11,
            from: 16,
            behind: 4,
            before: "",
        }),
        doubt: "the check digit covers the last third only",
        example: "30000000000000001234567890120000",
        ..BASE
    },
    Format {
        id: "fedex-sscc-18",
        carrier: "fedex",
        name: "FedEx Ground, SSCC shape",
        parts: &[digits("container", 2), digits("serial", 15), CHECK],
        check: last(Gs1Mod10, 2),
        grade: Grade::B,
        doubt: "public data leave the first two digits out of the check, which is no GS1 rule",
        example: "001234567890123452",
        ..BASE
    },
    Format {
        id: "canada-post-16",
        carrier: "canada-post",
        name: "Canada Post, domestic",
        parts: &[digits("origin", 7), digits("serial", 8), CHECK],
        check: last(Gs1Mod10, 0),
        example: "1234567000000017",
        ..BASE
    },
    Format {
        id: "purolator-12",
        carrier: "purolator",
        name: "Purolator, digits",
        parts: &[run("serial", Set::From("012345"), 11, 11), CHECK],
        check: last(Luhn, 0),
        example: "312345678907",
        ..BASE
    },
    Format {
        id: "purolator-letters",
        carrier: "purolator",
        name: "Purolator, letters in front",
        parts: &[run("series", Set::Letters, 3, 3), digits("serial", 9)],
        example: "ABC123456789",
        ..BASE
    },
    Format {
        id: "canpar",
        carrier: "canpar",
        name: "Canpar",
        parts: &[run("kind", Set::Of("CDKLSUXZ"), 1, 1), digits("serial", 21)],
        example: "D123456789012345678901",
        ..BASE
    },
    Format {
        id: "ontrac",
        carrier: "ontrac",
        name: "OnTrac",
        parts: &[
            run("kind", Set::Of("CD"), 1, 1),
            digits("serial", 13),
            CHECK,
        ],
        // The letter counts: C as 4 and D as 5, which is the family's rule for letters.
        check: last(UpsMod10, 0),
        example: "C12345678901236",
        ..BASE
    },
    Format {
        id: "lasership-lx",
        carrier: "ontrac",
        name: "LaserShip, L and a letter",
        parts: &[
            text("L"),
            run("series", Set::Letters, 1, 1),
            run("serial", Set::Digits, 7, 8),
        ],
        doubt: "published numbers have eight digits, one description seven",
        example: "LX12345678",
        ..BASE
    },
    Format {
        id: "lasership-1ls7",
        carrier: "ontrac",
        name: "LaserShip, 1LS7",
        parts: &[text("1LS7"), run("serial", Set::Digits, 11, 13)],
        lengths: &[15, 17],
        doubt: "lengths as in published numbers, others may exist",
        example: "1LS712345678901",
        ..BASE
    },
    Format {
        id: "lasership-1lscx",
        carrier: "ontrac",
        name: "LaserShip, 1LSCX",
        parts: &[text("1LSCX"), run("serial", Set::Alnum, 10, 10)],
        example: "1LSCX1234567890",
        ..BASE
    },
    Format {
        id: "amazon",
        carrier: "amazon",
        name: "Amazon Logistics",
        parts: &[Part::OneOf(&["TBA", "TBC", "TBM"]), digits("serial", 12)],
        example: "TBA123456789012",
        ..BASE
    },
    Format {
        id: "amazon-international",
        carrier: "amazon",
        name: "Amazon Logistics, international",
        parts: &[run("kind", Set::Of("AFC"), 1, 1), digits("serial", 10)],
        example: "F1234567890",
        ..BASE
    },
    Format {
        id: "old-dominion",
        carrier: "old-dominion",
        name: "Old Dominion PRO number",
        parts: &[
            Part::OneOf(&["777", "778", "072", "780", "80"]),
            run("serial", Set::Digits, 7, 8),
            CHECK,
        ],
        // Behind the prefix of two digits comes one more; twelve digits are FedEx's.
        lengths: &[11],
        check: last(Luhn, 0),
        example: "77712345675",
        ..BASE
    },
    Format {
        id: "spee-dee",
        carrier: "spee-dee",
        name: "Spee-Dee",
        parts: &[text("SP"), digits("serial", 18)],
        example: "SP123456789012345678",
        ..BASE
    },
    Format {
        id: "landmark",
        carrier: "landmark",
        name: "Landmark Global",
        parts: &[text("LTN"), digits("serial", 8), text("N1")],
        example: "LTN12345678N1",
        ..BASE
    },
    Format {
        id: "gofo",
        carrier: "gofo",
        name: "GOFO",
        parts: &[text("GFUS"), digits("serial", 14)],
        example: "GFUS12345678901234",
        ..BASE
    },
];
