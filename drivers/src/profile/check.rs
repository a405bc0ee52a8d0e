//! What a profile must hold beyond its shape. A slip here would be a wrong weight or a lost label,
//! so nothing is guessed: each finding names the key and what to write.

use super::{Example, Hid, Kind, Match, PrinterOptions, Profile, Serial, unescape};
use crate::dimensioner::http_json;
use crate::mass::Unit;
use crate::registry;
use crate::scale::framed::Framed;
use std::time::Duration;

/// Key and remedy.
pub(super) type Finding = (&'static str, String);

pub(super) fn check(profile: &Profile) -> Result<(), Finding> {
    identity(profile)?;
    serial(&profile.serial)?;
    profile.matches.iter().try_for_each(matching)?;
    kind(profile)?;
    if profile.examples.is_empty() {
        return fail("examples", "add at least one recorded example as proof");
    }
    profile
        .examples
        .iter()
        .try_for_each(|e| example(profile, e))
}

pub(super) fn fail(key: &'static str, text: &str) -> Result<(), Finding> {
    Err((key, text.to_owned()))
}

fn identity(profile: &Profile) -> Result<(), Finding> {
    let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if profile.id.is_empty() || profile.id.len() > 64 || !profile.id.bytes().all(legal) {
        return fail(
            "id",
            "write lower-case letters, digits and hyphens, 64 at most",
        );
    }
    if profile.vendor.trim().is_empty() {
        return fail("vendor", "write the maker's name, or \"generic\"");
    }
    if profile.model.trim().is_empty() {
        return fail("model", "write the model or family");
    }
    if !registry::knows(profile.kind, &profile.codec) {
        let names = registry::codecs(profile.kind).join(", ");
        return Err(("codec", format!("no such protocol: write one of {names}")));
    }
    Ok(())
}

fn serial(serial: &Serial) -> Result<(), Finding> {
    if !(110..=4_000_000).contains(&serial.baud) {
        return fail("serial.baud", "write 110 to 4000000, such as 9600");
    }
    if !matches!(serial.data_bits, 7 | 8) {
        return fail("serial.data_bits", "write 7 or 8");
    }
    if !matches!(serial.stop_bits, 1 | 2) {
        return fail("serial.stop_bits", "write 1 or 2");
    }
    if !matches!(serial.parity.as_str(), "none" | "even" | "odd") {
        return fail("serial.parity", "write none, even or odd");
    }
    Ok(())
}

fn matching(wanted: &Match) -> Result<(), Finding> {
    let hex = |id: &str| id.len() == 4 && id.bytes().all(|b| b.is_ascii_hexdigit());
    if !hex(&wanted.vendor_id) {
        return fail("match.vendor_id", "write four hex digits, such as \"0eb8\"");
    }
    if !wanted.product_id.as_deref().is_none_or(hex) {
        return fail(
            "match.product_id",
            "write four hex digits, such as \"f000\"",
        );
    }
    if wanted.text.as_ref().is_some_and(|t| t.trim().is_empty()) {
        return fail(
            "match.text",
            "write a part of the device's name, or leave it out",
        );
    }
    Ok(())
}

fn kind(profile: &Profile) -> Result<(), Finding> {
    if (profile.kind == Kind::Scale) != profile.unit.is_some() {
        return fail(
            "unit",
            "scales, and only they, name the unit they display: kg, g, lb or oz",
        );
    }
    let report = |text: &String| unescape(text).is_some_and(|r| (2..=64).contains(&r.len()));
    if !profile.scale.zero_report.as_ref().is_none_or(report) {
        return fail(
            "scale.zero_report",
            "write the report's id and data, such as '\\x02\\x02'",
        );
    }
    if profile.scale.implied_decimals.is_some_and(|d| d > 6) {
        return fail("scale.implied_decimals", "write 0 to 6");
    }
    if !(50..=5000).contains(&profile.scale.poll_ms) {
        return fail("scale.poll_ms", "write 50 to 5000");
    }
    framed(profile)?;
    http(profile)?;
    hid(profile)?;
    super::scanner::check(&profile.scanner)?;
    match (&profile.printer, profile.kind) {
        (Some(options), Kind::Printer) => printer(options),
        (None, Kind::Scale | Kind::Scanner | Kind::Dimensioner) => Ok(()),
        _ => fail("printer", "printers, and only they, have a [printer] table"),
    }
}

fn hid(profile: &Profile) -> Result<(), Finding> {
    let Some(hid) = &profile.hid else {
        if profile.codec == "hid-scale" {
            return fail("hid", "write the report descriptor and report_bytes");
        }
        return Ok(());
    };
    if hid.descriptor_bytes().is_none_or(|bytes| bytes.is_empty()) {
        return fail(
            "hid.descriptor",
            "write the report descriptor as hex digits, 4096 bytes at most",
        );
    }
    if !(1..=Hid::DESCRIPTOR_BYTES_MAX).contains(&hid.report_bytes) {
        return fail(
            "hid.report_bytes",
            "write the length of one input report, 1 to 4096",
        );
    }
    Ok(())
}

fn framed(profile: &Profile) -> Result<(), Finding> {
    let unit = profile.unit.unwrap_or(Unit::Kilogram);
    match (&profile.framed, profile.codec.as_str()) {
        (Some(options), "framed") => Framed::new(options, unit, Duration::ZERO)
            .map(|_| ())
            .map_err(|error| ("framed", error.to_string())),
        (None, codec) if codec != "framed" => Ok(()),
        _ => fail(
            "framed",
            "scales with codec = \"framed\", and only they, have it",
        ),
    }
}

fn http(profile: &Profile) -> Result<(), Finding> {
    match (&profile.http, profile.codec.as_str()) {
        (Some(options), "http-json") => {
            http_json::check(options).map_err(|error| ("http", error.to_string()))
        }
        (None, codec) if codec != "http-json" => Ok(()),
        _ => fail(
            "http",
            "dimensioners with codec = \"http-json\", and only they, have it",
        ),
    }
}

fn printer(options: &PrinterOptions) -> Result<(), Finding> {
    if !matches!(options.dpi, 203 | 300 | 600) {
        return fail("printer.dpi", "write 203, 300 or 600");
    }
    if !(8..=32_000).contains(&options.width_dots) {
        return fail(
            "printer.width_dots",
            "write the dots of the head, such as 832",
        );
    }
    let stock = 5_000..=1_000_000;
    if !stock.contains(&options.media_width_um) {
        return fail(
            "printer.media_width_um",
            "write micrometres, such as 101600 for 4 in",
        );
    }
    if !stock.contains(&options.media_height_um) {
        return fail(
            "printer.media_height_um",
            "write micrometres, such as 152400 for 6 in",
        );
    }
    if options
        .gap_um
        .is_some_and(|gap| !(0..=100_000).contains(&gap))
    {
        return fail(
            "printer.gap_um",
            "write micrometres, such as 3000, or 0 for continuous stock",
        );
    }
    if options.media().dots(options.resolution()).0 > options.width_dots {
        return fail(
            "printer.media_width_um",
            "the stock is wider than the head's width_dots at this dpi: correct one of them",
        );
    }
    Ok(())
}

fn example(profile: &Profile, example: &Example) -> Result<(), Finding> {
    if unescape(&example.bytes).is_none() {
        return fail(
            "examples.bytes",
            "escapes are \\xNN, \\r, \\n, \\t and \\\\",
        );
    }
    if let Some(query) = &example.query {
        let names = registry::language(profile).map_or(Vec::new(), |l| l.query_names());
        if !names.contains(&query.as_str()) {
            let remedy = if names.is_empty() {
                "only printers are asked: leave it out".to_owned()
            } else {
                format!("no such question: write one of {}", names.join(", "))
            };
            return Err(("examples.query", remedy));
        }
    }
    let object = |line: &String| {
        serde_json::from_str::<serde_json::Value>(line).is_ok_and(|v| v.get("kind").is_some())
    };
    if !example.lines.iter().all(object) {
        return fail(
            "examples.lines",
            "write each line as `device decode --json` prints it",
        );
    }
    Ok(())
}
