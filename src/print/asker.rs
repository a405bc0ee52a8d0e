//! Questions to a printer, one at a time, and which answer belongs to which.

use firstscan_drivers::printer::{Language, PrinterStatus, Query, QueryKind, Reply};
use std::fmt;
use std::time::Duration;

/// Unread answer bytes kept; more is noise.
const ANSWER_BYTES_MAX: usize = 8192;
/// Unknown text this long answers no question.
const NOISE_BYTES_MIN: usize = 1024;
/// After an unanswered counter question a late answer could be taken for the answer to the next
/// one, so none is asked for this long.
const COUNTER_REST: Duration = Duration::from_secs(10);

/// An answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// `asked` is when its question left; `None` if nobody asked.
    Status {
        status: PrinterStatus,
        asked: Option<Duration>,
    },
    /// `None` if the printer does not know its counter.
    Counter { count: Option<u64> },
}

/// The questions of one connection.
pub struct Asker {
    language: &'static dyn Language,
    status: Option<&'static Query>,
    counter: Option<&'static Query>,
    open: Option<(QueryKind, Duration)>,
    counter_rest_until: Option<Duration>,
    answer: Vec<u8>,
}

impl fmt::Debug for Asker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asker")
            .field("open", &self.open)
            .finish_non_exhaustive()
    }
}

impl Asker {
    /// For a printer that answers status and counter questions, or not.
    pub fn new(language: &'static dyn Language, status: bool, counter: bool) -> Self {
        Asker {
            language,
            status: language.query(QueryKind::Status).filter(|_| status),
            counter: language
                .query(QueryKind::Counter)
                .filter(|_| status && counter),
            open: None,
            counter_rest_until: None,
            answer: Vec::new(),
        }
    }

    /// A new connection: no answer of the old one can come any more.
    pub fn reset(&mut self) {
        self.open = None;
        self.counter_rest_until = None;
        self.answer.clear();
    }

    pub fn has_status(&self) -> bool {
        self.status.is_some()
    }

    /// Whether a counter can be asked for now.
    pub fn has_counter(&self, now: Duration) -> bool {
        self.counter.is_some() && self.counter_rest_until.is_none_or(|until| now >= until)
    }

    pub fn is_waiting(&self) -> bool {
        self.open.is_some()
    }

    /// The bytes of a question; none if one is open or the printer has no such question.
    pub fn ask(&mut self, now: Duration, kind: QueryKind) -> &'static [u8] {
        let query = match kind {
            QueryKind::Status => self.status,
            QueryKind::Counter => self.counter.filter(|_| self.has_counter(now)),
            QueryKind::Identity => None,
        };
        match query {
            Some(query) if self.open.is_none() => {
                self.open = Some((kind, now));
                query.bytes
            }
            _ => &[],
        }
    }

    /// When the open question counts as unanswered.
    pub fn deadline(&self, answer_max: Duration) -> Option<Duration> {
        self.open.map(|(_, at)| at.saturating_add(answer_max))
    }

    /// Gives the open question up.
    pub fn give_up(&mut self, now: Duration) -> Option<QueryKind> {
        let (kind, _) = self.open.take()?;
        if kind == QueryKind::Counter {
            self.counter_rest_until = Some(now.saturating_add(COUNTER_REST));
        }
        Some(kind)
    }

    /// Takes received bytes; answers come out one by one with [`Asker::next_answer`].
    pub fn receive(&mut self, bytes: &[u8]) {
        self.answer.extend_from_slice(bytes);
        let excess = self.answer.len().saturating_sub(ANSWER_BYTES_MAX);
        self.answer.drain(..excess);
    }

    /// The next complete answer. Both languages of answer are tried, the one that ends first
    /// counts: alerts and late answers may lie in between.
    pub fn next_answer(&mut self) -> Option<Answer> {
        loop {
            let parse = |query: Option<&Query>| match query {
                Some(query) => self.language.parse_reply(query, &self.answer),
                None => Reply::Incomplete,
            };
            let replies = [parse(self.status), parse(self.counter)];
            let (end, reply) = replies
                .into_iter()
                .filter_map(with_end)
                .min_by_key(|r| r.0)?;
            self.answer.drain(..end.max(1).min(self.answer.len()));
            let count = match reply {
                Reply::Status(status, _) => {
                    let asked = self.close(QueryKind::Status);
                    return Some(Answer::Status { status, asked });
                }
                Reply::Counter(count, _) => Some(Some(count)),
                // A short text that is no number answers an open counter question with "no"; a
                // long one is noise.
                _ if end < NOISE_BYTES_MIN => Some(None),
                _ => None,
            };
            if let Some(count) = count
                && self.close(QueryKind::Counter).is_some()
            {
                return Some(Answer::Counter { count });
            }
            if self.answer.is_empty() {
                return None;
            }
        }
    }

    /// When the open question of this kind was asked.
    fn close(&mut self, kind: QueryKind) -> Option<Duration> {
        let (_, at) = self.open.filter(|(open, _)| *open == kind)?;
        self.open = None;
        Some(at)
    }
}

fn with_end(reply: Reply) -> Option<(usize, Reply)> {
    match reply {
        Reply::Status(_, end)
        | Reply::Identity(_, end)
        | Reply::Counter(_, end)
        | Reply::Unknown(end) => Some((end, reply)),
        Reply::Incomplete => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use firstscan_drivers::printer::zpl::Zpl;

    const IDLE: &[u8] = b"\x02030,0,0,0812,000,0,0,0,000,0,0,0\x03\r\n\
        \x02000,0,0,0,0,2,4,0,00000000,1,000\x03\r\n\x021234,0\x03\r\n";

    fn answers(asker: &mut Asker, bytes: &[u8]) -> Vec<Answer> {
        let mut all = Vec::new();
        for byte in bytes {
            asker.receive(&[*byte]);
            while let Some(answer) = asker.next_answer() {
                all.push(answer);
            }
        }
        all
    }

    #[test]
    fn answers_find_their_question_in_any_order_and_any_split() {
        let mut asker = Asker::new(&Zpl, true, true);
        let second = Duration::from_secs(1);
        assert_eq!(
            asker.ask(second, QueryKind::Counter),
            Zpl.queries()[2].bytes
        );
        assert!(asker.ask(second, QueryKind::Status).is_empty());
        let mixed = [IDLE, b"\"17\"", IDLE].concat();
        let got = answers(&mut asker, &mixed);
        assert!(
            matches!(got[0], Answer::Status { asked: None, .. }),
            "{got:?}"
        );
        assert_eq!(got[1], Answer::Counter { count: Some(17) });
        assert!(matches!(got[2], Answer::Status { asked: None, .. }));
        assert!(!asker.ask(second, QueryKind::Status).is_empty());
        let got = answers(&mut asker, IDLE);
        assert!(matches!(got[..], [Answer::Status { asked: Some(at), .. }] if at == second));
    }

    #[test]
    fn a_late_counter_is_never_taken_for_a_fresh_one() {
        let mut asker = Asker::new(&Zpl, true, true);
        let at = Duration::from_secs;
        asker.ask(at(1), QueryKind::Counter);
        assert_eq!(asker.give_up(at(3)), Some(QueryKind::Counter));
        assert!(!asker.has_counter(at(12)) && asker.ask(at(12), QueryKind::Counter).is_empty());
        assert!(answers(&mut asker, b"\"17\"").is_empty());
        assert!(!asker.ask(at(13), QueryKind::Counter).is_empty());
        assert_eq!(
            answers(&mut asker, b"\"?\""),
            [Answer::Counter { count: None }]
        );
    }

    #[test]
    fn noise_neither_grows_nor_panics() {
        let mut asker = Asker::new(&Zpl, true, true);
        asker.ask(Duration::ZERO, QueryKind::Status);
        for n in 0..2000_u32 {
            asker.receive(&n.wrapping_mul(2_654_435_761).to_le_bytes());
            while asker.next_answer().is_some() {}
        }
        assert!(asker.answer.len() <= ANSWER_BYTES_MAX);
        assert!(!answers(&mut asker, &[b"\r\n".as_slice(), IDLE, IDLE].concat()).is_empty());
    }
}
