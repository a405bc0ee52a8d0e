//! Scales that send one line per reading, described by their profile alone: how a frame begins and
//! ends, what stands where in it, what its marks mean, what the host sends.
//!
//! ```toml
//! codec = "framed"
//! [framed]
//! start = '\x02'                       # left out: a frame begins where the last one ended
//! ends = ['\r\n', '\r']
//! ask = 'W\r'                          # left out: the scale sends by itself
//! begin = 'SIR\r\n'                     # instead: once, and again when it is silent
//! checksum = "xor"                     # with `{check 2}` in a pattern: two hex digits
//! zero = 'Z\r'
//! patterns = ['{mark polarity}{weight 7}{unit 1}{mark net}{mark state}']
//! [framed.marks]
//! net = { G = "", N = "net" }
//! state = { " " = "stable", M = "motion", O = "over" }
//! ```
//!
//! A frame must fit a pattern from its first to its last byte: nothing is searched for inside a
//! damaged line, because a number with its first digit lost is still a number. A line that fits
//! none is garbage, and the next one is read again. A frame that starts anew before its end (with
//! `start`) drops what was there; without `start`, what comes after a pause inside a line is its
//! rest, and garbage up to its end. Nothing is a weight without a unit, and a range or fault mark
//! takes the value away. On a line with echo, what was sent is passed over.
//!
//! A new comma-style scale is one new file and nothing else, here or in a site's own folder of
//! profiles; `git apply` takes this as it stands:
//!
//! ```diff
//! --- /dev/null
//! +++ b/drivers/profiles/scales/acme-ps30.toml
//! @@ -0,0 +1,18 @@
//! +id = "acme-ps30"
//! +kind = "scale"
//! +vendor = "Acme"
//! +model = "PS30"
//! +codec = "framed"
//! +unit = "kg"
//! +serial = { baud = 4800, data_bits = 8, parity = "none", stop_bits = 1 }
//! +[framed]
//! +ends = ['\r\n']
//! +ask = 'R\r\n'
//! +patterns = ['{mark state},{mark net},{sign}{weight 7}{unit 2}']
//! +[framed.marks]
//! +state = { S = "stable", D = "motion", O = "over" }
//! +net = { G = "", N = "net" }
//! +[[examples]]
//! +name = "at rest"
//! +bytes = 'S,G,+  1.250kg\r\n'
//! +lines = ['{"kind":"mass","decimal":"1.250","unit":"kg","exponent":-3,"flags":["stable"]}']
//! ```

mod encode;
mod options;
mod pattern;

use crate::codec::{Codec, Command, CommandError, Emitted, Event, EventQueue, Hint, ParityWatch};
use crate::mass::Unit;
use std::time::Duration;

pub use encode::encode;
use options::Plan;
pub use options::{FramedError, FramedOptions};
use pattern::Found;

/// Longest frame, with start and end.
pub const FRAME_BYTES_MAX: usize = 256;

/// Between frames these say nothing: the rest of a line end, padding, EOT, XON and XOFF.
const FILLERS: &[u8] = b"\r\n\0\x04\x11\x13";
/// Silence after which a scale is told again to send by itself.
const BEGIN_AGAIN: Duration = Duration::from_secs(3);

/// The host's side of a line protocol.
#[derive(Debug)]
pub struct Framed {
    plan: Plan,
    unit: Unit,
    poll: Duration,
    frame: Vec<u8>,
    /// Position of the first byte of `frame`.
    start: u64,
    position: u64,
    last_byte: Duration,
    /// A pause broke a line off: what comes up to its end is no frame.
    rest: bool,
    /// When the scale is asked next; `None` if it is never asked.
    ask_at: Option<Duration>,
    /// When it is told to send by itself; `None` if it needs no telling.
    begin_at: Option<Duration>,
    to_send: Vec<Vec<u8>>,
    events: EventQueue,
    parity: ParityWatch,
}

impl Framed {
    /// A host for scales of this profile. `unit` counts where a frame names none; `poll` is the
    /// time from one question to the next.
    ///
    /// # Errors
    /// [`FramedError`] naming the key.
    pub fn new(options: &FramedOptions, unit: Unit, poll: Duration) -> Result<Self, FramedError> {
        Ok(Self::from_plan(Plan::new(options)?, unit, poll))
    }

    fn from_plan(plan: Plan, unit: Unit, poll: Duration) -> Self {
        let ask_at = (!plan.ask.is_empty()).then_some(Duration::ZERO);
        let begin_at = (!plan.begin.is_empty()).then_some(Duration::ZERO);
        Framed {
            begin_at,
            plan,
            unit,
            poll,
            frame: Vec::new(),
            start: 0,
            position: 0,
            last_byte: Duration::ZERO,
            rest: false,
            ask_at,
            to_send: Vec::new(),
            events: EventQueue::default(),
            parity: ParityWatch::default(),
        }
    }

    fn byte(&mut self, now: Duration, byte: u8) {
        self.position = self.position.saturating_add(1);
        self.parity.byte(byte);
        let inside = !self.frame.is_empty() && self.frame.len() < FRAME_BYTES_MAX - 1;
        if inside && !self.plan.is_mark(byte) {
            self.frame.push(byte);
            return;
        }
        if self.frame.is_empty() && FILLERS.contains(&byte) && !self.plan.begins(byte) {
            self.start = self.position;
            self.rest &= !self.plan.may_end(byte);
            return;
        }
        self.frame.push(byte);
        let start = self.plan.start.as_slice();
        if !start.is_empty() && self.frame.ends_with(start) {
            // Whatever came before is no frame: it has no end.
            let keep = self.frame.len().saturating_sub(start.len());
            self.drop_front(now, keep);
            return;
        }
        // On a line with echo what was sent comes back, in front of an answer that may go on
        // after a line end.
        if matches!(byte, b'\r' | b'\n') && self.plan.is_echo(&self.frame) {
            self.frame.clear();
            self.start = self.position;
            return;
        }
        let ends = self
            .plan
            .ends
            .iter()
            .filter(|end| self.frame.ends_with(end));
        if let Some(end) = ends.map(Vec::len).max() {
            self.end(now, end);
        } else if self.frame.len() >= FRAME_BYTES_MAX {
            self.drop_front(now, self.frame.len());
        }
    }

    /// Reports the first `count` bytes of the frame as garbage.
    fn drop_front(&mut self, now: Duration, count: usize) {
        let end = self.start.saturating_add(count as u64);
        self.events.garbage(now, self.start, end);
        self.frame.drain(..count.min(self.frame.len()));
        self.start = end;
    }

    /// A frame is complete; its last `end` bytes are its end mark.
    fn end(&mut self, now: Duration, end: usize) {
        let range = (self.start, self.position);
        self.start = self.position;
        let length = self.frame.len().saturating_sub(end);
        let inside = self.frame.get(..length).unwrap_or_default();
        if inside.is_empty() || self.plan.is_echo(&self.frame) {
            self.rest &= !inside.is_empty();
            self.frame.clear();
            return;
        }
        if std::mem::take(&mut self.rest) {
            self.events.garbage(now, range.0, range.1);
            self.frame.clear();
            return;
        }
        self.begin_at = self.begin_at.map(|_| now.saturating_add(BEGIN_AGAIN));
        let body = inside.strip_prefix(self.plan.start.as_slice());
        let read = |body| match self.plan.read(body, self.unit) {
            Found::Nothing => {
                let answer = self.plan.behind_echo(body);
                answer.map_or(Found::Nothing, |a| self.plan.read(a, self.unit))
            }
            found => found,
        };
        match body.map(read) {
            Some(Found::Reading(reading)) => {
                let raw = self.frame.clone();
                self.events.push(now, raw, Event::Mass(reading), range);
            }
            Some(Found::Ignored) => {}
            _ => self.events.garbage(now, range.0, range.1),
        }
        self.frame.clear();
    }

    /// A pause inside a frame ends it: the rest will not come.
    fn expire(&mut self, now: Duration) {
        if !self.frame.is_empty() && now >= self.last_byte.saturating_add(self.plan.gap) {
            // Noise of a line that is switched on is no part of a frame.
            let begun = self.frame.iter().any(u8::is_ascii_graphic);
            self.rest |= begun && self.plan.start.is_empty();
            self.drop_front(now, self.frame.len());
        }
    }
}

impl Codec for Framed {
    fn receive(&mut self, now: Duration, bytes: &[u8]) {
        self.expire(now);
        self.last_byte = now;
        for byte in bytes {
            self.byte(now, *byte);
        }
    }

    fn command(&mut self, now: Duration, command: Command) -> Result<(), CommandError> {
        let bytes = match command {
            Command::Zero => &self.plan.zero,
            Command::Tare => &self.plan.tare,
            Command::ClearTare => &self.plan.clear_tare,
            Command::Request => &self.plan.ask,
            Command::Accept | Command::Reject => return Err(CommandError::Unsupported),
        };
        if bytes.is_empty() {
            return Err(CommandError::Unsupported);
        }
        if !self.to_send.is_empty() {
            return Err(CommandError::Busy);
        }
        self.to_send.push(bytes.clone());
        // The answer to the command must not be taken for one to a question.
        self.ask_at = self.ask_at.map(|_| now.saturating_add(self.poll));
        Ok(())
    }

    fn handle_timeout(&mut self, now: Duration) {
        self.expire(now);
        if self.ask_at.is_some_and(|at| now >= at) {
            self.ask_at = Some(now.saturating_add(self.poll));
            if self.to_send.is_empty() {
                self.to_send.push(self.plan.ask.clone());
            }
        }
        if self.begin_at.is_some_and(|at| now >= at) {
            self.begin_at = Some(now.saturating_add(BEGIN_AGAIN));
            if self.to_send.is_empty() {
                self.to_send.push(self.plan.begin.clone());
            }
        }
    }

    fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.to_send.pop()
    }

    fn poll_event(&mut self) -> Option<Emitted> {
        self.events.pop()
    }

    fn poll_timeout(&self) -> Option<Duration> {
        let gap = (!self.frame.is_empty()).then(|| self.last_byte.saturating_add(self.plan.gap));
        [gap, self.ask_at, self.begin_at]
            .into_iter()
            .flatten()
            .min()
    }

    fn reset(&mut self) {
        *self = Framed::from_plan(self.plan.clone(), self.unit, self.poll);
    }

    fn hint(&self) -> Option<Hint> {
        self.parity.hint()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn host(text: &str) -> Framed {
        let options: FramedOptions = toml::from_str(text).unwrap();
        Framed::new(&options, Unit::Pound, Duration::from_millis(200)).unwrap()
    }

    fn said(host: &mut Framed, bytes: &[u8]) -> Vec<String> {
        host.receive(Duration::from_millis(1), bytes);
        let mut events = Vec::new();
        while let Some(emitted) = host.poll_event() {
            events.push(match emitted.event {
                Event::Mass(reading) => {
                    let decimal = reading.decimal.map_or("-".into(), |d| d.to_string());
                    format!("{decimal} {}", reading.unit.map_or("", Unit::symbol))
                }
                Event::Garbage { start, end } => format!("garbage {start}..{end}"),
                other => format!("{other:?}"),
            });
        }
        events
    }

    #[test]
    fn pounds_and_ounces_are_one_exact_weight_in_ounces() {
        let mut host = host("ends = ['\\r']\npatterns = ['{weight} lb {ounces} oz']");
        assert_eq!(said(&mut host, b"  2 lb  3.5 oz\r"), ["35.5 oz"]);
        assert_eq!(said(&mut host, b" -1 lb  0.25 oz\r"), ["-16.25 oz"]);
        // Sixteen ounces are a pound: such a line is damaged. So is half a pound.
        assert_eq!(said(&mut host, b"2 lb 16 oz\r"), ["garbage 31..42"]);
        assert_eq!(said(&mut host, b"2.5 lb 1 oz\r"), ["garbage 42..54"]);
    }

    #[test]
    fn a_damaged_line_is_never_searched_for_a_number() {
        let mut host = host("ends = ['\\r\\n']\npatterns = ['{weight} {unit}']");
        let read = said(
            &mut host,
            b"1\xff2.50 kg\r\n2.50 kg\r\n1.2.3 kg\r\n1,25 kg\r\n kg\r\n",
        );
        assert_eq!(
            read,
            [
                "garbage 0..11",
                "2.50 kg",
                "garbage 20..30",
                "garbage 30..39",
                "garbage 39..44"
            ]
        );
    }

    #[test]
    fn commas_are_points_only_where_the_profile_says_so() {
        let mut host = host("decimal = 'comma'\nends = ['\\n']\npatterns = ['{weight},{unit}']");
        assert_eq!(said(&mut host, b"1,250,kg\n"), ["1.250 kg"]);
        assert_eq!(said(&mut host, b"1.250,kg\n"), ["garbage 9..18"]);
    }

    #[test]
    fn questions_echoes_and_pauses() {
        let mut host = host("ask = 'W\\r'\nends = ['\\r']\npatterns = ['{weight}']");
        host.handle_timeout(Duration::ZERO);
        assert_eq!(host.poll_transmit().as_deref(), Some(&b"W\r"[..]));
        assert_eq!(host.poll_timeout(), Some(Duration::from_millis(200)));
        assert_eq!(said(&mut host, b"W\r1.5\r12."), ["1.5 lb"]);
        host.handle_timeout(Duration::from_millis(301));
        // The rest of a number is a number too, and a wrong one.
        let read = said(&mut host, b"7.5\r7.5\r");
        assert_eq!(read, ["garbage 6..9", "garbage 9..13", "7.5 lb"]);
        // The end of a broken line alone, and noise, break nothing more.
        for broken in [b"12.".as_slice(), b"\xFF\xFF"] {
            said(&mut host, broken);
            host.handle_timeout(Duration::from_millis(302));
            said(&mut host, b"\r");
            assert_eq!(said(&mut host, b"7.5\r").last().unwrap(), "7.5 lb");
        }
        let refused = host.command(Duration::ZERO, Command::Zero);
        assert_eq!(refused, Err(CommandError::Unsupported));
    }

    #[test]
    fn an_echo_without_a_line_end_stands_before_the_answer() {
        let mut host = host("ask = 'w'\nends = ['\\r']\npatterns = ['{sign}{weight} {unit}']");
        assert_eq!(said(&mut host, b"w 1.50 kg\r"), ["1.50 kg"]);
        assert_eq!(said(&mut host, b"ww 1.50 kg\r"), ["garbage 10..21"]);
    }

    #[test]
    fn two_signs_are_damage_and_the_sign_of_nought_pounds_counts() {
        let mut signed = host("ends = ['\\r']\npatterns = ['{sign}{weight 6} {unit}']");
        assert_eq!(said(&mut signed, b"-  1.50 kg\r"), ["-1.50 kg"]);
        assert_eq!(said(&mut signed, b"- -1.50 kg\r"), ["garbage 11..22"]);
        assert_eq!(said(&mut signed, b"+ -1.50 kg\r"), ["garbage 22..33"]);
        let mut host = host("ends = ['\\r']\npatterns = ['{weight} lb {ounces} oz']");
        assert_eq!(said(&mut host, b"-0 lb 3.5 oz\r"), ["-3.5 oz"]);
        assert_eq!(said(&mut host, b"0 lb -3.5 oz\r"), ["garbage 13..26"]);
    }

    #[test]
    fn mistakes_name_their_key() {
        let ends = "ends = ['\\r']\n";
        for (text, key) in [
            ("patterns = ['{weight}']", "ends"),
            ("ends = ['\\r']", "patterns"),
            ("ends = ['\\r']\npatterns = ['{wait}']", "patterns"),
            ("ends = ['\\r']\npatterns = ['{mark x}']", "patterns"),
            ("ends = ['\\r']\npatterns = ['{weight 99}']", "patterns"),
            ("ends = ['\\r']\npatterns = ['{weight']", "patterns"),
            ("ends = ['\\r']\npatterns = ['a']\ngap_ms = 1", "gap_ms"),
            ("ends = ['\\r']\npatterns = ['a']\nask = '\\q'", "ask"),
            (
                "ends = ['\\r']\npatterns = ['a']\n[marks.m]\nA = 'calm'",
                "marks",
            ),
            (
                "ends = ['\\r']\npatterns = ['a']\n[bits.b]\n8 = 'net'",
                "bits",
            ),
        ] {
            let options: FramedOptions = toml::from_str(text).unwrap();
            let error = Framed::new(&options, Unit::Gram, Duration::ZERO).unwrap_err();
            assert_eq!(error.key, key, "{text}: {error}");
        }
        assert!(toml::from_str::<FramedOptions>(&format!("{ends}pattern = []")).is_err());
    }
}
