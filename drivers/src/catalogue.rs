//! The catalogue: what can be connected, as a Markdown page made from the profiles.

use crate::profile::{Kind, Profile, Serial};

const HEADER: &str = "\
# Devices firstscan knows

Made from `drivers/profiles` by a test; `UPDATE_FIXTURES=1 cargo test -p firstscan-drivers` writes
it anew. Ids prove a model; without ids the operator names the profile. Every profile carries
recorded examples, and the tests decode them.
";

/// Devices that are known of, and why they have no profile: a guess would be a wrong weight or a
/// lost label.
const WITHOUT: &[(&str, &str)] = &[
    (
        "IBM \"USB scale\" of checkout scanner-scales (Zebra MP7000)",
        "its status bits are published, where its weight stands is not; use its serial port (8217, \
         SCP, SASI)",
    ),
    (
        "Holtek \"AccuPost PP-10\" (04d9:8010)",
        "not of the point-of-sale class: report 9, nothing by itself; its bytes are not published",
    ),
    (
        "Sartorius Practum over USB (24bc:0011)",
        "not of the point-of-sale class; its serial port speaks SBI",
    ),
    (
        "Adam PGL",
        "commands and errors are published, the answer with a weight is not",
    ),
    (
        "Dibal dialogues 02 and 04",
        "only their line settings are published; set the scale to dialogue 06 or 98/99",
    ),
    (
        "Rice Lake iDimension",
        "an HTTP guide exists (PN 167741), its answers are not public; with them it is an \
         `http-json` profile",
    ),
    (
        "Tricolops dimensioner",
        "single letters on TCP 59086 are known, the answers are not",
    ),
    (
        "Mettler Toledo CSN, TLD",
        "no public frame; an output like a CubiScan's is said to exist: then `cubiscan`",
    ),
    (
        "Zebra scanners in SNAPI, IBM hand-held or table-top mode",
        "scan the setup code for HID POS, CDC or SSI",
    ),
    (
        "Seiko SLP printers",
        "their language is not published here; a print queue of the system can drive them",
    ),
];

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
    page.push_str("\n## Known, without a profile\n\n| device | why, and what to do |\n|---|---|\n");
    for (device, why) in WITHOUT {
        page.push_str(&format!("| {} | {} |\n", cell(device), cell(why)));
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
