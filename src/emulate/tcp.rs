//! Network devices on loopback TCP, as label printers on port 9100 behave.
//!
//! One client at a time: the next waits in the backlog, where its connect succeeds and nothing
//! answers. Without power or cable the port refuses (`device-protocols` 5.1.3).

use super::link::{Device, End};
use super::model::DeviceModel;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Deref;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Pause between two attempts to take the port again.
const REBIND_PAUSE: Duration = Duration::from_millis(50);

impl super::link::ByteStream for TcpStream {
    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        TcpStream::try_read(self, buffer)
    }

    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        TcpStream::try_write(self, bytes)
    }

    async fn readable(&self) -> io::Result<()> {
        TcpStream::readable(self).await
    }

    async fn writable(&self) -> io::Result<()> {
        TcpStream::writable(self).await
    }
}

/// A network device that runs until it is dropped.
#[derive(Debug)]
pub struct TcpDevice<M> {
    device: Device<M>,
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl<M: DeviceModel> TcpDevice<M> {
    /// Starts the device on 127.0.0.1 at `port`, or at any free port if that is taken or 0.
    /// Call inside a tokio runtime.
    ///
    /// # Errors
    /// If no port can be had.
    pub fn start(model: M, port: u16) -> io::Result<Self> {
        let listener = bind(port).or_else(|_| bind(0))?;
        let address = listener.local_addr()?;
        let device = Device::new(model);
        let task = tokio::spawn(run(device.clone(), listener, address.port()));
        Ok(Self {
            device,
            address,
            task,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A clone of the handle.
    pub fn device(&self) -> Device<M> {
        self.device.clone()
    }
}

impl<M> Deref for TcpDevice<M> {
    type Target = Device<M>;

    fn deref(&self) -> &Device<M> {
        &self.device
    }
}

impl<M> Drop for TcpDevice<M> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn bind(port: u16) -> io::Result<TcpListener> {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

async fn run<M: DeviceModel>(device: Device<M>, first: TcpListener, port: u16) {
    let mut listener = Some(first);
    loop {
        if !device.is_reachable() {
            listener = None;
            device.idle(Duration::from_millis(100)).await;
            continue;
        }
        let Some(open) = &listener else {
            match bind(port) {
                Ok(bound) => listener = Some(bound),
                Err(_) => device.idle(REBIND_PAUSE).await,
            }
            continue;
        };
        tokio::select! {
            client = open.accept() => {
                // A client that is gone before it was served is nobody's loss.
                if let Ok((stream, _)) = client {
                    serve(&device, stream).await;
                }
            }
            () = device.idle(Duration::from_millis(100)) => {}
        }
    }
}

async fn serve<M: DeviceModel>(device: &Device<M>, stream: TcpStream) -> End {
    device.set_host_open(true);
    let end = match stream.set_nodelay(true) {
        Ok(()) => device.drive(&stream).await,
        Err(_) => End::Lost,
    };
    device.set_host_open(false);
    end
}
