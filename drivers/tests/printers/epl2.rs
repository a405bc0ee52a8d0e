//! EPL2: lines, `N` clears, `GW` draws white ones, `P` prints.

use super::paper::*;

pub fn print(bytes: &[u8]) -> Printed {
    let (mut printed, mut paper) = (Printed::default(), Paper::default());
    let mut input = Reader(bytes);
    while input.peek().is_some() {
        if input.0.starts_with(b"GW") {
            input.take(2);
            match numbers::<4>(&mut input, b',') {
                Some([x, y, stride, rows]) => {
                    let bits: Vec<u8> = input.take(stride * rows).iter().map(|b| !b).collect();
                    paper.block(x, y, stride, &bits);
                    printed.strange += usize::from(input.until(b'\n') != b"");
                }
                None => {
                    input.until(b'\n');
                    printed.strange += 1;
                }
            }
            continue;
        }
        let line = String::from_utf8_lossy(input.until(b'\n')).into_owned();
        match line.trim_end_matches('\r') {
            "" | "R0,0" | "ZT" => {}
            "N" => paper = Paper::default(),
            line if line.starts_with('q') && number(&line[1..]).is_some() => {}
            line if line.starts_with('Q') && line.split(',').count() == 2 => {}
            line if line.starts_with('P') && number(&line[1..]).is_some() => {
                paper.copies = number(&line[1..]).unwrap();
                printed.labels.push(paper.clone());
            }
            _ => printed.strange += 1,
        }
    }
    printed
}
