//! Emulated USB devices: the same models as on a pty or a socket, behind USB/IP.
//!
//! The kernel's virtual host controller (`vhci_hcd`) holds one end of a socket pair, this module
//! the other, so that everything above it is what real hardware meets: enumeration, drivers, device
//! nodes, udev. A model's frame is one transfer to the host: a HID model transmits one input report
//! per frame and receives whole output and feature reports, their id first, 0 if they have none.
//!
//! Constraints: a transfer without an answer stays pending (NAK); data the model has no room for
//! stays with the host; unknown requests stall; interrupt transfers wait for their interval,
//! because the virtual controller has no bus time. Closing the socket is pulling the cable.

mod class;
mod descriptor;
mod function;
mod hub;
mod kinds;
mod packet;
#[cfg(test)]
mod tests;

use super::link::{Device, End};
use super::model::DeviceModel;
use class::Class;
pub use class::LineCoding;
pub use descriptor::Speed;
use function::{Function, Next};
pub use hub::{Hub, Vhci};
pub use kinds::{
    KEYBOARD_REPORTS, SCALE_REPORTS, SCANNER_REPORTS, cdc_acm, hid_pos, hid_scale, keyboard,
    printer,
};
use std::io;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::UnixStream;
use tokio::task::JoinHandle;

/// Pause between two attempts to plug in.
const PLUG_PAUSE: Duration = Duration::from_millis(20);
/// Attempts of [`UsbDevice::start`]; a port needs a moment to become free.
const PLUG_ATTEMPTS: u32 = 50;
/// How long a device that broke the connection stays away.
const AWAY_AFTER_CUT: Duration = Duration::from_millis(50);
/// Bytes moved by one read.
const READ_BYTES_MAX: usize = 64 * 1024;

/// What a device says about itself, and where it is plugged in.
#[derive(Debug, Clone)]
pub struct Options {
    pub vendor: u16,
    pub product: u16,
    pub manufacturer: String,
    pub name: String,
    /// Empty for a device without one.
    pub serial: String,
    /// Port of the hub, from 0.
    pub port: u8,
    /// Report descriptor of a HID device in place of the class's usual one.
    pub report_descriptor: Option<Vec<u8>>,
    /// Milliseconds between two reports of a HID device.
    pub interval_ms: u8,
    /// Settings of the instrument behind a serial adapter; `None` follows the host's.
    pub instrument: Option<LineCoding>,
    /// What a printer answers to `GET_DEVICE_ID`.
    pub ieee1284: String,
}

impl Options {
    /// A device with these ids on port 0.
    pub fn new(vendor: u16, product: u16) -> Self {
        Self {
            vendor,
            product,
            manufacturer: "Nordlicht".into(),
            name: "Test device".into(),
            serial: String::new(),
            port: 0,
            report_descriptor: None,
            interval_ms: 4,
            instrument: None,
            ieee1284: "MANUFACTURER:Zebra Technologies;COMMAND SET:ZPL;MODEL:ZTC ZD421-203dpi ZPL;\
                       CLASS:PRINTER;"
                .into(),
        }
    }
}

/// An emulated USB device that is plugged in until it is dropped.
#[derive(Debug)]
pub struct UsbDevice<M> {
    device: Device<M>,
    socket: Arc<Mutex<Socket>>,
    hub: Arc<dyn Hub>,
    task: JoinHandle<()>,
}

/// The USB side, shared between the task and who plays with the device.
#[derive(Debug)]
struct Socket {
    function: Function,
    port: u8,
}

fn lock(socket: &Mutex<Socket>) -> MutexGuard<'_, Socket> {
    socket.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<M: DeviceModel> UsbDevice<M> {
    fn start(model: M, function: Function, port: u8, hub: Arc<dyn Hub>) -> io::Result<Self> {
        let speed = function.description.speed;
        let mut attempts = 0;
        let first = loop {
            match hub.plug(port, speed) {
                Ok(stream) => break stream,
                Err(error) if attempts == PLUG_ATTEMPTS => return Err(error),
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(error),
                Err(_) => std::thread::sleep(PLUG_PAUSE),
            }
            attempts += 1;
        };
        let device = Device::new(model);
        let socket = Arc::new(Mutex::new(Socket { function, port }));
        let task = run(device.clone(), Arc::clone(&socket), Arc::clone(&hub), first);
        Ok(Self {
            device,
            socket,
            hub,
            task: tokio::spawn(task),
        })
    }

    /// A clone of the handle.
    pub fn device(&self) -> Device<M> {
        self.device.clone()
    }

    fn function<R>(&self, act: impl FnOnce(&mut Function) -> R) -> R {
        let result = act(&mut lock(&self.socket).function);
        self.device.with(|_, _| ());
        result
    }

    /// Takes the device off as software does, then pulls the cable; [`Device::unplug`] only pulls.
    ///
    /// # Errors
    /// If the hub has no such device.
    pub fn detach(&self) -> io::Result<()> {
        let port = lock(&self.socket).port;
        let released = self.hub.release(port);
        self.device.unplug();
        released
    }

    /// The port it is plugged into the next time.
    pub fn set_port(&self, port: u8) {
        lock(&self.socket).port = port;
    }

    /// What it calls itself the next time it is plugged in: scanners change it with their mode.
    pub fn set_product(&self, product: u16) {
        self.function(|f| f.description.product = product);
    }

    /// Off: reports come as fast as the host asks, faster than any real bus.
    pub fn set_paced(&self, paced: bool) {
        self.function(|f| f.paced = paced);
    }

    /// The endpoint towards the host (`true`) or from it stalls until the host clears it.
    pub fn stall(&self, inward: bool) {
        self.function(|f| {
            let endpoint = if inward {
                Some(f.description.data_in)
            } else {
                f.description.data_out
            };
            f.halted.extend(endpoint.map(|e| e.address));
        });
    }

    /// Refuses a control request from now on, by its type and number; `false` takes it again.
    pub fn refuse(&self, kind: u8, request: u8, refused: bool) {
        self.function(|f| {
            if refused {
                f.refused.insert((kind, request));
            } else {
                f.refused.remove(&(kind, request));
            }
        });
    }

    /// Every line setting the host made, oldest first; empty for what is no serial port.
    pub fn line_codings(&self) -> Vec<LineCoding> {
        self.function(|f| match &f.class {
            Class::Acm { seen, .. } => seen.clone(),
            _ => Vec::new(),
        })
    }

    /// DTR and RTS as the host set them.
    pub fn modem_lines(&self) -> (bool, bool) {
        self.function(|f| match &f.class {
            Class::Acm { lines, .. } => (lines & 1 != 0, lines & 2 != 0),
            _ => (false, false),
        })
    }

    /// What a printer answers to `GET_PORT_STATUS`: bit 5 paper empty, bit 4 selected, bit 3 no
    /// error.
    pub fn set_port_status(&self, now: u8) {
        self.function(|f| {
            if let Class::Printer { port_status, .. } = &mut f.class {
                *port_status = now;
            }
        });
    }

    /// How often the host sent `SOFT_RESET` to a printer.
    pub fn soft_resets(&self) -> u32 {
        self.function(|f| match &f.class {
            Class::Printer { resets, .. } => *resets,
            _ => 0,
        })
    }
}

impl<M> Deref for UsbDevice<M> {
    type Target = Device<M>;

    fn deref(&self) -> &Device<M> {
        &self.device
    }
}

impl<M> Drop for UsbDevice<M> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn run<M: DeviceModel>(
    device: Device<M>,
    socket: Arc<Mutex<Socket>>,
    hub: Arc<dyn Hub>,
    first: std::os::unix::net::UnixStream,
) {
    let mut plugged = Some(first);
    loop {
        if !device.is_reachable() {
            plugged = None;
            device.idle(Duration::from_millis(100)).await;
            continue;
        }
        let stream = plugged.take().map_or_else(
            || {
                let socket = lock(&socket);
                hub.plug(socket.port, socket.function.description.speed)
            },
            Ok,
        );
        lock(&socket).function.reset();
        let end = match stream.and_then(|s| s.set_nonblocking(true).and(UnixStream::from_std(s))) {
            Ok(stream) => session(&device, &socket, &stream).await,
            Err(_) => {
                device.idle(PLUG_PAUSE).await;
                continue;
            }
        };
        device.set_host_open(false);
        if end != End::Pulled {
            tokio::time::sleep(AWAY_AFTER_CUT).await;
        }
    }
}

/// Serves the host until the cable is out.
async fn session<M: DeviceModel>(
    device: &Device<M>,
    socket: &Mutex<Socket>,
    stream: &UnixStream,
) -> End {
    let mut buffer = vec![0; READ_BYTES_MAX];
    loop {
        if !device.is_reachable() {
            return End::Pulled;
        }
        let (next, open) = {
            let function = &mut lock(socket).function;
            let next = device.wire(|wire, now_ms| function.poll(now_ms, wire));
            (next, function.is_open(device.now_ms()))
        };
        device.set_host_open(open);
        let Next::Wait(wake_ms) = next else {
            return End::Cut;
        };
        let unsent = match send(socket, stream) {
            Ok(unsent) => unsent,
            Err(_) => return End::Lost,
        };
        tokio::select! {
            ready = stream.readable() => {
                let read = ready.and_then(|()| stream.try_read(&mut buffer));
                let taken = match read {
                    Ok(0) => return End::Lost,
                    Ok(n) => {
                        let bytes = buffer.get(..n).unwrap_or_default();
                        let function = &mut lock(socket).function;
                        device.wire(|wire, now_ms| function.receive(now_ms, bytes, wire))
                    }
                    Err(e) if e.kind() == io::ErrorKind::WouldBlock => Ok(()),
                    Err(_) => return End::Lost,
                };
                if taken.is_err() {
                    return End::Lost;
                }
            }
            ready = stream.writable(), if unsent => {
                if ready.is_err() {
                    return End::Lost;
                }
            }
            () = device.news_or(wake_ms) => {}
        }
    }
}

/// Sends what there is; true if some is left.
fn send(socket: &Mutex<Socket>, stream: &UnixStream) -> io::Result<bool> {
    let mut socket = lock(socket);
    let output = socket.function.output();
    while !output.is_empty() {
        match stream.try_write(output) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(n) => drop(output.drain(..n)),
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(true),
            Err(e) => return Err(e),
        }
    }
    Ok(false)
}
