//! The scale's side of the wire: what a host sends, and how to answer. For emulated scales.

use super::{CR, STX, status};
use crate::mass::Decimal;
use std::collections::VecDeque;

/// Digits of a keyboard tare.
const TARE_DIGITS_MAX: usize = 6;
/// Commands kept for a caller that does not poll.
const COMMANDS_MAX: usize = 256;

/// What a host asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeviceCommand {
    Weight,
    HighResolution,
    Zero,
    Tare,
    /// The digits as sent.
    KeyboardTare(String),
    ClearTare,
    /// Start the confidence test.
    Test,
    /// Tell its result.
    TestResult,
    EchoOn,
    /// In echo mode: send this back.
    Echo(u8),
    EchoOff,
    /// Answered with a status.
    Other(u8),
}

/// Turns a host's bytes, split anywhere, into commands.
#[derive(Debug, Clone, Default)]
pub struct CommandParser {
    commands: VecDeque<DeviceCommand>,
    /// Digits after a `T` that may still become a keyboard tare.
    tare: Option<String>,
    echo: bool,
}

impl CommandParser {
    /// Takes received bytes; the parity bit is ignored. What is not polled beyond a limit is
    /// dropped, oldest first.
    pub fn receive(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.byte(byte & 0x7F);
        }
    }

    /// The line paused: a `T` without digits was a plain tare. Call it some 50 ms after the last
    /// byte if [`CommandParser::pending`].
    pub fn flush(&mut self) {
        if let Some(digits) = self.tare.take() {
            // Digits without CR are no keyboard tare; a scale answers such input with a status.
            self.push(if digits.is_empty() {
                DeviceCommand::Tare
            } else {
                DeviceCommand::Other(b'T')
            });
        }
    }

    /// Whether a `T` waits for what follows it.
    pub fn pending(&self) -> bool {
        self.tare.is_some()
    }

    /// The next command.
    pub fn poll(&mut self) -> Option<DeviceCommand> {
        self.commands.pop_front()
    }

    fn push(&mut self, command: DeviceCommand) {
        if self.commands.len() >= COMMANDS_MAX {
            self.commands.pop_front();
        }
        self.commands.push_back(command);
    }

    fn byte(&mut self, byte: u8) {
        if self.echo {
            self.echo = byte != b'F';
            let command = if self.echo {
                DeviceCommand::Echo(byte)
            } else {
                DeviceCommand::EchoOff
            };
            return self.push(command);
        }
        match self.tare.take() {
            Some(mut digits) if byte.is_ascii_digit() && digits.len() < TARE_DIGITS_MAX => {
                digits.push(char::from(byte));
                self.tare = Some(digits);
                return;
            }
            Some(digits) if byte == CR && !digits.is_empty() => {
                return self.push(DeviceCommand::KeyboardTare(digits));
            }
            Some(digits) => {
                self.tare = Some(digits);
                self.flush();
            }
            None => {}
        }
        let command = match byte {
            b'W' => DeviceCommand::Weight,
            b'H' => DeviceCommand::HighResolution,
            b'Z' => DeviceCommand::Zero,
            b'T' => {
                self.tare = Some(String::new());
                return;
            }
            b'C' => DeviceCommand::ClearTare,
            b'A' => DeviceCommand::Test,
            b'B' => DeviceCommand::TestResult,
            b'E' => {
                self.echo = true;
                DeviceCommand::EchoOn
            }
            b'F' => DeviceCommand::EchoOff,
            other => DeviceCommand::Other(other),
        };
        self.push(command);
    }
}

/// A weight answer.
pub fn encode_weight(decimal: Decimal, net: bool) -> Vec<u8> {
    let mut frame = vec![STX];
    frame.extend_from_slice(decimal.to_string().as_bytes());
    if net {
        frame.push(b'N');
    }
    frame.push(CR);
    frame
}

/// A status answer; bit 6 is always set, the parity bit is the line's business.
pub fn encode_status(st: u8) -> Vec<u8> {
    vec![STX, b'?', (st & 0x7F) | status::ALWAYS, CR]
}

/// The answer to `E`, `F` (their letter) and `A` (none).
pub fn encode_ack(letter: Option<u8>) -> Vec<u8> {
    [STX].into_iter().chain(letter).chain([CR]).collect()
}
