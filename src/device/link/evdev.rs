//! Keyboard scanners through the kernel's input events, grabbed so that no desktop types them.
//!
//! Every interface of the device is grabbed; key and light events come as the 8-byte records of
//! `Attachment::Evdev`, without autorepeat. When the kernel dropped events the codec is told (a
//! `SYN_DROPPED` record, on which it drops the code under way) and then given what changed.

use super::sysfs::{self, UsbDevice};
use super::{Link, OpenError, Opened, aside, refused};
use evdev::KeyCode;
use evdev::raw_stream::{EventStream, RawDevice};
use firstscan_drivers::codec::Attachment;
use records::Records;
use std::io;
use std::path::Path;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Interval, interval};

mod records;

/// A grab while a key is down would leave it down for everybody else.
const KEYS_UP_MAX: Duration = Duration::from_secs(1);
const KEYS_UP_STEP: Duration = Duration::from_millis(20);
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Events taken over before others get their turn.
const EVENTS_AT_ONCE_MAX: usize = 256;

/// Opens and grabs all input nodes of `device`.
///
/// # Errors
/// [`OpenError`]: no keyboard in it, grabbed by another program, no permission. Blocks; call it in
/// a thread of a runtime.
pub fn open(root: &Path, device: &UsbDevice) -> Result<Opened, OpenError> {
    let (devices, note) = grab(root, device)?;
    let streams = devices.into_iter().map(|(device, is_keyboard)| {
        let stream = device.into_event_stream()?;
        Ok(Input {
            stream,
            records: Records::default(),
            is_keyboard,
        })
    });
    let inputs: io::Result<Vec<Input>> = streams.collect();
    let inputs = inputs.map_err(|e| {
        let remedy = "unplug the scanner, wait a moment, plug it in again";
        OpenError::new(device, format!("its events cannot be read ({e})"), remedy)
    })?;
    Ok(Opened {
        what: format!("{device}, keyboard events{note}"),
        link: Box::new(EvdevLink {
            inputs,
            looks: interval(LOOK_EVERY),
            next: 0,
        }),
    })
}

/// A grabbed node; true if it has letters and digits.
pub(super) type Held = (RawDevice, bool);

/// Grabs all input nodes. The text is what is odd.
///
/// # Errors
/// As [`open`].
pub(super) fn grab(
    root: &Path,
    device: &UsbDevice,
) -> Result<(Vec<Held>, &'static str), OpenError> {
    let mut grabbed = Vec::new();
    let mut note = "";
    for node in sysfs::nodes(root, device, "event") {
        let what = format!("{device}, {}", node.path.display());
        refused::wait_for_ourselves(&node.path);
        let refuse = |e: io::Error| refused::explain(&what, &node.path, &e);
        let mut input = RawDevice::open(&node.path).map_err(refuse)?;
        if !keys_are_up(&input) {
            note = " (a key was down when it was opened: look for a jammed trigger)";
        }
        input.grab().map_err(refuse)?;
        let is_keyboard = input
            .supported_keys()
            .is_some_and(|keys| keys.contains(KeyCode::KEY_1) && keys.contains(KeyCode::KEY_A));
        grabbed.push((input, is_keyboard));
    }
    if grabbed.iter().any(|(_, is_keyboard)| *is_keyboard) {
        return Ok((grabbed, note));
    }
    let hid_is_free = sysfs::interfaces(device)
        .iter()
        .all(|i| i.driver.as_deref() != Some("usbfs"));
    Err(if hid_is_free {
        let remedy = "scan its setup code for USB keyboard, or choose a profile of its present \
                      mode";
        OpenError::new(
            device,
            "it is no keyboard in its present mode".into(),
            remedy,
        )
    } else {
        let remedy = "stop that program, or plug the device in again";
        OpenError::new(device, "a program that uses libusb holds it".into(), remedy)
    })
}

fn keys_are_up(input: &RawDevice) -> bool {
    let steps = KEYS_UP_MAX.as_millis() / KEYS_UP_STEP.as_millis();
    for _ in 0..steps {
        if input
            .get_key_state()
            .map_or(true, |keys| keys.iter().next().is_none())
        {
            return true;
        }
        std::thread::sleep(KEYS_UP_STEP);
    }
    false
}

struct Input {
    stream: EventStream,
    records: Records,
    is_keyboard: bool,
}

impl Input {
    /// Takes over what has come. True if records wait.
    fn poll(&mut self, cx: &mut Context<'_>, now: Duration) -> io::Result<bool> {
        for _ in 0..EVENTS_AT_ONCE_MAX {
            let Poll::Ready(event) = self.stream.poll_event(cx)? else {
                break;
            };
            if !self.is_keyboard {
                continue;
            }
            let (kind, code, value) = (event.event_type(), event.code(), event.value());
            if self.records.event(now, (kind.0, code, value)) {
                let down = self.stream.device().get_key_state()?;
                let down: Vec<u16> = down.iter().map(|key| key.0).collect();
                tracing::warn!("input events were dropped by the kernel; the code is dropped too");
                self.records.resync(now, &down);
            }
        }
        self.records.stuck(now);
        Ok(self.records.is_waiting())
    }
}

struct EvdevLink {
    inputs: Vec<Input>,
    looks: Interval,
    /// Whose turn it is.
    next: usize,
}

impl Drop for EvdevLink {
    fn drop(&mut self) {
        let inputs = std::mem::take(&mut self.inputs);
        aside(move || drop(inputs));
    }
}

impl Link for EvdevLink {
    fn poll_read(&mut self, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        while self.looks.poll_tick(cx).is_ready() {}
        let now = monotonic();
        for offset in 0..self.inputs.len() {
            let at = (self.next + offset) % self.inputs.len();
            let Some(input) = self.inputs.get_mut(at) else {
                continue;
            };
            if input.poll(cx, now)? {
                self.next = at;
                return Poll::Ready(Ok(input.records.take(into)));
            }
        }
        Poll::Pending
    }

    /// A keyboard is told nothing.
    fn poll_write(&mut self, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn attachment(&self) -> Attachment<'_> {
        Attachment::Evdev
    }

    fn trouble(&self) -> Option<&'static str> {
        let stuck = self.inputs.iter().any(|input| input.records.is_stuck());
        stuck.then_some("stuck_key")
    }
}

/// Another link to a keyboard whose events are kept from everybody else meanwhile.
pub(super) struct Grabbed {
    link: Box<dyn Link>,
    inputs: Vec<Held>,
}

impl Grabbed {
    /// Holds `inputs`, as [`grab`] gave them, as long as the link.
    pub fn new(link: Box<dyn Link>, inputs: Vec<Held>) -> Self {
        Grabbed { link, inputs }
    }
}

impl Drop for Grabbed {
    fn drop(&mut self) {
        let inputs = std::mem::take(&mut self.inputs);
        aside(move || drop(inputs));
    }
}

impl Link for Grabbed {
    fn poll_read(&mut self, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        self.link.poll_read(cx, into)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.link.poll_write(cx, bytes)
    }

    fn attachment(&self) -> Attachment<'_> {
        self.link.attachment()
    }
}

fn monotonic() -> Duration {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}
