//! Devices that are asked over HTTP: one request, one answer, then the next.
//!
//! As a [`Link`], one write is one whole request, and the reads after it are its answer. While an
//! answer is awaited nothing more is taken. The calls block, so each open device has a thread,
//! which ends with the link, after the call it is in.

use super::Link;
use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::sync::mpsc;
use ureq::Agent;
use ureq::http::Uri;

/// Looking the name up and connecting, once, when the device is opened.
const CONNECT_MAX: Duration = Duration::from_secs(3);
/// Addresses of one name that are tried.
const ADDRESSES_MAX: usize = 4;

/// Carries one request out; called on the device's thread.
pub(super) type Call = Box<dyn FnMut(&[u8]) -> io::Result<Vec<u8>> + Send>;

/// The link.
pub(super) struct RequestLink {
    requests: mpsc::Sender<Vec<u8>>,
    answers: mpsc::Receiver<io::Result<Vec<u8>>>,
    /// An answer is awaited or not read to its end.
    busy: bool,
    answer: Vec<u8>,
    read: usize,
    writer: Option<Waker>,
}

impl RequestLink {
    /// Starts the thread, whose name is for people who look at a running process.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub(super) fn start(name: &str, mut call: Call) -> io::Result<RequestLink> {
        let (requests, mut inbox) = mpsc::channel::<Vec<u8>>(1);
        let (outbox, answers) = mpsc::channel(1);
        let run = move || {
            while let Some(request) = inbox.blocking_recv() {
                let answer = call(&request);
                if outbox.blocking_send(answer).is_err() {
                    return;
                }
            }
        };
        std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(run)?;
        Ok(RequestLink {
            requests,
            answers,
            busy: false,
            answer: Vec::new(),
            read: 0,
            writer: None,
        })
    }
}

impl Link for RequestLink {
    fn poll_read(&mut self, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        if self.read >= self.answer.len() {
            self.answer = match self.answers.poll_recv(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Ok(answer))) => answer,
                Poll::Ready(Some(Err(e))) => return Poll::Ready(Err(e)),
                Poll::Ready(None) => return Poll::Ready(Ok(0)),
            };
            self.read = 0;
        }
        let rest = self.answer.get(self.read..).unwrap_or_default();
        let count = rest.len().min(into.len());
        for (to, from) in into.iter_mut().zip(rest) {
            *to = *from;
        }
        self.read += count;
        if self.read >= self.answer.len() {
            self.busy = false;
            if let Some(writer) = self.writer.take() {
                writer.wake();
            }
        }
        Poll::Ready(Ok(count))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.busy {
            self.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        match self.requests.try_send(bytes.to_vec()) {
            Ok(()) => {
                self.busy = true;
                Poll::Ready(Ok(bytes.len()))
            }
            Err(_) => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }
}

/// An agent for one device: whatever status comes back is an answer, and redirects are not
/// followed. `whole` is the time of a request with its answer.
pub(super) fn agent(whole: Duration) -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_global(Some(whole))
        .build();
    config.into()
}

/// Host and port of an address, if it has the scheme and both are right.
pub(super) fn host_and_port(url: &str, scheme: &str, port: u16) -> Option<(String, u16)> {
    let uri: Uri = url.parse().ok()?;
    let authority = uri.authority()?;
    let plain = uri.scheme_str() == Some(scheme) && !authority.as_str().contains('@');
    let host = uri.host().filter(|host| plain && !host.is_empty())?;
    let port = match authority.as_str().strip_prefix(host)?.strip_prefix(':') {
        Some(text) => text.parse().ok().filter(|port| *port > 0)?,
        None => port,
    };
    Some((host.to_owned(), port))
}

/// Whether anything listens there; the connection is closed again.
///
/// # Errors
/// Of the last address tried.
pub(super) fn knock(host: &str, port: u16) -> io::Result<()> {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let mut failed = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in (host, port).to_socket_addrs()?.take(ADDRESSES_MAX) {
        match TcpStream::connect_timeout(&address, CONNECT_MAX) {
            Ok(_) => return Ok(()),
            Err(e) => failed = e,
        }
    }
    Err(failed)
}

/// What a failed call is to the reader of a log.
pub(super) fn call_error(error: ureq::Error) -> io::Error {
    match error {
        ureq::Error::Io(e) => e,
        ureq::Error::Timeout(_) => {
            io::Error::new(io::ErrorKind::TimedOut, "no answer came in time")
        }
        other => io::Error::other(other.to_string()),
    }
}
