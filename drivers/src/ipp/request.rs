//! The requests.

use super::{NAME_BYTES_MAX, tag};

const VERSION: [u8; 2] = [1, 1];
const PRINT_JOB: u16 = 0x0002;
const CANCEL_JOB: u16 = 0x0008;
const GET_JOB_ATTRIBUTES: u16 = 0x0009;
const GET_JOBS: u16 = 0x000A;
const GET_PRINTER_ATTRIBUTES: u16 = 0x000B;
const USER: &str = "firstscan";
/// Jobs wanted of one list, newest first where the queue sorts them so.
const JOBS_MAX: u32 = 500;

const JOB_ATTRIBUTES: &[&str] = &["job-id", "job-name", "job-state", "job-state-reasons"];
const PRINTER_ATTRIBUTES: &[&str] = &[
    "printer-state",
    "printer-state-reasons",
    "printer-is-accepting-jobs",
    "queued-job-count",
    "document-format-supported",
    "printer-error-policy",
    "device-uri",
    "smi2699-device-uri",
    "smi55357-device-uri",
];

/// A document to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Document<'a> {
    /// Name the job bears in the queue; cut after 255 bytes.
    pub name: &'a str,
    /// Media type, such as `application/octet-stream`.
    pub format: &'a str,
    /// Its bytes, in two parts.
    pub parts: [&'a [u8]; 2],
}

/// Which jobs of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Waiting, held, or being printed.
    NotCompleted,
    /// Printed, cancelled or aborted, as far as the queue remembers.
    Completed,
}

/// Print-Job: hands a document over. The queue answers when it has it whole.
pub fn print_job(number: u32, queue: &str, document: &Document<'_>) -> Vec<u8> {
    let mut message = begin(PRINT_JOB, number, queue);
    put(&mut message, tag::NAME, "job-name", cut(document.name));
    put(
        &mut message,
        tag::MIME_TYPE,
        "document-format",
        document.format,
    );
    message.push(tag::END);
    message.extend(document.parts.concat());
    message
}

/// Get-Printer-Attributes: how the queue is.
pub fn get_printer(number: u32, queue: &str) -> Vec<u8> {
    let mut message = begin(GET_PRINTER_ATTRIBUTES, number, queue);
    wanted(&mut message, PRINTER_ATTRIBUTES);
    message.push(tag::END);
    message
}

/// Get-Job-Attributes: how one job is.
pub fn get_job(number: u32, queue: &str, job: u32) -> Vec<u8> {
    let mut message = begin(GET_JOB_ATTRIBUTES, number, queue);
    let job = i32::try_from(job).unwrap_or(i32::MAX).to_be_bytes();
    put_bytes(&mut message, tag::INTEGER, "job-id", &job);
    wanted(&mut message, JOB_ATTRIBUTES);
    message.push(tag::END);
    message
}

/// Cancel-Job: a job that is not finished shall not print.
pub fn cancel_job(number: u32, queue: &str, job: u32) -> Vec<u8> {
    let mut message = begin(CANCEL_JOB, number, queue);
    let job = i32::try_from(job).unwrap_or(i32::MAX).to_be_bytes();
    put_bytes(&mut message, tag::INTEGER, "job-id", &job);
    message.push(tag::END);
    message
}

/// Get-Jobs: the jobs of the queue.
pub fn get_jobs(number: u32, queue: &str, which: Which) -> Vec<u8> {
    let mut message = begin(GET_JOBS, number, queue);
    put_bytes(&mut message, tag::INTEGER, "limit", &JOBS_MAX.to_be_bytes());
    wanted(&mut message, JOB_ATTRIBUTES);
    let which = match which {
        Which::NotCompleted => "not-completed",
        Which::Completed => "completed",
    };
    put(&mut message, tag::KEYWORD, "which-jobs", which);
    message.push(tag::END);
    message
}

/// What every request begins with, in the order the protocol demands.
fn begin(operation: u16, number: u32, queue: &str) -> Vec<u8> {
    let mut message = VERSION.to_vec();
    message.extend_from_slice(&operation.to_be_bytes());
    message.extend_from_slice(&number.to_be_bytes());
    message.push(tag::OPERATION);
    put(&mut message, tag::CHARSET, "attributes-charset", "utf-8");
    put(
        &mut message,
        tag::LANGUAGE,
        "attributes-natural-language",
        "en",
    );
    put(&mut message, tag::URI, "printer-uri", queue);
    // Always the same: a queue shows the names of jobs to their owner only.
    put(&mut message, tag::NAME, "requesting-user-name", USER);
    message
}

fn wanted(message: &mut Vec<u8>, names: &[&str]) {
    let mut name = "requested-attributes";
    for wanted in names {
        put(message, tag::KEYWORD, name, wanted);
        name = "";
    }
}

fn put(message: &mut Vec<u8>, tag: u8, name: &str, value: &str) {
    put_bytes(message, tag, name, value.as_bytes());
}

/// Names and values are ours and short; a longer one is left out whole rather than cut.
fn put_bytes(message: &mut Vec<u8>, tag: u8, name: &str, value: &[u8]) {
    let lengths = (u16::try_from(name.len()), u16::try_from(value.len()));
    let (Ok(name_length), Ok(value_length)) = lengths else {
        return;
    };
    message.push(tag);
    message.extend_from_slice(&name_length.to_be_bytes());
    message.extend_from_slice(name.as_bytes());
    message.extend_from_slice(&value_length.to_be_bytes());
    message.extend_from_slice(value);
}

fn cut(name: &str) -> &str {
    let mut end = name.len().min(NAME_BYTES_MAX);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_encoded_as_the_protocol_prescribes() {
        let document = Document {
            name: "J",
            format: "a/b",
            parts: [b"\x03", b"data"],
        };
        let mut want = b"\x01\x01\x00\x02\x00\x00\x00\x07\x01".to_vec();
        want.extend_from_slice(b"\x47\0\x12attributes-charset\0\x05utf-8");
        want.extend_from_slice(b"\x48\0\x1Battributes-natural-language\0\x02en");
        want.extend_from_slice(b"\x45\0\x0Bprinter-uri\0\x07ipp://h");
        want.extend_from_slice(b"\x42\0\x14requesting-user-name\0\x09firstscan");
        want.extend_from_slice(b"\x42\0\x08job-name\0\x01J");
        want.extend_from_slice(b"\x49\0\x0Fdocument-format\0\x03a/b\x03\x03data");
        assert_eq!(print_job(7, "ipp://h", &document), want);
    }

    #[test]
    fn further_wishes_have_no_name_and_names_are_cut_between_letters() {
        let message = get_job(1, "q", 258);
        let text: Vec<u8> = b"\x44\0\0\0\x08job-name".to_vec();
        assert!(message.windows(text.len()).any(|w| w == text));
        assert!(message.windows(8).any(|w| w == b"\0\x04\0\0\x01\x02\x44\0"));
        let long = "\u{e9}".repeat(200);
        assert_eq!(cut(&long).len(), 254);
    }
}
