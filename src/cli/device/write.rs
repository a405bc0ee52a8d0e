//! A device into a configuration file: added, checked, and only then put in place.

use super::Exit;
use crate::config::Config;
use std::io::Write;
use std::path::Path;

const FILE_BYTES_MAX: usize = 1 << 20;

/// Adds a device to a place of the file, which is made if it is absent. Nothing that stands there
/// is changed, and nothing is written if the result is no sound configuration.
///
/// # Errors
/// [`Exit`] with cause and remedy.
pub(super) fn append(file: &Path, place: &str, id: &str, lines: &str) -> anyhow::Result<()> {
    // A link stays a link.
    let file = file.canonicalize().unwrap_or_else(|_| file.to_owned());
    let old = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(e) => return Err(Exit::new(3, format!("{}: {e}", file.display())).into()),
    };
    let refused = |text: String| Exit::new(3, format!("{}: {text}", file.display()));
    let new = with_device(&old, place, id, lines).map_err(refused)?;
    let folder = file.parent().filter(|p| !p.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let beside = folder.join(format!(".{name}.{}.new", std::process::id()));
    let outcome = replace(&file, &beside, &new);
    if outcome.is_err() {
        drop(std::fs::remove_file(&beside));
    }
    outcome
}

fn replace(file: &Path, beside: &Path, text: &str) -> anyhow::Result<()> {
    let mut written = std::fs::File::options()
        .write(true)
        .create_new(true)
        .open(beside)?;
    written.write_all(text.as_bytes())?;
    if let Ok(old) = std::fs::metadata(file) {
        written.set_permissions(old.permissions())?;
    }
    written.sync_all()?;
    let config = Config::load(Some(beside))?;
    crate::app::check(&config)?;
    std::fs::rename(beside, file)?;
    Ok(())
}

/// The file's text with the device in it.
fn with_device(text: &str, place: &str, id: &str, lines: &str) -> Result<String, String> {
    if text.len() > FILE_BYTES_MAX {
        return Err("longer than 1 MiB: is this a configuration?".into());
    }
    let old: toml::Table = toml::from_str(text).map_err(|e| e.to_string())?;
    let places = old.get("places").and_then(toml::Value::as_array);
    let id_of = |value: &toml::Value| value.get("id")?.as_str().map(str::to_owned);
    let devices = |place: &toml::Value| -> Vec<String> {
        let list = place.get("devices").and_then(toml::Value::as_array);
        list.into_iter().flatten().filter_map(id_of).collect()
    };
    if places
        .into_iter()
        .flatten()
        .flat_map(devices)
        .any(|known| known == id)
    {
        return Err(format!(
            "{id} is there already: give another --id, or edit the file"
        ));
    }
    let is_place = |p: &toml::Value| id_of(p).as_deref() == Some(place);
    let index = places.and_then(|places| places.iter().position(is_place));
    let mut block = format!("\n[[places.devices]]\n{}\n", lines.trim_end());
    let at = match index {
        Some(index) => section_end(text, index),
        None => {
            let id = toml::Value::String(place.to_owned());
            block = format!("\n[[places]]\nid = {id}\nkind = \"bench\"\n{block}");
            text.len()
        }
    };
    let (before, after) = text.split_at(at);
    let gap = if before.is_empty() || before.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    let rest = if after.is_empty() { "" } else { "\n" };
    let new = format!(
        "{before}{gap}{}{rest}{after}",
        block.trim_start_matches('\n')
    );
    let new = if before.is_empty() {
        new
    } else {
        format!(
            "{before}{gap}\n{}{rest}{after}",
            block.trim_start_matches('\n')
        )
    };
    is_only_addition(&old, &new, index.is_none()).map(|()| new)
}

/// Where the place ends: before the next table that is not its own, or at the end.
fn section_end(text: &str, index: usize) -> usize {
    let mut seen = 0_usize;
    let mut at = 0_usize;
    for line in text.split_inclusive('\n') {
        let bare: String = line.chars().filter(|c| !c.is_whitespace()).collect();
        let is_header = bare.starts_with('[');
        if is_header
            && seen > index
            && !bare.starts_with("[[places.")
            && !bare.starts_with("[places.")
        {
            return at;
        }
        if bare.starts_with("[[places]]") {
            seen += 1;
        }
        at += line.len();
    }
    text.len()
}

/// Reads the new text back: without its newest device it must say what the old one said.
fn is_only_addition(old: &toml::Table, new: &str, is_new_place: bool) -> Result<(), String> {
    let by_hand = "the device cannot be added here without touching the rest: add it by hand";
    let mut table: toml::Table = toml::from_str(new).map_err(|_| by_hand.to_owned())?;
    let places = table.get_mut("places").and_then(toml::Value::as_array_mut);
    let places = places.ok_or(by_hand)?;
    if is_new_place {
        places.pop();
        if places.is_empty() && !old.contains_key("places") {
            table.remove("places");
        }
        return if table == *old {
            Ok(())
        } else {
            Err(by_hand.into())
        };
    }
    let restored = (0..places.len()).any(|index| {
        let mut trial = table.clone();
        let places = trial.get_mut("places").and_then(toml::Value::as_array_mut);
        let place = places
            .and_then(|p| p.get_mut(index))
            .and_then(toml::Value::as_table_mut);
        let Some(place) = place else {
            return false;
        };
        let devices = place.get_mut("devices").and_then(toml::Value::as_array_mut);
        let is_empty = devices.is_some_and(|list| {
            list.pop();
            list.is_empty()
        });
        if is_empty {
            place.remove("devices");
        }
        trial == *old
    });
    if restored {
        Ok(())
    } else {
        Err(by_hand.into())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const LINES: &str = "id = \"b1/x\"\nrole = \"scale\"\n";
    const DEVICE: &str = "[[places.devices]]\nid = \"b1/x\"\nrole = \"scale\"\n";

    #[test]
    fn a_device_lands_at_its_place_and_the_rest_stays_as_it_was() {
        let first = "# mine\n[[places]]\nid = \"b1\" # one\nkind = \"bench\"\n";
        let other = "[[places]]\nid = \"b2\"\nkind = \"bench\"\n";
        let new = with_device(&format!("{first}{other}"), "b1", "b1/x", LINES).unwrap();
        assert_eq!(new, format!("{first}\n{DEVICE}\n{other}"));
        let new = with_device(&format!("{first}{other}"), "b2", "b1/x", LINES).unwrap();
        assert_eq!(new, format!("{first}{other}\n{DEVICE}"));
        let empty = with_device("", "b1", "b1/x", LINES).unwrap();
        assert_eq!(
            empty,
            format!("[[places]]\nid = \"b1\"\nkind = \"bench\"\n\n{DEVICE}")
        );
        let again = with_device(&new, "b2", "b1/x", LINES).unwrap_err();
        assert!(again.contains("there already"), "{again}");
        let inline = "places = [{ id = \"b1\", kind = \"bench\" }]\n";
        let refused = with_device(inline, "b1", "b1/x", LINES).unwrap_err();
        assert!(refused.contains("by hand"), "{refused}");
        // A text that looks like a header moves the device nowhere.
        let tricky = format!("{first}title = \"\"\"\n[[places]]\n\"\"\"\n");
        let new = with_device(&tricky, "b1", "b1/x", LINES);
        assert!(new.is_err() || new.unwrap().starts_with(&tricky));
    }
}
