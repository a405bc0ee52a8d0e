//! Events as CloudEvents 1.0 in JSON (structured mode; batches are JSON arrays).
//!
//! One event, all attributes present unless marked:
//! ```json
//! {"specversion":"1.0","id":"<UUIDv7>","source":"/firstscan/<station>",
//!  "type":"firstscan.parcel.first_scan","subject":"P-1","time":"2026-11-21T09:05:00.000+01:00",
//!  "datacontenttype":"application/json","sequence":"00000000000000000042",
//!  "partitionkey":"P-1","epoch":1,"prevhash":"<64 hex>","hash":"<64 hex>","place":"dock1",
//!  "operator":"anna","bootid":"...","monotonicms":"81234","unixms":"1795248300000",
//!  "clock":"synchronised","data":{...}}
//! ```
//! `place` and `operator` are left out where the event has none. Attribute names keep to lower-case
//! letters and digits, at most 20 (CloudEvents 1.0.2, naming conventions); `sequence` sorts as
//! text, hence zero-padded. Nothing of the chained event is lost on the way: [`event_of`] gives it
//! back, so a receiver can check `hash` itself.

use crate::domain::{Event, Fact, OperatorId, PlaceId};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// Media type of a batch (CloudEvents 1.0.2, HTTP binding, batched content mode).
pub const BATCH_MEDIA_TYPE: &str = "application/cloudevents-batch+json";
/// What every `type` begins with.
pub const TYPE_PREFIX: &str = "firstscan.";
/// What every `source` begins with.
pub const SOURCE_PREFIX: &str = "/firstscan/";

/// Event types a sink gets unless its configuration lists others. `area.*` is a whole area.
///
/// Raw scans, stops, badges, pieces, clocks and devices stay at the station: they are many, they
/// tell about people, and nobody upstream can act on them.
pub const UPSTREAM_DEFAULT: &[&str] = &[
    "carrier.*",
    "handover.*",
    "label.in_doubt",
    "label.verified",
    "label.voided",
    "label.wasted",
    "number.*",
    "order.*",
    "packing.*",
    "parcel.*",
];

/// Which event types go to a sink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    patterns: Vec<String>,
}

impl Default for Filter {
    fn default() -> Self {
        Self {
            patterns: UPSTREAM_DEFAULT.iter().map(|p| (*p).to_owned()).collect(),
        }
    }
}

impl Filter {
    /// A filter of `area.fact` and `area.*` patterns.
    ///
    /// # Errors
    /// A text naming the first pattern of another shape.
    pub fn new(patterns: &[String]) -> Result<Self, String> {
        let word = |text: &str| {
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
        };
        for pattern in patterns {
            let parts = pattern.split_once('.');
            if !parts.is_some_and(|(area, fact)| word(area) && (fact == "*" || word(fact))) {
                return Err(format!(
                    "{pattern:?} is no event type: write area.fact or area.*, such as parcel.*"
                ));
            }
        }
        Ok(Self {
            patterns: patterns.to_vec(),
        })
    }

    /// True if events of this type are sent.
    pub fn passes(&self, kind: &str) -> bool {
        self.patterns
            .iter()
            .any(|pattern| match pattern.strip_suffix('*') {
                Some(area) => kind.starts_with(area),
                None => pattern == kind,
            })
    }
}

/// The CloudEvents form of an event.
pub fn cloud_event(event: &Event) -> Value {
    let fact = serde_json::to_value(&event.fact).unwrap_or_default();
    let data = fact.get("data").cloned().unwrap_or_else(|| json!({}));
    let mut out = json!({
        "specversion": "1.0",
        "id": event.id,
        "source": format!("{SOURCE_PREFIX}{}", escape(&event.station)),
        "type": format!("{TYPE_PREFIX}{}", event.fact.kind()),
        "subject": event.subject,
        "time": event.occurred_at,
        "datacontenttype": "application/json",
        "sequence": format!("{:020}", event.seq),
        "partitionkey": event.subject,
        "epoch": event.epoch,
        "prevhash": event.prev_hash,
        "hash": event.hash,
        "bootid": event.boot_id,
        "monotonicms": event.monotonic_ms.to_string(),
        "unixms": event.unix_ms.to_string(),
        "clock": event.clock,
        "data": data,
    });
    let named = [
        ("place", event.place.as_ref().map(PlaceId::as_str)),
        ("operator", event.operator.as_ref().map(OperatorId::as_str)),
    ];
    for (name, value) in named {
        if let (Some(text), Some(fields)) = (value, out.as_object_mut()) {
            fields.insert(name.to_owned(), text.into());
        }
    }
    out
}

/// The event a CloudEvent was made of.
///
/// # Errors
/// A text naming the attribute that is missing or of another form.
pub fn event_of(value: &Value) -> Result<Event, String> {
    let fields = value.as_object().ok_or("an event must be a JSON object")?;
    if text(fields, "specversion")? != "1.0" {
        return Err("specversion must be \"1.0\"".to_owned());
    }
    let kind = text(fields, "type")?;
    let fact = json!({
        "type": kind.strip_prefix(TYPE_PREFIX).ok_or_else(|| format!("foreign type {kind:?}"))?,
        "data": fields.get("data").cloned().unwrap_or_default(),
    });
    let fact: Fact =
        serde_json::from_value(fact).map_err(|e| format!("data does not fit {kind}: {e}"))?;
    let source = text(fields, "source")?;
    let station = source
        .strip_prefix(SOURCE_PREFIX)
        .ok_or_else(|| format!("foreign source {source:?}"))?;
    let clock = fields.get("clock").cloned().unwrap_or_default();
    Ok(Event {
        seq: number(fields, "sequence")?,
        epoch: fields
            .get("epoch")
            .and_then(Value::as_u64)
            .and_then(|n| u32::try_from(n).ok())
            .ok_or("epoch must be a whole number")?,
        id: text(fields, "id")?.to_owned(),
        station: unescape(station)?,
        place: optional(fields, "place")?.map(PlaceId::new),
        operator: optional(fields, "operator")?.map(OperatorId::new),
        subject: text(fields, "subject")?.to_owned(),
        occurred_at: text(fields, "time")?.to_owned(),
        unix_ms: number(fields, "unixms")?,
        boot_id: text(fields, "bootid")?.to_owned(),
        monotonic_ms: number(fields, "monotonicms")?,
        clock: serde_json::from_value(clock).map_err(|e| format!("clock: {e}"))?,
        fact,
        prev_hash: text(fields, "prevhash")?.to_owned(),
        hash: text(fields, "hash")?.to_owned(),
    })
}

/// The hash an event must carry: hex SHA-256 over the hex digits of `prev_hash` and the JSON of
/// the event without `hash`, keys sorted (DESIGN promise 5). Empty if the event is no JSON.
pub fn chain_hash(event: &Event) -> String {
    let Ok(mut value) = serde_json::to_value(event) else {
        return String::new();
    };
    if let Some(fields) = value.as_object_mut() {
        fields.remove("hash");
    }
    let Ok(body) = serde_json::to_vec(&value) else {
        return String::new();
    };
    hex(&Sha256::new()
        .chain_update(event.prev_hash.as_bytes())
        .chain_update(body)
        .finalize())
}

/// Lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
            for nibble in [byte >> 4, byte & 15] {
                out.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
            }
            out
        })
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<&'a str, String> {
    fields
        .get(name)
        .and_then(Value::as_str)
        .filter(|t| !t.is_empty())
        .ok_or_else(|| format!("attribute {name} is missing or no text"))
}

fn optional<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, String> {
    if fields.contains_key(name) {
        text(fields, name).map(Some)
    } else {
        Ok(None)
    }
}

fn number<T: std::str::FromStr>(fields: &Map<String, Value>, name: &str) -> Result<T, String> {
    text(fields, name)?
        .parse()
        .map_err(|_| format!("attribute {name} is no whole number in text"))
}

/// Percent-encodes what a URI path segment may not hold (RFC 3986, unreserved characters stay).
fn escape(segment: &str) -> String {
    segment.bytes().fold(String::new(), |mut out, b| {
        if b.is_ascii_alphanumeric() || b"-._~".contains(&b) {
            out.push(char::from(b));
        } else {
            out.push('%');
            out.push_str(&hex(&[b]).to_ascii_uppercase());
        }
        out
    })
}

fn unescape(segment: &str) -> Result<String, String> {
    let wrong = || format!("source segment {segment:?} is not percent-encoded text");
    let (mut out, mut rest) = (Vec::new(), segment.as_bytes());
    while let Some((first, tail)) = rest.split_first() {
        if *first == b'%' {
            let digits = tail.get(..2).and_then(|d| std::str::from_utf8(d).ok());
            let byte = digits
                .and_then(|d| u8::from_str_radix(d, 16).ok())
                .ok_or_else(wrong)?;
            out.push(byte);
            rest = tail.get(2..).unwrap_or_default();
        } else {
            out.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(out).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::domain::Clock;

    fn sample(fact: Fact) -> Event {
        let mut event = Event {
            seq: 42,
            epoch: 3,
            id: "0199aaaa-0000-7000-8000-000000000042".to_owned(),
            station: "north/1 ü".to_owned(),
            place: Some(PlaceId::new("bench1")),
            operator: None,
            subject: "P-1".to_owned(),
            occurred_at: "2026-11-21T09:05:00.000+01:00".to_owned(),
            unix_ms: 1_795_248_300_000,
            boot_id: "b".to_owned(),
            monotonic_ms: u64::MAX,
            clock: Clock::FreeRunning,
            fact,
            prev_hash: "0".repeat(64),
            hash: String::new(),
        };
        event.hash = chain_hash(&event);
        event
    }

    #[test]
    fn an_event_survives_the_round_trip_and_keeps_its_hash() {
        for fact in [
            Fact::PackingCompleted {
                order: crate::domain::OrderId::new("O-1"),
                parcels: 2,
            },
            Fact::StationStarted {
                version: "0".to_owned(),
            },
        ] {
            let event = sample(fact);
            let sent = cloud_event(&event);
            assert_eq!(sent["source"], "/firstscan/north%2F1%20%C3%BC");
            assert_eq!(sent["sequence"], "00000000000000000042");
            let text = serde_json::to_string(&sent).unwrap();
            let back = event_of(&serde_json::from_str(&text).unwrap()).unwrap();
            assert_eq!(back, event);
            assert_eq!(chain_hash(&back), event.hash);
        }
    }

    #[test]
    fn attribute_names_keep_to_the_standard() {
        let sent = cloud_event(&sample(Fact::StationStarted {
            version: "0".to_owned(),
        }));
        for name in sent.as_object().unwrap().keys() {
            let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
            assert!(name.len() <= 20 && name.bytes().all(legal), "{name}");
        }
    }

    #[test]
    fn any_changed_attribute_changes_the_hash() {
        let event = sample(Fact::StationStarted {
            version: "0".to_owned(),
        });
        let sent = cloud_event(&event);
        for (name, value) in [
            ("subject", json!("P-2")),
            ("time", json!("2026-11-21T09:05:00.001+01:00")),
            ("operator", json!("anna")),
            ("sequence", json!("43")),
            ("data", json!({"version": "1"})),
        ] {
            let mut forged = sent.clone();
            forged[name] = value;
            let back = event_of(&forged).unwrap();
            assert_ne!(chain_hash(&back), back.hash, "{name}");
        }
    }

    #[test]
    fn a_damaged_event_is_refused_with_the_attribute_named() {
        let sent = cloud_event(&sample(Fact::StationStarted {
            version: "0".to_owned(),
        }));
        for name in [
            "id", "source", "type", "subject", "time", "sequence", "hash", "clock",
        ] {
            let mut damaged = sent.clone();
            damaged.as_object_mut().unwrap().remove(name);
            assert!(event_of(&damaged).unwrap_err().contains(name), "{name}");
        }
        for source in [
            "/firstscan/%",
            "/firstscan/%zz",
            "/firstscan/%ff",
            "/other/x",
        ] {
            let mut damaged = sent.clone();
            damaged["source"] = source.into();
            assert!(event_of(&damaged).is_err(), "{source}");
        }
    }

    #[test]
    fn the_default_filter_sends_facts_and_keeps_raw_input() {
        let filter = Filter::default();
        for kind in [
            "parcel.first_scan",
            "label.verified",
            "order.cancelled",
            "number.burnt",
        ] {
            assert!(filter.passes(kind), "{kind}");
        }
        for kind in [
            "scan.captured",
            "stop.raised",
            "device.lost",
            "label.sending",
            "parcels.x",
        ] {
            assert!(!filter.passes(kind), "{kind}");
        }
        assert!(Filter::new(&["parcel".to_owned()]).is_err());
        assert!(Filter::new(&["*".to_owned()]).is_err());
        assert!(Filter::new(&["parcel.first_scan".to_owned(), "label.*".to_owned()]).is_ok());
    }
}
