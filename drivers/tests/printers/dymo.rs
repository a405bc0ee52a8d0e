//! DYMO LabelWriter: plain and run-length rows; feeds print.

use super::paper::*;

pub fn print(bytes: &[u8]) -> Printed {
    let (mut printed, mut paper, mut y) = (Printed::default(), Paper::default(), 0);
    let mut stride = 84;
    let mut input = Reader(bytes);
    while let Some(first) = input.next() {
        match first {
            0x16 => {
                paper.block(0, y, stride.max(1), input.take(stride));
                y += 1;
            }
            0x17 => {
                let mut x = 0;
                while x < stride * 8 {
                    let Some(run) = input.next() else { break };
                    for _ in 0..=run & 0x7F {
                        paper.dot(x, y, run >= 0x80);
                        x += 1;
                    }
                }
                printed.strange += usize::from(x != stride * 8);
                y += 1;
            }
            0x1B => match input.peek() {
                // Escapes in a row count as one.
                Some(0x1B) => {}
                Some(b'@') => {
                    input.next();
                    (paper, y) = (Paper::default(), 0);
                }
                Some(b'D') => stride = usize::from(input.take(2).get(1).copied().unwrap_or(0)),
                Some(b'L') => drop(input.take(3)),
                Some(b'h') => drop(input.next()),
                Some(b'G' | b'E') => {
                    input.next();
                    let copies = 1;
                    printed.labels.push(Paper {
                        copies,
                        ..std::mem::take(&mut paper)
                    });
                    y = 0;
                }
                _ => printed.strange += 1,
            },
            _ => printed.strange += 1,
        }
    }
    printed
}
