//! Answers of printers under bytes of any kind: however the stream is cut, the same is heard,
//! garbage lies within the stream, and nothing panics.

use super::Target;
use firstscan_drivers::printer::{Heard, ReplyStream, language};

/// Longest stream of a run; longer than any answer, shorter than what is kept.
const STREAM_BYTES_MAX: usize = 2000;

/// One target per language.
pub const TARGETS: [(&str, Target); 11] = [
    ("replies_zpl", replies_zpl),
    ("replies_epl2", replies_epl2),
    ("replies_tspl", replies_tspl),
    ("replies_escpos", replies_escpos),
    ("replies_cpcl", replies_cpcl),
    ("replies_dpl", replies_dpl),
    ("replies_sbpl", replies_sbpl),
    ("replies_brother_ql", replies_brother_ql),
    ("replies_dymo", replies_dymo),
    ("replies_dymo_550", replies_dymo_550),
    ("replies_dymo_wireless", replies_dymo_wireless),
];

/// Language `zpl`.
pub fn replies_zpl(data: &[u8]) {
    replies("zpl", data);
}

/// Language `epl2`.
pub fn replies_epl2(data: &[u8]) {
    replies("epl2", data);
}

/// Language `tspl`.
pub fn replies_tspl(data: &[u8]) {
    replies("tspl", data);
}

/// Language `escpos`.
pub fn replies_escpos(data: &[u8]) {
    replies("escpos", data);
}

/// Language `cpcl`.
pub fn replies_cpcl(data: &[u8]) {
    replies("cpcl", data);
}

/// Language `dpl`.
pub fn replies_dpl(data: &[u8]) {
    replies("dpl", data);
}

/// Language `sbpl`.
pub fn replies_sbpl(data: &[u8]) {
    replies("sbpl", data);
}

/// Language `brother-ql`.
pub fn replies_brother_ql(data: &[u8]) {
    replies("brother-ql", data);
}

/// Language `dymo`.
pub fn replies_dymo(data: &[u8]) {
    replies("dymo", data);
}

/// Language `dymo-550`.
pub fn replies_dymo_550(data: &[u8]) {
    replies("dymo-550", data);
}

/// Language `dymo-wireless`.
pub fn replies_dymo_wireless(data: &[u8]) {
    replies("dymo-wireless", data);
}

/// The first byte chooses a question, the second one where the stream is cut.
fn replies(id: &str, data: &[u8]) {
    let [question, cut, stream @ ..] = data else {
        return;
    };
    let stream = &stream[..stream.len().min(STREAM_BYTES_MAX)];
    let language = language(id).expect("a language of the registry");
    let names = language.query_names();
    let name = names[usize::from(*question) % names.len()];
    let hear = |step: usize| {
        let mut heard = Vec::new();
        let mut replies = ReplyStream::new(language, Some(name)).expect("a question it has");
        for part in stream.chunks(step) {
            replies.receive(part);
            heard.extend(std::iter::from_fn(|| replies.poll()));
        }
        replies.finish();
        heard.extend(std::iter::from_fn(|| replies.poll()));
        heard
    };
    let whole = hear(STREAM_BYTES_MAX);
    assert_eq!(whole, hear(1), "{id} {name} byte by byte");
    assert_eq!(
        whole,
        hear(usize::from(*cut).max(1)),
        "{id} {name} in pieces"
    );
    let mut before = 0;
    for heard in &whole {
        if let Heard::Garbage { start, end } = heard {
            let end = usize::try_from(*end).expect("a stream is short");
            assert!(*start >= before && end <= stream.len(), "{id} {name}");
            before = *start;
        }
    }
}
