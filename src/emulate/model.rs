//! The emulated-device contract: what a device does, without how bytes move.
//!
//! A model never reads a clock, opens a file or waits. A transport feeds bytes and time in and
//! polls bytes and deadlines out; any transport (pty, TCP, USB/IP, replay) can carry any model.

/// A device's behaviour. `now_ms` counts milliseconds on one clock chosen by the transport; it
/// never goes backwards.
pub trait DeviceModel: Send + 'static {
    /// Takes bytes from the host, split or merged in any way.
    fn receive(&mut self, now_ms: u64, bytes: &[u8]);

    /// The next frame for the host; call until `None`. One frame is one write of the real device.
    fn poll_transmit(&mut self) -> Option<Vec<u8>>;

    /// When [`DeviceModel::handle_timeout`] wants to be called, if at all.
    fn poll_timeout(&self) -> Option<u64> {
        None
    }

    /// Time has passed. Harmless if called early.
    fn handle_timeout(&mut self, _now_ms: u64) {}

    /// How many bytes the device takes now; 0 stops the host (back-pressure).
    fn room(&self) -> usize {
        usize::MAX
    }

    /// The device breaks the connection; asked after every other call, true once per break.
    fn poll_disconnect(&mut self) -> bool {
        false
    }

    /// Whether the device can be reached at all: powered, cable in.
    fn reachable(&self) -> bool {
        true
    }

    /// The host went away or the line was cut.
    fn disconnected(&mut self, _now_ms: u64) {}
}
