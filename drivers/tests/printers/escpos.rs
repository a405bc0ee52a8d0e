//! ESC/POS: rows go to paper as they come; a cut ends a label. What lies before `ESC @` is a
//! label that broke off.

use super::paper::*;

pub fn print(bytes: &[u8]) -> Printed {
    let (mut printed, mut paper, mut y) = (Printed::default(), Paper::default(), 0);
    let mut input = Reader(bytes);
    while let Some(first) = input.next() {
        match (first, input.next()) {
            (0, next) => {
                input.0 = &bytes[bytes.len() - input.0.len() - usize::from(next.is_some())..]
            }
            // Forgets what is left, in an error only.
            (0x10, Some(0x05)) => drop(input.take(1)),
            (0x1B, Some(b'@')) => (paper, y) = (Paper::default(), 0),
            (0x1D, Some(b'v')) => {
                let [b'0', 0, xl, xh, yl, yh] = *input.take(6) else {
                    printed.strange += 1;
                    continue;
                };
                let stride = usize::from(u16::from_le_bytes([xl, xh]));
                let rows = usize::from(u16::from_le_bytes([yl, yh]));
                assert!(stride * rows <= 4096, "larger than a small buffer");
                if stride > 0 {
                    paper.block(0, y, stride, input.take(stride * rows));
                }
                y += rows;
            }
            (0x1D, Some(b'V')) => {
                printed.strange += usize::from(!matches!(input.take(2), [b'A', 0] | [0, 0]));
                let copies = 1;
                printed.labels.push(Paper {
                    copies,
                    ..std::mem::take(&mut paper)
                });
            }
            _ => printed.strange += 1,
        }
    }
    printed.open = !paper.ink().is_empty();
    printed
}
