//! TSPL: lines, `CLS` clears, `BITMAP` draws white ones, `PRINT` prints.

use super::paper::*;

pub fn print(bytes: &[u8]) -> Printed {
    let (mut printed, mut paper) = (Printed::default(), Paper::default());
    let mut input = Reader(bytes);
    while let Some(first) = input.peek() {
        if first == 0 {
            input.next();
            continue;
        }
        if input.0.starts_with(b"BITMAP ") {
            input.take(7);
            match numbers::<5>(&mut input, b',') {
                Some([x, y, stride, rows, 0]) => {
                    let bits: Vec<u8> = input.take(stride * rows).iter().map(|b| !b).collect();
                    paper.block(x, y, stride, &bits);
                }
                _ => printed.strange += 1,
            }
            let rest = input.until(b'\n');
            printed.strange += usize::from(rest != b"\r");
            continue;
        }
        let line = String::from_utf8_lossy(input.until(b'\n')).replace('\0', "");
        match line.trim_end_matches('\r') {
            "" | "DIRECTION 0" | "REFERENCE 0,0" => {}
            "CLS" => paper = Paper::default(),
            line if line.starts_with("SET ") => {}
            line if line.starts_with("SIZE ") || line.starts_with("GAP ") => {
                printed.strange += usize::from(line.matches(" mm").count() != 2);
            }
            line if line.starts_with("PRINT 1,") => {
                paper.copies = number(&line[8..]).unwrap_or(1);
                printed.labels.push(paper.clone());
            }
            _ => printed.strange += 1,
        }
    }
    printed
}
