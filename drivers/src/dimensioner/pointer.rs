//! JSON pointers (RFC 6901) into a text that is known to be JSON: all values that are wanted in one
//! pass, as text and without a copy. A number keeps every digit it was sent with.

use std::borrow::Cow;

/// The values behind some pointers.
#[derive(Debug)]
pub(super) struct Values<'a> {
    body: &'a str,
    pointers: &'a [String],
    /// As they stand, by pointer; of equal keys the first.
    raw: Vec<Option<&'a str>>,
}

impl<'a> Values<'a> {
    /// Looks the pointers up. `body` is known to be JSON, and not deeper than a parser takes.
    pub fn of(body: &'a str, pointers: &'a [String]) -> Self {
        let body = body.trim();
        let raw = vec![None; pointers.len()];
        let mut values = Values {
            body,
            pointers,
            raw,
        };
        // Where it is no JSON after all, nothing more is found.
        values.value(0, &mut String::with_capacity(64)).unwrap_or(0);
        values
    }

    /// A value as text: strings without quotes, numbers and words as they stand. `None` if it is
    /// not there, an object or a list, or was not asked for.
    pub fn plain(&self, pointer: &str) -> Option<Cow<'a, str>> {
        let place = self.pointers.iter().position(|p| p == pointer)?;
        let here = (*self.raw.get(place)?)?;
        match here.bytes().next()? {
            b'"' if here.contains('\\') => serde_json::from_str(here).ok().map(Cow::Owned),
            b'"' => Some(Cow::Borrowed(here.get(1..here.len().checked_sub(1)?)?)),
            _ => Some(Cow::Borrowed(here)),
        }
    }

    /// Takes the value that begins at `at`; the place behind it.
    fn value(&mut self, at: usize, path: &mut String) -> Option<usize> {
        let bytes = self.body.as_bytes();
        if matches!(bytes.get(at)?, b'{' | b'[') {
            return if self.is_wanted_below(path) {
                self.children(at, path)
            } else {
                value_end(bytes, at)
            };
        }
        let end = value_end(bytes, at)?;
        let wanted = self.pointers.iter().zip(&mut self.raw);
        for (_, raw) in wanted.filter(|(p, raw)| raw.is_none() && p.as_str() == path.as_str()) {
            *raw = self.body.get(at..end);
        }
        Some(end)
    }

    fn is_wanted_below(&self, path: &str) -> bool {
        let below = |p: &String| {
            p.strip_prefix(path)
                .is_some_and(|rest| rest.starts_with('/'))
        };
        self.pointers.iter().any(below)
    }

    /// The values of an object or the elements of a list.
    fn children(&mut self, at: usize, path: &mut String) -> Option<usize> {
        let bytes = self.body.as_bytes();
        let object = bytes.get(at) == Some(&b'{');
        let parent = path.len();
        let (mut at, mut index) = (at.checked_add(1)?, 0_usize);
        loop {
            at = after_blanks(bytes, at, b',');
            if matches!(bytes.get(at)?, b'}' | b']') {
                return at.checked_add(1);
            }
            path.push('/');
            if object {
                let end = string_end(bytes, at)?;
                push_key(path, self.body.get(at..end)?)?;
                at = after_blanks(bytes, end, b':');
            } else {
                path.push_str(&index.to_string());
            }
            at = self.value(at, path)?;
            path.truncate(parent);
            index = index.saturating_add(1);
        }
    }
}

/// A key with its quotes as a token of a pointer.
fn push_key(path: &mut String, key: &str) -> Option<()> {
    let plain = key.get(1..key.len().checked_sub(1)?)?;
    if plain.contains(['\\', '~', '/']) {
        let plain: String = serde_json::from_str(key).ok()?;
        path.push_str(&plain.replace('~', "~0").replace('/', "~1"));
    } else {
        path.push_str(plain);
    }
    Some(())
}

fn after_blanks(bytes: &[u8], at: usize, separator: u8) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    let blank = |b: &&u8| b.is_ascii_whitespace() || **b == separator;
    at.saturating_add(rest.iter().take_while(blank).count())
}

/// Behind the string that begins at `at`.
fn string_end(bytes: &[u8], at: usize) -> Option<usize> {
    let mut at = at.checked_add(1)?;
    loop {
        match bytes.get(at)? {
            b'"' => return at.checked_add(1),
            b'\\' => at = at.checked_add(2)?,
            _ => at = at.checked_add(1)?,
        }
    }
}

/// Behind the value that begins at `at`.
fn value_end(bytes: &[u8], at: usize) -> Option<usize> {
    let (mut here, mut depth) = (at, 0_usize);
    loop {
        here = match bytes.get(here) {
            Some(b'"') => string_end(bytes, here)?,
            Some(b'{' | b'[') => {
                depth = depth.checked_add(1)?;
                here.checked_add(1)?
            }
            Some(b'}' | b']') if depth > 0 => {
                depth = depth.checked_sub(1)?;
                here.checked_add(1)?
            }
            Some(b',' | b'}' | b']' | b' ' | b'\r' | b'\n' | b'\t') | None if depth == 0 => {
                return (here > at).then_some(here);
            }
            Some(_) => here.checked_add(1)?,
            None => return None,
        };
        if depth == 0 && matches!(bytes.get(here.checked_sub(1)?)?, b'"' | b'}' | b']') {
            return Some(here);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn values_are_texts_wherever_they_stand() {
        let body = r#" {"a":[{"b/c":12.50},{"d":"3\u002e10"}],"t":true,"n":null,"o":{},"t":1,
            "deep":{"x":{"y":[[7]]},"\u007ae~d":-0.0}} "#;
        let there = [
            ("/a/0/b~1c", "12.50"),
            ("/a/1/d", "3.10"),
            ("/t", "true"),
            ("/n", "null"),
            ("/deep/x/y/0/0", "7"),
            ("/deep/ze~0d", "-0.0"),
        ];
        let missing = ["/a", "/o", "/a/2", "/a/x", "/z", "/t/u", "a", "/deep/x/y"];
        let pointers: Vec<String> = there
            .iter()
            .map(|(p, _)| *p)
            .chain(missing)
            .map(str::to_owned)
            .collect();
        let values = Values::of(body, &pointers);
        for (pointer, value) in there {
            assert_eq!(values.plain(pointer).unwrap(), value, "{pointer}");
        }
        for pointer in missing {
            assert_eq!(values.plain(pointer), None, "{pointer}");
        }
        assert_eq!(Values::of("{\"a\":", &pointers).plain("/a"), None);
    }
}
