//! A recorded exchange instead of a device: what it said then comes again, paced as then.
//!
//! Where the recording shows a question, the next answer waits for one, so that codecs which ask
//! are served in order. After the last transfer the line stays silent.

use super::{Link, OpenError, Opened};
use firstscan_drivers::codec::Attachment;
use firstscan_drivers::transcript::{Direction, Transcript};
use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;
use tokio::time::{Sleep, sleep};

/// A question that does not come is waited for this long.
const QUESTION_MAX: Duration = Duration::from_secs(5);
const FILE_BYTES_MAX: u64 = 64 << 20;

/// What the recorded line carried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Carries {
    Stream,
    /// Whole reports, described so.
    Reports {
        descriptor: Vec<u8>,
    },
    /// Records of input events.
    Events,
}

/// Reads the recording at `path`.
///
/// # Errors
/// [`OpenError`]: not there, too long, or no transcript.
pub async fn open(path: &Path, carries: Carries) -> Result<Opened, OpenError> {
    let what = format!("replay of {}", path.display());
    let owned = path.to_owned();
    let read = tokio::task::spawn_blocking(move || {
        if std::fs::metadata(&owned)?.len() > FILE_BYTES_MAX {
            return Err(io::Error::other("longer than 64 MiB"));
        }
        std::fs::read_to_string(&owned)
    });
    let remedy = "make one with `firstscan device record`";
    let error = |cause: String| OpenError::new(&what, cause, remedy);
    let text = match read.await {
        Ok(text) => text.map_err(|e| error(e.to_string()))?,
        Err(e) => return Err(error(e.to_string())),
    };
    let transcript = Transcript::parse(&text).map_err(|e| error(e.to_string()))?;
    // Recorded through the kernel's input events: the report descriptor has nothing to say.
    let carries = match carries {
        Carries::Reports { .. } if transcript.has_input_events() => Carries::Events,
        other => other,
    };
    let link = ReplayLink::new(&transcript, carries);
    Ok(Opened {
        link: Box::new(link),
        what,
    })
}

enum Step {
    Say { after: Duration, bytes: Vec<u8> },
    Hear { after: Duration },
}

struct ReplayLink {
    steps: VecDeque<Step>,
    carries: Carries,
    timer: Option<Pin<Box<Sleep>>>,
    /// The host wrote since the last question was answered.
    heard: bool,
    reader: Option<Waker>,
}

impl ReplayLink {
    fn new(transcript: &Transcript, carries: Carries) -> Self {
        let step = |(after, transfer): (Duration, &firstscan_drivers::transcript::Transfer)| {
            match transfer.direction {
                Direction::ToDevice => Step::Hear { after },
                Direction::FromDevice => Step::Say {
                    after,
                    bytes: transfer.bytes.clone(),
                },
            }
        };
        ReplayLink {
            steps: transcript.replay().map(step).collect(),
            carries,
            timer: None,
            heard: false,
            reader: None,
        }
    }
}

impl Link for ReplayLink {
    fn poll_read(&mut self, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        self.reader = Some(cx.waker().clone());
        loop {
            let wait = match self.steps.front_mut() {
                None => return Poll::Pending,
                Some(Step::Hear { after }) if self.heard => {
                    let after = *after;
                    self.heard = false;
                    self.timer = None;
                    tracing::trace!(?after, "a question of the recording was asked again");
                    self.steps.pop_front();
                    continue;
                }
                Some(Step::Hear { after }) => after.saturating_add(QUESTION_MAX),
                Some(Step::Say { after, .. }) => *after,
            };
            let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(wait)));
            ready!(timer.as_mut().poll(cx));
            self.timer = None;
            match self.steps.pop_front() {
                Some(Step::Say { mut bytes, .. }) if !bytes.is_empty() => {
                    let count = bytes.len().min(into.len());
                    let rest = bytes.split_off(count);
                    into.iter_mut().zip(bytes).for_each(|(at, byte)| *at = byte);
                    if !rest.is_empty() && self.carries == Carries::Stream {
                        let after = Duration::ZERO;
                        self.steps.push_front(Step::Say { after, bytes: rest });
                    }
                    return Poll::Ready(Ok(count));
                }
                _ => {}
            }
        }
    }

    fn poll_write(&mut self, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.heard = true;
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn attachment(&self) -> Attachment<'_> {
        match &self.carries {
            Carries::Stream => Attachment::Stream,
            Carries::Reports { descriptor } => Attachment::Hid { descriptor },
            Carries::Events => Attachment::Evdev,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::{Moved, transfer};
    use super::*;
    use tokio::time::{Instant, timeout};

    async fn replay(text: &str, carries: Carries) -> Opened {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.txt");
        std::fs::write(&path, text).unwrap();
        open(&path, carries).await.unwrap()
    }

    async fn read(link: &mut dyn Link) -> Vec<u8> {
        let mut buffer = [0; 4];
        match transfer(link, &mut buffer, b"", false).await.unwrap() {
            Moved::Read(count) => buffer[..count].to_vec(),
            Moved::Wrote(_) => panic!("nothing to write"),
        }
    }

    #[tokio::test]
    async fn answers_wait_for_their_question_and_keep_their_pace() {
        let text = "@0 > W\n@20 < abcdef\n@80 < gh\n";
        let mut opened = replay(text, Carries::Stream).await;
        let link = opened.link.as_mut();
        let early = timeout(Duration::from_millis(100), read(link)).await;
        assert!(early.is_err(), "nobody asked: {early:?}");
        let moved = transfer(link, &mut [0; 4], b"W", true).await.unwrap();
        assert_eq!(moved, Moved::Wrote(1));
        let asked = Instant::now();
        assert_eq!(read(link).await, b"abcd");
        assert_eq!(read(link).await, b"ef");
        assert_eq!(read(link).await, b"gh");
        assert!(asked.elapsed() >= Duration::from_millis(75));
        assert!(
            timeout(Duration::from_millis(50), read(link))
                .await
                .is_err(),
            "then it is silent and does not end"
        );
    }

    #[tokio::test]
    async fn reports_stay_whole_and_mistakes_are_named() {
        let descriptor = vec![5, 0x8D];
        let carries = Carries::Reports { descriptor };
        let mut opened = replay("@0 < ab\n@0 < cd\n", carries).await;
        assert!(matches!(
            opened.link.attachment(),
            Attachment::Hid {
                descriptor: [5, 0x8D]
            }
        ));
        assert_eq!(read(opened.link.as_mut()).await, b"ab");
        assert_eq!(read(opened.link.as_mut()).await, b"cd");
        let path = Path::new("/nowhere");
        let error = open(path, Carries::Stream).await.unwrap_err().to_string();
        assert!(error.contains("device record"), "{error}");
    }
}
