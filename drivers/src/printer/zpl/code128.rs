//! Code 128 from its bars: which `^BC` data draws exactly these.
//!
//! Reading the bars back, rather than taking data on trust, is what makes the command exact: the
//! printer gets every set switch that is in the symbol, in mode N, where it adds none of its own.

/// Bar and space widths of the values 0 to 105 (ISO/IEC 15417); 103 to 105 begin a symbol.
const PATTERNS: &[u8; 106 * 6] = b"\
    212222222122222221121223121322131222122213122312132212221213\
    221312231212112232122132122231113222123122123221223211221132\
    221231213212223112312131311222321122321221312212322112322211\
    212123212321232121111323131123131321112313132113132311211313\
    231113231311112133112331132131113123113321133121313121211331\
    231131213113213311213131311123311321331121312113312311332111\
    314111221411431111111224111422121124121421141122141221112214\
    112412122114122411142112142211241211221114413111241112134111\
    111242121142121241114212124112124211411212421112421211212141\
    214121412121111143111341131141114113114311411113411311113141\
    114131311141411131211412211214211232";
/// What ends a symbol.
const STOP: [u8; 7] = *b"2331112";
/// Most symbol characters between start and check character.
const VALUES_MAX: usize = 100;

/// Code sets that field data can be written in for certain.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Set {
    B,
    C,
}

/// The `^FD` data for `^BCN,h,N,N,N` whose symbol has these widths in modules, black first. `None`
/// if they are no Code 128, or one with characters that firmware writes differently (set A, FNC2
/// to FNC4, shift).
pub fn field_data(widths: &[u8]) -> Option<Vec<u8>> {
    let values = values(widths)?;
    let (check, rest) = values.split_last()?;
    let (start, data) = rest.split_first()?;
    let weighted = (1_u32..)
        .zip(data)
        .map(|(at, value)| at.saturating_mul(*value));
    let sum = weighted.fold(*start, u32::saturating_add);
    if sum % 103 != *check || data.is_empty() {
        return None;
    }
    let (mut set, mut written) = match start {
        104 => (Set::B, b">:".to_vec()),
        105 => (Set::C, b">;".to_vec()),
        _ => return None,
    };
    for value in data {
        set = push(*value, set, &mut written)?;
    }
    Some(written)
}

/// Appends one value; the set for the next one.
fn push(value: u32, set: Set, out: &mut Vec<u8>) -> Option<Set> {
    match (set, value) {
        (_, 102) => out.extend_from_slice(b">8"),
        (Set::B, 99) => {
            out.extend_from_slice(b">5");
            return Some(Set::C);
        }
        (Set::C, 100) => {
            out.extend_from_slice(b">6");
            return Some(Set::B);
        }
        (Set::C, 0..=99) => out.extend_from_slice(format!("{value:02}").as_bytes()),
        // Characters that begin something in ZPL have invocations of their own.
        (Set::B, 30) => out.extend_from_slice(b">0"),
        (Set::B, 62) => out.extend_from_slice(b"><"),
        (Set::B, 94) => out.extend_from_slice(b">="),
        (Set::B, 0..=94) => out.push(u8::try_from(value).ok()?.checked_add(b' ')?),
        _ => return None,
    }
    Some(set)
}

/// All values from the start to the check character.
fn values(widths: &[u8]) -> Option<Vec<u32>> {
    let body = widths.len().checked_sub(STOP.len())?;
    let (body, stop) = widths.split_at(body);
    let (characters, rest) = body.as_chunks::<6>();
    let ends = stop.iter().map(|w| w.wrapping_add(b'0')).eq(STOP);
    if !ends || !rest.is_empty() || characters.len() > VALUES_MAX {
        return None;
    }
    let value = |character: &[u8; 6]| {
        let (patterns, _) = PATTERNS.as_chunks::<6>();
        let wanted = character.map(|width| width.wrapping_add(b'0'));
        let at = patterns.iter().position(|pattern| *pattern == wanted)?;
        u32::try_from(at).ok()
    };
    characters.iter().map(value).collect()
}

#[cfg(test)]
pub mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Widths of a symbol of these values, without the check character.
    pub fn widths(values: &[u32]) -> Vec<u8> {
        let sum: u32 = values.iter().zip(0..).map(|(v, at)| v * at.max(1)).sum();
        let mut widths = Vec::new();
        for value in values.iter().chain([&(sum % 103)]) {
            let at = *value as usize * 6;
            widths.extend(PATTERNS[at..at + 6].iter().map(|b| b - b'0'));
        }
        widths.extend(STOP.map(|b| b - b'0'));
        widths
    }

    #[test]
    fn patterns_have_the_shape_the_standard_demands() {
        let (patterns, rest) = PATTERNS.as_chunks::<6>();
        assert!(rest.is_empty());
        for (at, pattern) in patterns.iter().enumerate() {
            let widths: Vec<u8> = pattern.iter().map(|b| b - b'0').collect();
            assert_eq!(widths.iter().sum::<u8>(), 11, "{at}");
            assert!(widths.iter().all(|w| (1..=4).contains(w)), "{at}");
            assert_eq!(widths.iter().step_by(2).sum::<u8>() % 2, 0, "{at}");
            assert!(!patterns[..at].contains(pattern), "{at}");
        }
    }

    /// Bars as zint 2.11.1 draws them (`zint -b 20 -d DATA --dump`), 1 is black.
    #[test]
    fn symbols_of_another_encoder_are_read() {
        for (dump, data) in [
            (
                "D2139BB172CE59CB28C5189CD77B3676EBB10B27A666C758",
                ">:1Z999AA1>50123456784",
            ),
            (
                "D21DDA3B4DCBBD1DB125EE9B977B665B8D1D8EB",
                ">:PO->54711>6->50042",
            ),
        ] {
            let nibbles = dump.chars().filter_map(|c| c.to_digit(16));
            let bits: Vec<u32> = nibbles
                .flat_map(|n| (0..4).rev().map(move |at| n >> at & 1))
                .collect();
            let runs = bits.chunk_by(|a, b| a == b).map(|run| run.len() as u8);
            let mut runs: Vec<u8> = runs.collect();
            // White at the end only fills the last digit.
            runs.truncate(runs.len() - usize::from(bits.last() == Some(&0)));
            let found = field_data(&runs).map(|d| String::from_utf8(d).unwrap());
            assert_eq!(found.as_deref(), Some(data));
        }
    }

    #[test]
    fn data_is_written_with_every_set_switch() {
        let written = |values: &[u32]| {
            let data = field_data(&widths(values))?;
            Some(String::from_utf8(data).unwrap())
        };
        let b = |text: &str| {
            text.bytes()
                .map(|b| u32::from(b) - 32)
                .collect::<Vec<u32>>()
        };
        assert_eq!(
            written(&[vec![104], b("PO-4711")].concat()).unwrap(),
            ">:PO-4711"
        );
        assert_eq!(written(&[105, 102, 0, 34, 9]).unwrap(), ">;>8003409");
        assert_eq!(written(&[105, 12, 100, 33, 99, 34]).unwrap(), ">;12>6A>534");
        assert_eq!(
            written(&[vec![104], b(">^~_ !")].concat()).unwrap(),
            ">:>0><>=_ !"
        );
        assert_eq!(written(&[103, 33]), None);
        assert_eq!(written(&[104, 98, 33]), None);
        assert_eq!(written(&[104, 101, 33]), None);
        let mut wrong = widths(&[104, 33, 34]);
        wrong.swap(12, 13);
        assert_eq!(field_data(&wrong), None);
        assert_eq!(field_data(&[]), None);
        assert_eq!(field_data(&[2, 3, 3, 1, 1, 1, 2]), None);
    }
}
