//! Questions to a printer, one at a time, and which answer belongs to which.

use firstscan_drivers::printer::{
    Counted, Language, Notice, PrinterStatus, Proof, Query, QueryKind, Reply,
};
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
    /// Nobody asked: it began to print.
    Printing,
    /// Nobody asked: a label is on paper.
    Printed { token: Option<u32> },
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
                .filter(|_| status && counter && language.proof().counted == Counted::Counter),
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

    /// What proves a label here.
    pub fn proof(&self) -> Proof {
        self.language.proof()
    }

    /// What makes the printer tell that a label with this token is on paper.
    pub fn confirmation(&self, token: u32) -> Vec<u8> {
        self.language.confirmation(token)
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
        if self.counter.is_none() {
            // Half an answer would shift the next one.
            self.answer.clear();
        }
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
            let asks_counter = matches!(self.open, Some((QueryKind::Counter, _)));
            let counter = parse(self.counter);
            // Bytes that are no status may be a counter that is not complete yet.
            let status = Some(parse(self.status)).filter(|status| {
                let unknown = matches!(status, Reply::Unknown(_));
                !(unknown && asks_counter && !matches!(counter, Reply::Unknown(_)))
            });
            let replies = status.into_iter().chain([counter]).filter_map(with_end);
            let first = replies.min_by_key(|r| r.0);
            let end = first.as_ref().map_or(usize::MAX, |(end, _)| *end);
            if let Some(said) = self.take_notice(end) {
                match said {
                    Some(answer) => return Some(answer),
                    None => continue,
                }
            }
            let (end, reply) = first?;
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

    /// Cuts out what was said by itself before `end`. The inner value is what the session hears.
    fn take_notice(&mut self, end: usize) -> Option<Option<Answer>> {
        let (range, notice) = self.language.notice(&self.answer)?;
        if range.is_empty() || range.start >= end || range.end > self.answer.len() {
            return None;
        }
        self.answer.drain(range);
        Some(match notice {
            Notice::Printing => Some(Answer::Printing),
            Notice::Printed { token } => Some(Answer::Printed { token }),
            Notice::Status(status) if self.status.is_some() => Some(Answer::Status {
                status,
                asked: None,
            }),
            Notice::Status(_) | Notice::Other => None,
        })
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
