//! How long LZW data becomes, without unpacking it.

/// Codes 0 to 255 are bytes, then come two marks.
const CLEAR: usize = 256;
const END: usize = 257;
const CODES_MAX: usize = 4_096;

/// Bytes `data` unpacks to (ISO 32000-1, 7.4.4); stops counting above `max`. Codes become wider
/// one entry early or not; the longer of the two results is a bound for both.
pub fn length(data: &[u8], max: u64) -> u64 {
    [0, 1]
        .map(|early| length_with(data, max, early))
        .into_iter()
        .max()
        .unwrap_or(0)
}

fn length_with(data: &[u8], max: u64, early: usize) -> u64 {
    let mut lengths = vec![1_u64; END + 1];
    let (mut total, mut width, mut last) = (0, 9, 0);
    let (mut bits, mut count) = (0_u32, 0);
    for byte in data {
        bits = bits << 8 | u32::from(*byte);
        count += 8;
        if count < width {
            continue;
        }
        count -= width;
        let code = (bits >> count) as usize & ((1 << width) - 1);
        match code {
            CLEAR => {
                lengths.truncate(END + 1);
                (width, last) = (9, 0);
            }
            END => break,
            code => {
                // A code not yet known repeats the last with its own first byte.
                let length = lengths.get(code).copied().unwrap_or(last + 1);
                if last > 0 && lengths.len() < CODES_MAX {
                    lengths.push(last + 1);
                }
                total += length;
                last = length;
                width = match lengths.len() + early {
                    ..512 => 9,
                    512..1024 => 10,
                    1024..2048 => 11,
                    _ => 12,
                };
            }
        }
        if total > max {
            break;
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of ISO 32000-1, 7.4.4.2: ten bytes become nine.
    const EXAMPLE: [u8; 9] = [0x80, 0x0B, 0x60, 0x50, 0x22, 0x0C, 0x0C, 0x85, 0x01];

    #[test]
    fn lengths_are_right_and_bounded() {
        assert_eq!(length(&EXAMPLE, 1_000), 10);
        assert_eq!(length(&[], 10), 0);
        // Every code repeats the last and one more: the worst there is.
        let mut bits = format!("{:09b}{:09b}", CLEAR, 65);
        let mut next = 258;
        while next < 4_000 {
            let width = match next + 1 {
                ..512 => 9,
                512..1024 => 10,
                1024..2048 => 11,
                _ => 12,
            };
            bits += &format!("{next:0width$b}");
            next += 1;
        }
        let whole = bits.as_bytes().chunks_exact(8);
        let bomb: Vec<u8> = whole
            .map(|eight| eight.iter().fold(0, |sum, bit| sum << 1 | (bit - b'0')))
            .collect();
        assert!(length(&bomb, u64::MAX) > 1_000 * bomb.len() as u64);
        assert!(length(&bomb, 100_000) < 110_000);
    }
}
