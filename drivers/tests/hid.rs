//! Report descriptors: real and made ones, and any bytes at all.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use firstscan_drivers::hid::{
    FIELDS_MAX, Field, HidError, REPORT_BYTES_MAX, ReportKind, Reports, parse,
};
use proptest::prelude::*;

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(pair).collect()
}

/// A shipping scale, as its owner read it from the device.
const SCALE: &str = "
    05 8D 09 20 A1 01
    09 30 A1 02 85 01 75 08 95 01 15 01 09 27 A1 02 25 0A 19 21 29 2A B1 00 C0
    09 50 A1 02 25 0C 19 51 29 5C B1 00 C0 C0
    09 31 A1 02 85 02 75 01 95 02 15 00 25 01 09 81 09 80 91 02 75 06 95 01 91 03 C0
    09 32 A1 02 85 03 75 08 15 01 09 70 A1 02 25 08 19 71 29 78 81 00 C0
    09 50 A1 02 25 0C 19 51 29 5C 81 00 C0
    15 81 25 7F 09 41 81 02 75 10 15 00 27 FF FF 00 00 09 40 81 02 C0
    09 34 A1 02 85 05 75 08 95 01 09 50 A1 02 15 01 25 0C 19 51 29 5C B1 00 C0
    15 81 25 7F 09 41 B1 02 75 10 15 00 27 FF FF 00 00 09 40 B1 03 C0
    09 35 A1 02 85 06 75 10 95 02 15 00 27 FF FF 00 00 09 60 09 61 B1 03 C0
    09 30 A1 02 85 07 75 08 95 0F 15 00 25 7F 09 40 B1 02 C0
    C0";

/// The boot keyboard of the HID specification's appendix B.
const KEYBOARD: &str = "
    05 01 09 06 A1 01 05 07 19 E0 29 E7 15 00 25 01 75 01 95 08 81 02 95 01 75 08 81 01
    95 05 75 01 05 08 19 01 29 05 91 02 95 01 75 03 91 01
    95 06 75 08 15 00 25 65 05 07 19 00 29 65 81 00 C0";

/// A scanner after the usage tables: the layout most makers have in common.
const SCANNER: &str = "
    05 8C 09 02 A1 01
    09 12 A1 02 85 02 15 00 26 FF 00 75 08
    05 01 09 3B 95 01 81 02
    05 8C 09 FB 09 FC 09 FD 95 03 81 02
    09 FE 95 38 82 02 01
    06 66 FF 09 04 95 01 81 02
    09 00 95 01 81 02
    05 8C 25 01 75 01 09 FF 95 01 81 02 95 07 81 03 C0
    09 14 A1 02 85 04 15 00 25 01 75 01 09 5F 95 01 91 02 09 60 95 01 91 02 95 06 91 03 C0
    C0";

fn input(reports: &Reports, id: u8, usage: u32) -> &Field {
    reports.input(id).find(|f| f.has_usage(usage)).unwrap()
}

#[test]
fn a_real_scale() {
    let reports = parse(&bytes(SCALE)).unwrap();
    assert!(reports.numbered);
    assert_eq!(reports.report_bytes(ReportKind::Input, 3), 6);
    assert_eq!(reports.report_bytes(ReportKind::Output, 2), 2);
    assert_eq!(reports.report_bytes(ReportKind::Feature, 7), 16);
    assert_eq!(reports.report_bits(ReportKind::Input, 9), 0);
    // 0.1 lb under zero: status 5, unit 12, exponent -1, 1.
    let report = [3, 5, 12, 0xFF, 1, 0];
    let status = input(&reports, 3, 0x8D_0072);
    assert!(status.is_array());
    assert_eq!(status.selected(&report, 0), Some(0x8D_0075));
    assert_eq!(status.selected(&[3, 0, 12, 0xFF, 1, 0], 0), None);
    assert_eq!(status.selected(&[3, 9, 12, 0xFF, 1, 0], 0), None);
    let unit = input(&reports, 3, 0x8D_005C);
    assert_eq!(unit.selected(&report, 0), Some(0x8D_005C));
    assert!(unit.is_within(0x8D_0050) && unit.is_within(0x8D_0032));
    let exponent = input(&reports, 3, 0x8D_0041);
    assert_eq!(exponent.get(&report, 0), Some(-1));
    let weight = input(&reports, 3, 0x8D_0040);
    assert_eq!((weight.logical_min, weight.logical_max), (0, 65535));
    assert_eq!(weight.get(&[3, 4, 12, 0, 0xFF, 0xFE], 0), Some(0xFEFF));
    assert_eq!(weight.get(&[3, 4, 12, 0, 0xFF], 0), None);
    assert_eq!(weight.get(&[4, 4, 12, 0, 0xFF, 0xFE], 0), None);
    // Zeroing: bit 1 of report 2.
    let mut zero = reports.blank(ReportKind::Output, 2).unwrap();
    let control = reports.fields_of(ReportKind::Output, 2).next().unwrap();
    assert!(control.set(&mut zero, control.index_of(0x8D_0080).unwrap(), 1));
    assert_eq!(zero, [2, 0b10]);
}

#[test]
fn a_keyboard() {
    let reports = parse(&bytes(KEYBOARD)).unwrap();
    assert!(!reports.numbered);
    assert_eq!(reports.report_bytes(ReportKind::Input, 0), 8);
    let report = [0x02, 0, 0x04, 0x1E, 0, 0, 0, 0];
    let modifiers = input(&reports, 0, 0x07_00E1);
    assert!(!modifiers.is_array());
    let shift = modifiers.index_of(0x07_00E1).unwrap();
    assert_eq!(modifiers.get(&report, shift), Some(1));
    assert_eq!(modifiers.get(&report, 0), Some(0));
    assert_eq!(modifiers.get(&report, 8), None);
    let keys = input(&reports, 0, 0x07_0004);
    assert_eq!((keys.count, keys.bit_offset), (6, 16));
    assert_eq!(keys.selected(&report, 0), Some(0x07_0004));
    assert_eq!(keys.selected(&report, 1), Some(0x07_001E));
    // Lights: an output report has its id byte even if there are no ids.
    let mut lights = reports.blank(ReportKind::Output, 0).unwrap();
    let field = reports.fields_of(ReportKind::Output, 0).next().unwrap();
    assert!(field.set(&mut lights, field.index_of(0x08_0002).unwrap(), 1));
    assert_eq!(lights, [0, 0b10]);
    assert!(!field.set(&mut lights, 0, 2) && !field.set(&mut lights, 5, 1));
}

#[test]
fn a_scanner() {
    let reports = parse(&bytes(SCANNER)).unwrap();
    assert_eq!(reports.report_bytes(ReportKind::Input, 2), 64);
    let data = input(&reports, 2, 0x8C_00FE);
    assert!(data.is_buffered() && data.is_within(0x8C_0012));
    assert_eq!((data.bit_offset, data.count), (32, 56));
    let more = input(&reports, 2, 0x8C_00FF);
    assert_eq!((more.bit_offset, more.count, more.logical_max), (496, 1, 1));
    let aim: Vec<_> = (0..3)
        .map(|i| input(&reports, 2, 0x8C_00FB).usage(i))
        .collect();
    assert_eq!(aim, [Some(0x8C_00FB), Some(0x8C_00FC), Some(0x8C_00FD)]);
    assert_eq!(input(&reports, 2, 0xFF66_0004).bit_offset, 480);
}

#[test]
fn what_cannot_be_is_refused() {
    let refused = |hex: &str| parse(&bytes(hex)).unwrap_err();
    assert_eq!(parse(&[0; 5000]), Err(HidError::TooLong(5000)));
    assert_eq!(refused("05 01 09"), HidError::Truncated { at: 2 });
    assert_eq!(refused("FE 05 01"), HidError::Truncated { at: 0 });
    assert_eq!(refused("C0"), HidError::Unbalanced { at: 0 });
    assert_eq!(refused("A1 01"), HidError::Unbalanced { at: 2 });
    assert_eq!(refused("B4"), HidError::Unbalanced { at: 0 });
    assert_eq!(refused("85 00"), HidError::ReportId { id: 0, at: 0 });
    assert_eq!(refused("86 00 01"), HidError::ReportId { id: 256, at: 0 });
    assert_eq!(
        refused("76 01 01"),
        HidError::FieldSize { bits: 257, at: 0 }
    );
    let bits = "bits in one report";
    for hex in ["75 08 96 01 10 81 02", "75 FF 97 FF FF FF FF 81 02"] {
        let error = refused(hex);
        assert!(
            matches!(error, HidError::TooMany { what, .. } if what == bits),
            "{error}"
        );
    }
    let deep = "A1 00 ".repeat(40);
    assert!(matches!(refused(&deep), HidError::TooMany { .. }));
    let usages = "09 01 ".repeat(2000);
    assert!(matches!(
        refused(&usages),
        HidError::TooMany { what: "usages", .. }
    ));
    let fields = format!("75 01 95 01 {}", "81 02 ".repeat(FIELDS_MAX + 1));
    assert!(matches!(
        refused(&fields),
        HidError::TooMany { what: "fields", .. }
    ));
}

#[test]
fn the_corners_of_the_format() {
    // A long item is passed over, push and pop bring globals back, a page after its usage counts.
    let reports = parse(&bytes(
        "FE 02 10 AA BB 05 0C 75 08 95 01 25 FF A4 75 04 95 02 B4 09 E9 05 8C 81 02
         0B 03 00 07 00 91 02 A9 01 09 01 09 02 A9 00 09 03 95 02 B1 02",
    ))
    .unwrap();
    let first = &reports.fields[0];
    assert_eq!(
        (first.bit_size, first.count, first.logical_max),
        (8, 1, 255)
    );
    assert_eq!(first.usage(0), Some(0x8C_00E9));
    assert_eq!(first.usage(5), Some(0x8C_00E9));
    assert_eq!(reports.fields[1].usage(0), Some(0x07_0003));
    // Of alternatives the first counts.
    let third = &reports.fields[2];
    assert_eq!(
        (third.usage(0), third.usage(1)),
        (Some(0x8C_0001), Some(0x8C_0003))
    );
    // Nibble exponents and whole ones.
    for (hex, wanted) in [
        ("55 0E", -2),
        ("55 02", 2),
        ("55 FD", -3),
        ("57 FF 00 00 00", 0),
    ] {
        let reports = parse(&bytes(&format!("{hex} 75 01 95 01 81 02"))).unwrap();
        assert_eq!(reports.fields[0].unit_exponent, wanted, "{hex}");
    }
}

fn any_item() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        (any::<u8>(), any::<[u8; 4]>()).prop_map(|(prefix, data)| {
            let size = [0, 1, 2, 4][usize::from(prefix & 3)];
            [&[prefix][..], &data[..size]].concat()
        }),
        (0_u8..40).prop_map(|n| vec![0x75, n]),
        (0_u8..40).prop_map(|n| vec![0x95, n]),
        (0_u8..4).prop_map(|n| vec![0x85, n]),
        prop_oneof![Just(0x81), Just(0x91), Just(0xB1)].prop_map(|tag| vec![tag, 2]),
        any::<u8>().prop_map(|n| vec![0x15, n]),
        any::<u8>().prop_map(|n| vec![0x09, n]),
        Just(vec![0xA1, 1]),
        Just(vec![0xC0]),
    ]
}

/// What holds for every descriptor that is taken.
fn sound(reports: &Reports, report: &[u8]) {
    assert!(reports.fields.len() <= FIELDS_MAX);
    for field in &reports.fields {
        assert!(field.bit_size > 0 && field.count > 0);
        let bits = reports.report_bits(field.kind, field.report_id);
        assert!(bits <= u32::try_from(REPORT_BYTES_MAX * 8).unwrap());
        assert!(field.report_id == 0 || reports.numbered);
        let mut out = reports.blank(field.kind, field.report_id).unwrap();
        for index in [0, field.count - 1, field.count, u32::MAX] {
            let read = field.get(report, index);
            assert!(read.is_none() || index < field.count);
            if let Some(value) = read {
                assert!(field.set(&mut out, index, value));
                let sent = if field.report_id == 0 {
                    &out[1..]
                } else {
                    &out[..]
                };
                assert_eq!(field.get(sent, index), Some(value));
            }
            if let Some(usage) = field.selected(report, index) {
                assert!(field.has_usage(usage));
            }
        }
    }
}

proptest! {
    #[test]
    fn any_items_are_read_or_refused(
        items in proptest::collection::vec(any_item(), 0..60),
        report in proptest::collection::vec(any::<u8>(), 0..80),
    ) {
        let mut descriptor = items.concat();
        if let Ok(reports) = parse(&descriptor) {
            sound(&reports, &report);
        }
        // Closed collections make more of them acceptable.
        descriptor.extend([0xC0; 4]);
        for cut in 0..4 {
            if let Ok(reports) = parse(&descriptor[..descriptor.len() - cut]) {
                sound(&reports, &report);
            }
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(
        descriptor in proptest::collection::vec(any::<u8>(), 0..300),
        report in proptest::collection::vec(any::<u8>(), 0..80),
    ) {
        if let Ok(reports) = parse(&descriptor) {
            sound(&reports, &report);
        }
    }

    #[test]
    fn a_damaged_descriptor_is_no_harm(
        at in 0_usize..221, bit in 0_u8..8, report in proptest::collection::vec(any::<u8>(), 0..20),
    ) {
        let mut descriptor = bytes(SCALE);
        prop_assert_eq!(descriptor.len(), 221);
        descriptor[at] ^= 1 << bit;
        if let Ok(reports) = parse(&descriptor) {
            sound(&reports, &report);
        }
    }
}
