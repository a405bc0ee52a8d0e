//! Carriers of Asia. None publishes a check rule; most entries rest on public programs that agree.

use super::{BASE, digits, run, text};
use crate::content::tracking::format::{Format, Grade, Part, Set};

pub(super) static FORMATS: &[Format] = &[
    Format {
        id: "yunexpress",
        carrier: "yunexpress",
        name: "YunExpress",
        parts: &[text("YT"), digits("serial", 16)],
        doubt: "the prefix is YTO's too: length decides",
        example: "YT1234567890123456",
        ..BASE
    },
    Format {
        id: "yto",
        carrier: "yto",
        name: "YTO",
        parts: &[text("YT"), digits("serial", 13)],
        grade: Grade::C,
        doubt: "the prefix is YunExpress's too: length decides",
        example: "YT1234567890123",
        ..BASE
    },
    Format {
        id: "sf",
        carrier: "sf",
        name: "SF Express",
        parts: &[text("SF"), digits("serial", 13)],
        grade: Grade::C,
        example: "SF1234567890123",
        ..BASE
    },
    Format {
        id: "sf-12",
        carrier: "sf",
        name: "SF Express of before",
        parts: &[digits("serial", 12)],
        grade: Grade::C,
        doubt: "twelve digits are everybody's",
        example: "923456789010",
        ..BASE
    },
    Format {
        id: "jt",
        carrier: "jt",
        name: "J&T (China)",
        parts: &[text("JT"), digits("serial", 13)],
        grade: Grade::C,
        example: "JT1234567890123",
        ..BASE
    },
    Format {
        id: "jt-8",
        carrier: "jt",
        name: "J&T (Vietnam, Thailand)",
        parts: &[text("8"), digits("serial", 11)],
        grade: Grade::C,
        example: "812345678901",
        ..BASE
    },
    Format {
        id: "jt-letters",
        carrier: "jt",
        name: "J&T (Indonesia, Malaysia)",
        parts: &[
            text("J"),
            run("series", Set::Letters, 1, 2),
            run("serial", Set::Digits, 10, 12),
        ],
        grade: Grade::C,
        example: "JP1234567890",
        ..BASE
    },
    Format {
        id: "jd",
        carrier: "jd",
        name: "JD Logistics",
        parts: &[text("JD"), run("serial", Set::Alnum, 11, 15)],
        grade: Grade::C,
        doubt: "the prefix is DHL's and Yodel's too",
        example: "JD12345678901AB",
        ..BASE
    },
    Format {
        id: "cainiao",
        carrier: "cainiao",
        name: "Cainiao",
        parts: &[
            Part::OneOf(&["LP", "CN"]),
            run("serial", Set::Digits, 8, 20),
        ],
        grade: Grade::D,
        doubt: "the length is not published",
        example: "LP00123456789012",
        ..BASE
    },
    Format {
        id: "spx-vn",
        carrier: "spx",
        name: "Shopee SPX (Vietnam)",
        parts: &[text("SPXVN"), run("serial", Set::Alnum, 11, 12)],
        grade: Grade::C,
        example: "SPXVN1234567890A",
        ..BASE
    },
    Format {
        id: "flash",
        carrier: "flash",
        name: "Flash Express (Thailand)",
        parts: &[text("TH"), run("serial", Set::Alnum, 11, 13)],
        grade: Grade::C,
        doubt: "about twelve characters; the prefix is DHL eCommerce's too",
        example: "TH12345678901A",
        ..BASE
    },
];
