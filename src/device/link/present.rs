//! Notices an unplugged USB device whose line does not say so.

use super::find::Bound;
use super::sysfs::UsbDevice;
use super::{Link, ended};
use firstscan_drivers::codec::Attachment;
use std::io;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Interval, MissedTickBehavior, interval};

/// An unplugged device is noticed within this, whatever its line does.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// A link to a USB device that ends when the device does. A look is one read of a kernel variable.
pub struct Present {
    link: Box<dyn Link>,
    device: UsbDevice,
    bound: Bound,
    looks: Interval,
}

impl Present {
    /// Watches over `link`, which leads to `device`. Call inside a runtime.
    pub fn new(link: Box<dyn Link>, device: UsbDevice) -> Self {
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Present {
            link,
            bound: Bound::from(&device),
            device,
            looks,
        }
    }
}

impl Link for Present {
    fn poll_read(&mut self, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        while self.looks.poll_tick(cx).is_ready() {
            if !self.device.is_present() {
                return Poll::Ready(Err(ended()));
            }
        }
        self.link.poll_read(cx, into)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.link.poll_write(cx, bytes)
    }

    fn attachment(&self) -> Attachment<'_> {
        self.link.attachment()
    }

    fn trouble(&self) -> Option<&'static str> {
        self.link.trouble()
    }

    fn bound(&self) -> Option<&Bound> {
        Some(&self.bound)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::sysfs::{devices, fake};
    use super::super::transfer;
    use super::*;
    use std::time::Instant;

    /// A line that never says anything, not even that it ended.
    struct Mute;

    impl Link for Mute {
        fn poll_read(&mut self, _: &mut Context<'_>, _: &mut [u8]) -> Poll<io::Result<usize>> {
            Poll::Pending
        }

        fn poll_write(&mut self, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
            Poll::Pending
        }
    }

    #[tokio::test]
    async fn a_pulled_device_is_noticed_within_a_second_on_a_line_that_hangs() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().to_owned();
        fake::plug(&root, "1-1", ("0922", "8003"), 3, None);
        let device = devices(&root, 0x0922).unwrap().remove(0);
        let mut link = Present::new(Box::new(Mute), device);
        let mut buffer = [0; 8];
        let idle = transfer(&mut link, &mut buffer, b"x", true);
        assert!(
            tokio::time::timeout(Duration::from_millis(700), idle)
                .await
                .is_err(),
            "it is still there"
        );
        fake::unplug(&root, "1-1");
        let pulled = Instant::now();
        let end = transfer(&mut link, &mut buffer, b"x", true).await;
        assert!(end.unwrap_err().to_string().contains("unplugged"));
        assert!(
            pulled.elapsed() < Duration::from_secs(1),
            "{:?}",
            pulled.elapsed()
        );
    }
}
