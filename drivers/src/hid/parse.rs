//! The items of a report descriptor, one after the other, to fields.

use super::{
    DESCRIPTOR_BYTES_MAX, FIELDS_MAX, Field, HidError, REPORT_BYTES_MAX, ReportKind, Reports,
    UsageRange,
};

/// Deepest nesting of collections and of push items.
const DEPTH_MAX: usize = 32;
/// Most usage items before one main item.
const USAGES_MAX: usize = 1024;
/// Most bits of one element; Linux's bound.
const FIELD_BITS_MAX: u32 = 256;
/// First byte of a long item; none is defined, they are passed over.
const LONG_ITEM: u8 = 0xFE;

/// Reads a report descriptor.
///
/// # Errors
/// [`HidError`], with the position of the item that cannot be.
pub fn parse(descriptor: &[u8]) -> Result<Reports, HidError> {
    if descriptor.len() > DESCRIPTOR_BYTES_MAX {
        return Err(HidError::TooLong(descriptor.len()));
    }
    let mut parser = Parser::default();
    let mut at = 0_usize;
    while let Some(rest) = descriptor.get(at..).filter(|rest| !rest.is_empty()) {
        let (item, length) = item(rest).ok_or(HidError::Truncated { at })?;
        if let Some(item) = item {
            parser.item(item, at)?;
        }
        at = at.saturating_add(length);
    }
    if !parser.collections.is_empty() {
        return Err(HidError::Unbalanced { at });
    }
    Ok(parser.reports)
}

/// A short item.
#[derive(Clone, Copy)]
struct Item {
    /// Tag and type, without the size.
    tag: u8,
    data: u32,
    bytes: usize,
}

impl Item {
    /// The data with its sign.
    fn signed(self) -> i64 {
        let data = i64::from(self.data);
        let half = match self.bytes {
            1 => 1_i64 << 7,
            2 => 1_i64 << 15,
            4 => 1_i64 << 31,
            _ => return 0,
        };
        if data >= half {
            data.saturating_sub(half.saturating_mul(2))
        } else {
            data
        }
    }
}

/// The item at the front, `None` for a long one, and its length; `None` if it is cut off.
fn item(rest: &[u8]) -> Option<(Option<Item>, usize)> {
    let (prefix, rest) = rest.split_first()?;
    if *prefix == LONG_ITEM {
        let data = usize::from(*rest.first()?);
        let length = data.saturating_add(3);
        return (rest.len() >= data.saturating_add(2)).then_some((None, length));
    }
    let bytes = match prefix & 3 {
        3 => 4,
        n => usize::from(n),
    };
    let data = rest.get(..bytes)?;
    let data = data
        .iter()
        .rev()
        .fold(0_u32, |value, byte| value << 8 | u32::from(*byte));
    let tag = prefix & 0xFC;
    Some((Some(Item { tag, data, bytes }), bytes.saturating_add(1)))
}

/// Global items hold until they are changed.
#[derive(Debug, Clone, Copy, Default)]
struct Globals {
    page: u32,
    logical_min: i64,
    /// (unsigned, signed): which one counts depends on the minimum.
    logical_max: (i64, i64),
    physical_min: i64,
    physical_max: (i64, i64),
    unit: u32,
    unit_exponent: i8,
    size: u32,
    count: u32,
    id: u8,
}

impl Globals {
    /// A maximum is meant without a sign unless its minimum is negative: `25 FF` says 255.
    fn max(min: i64, (unsigned, signed): (i64, i64)) -> i64 {
        if min < 0 { signed } else { unsigned }
    }
}

/// Local items hold for the next main item only.
#[derive(Debug, Default)]
struct Locals {
    usages: Vec<Usage>,
    minimum: Option<Usage>,
    /// Within a set of alternatives; only its first usage counts.
    alternatives: Option<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Usage {
    first: u32,
    last: u32,
    /// Came with its page.
    extended: bool,
}

#[derive(Default)]
struct Parser {
    reports: Reports,
    globals: Globals,
    pushed: Vec<Globals>,
    locals: Locals,
    collections: Vec<u32>,
    /// Bits used so far by (kind, id).
    used: Vec<(ReportKind, u8, u32)>,
}

impl Parser {
    fn item(&mut self, item: Item, at: usize) -> Result<(), HidError> {
        match item.tag & 0x0C {
            0x00 => self.main(item, at),
            0x04 => self.global(item, at),
            0x08 => self.local(item, at),
            // Reserved: Linux passes over it as well.
            _ => Ok(()),
        }
    }

    fn main(&mut self, item: Item, at: usize) -> Result<(), HidError> {
        let usages = self.take_usages();
        match item.tag {
            0x80 => self.field(ReportKind::Input, item.data, usages, at),
            0x90 => self.field(ReportKind::Output, item.data, usages, at),
            0xB0 => self.field(ReportKind::Feature, item.data, usages, at),
            0xA0 => {
                if self.collections.len() >= DEPTH_MAX {
                    let what = "collections inside each other";
                    return Err(HidError::TooMany { what, at });
                }
                let usage = usages.first().map_or(0, |range| range.first);
                self.collections.push(usage);
                Ok(())
            }
            0xC0 => match self.collections.pop() {
                Some(_) => Ok(()),
                None => Err(HidError::Unbalanced { at }),
            },
            _ => Ok(()),
        }
    }

    fn global(&mut self, item: Item, at: usize) -> Result<(), HidError> {
        let both = (i64::from(item.data), item.signed());
        let globals = &mut self.globals;
        match item.tag {
            0x04 => globals.page = item.data & 0xFFFF,
            0x14 => globals.logical_min = item.signed(),
            0x24 => globals.logical_max = both,
            0x34 => globals.physical_min = item.signed(),
            0x44 => globals.physical_max = both,
            0x54 => globals.unit_exponent = exponent(item),
            0x64 => globals.unit = item.data,
            0x74 if item.data > FIELD_BITS_MAX => {
                let bits = item.data;
                return Err(HidError::FieldSize { bits, at });
            }
            0x74 => globals.size = item.data,
            0x84 => match u8::try_from(item.data) {
                Ok(id) if id > 0 => {
                    globals.id = id;
                    self.reports.numbered = true;
                }
                _ => return Err(HidError::ReportId { id: item.data, at }),
            },
            0x94 => globals.count = item.data,
            0xA4 if self.pushed.len() >= DEPTH_MAX => {
                let what = "push items";
                return Err(HidError::TooMany { what, at });
            }
            0xA4 => self.pushed.push(self.globals),
            0xB4 => self.globals = self.pushed.pop().ok_or(HidError::Unbalanced { at })?,
            _ => {}
        }
        Ok(())
    }

    fn local(&mut self, item: Item, at: usize) -> Result<(), HidError> {
        let extended = item.bytes == 4;
        let id = if extended {
            item.data
        } else {
            self.globals.page << 16 | item.data & 0xFFFF
        };
        let one = Usage {
            first: id,
            last: id,
            extended,
        };
        match item.tag {
            0x08 => self.usage(one, at),
            0x18 => {
                self.locals.minimum = Some(one);
                Ok(())
            }
            0x28 => {
                let first = self.locals.minimum.take();
                match first {
                    Some(range) if range.first <= id => self.usage(Usage { last: id, ..range }, at),
                    // A maximum alone, or below its minimum, says nothing.
                    _ => Ok(()),
                }
            }
            0xA8 => {
                self.locals.alternatives = (item.data == 1).then_some(0);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn usage(&mut self, usage: Usage, at: usize) -> Result<(), HidError> {
        if let Some(seen) = &mut self.locals.alternatives {
            *seen = seen.saturating_add(1);
            if *seen > 1 {
                return Ok(());
            }
        }
        if self.locals.usages.len() >= USAGES_MAX {
            let what = "usages";
            return Err(HidError::TooMany { what, at });
        }
        self.locals.usages.push(usage);
        Ok(())
    }

    /// The usages before a main item. A page that was declared after the last of them, and has not
    /// been used, is meant for them.
    fn take_usages(&mut self) -> Vec<UsageRange> {
        let page = self.globals.page;
        let mut usages = std::mem::take(&mut self.locals).usages;
        for usage in usages.iter_mut().rev().filter(|usage| !usage.extended) {
            if usage.first >> 16 == page {
                break;
            }
            usage.first = page << 16 | usage.first & 0xFFFF;
            usage.last = page << 16 | usage.last & 0xFFFF;
        }
        usages
            .iter()
            .map(|u| UsageRange {
                first: u.first,
                last: u.last,
            })
            .collect()
    }

    fn field(
        &mut self,
        kind: ReportKind,
        flags: u32,
        usages: Vec<UsageRange>,
        at: usize,
    ) -> Result<(), HidError> {
        let globals = self.globals;
        let bits = globals.size.checked_mul(globals.count);
        let limit = u32::try_from(REPORT_BYTES_MAX.saturating_mul(8)).unwrap_or(u32::MAX);
        let bit_offset = self.offset(kind, globals.id);
        let end = bits.and_then(|bits| bits.checked_add(*bit_offset));
        let Some(end) = end.filter(|end| *end <= limit) else {
            let what = "bits in one report";
            return Err(HidError::TooMany { what, at });
        };
        let start = std::mem::replace(bit_offset, end);
        if end == start {
            return Ok(());
        }
        if self.reports.fields.len() >= FIELDS_MAX {
            let what = "fields";
            return Err(HidError::TooMany { what, at });
        }
        self.reports.fields.push(Field {
            kind,
            report_id: globals.id,
            bit_offset: start,
            bit_size: globals.size,
            count: globals.count,
            usages,
            logical_min: globals.logical_min,
            logical_max: Globals::max(globals.logical_min, globals.logical_max),
            physical_min: globals.physical_min,
            physical_max: Globals::max(globals.physical_min, globals.physical_max),
            unit: globals.unit,
            unit_exponent: globals.unit_exponent,
            flags,
            collections: self.collections.clone(),
        });
        Ok(())
    }

    /// The bits a report has so far; at most 768 reports exist.
    fn offset(&mut self, kind: ReportKind, id: u8) -> &mut u32 {
        let place = self
            .used
            .iter()
            .position(|(k, i, _)| (*k, *i) == (kind, id));
        let place = place.unwrap_or_else(|| {
            self.used.push((kind, id, 0));
            self.used.len().saturating_sub(1)
        });
        &mut self.used[place].2
    }
}

/// A unit's exponent is four bits with a sign; some devices write a whole signed byte.
fn exponent(item: Item) -> i8 {
    match item.data {
        value @ 0..=7 => i8::try_from(value).unwrap_or(0),
        value @ 8..=15 => i8::try_from(i64::from(value).saturating_sub(16)).unwrap_or(0),
        _ => i8::try_from(item.signed()).unwrap_or(0),
    }
}
