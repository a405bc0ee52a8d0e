//! IPP: what a print queue is asked and told, and what it answers.
//!
//! A message is a version, a code, a number, groups of attributes, an end mark, and for a print
//! job the document behind it. Every attribute states the lengths of its name and value, and the
//! end mark is a byte of its own, so that an answer says by itself when it is complete.
//!
//! | bytes | meaning |
//! |---|---|
//! | `01 01` | version 1.1, which every queue takes |
//! | u16 | operation of a request, status of an answer (below 0100 is success) |
//! | u32 | number of the request, repeated in its answer |
//! | `01`, `02`, `04`, `05` | begins a group: operation, job, printer, unsupported |
//! | tag, u16 name, u16 value | an attribute; without a name: one more value of the one before |
//! | `03` | end of the attributes |
//!
//! Sources: RFC 8010 (encoding), RFC 8011 (operations, states, reasons), and what CUPS 2.4,
//! `ippeveprinter` and LPrint answer. All numbers are big-endian.

mod parse;
mod queue;
mod request;

pub use parse::{Attribute, Group, Parsed, Response, Value, parse};
pub use queue::{JobRecord, JobState, QueueState, QueueStatus};
pub use request::{Document, Which, cancel_job, get_job, get_jobs, get_printer, print_job};

/// Longest answer read, in bytes.
pub const RESPONSE_BYTES_MAX: usize = 256 * 1024;
/// Longest name of a job, in bytes: the limit of the protocol.
pub const NAME_BYTES_MAX: usize = 255;

/// First tag of a value; those below begin groups.
const FIRST_VALUE_TAG: u8 = 0x10;

mod tag {
    pub const OPERATION: u8 = 0x01;
    pub const JOB: u8 = 0x02;
    pub const END: u8 = 0x03;
    pub const PRINTER: u8 = 0x04;
    pub const INTEGER: u8 = 0x21;
    pub const BOOLEAN: u8 = 0x22;
    pub const ENUM: u8 = 0x23;
    pub const TEXT: u8 = 0x41;
    pub const NAME: u8 = 0x42;
    pub const KEYWORD: u8 = 0x44;
    pub const URI: u8 = 0x45;
    pub const CHARSET: u8 = 0x47;
    pub const LANGUAGE: u8 = 0x48;
    pub const MIME_TYPE: u8 = 0x49;
}
