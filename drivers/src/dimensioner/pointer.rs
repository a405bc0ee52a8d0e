//! JSON pointers (RFC 6901) into a text that is known to be JSON, as text and without a copy: a
//! number keeps every digit it was sent with.

use std::borrow::Cow;

/// A value as text: strings without quotes, numbers and words as they stand. `None` if it is not
/// there, or an object or a list. `body` is known to be JSON.
pub(super) fn plain<'a>(body: &'a str, pointer: &str) -> Option<Cow<'a, str>> {
    let mut here = body.trim();
    for token in pointer.strip_prefix('/')?.split('/') {
        here = if token.contains('~') {
            child(here, &token.replace("~1", "/").replace("~0", "~"))?
        } else {
            child(here, token)?
        };
    }
    match here.bytes().next()? {
        b'"' if here.contains('\\') => serde_json::from_str::<String>(here).ok().map(Cow::Owned),
        b'"' => Some(Cow::Borrowed(here.get(1..here.len().checked_sub(1)?)?)),
        b'{' | b'[' => None,
        _ => Some(Cow::Borrowed(here)),
    }
}

/// The value of a key or the element of an index; of equal keys the first.
fn child<'a>(text: &'a str, token: &str) -> Option<&'a str> {
    let bytes = text.as_bytes();
    let object = match bytes.first()? {
        b'{' => true,
        b'[' => false,
        _ => return None,
    };
    let wanted = token.parse::<usize>();
    let (mut at, mut index) = (1_usize, 0_usize);
    loop {
        at = after_blanks(bytes, at, b',');
        if matches!(bytes.get(at)?, b'}' | b']') {
            return None;
        }
        let mut hit = !object && wanted == Ok(index);
        if object {
            let end = string_end(bytes, at)?;
            let key = text.get(at..end)?;
            hit = key.get(1..key.len().checked_sub(1)?)? == token
                || (key.contains('\\')
                    && serde_json::from_str::<String>(key).is_ok_and(|key| key == token));
            at = after_blanks(bytes, end, b':');
        }
        let end = value_end(bytes, at)?;
        if hit {
            return text.get(at..end);
        }
        (at, index) = (end, index.saturating_add(1));
    }
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
        let body = r#"{"a":[{"b/c":12.50},{"d":"3\u002e10"}],"t":true,"n":null,"o":{}}"#;
        assert_eq!(plain(body, "/a/0/b~1c").unwrap(), "12.50");
        assert_eq!(plain(body, "/a/1/d").unwrap(), "3.10");
        assert_eq!(plain(body, "/t").unwrap(), "true");
        assert_eq!(plain(body, "/n").unwrap(), "null");
        for missing in ["/a", "/o", "/a/2", "/a/x", "/z", "/t/u", "a"] {
            assert_eq!(plain(body, missing), None, "{missing}");
        }
    }
}
