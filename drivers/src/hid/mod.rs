//! HID report descriptors: what the bits of a device's reports mean.
//!
//! A report descriptor is a list of small items (main, global, local) that describes fields; a
//! report is a row of such fields, behind one byte with the report's id if the descriptor numbers
//! its reports. Source: Device Class Definition for Human Interface Devices 1.11, part 6.2.2; where
//! real devices stretch it, the reading of Linux's `hid-core` is followed, because hidraw hands
//! over a device only if that reading accepts it.
//!
//! Constraints: a descriptor is hostile input. It has at most [`DESCRIPTOR_BYTES_MAX`] bytes, gives
//! at most [`FIELDS_MAX`] fields, and no report is longer than [`REPORT_BYTES_MAX`]. Usages stay
//! ranges, so that sixteen bytes cannot ask for 65,536 of them.

mod parse;

pub use parse::parse;

/// Longest descriptor; the same bound as Linux's.
pub const DESCRIPTOR_BYTES_MAX: usize = 4096;
/// Most fields of a descriptor.
pub const FIELDS_MAX: usize = 1024;
/// Longest report, without its id.
pub const REPORT_BYTES_MAX: usize = 4096;

/// Why a descriptor was refused. `at` is the position of the item in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HidError {
    #[error("the report descriptor has {0} bytes, 4096 are the limit: read it again")]
    TooLong(usize),
    #[error("the report descriptor ends inside the item at byte {at}: read it again")]
    Truncated { at: usize },
    #[error("the report descriptor has too many {what} (byte {at}): no such device is known")]
    TooMany { what: &'static str, at: usize },
    #[error("the report descriptor closes what is not open, or leaves it open, at byte {at}")]
    Unbalanced { at: usize },
    #[error("report id {id} at byte {at} of the report descriptor is not among 1 to 255")]
    ReportId { id: u32, at: usize },
    #[error("a field at byte {at} of the report descriptor has {bits} bits, 256 are the limit")]
    FieldSize { bits: u32, at: usize },
}

/// The direction of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReportKind {
    /// From the device, by itself.
    Input,
    /// To the device.
    Output,
    /// Settings, read and written on request.
    Feature,
}

/// Usages in a row, `page << 16 | id`, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsageRange {
    pub first: u32,
    pub last: u32,
}

impl UsageRange {
    /// How many there are, at least one.
    fn len(self) -> u32 {
        self.last.saturating_sub(self.first).saturating_add(1)
    }
}

/// One main item that holds data: `count` elements of `bit_size` bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    pub kind: ReportKind,
    /// 0 if the reports are not numbered.
    pub report_id: u8,
    /// From the start of the report's data; the id byte does not count.
    pub bit_offset: u32,
    pub bit_size: u32,
    pub count: u32,
    /// In order of declaration. Variable fields: one for each element. Arrays: what the values of
    /// an element stand for, the first at `logical_min`.
    pub usages: Vec<UsageRange>,
    pub logical_min: i64,
    pub logical_max: i64,
    pub physical_min: i64,
    pub physical_max: i64,
    /// Unit in the nibble code of HID, 0 for none.
    pub unit: u32,
    pub unit_exponent: i8,
    /// The data bits of the main item; see the questions below.
    pub flags: u32,
    /// Usages of the collections around it, the outermost first.
    pub collections: Vec<u32>,
}

impl Field {
    /// Padding: its bits say nothing.
    pub fn is_constant(&self) -> bool {
        self.flags & 1 != 0
    }

    /// Elements hold the index of a usage (key codes, states); otherwise each usage has its own
    /// element.
    pub fn is_array(&self) -> bool {
        self.flags & 2 == 0
    }

    /// The elements are bytes of a text or block.
    pub fn is_buffered(&self) -> bool {
        self.flags & 0x100 != 0
    }

    /// Whether a usage (`page << 16 | id`) is declared here.
    pub fn has_usage(&self, usage: u32) -> bool {
        let mut ranges = self.usages.iter();
        ranges.any(|r| r.first <= usage && usage <= r.last)
    }

    /// Whether a collection with this usage is around it.
    pub fn is_within(&self, usage: u32) -> bool {
        self.collections.contains(&usage)
    }

    /// The usage at a place of the declared list; beyond its end the last one goes on, for
    /// variable fields only.
    pub fn usage(&self, index: u32) -> Option<u32> {
        let mut left = index;
        for range in &self.usages {
            if left < range.len() {
                return Some(range.first.saturating_add(left));
            }
            left = left.saturating_sub(range.len());
        }
        self.usages
            .last()
            .filter(|_| !self.is_array())
            .map(|r| r.last)
    }

    /// The element that holds a usage of a variable field.
    pub fn index_of(&self, usage: u32) -> Option<u32> {
        let mut before = 0_u32;
        for range in &self.usages {
            if range.first <= usage && usage <= range.last {
                let index = before.saturating_add(usage.saturating_sub(range.first));
                return (index < self.count).then_some(index);
            }
            before = before.saturating_add(range.len());
        }
        None
    }

    /// What an element of an array stands for: `None` for no usage, or for a value out of range.
    pub fn selected(&self, report: &[u8], index: u32) -> Option<u32> {
        let value = self.get(report, index)?;
        if !self.is_array() || value < self.logical_min || value > self.logical_max {
            return None;
        }
        let place = value.checked_sub(self.logical_min)?;
        self.usage(u32::try_from(place).ok()?)
    }

    /// The value of an element, with its sign if the field can be negative. `report` is as it was
    /// received: with the id byte exactly if reports are numbered. `None` if the report is of
    /// another id or too short, the element does not exist or has more than 32 bits.
    pub fn get(&self, report: &[u8], index: u32) -> Option<i64> {
        let data = match self.report_id {
            0 => report,
            id => report.strip_prefix(&[id])?,
        };
        let start = self.place(index)?;
        if (self.bit_size, start % 8) == (8, 0) {
            // Nearly all fields: one byte.
            let byte = *data.get(usize::try_from(start / 8).ok()?)?;
            let signed = self.logical_min < 0;
            return Some(if signed {
                i64::from(byte.cast_signed())
            } else {
                i64::from(byte)
            });
        }
        let mut value = 0_u64;
        for bit in (0..self.bit_size).rev() {
            let at = start.checked_add(bit)?;
            let byte = data.get(usize::try_from(at / 8).ok()?)?;
            value = value << 1 | u64::from(byte >> (at % 8) & 1);
        }
        let value = i64::try_from(value).ok()?;
        let sign = 1_i64 << self.bit_size.saturating_sub(1);
        if self.logical_min < 0 && value & sign != 0 {
            return value.checked_sub(sign.checked_mul(2)?);
        }
        Some(value)
    }

    /// Writes an element into a report made by [`Reports::blank`], whose first byte is always the
    /// id. False if there is no such element or the value does not fit into its bits.
    pub fn set(&self, report: &mut [u8], index: u32, value: i64) -> bool {
        let Some(start) = self.place(index) else {
            return false;
        };
        let end = 1_i64 << self.bit_size;
        if value >= end || value < -(end / 2) {
            return false;
        }
        for bit in 0..self.bit_size {
            // The id byte comes first.
            let at = start.saturating_add(bit).saturating_add(8);
            let Some(byte) = usize::try_from(at / 8).ok().and_then(|i| report.get_mut(i)) else {
                return false;
            };
            let mask = 1_u8 << (at % 8);
            *byte = if value >> bit & 1 == 1 {
                *byte | mask
            } else {
                *byte & !mask
            };
        }
        true
    }

    /// Where an element begins, in bits of the data.
    fn place(&self, index: u32) -> Option<u32> {
        if index >= self.count || !(1..=32).contains(&self.bit_size) {
            return None;
        }
        self.bit_offset
            .checked_add(index.checked_mul(self.bit_size)?)
    }
}

/// All reports of a descriptor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reports {
    /// Reports begin with a byte that says which one it is.
    pub numbered: bool,
    /// In order of declaration.
    pub fields: Vec<Field>,
}

impl Reports {
    /// The fields of an input report; id 0 for unnumbered ones.
    pub fn input(&self, id: u8) -> impl Iterator<Item = &Field> {
        self.fields_of(ReportKind::Input, id)
    }

    /// The fields of a report of any kind.
    pub fn fields_of(&self, kind: ReportKind, id: u8) -> impl Iterator<Item = &Field> {
        let mine = move |f: &&Field| f.kind == kind && f.report_id == id;
        self.fields.iter().filter(mine)
    }

    /// The id of a received report: its first byte, or 0 if reports are not numbered. `None` for
    /// an empty one.
    pub fn id_of(&self, report: &[u8]) -> Option<u8> {
        let first = report.first()?;
        Some(if self.numbered { *first } else { 0 })
    }

    /// Whether a report that is written must go out as a feature report: its id is declared as one
    /// and not as an output report.
    pub fn is_feature_only(&self, id: u8) -> bool {
        let has = |kind| self.report_bits(kind, id) > 0;
        has(ReportKind::Feature) && !has(ReportKind::Output)
    }

    /// Bits of data of a report, 0 if there is no such report.
    pub fn report_bits(&self, kind: ReportKind, id: u8) -> u32 {
        let ends = self.fields_of(kind, id).map(|f| {
            f.bit_offset
                .saturating_add(f.bit_size.saturating_mul(f.count))
        });
        ends.max().unwrap_or(0)
    }

    /// Bytes of a received report, its id included if reports are numbered; 0 if there is none.
    pub fn report_bytes(&self, kind: ReportKind, id: u8) -> usize {
        match self.report_bits(kind, id) {
            0 => 0,
            bits => {
                let data = usize::try_from(bits.div_ceil(8)).unwrap_or(REPORT_BYTES_MAX);
                data.saturating_add(usize::from(self.numbered))
            }
        }
    }

    /// A report of zeros to send, its id first, 0 if reports are not numbered. `None` if the device
    /// has no such report.
    pub fn blank(&self, kind: ReportKind, id: u8) -> Option<Vec<u8>> {
        let bits = self.report_bits(kind, id);
        let data = usize::try_from(bits.div_ceil(8)).ok().filter(|n| *n > 0)?;
        let mut report = vec![0; data.saturating_add(1)];
        if let Some(first) = report.first_mut() {
            *first = id;
        }
        Some(report)
    }
}
