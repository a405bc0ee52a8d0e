//! A site's own profiles over the built-in ones.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use firstscan_drivers::registry::{self, SiteError, merged, use_site_profiles};

const OWN: &str = include_str!("../profiles/BLUEPRINT.toml");

fn file(name: &str, text: &str) -> (String, String) {
    (name.to_owned(), text.to_owned())
}

#[test]
fn a_site_adds_and_replaces_by_id() {
    let kern = include_str!("../profiles/scales/kern-de.toml").replace("9600", "4800");
    let site = [file("own.toml", OWN), file("kern.toml", &kern)];
    let all = merged(&site).unwrap();
    let built_in = merged(&[]).unwrap();
    assert_eq!(all.len(), built_in.len() + 1);
    let found = |id: &str| all.iter().find(|p| p.id == id).unwrap();
    assert_eq!(found("kern-de").serial.baud, 4800);
    assert_eq!(found("vendor-model").vendor, "Vendor");
    assert!(all.is_sorted_by(|a, b| a.id < b.id));
    assert!(registry::codec(found("kern-de")).is_some());
}

#[test]
fn every_mistake_of_every_file_is_told() {
    let printer = include_str!("../profiles/printers/zpl-203.toml");
    let stolen = printer.replace("zpl-203", "kern-de");
    let wrong = OWN.replace("\"even\"", "\"maybe\"");
    let site = [
        file("a.toml", OWN),
        file("b.toml", &wrong),
        file("c.toml", OWN),
        file("d.toml", &stolen),
        file("e.toml", "id = "),
    ];
    let errors: Vec<String> = merged(&site)
        .unwrap_err()
        .iter()
        .map(ToString::to_string)
        .collect();
    let wanted = [
        "b.toml: serial.parity: write none, even or odd",
        "c.toml: id: \"vendor-model\" is in a.toml too: give one of them another id",
        "d.toml: kind: the built-in profile \"kern-de\" is of another kind: write kind = \"scale\"",
        "e.toml: ",
    ];
    assert_eq!(errors.len(), wanted.len(), "{errors:?}");
    for (error, wanted) in errors.iter().zip(wanted) {
        assert!(error.starts_with(wanted), "{error}");
    }
    let many = vec![file("x.toml", OWN); 513];
    assert_eq!(merged(&many).unwrap_err(), [SiteError::TooMany(513)]);
}

/// The one diff in a module's docs, as (path, text of the new file): a patch that adds a file.
fn new_file(docs: &str) -> (String, String) {
    let lines = docs.lines().filter_map(|line| line.strip_prefix("//! "));
    let mut lines = lines.skip_while(|line| *line != "```diff").skip(1);
    assert_eq!(lines.next(), Some("--- /dev/null"));
    let path = lines.next().unwrap().strip_prefix("+++ b/").unwrap();
    let hunk = lines.next().unwrap();
    let added: Vec<&str> = lines
        .take_while(|line| *line != "```")
        .map(|line| line.strip_prefix('+').unwrap())
        .collect();
    assert_eq!(hunk, format!("@@ -0,0 +1,{} @@", added.len()));
    (path.to_owned(), added.join("\n") + "\n")
}

/// A new scale and a new scanner are one file each: the diffs in the docs are whole, and what they
/// add is a profile at the right place that decodes its own proof.
#[test]
fn the_new_devices_of_the_docs_work() {
    for (docs, folder) in [
        (include_str!("../src/scale/framed/mod.rs"), "scales"),
        (include_str!("../src/scanner/mod.rs"), "scanners"),
    ] {
        let (path, text) = new_file(docs);
        let id = path.strip_prefix(&format!("drivers/profiles/{folder}/"));
        let id = id.and_then(|name| name.strip_suffix(".toml")).unwrap();
        let all = merged(&[file(&path, &text)]).unwrap();
        let profile = all.iter().find(|p| p.id == id).unwrap();
        for example in &profile.examples {
            let bytes = firstscan_drivers::profile::unescape(&example.bytes).unwrap();
            for chunk in [None, Some(1)] {
                let said = firstscan_drivers::decode::decode(profile, chunk, None, &bytes);
                let said = serde_json::to_value(said).unwrap();
                let wanted: Vec<serde_json::Value> = example
                    .lines
                    .iter()
                    .map(|line| serde_json::from_str(line).unwrap())
                    .collect();
                assert_eq!(said, serde_json::Value::Array(wanted), "{id}");
            }
        }
    }
}

/// The only test that asks for the profiles in use: they are chosen once in a program's life.
#[test]
fn profiles_are_chosen_once_before_they_are_used() {
    use_site_profiles(&[file("own.toml", OWN)]).unwrap();
    assert!(registry::profile("vendor-model").is_some());
    assert!(registry::profile("kern-de").is_some());
    let again = use_site_profiles(&[]).unwrap_err();
    assert_eq!(again, [SiteError::Late]);
}
