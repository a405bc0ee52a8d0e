//! DPL: stores a picture (PCX, or records from the bottom up), places it, prints.

use super::cpcl::from_hex;
use super::paper::*;

pub fn print(bytes: &[u8]) -> Printed {
    let mut printed = Printed::default();
    let mut stored = None;
    let mut input = Reader(bytes);
    while let Some(first) = input.next() {
        if first != 2 {
            continue;
        }
        let line = input.until(b'\r');
        match line {
            b"IDpFSTLABEL" => stored = pcx(&mut input),
            b"IDAFFSTLABEL" => stored = Some(records(&mut input)),
            b"L" => label(&mut input, &stored, &mut printed),
            b"xDGFSTLABEL" => stored = None,
            b"zD" => {}
            _ => printed.strange += 1,
        }
    }
    printed
}

fn label(input: &mut Reader<'_>, stored: &Option<Paper>, printed: &mut Printed) {
    let (mut placed, mut copies) = (None, 1);
    while input.peek().is_some() {
        match input.until(b'\r') {
            b"D11" => {}
            b"1Y1100000000000FSTLABEL" => placed = stored.clone(),
            b"X" => return,
            b"E" => {
                printed.labels.extend(placed.map(|p| Paper { copies, ..p }));
                return;
            }
            line => match line.split_first() {
                Some((b'Q', number)) if number.len() == 4 => {
                    copies = std::str::from_utf8(number).unwrap().parse().unwrap();
                }
                _ => printed.strange += 1,
            },
        }
    }
    printed.open = true;
}

fn records(input: &mut Reader<'_>) -> Paper {
    let mut rows = Vec::new();
    while input.peek().is_some() {
        let record = input.until(b'\r');
        if record == b"FFFF" {
            break;
        }
        if let [b'8', b'0', a, b, data @ ..] = record
            && data.len() == usize::from(from_hex(&[*a, *b])[0]) * 2
        {
            rows.push(from_hex(data));
        }
    }
    let mut paper = Paper::default();
    for (y, row) in rows.iter().rev().enumerate() {
        paper.block(0, y, row.len(), row);
    }
    paper
}

fn pcx(input: &mut Reader<'_>) -> Option<Paper> {
    let head = input.take(128);
    let word = |at: usize| {
        let pair = [head.get(at), head.get(at + 1)].map(|b| b.copied().unwrap_or(0));
        usize::from(u16::from_le_bytes(pair))
    };
    let (width, height, stride) = (word(8) + 1, word(10) + 1, word(66));
    let lawful = head.starts_with(&[10, 5, 1, 1]) && head.get(65) == Some(&1);
    if !lawful || stride % 2 == 1 || stride * 8 < width {
        return None;
    }
    let mut rows: Vec<u8> = Vec::new();
    let mut last = head[127];
    while rows.len() < stride * height {
        let byte = input.next()?;
        // Commands are letters and signs; what fills up a cut picture is none.
        assert!(
            last != 1 || !byte.is_ascii_graphic(),
            "an immediate command inside a picture"
        );
        last = byte;
        if byte < 0xC0 {
            rows.push(byte);
            continue;
        }
        last = input.next()?;
        rows.extend(std::iter::repeat_n(last, usize::from(byte & 0x3F)));
    }
    rows.truncate(stride * height);
    let mut paper = Paper::default();
    let black: Vec<u8> = rows.iter().map(|b| !b).collect();
    paper.block(0, 0, stride, &black);
    Some(paper)
}
