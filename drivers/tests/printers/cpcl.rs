//! CPCL: a session from `!` to `PRINT` or `ABORT`; `CG` and `EG` draw black ones.

use super::paper::*;

pub fn print(bytes: &[u8]) -> Printed {
    let mut printed = Printed::default();
    let mut session: Option<Paper> = None;
    let mut input = Reader(bytes);
    while let Some(first) = input.peek() {
        if first == 0 {
            input.next();
            continue;
        }
        let hex = input.0.starts_with(b"EG ");
        if let Some(paper) = session
            .as_mut()
            .filter(|_| hex || input.0.starts_with(b"CG "))
        {
            input.take(3);
            match numbers::<4>(&mut input, b' ') {
                Some([stride, rows, x, y]) => {
                    let count = stride * rows;
                    let bits = if hex {
                        from_hex(input.take(count * 2))
                    } else {
                        input.take(count).to_vec()
                    };
                    paper.block(x, y, stride, &bits);
                }
                None => printed.strange += 1,
            }
            printed.strange += usize::from(input.until(b'\n') != b"\r");
            continue;
        }
        let line = String::from_utf8_lossy(input.until(b'\n')).replace('\0', "");
        let line = line.trim_end_matches('\r');
        if let Some(header) = line.strip_prefix('!') {
            let copies = header.split(' ').nth(5).and_then(number).unwrap_or(1);
            session = Some(Paper {
                copies,
                ..Paper::default()
            });
            continue;
        }
        match (line, &session) {
            ("PRINT", Some(_)) => printed.labels.extend(session.take()),
            ("ABORT", _) => session = None,
            ("FORM", Some(_)) => {}
            (line, Some(_)) if line.starts_with("PAGE-WIDTH ") => {}
            _ => printed.strange += 1,
        }
    }
    printed
}

pub fn from_hex(text: &[u8]) -> Vec<u8> {
    let digit = |b: u8| char::from(b).to_digit(16).unwrap_or(0) as u8;
    text.chunks(2)
        .map(|pair| digit(pair[0]) << 4 | pair.get(1).map_or(0, |b| digit(*b)))
        .collect()
}
