//! Tracking numbers: what a scan may be, by every format known, ranked; and numbers from serials.
//!
//! Constraints: recognition is a ranking, never a yes or no, because published numbers of one
//! carrier satisfy formats of others; "unknown" is a good answer; no regular expressions; any text
//! in, never a panic. A check digit is weak evidence ([`super::check_digit`]): what proves a number
//! is that the station expects it.

mod clean;
mod fit;
mod format;
mod formats;
pub mod make;
mod names;
mod rank;
mod recognise;
#[cfg(test)]
mod tests;

pub use clean::{Note, normalise};
pub use fit::{Fit, fit};
pub use format::{Cover, Format, Grade, Part, Set};
pub use formats::{FORMATS, by_id};
pub use make::s10;
pub use names::{is_same, names};
pub use recognise::{
    BELIEVE_MIN, Candidate, Check, Context, Expected, Field, Recognition, Report, recognise,
};

/// Characters of the longest number; more is no tracking number.
pub const NUMBER_CHARS_MAX: usize = 48;
