//! Line settings and protocol of a port the operator assigned, by listening, and by the questions
//! of the protocols that ask.
//!
//! Constraints: nothing is sent if anything was heard, and nothing at all if the operator says so.
//! What is sent are the codecs' own polls for a weight, which change nothing at a scale. Listening
//! happens with 8 data bits without parity; a line of 7 bits with parity shows in the bytes.
//! Ports of other devices are never touched.

mod score;

use super::config::DeviceConfig;
use super::link::serial::{self, LineSettings, Parity};
use super::link::{Moved, OpenError, transfer};
use super::record::Session;
use firstscan_drivers::profile::{Kind, Profile};
use serde::Serialize;
use std::path::Path;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

pub use score::Hypothesis;

/// Speeds in the order in which devices use them.
const BAUDS: [u32; 8] = [9600, 2400, 4800, 19_200, 115_200, 1200, 38_400, 57_600];
/// Bytes that are enough to judge.
const HEARD_BYTES_MAX: usize = 4096;
/// A score from which on no further speed is tried.
const SURE: u8 = 90;

/// How long and what to try.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Listening per speed.
    pub listen: Duration,
    /// Waiting per question.
    pub answer: Duration,
    /// Send nothing.
    pub listen_only: bool,
    /// Only this kind of device.
    pub kind: Option<Kind>,
}

/// What was heard and what it could be, best first.
#[derive(Debug, Clone, Serialize)]
pub struct Detected {
    pub port: String,
    pub heard_bytes: usize,
    /// Questions were sent.
    pub asked: bool,
    pub hypotheses: Vec<Hypothesis>,
    /// Profiles as good as the first one: models of one protocol, in kg and in lb. Bytes without a
    /// unit do not tell them apart; the scale's display does. Empty if the first one is alone.
    pub equals: Vec<&'static str>,
}

/// Tries the port. `news` is told what is tried next.
///
/// # Errors
/// [`OpenError`] if the port cannot be opened.
pub async fn detect(
    port: &Path,
    options: Options,
    mut news: impl FnMut(&str),
) -> Result<Detected, OpenError> {
    let mut all: Vec<Hypothesis> = Vec::new();
    let mut heard_bytes = 0_usize;
    for baud in BAUDS {
        news(&format!("listening at {baud}"));
        let bytes = listen(port, line(baud), options.listen).await?;
        heard_bytes = heard_bytes.max(bytes.len());
        all.extend(score::of(&bytes, baud, options.kind));
        if all.iter().any(|h| h.score >= SURE && h.is_meaning()) {
            break;
        }
    }
    let asks = !options.listen_only && heard_bytes == 0;
    if asks {
        for group in score::by_question(options.kind) {
            let Some(first) = group.first() else {
                continue;
            };
            news(&format!("asking as {}", first.id));
            let heard = ask(port, first, options.answer).await?;
            all.extend(group.iter().filter_map(|p| score::asked(p, &heard)));
        }
    }
    score::sort(&mut all);
    Ok(Detected {
        port: port.display().to_string(),
        heard_bytes,
        asked: asks,
        equals: score::equals(&all),
        hypotheses: all,
    })
}

fn line(baud: u32) -> LineSettings {
    LineSettings {
        baud,
        data_bits: 8,
        parity: Parity::None,
        stop_bits: 1,
        dtr: None,
        rts: None,
    }
}

async fn listen(port: &Path, line: LineSettings, how_long: Duration) -> Result<Vec<u8>, OpenError> {
    let mut opened = serial::open(port.to_owned(), line).await?;
    let until = Instant::now() + how_long;
    let mut heard = Vec::new();
    let mut buffer = [0_u8; 512];
    while heard.len() < HEARD_BYTES_MAX {
        let moving = transfer(opened.link.as_mut(), &mut buffer, &[], false);
        match timeout_at(until, moving).await {
            Ok(Ok(Moved::Read(count))) => {
                heard.extend_from_slice(buffer.get(..count).unwrap_or(&[]))
            }
            Ok(Ok(Moved::Wrote(_))) => {}
            Ok(Err(_)) | Err(_) => break,
        }
    }
    Ok(heard)
}

/// What came after the question of a profile, on its own line.
async fn ask(
    port: &Path,
    profile: &'static Profile,
    how_long: Duration,
) -> Result<Vec<u8>, OpenError> {
    let text = format!(
        "id = 'detect/port'\nrole = 'scale'\nprofile = '{}'\nport = {}\n",
        profile.id,
        toml::Value::String(port.display().to_string())
    );
    let refused = |cause: String| OpenError::new(port.display(), cause, "write a full path");
    let config: DeviceConfig = toml::from_str(&text).map_err(|e| refused(e.to_string()))?;
    let wiring = config.wiring().map_err(|e| refused(e.to_string()))?;
    let mut session = Session::open(&wiring, false).await?;
    let until = Instant::now() + how_long;
    while let Ok(Some(_)) = session.next(until).await {}
    Ok(session.transcript(&profile.id).received())
}
