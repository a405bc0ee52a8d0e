//! GS1 Digital Link, uncompressed: a web address whose path says a key with its qualifiers, and
//! whose query says further elements. Compressed links are not read.

use super::build::{checked, encode_unless};
use super::parse::Reader;
use super::{Dictionary, Element, Problem, Rule, percent_decode};
use std::borrow::Cow;

/// Path segments looked at.
const SEGMENTS_MAX: usize = 64;

/// True if the text is a web address.
pub(super) fn is_link(text: &str) -> bool {
    let scheme = |name: &str| {
        let head = text.get(..name.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(name))
    };
    scheme("http://") || scheme("https://")
}

/// Reads a link into `reader`; `start` is its byte offset in the data.
pub(super) fn read<'a>(text: &'a str, start: usize, reader: &mut Reader<'a, '_>) {
    let text = text.split_once('#').map_or(text, |(link, _)| link);
    let (address, query) = text.split_once('?').unwrap_or((text, ""));
    let host = address.find("://").map_or(0, |at| at + 3);
    let path = address[host..]
        .find('/')
        .map_or(address.len(), |at| host + at);
    let mut segments = Vec::new();
    let mut at = path;
    for segment in address[path..].split('/').take(SEGMENTS_MAX + 1) {
        segments.push((at, segment));
        at += segment.len() + 1;
    }
    if segments.last().is_some_and(|(_, last)| last.is_empty()) {
        segments.pop();
    }
    // Anything may stand before the key; the key is the first identifier from which pairs go on
    // to the end of the path.
    let key = (0..segments.len()).find(|first| {
        let is_key = segments
            .get(*first)
            .is_some_and(|(_, s)| reader.dictionary.is_key(s));
        is_key && (segments.len() - first) % 2 == 0
    });
    let Some(key) = key.filter(|_| segments.len() <= SEGMENTS_MAX) else {
        let message = "no key such as /00/ or /01/ in the path of this web address".to_owned();
        return reader.tell("", start + path, Rule::Syntax, message);
    };
    let pairs: Vec<_> = segments[key..].chunks_exact(2).collect();
    qualifiers(&pairs, start, reader);
    for pair in pairs {
        if let [(ai_at, ai), (_, value)] = pair
            && !element(ai, value, start + ai_at, reader)
        {
            return;
        }
    }
    let mut at = address.len() + 1;
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        // Other names belong to whoever runs the server.
        let is_ai = (2..=4).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_digit());
        if is_ai && !element(name, value, start + at, reader) {
            return;
        }
        at += pair.len() + 1;
    }
}

fn element<'a>(ai: &'a str, value: &'a str, at: usize, reader: &mut Reader<'a, '_>) -> bool {
    if !value.contains('%') {
        return reader.push(ai, Cow::Borrowed(value), at);
    }
    match percent_decode(value) {
        Some(value) => reader.push(ai, Cow::Owned(value), at),
        None => {
            let message = format!("({ai}) has encoded bytes that are no text in UTF-8");
            reader.tell(ai, at, Rule::PercentEncoding, message);
            true
        }
    }
}

/// What follows the key must be qualifiers of it, in their order.
fn qualifiers(pairs: &[&[(usize, &str)]], start: usize, reader: &mut Reader<'_, '_>) {
    let ais: Vec<&str> = pairs
        .iter()
        .filter_map(|p| p.first().map(|(_, ai)| *ai))
        .collect();
    let Some((key, rest)) = ais.split_first() else {
        return;
    };
    let sequences = reader
        .dictionary
        .find(key)
        .and_then(|entry| entry.key.as_ref());
    let fits = |sequence: &Vec<super::dictionary::Pattern>| {
        let mut left = sequence.iter();
        rest.iter().all(|ai| left.any(|pattern| pattern.holds(ai)))
    };
    if !rest.is_empty() && !sequences.is_some_and(|all| all.iter().any(fits)) {
        let at = pairs
            .get(1)
            .and_then(|pair| pair.first())
            .map_or(0, |(at, _)| *at);
        let message = format!(
            "({}) in the path of ({key}) must be its qualifiers in their order; write others \
             behind ? as identifier=value",
            rest.join(") (")
        );
        let ai = rest.first().copied().unwrap_or_default();
        reader.tell(ai, start + at, Rule::Syntax, message);
    }
}

/// A link at `domain`, such as `https://id.gs1.org`: the first key of the elements with its
/// qualifiers as path, everything else as query.
///
/// # Errors
/// All rules the elements break, or that none of them is a key.
pub fn build(
    domain: &str,
    elements: &[Element<'_>],
    dictionary: &Dictionary,
) -> Result<String, Vec<Problem>> {
    checked(elements, dictionary)?;
    let told = |message: &str| {
        vec![Problem {
            ai: String::new(),
            position: 0,
            rule: Rule::Syntax,
            message: message.to_owned(),
        }]
    };
    if !is_link(domain) || domain.contains(['?', '#']) {
        return Err(told(
            "a link begins with a domain such as https://id.gs1.org",
        ));
    }
    let Some(key) = elements.iter().find(|e| dictionary.is_key(&e.ai)) else {
        return Err(told(
            "none of these can be the key of a link, such as (00) or (01)",
        ));
    };
    let sequences = dictionary
        .find(&key.ai)
        .and_then(|entry| entry.key.as_ref());
    let of = |sequence: &Vec<super::dictionary::Pattern>| -> Vec<&Element<'_>> {
        let one = |p: &super::dictionary::Pattern| elements.iter().find(|e| p.holds(&e.ai));
        sequence.iter().filter_map(one).collect()
    };
    let lists = sequences.into_iter().flatten().map(of);
    let qualifiers = lists.max_by_key(Vec::len).unwrap_or_default();
    let mut link = domain.trim_end_matches('/').to_owned();
    for element in std::iter::once(key).chain(qualifiers.iter().copied()) {
        link.push_str(&format!("/{}/{}", element.ai, encode(&element.value)));
    }
    let in_path = |e: &&Element<'_>| e.ai == key.ai || qualifiers.iter().any(|q| q.ai == e.ai);
    let others = elements.iter().filter(|e| !in_path(e));
    for (at, element) in others.enumerate() {
        let mark = if at == 0 { '?' } else { '&' };
        link.push_str(&format!("{mark}{}={}", element.ai, encode(&element.value)));
    }
    Ok(link)
}

/// Characters a web address takes anywhere stay (RFC 3986, unreserved).
fn encode(value: &str) -> String {
    encode_unless(value, |c| c.is_ascii_alphanumeric() || "-._~".contains(c))
}
