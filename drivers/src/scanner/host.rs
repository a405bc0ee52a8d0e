//! What the host sends to a scanner by its profile, and for how long an answer is due.

use crate::codec::{Command, CommandError};
use std::collections::VecDeque;
use std::time::Duration;

/// An answer comes this soon, or not at all.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// Most messages waiting to be sent.
const WAITING_MAX: usize = 64;

/// Messages by occasion.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Messages {
    pub connect: Vec<Vec<u8>>,
    pub accept: Vec<Vec<u8>>,
    pub reject: Vec<Vec<u8>>,
    pub trigger: Vec<Vec<u8>>,
}

/// Messages on their way to the scanner.
#[derive(Debug)]
pub struct Outbox {
    messages: Messages,
    waiting: VecDeque<Vec<u8>>,
    /// Something was sent whose answer may still come.
    asked: bool,
    /// Until when; from the first byte that comes after connecting, because a connection has no
    /// time of its own.
    due: Option<Duration>,
}

impl Outbox {
    /// A new connection: its first messages wait.
    pub fn new(messages: Messages) -> Self {
        Outbox {
            waiting: messages.connect.iter().cloned().collect(),
            asked: !messages.connect.is_empty(),
            due: None,
            messages,
        }
    }

    /// The same for the next connection.
    pub fn reset(&mut self) {
        *self = Outbox::new(std::mem::take(&mut self.messages));
    }

    /// Takes a command.
    ///
    /// # Errors
    /// [`CommandError::Unsupported`] if the profile has no messages for it, `Busy` if too many
    /// wait.
    pub fn command(&mut self, now: Duration, command: Command) -> Result<(), CommandError> {
        let messages = match command {
            Command::Accept => &self.messages.accept,
            Command::Reject => &self.messages.reject,
            Command::Request => &self.messages.trigger,
            Command::Zero | Command::Tare | Command::ClearTare => {
                return Err(CommandError::Unsupported);
            }
        };
        if messages.is_empty() {
            return Err(CommandError::Unsupported);
        }
        if self.waiting.len().saturating_add(messages.len()) > WAITING_MAX {
            return Err(CommandError::Busy);
        }
        self.waiting.extend(messages.iter().cloned());
        self.asked = true;
        self.due = Some(now.saturating_add(ANSWER_WITHIN));
        Ok(())
    }

    /// Bytes came: tells whether an answer may be among them.
    pub fn answer_due(&mut self, now: Duration) -> bool {
        if !self.asked {
            return false;
        }
        let due = *self.due.get_or_insert(now.saturating_add(ANSWER_WITHIN));
        self.asked = now <= due;
        self.asked
    }

    /// The next message.
    pub fn pop(&mut self) -> Option<Vec<u8>> {
        self.waiting.pop_front()
    }
}
