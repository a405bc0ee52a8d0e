//! The scale's side of a line protocol, from the same description: for emulated scales.

use super::options::{FramedOptions, Plan};
use super::pattern::{Found, Marks, Part, Pattern, Tables};
use crate::mass::{MassFlags, MassReading, Unit};

/// A frame that says this reading, by the first pattern that can; it is read back before it is
/// given. Being at zero and moving are left out where the protocol has no word for them. `None` if
/// no pattern can say it, or the table is wrong.
pub fn encode(options: &FramedOptions, unit: Unit, reading: &MassReading) -> Option<Vec<u8>> {
    let plan = Plan::new(options).ok()?;
    let mut wanted = reading.clone();
    wanted.flags.motion |= !wanted.flags.stable && !wanted.flags.forbids_value();
    let bodies: Vec<(Vec<u8>, MassReading)> = plan
        .patterns
        .iter()
        .filter_map(|pattern| {
            let body = write(pattern, &plan.tables, &wanted)?;
            match plan.read(&body, unit) {
                Found::Reading(said) if same(&said, &wanted) => Some((body, said)),
                _ => None,
            }
        })
        .collect();
    let exact = bodies.iter().find(|(_, said)| said.flags == wanted.flags);
    let (body, _) = exact.or(bodies.first())?;
    Some([plan.start.as_slice(), body, plan.ends.first()?].concat())
}

/// Same in all that matters to a weight.
fn same(said: &MassReading, wanted: &MassReading) -> bool {
    let plain = |flags: MassFlags| MassFlags {
        zero: false,
        motion: false,
        ..flags
    };
    said.decimal == wanted.decimal
        && said.unit == wanted.unit
        && plain(said.flags) == plain(wanted.flags)
}

fn write(pattern: &Pattern, tables: &Tables, wanted: &MassReading) -> Option<Vec<u8>> {
    let signed = pattern.0.contains(&Part::Sign);
    let mut body = Vec::new();
    for part in &pattern.0 {
        match part {
            Part::Literal(text) => body.extend_from_slice(text),
            Part::Weight(width) => body.extend(weight(wanted, *width, signed, tables.comma)?),
            Part::Digits(count, decimals) => {
                let number = wanted.decimal?;
                let fits = i16::from(number.exponent) == -i16::from(*decimals);
                let text = format!("{:0count$}", number.mantissa);
                body.extend((fits && text.len() == *count).then_some(text)?.bytes());
            }
            Part::Sign => {
                let negative = wanted.decimal.is_some_and(|d| d.mantissa < 0);
                body.push(if negative { b'-' } else { b' ' });
            }
            Part::Unit(width) => body.extend(unit(wanted.unit?, *width, tables)?),
            Part::Mark(marks) => body.extend(mark(marks, wanted.flags)?),
            Part::Bits(bits) => {
                let set = bits.iter().filter(|(_, f)| within(*f, wanted.flags));
                body.push(set.fold(0x30, |byte, (mask, _)| byte | mask));
            }
            Part::Skip(width) => body.resize(body.len().saturating_add(*width), b' '),
            Part::Check(width) => {
                let sum = tables.checksum.as_ref()?.of(&body);
                if *width == 1 {
                    body.push(sum);
                } else {
                    body.extend(format!("{sum:02X}").bytes());
                }
            }
            Part::Blanks | Part::Rest | Part::In(_) | Part::Flags(_) => {}
            // Pounds with ounces are said by another pattern or not at all.
            Part::Ounces | Part::Number => return None,
        }
    }
    Some(body)
}

fn weight(
    wanted: &MassReading,
    width: Option<usize>,
    signed: bool,
    comma: bool,
) -> Option<Vec<u8>> {
    let mut number = wanted.decimal?;
    if signed {
        number.mantissa = number.mantissa.saturating_abs();
    }
    let mut text = number.to_string();
    if comma {
        text = text.replace('.', ",");
    }
    let width = width.unwrap_or(text.len());
    (text.len() <= width).then(|| format!("{text:>width$}").into_bytes())
}

fn unit(unit: Unit, width: Option<usize>, tables: &Tables) -> Option<Vec<u8>> {
    let fits = |name: &&String| width.is_none_or(|width| name.len() == width);
    let mut own = tables.units.iter().filter(|(_, u)| **u == unit);
    let own = own
        .find(|(name, _)| fits(name))
        .map(|(name, _)| name.clone());
    let width = width.unwrap_or(0);
    let name = own.unwrap_or_else(|| format!("{:width$}", unit.symbol()));
    (width == 0 || name.len() == width).then(|| name.into_bytes())
}

/// The mark that says most of what is wanted and nothing else.
fn mark(marks: &Marks, wanted: MassFlags) -> Option<Vec<u8>> {
    let fitting = marks
        .iter()
        .filter(|(_, f)| bits(*f) == 0 || within(*f, wanted));
    let best = fitting.max_by_key(|(_, flags)| bits(*flags).count_ones())?;
    Some(best.0.clone())
}

/// All of some flags, at least one, are wanted.
fn within(flags: MassFlags, wanted: MassFlags) -> bool {
    bits(flags) != 0 && bits(flags) & !bits(wanted) == 0
}

fn bits(f: MassFlags) -> u8 {
    let all = [f.stable, f.motion, f.zero, f.net, f.over, f.under, f.fault];
    all.iter().fold(0, |bits, flag| bits << 1 | u8::from(*flag))
}
