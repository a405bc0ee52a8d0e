//! What a file leaves in the printer's memory: graphics and formats, by name. Lives as long as
//! the file is interpreted.

use std::collections::HashMap;
use std::sync::Arc;

use firstscan_drivers::bitmap::Bitmap;
use firstscan_drivers::printer::zpl::tokens::Token;

/// Bytes of graphics and formats together.
pub const STORE_BYTES_MAX: usize = 16 << 20;
/// Objects.
const OBJECTS_MAX: usize = 500;

/// A command with the delimiter that was in force.
pub type Command = (Token, u8);

/// Named objects.
#[derive(Debug, Default)]
pub struct Store {
    graphics: HashMap<String, Arc<Bitmap>>,
    formats: HashMap<String, Arc<Vec<Command>>>,
    bytes: usize,
}

/// `R:logo` as `LOGO.GRF`: upper case, extension added, device dropped. A name is found on
/// whatever device it was stored.
pub fn object_name(raw: &[u8], extension: &str) -> String {
    let text = String::from_utf8_lossy(raw).trim().to_ascii_uppercase();
    let name = text.split_once(':').map_or(text.as_str(), |(_, name)| name);
    let name: String = name.chars().take(32).collect();
    if name.contains('.') {
        name
    } else {
        format!("{name}.{extension}")
    }
}

impl Store {
    /// Keeps a graphic; false if there is no room.
    pub fn put_graphic(&mut self, name: String, picture: Bitmap) -> bool {
        if !self.room(picture.bits().len()) {
            return false;
        }
        self.graphics.insert(name, Arc::new(picture));
        true
    }

    pub fn graphic(&self, name: &str) -> Option<Arc<Bitmap>> {
        self.graphics.get(name).cloned()
    }

    /// Keeps a format; false if there is no room.
    pub fn put_format(&mut self, name: String, commands: Vec<Command>) -> bool {
        let bytes = commands
            .iter()
            .map(|(token, _)| 64 + token.parameters.len());
        if !self.room(bytes.sum()) {
            return false;
        }
        self.formats.insert(name, Arc::new(commands));
        true
    }

    pub fn format(&self, name: &str) -> Option<Arc<Vec<Command>>> {
        self.formats.get(name).cloned()
    }

    /// `^ID`: `*` alone or in place of name or extension stands for any.
    pub fn delete(&mut self, pattern: &str) {
        let (name, extension) = pattern.split_once('.').unwrap_or((pattern, "*"));
        let fits = |key: &str| {
            let (stem, ending) = key.split_once('.').unwrap_or((key, ""));
            (name == "*" || name == stem) && (extension == "*" || extension == ending)
        };
        self.graphics.retain(|key, _| !fits(key));
        self.formats.retain(|key, _| !fits(key));
    }

    /// Memory is counted as handed out, not as given back: a file has no need to store often.
    fn room(&mut self, bytes: usize) -> bool {
        self.bytes = self.bytes.saturating_add(bytes);
        self.bytes <= STORE_BYTES_MAX && self.graphics.len() + self.formats.len() < OBJECTS_MAX
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_lose_their_device_and_gain_an_extension() {
        assert_eq!(object_name(b"r:logo", "GRF"), "LOGO.GRF");
        assert_eq!(object_name(b"LOGO.PNG", "GRF"), "LOGO.PNG");
    }

    #[test]
    fn memory_is_bounded_and_wildcards_delete() {
        let mut store = Store::default();
        let picture = Bitmap::new(8_000, 8_000).unwrap();
        assert!(store.put_graphic("A.GRF".into(), picture.clone()));
        assert!(store.put_graphic("B.GRF".into(), picture.clone()));
        assert!(!store.put_graphic("C.GRF".into(), picture));
        store.delete("A.*");
        assert!(store.graphic("A.GRF").is_none() && store.graphic("B.GRF").is_some());
        store.delete("*.GRF");
        assert!(store.graphic("B.GRF").is_none());
    }
}
