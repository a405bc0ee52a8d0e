//! A serial barcode scanner: decoded text with an optional prefix and a terminator.

use super::model::DeviceModel;
use std::collections::VecDeque;

/// Scans waiting to be sent; a gun holds few.
const SCANS_MAX: usize = 64;

/// What surrounds a decoded text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScannerSettings {
    pub prefix: Vec<u8>,
    /// Sends the symbology as an AIM identifier, such as `]C0`, before the text.
    pub aim: bool,
    pub suffix: Vec<u8>,
}

impl Default for ScannerSettings {
    fn default() -> Self {
        Self {
            prefix: Vec::new(),
            aim: false,
            suffix: b"\r".to_vec(),
        }
    }
}

/// A scanner gun.
#[derive(Debug, Default)]
pub struct SerialScanner {
    settings: ScannerSettings,
    out: VecDeque<Vec<u8>>,
    from_host: u64,
}

impl SerialScanner {
    /// A gun with the given settings.
    pub fn new(settings: ScannerSettings) -> Self {
        Self {
            settings,
            ..Self::default()
        }
    }

    /// Pulls the trigger at a Code 128.
    pub fn scan(&mut self, text: &str) {
        self.scan_symbol(text.as_bytes(), "]C0");
    }

    /// Pulls the trigger at any symbol; `aim` is its AIM identifier.
    pub fn scan_symbol(&mut self, data: &[u8], aim: &str) {
        if self.out.len() >= SCANS_MAX {
            return;
        }
        let aim = if self.settings.aim {
            aim.as_bytes()
        } else {
            b""
        };
        self.out
            .push_back([&self.settings.prefix, aim, data, &self.settings.suffix].concat());
    }

    /// Bytes the host sent; this gun has no commands and ignores them.
    pub fn ignored_bytes(&self) -> u64 {
        self.from_host
    }
}

impl DeviceModel for SerialScanner {
    fn receive(&mut self, _now_ms: u64, bytes: &[u8]) {
        self.from_host += bytes.len() as u64;
    }

    fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.out.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_by_its_settings() {
        let mut plain = SerialScanner::default();
        plain.scan("4006381333931");
        plain.receive(0, b"\x06");
        assert_eq!(
            plain.poll_transmit().as_deref(),
            Some(b"4006381333931\r".as_slice())
        );
        assert_eq!(plain.poll_transmit(), None);
        assert_eq!(plain.ignored_bytes(), 1);

        let settings = ScannerSettings {
            prefix: b"\x02".to_vec(),
            aim: true,
            suffix: b"\r\n".to_vec(),
        };
        let mut framed = SerialScanner::new(settings);
        framed.scan_symbol(b"01\x1D21", "]d2");
        assert_eq!(
            framed.poll_transmit().as_deref(),
            Some(b"\x02]d201\x1D21\r\n".as_slice())
        );
    }
}
