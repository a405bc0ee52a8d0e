//! The device models of the pty and TCP benches, plugged in over USB/IP.

use firstscan::emulate::scales::EmulatedScale;
use firstscan::emulate::scales::hid::HidScale;
use firstscan::emulate::scanners::{Gun, KeyboardGun, Typing};
use firstscan::emulate::usbip::{self, Options, UsbDevice};
use firstscan_drivers::mass::{Mass, Unit};
use firstscan_drivers::registry;

/// Vendor and product id of a shipping scale, a scanner that types, a HID POS scanner, a label
/// printer: all in the shipped rules.
pub const SCALE: (u16, u16) = (0x0922, 0x8003);
pub const KEYBOARD: (u16, u16) = (0x05E0, 0x1200);
pub const POS: (u16, u16) = (0x067E, 0x0809);
pub const PRINTER: (u16, u16) = (0x0A5F, 0x0164);

/// A code, and the Linux key codes that go down when it is typed with its AIM identifier `]C0`.
pub const SCAN: &str = "4006381333931";
pub const KEYS_OF_SCAN: [u16; 18] = [27, 42, 46, 11, 5, 11, 11, 7, 4, 9, 2, 4, 4, 4, 10, 4, 2, 28];

/// A device with these ids at this port.
pub fn options(ids: (u16, u16), port: u8) -> Options {
    let mut options = Options::new(ids.0, ids.1);
    options.port = port;
    options
}

/// A HID scale that talks faster than most: tests have no time.
pub fn scale(serial: &str, port: u8) -> UsbDevice<HidScale> {
    let mut options = options(SCALE, port);
    options.serial = serial.into();
    let mut model = HidScale::new(Unit::Gram);
    model.every_ms = 10;
    usbip::hid_scale(model, &options).unwrap()
}

/// Puts so many grams on a scale instead of what lies there.
pub fn put<S: EmulatedScale>(scale: &UsbDevice<S>, grams: u16) {
    let load = Mass::from_grams(i64::from(grams));
    scale.with(|scale, now| {
        if scale.platform().load() != load {
            scale.platform_mut().put(now, load);
        }
    });
}

/// Whether its load has come to rest.
pub fn rests<S: EmulatedScale>(scale: &UsbDevice<S>) -> bool {
    scale.with(|scale, now| scale.platform().is_resting(now))
}

/// The grams a report of the scale tells, whether it moves or not; panics if it is none of its own.
pub fn grams(report: &[u8]) -> u16 {
    let [3, 2..=4, 2, 0, low, high] = report else {
        panic!("no report of this scale: {report:02X?}")
    };
    u16::from_le_bytes([*low, *high])
}

/// A gun as a profile describes it.
pub fn gun(profile: &str) -> Gun {
    Gun::by_id(profile).unwrap()
}

/// A gun that types Alt codes, several keys of one digit in one report.
pub fn alt_gun() -> KeyboardGun {
    let profile = registry::profile("keyboard-us").unwrap();
    let gun = KeyboardGun::of(&profile.scanner).unwrap();
    gun.typing(Typing::AltChord)
}

/// A scanner that types on a US keyboard.
pub fn keyboard(port: u8) -> UsbDevice<Gun> {
    usbip::keyboard(gun("keyboard-us"), &options(KEYBOARD, port)).unwrap()
}

/// A HID POS scanner with the report descriptor of its profile.
pub fn pos(profile: &str, ids: (u16, u16), port: u8) -> UsbDevice<Gun> {
    let mut options = options(ids, port);
    let hid = registry::profile(profile).unwrap().hid.as_ref().unwrap();
    options.report_descriptor = hid.descriptor_bytes();
    usbip::hid_pos(gun(profile), &options).unwrap()
}
