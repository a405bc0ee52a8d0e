//! The HTTP sink: POST of a CloudEvents batch, signed after Standard Webhooks.
//!
//! Request: `content-type: application/cloudevents-batch+json`, `webhook-id` (derived from the
//! content), `webhook-timestamp` (Unix seconds), `webhook-signature: v1,<Base64 HMAC-SHA256 of
//! id.timestamp.body>`, and `firstscan-chain-head: <station> <epoch> <seq> <hash>` for the
//! receiver's log (the signed copy of it is the batch's last event).
//!
//! Answer: 2xx with
//! ```json
//! {"verdicts":[{"id":"<event id>","verdict":"accepted"|"duplicate"|"refused",
//!               "reason":"...","permanent":true}],
//!  "receipt":{"station":"...","epoch":1,"seq":42,"head":"<hash of event 42>",
//!             "received_at":"<RFC 3339>","signature":"<optional>"}}
//! ```
//! `reason` and `permanent` belong to refusals; the receipt may be left out, and if given it is
//! for the batch's last event. A 2xx without this body is unclear, not a success: a captive portal
//! answers 200 too. Redirects are not followed, since they would lose the body or leak it.

use super::Secret;
use crate::sync::cloudevents::BATCH_MEDIA_TYPE;
use crate::sync::sender::{Answer, Batch, Head, UpstreamReceipt, Verdict};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::time::Duration;
use ureq::http::Uri;

/// Largest answer read, in bytes.
pub const ANSWER_BYTES_MAX: u64 = 4 << 20;
/// Largest head of an answer, in bytes.
const HEADER_BYTES_MAX: usize = 16 << 10;
/// How much of a refusal's text is kept for people, in characters.
const TEXT_CHARS_MAX: usize = 200;

/// Header names of Standard Webhooks, and ours.
pub const ID_HEADER: &str = "webhook-id";
pub const TIMESTAMP_HEADER: &str = "webhook-timestamp";
pub const SIGNATURE_HEADER: &str = "webhook-signature";
pub const CHAIN_HEADER: &str = "firstscan-chain-head";

/// The body of a 2xx answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerBody {
    pub verdicts: Vec<Verdict>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<UpstreamReceipt>,
}

/// A signing key after Standard Webhooks.
#[derive(Clone)]
pub struct Key(Vec<u8>);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(hidden)")
    }
}

impl Key {
    /// Reads `whsec_` and 24 to 64 bytes in Base64.
    ///
    /// # Errors
    /// A text with the expected form.
    pub fn parse(secret: &Secret) -> Result<Self, String> {
        let wrong = || {
            "the secret is not whsec_ and 24 to 64 bytes in Base64: copy it again from the upstream"
                .to_owned()
        };
        let text = secret.reveal().strip_prefix("whsec_").ok_or_else(wrong)?;
        let bytes = STANDARD.decode(text).map_err(|_| wrong())?;
        if (24..=64).contains(&bytes.len()) {
            Ok(Self(bytes))
        } else {
            Err(wrong())
        }
    }

    /// The `v1,...` signature of a message.
    pub fn sign(&self, id: &str, unix_s: i64, body: &[u8]) -> String {
        let code = self
            .mac(id, &unix_s.to_string(), body)
            .finalize()
            .into_bytes();
        format!("v1,{}", STANDARD.encode(code))
    }

    /// True if one of the space-separated signatures is this key's for the message; compares in
    /// constant time.
    pub fn verify(&self, id: &str, timestamp: &str, body: &[u8], signatures: &str) -> bool {
        signatures
            .split(' ')
            .take(16)
            .filter_map(|s| s.strip_prefix("v1,"))
            .any(|signature| {
                STANDARD
                    .decode(signature)
                    .is_ok_and(|code| self.mac(id, timestamp, body).verify_slice(&code).is_ok())
            })
    }

    fn mac(&self, id: &str, timestamp: &str, body: &[u8]) -> Hmac<Sha256> {
        // HMAC takes keys of any length; the fallback is never used and verifies nothing.
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0)
            .unwrap_or_else(|_| Hmac::<Sha256>::new(&Default::default()));
        for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
            mac.update(part);
        }
        mac
    }
}

/// The sink.
#[derive(Debug)]
pub struct HttpSink {
    url: String,
    key: Key,
    agent: ureq::Agent,
}

impl HttpSink {
    /// Prepares a sink; connects nowhere.
    ///
    /// # Errors
    /// A text for people if address or secret cannot be right.
    pub fn new(url: &str, secret: &Secret, timeout_ms: u64) -> Result<Self, String> {
        let local = check_url(url)?;
        let mut config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(Duration::from_millis(timeout_ms)))
            .max_response_header_size(HEADER_BYTES_MAX)
            .user_agent(concat!("firstscan/", env!("CARGO_PKG_VERSION")))
            .accept_encoding("identity");
        if local {
            // A warehouse proxy has no business with this machine's own ports.
            config = config.proxy(None);
        }
        let agent = ureq::Agent::new_with_config(config.build());
        Ok(Self {
            url: url.to_owned(),
            key: Key::parse(secret)?,
            agent,
        })
    }

    fn post(&self, batch: &Batch, unix_s: i64) -> Result<Answer, ureq::Error> {
        let body = batch.body();
        let mut response = self
            .agent
            .post(&self.url)
            .header("content-type", BATCH_MEDIA_TYPE)
            .header("accept", "application/json")
            .header(ID_HEADER, &batch.id)
            .header(TIMESTAMP_HEADER, unix_s.to_string())
            .header(
                SIGNATURE_HEADER,
                self.key.sign(&batch.id, unix_s, body.as_bytes()),
            )
            .header(CHAIN_HEADER, chain_header(&batch.head))
            .send(body.as_bytes())?;
        let status = response.status().as_u16();
        let retry_after_ms = response
            .headers()
            .get("retry-after")
            .and_then(|v| v.to_str().ok())
            .and_then(|v| retry_after(v, unix_s));
        let read = response
            .body_mut()
            .with_config()
            .limit(ANSWER_BYTES_MAX)
            .read_to_vec();
        if !(200..300).contains(&status) {
            // The status alone decides; a body that cannot be read changes nothing.
            let text = read.map(|bytes| plain(&bytes)).unwrap_or_default();
            return Ok(Answer::Status {
                status,
                retry_after_ms,
                text,
            });
        }
        let bytes = read?;
        Ok(match serde_json::from_slice::<AnswerBody>(&bytes) {
            Ok(AnswerBody { verdicts, receipt }) => Answer::Verdicts { verdicts, receipt },
            Err(e) => Answer::Unclear {
                reason: format!(
                    "the upstream answered {status} without verdicts ({e}): check that the sink's \
                     url is a firstscan receiver and no login page"
                ),
            },
        })
    }
}

impl super::Sink for HttpSink {
    fn send(&mut self, batch: &Batch, unix_s: i64) -> Answer {
        self.post(batch, unix_s)
            .unwrap_or_else(|e| Answer::Unclear {
                reason: format!(
                    "no answer from {}: {e}: check network and upstream",
                    self.url
                ),
            })
    }
}

/// Value of the chain header.
pub fn chain_header(head: &Head) -> String {
    let station: String = head
        .station
        .chars()
        .map(|c| if c.is_ascii_graphic() { c } else { '?' })
        .collect();
    format!("{station} {} {} {}", head.epoch, head.seq, head.hash)
}

/// Checks an address; true if it is on this machine.
fn check_url(url: &str) -> Result<bool, String> {
    let wrong = |why: &str| format!("url {url:?} {why}");
    let uri: Uri = url
        .parse()
        .map_err(|_| wrong("is no address: write https://host/path"))?;
    let authority = uri
        .authority()
        .ok_or_else(|| wrong("has no host: write https://host/path"))?;
    if authority.as_str().contains('@') {
        return Err("the url holds a password: remove it, the signature proves who sends".into());
    }
    let host = authority.host().trim_matches(['[', ']']);
    let local = host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback());
    match uri.scheme_str() {
        Some("https") => Ok(local),
        Some("http") if local => Ok(true),
        _ => Err(wrong(
            "would travel readable: use https (http only to this machine)",
        )),
    }
}

/// `Retry-After` in milliseconds: seconds, or an HTTP date (RFC 9110, 10.2.3).
fn retry_after(value: &str, unix_s: i64) -> Option<u64> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(seconds.saturating_mul(1000));
    }
    let at = jiff::fmt::rfc2822::DateTimeParser::new()
        .parse_timestamp(value)
        .ok()?;
    Some(
        u64::try_from(at.as_second().saturating_sub(unix_s))
            .unwrap_or(0)
            .saturating_mul(1000),
    )
}

/// The beginning of a text answer, without control characters.
fn plain(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes.get(..2048).unwrap_or(bytes)).into_owned();
    text.chars()
        .filter(|c| !c.is_control())
        .take(TEXT_CHARS_MAX)
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn the_published_vector_signs_and_verifies() {
        let key = Key::parse(&Secret::new("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")).unwrap();
        let (id, at) = ("msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", 1_649_367_553);
        let body = br#"{"email":"test@example.com","username":"test_user"}"#;
        let signature = key.sign(id, at, body);
        assert_eq!(signature, "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=");
        let at = at.to_string();
        assert!(key.verify(id, &at, body, &format!("v1a,AAAA v1,AAAA {signature}")));
        assert!(!key.verify(id, "1649367554", body, &signature));
        assert!(!key.verify("msg_other", &at, body, &signature));
        assert!(!key.verify(id, &at, b"{}", &signature));
        assert!(!key.verify(id, &at, body, signature.trim_start_matches("v1,")));
        assert!(!key.verify(id, &at, body, ""));
    }

    #[test]
    fn keys_of_other_sizes_are_refused() {
        for text in [
            "",
            "whsec_",
            "whsec_AAAA",
            "C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
            "whsec_!",
        ] {
            assert!(Key::parse(&Secret::new(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn retry_after_is_read_in_both_forms() {
        assert_eq!(retry_after("120", 0), Some(120_000));
        assert_eq!(retry_after("99999999999999999999", 0), None);
        assert_eq!(retry_after("18446744073709551615", 0), Some(u64::MAX));
        let date = "Wed, 21 Oct 2015 07:28:00 GMT";
        assert_eq!(retry_after(date, 1_445_412_470), Some(10_000));
        assert_eq!(retry_after(date, 1_445_412_490), Some(0));
        assert_eq!(retry_after("soon", 0), None);
        assert_eq!(retry_after("-5", 0), None);
    }

    #[test]
    fn addresses_on_this_machine_are_told_apart() {
        for url in [
            "http://127.0.0.1:9/x",
            "http://localhost/",
            "http://[::1]:80/",
        ] {
            assert_eq!(check_url(url), Ok(true), "{url}");
        }
        assert_eq!(check_url("https://u.example/"), Ok(false));
        for url in [
            "http://127.0.0.1.evil.example/",
            "ftp://127.0.0.1/",
            "/x",
            "",
            "http://",
        ] {
            assert!(check_url(url).is_err(), "{url}");
        }
    }
}
