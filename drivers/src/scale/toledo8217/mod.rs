//! Toledo 8217: the host asks with one character, the scale answers `STX ... CR`.
//!
//! | host | reply | |
//! |---|---|---|
//! | `W` | `STX WW.WWW CR`, `N` before CR if net | weight at rest |
//! | `W` | `STX ? st CR` | motion, range, not zeroed |
//! | `H` | as `W`, one more digit | high resolution |
//! | `Z` `T` `C` | `STX ? st CR` | zero, tare, clear tare (settles for 150 ms) |
//! | `TWWWWW CR` | `STX ? st CR` | keyboard tare, the only command with CR |
//! | `A`, `B` | `STX CR`, `STX ? st CR` | confidence test and its result |
//! | `E` ... `F` | `STX E CR`, every byte echoed, `STX F CR` | echo mode |
//!
//! Status byte: bit 0 motion, 1 over capacity, 2 under zero, 3 outside zero capture range,
//! 4 centre of zero, 5 net on classic models and always 1 on others (never an error), 6 always 1,
//! 7 parity. Line 9600 7E1.
//!
//! On a line with echo the letter that was sent comes back before the answer and is passed over.
//! If it comes back and nothing follows, somebody left the scale in echo mode, and `F` is sent.
//!
//! Sources: Mettler Toledo DIVA service manual pp. 45-51; Brecknell DS1000 manual p. 27; behaviour
//! of Odoo's and pywebdriver's drivers. Doubts: some units answer a weight once and then a bare
//! `?` until the load changes (the last weight of the same load is kept for that case); some
//! leave out the decimal point (refused unless the profile says how many decimals are meant,
//! because a guess is wrong by a power of ten).

mod device;
mod host;

pub use device::{CommandParser, DeviceCommand, encode_ack, encode_status, encode_weight};
pub use host::{Options, PROBE, PROBE_END, Toledo8217, probe_answer};

const STX: u8 = 0x02;
const CR: u8 = 0x0D;

pub mod status {
    //! Bits of the status byte.
    pub const MOTION: u8 = 0x01;
    pub const OVER: u8 = 0x02;
    pub const UNDER: u8 = 0x04;
    pub const NOT_ZEROED: u8 = 0x08;
    pub const ZERO: u8 = 0x10;
    /// Net on classic models, always 1 on others.
    pub const NET_OR_ONE: u8 = 0x20;
    pub const ALWAYS: u8 = 0x40;
}
