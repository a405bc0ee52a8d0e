//! What each device class answers on its control endpoint (HID 1.11, CDC PSTN 1.2, Printer 1.1).

use super::packet::Setup;
use crate::emulate::fault::with_even_parity;

/// Line settings of a serial port as USB says them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineCoding {
    pub baud: u32,
    /// 0 is one stop bit, 2 are two.
    pub stop: u8,
    /// 0 none, 1 odd, 2 even.
    pub parity: u8,
    pub data_bits: u8,
}

impl LineCoding {
    /// 9600 baud, 7 data bits, even parity, one stop bit.
    pub const E7: Self = Self {
        baud: 9600,
        stop: 0,
        parity: 2,
        data_bits: 7,
    };
    /// 9600 baud, 8 data bits, no parity, one stop bit.
    pub const N8: Self = Self {
        baud: 9600,
        stop: 0,
        parity: 0,
        data_bits: 8,
    };

    fn parse(bytes: &[u8]) -> Option<Self> {
        match bytes {
            &[b0, b1, b2, b3, stop, parity, data_bits] => Some(Self {
                baud: u32::from_le_bytes([b0, b1, b2, b3]),
                stop,
                parity,
                data_bits,
            }),
            _ => None,
        }
    }

    fn bytes(self) -> Vec<u8> {
        let mut bytes = self.baud.to_le_bytes().to_vec();
        bytes.extend([self.stop, self.parity, self.data_bits]);
        bytes
    }
}

/// What the device is.
#[derive(Debug)]
pub(super) enum Class {
    Hid {
        descriptor: Vec<u8>,
        /// What `GET_REPORT` gives: the last report sent.
        last: Vec<u8>,
    },
    Acm {
        /// How the instrument behind the adapter is set; `None` follows the host.
        instrument: Option<LineCoding>,
        host: LineCoding,
        /// Every setting the host made, oldest first.
        seen: Vec<LineCoding>,
        /// Bit 0 DTR, bit 1 RTS.
        lines: u16,
    },
    Printer {
        ieee1284: String,
        port_status: u8,
        resets: u32,
    },
}

/// What a control request leads to.
pub(super) enum Answer {
    /// Done, with these bytes if the host asked for some.
    Done(Vec<u8>),
    /// Bytes for the model.
    Deliver(Vec<u8>),
    Stall,
}

/// Settings remembered of a host that sets them again and again.
const SEEN_MAX: usize = 1000;

impl Class {
    /// A request to the class, or for a descriptor that belongs to it.
    pub(super) fn request(&mut self, setup: Setup, data: &[u8]) -> Answer {
        match self {
            Class::Hid { descriptor, last } => hid(descriptor, last, setup, data),
            Class::Acm {
                host, seen, lines, ..
            } => acm(host, seen, lines, setup, data),
            Class::Printer {
                ieee1284,
                port_status,
                resets,
            } => printer(ieee1284, *port_status, resets, setup),
        }
    }

    /// What becomes of the model's bytes on their way out, and of the host's on their way in: a
    /// serial line with different settings at its ends garbles both.
    pub(super) fn on_line(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        if let Class::Acm {
            instrument: Some(own),
            host,
            ..
        } = self
        {
            if own.baud != host.baud {
                bytes.iter_mut().for_each(|b| *b = !*b | 0x80);
            } else if own.data_bits == 7 && own.parity == 2 && host.data_bits == 8 {
                bytes.iter_mut().for_each(|b| *b = with_even_parity(*b));
            }
        }
        bytes
    }
}

/// The HID descriptor that stands in the configuration and can be asked for.
pub(super) fn hid_descriptor(report_descriptor: &[u8]) -> Vec<u8> {
    let length = u16::try_from(report_descriptor.len()).unwrap_or(u16::MAX);
    let mut bytes = vec![9, 0x21, 0x11, 0x01, 0, 1, 0x22];
    bytes.extend(length.to_le_bytes());
    bytes
}

fn hid(descriptor: &[u8], last: &[u8], setup: Setup, data: &[u8]) -> Answer {
    let [low, high] = setup.value.to_le_bytes();
    match (setup.kind, setup.request) {
        (0x81, 6) if high == 0x22 => Answer::Done(descriptor.to_vec()),
        (0x81, 6) if high == 0x21 => Answer::Done(hid_descriptor(descriptor)),
        // GET_REPORT, input.
        (0xA1, 1) if high == 1 && !last.is_empty() => Answer::Done(last.to_vec()),
        // GET_IDLE, GET_PROTOCOL.
        (0xA1, 2) => Answer::Done(vec![0]),
        (0xA1, 3) => Answer::Done(vec![1]),
        // SET_REPORT, output or feature: the id leads, 0 if reports have none.
        (0x21, 9) if high == 2 || high == 3 => Answer::Deliver(if low == 0 {
            [&[0], data].concat()
        } else {
            data.to_vec()
        }),
        // SET_IDLE, SET_PROTOCOL.
        (0x21, 10 | 11) => Answer::Done(Vec::new()),
        _ => Answer::Stall,
    }
}

fn acm(
    host: &mut LineCoding,
    seen: &mut Vec<LineCoding>,
    lines: &mut u16,
    setup: Setup,
    data: &[u8],
) -> Answer {
    match (setup.kind, setup.request) {
        (0x21, 0x20) => match LineCoding::parse(data) {
            Some(coding) => {
                *host = coding;
                if seen.len() < SEEN_MAX {
                    seen.push(coding);
                }
                Answer::Done(Vec::new())
            }
            None => Answer::Stall,
        },
        (0xA1, 0x21) => Answer::Done(host.bytes()),
        (0x21, 0x22) => {
            *lines = setup.value;
            Answer::Done(Vec::new())
        }
        // SEND_BREAK.
        (0x21, 0x23) => Answer::Done(Vec::new()),
        _ => Answer::Stall,
    }
}

fn printer(ieee1284: &str, port_status: u8, resets: &mut u32, setup: Setup) -> Answer {
    match (setup.kind, setup.request) {
        (0xA1, 0) => {
            let length = u16::try_from(ieee1284.len() + 2).unwrap_or(u16::MAX);
            let length = length.to_be_bytes();
            Answer::Done([length.as_slice(), ieee1284.as_bytes()].concat())
        }
        (0xA1, 1) => Answer::Done(vec![port_status]),
        (0x21 | 0x23, 2) => {
            *resets = resets.saturating_add(1);
            Answer::Done(Vec::new())
        }
        _ => Answer::Stall,
    }
}
