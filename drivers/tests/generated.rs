//! Files made from the profiles are as the profiles are now. `UPDATE_FIXTURES=1` writes them anew;
//! look at them before committing.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use firstscan_drivers::profile::Profile;
use firstscan_drivers::udev::{self, Access};
use firstscan_drivers::{catalogue, registry};
use std::path::Path;

fn is_fresh(path: &str, wanted: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("UPDATE_FIXTURES").is_some_and(|value| value == "1") {
        std::fs::write(&file, wanted).unwrap();
    }
    let is = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(is == wanted, "{path} is old: UPDATE_FIXTURES=1");
}

#[test]
fn the_rules_are_fresh() {
    let rules = udev::rules(registry::profiles(), &[]);
    is_fresh("../udev/60-firstscan.rules", &udev::text(&rules));
}

#[test]
fn the_catalogue_is_fresh() {
    let page = catalogue::markdown(registry::profiles());
    is_fresh("CATALOGUE.md", &page);
    for profile in registry::profiles() {
        assert!(
            page.contains(&format!("| `{}` |", profile.id)),
            "{}",
            profile.id
        );
    }
}

#[test]
fn nothing_is_open_to_everybody_and_every_jump_has_its_label() {
    let named = [("1234".to_owned(), "ABCD".to_owned())];
    let text = udev::text(&udev::rules(registry::profiles(), &named));
    assert!(
        !text.contains("0666") && !text.contains("uaccess"),
        "{text}"
    );
    assert_eq!(
        text.matches("MODE=").count(),
        text.matches("MODE=\"0660\"").count()
    );
    assert_eq!(text.matches("GROUP=\"firstscan\"").count(), 1);
    let part = |line: &str, key: &str| {
        let (_, rest) = line.split_once(&format!("{key}=\""))?;
        Some(rest.split('"').next()?.to_owned())
    };
    let mut later: Vec<String> = text.lines().filter_map(|l| part(l, "LABEL")).collect();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if let Some(label) = part(line, "LABEL") {
            assert_eq!(later.remove(0), label);
        }
        if let Some(goto) = part(line, "GOTO") {
            assert!(later.contains(&goto), "udev jumps forwards only: {line}");
        }
        assert_eq!(line.matches('"').count() % 2, 0, "{line}");
    }
    // Ids someone named, in every way of access and in lower case.
    let ids = "ATTRS{idVendor}==\"1234\", ATTRS{idProduct}==\"abcd\"";
    assert_eq!(text.matches(ids).count(), 3, "{text}");
    assert!(text.contains("ATTR{idVendor}==\"1234\", ATTR{idProduct}==\"abcd\", GOTO"));
}

#[test]
fn a_profile_gets_the_nodes_its_protocol_needs_and_no_others() {
    let profile = |file: &str, more: &str| {
        let text = format!("{file}\n{more}");
        Profile::parse("test", &text).unwrap()
    };
    let scale = "id = 'x'\nkind = 'scale'\nvendor = 'V'\nmodel = 'M'\ncodec = 'toledo-8217'\n\
                 unit = 'kg'\n[[examples]]\nname = 'a'\nbytes = ''\nlines = []";
    let ids = "[[match]]\nvendor_id = '0EB8'\nproduct_id = 'F000'\n[[match]]\n\
               vendor_id = '0eb8'\ntext = 'Ab-1\"'\n";
    let rules = udev::rules(&[profile(scale, ids)], &[]);
    let own: Vec<_> = rules.iter().filter(|r| r.vendor_id == "0eb8").collect();
    assert_eq!(own.len(), 2);
    assert!(
        own.iter()
            .all(|r| r.access == Access::Serial && r.wanted_by == ["x"])
    );
    let text = udev::text(&rules);
    let quoted = "ATTRS{idVendor}==\"0eb8\", ATTRS{product}==\"*[aA][bB]-1?*\", \
                  GOTO=\"firstscan_give_port\"";
    assert!(text.contains(quoted), "{text}");
    assert!(text.contains("ATTRS{manufacturer}==\"*[aA][bB]-1?*\""));
    // ModemManager looks at the device itself, whose hub must not count.
    assert!(text.contains(
        "ATTR{idVendor}==\"0eb8\", ATTR{idProduct}==\"f000\", ENV{ID_MM_DEVICE_IGNORE}=\"1\""
    ));
}
