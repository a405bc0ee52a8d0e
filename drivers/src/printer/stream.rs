//! Answers out of a stream that is split and mixed anyhow: one bounded buffer.

use super::{
    FaultsQuery, FaultsReply, Language, Notice, PrinterFaults, PrinterIdentity, PrinterStatus,
    Query, Reply,
};
use std::collections::VecDeque;

/// Bytes of an unfinished answer that are kept; the oldest are garbage beyond that.
const BUFFER_BYTES_MAX: usize = 8192;

/// Something a printer said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    Status(PrinterStatus),
    Identity(PrinterIdentity),
    /// Labels printed so far.
    Counter(u64),
    Faults(PrinterFaults),
    Notice(Notice),
    /// Bytes from `start` to before `end`, counted from the first one received.
    Garbage {
        start: u64,
        end: u64,
    },
}

#[derive(Clone, Copy)]
enum Question {
    Plain(&'static Query),
    Faults(&'static FaultsQuery),
}

/// Reads what comes as answers to one question. However the bytes are split, the same is heard.
#[derive(Clone)]
pub struct ReplyStream {
    language: &'static dyn Language,
    question: Question,
    /// Bytes with their positions: what was said without being asked is cut out of the middle.
    bytes: Vec<u8>,
    positions: Vec<u64>,
    received: u64,
    garbage: Option<(u64, u64)>,
    heard: VecDeque<Heard>,
}

impl std::fmt::Debug for ReplyStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut f = f.debug_struct("ReplyStream");
        f.field("buffered", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

impl ReplyStream {
    /// For the question of a name, or the language's first one; `None` if there is none.
    pub fn new(language: &'static dyn Language, query: Option<&str>) -> Option<Self> {
        let wanted = |q: &&Query| query.is_none_or(|name| q.name == name);
        let plain = language.queries().iter().find(wanted).map(Question::Plain);
        let faults = language.faults_query();
        let faults = faults.filter(|q| query.is_none_or(|name| q.name == name));
        Some(ReplyStream {
            language,
            question: plain.or(faults.map(Question::Faults))?,
            bytes: Vec::new(),
            positions: Vec::new(),
            received: 0,
            garbage: None,
            heard: VecDeque::new(),
        })
    }

    /// Takes received bytes; then call [`ReplyStream::poll`] until it is empty.
    pub fn receive(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(BUFFER_BYTES_MAX / 2) {
            self.bytes.extend_from_slice(part);
            let begun = self.received;
            self.positions.extend((begun..).take(part.len()));
            self.received = begun.saturating_add(u64::try_from(part.len()).unwrap_or(u64::MAX));
            while self.read() {}
            let excess = self.bytes.len().saturating_sub(BUFFER_BYTES_MAX / 2);
            self.waste(excess);
        }
    }

    /// The stream ended: what is unfinished is garbage, but for spaces and line ends.
    pub fn finish(&mut self) {
        // A line end still belongs to the answer before.
        let feeds = self
            .bytes
            .iter()
            .take_while(|b| matches!(**b, b'\r' | b'\n'));
        self.drop_front(feeds.count());
        if self.bytes.iter().any(|b| !b.is_ascii_whitespace()) {
            self.waste(self.bytes.len());
        }
        self.tell_garbage();
        self.bytes.clear();
        self.positions.clear();
    }

    /// The oldest thing heard.
    pub fn poll(&mut self) -> Option<Heard> {
        self.heard.pop_front()
    }

    /// Reads one thing; false if more bytes are needed.
    fn read(&mut self) -> bool {
        if self.bytes.is_empty() {
            return false;
        }
        let found = self.parse();
        let until = match &found {
            None => usize::MAX,
            Some(Ok((used, _)) | Err(used)) => *used,
        };
        // What begins before the answer ends comes first; an answer may be said around it.
        if let Some((range, notice)) = self.language.notice(&self.bytes)
            && range.start < until.min(self.bytes.len())
        {
            let range = range.start..range.end.clamp(range.start + 1, self.bytes.len());
            self.bytes.drain(range.clone());
            self.positions.drain(range);
            self.tell(Heard::Notice(notice));
            return true;
        }
        match found {
            None => return false,
            Some(Ok((used, heard))) => {
                self.drop_front(used);
                self.tell(heard);
            }
            Some(Err(used)) => self.waste(used),
        }
        true
    }

    /// The answer at the front, or how many bytes are none, each with its length.
    fn parse(&self) -> Option<Result<(usize, Heard), usize>> {
        match self.question {
            Question::Plain(query) => match self.language.parse_reply(query, &self.bytes) {
                Reply::Incomplete => None,
                Reply::Unknown(used) => Some(Err(used.max(1))),
                Reply::Status(status, used) => Some(Ok((used.max(1), Heard::Status(status)))),
                Reply::Identity(identity, used) => {
                    Some(Ok((used.max(1), Heard::Identity(identity))))
                }
                Reply::Counter(labels, used) => Some(Ok((used.max(1), Heard::Counter(labels)))),
            },
            Question::Faults(query) => match (query.parse)(&self.bytes) {
                FaultsReply::Incomplete => None,
                FaultsReply::Unknown(used) => Some(Err(used.max(1))),
                FaultsReply::Faults(faults, used) => Some(Ok((used.max(1), Heard::Faults(faults)))),
            },
        }
    }

    fn tell(&mut self, heard: Heard) {
        self.tell_garbage();
        self.heard.push_back(heard);
    }

    fn tell_garbage(&mut self) {
        if let Some((start, end)) = self.garbage.take() {
            self.heard.push_back(Heard::Garbage { start, end });
        }
    }

    fn drop_front(&mut self, count: usize) {
        let count = count.min(self.bytes.len());
        self.bytes.drain(..count);
        self.positions.drain(..count);
    }

    /// Neighbouring garbage is one range, whatever pieces it came in.
    fn waste(&mut self, count: usize) {
        let count = count.min(self.bytes.len());
        for position in self.positions.iter().take(count).copied() {
            let end = position.saturating_add(1);
            match &mut self.garbage {
                Some((_, last)) if *last == position => *last = end,
                open => {
                    if let Some((start, end)) = open.replace((position, end)) {
                        self.heard.push_back(Heard::Garbage { start, end });
                    }
                }
            }
        }
        self.drop_front(count);
    }
}
