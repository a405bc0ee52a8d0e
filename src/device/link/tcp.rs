//! Devices behind a TCP port, such as label printers on 9100.

use super::{Link, OpenError, Opened};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio::time::timeout;

const CONNECT_MAX: Duration = Duration::from_secs(3);
/// Small, because every byte the kernel holds back for the peer counts as handed over
/// (`device-protocols` 5.1.3); the kernel doubles it.
const SEND_BUFFER_BYTES: u32 = 16 * 1024;
/// Addresses of one name that are tried.
const ADDRESSES_MAX: usize = 4;

/// Connects within a few seconds; small writes leave at once, a dead peer is noticed in time.
///
/// # Errors
/// [`OpenError`] with cause and remedy.
pub async fn open(address: &str) -> Result<Opened, OpenError> {
    let error = |cause: String, remedy: &str| OpenError::new(address, cause, remedy);
    match timeout(CONNECT_MAX, connect(address)).await {
        Ok(Ok(stream)) => Ok(Opened {
            link: Box::new(TcpLink { stream }),
            what: address.to_owned(),
        }),
        Ok(Err(e)) if e.kind() == io::ErrorKind::ConnectionRefused => {
            let remedy = "switch the device on, and stop other programs that hold its port";
            Err(error("the port refuses".into(), remedy))
        }
        Ok(Err(e)) => Err(error(e.to_string(), "check address, cable and network")),
        Err(_) => {
            let remedy = "switch the device on, check address, cable and network";
            Err(error(
                format!("no answer within {} s", CONNECT_MAX.as_secs()),
                remedy,
            ))
        }
    }
}

async fn connect(address: &str) -> io::Result<TcpStream> {
    let mut failed = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in lookup_host(address).await?.take(ADDRESSES_MAX) {
        match connect_one(address).await {
            Ok(stream) => return Ok(stream),
            Err(e) => failed = e,
        }
    }
    Err(failed)
}

async fn connect_one(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    socket.set_keepalive(true)?;
    socket.set_nodelay(true)?;
    socket.set_send_buffer_size(SEND_BUFFER_BYTES)?;
    socket.connect(address).await
}

struct TcpLink {
    stream: TcpStream,
}

impl Link for TcpLink {
    fn poll_read(&mut self, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(into);
        Pin::new(&mut self.stream)
            .poll_read(cx, &mut buffer)
            .map_ok(|()| buffer.filled().len())
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }
}
