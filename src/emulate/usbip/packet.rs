//! Messages between a USB host and a device on the far end of a socket: USB/IP as the Linux kernel
//! speaks it (`Documentation/usb/usbip_protocol.rst`). Numbers are big-endian, the eight set-up
//! bytes are as on the wire.

/// Longest transfer taken; usbfs allows no longer one either.
const TRANSFER_BYTES_MAX: usize = 16 << 20;
const HEADER_BYTES: usize = 48;
const SUBMIT: u32 = 1;
const UNLINK: u32 = 2;
const SUBMITTED: u32 = 3;
const UNLINKED: u32 = 4;

/// Set on the addresses of endpoints towards the host.
pub(super) const IN: u8 = 0x80;

/// Outcome of a transfer as the kernel counts errors.
pub(super) mod status {
    pub const OK: i32 = 0;
    /// The endpoint is halted, or the request unknown: `EPIPE`.
    pub const STALL: i32 = -32;
    /// Taken back by the host: `ECONNRESET`.
    pub const TAKEN_BACK: i32 = -104;
}

/// A transfer the host asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Transfer {
    pub sequence: u32,
    /// With [`IN`] set or not.
    pub endpoint: u8,
    /// Bytes the host has, or has room for.
    pub length: usize,
    pub setup: Setup,
    /// What the host sends.
    pub data: Vec<u8>,
    /// How much of it the device took.
    pub taken: usize,
}

/// The first eight bytes of a control transfer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Setup {
    pub kind: u8,
    pub request: u8,
    pub value: u16,
    pub index: u16,
}

/// What the host says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Message {
    Submit(Transfer),
    /// Take back the transfer `target`.
    Unlink {
        sequence: u32,
        target: u32,
    },
}

/// The other end does not speak USB/IP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Broken;

/// Takes the first whole message off the front of `buffer`.
///
/// # Errors
/// [`Broken`] for an unknown command or a transfer beyond the limit.
pub(super) fn take(buffer: &mut Vec<u8>) -> Result<Option<Message>, Broken> {
    if buffer.len() < HEADER_BYTES {
        return Ok(None);
    }
    let (command, sequence) = (number(buffer, 0), number(buffer, 4));
    if command == UNLINK {
        let target = number(buffer, 20);
        buffer.drain(..HEADER_BYTES);
        return Ok(Some(Message::Unlink { sequence, target }));
    }
    let length = usize::try_from(number(buffer, 24)).map_err(|_| Broken)?;
    if command != SUBMIT || length > TRANSFER_BYTES_MAX {
        return Err(Broken);
    }
    let inward = number(buffer, 12) == 1;
    let whole = HEADER_BYTES + if inward { 0 } else { length };
    if buffer.len() < whole {
        return Ok(None);
    }
    let number8 = u8::try_from(number(buffer, 16) & 0x0F).unwrap_or_default();
    let setup = setup(buffer.get(40..48).unwrap_or_default());
    let data = buffer.get(HEADER_BYTES..whole).unwrap_or_default().to_vec();
    buffer.drain(..whole);
    Ok(Some(Message::Submit(Transfer {
        sequence,
        endpoint: if inward { number8 | IN } else { number8 },
        length,
        setup,
        data,
        taken: 0,
    })))
}

/// Four bytes at `at`; 0 beyond the end.
fn number(buffer: &[u8], at: usize) -> u32 {
    let bytes = buffer.get(at..at + 4).and_then(|b| b.try_into().ok());
    u32::from_be_bytes(bytes.unwrap_or_default())
}

fn setup(bytes: &[u8]) -> Setup {
    match bytes {
        &[kind, request, v0, v1, i0, i1, ..] => Setup {
            kind,
            request,
            value: u16::from_le_bytes([v0, v1]),
            index: u16::from_le_bytes([i0, i1]),
        },
        _ => Setup::default(),
    }
}

/// A transfer is over: `moved` bytes went either way, `data` towards the host.
pub(super) fn submitted(sequence: u32, status: i32, moved: usize, data: &[u8]) -> Vec<u8> {
    let moved = u32::try_from(moved).unwrap_or(u32::MAX);
    let mut bytes = reply(SUBMITTED, sequence, status);
    bytes.extend(moved.to_be_bytes());
    bytes.resize(HEADER_BYTES, 0);
    bytes.extend(data);
    bytes
}

/// The answer to [`Message::Unlink`].
pub(super) fn unlinked(sequence: u32, status: i32) -> Vec<u8> {
    let mut bytes = reply(UNLINKED, sequence, status);
    bytes.resize(HEADER_BYTES, 0);
    bytes
}

fn reply(command: u32, sequence: u32, status: i32) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER_BYTES);
    bytes.extend(command.to_be_bytes());
    bytes.extend(sequence.to_be_bytes());
    bytes.resize(20, 0);
    bytes.extend(status.to_be_bytes());
    bytes
}
