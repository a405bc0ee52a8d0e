//! The kinds of devices a packing station has: their descriptors and endpoints.

use super::class::{Class, LineCoding, hid_descriptor};
use super::descriptor::{Description, Endpoint, Interface, Pipe, Speed};
use super::function::Function;
use super::hub::Vhci;
use super::packet::IN;
use super::{Options, UsbDevice};
use crate::emulate::model::DeviceModel;
use std::io;
use std::sync::Arc;

/// Report descriptor of a shipping scale (`device-protocols` 2.1.3): input report 3 is status,
/// unit, exponent and weight, output report 2 zeroes.
pub const SCALE_REPORTS: &[u8] = &[
    0x05, 0x8D, 0x09, 0x20, 0xA1, 0x01, //
    0x09, 0x31, 0xA1, 0x02, 0x85, 0x02, 0x75, 0x01, 0x95, 0x02, 0x15, 0x00, 0x25, 0x01, //
    0x09, 0x81, 0x09, 0x80, 0x91, 0x02, 0x75, 0x06, 0x95, 0x01, 0x91, 0x03, 0xC0, //
    0x09, 0x32, 0xA1, 0x02, 0x85, 0x03, 0x75, 0x08, 0x95, 0x01, 0x15, 0x01, //
    0x09, 0x70, 0xA1, 0x02, 0x25, 0x08, 0x19, 0x71, 0x29, 0x78, 0x81, 0x00, 0xC0, //
    0x09, 0x50, 0xA1, 0x02, 0x25, 0x0C, 0x19, 0x51, 0x29, 0x5C, 0x81, 0x00, 0xC0, //
    0x15, 0x81, 0x25, 0x7F, 0x09, 0x41, 0x81, 0x02, //
    0x75, 0x10, 0x15, 0x00, 0x27, 0xFF, 0xFF, 0x00, 0x00, 0x09, 0x40, 0x81, 0x02, 0xC0, //
    0xC0,
];

/// Report descriptor of a boot keyboard: modifiers, a reserved byte, six keys; five lamps.
pub const KEYBOARD_REPORTS: &[u8] = &[
    0x05, 0x01, 0x09, 0x06, 0xA1, 0x01, //
    0x05, 0x07, 0x19, 0xE0, 0x29, 0xE7, 0x15, 0x00, 0x25, 0x01, 0x75, 0x01, 0x95, 0x08, 0x81, 0x02,
    0x95, 0x01, 0x75, 0x08, 0x81, 0x01, //
    0x05, 0x08, 0x19, 0x01, 0x29, 0x05, 0x75, 0x01, 0x95, 0x05, 0x91, 0x02, //
    0x95, 0x01, 0x75, 0x03, 0x91, 0x01, //
    0x05, 0x07, 0x19, 0x00, 0x29, 0xFF, 0x15, 0x00, 0x26, 0xFF, 0x00, 0x75, 0x08, 0x95, 0x06, 0x81,
    0x00, 0xC0,
];

/// Report descriptor of a POS scanner (`device-protocols` 4.3, layout A): input report 2 of 64
/// bytes, output report 4 triggers.
pub const SCANNER_REPORTS: &[u8] = &[
    0x05, 0x8C, 0x09, 0x02, 0xA1, 0x01, //
    0x09, 0x12, 0xA1, 0x02, 0x85, 0x02, 0x15, 0x00, 0x26, 0xFF, 0x00, 0x75, 0x08, //
    0x05, 0x01, 0x09, 0x3B, 0x95, 0x01, 0x81, 0x02, //
    0x05, 0x8C, 0x09, 0xFB, 0x09, 0xFC, 0x09, 0xFD, 0x95, 0x03, 0x81, 0x02, //
    0x09, 0xFE, 0x95, 0x38, 0x82, 0x02, 0x01, //
    0x06, 0x66, 0xFF, 0x09, 0x04, 0x95, 0x01, 0x81, 0x02, 0x09, 0x00, 0x95, 0x01, 0x81,
    0x02, //
    0x05, 0x8C, 0x25, 0x01, 0x75, 0x01, 0x09, 0xFF, 0x95, 0x01, 0x81, 0x02, 0x95, 0x07, 0x81, 0x03,
    0xC0, //
    0x09, 0x14, 0xA1, 0x02, 0x85, 0x04, 0x15, 0x00, 0x25, 0x01, 0x75, 0x01, //
    0x09, 0x5F, 0x95, 0x01, 0x91, 0x02, 0x09, 0x60, 0x95, 0x01, 0x91, 0x02, 0x95, 0x06, 0x91, 0x03,
    0xC0, 0xC0,
];

/// A HID point-of-sale scale. Call inside a tokio runtime, as all of these.
///
/// # Errors
/// If it cannot be plugged in: no `vhci_hcd`, not root, port taken.
pub fn hid_scale<M: DeviceModel>(model: M, options: &Options) -> io::Result<UsbDevice<M>> {
    hid(model, options, SCALE_REPORTS, [3, 0, 0])
}

/// A scanner that types.
///
/// # Errors
/// As [`hid_scale`].
pub fn keyboard<M: DeviceModel>(model: M, options: &Options) -> io::Result<UsbDevice<M>> {
    hid(model, options, KEYBOARD_REPORTS, [3, 1, 1])
}

/// A HID point-of-sale scanner.
///
/// # Errors
/// As [`hid_scale`].
pub fn hid_pos<M: DeviceModel>(model: M, options: &Options) -> io::Result<UsbDevice<M>> {
    hid(model, options, SCANNER_REPORTS, [3, 0, 0])
}

fn hid<M: DeviceModel>(
    model: M,
    options: &Options,
    usual: &[u8],
    class: [u8; 3],
) -> io::Result<UsbDevice<M>> {
    UsbDevice::start(
        model,
        hid_function(options, usual, class),
        options.port,
        Arc::new(Vhci::default()),
    )
}

pub(super) fn hid_function(options: &Options, usual: &[u8], class: [u8; 3]) -> Function {
    let own = options.report_descriptor.clone();
    let descriptor = own.unwrap_or_else(|| usual.to_vec());
    let interval_ms = options.interval_ms;
    let interface = Interface {
        class,
        extra: hid_descriptor(&descriptor),
        endpoints: vec![Endpoint {
            address: IN | 1,
            pipe: Pipe::Interrupt { interval_ms },
            packet: 64,
        }],
    };
    let description = Description::new(options, Speed::Full, 0, vec![interface]);
    let last = Vec::new();
    Function::new(description, Class::Hid { descriptor, last })
}

/// A serial port of the class CDC-ACM.
///
/// # Errors
/// As [`hid_scale`].
pub fn cdc_acm<M: DeviceModel>(model: M, options: &Options) -> io::Result<UsbDevice<M>> {
    UsbDevice::start(
        model,
        acm_function(options),
        options.port,
        Arc::new(Vhci::default()),
    )
}

pub(super) fn acm_function(options: &Options) -> Function {
    // Header, call management, line coding and state offered, union of both interfaces.
    let extra = vec![
        5, 0x24, 0, 0x10, 0x01, 5, 0x24, 1, 0, 1, 4, 0x24, 2, 2, 5, 0x24, 6, 0, 1,
    ];
    let notice = Endpoint {
        address: IN | 3,
        pipe: Pipe::Interrupt { interval_ms: 32 },
        packet: 8,
    };
    let control = Interface {
        class: [2, 2, 1],
        extra,
        endpoints: vec![notice],
    };
    let data = Interface {
        class: [10, 0, 0],
        extra: Vec::new(),
        endpoints: bulk(Speed::Full, 1, 2),
    };
    let description = Description::new(options, Speed::Full, 2, vec![control, data]);
    let class = Class::Acm {
        instrument: options.instrument,
        host: LineCoding::N8,
        seen: Vec::new(),
        lines: 0,
    };
    Function::new(description, class)
}

/// A printer of the class 7/1/2.
///
/// # Errors
/// As [`hid_scale`].
pub fn printer<M: DeviceModel>(model: M, options: &Options) -> io::Result<UsbDevice<M>> {
    UsbDevice::start(
        model,
        printer_function(options),
        options.port,
        Arc::new(Vhci::default()),
    )
}

pub(super) fn printer_function(options: &Options) -> Function {
    let interface = Interface {
        class: [7, 1, 2],
        extra: Vec::new(),
        endpoints: bulk(Speed::High, 2, 1),
    };
    let description = Description::new(options, Speed::High, 0, vec![interface]);
    let class = Class::Printer {
        ieee1284: options.ieee1284.clone(),
        // Selected, no error: what most label printers say whatever happens.
        port_status: 0x18,
        resets: 0,
    };
    Function::new(description, class)
}

fn bulk(speed: Speed, inward: u8, outward: u8) -> Vec<Endpoint> {
    let endpoint = |address| Endpoint {
        address,
        pipe: Pipe::Bulk,
        packet: speed.bulk_packet(),
    };
    vec![endpoint(IN | inward), endpoint(outward)]
}
