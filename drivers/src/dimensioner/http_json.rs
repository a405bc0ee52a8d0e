//! Dimensioners that answer an HTTP request with JSON, described by their profile alone.
//!
//! ```toml
//! codec = "http-json"
//! [http]
//! measure = "GET /api/measure"
//! length = "/measuredObjects/0/length"      # JSON pointers (RFC 6901)
//! width = "/measuredObjects/0/width"
//! height = "/measuredObjects/0/height"
//! unit_at = "/unitOfMeasure"                # or: unit = "mm"
//! legal_for_trade = "/dimensionsLegalForTrade"
//! id = ["/imageId"]                         # the same ids again are the same measurement
//! [[http.when]]                             # in this order, the first that holds counts
//! at = "/objectCount"
//! is = ["0"]
//! means = "nothing"
//! [[http.when]]
//! at = "/errorCode"
//! is_not = ["0"]
//! means = "fault"
//! ```
//!
//! | `means` | reading |
//! |---|---|
//! | `nothing` | none: nothing lay there |
//! | `fault`, `over`, `under` | no size, that flag |
//! | `low_precision` | no size, that flag |
//!
//! The connection hands over whole messages: `poll_transmit` gives `METHOD PATH`, a line end and
//! the
//! body; `receive` takes `HTTP`, a blank, the status, a line end and the body of one answer. A
//! status of 500 and above is a reading with `fault`; any other than 200, a body that is no JSON,
//! and a missing or strange value are garbage: never half a size.
//!
//! Numbers are read as text, from JSON numbers and from strings, so that none passes through a
//! binary fraction. Sources and doubts stand in the profiles.

use super::pointer::Values;
use crate::codec::{Codec, Command, CommandError, Emitted, Event, EventQueue};
use crate::length::{Length, LengthUnit, SizeFlags, SizeReading};
use crate::mass::{Decimal, MassFlags, MassReading, Unit};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

/// Longest answer.
pub const RESPONSE_BYTES_MAX: usize = 256 << 10;
/// Longest request body and JSON pointer, most rules and ids.
const TEXT_BYTES_MAX: usize = 1024;
const ENTRIES_MAX: usize = 16;
/// A measurement takes seconds; after this it is unknown.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// `[http]` as written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HttpOptions {
    /// `METHOD /path` that measures.
    pub measure: String,
    /// Body of that request.
    pub body: String,
    pub length: String,
    pub width: String,
    pub height: String,
    /// Unit of the sizes, or where the answer tells it.
    pub unit: Option<LengthUnit>,
    pub unit_at: String,
    /// Units by other names than mm, cm, m, in.
    pub units: BTreeMap<String, LengthUnit>,
    /// A boolean: this result may be used for trade.
    pub legal_for_trade: String,
    /// Weight of the scale beneath, if the machine has one.
    pub weight: String,
    pub weight_unit: Option<Unit>,
    pub weight_unit_at: String,
    /// What tells one measurement from another.
    pub id: Vec<String>,
    pub when: Vec<When>,
}

/// What a value means.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct When {
    /// JSON pointer; a rule about a value that is not there does not hold.
    pub at: String,
    /// Texts, numbers and `true`, `false`, `null`, as text.
    pub is: Vec<String>,
    pub is_not: Vec<String>,
    pub means: String,
}

/// What is wrong with an `[http]` table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("http.{key}: {text}")]
pub struct HttpError {
    pub key: &'static str,
    /// What is wrong and what to write.
    pub text: String,
}

/// The host's side.
#[derive(Debug)]
pub struct HttpJson {
    options: HttpOptions,
    /// All that is looked up in an answer.
    pointers: Vec<String>,
    to_send: bool,
    asked: Option<Duration>,
    /// Ids of the last measurement.
    last: Vec<String>,
    position: u64,
    events: EventQueue,
}

impl HttpJson {
    /// A host for devices of this profile.
    ///
    /// # Errors
    /// [`HttpError`] naming the key.
    pub fn new(options: &HttpOptions) -> Result<Self, HttpError> {
        check(options)?;
        Ok(Self::checked(options.clone()))
    }

    fn checked(options: HttpOptions) -> Self {
        HttpJson {
            pointers: pointers(&options),
            options,
            to_send: false,
            asked: None,
            last: Vec::new(),
            position: 0,
            events: EventQueue::default(),
        }
    }

    /// `None` for garbage, `Some(None)` for nothing new.
    fn read(&mut self, response: &[u8]) -> Option<Option<SizeReading>> {
        let whole = response.get(..RESPONSE_BYTES_MAX.min(response.len()))?;
        let text = std::str::from_utf8(whole).ok()?;
        let (status, body) = text.strip_prefix("HTTP ")?.split_once('\n')?;
        let status: u16 = status.trim().parse().ok()?;
        if (500..600).contains(&status) {
            return Some(Some(SizeReading::fault()));
        }
        if status != 200 || response.len() > RESPONSE_BYTES_MAX {
            return None;
        }
        // The whole body must be JSON, also where nothing is read from.
        serde_json::from_str::<&RawValue>(body).ok()?;
        let options = &self.options;
        let values = Values::of(body, &self.pointers);
        if let Some(rule) = options.when.iter().find(|rule| holds(rule, &values)) {
            return Some(flags(&rule.means).map(|flags| SizeReading {
                flags,
                ..SizeReading::default()
            }));
        }
        let ids: Vec<String> = options
            .id
            .iter()
            .filter_map(|at| values.plain(at).map(Cow::into_owned))
            .collect();
        if !ids.is_empty() && ids == self.last {
            return Some(None);
        }
        let reading = size(options, &values)?;
        self.last = ids;
        Some(Some(reading))
    }
}

/// Every pointer of a table, once.
fn pointers(options: &HttpOptions) -> Vec<String> {
    let single = [
        &options.length,
        &options.width,
        &options.height,
        &options.unit_at,
        &options.legal_for_trade,
        &options.weight,
        &options.weight_unit_at,
    ];
    let rules = options.when.iter().map(|rule| &rule.at);
    let all = single.into_iter().chain(&options.id).chain(rules);
    let mut all: Vec<String> = all.filter(|at| !at.is_empty()).cloned().collect();
    all.sort();
    all.dedup();
    all
}

/// Cuts a recording of answers into the answers.
pub fn responses(bytes: &[u8]) -> Vec<&[u8]> {
    // No JSON text has a line that begins so.
    const NEXT: &[u8] = b"\nHTTP ";
    let mut found = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let next = rest.windows(NEXT.len()).position(|w| w == NEXT);
        let (one, after) = rest.split_at(next.map_or(rest.len(), |at| at.saturating_add(1)));
        found.push(one);
        rest = after;
    }
    found
}

/// Checks a table.
///
/// # Errors
/// [`HttpError`] naming the key.
pub fn check(options: &HttpOptions) -> Result<(), HttpError> {
    let request = options.measure.split_once(' ');
    let plain = options
        .measure
        .bytes()
        .all(|b| b.is_ascii_graphic() || b == b' ');
    let proper = |(method, path): (&str, &str)| {
        matches!(method, "GET" | "POST" | "PUT") && path.starts_with('/') && !path.contains(' ')
    };
    if !request.is_some_and(proper) || !plain || options.measure.len() > TEXT_BYTES_MAX {
        return wrong(
            "measure",
            "write method and path, such as \"GET /api/measure\"",
        );
    }
    if options.body.len() > TEXT_BYTES_MAX {
        return wrong("body", "write 1024 bytes at most");
    }
    let optional = |text: &str| text.is_empty() || pointer(text);
    let example = "write a JSON pointer, such as \"/measuredObjects/0/length\"";
    for (key, text) in [
        ("length", &options.length),
        ("width", &options.width),
        ("height", &options.height),
    ] {
        if !pointer(text) {
            return wrong(key, example);
        }
    }
    for (key, text) in [
        ("unit_at", &options.unit_at),
        ("legal_for_trade", &options.legal_for_trade),
        ("weight", &options.weight),
        ("weight_unit_at", &options.weight_unit_at),
    ] {
        if !optional(text) {
            return wrong(key, example);
        }
    }
    if options.unit.is_some() != options.unit_at.is_empty() {
        return wrong("unit", "write either unit (mm, cm, m, in) or unit_at");
    }
    meaning(options)
}

fn wrong(key: &'static str, text: &str) -> Result<(), HttpError> {
    let text = text.to_owned();
    Err(HttpError { key, text })
}

fn pointer(text: &str) -> bool {
    text.starts_with('/') && text.len() <= TEXT_BYTES_MAX
}

/// Weight, ids and rules.
fn meaning(options: &HttpOptions) -> Result<(), HttpError> {
    let unit = options.weight_unit.is_some() || !options.weight_unit_at.is_empty();
    if unit == options.weight.is_empty() {
        return wrong(
            "weight",
            "write a weight with weight_unit or weight_unit_at",
        );
    }
    if options.id.len() > ENTRIES_MAX || !options.id.iter().all(|id| pointer(id)) {
        return wrong("id", "write up to 16 JSON pointers");
    }
    let rule = |rule: &When| {
        pointer(&rule.at)
            && rule.is.is_empty() != rule.is_not.is_empty()
            && rule.is.len().max(rule.is_not.len()) <= ENTRIES_MAX
            && (rule.means == "nothing" || flags(&rule.means).is_some())
    };
    if options.when.len() > ENTRIES_MAX || !options.when.iter().all(rule) {
        return wrong(
            "when",
            "write at (a JSON pointer), either is or is_not, and means: \
             nothing, fault, over, under or low_precision",
        );
    }
    Ok(())
}

fn flags(means: &str) -> Option<SizeFlags> {
    let mut flags = SizeFlags::default();
    match means {
        "fault" => flags.fault = true,
        "over" => flags.over = true,
        "under" => flags.under = true,
        "low_precision" => flags.low_precision = true,
        _ => return None,
    }
    Some(flags)
}

fn holds(rule: &When, values: &Values<'_>) -> bool {
    let Some(value) = values.plain(&rule.at) else {
        return false;
    };
    let listed = |texts: &[String]| texts.iter().any(|text| *text == value);
    listed(&rule.is) || (!rule.is_not.is_empty() && !listed(&rule.is_not))
}

fn size(options: &HttpOptions, values: &Values<'_>) -> Option<SizeReading> {
    let unit = match options.unit {
        Some(unit) => unit,
        None => {
            let name = values.plain(&options.unit_at)?;
            let own = options.units.get(name.as_ref()).copied();
            own.or_else(|| LengthUnit::parse(&name))?
        }
    };
    let side = |at: &str| {
        let number = Decimal::parse(&values.plain(at)?).ok()?;
        // Nothing has a length of zero or less; a machine that says so measured nothing.
        let positive = number.mantissa > 0;
        Length::from_decimal(number, unit).filter(|_| positive)
    };
    let legal_for_trade = match options.legal_for_trade.as_str() {
        "" => None,
        at => match values.plain(at).as_deref() {
            Some("true") => Some(true),
            // What does not say yes is a no.
            _ => Some(false),
        },
    };
    Some(SizeReading {
        length: Some(side(&options.length)?),
        width: Some(side(&options.width)?),
        height: Some(side(&options.height)?),
        flags: SizeFlags::default(),
        legal_for_trade,
        weight: weight(options, values),
    })
}

fn weight(options: &HttpOptions, values: &Values<'_>) -> Option<MassReading> {
    let number = Decimal::parse(&values.plain(&options.weight)?).ok()?;
    let unit = match options.weight_unit {
        Some(unit) => unit,
        None => Unit::parse(&values.plain(&options.weight_unit_at)?).ok()?,
    };
    MassReading::present(number, unit, MassFlags::default()).ok()
}

impl Codec for HttpJson {
    fn receive(&mut self, now: Duration, response: &[u8]) {
        self.asked = None;
        let start = self.position;
        self.position = start.saturating_add(response.len() as u64);
        let range = (start, self.position);
        match self.read(response) {
            Some(Some(size)) => {
                let raw = response.to_vec();
                self.events.push(now, raw, Event::Size(size), range);
            }
            Some(None) => {}
            None => self.events.garbage(now, range.0, range.1),
        }
    }

    fn command(&mut self, now: Duration, command: Command) -> Result<(), CommandError> {
        if command != Command::Request {
            return Err(CommandError::Unsupported);
        }
        self.handle_timeout(now);
        if self.asked.is_some() {
            return Err(CommandError::Busy);
        }
        self.asked = Some(now.saturating_add(ANSWER_TIMEOUT));
        self.to_send = true;
        Ok(())
    }

    fn handle_timeout(&mut self, now: Duration) {
        if self.asked.is_some_and(|by| now >= by) {
            self.asked = None;
        }
    }

    fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        let options = &self.options;
        let request = || format!("{}\n{}", options.measure, options.body).into_bytes();
        std::mem::take(&mut self.to_send).then(request)
    }

    fn poll_event(&mut self) -> Option<Emitted> {
        self.events.pop()
    }

    fn poll_timeout(&self) -> Option<Duration> {
        self.asked
    }

    fn reset(&mut self) {
        *self = HttpJson::checked(std::mem::take(&mut self.options));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn recordings_fall_into_answers() {
        let bytes = b"HTTP 200\n{}\nHTTP 500\nbusy";
        assert_eq!(
            responses(bytes),
            [&b"HTTP 200\n{}\n"[..], b"HTTP 500\nbusy"]
        );
        assert!(responses(b"").is_empty());
    }

    #[test]
    fn mistakes_name_their_key() {
        let good = "measure = 'GET /m'\nlength = '/l'\nwidth = '/w'\nheight = '/h'\nunit = 'mm'\n";
        let key = |text: &str| {
            let options: HttpOptions = toml::from_str(text).unwrap();
            check(&options).err().map(|e| e.key)
        };
        assert_eq!(key(good), None);
        let when = |rule: &str| format!("{good}[[when]]\n{rule}");
        for (text, wanted) in [
            (good.replace("GET", "FETCH"), "measure"),
            (good.replace("/l", "l"), "length"),
            (good.replace("unit = 'mm'", ""), "unit"),
            (format!("{good}unit_at = '/u'"), "unit"),
            (format!("{good}weight = '/g'"), "weight"),
            (format!("{good}id = ['i']"), "id"),
            (when("at = '/a'\nis = ['0']\nmeans = 'calm'"), "when"),
            (when("at = '/a'\nmeans = 'fault'"), "when"),
        ] {
            assert_eq!(key(&text), Some(wanted), "{text}");
        }
    }
}
