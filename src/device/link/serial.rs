//! Serial lines: real ports, USB adapters, CDC devices, ptys.

use super::{Link, OpenError, Opened, aside, refused};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_serial::{ClearBuffer, DataBits, SerialPort, SerialStream, StopBits};

/// Deviation of the baud rate that no receiver minds, in percent.
const BAUD_PERCENT_MAX: u32 = 3;

/// Parity of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Parity {
    None,
    Even,
    Odd,
}

impl Parity {
    /// From a profile; those are checked, so any other word cannot occur.
    pub fn named(name: &str) -> Self {
        match name {
            "even" => Parity::Even,
            "odd" => Parity::Odd,
            _ => Parity::None,
        }
    }
}

/// Settings of a line; lines named `None` are left as the system opens them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineSettings {
    pub baud: u32,
    pub data_bits: u8,
    pub parity: Parity,
    pub stop_bits: u8,
    pub dtr: Option<bool>,
    pub rts: Option<bool>,
}

impl fmt::Display for LineSettings {
    /// Such as `9600 7E1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parity = match self.parity {
            Parity::None => 'N',
            Parity::Even => 'E',
            Parity::Odd => 'O',
        };
        write!(
            f,
            "{} {}{parity}{}",
            self.baud, self.data_bits, self.stop_bits
        )
    }
}

/// Opens a line. Opening talks to the adapter and may hang with it, so it has a thread to itself.
///
/// # Errors
/// [`OpenError`]: missing, no permission, held by another program, settings refused.
pub async fn open(path: PathBuf, settings: LineSettings) -> Result<Opened, OpenError> {
    let shown = path.display().to_string();
    match tokio::task::spawn_blocking(move || open_blocking(&path, settings)).await {
        Ok(opened) => opened,
        Err(e) => {
            let cause = format!("opening was broken off ({e})");
            Err(OpenError::new(shown, cause, "it is tried again"))
        }
    }
}

/// As [`open`], in this thread of a runtime.
///
/// # Errors
/// As [`open`].
pub fn open_blocking(path: &Path, wanted: LineSettings) -> Result<Opened, OpenError> {
    let shown = path.display().to_string();
    let error = |cause: String, remedy: &str| OpenError::new(&shown, cause, remedy);
    let builder = tokio_serial::new(path.to_string_lossy(), wanted.baud)
        .data_bits(if wanted.data_bits == 7 {
            DataBits::Seven
        } else {
            DataBits::Eight
        })
        .parity(match wanted.parity {
            Parity::None => tokio_serial::Parity::None,
            Parity::Even => tokio_serial::Parity::Even,
            Parity::Odd => tokio_serial::Parity::Odd,
        })
        .stop_bits(if wanted.stop_bits == 2 {
            StopBits::Two
        } else {
            StopBits::One
        });
    refused::wait_for_ourselves(path);
    let stream = SerialStream::open(&builder).map_err(|e| refusal(path, &e))?;
    let mut link = SerialLink {
        stream: Some(stream),
    };
    let pty = is_pty(path);
    if !pty {
        verify(&link, wanted).map_err(|got| {
            let cause = format!("the adapter did not take {wanted}, it runs {got}");
            error(
                cause,
                "set device and configuration to what it can, or use another adapter",
            )
        })?;
    }
    let lines = set_lines(&mut link, wanted, pty).map_err(|e| {
        let cause = format!("DTR/RTS: {e}");
        error(cause, "remove dtr and rts from configuration and profile")
    })?;
    // Whatever came before this moment belongs to an earlier weighing or scan.
    if let Some(Err(e)) = link.stream.as_ref().map(|s| s.clear(ClearBuffer::All)) {
        tracing::debug!(port = %shown, %e, "old bytes could not be dropped");
    }
    let note = match (pty, lines) {
        (true, _) => " (pty: line settings have no effect)",
        (false, Lines::Absent) => " (it has no DTR and RTS lines)",
        (false, Lines::Set) => "",
    };
    Ok(Opened {
        link: Box::new(link),
        what: format!("{shown} {wanted}{note}"),
    })
}

/// The system's words for "busy" when a port is locked: by TIOCEXCL, by `flock`.
const BUSY: [&str; 2] = ["busy", "exclusive lock"];

fn refusal(path: &Path, error: &tokio_serial::Error) -> OpenError {
    let shown = path.display().to_string();
    let cause = error.to_string();
    let words = cause.to_ascii_lowercase();
    if BUSY.iter().any(|busy| words.contains(busy)) {
        let holder = refused::holder(Path::new("/proc"), path);
        return refused::busy(&shown, path, holder);
    }
    if words.contains("permission") {
        return refused::denied(&shown, path);
    }
    let remedy = if !path.exists() {
        "plug the device in, or correct the port: `firstscan device list` shows what is there"
    } else if words.contains("settings did not apply") {
        "the adapter refuses raw mode: use another adapter"
    } else {
        "unplug the device, wait a moment, plug it in again"
    };
    OpenError::new(shown, cause, remedy)
}

/// Accepts every setting and applies none (`device-protocols` 6.2).
fn is_pty(path: &Path) -> bool {
    path.canonicalize()
        .is_ok_and(|real| real.starts_with("/dev/pts"))
}

/// Reads the settings back: odd adapters accept a call and do nothing.
fn verify(link: &SerialLink, wanted: LineSettings) -> Result<(), String> {
    let Some(stream) = &link.stream else {
        return Ok(());
    };
    let unknown = |e: tokio_serial::Error| format!("unknown settings ({e})");
    let got = LineSettings {
        baud: stream.baud_rate().map_err(unknown)?,
        data_bits: if stream.data_bits().map_err(unknown)? == DataBits::Seven {
            7
        } else {
            8
        },
        parity: match stream.parity().map_err(unknown)? {
            tokio_serial::Parity::None => Parity::None,
            tokio_serial::Parity::Even => Parity::Even,
            tokio_serial::Parity::Odd => Parity::Odd,
        },
        stop_bits: if stream.stop_bits().map_err(unknown)? == StopBits::Two {
            2
        } else {
            1
        },
        ..wanted
    };
    let off = u64::from(got.baud.abs_diff(wanted.baud)) * 100;
    let near = off <= u64::from(wanted.baud) * u64::from(BAUD_PERCENT_MAX);
    if near
        && (LineSettings {
            baud: wanted.baud,
            ..got
        }) == wanted
    {
        return Ok(());
    }
    Err(got.to_string())
}

/// Whether the port has DTR and RTS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lines {
    Set,
    Absent,
}

/// Some scales draw power from these lines, some scanners send only with DTR up. A pty has none,
/// and some adapters neither; those say that they know no such request (ENOTTY).
fn set_lines(
    link: &mut SerialLink,
    wanted: LineSettings,
    pty: bool,
) -> tokio_serial::Result<Lines> {
    let Some(stream) = link.stream.as_mut().filter(|_| !pty) else {
        return Ok(Lines::Absent);
    };
    let dtr = wanted
        .dtr
        .map(|level| stream.write_data_terminal_ready(level));
    let rts = wanted.rts.map(|level| stream.write_request_to_send(level));
    for set in [dtr, rts].into_iter().flatten() {
        match set {
            Err(e) if is_unknown_request(&e.to_string()) => return Ok(Lines::Absent),
            other => other?,
        }
    }
    Ok(Lines::Set)
}

/// ENOTTY in the words of the C library and of crates.
fn is_unknown_request(words: &str) -> bool {
    let words = words.to_ascii_lowercase();
    words.contains("inappropriate ioctl") || words.contains("not a typewriter")
}

/// Closing a port waits for unsent bytes, up to half a minute with flow control, so they are
/// dropped first and a thread does the closing.
struct SerialLink {
    stream: Option<SerialStream>,
}

impl Drop for SerialLink {
    fn drop(&mut self) {
        let Some(stream) = self.stream.take() else {
            return;
        };
        let close = move || {
            if let Err(e) = stream.clear(ClearBuffer::Output) {
                tracing::debug!(%e, "unsent bytes of a lost line could not be dropped");
            }
            drop(stream);
        };
        aside(close);
    }
}

impl Link for SerialLink {
    fn poll_read(&mut self, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        let Some(stream) = &mut self.stream else {
            return Poll::Ready(Ok(0));
        };
        let mut buffer = ReadBuf::new(into);
        Pin::new(stream)
            .poll_read(cx, &mut buffer)
            .map_ok(|()| buffer.filled().len())
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let Some(stream) = &mut self.stream else {
            return Poll::Ready(Ok(0));
        };
        Pin::new(stream).poll_write(cx, bytes)
    }
}
