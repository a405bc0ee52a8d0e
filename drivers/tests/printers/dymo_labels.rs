//! DYMO 550 and Wireless: jobs of labels, each a picture with its sizes.

use super::paper::*;

pub fn print(bytes: &[u8], height_first: bool) -> Printed {
    let (mut printed, mut paper) = (Printed::default(), Paper::default());
    let mut input = Reader(bytes);
    while let Some(first) = input.next() {
        if first != 0x1B {
            printed.strange += 1;
            continue;
        }
        match input.peek() {
            Some(0x1B) => {}
            Some(b'Q' | b'@') => {
                input.next();
                paper = Paper::default();
            }
            Some(b'A' | b'C') => drop(input.take(2)),
            Some(b's') => drop(input.take(5)),
            Some(b'h') => drop(input.next()),
            Some(b'n') => {
                input.take(3);
                paper = Paper::default();
            }
            Some(b'D') => {
                let head = input.take(11);
                let word = |at: usize| {
                    let four = head.get(at..at + 4).unwrap_or(&[0; 4]);
                    usize::try_from(u32::from_le_bytes(four.try_into().unwrap())).unwrap()
                };
                let sizes = (word(3), word(7));
                let (width, height) = if height_first {
                    (sizes.1, sizes.0)
                } else {
                    sizes
                };
                let stride = width.div_ceil(8);
                printed.strange += usize::from(head.get(1..3) != Some(&[1, 2]));
                let bits = input.take(stride * height);
                paper.block(0, 0, stride.max(1), bits);
            }
            Some(b'G' | b'E') => {
                input.next();
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
