//! A claimed interface through rusb.
//!
//! Requests are those of the USB Printer Class 1.1 (GET_PORT_STATUS) and of HID 1.11, 7.1 and 7.2
//! (GET_DESCRIPTOR, SET_REPORT).

use super::ClaimError;
use super::pipe::{Pipe, PipeError};
use crate::device::link::sysfs::UsbDevice;
use firstscan_drivers::hid::{self, Reports};
use rusb::{Context, Device, DeviceHandle, Direction, TransferType, UsbContext};
use std::time::Duration;

const HID_CLASS: u8 = 3;
const PRINTER_CLASS: u8 = 7;
/// bInterfaceProtocol of IPP over USB, which is no printer for bytes.
const IPP_PROTOCOL: u8 = 4;
const CONTROL_MAX: Duration = Duration::from_secs(1);
const DESCRIPTOR_BYTES_MAX: usize = 4096;
const REPORT_DESCRIPTOR: u16 = 0x2200;
const OUTPUT_REPORT: u16 = 0x0200;
const FEATURE_REPORT: u16 = 0x0300;
const PAPER_EMPTY: u8 = 0x20;
const NO_ERROR: u8 = 0x08;

/// Endpoint addresses of an interface setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Setting {
    interface: u8,
    alternate: u8,
    protocol: u8,
    in_endpoint: Option<u8>,
    out_endpoint: Option<u8>,
}

/// An interface that is ours until this is dropped; the kernel driver comes back then.
#[derive(Debug)]
pub struct Claimed {
    handle: DeviceHandle<Context>,
    setting: Setting,
    is_hid: bool,
    /// Of a HID interface: which reports are feature reports.
    reports: Reports,
}

impl Claimed {
    /// The printer interface, both ways if it has them.
    pub fn printer(device: &UsbDevice) -> Result<Self, ClaimError> {
        let found = look_up(device)?;
        let mut settings = settings(&found, PRINTER_CLASS, TransferType::Bulk)?;
        settings.retain(|s| s.out_endpoint.is_some() && s.protocol != IPP_PROTOCOL);
        settings.sort_by_key(|s| (s.in_endpoint.is_none(), s.interface, s.alternate));
        let absent = ClaimError::Absent("it has no printer interface");
        let setting = *settings.first().ok_or(absent)?;
        let has_choice = settings
            .iter()
            .any(|s| s.interface == setting.interface && *s != setting);
        let handle = open(&found)?;
        handle.claim_interface(setting.interface)?;
        if has_choice || setting.alternate != 0 {
            handle.set_alternate_setting(setting.interface, setting.alternate)?;
        }
        Ok(Claimed {
            handle,
            setting,
            is_hid: false,
            reports: Reports::default(),
        })
    }

    /// The HID interface whose report descriptor is wanted, with that descriptor; the only one
    /// there is, if none is.
    pub fn hid(
        device: &UsbDevice,
        wanted: &dyn Fn(&[u8]) -> bool,
    ) -> Result<(Self, Vec<u8>), ClaimError> {
        let found = look_up(device)?;
        let mut settings = settings(&found, HID_CLASS, TransferType::Interrupt)?;
        settings.retain(|s| s.in_endpoint.is_some() && s.alternate == 0);
        let handle = open(&found)?;
        for setting in settings {
            handle.claim_interface(setting.interface)?;
            let descriptor = report_descriptor(&handle, setting.interface)?;
            if wanted(&descriptor) {
                let claimed = Claimed {
                    handle,
                    setting,
                    is_hid: true,
                    reports: hid::parse(&descriptor).unwrap_or_default(),
                };
                return Ok((claimed, descriptor));
            }
            handle.release_interface(setting.interface)?;
        }
        Err(ClaimError::Absent(
            "it has no HID interface of the wanted kind",
        ))
    }
}

fn look_up(device: &UsbDevice) -> Result<Device<Context>, ClaimError> {
    let all = Context::new()?.devices()?;
    all.iter()
        .find(|d| (d.bus_number(), d.address()) == (device.bus, device.address))
        .ok_or(ClaimError::Usb(rusb::Error::NoDevice))
}

fn open(device: &Device<Context>) -> Result<DeviceHandle<Context>, ClaimError> {
    let handle = device.open()?;
    handle.set_auto_detach_kernel_driver(true)?;
    Ok(handle)
}

fn settings(
    device: &Device<Context>,
    class: u8,
    transfer: TransferType,
) -> Result<Vec<Setting>, ClaimError> {
    let config = device.active_config_descriptor()?;
    let mut found = Vec::new();
    for setting in config.interfaces().flat_map(|i| i.descriptors()) {
        if setting.class_code() != class {
            continue;
        }
        let endpoint = |direction: Direction| {
            setting
                .endpoint_descriptors()
                .find(|e| e.transfer_type() == transfer && e.direction() == direction)
                .map(|e| e.address())
        };
        found.push(Setting {
            interface: setting.interface_number(),
            alternate: setting.setting_number(),
            protocol: setting.protocol_code(),
            in_endpoint: endpoint(Direction::In),
            out_endpoint: endpoint(Direction::Out),
        });
    }
    Ok(found)
}

fn report_descriptor(handle: &DeviceHandle<Context>, interface: u8) -> Result<Vec<u8>, ClaimError> {
    let mut descriptor = vec![0; DESCRIPTOR_BYTES_MAX];
    let (index, from_interface, get_descriptor) = (u16::from(interface), 0x81, 0x06);
    let count = handle.read_control(
        from_interface,
        get_descriptor,
        REPORT_DESCRIPTOR,
        index,
        &mut descriptor,
        CONTROL_MAX,
    )?;
    descriptor.truncate(count);
    Ok(descriptor)
}

impl Claimed {
    /// No progress and lost devices are no failures; a refusal is cleared first.
    fn judge(&self, result: rusb::Result<usize>, endpoint: u8) -> Result<usize, PipeError> {
        match result {
            Ok(count) => Ok(count),
            Err(rusb::Error::Timeout | rusb::Error::Interrupted) => Ok(0),
            Err(rusb::Error::NoDevice | rusb::Error::NotFound) => Err(PipeError::Gone),
            Err(rusb::Error::Pipe) => match self.handle.clear_halt(endpoint) {
                Err(rusb::Error::NoDevice) => Err(PipeError::Gone),
                _ => Err(PipeError::Stalled),
            },
            Err(rusb::Error::Overflow) => Err(PipeError::Failed("it sent more than it may")),
            Err(rusb::Error::Io) => Err(PipeError::Failed("input or output error")),
            Err(_) => Err(PipeError::Failed("libusb reports an error")),
        }
    }

    fn write_report(&self, report: &[u8], max: Duration) -> Result<usize, PipeError> {
        let Some((id, content)) = report.split_first() else {
            return Ok(0);
        };
        // Unnumbered reports have no id on the wire.
        let wire = if *id == 0 { content } else { report };
        let feature = self.reports.is_feature_only(*id);
        let (result, endpoint) = match self.setting.out_endpoint.filter(|_| !feature) {
            Some(endpoint) => (self.handle.write_interrupt(endpoint, wire, max), endpoint),
            None => {
                let (to_interface, set_report) = (0x21, 0x09);
                let kind = if feature {
                    FEATURE_REPORT
                } else {
                    OUTPUT_REPORT
                };
                let value = kind | u16::from(*id);
                let index = u16::from(self.setting.interface);
                let sent = self.handle.write_control(
                    to_interface,
                    set_report,
                    value,
                    index,
                    wire,
                    CONTROL_MAX,
                );
                (sent, 0)
            }
        };
        let sent = self.judge(result, endpoint)?;
        Ok(if sent == wire.len() { report.len() } else { 0 })
    }
}

impl Pipe for Claimed {
    fn read(&mut self, into: &mut [u8], max: Duration) -> Result<usize, PipeError> {
        let Some(endpoint) = self.setting.in_endpoint else {
            return Ok(0);
        };
        // For HID too: the kernel makes it an interrupt transfer, and rusb's own call for those
        // drops a report that comes in the moment the time is up.
        let result = self.handle.read_bulk(endpoint, into, max);
        self.judge(result, endpoint)
    }

    fn write(&mut self, bytes: &[u8], max: Duration) -> Result<usize, PipeError> {
        if self.is_hid {
            return self.write_report(bytes, max);
        }
        let Some(endpoint) = self.setting.out_endpoint else {
            return Ok(0);
        };
        #[expect(
            clippy::disallowed_methods,
            reason = "the caller offers the rest again"
        )]
        let result = self.handle.write_bulk(endpoint, bytes, max);
        self.judge(result, endpoint)
    }

    fn answers(&self) -> bool {
        self.setting.in_endpoint.is_some()
    }

    /// The port status of the printer class; many label printers always say that all is well.
    fn trouble(&mut self, max: Duration) -> Option<&'static str> {
        if self.is_hid {
            return None;
        }
        let (from_class_interface, get_port_status) = (0xA1, 0x01);
        let index = u16::from(self.setting.interface);
        let mut status = [0];
        let asked = self.handle.read_control(
            from_class_interface,
            get_port_status,
            0,
            index,
            &mut status,
            max,
        );
        let [status] = status;
        match asked {
            Ok(1) if status & PAPER_EMPTY != 0 => Some("paper_out"),
            Ok(1) if status & NO_ERROR == 0 => Some("fault"),
            _ => None,
        }
    }
}
