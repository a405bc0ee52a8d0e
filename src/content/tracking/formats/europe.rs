//! Posts (S10), DHL, and carriers of Europe.

use super::{BASE, CHECK, digits, last, run, text};
use crate::content::check_digit::Family::{DeutschePost, Gs1Mod10, Iso7064Mod37, Mod7, S10};
use crate::content::tracking::format::{Cover, Format, Grade, Part, Set};

pub(super) static FORMATS: &[Format] = &[
    Format {
        id: "s10",
        carrier: "post",
        name: "UPU S10 item of a post",
        parts: &[
            run("service", Set::Letters, 2, 2),
            digits("serial", 8),
            CHECK,
            run("country", Set::Country, 2, 2),
        ],
        check: Some(Cover {
            family: S10,
            from: 2,
            behind: 2,
            before: "",
        }),
        gs1: Some(false),
        doubt: "first letters J, K, S, T and W are reserved",
        example: "RB471108151DE",
        ..BASE
    },
    Format {
        id: "dhl-express",
        carrier: "dhl-express",
        name: "DHL Express waybill",
        parts: &[run("serial", Set::Digits, 9, 10), CHECK],
        check: last(Mod7, 0),
        example: "1234567891",
        ..BASE
    },
    Format {
        id: "dhl-piece",
        carrier: "dhl-express",
        name: "DHL Express piece",
        parts: &[
            text("J"),
            run("series", Set::Letters, 2, 3),
            run("serial", Set::Digits, 9, 10),
        ],
        example: "JJD1234567890",
        ..BASE
    },
    Format {
        id: "dhl-piece-jd",
        carrier: "dhl-express",
        name: "DHL Express piece, JD",
        parts: &[text("JD"), run("serial", Set::Digits, 9, 10)],
        example: "JD1234567890",
        ..BASE
    },
    Format {
        id: "dhl-ecommerce",
        carrier: "dhl-ecommerce",
        name: "DHL eCommerce",
        parts: &[
            Part::OneOf(&["GM", "LX", "RX", "UV", "CN", "SG", "TH", "IN", "HK", "MY"]),
            run("serial", Set::Mixed, 10, 39),
        ],
        doubt: "takes nearly anything behind its prefix",
        example: "GM1234567890123",
        ..BASE
    },
    Format {
        id: "dhl-ecommerce-14",
        carrier: "dhl-ecommerce",
        name: "DHL eCommerce, digits",
        parts: &[digits("serial", 14)],
        example: "12345678901234",
        ..BASE
    },
    Format {
        id: "dhl-paket",
        carrier: "dhl-paket",
        name: "DHL Paket, an SSCC",
        parts: &[
            text("00"),
            digits("extension", 1),
            digits("serial", 16),
            CHECK,
        ],
        check: last(Gs1Mod10, 2),
        gs1: Some(true),
        grade: Grade::B,
        example: "00095287654321011110",
        ..BASE
    },
    Format {
        id: "dhl-identcode",
        carrier: "dhl-paket",
        name: "Deutsche Post Identcode",
        parts: &[
            digits("centre", 2),
            digits("shipper", 3),
            digits("serial", 6),
            CHECK,
        ],
        check: last(DeutschePost, 0),
        grade: Grade::B,
        doubt: "checked against one published number only",
        example: "123456789016",
        ..BASE
    },
    Format {
        id: "dhl-paket-jjd",
        carrier: "dhl-paket",
        name: "DHL Paket, JJD",
        parts: &[text("JJD"), run("serial", Set::Digits, 11, 20)],
        grade: Grade::B,
        doubt: "the length is not published; 16 digits are Yodel's too",
        example: "JJD123456789012345678",
        ..BASE
    },
    Format {
        id: "dpd-28",
        carrier: "dpd",
        name: "DPD bar code",
        parts: &[
            run("zip", Set::Alnum, 7, 7),
            digits("number", 14),
            digits("service", 3),
            run("country", Set::CountryNumber, 3, 3),
            run("", Set::Alnum, 1, 1),
        ],
        check: last(Iso7064Mod37, 0),
        gs1: Some(false),
        example: "0012345099801234567891012765",
        ..BASE
    },
    Format {
        id: "dpd-14",
        carrier: "dpd",
        name: "DPD parcel number with check character",
        parts: &[digits("number", 14), run("", Set::Alnum, 1, 1)],
        check: last(Iso7064Mod37, 0),
        gs1: Some(false),
        example: "09980123456789S",
        ..BASE
    },
    Format {
        id: "dpd-number",
        carrier: "dpd",
        name: "DPD parcel number as customers know it",
        parts: &[digits("number", 14)],
        example: "09980123456789",
        ..BASE
    },
    Format {
        id: "hermes",
        carrier: "hermes",
        name: "Hermes (Germany)",
        parts: &[digits("serial", 13), CHECK],
        check: last(Gs1Mod10, 0),
        grade: Grade::B,
        example: "12345678901231",
        ..BASE
    },
    Format {
        id: "evri",
        carrier: "evri",
        name: "Evri",
        parts: &[digits("serial", 16)],
        grade: Grade::C,
        doubt: "check rule and the letters often in front are not confirmed",
        example: "1234567890123456",
        ..BASE
    },
    Format {
        id: "yodel",
        carrier: "yodel",
        name: "Yodel",
        parts: &[Part::OneOf(&["JJD", "JD"]), digits("serial", 16)],
        example: "JD1234567890123456",
        ..BASE
    },
    Format {
        id: "gls",
        carrier: "gls",
        name: "GLS parcel number",
        parts: &[run("serial", Set::Digits, 11, 12)],
        grade: Grade::C,
        doubt: "a check rule is said to exist and is not confirmed",
        example: "12345678901",
        ..BASE
    },
    Format {
        id: "gls-track",
        carrier: "gls",
        name: "GLS track id",
        parts: &[run("serial", Set::Alnum, 8, 8)],
        grade: Grade::C,
        doubt: "eight characters, nothing else is known",
        example: "ZABC12DE",
        ..BASE
    },
    Format {
        id: "parcelforce",
        carrier: "parcelforce",
        name: "Parcelforce, two letters",
        parts: &[run("series", Set::Letters, 2, 2), digits("serial", 7)],
        example: "AB1234567",
        ..BASE
    },
    Format {
        id: "parcelforce-4",
        carrier: "parcelforce",
        name: "Parcelforce, four letters",
        parts: &[run("series", Set::Letters, 4, 4), digits("serial", 10)],
        example: "ABCD1234567890",
        ..BASE
    },
    Format {
        id: "parcelforce-12",
        carrier: "parcelforce",
        name: "Parcelforce, digits",
        parts: &[digits("serial", 12)],
        example: "923456789010",
        ..BASE
    },
];
