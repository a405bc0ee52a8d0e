//! Serial devices on pseudo-terminals.
//!
//! The device holds the master side, so a daemon may close and open its side (a stable symbolic
//! link to `/dev/pts/N`) as often as it likes. Nobody listening means bytes are lost, as on a
//! real line. Unplugging closes the master: the daemon sees a hang-up, and the link is gone.
//! A pty accepts line settings but ignores them, and has no modem lines (`device-protocols` 6.2).

use super::link::{ByteStream, Device, End};
use super::model::DeviceModel;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, QueueSelector, tcflush, tcgetattr, tcsetattr};
use std::ffi::{OsStr, OsString};
use std::io;
use std::ops::Deref;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::task::JoinHandle;

/// How often a closed line is looked at.
const REOPEN_CHECK: Duration = Duration::from_millis(5);
/// Every how many looks at a closed line its lock is tried.
const LOCK_CHECKS: u32 = 10;
/// How long a device that broke the connection stays away.
const AWAY_AFTER_CUT: Duration = Duration::from_millis(50);

/// A serial device that runs until it is dropped.
#[derive(Debug)]
pub struct PtyDevice<M> {
    device: Device<M>,
    link: PathBuf,
    task: JoinHandle<()>,
}

impl<M: DeviceModel> PtyDevice<M> {
    /// Starts the device; `link` becomes a symbolic link to its node, replacing an older one.
    /// Call inside a tokio runtime.
    ///
    /// # Errors
    /// If no pty or link can be made, with path and cause.
    pub fn start(model: M, link: &Path) -> io::Result<Self> {
        if let Some(folder) = link.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let node = Node::create(link)?;
        let device = Device::new(model);
        let task = tokio::spawn(run(device.clone(), node, link.to_owned()));
        Ok(Self {
            device,
            link: link.to_owned(),
            task,
        })
    }

    /// The path to put into a configuration.
    pub fn path(&self) -> &Path {
        &self.link
    }

    /// A clone of the handle.
    pub fn device(&self) -> Device<M> {
        self.device.clone()
    }
}

impl<M> Deref for PtyDevice<M> {
    type Target = Device<M>;

    fn deref(&self) -> &Device<M> {
        &self.device
    }
}

impl<M> Drop for PtyDevice<M> {
    fn drop(&mut self) {
        self.task.abort();
        remove(&self.link);
    }
}

async fn run<M: DeviceModel>(device: Device<M>, first: Node, link: PathBuf) {
    let mut node = Some(first);
    loop {
        if !device.is_reachable() {
            if node.is_some() {
                remove(&link);
                node = None;
            }
            device.idle(Duration::from_millis(100)).await;
            continue;
        }
        let Some(current) = &node else {
            match Node::create(&link) {
                Ok(made) => node = Some(made),
                Err(_) => device.idle(Duration::from_millis(200)).await,
            }
            continue;
        };
        let end = session(&device, current).await;
        if end != End::Lost {
            // The name goes before the line: who reconnects at the hang-up finds no stale node.
            remove(&link);
            node = None;
        }
        device.set_host_open(false);
        if end == End::Cut {
            tokio::time::sleep(AWAY_AFTER_CUT).await;
        }
    }
}

/// Waits for the host to open the line, then serves it until it closes.
async fn session<M: DeviceModel>(device: &Device<M>, node: &Node) -> End {
    let mut checks = 0_u32;
    let first = loop {
        if let Host::Open(first) = node.host() {
            break first;
        }
        if checks == 0 {
            node.flush();
        }
        if !device.is_reachable() {
            return End::Pulled;
        }
        // A host that was killed leaves its exclusive lock on the terminal, which only root can
        // pass: a fresh node takes its place.
        let look = checks.is_multiple_of(LOCK_CHECKS);
        if look && node.is_locked() && matches!(node.host(), Host::Closed) {
            return End::Cut;
        }
        checks = checks.wrapping_add(1);
        device.idle(REOPEN_CHECK).await;
    };
    device.set_host_open(true);
    device.take(&first);
    // Registered anew for each session: a hang-up once seen stays on a registration.
    match node.stream() {
        Ok(stream) => device.drive(&stream).await,
        Err(_) => End::Cut,
    }
}

fn remove(link: &Path) {
    // Already gone is as good.
    std::fs::remove_file(link).unwrap_or_default();
}

/// The master side of one pseudo-terminal.
#[derive(Debug)]
struct Node {
    master: OwnedFd,
    slave: OsString,
}

impl Node {
    /// A new pty in raw mode with `link` pointing at it.
    fn create(link: &Path) -> io::Result<Self> {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        rustix::io::ioctl_fionbio(&master, true)?;
        let name = ptsname(&master, Vec::new())?;
        let node = Self {
            master,
            slave: OsStr::from_bytes(name.to_bytes()).to_owned(),
        };
        let slave = node.open_slave()?;
        let mut termios = tcgetattr(&slave)?;
        termios.make_raw();
        tcsetattr(&slave, OptionalActions::Now, &termios)?;
        let staged = link.with_extension("new");
        remove(&staged);
        std::os::unix::fs::symlink(&node.slave, &staged)?;
        std::fs::rename(&staged, link)?;
        Ok(node)
    }

    fn open_slave(&self) -> rustix::io::Result<OwnedFd> {
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        rustix::fs::open(&self.slave, flags, Mode::empty())
    }

    /// Whether anyone holds the other side, with what they sent already. The master reads EIO
    /// when nobody does.
    fn host(&self) -> Host {
        let mut buffer = [0; 256];
        match rustix::io::read(&self.master, &mut buffer) {
            Ok(n) => Host::Open(buffer.get(..n).unwrap_or_default().to_vec()),
            Err(Errno::AGAIN | Errno::INTR) => Host::Open(Vec::new()),
            Err(_) => Host::Closed,
        }
    }

    /// Forgets what a vanished host left unread.
    fn flush(&self) {
        tcflush(&self.master, QueueSelector::IOFlush).unwrap_or_default();
    }

    #[expect(
        deprecated,
        reason = "its successor is unsafe for types that lie about their descriptor; an OwnedFd \
                  always returns its own"
    )]
    fn stream(&self) -> io::Result<PtyStream> {
        Ok(PtyStream {
            fd: AsyncFd::new(self.master.try_clone()?)?,
            hung_up: AtomicBool::new(false),
        })
    }

    /// Whether an exclusive lock keeps others out.
    fn is_locked(&self) -> bool {
        matches!(self.open_slave(), Err(Errno::BUSY))
    }
}

/// The other side of a pty.
enum Host {
    Closed,
    Open(Vec<u8>),
}

struct PtyStream {
    fd: AsyncFd<OwnedFd>,
    /// A hang-up was seen. It stays on the registration even if the host is back already, which
    /// would then look ready for ever: such a stream ends as soon as it has nothing to do.
    hung_up: AtomicBool,
}

impl PtyStream {
    async fn ready(&self, interest: Interest) -> io::Result<()> {
        let guard = self.fd.ready(interest).await?;
        let ready = guard.ready();
        if ready.is_read_closed() || ready.is_write_closed() {
            self.hung_up.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    fn judge(&self, result: io::Result<usize>) -> io::Result<usize> {
        let blocked = matches!(&result, Err(e) if e.kind() == io::ErrorKind::WouldBlock);
        if blocked && self.hung_up.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        result
    }
}

impl ByteStream for PtyStream {
    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = |fd: &OwnedFd| Ok(rustix::io::read(fd, buffer)?);
        self.judge(self.fd.try_io(Interest::READABLE, read))
    }

    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        let write = |fd: &OwnedFd| Ok(rustix::io::write(fd, bytes)?);
        self.judge(self.fd.try_io(Interest::WRITABLE, write))
    }

    async fn readable(&self) -> io::Result<()> {
        self.ready(Interest::READABLE).await
    }

    async fn writable(&self) -> io::Result<()> {
        self.ready(Interest::WRITABLE).await
    }
}
