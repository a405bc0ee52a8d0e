//! Scanner protocols, one file or folder each.
//!
//! A code is delivered whole, once, or not at all: what cannot be trusted becomes a garbage range
//! up to its end, so that half a code never counts. Answers to commands are no codes.
//!
//! # A new HID scanner
//!
//! Its report descriptor says where everything is, so a model is one profile and no code. This one
//! types in German, presses the Down key for GS and pads its reports to eight bytes:
//!
//! ```diff
//! --- /dev/null
//! +++ b/drivers/profiles/scanners/acme-hs200-keyboard.toml
//! @@ -0,0 +1,26 @@
//! +id = "acme-hs200-keyboard"
//! +kind = "scanner"
//! +vendor = "Acme"
//! +model = "HS200 as keyboard"
//! +codec = "keyboard"
//! +
//! +[[match]]
//! +vendor_id = "1234"
//! +product_id = "0001"
//! +
//! +[hid]
//! +report_bytes = 8
//! +descriptor = """
//! +05 01 09 06 A1 01 05 07 19 E0 29 E7 15 00 25 01 75 01 95 08 81 02 95 01 75 08 81 01
//! +95 06 75 08 15 00 25 65 05 07 19 00 29 65 81 00 C0
//! +"""
//! +
//! +[scanner]
//! +layout = "de"
//! +gap_ms = 200
//! +keys = { Down = '\x1D' }
//! +
//! +[[examples]]
//! +name = "z and y change places"
//! +bytes = '\x02\x00\x1C\x00\x00\x00\x00\x00\x00\x00\x28\x00\x00\x00\x00\x00'
//! +lines = ['{"kind":"scan","text":"Z","hex":"5a","aim":null,"symbology":null}']
//! ```
//!
//! `device record` gives the bytes, `device decode` the lines. A scanner with HID POS
//! reports is the same with `codec = "hid-pos"`; one with a maker's own frame, or a layout that is
//! missing, is the one case for code: a shape in [`hid_pos`], a table in [`keyboard`].

pub mod aim;
pub mod codeid;
pub mod hid_pos;
pub mod host;
pub mod keyboard;
pub mod line;
pub mod msgget;
pub mod packets;
pub mod ssi;
