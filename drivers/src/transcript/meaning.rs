//! What a recording says, by its profile and in its own time.

use super::{Direction, Transcript};
use crate::codec::{Attachment, Codec, RECEIVE_BYTES_MAX};
use crate::decode::{Line, line};
use crate::profile::{Example, Profile, escape};
use crate::registry;
use std::time::Duration;

/// Timeouts handled between two transfers; more would be a codec that never rests.
const TIMEOUTS_MAX: u32 = 1000;

impl Transcript {
    /// Events with the milliseconds at which their last byte came; nothing for printers, whose
    /// answers mean something only beside their question.
    pub fn events(&self, profile: &Profile) -> Vec<(u64, Line)> {
        let Some(mut codec) = registry::codec(profile) else {
            return Vec::new();
        };
        let descriptor = profile.hid.as_ref().and_then(|hid| hid.descriptor_bytes());
        codec.reset();
        match &descriptor {
            _ if profile.codec == "keyboard" && self.has_input_events() => {
                codec.attach(Attachment::Evdev);
            }
            Some(descriptor) => codec.attach(Attachment::Hid { descriptor }),
            None => codec.attach(Attachment::Stream),
        }
        let mut found = Vec::new();
        for transfer in &self.transfers {
            let now = Duration::from_millis(transfer.at_ms);
            elapse(codec.as_mut(), now, &mut found);
            if transfer.direction == Direction::FromDevice {
                for part in transfer.bytes.chunks(RECEIVE_BYTES_MAX) {
                    codec.receive(now, part);
                    drain(codec.as_mut(), &mut found);
                }
            }
        }
        let end = self.transfers.last().map_or(0, |t| t.at_ms);
        let end = Duration::from_millis(end).saturating_add(Duration::from_secs(60));
        elapse(codec.as_mut(), end, &mut found);
        found
    }

    /// Whether a keyboard was recorded through Linux input events, not as its own reports: a key
    /// press is an event of type 1 and value 1, which in a report would be a key beside an error
    /// code in the third place.
    pub fn has_input_events(&self) -> bool {
        let mut received = self
            .transfers
            .iter()
            .filter(|t| t.direction == Direction::FromDevice);
        let is_press = |record: &[u8; 8]| record[..2] == [1, 0] && record[4..] == [1, 0, 0, 0];
        received.clone().all(|t| t.bytes.len().is_multiple_of(8))
            && received.any(|t| t.bytes.as_chunks().0.iter().any(is_press))
    }

    /// The recording as the example of a profile: TOML to be pasted.
    pub fn example(&self, profile: &Profile, name: &str) -> String {
        let bytes = self.received();
        let lines = crate::decode::decode(profile, None, None, &bytes);
        let lines = lines
            .iter()
            .filter_map(|line| serde_json::to_string(line).ok());
        let example = Example {
            name: name.to_owned(),
            bytes: escape(&bytes),
            query: None,
            lines: lines.collect(),
        };
        let text = toml::to_string(&example).unwrap_or_default();
        format!("[[examples]]\n{text}")
    }
}

/// Lets time pass, with everything that is due in it.
fn elapse(codec: &mut dyn Codec, now: Duration, found: &mut Vec<(u64, Line)>) {
    for _ in 0..TIMEOUTS_MAX {
        let Some(due) = codec.poll_timeout().filter(|due| *due <= now) else {
            break;
        };
        codec.handle_timeout(due);
        drain(codec, found);
    }
}

fn drain(codec: &mut dyn Codec, found: &mut Vec<(u64, Line)>) {
    while let Some(emitted) = codec.poll_event() {
        let at_ms = u64::try_from(emitted.at.as_millis()).unwrap_or(u64::MAX);
        found.push((at_ms, line(&emitted.event)));
    }
    // What the codec would ask now: the recording has what was asked then.
    while codec.poll_transmit().is_some() {}
}
