//! Brother QL: rows of all pins, mirrored, plain or PackBits; `0C` and `1A` print.

use super::paper::*;

/// `width` of the picture and `beyond`, the pins to the right of it, turn pins into dots.
pub fn print(bytes: &[u8], width: usize, beyond: usize) -> Printed {
    let (mut printed, mut paper, mut y) = (Printed::default(), Paper::default(), 0);
    let (mut packed, mut announced) = (false, 0);
    let mut input = Reader(bytes);
    while let Some(first) = input.next() {
        match first {
            0 => {}
            b'M' => packed = input.next() == Some(2),
            b'g' => {
                let [0, count] = *input.take(2) else {
                    printed.strange += 1;
                    continue;
                };
                let data = input.take(usize::from(count));
                let pins = if packed { unpack(data) } else { data.to_vec() };
                printed.strange += usize::from(pins.len() != 90 && pins.len() != 162);
                for pin in (0..pins.len() * 8).filter(|p| pins[p / 8] & (0x80 >> (p % 8)) != 0) {
                    // From the right edge; dots beyond it must not be there.
                    let from_right = pin.checked_sub(beyond).unwrap_or(9999);
                    paper.dot(width.checked_sub(from_right + 1).unwrap_or(9999), y, true);
                }
                y += 1;
            }
            0x0C | 0x1A => {
                printed.strange += usize::from(announced != y);
                let copies = 1;
                printed.labels.push(Paper {
                    copies,
                    ..std::mem::take(&mut paper)
                });
                y = 0;
            }
            0x1B => match input.next() {
                Some(b'@') => (paper, y) = (Paper::default(), 0),
                Some(b'i') => match input.next() {
                    Some(b'a') => printed.strange += usize::from(input.next() != Some(1)),
                    Some(b'z') => {
                        let n = input.take(10);
                        announced = n
                            .get(4..8)
                            .map_or(0, |n| usize::from(n[0]) | usize::from(n[1]) << 8);
                    }
                    Some(b'M' | b'A' | b'K') => drop(input.next()),
                    Some(b'd') => drop(input.take(2)),
                    _ => printed.strange += 1,
                },
                _ => printed.strange += 1,
            },
            _ => printed.strange += 1,
        }
    }
    printed
}

fn unpack(data: &[u8]) -> Vec<u8> {
    let (mut input, mut row) = (Reader(data), Vec::new());
    while let Some(n) = input.next() {
        match n {
            0..=127 => row.extend_from_slice(input.take(usize::from(n) + 1)),
            128 => {}
            _ => {
                let byte = input.next().unwrap_or(0);
                row.extend(std::iter::repeat_n(byte, 257 - usize::from(n)));
            }
        }
    }
    row
}
