//! A device model behind its fault script, with a bounded transcript: still sans-IO.

use super::fault::{FaultPlan, Piece};
use super::model::DeviceModel;
use std::collections::VecDeque;
use std::fmt::Write as _;

/// Exchanges kept in the transcript.
const TRANSCRIPT_MAX: usize = 256;
/// Bytes kept of one exchange; label data is long and of no use here.
const TRANSCRIPT_BYTES_MAX: usize = 96;

/// Who sent the bytes of a transcript line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    FromHost,
    ToHost,
}

/// One exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TranscriptLine {
    pub at_ms: u64,
    pub direction: Direction,
    /// The first bytes.
    pub head: Vec<u8>,
    /// Length of the whole exchange in bytes.
    pub bytes: usize,
}

/// A model and the wire in front of it.
#[derive(Debug)]
pub struct Wire<M> {
    pub model: M,
    pub faults: FaultPlan,
    transcript: VecDeque<TranscriptLine>,
}

impl<M: DeviceModel> Wire<M> {
    /// A wire without faults.
    pub fn new(model: M) -> Self {
        Self {
            model,
            faults: FaultPlan::default(),
            transcript: VecDeque::new(),
        }
    }

    /// Bytes from the host.
    pub fn receive(&mut self, now_ms: u64, bytes: &[u8]) {
        self.note(now_ms, Direction::FromHost, bytes);
        self.model.receive(now_ms, bytes);
    }

    /// The next write, or the break of the connection.
    pub fn poll(&mut self, now_ms: u64) -> Option<Piece> {
        self.model.handle_timeout(now_ms);
        while let Some(frame) = self.model.poll_transmit() {
            self.faults.push(now_ms, frame);
        }
        let piece = self.faults.poll(now_ms);
        if let Some(Piece::Bytes(bytes)) = &piece {
            let bytes = bytes.clone();
            self.note(now_ms, Direction::ToHost, &bytes);
        }
        if piece.is_none() && self.model.poll_disconnect() {
            return Some(Piece::Cut);
        }
        piece
    }

    /// When to poll again without news from outside.
    pub fn poll_timeout(&self) -> Option<u64> {
        [self.model.poll_timeout(), self.faults.poll_timeout()]
            .into_iter()
            .flatten()
            .min()
    }

    /// The line is gone: what was under way is lost.
    pub fn disconnected(&mut self, now_ms: u64) {
        self.model.disconnected(now_ms);
        self.lose_output();
    }

    /// Nobody listens: what the device says is lost.
    pub fn lose_output(&mut self) {
        while self.model.poll_transmit().is_some() {}
        self.faults.drop_pending();
    }

    /// The last exchanges, oldest first.
    pub fn transcript(&self) -> impl Iterator<Item = &TranscriptLine> {
        self.transcript.iter()
    }

    /// The last exchanges as text: time, direction, hex.
    pub fn transcript_text(&self) -> String {
        self.transcript.iter().map(TranscriptLine::text).collect()
    }

    fn note(&mut self, at_ms: u64, direction: Direction, bytes: &[u8]) {
        if self.transcript.len() == TRANSCRIPT_MAX {
            self.transcript.pop_front();
        }
        let head = bytes.iter().copied().take(TRANSCRIPT_BYTES_MAX).collect();
        let line = TranscriptLine {
            at_ms,
            direction,
            head,
            bytes: bytes.len(),
        };
        self.transcript.push_back(line);
    }
}

impl TranscriptLine {
    /// `12.345 < 57` for a byte from the host, with a count if bytes were left out.
    fn text(&self) -> String {
        let arrow = if self.direction == Direction::FromHost {
            '<'
        } else {
            '>'
        };
        let mut text = format!("{}.{:03} {arrow}", self.at_ms / 1000, self.at_ms % 1000);
        for byte in &self.head {
            // Writing to a String cannot fail.
            write!(text, " {byte:02X}").unwrap_or_default();
        }
        if self.bytes > self.head.len() {
            write!(text, " ... ({} bytes)", self.bytes).unwrap_or_default();
        }
        text.push('\n');
        text
    }
}
