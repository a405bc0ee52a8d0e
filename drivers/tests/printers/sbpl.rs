//! SBPL: a job from `ESC A` to `ESC Z`; `GB` and `GH` add black ones at V and H.

use super::cpcl::from_hex;
use super::paper::*;

pub fn print(bytes: &[u8]) -> Printed {
    let mut printed = Printed::default();
    let mut job: Option<Paper> = None;
    let (mut x, mut y) = (0, 0);
    let mut input = Reader(bytes);
    while let Some(first) = input.next() {
        match first {
            0 | 2 | 3 => continue,
            0x18 => {
                job = None;
                continue;
            }
            0x1B => {}
            _ => {
                printed.strange += 1;
                continue;
            }
        }
        match (input.next(), &mut job) {
            (Some(b'A'), job) => *job = Some(Paper::default()),
            (Some(b'V'), Some(_)) => y = digits(&mut input, 4).map_or(0, |n| n - 1),
            (Some(b'H'), Some(_)) => x = digits(&mut input, 4).map_or(0, |n| n - 1),
            (Some(b'G'), Some(paper)) => {
                let hex = input.next() == Some(b'H');
                let size = digits(&mut input, 3).zip(digits(&mut input, 3));
                let Some((stride, blocks)) = size else {
                    printed.strange += 1;
                    continue;
                };
                let count = stride * blocks * 8;
                let bits = if hex {
                    from_hex(input.take(count * 2))
                } else {
                    input.take(count).to_vec()
                };
                draw(paper, (x, y), stride, &bits);
            }
            (Some(b'Q'), Some(paper)) => {
                while let Some(digit @ b'0'..=b'9') = input.peek() {
                    paper.copies = paper.copies * 10 + u32::from(digit - b'0');
                    input.next();
                }
            }
            (Some(b'Z'), job) => printed.labels.extend(job.take()),
            _ => printed.strange += 1,
        }
    }
    printed
}

fn draw(paper: &mut Paper, (x, y): (usize, usize), stride: usize, bits: &[u8]) {
    for (n, bits) in bits.iter().enumerate() {
        for i in (0..8).filter(|i| bits & (0x80 >> i) != 0) {
            paper.dot(x + n % stride * 8 + i, y + n / stride, true);
        }
    }
}

fn digits(input: &mut Reader<'_>, n: usize) -> Option<usize> {
    let text = std::str::from_utf8(input.take(n)).ok()?;
    text.parse().ok()
}
