//! Identifier newtypes. All are short printable strings so that they survive labels and logs.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Longest identifier accepted from outside, in bytes.
pub const ID_BYTES_MAX: usize = 64;

/// Why a text cannot be an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no usable identifier: give 1 to 64 letters, digits or -_.:/#")]
pub struct IdError {
    text: String,
}

/// Checks the rule all identifiers share: 1 to 64 bytes of letters, digits and `-_.:/#`.
///
/// # Errors
/// [`IdError`] naming the text and the rule.
pub fn check(text: &str) -> Result<(), IdError> {
    let fits = (1..=ID_BYTES_MAX).contains(&text.len());
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"-_.:/#".contains(&b);
    if fits && text.bytes().all(legal) {
        return Ok(());
    }
    Err(IdError {
        text: text.chars().take(80).collect(),
    })
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Checks and wraps a text from outside.
            ///
            /// # Errors
            /// [`IdError`] if the text breaks the rule of [`check`].
            pub fn parse(text: &str) -> Result<Self, IdError> {
                check(text).map(|()| Self(text.to_owned()))
            }

            /// Wraps a text this program made itself.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(/** The seller's order number, unique together with nothing else at this station. */ OrderId);
id!(/** A physical box, `<station>-<counter>`. */ ParcelId);
id!(/** One wish for one printed label, `<parcel>.<copy>`. */ JobId);
id!(/** One carrier pickup, `<station>-H<counter>`. */ HandoverId);
id!(/** A bench or a dock of this station. */ PlaceId);
id!(/** A configured device: its role at a place, such as `bench1/scale`. */ DeviceId);
id!(/** A person, by the badge's registered id. */ OperatorId);
id!(/** The seller's stock keeping unit. */ Sku);
