//! Where an emulated device is plugged in: the kernel's virtual host controller.

use super::descriptor::Speed;
use std::fs;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

/// A place with numbered ports for devices.
pub trait Hub: Send + Sync + std::fmt::Debug + 'static {
    /// Plugs a device in; what is returned is the device's end of the cable. Closing it is
    /// pulling the cable.
    ///
    /// # Errors
    /// If the port is taken, or there is no such hub.
    fn plug(&self, port: u8, speed: Speed) -> io::Result<UnixStream>;

    /// Tells the hub to let go of its device first, as software does before a cable is pulled.
    ///
    /// # Errors
    /// If nothing is plugged in there.
    fn release(&self, port: u8) -> io::Result<()>;
}

/// The first controller of the kernel's module `vhci_hcd`; root only. Its ports 0 to 14 are ports
/// 1 to 15 of one bus in sysfs.
#[derive(Debug, Clone)]
pub struct Vhci {
    folder: PathBuf,
}

impl Default for Vhci {
    fn default() -> Self {
        Self {
            folder: PathBuf::from("/sys/devices/platform/vhci_hcd.0"),
        }
    }
}

impl Vhci {
    fn write(&self, name: &str, text: &str) -> io::Result<()> {
        let path = self.folder.join(name);
        fs::write(&path, text).map_err(|e| explain(&e, &path, text))
    }
}

fn explain(error: &io::Error, path: &Path, text: &str) -> io::Error {
    let remedy = match error.kind() {
        io::ErrorKind::NotFound => "; load it: modprobe vhci-hcd",
        io::ErrorKind::PermissionDenied => "; only root may plug devices in",
        _ => "",
    };
    let text = format!(
        "cannot write {text:?} to {}: {error}{remedy}",
        path.display()
    );
    io::Error::new(error.kind(), text)
}

impl Hub for Vhci {
    fn plug(&self, port: u8, speed: Speed) -> io::Result<UnixStream> {
        let (device, kernel) = UnixStream::pair()?;
        let id = u32::from(port) + 1;
        // The kernel takes a reference of its own; ours ends with this call.
        let line = format!("{port} {} {id} {}", kernel.as_raw_fd(), speed as u8);
        self.write("attach", &line)?;
        Ok(device)
    }

    fn release(&self, port: u8) -> io::Result<()> {
        self.write("detach", &port.to_string())
    }
}
