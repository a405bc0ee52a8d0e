//! The catalogue: what can be connected, as a Markdown page made from the profiles.

use crate::profile::{Kind, Profile, Serial};

const HEADER: &str = "\
# Devices firstscan knows

Made from `drivers/profiles` by a test; `UPDATE_FIXTURES=1 cargo test -p firstscan-drivers` writes
it anew. Ids prove a model; without ids the operator names the profile. Every profile carries
recorded examples, and the tests decode them.
";

/// The page: a table per kind, rows by vendor and model.
pub fn markdown(profiles: &[Profile]) -> String {
    let mut page = HEADER.to_owned();
    for (kind, title) in [
        (Kind::Scale, "Scales"),
        (Kind::Scanner, "Scanners"),
        (Kind::Dimensioner, "Dimensioners"),
        (Kind::Printer, "Printers"),
    ] {
        let mut rows: Vec<&Profile> = profiles.iter().filter(|p| p.kind == kind).collect();
        if rows.is_empty() {
            continue;
        }
        let key = |p: &Profile| {
            (
                p.vendor.to_lowercase(),
                p.model.to_lowercase(),
                p.id.clone(),
            )
        };
        rows.sort_by_key(|p| key(p));
        page.push_str(&format!(
            "\n## {title} ({})\n\n\
             | vendor | model | profile | protocol | connection | USB ids | examples |\n\
             |---|---|---|---|---|---|---|\n",
            rows.len()
        ));
        for profile in rows {
            page.push_str(&row(profile));
        }
    }
    page
}

fn row(profile: &Profile) -> String {
    let cells = [
        cell(&profile.vendor),
        cell(&profile.model),
        format!("`{}`", cell(&profile.id)),
        cell(&profile.codec),
        cell(&connection(profile)),
        cell(&ids(profile)),
        profile.examples.len().to_string(),
    ];
    format!("| {} |\n", cells.join(" | "))
}

/// What cannot stand in a table's cell is replaced.
fn cell(text: &str) -> String {
    let plain = |c: char| if c == '|' || c.is_control() { '/' } else { c };
    text.chars().map(plain).collect()
}

/// How it is connected, by its protocol: reports, keys, a printer's many ways, or a serial line.
pub fn connection(profile: &Profile) -> String {
    match (profile.kind, profile.codec.as_str()) {
        (Kind::Printer, _) => "USB, network, queue".into(),
        (_, "keyboard") => "USB keyboard".into(),
        (_, "http-json") => "HTTP".into(),
        (_, codec) if profile.hid.is_some() || codec.starts_with("hid-") => "USB HID".into(),
        _ => format!("serial {}", line(&profile.serial)),
    }
}

/// Line settings as people write them, such as `9600 7E1`.
pub fn line(serial: &Serial) -> String {
    let parity = match serial.parity.as_str() {
        "even" => 'E',
        "odd" => 'O',
        _ => 'N',
    };
    format!(
        "{} {}{parity}{}",
        serial.baud, serial.data_bits, serial.stop_bits
    )
}

fn ids(profile: &Profile) -> String {
    let one = |m: &crate::profile::Match| {
        let product = m.product_id.as_deref().unwrap_or("*");
        let text = m
            .text
            .as_ref()
            .map(|t| format!(" with {t:?}"))
            .unwrap_or_default();
        format!("{}:{product}{text}", m.vendor_id)
    };
    let all: Vec<String> = profile.matches.iter().map(one).collect();
    all.join(", ")
}
