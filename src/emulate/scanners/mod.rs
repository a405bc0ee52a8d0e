//! Emulated scanners of every interface: keyboard, HID POS, serial text, packets, SSI.
//!
//! A [`Gun`] is made from a scanner's profile and goes on any transport that fits its [`Wire`]. HID
//! guns transmit whole input reports and take whole output reports.

mod keyboard;
mod pos;
mod ssi;
mod text;

pub use keyboard::{KeyboardGun, Typing};
pub use pos::PosGun;
pub use ssi::SsiGun;
pub use text::TextGun;

use super::model::DeviceModel;
use firstscan_drivers::profile::{Kind, Profile};
use firstscan_drivers::registry;
use std::collections::VecDeque;

/// Codes, reports or packets that wait; more are dropped, as by a full buffer.
const WAITING_MAX: usize = 4096;

/// How a gun is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// Serial line, CDC or TCP.
    Serial,
    /// USB keyboard.
    Keyboard,
    /// USB HID POS.
    HidPos,
}

/// What goes wrong with one code. A fault that an interface cannot have strikes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The suffix, or the last report of several, is missing.
    NoEnd,
    /// Keyboards: a roll-over report in the middle.
    RollOver,
    /// Half of the code, then the connection breaks.
    Unplugged,
    /// HID POS: a report that says more bytes than it holds.
    BadLength,
    /// SSI: a packet with a bit turned; it is sent again when refused.
    Damaged,
    /// SSI: the acknowledgement is not heard; the packet is sent again after two seconds.
    AckLost,
    /// SSI: the scanner forgot that packets are on and sends text.
    Forgot,
    /// Nothing is sent.
    Silent,
}

/// What the host did to a gun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    Beep(u8),
    Light(bool),
    Trigger,
    /// Anything else, as it came.
    Other(Vec<u8>),
}

/// A scanner that can be made to read.
pub trait Scanner: DeviceModel {
    /// Reads a symbol; `aim` is its AIM identifier, such as `]C1`.
    fn read(&mut self, data: &[u8], aim: &str);
    /// A fault for one of the next codes, in order.
    fn plan(&mut self, fault: Fault);
    /// What the host did since the last call.
    fn heard(&mut self) -> Vec<Heard>;
}

/// A scanner of any kind.
pub struct Gun {
    scanner: Box<dyn Scanner>,
    wire: Wire,
}

impl std::fmt::Debug for Gun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gun")
            .field("wire", &self.wire)
            .finish_non_exhaustive()
    }
}

impl Gun {
    /// A gun that behaves as a profile says; `None` if there is no such scanner.
    pub fn by_id(id: &str) -> Option<Gun> {
        Self::of(registry::profile(id)?)
    }

    /// The same for any profile.
    pub fn of(profile: &Profile) -> Option<Gun> {
        if profile.kind != Kind::Scanner {
            return None;
        }
        let (scanner, wire): (Box<dyn Scanner>, Wire) = match profile.codec.as_str() {
            "keyboard" => (Box::new(KeyboardGun::of(&profile.scanner)?), Wire::Keyboard),
            "hid-pos" => (Box::new(PosGun::of(profile)), Wire::HidPos),
            "ssi" => (Box::new(SsiGun::default()), Wire::Serial),
            "msgget" => (Box::new(TextGun::packets()), Wire::Serial),
            "line" => (Box::new(TextGun::of(&profile.scanner)), Wire::Serial),
            _ => return None,
        };
        Some(Gun { scanner, wire })
    }

    /// How it is connected.
    pub fn wire(&self) -> Wire {
        self.wire
    }

    /// Reads a Code 128.
    pub fn scan(&mut self, text: &str) {
        self.scanner.read(text.as_bytes(), "]C0");
    }

    /// Reads any symbol; `aim` is its AIM identifier.
    pub fn scan_symbol(&mut self, data: &[u8], aim: &str) {
        self.scanner.read(data, aim);
    }

    /// A fault for one of the next codes, in order.
    pub fn plan(&mut self, fault: Fault) {
        self.scanner.plan(fault);
    }

    /// What the host did since the last call.
    pub fn heard(&mut self) -> Vec<Heard> {
        self.scanner.heard()
    }
}

impl DeviceModel for Gun {
    fn receive(&mut self, now_ms: u64, bytes: &[u8]) {
        self.scanner.receive(now_ms, bytes);
    }

    fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.scanner.poll_transmit()
    }

    fn poll_timeout(&self) -> Option<u64> {
        self.scanner.poll_timeout()
    }

    fn handle_timeout(&mut self, now_ms: u64) {
        self.scanner.handle_timeout(now_ms);
    }

    fn room(&self) -> usize {
        self.scanner.room()
    }

    fn poll_disconnect(&mut self) -> bool {
        self.scanner.poll_disconnect()
    }

    fn reachable(&self) -> bool {
        self.scanner.reachable()
    }

    fn disconnected(&mut self, now_ms: u64) {
        self.scanner.disconnected(now_ms);
    }
}

/// What waits to be sent: messages, and where the connection breaks.
#[derive(Debug, Default)]
struct Out {
    waiting: VecDeque<Message>,
}

#[derive(Debug)]
enum Message {
    Bytes(Vec<u8>),
    Break,
}

impl Out {
    fn push(&mut self, bytes: Vec<u8>) {
        if self.waiting.len() < WAITING_MAX {
            self.waiting.push_back(Message::Bytes(bytes));
        }
    }

    fn push_break(&mut self) {
        self.waiting.push_back(Message::Break);
    }

    /// The next message before a break.
    fn pop(&mut self) -> Option<Vec<u8>> {
        match self.waiting.pop_front()? {
            Message::Bytes(bytes) => Some(bytes),
            Message::Break => {
                self.waiting.push_front(Message::Break);
                None
            }
        }
    }

    /// Whether the break's turn has come.
    fn take_break(&mut self) -> bool {
        let now = matches!(self.waiting.front(), Some(Message::Break));
        if now {
            self.waiting.pop_front();
        }
        now
    }

    /// The connection is gone, and what waited with it.
    fn clear(&mut self) {
        self.waiting.clear();
    }
}

#[cfg(test)]
mod tests;
