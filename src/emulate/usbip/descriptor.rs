//! What a device says about itself: USB 2.0 chapter 9, as little of it as the classes need.

use super::Options;

/// Speed of the bus, as the kernel's USB/IP port counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speed {
    /// 12 Mbit/s; bulk packets of 64 bytes.
    Full = 2,
    /// 480 Mbit/s; bulk packets of 512 bytes.
    High = 3,
}

impl Speed {
    pub(super) fn bulk_packet(self) -> u16 {
        match self {
            Speed::Full => 64,
            Speed::High => 512,
        }
    }
}

/// How an endpoint moves data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pipe {
    Bulk,
    /// Asked by the host every so many milliseconds (at full speed).
    Interrupt {
        interval_ms: u8,
    },
}

/// One endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Endpoint {
    pub address: u8,
    pub pipe: Pipe,
    pub packet: u16,
}

/// One interface with what its class adds between it and its endpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Interface {
    /// Class, subclass, protocol.
    pub class: [u8; 3],
    pub extra: Vec<u8>,
    pub endpoints: Vec<Endpoint>,
}

/// A device with one configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Description {
    pub speed: Speed,
    /// Class of the device itself; 0 if the interfaces say it.
    pub class: u8,
    pub vendor: u16,
    pub product: u16,
    /// Manufacturer, product, serial number; an empty one is not offered.
    pub texts: [String; 3],
    pub interfaces: Vec<Interface>,
    /// Where the model's frames go and the host's bytes come from.
    pub data_in: Endpoint,
    pub data_out: Option<Endpoint>,
}

impl Description {
    pub(super) fn new(
        options: &Options,
        speed: Speed,
        class: u8,
        interfaces: Vec<Interface>,
    ) -> Self {
        let data = interfaces.last().map(|i| i.endpoints.clone());
        let data = data.unwrap_or_default();
        let nothing = Endpoint {
            address: super::packet::IN | 15,
            pipe: Pipe::Bulk,
            packet: 8,
        };
        let inward = |e: &&Endpoint| e.address & super::packet::IN != 0;
        Self {
            speed,
            class,
            vendor: options.vendor,
            product: options.product,
            texts: [
                options.manufacturer.clone(),
                options.name.clone(),
                options.serial.clone(),
            ],
            interfaces,
            data_in: data.iter().find(inward).copied().unwrap_or(nothing),
            data_out: data.iter().find(|e| !inward(e)).copied(),
        }
    }

    /// Descriptor `kind`, `index`; `None` if there is none, which stalls.
    pub(super) fn standard(&self, kind: u8, index: u8) -> Option<Vec<u8>> {
        match (kind, index) {
            (1, _) => Some(self.device()),
            (2, 0) => Some(self.configuration()),
            (3, 0) => Some(vec![4, 3, 0x09, 0x04]),
            (3, 1..) => {
                let text = self.texts.get(usize::from(index) - 1)?;
                (!text.is_empty()).then(|| string(text))
            }
            _ => None,
        }
    }

    fn device(&self) -> Vec<u8> {
        let mut bytes = vec![18, 1, 0x00, 0x02, self.class, 0, 0, 64];
        bytes.extend(self.vendor.to_le_bytes());
        bytes.extend(self.product.to_le_bytes());
        bytes.extend([0x00, 0x01]);
        let index = |(text, index): (&String, u8)| if text.is_empty() { 0 } else { index };
        bytes.extend(self.texts.iter().zip(1..).map(index));
        bytes.push(1);
        bytes
    }

    fn configuration(&self) -> Vec<u8> {
        let mut inside = Vec::new();
        for (interface, number) in self.interfaces.iter().zip(0_u8..) {
            let endpoints = u8::try_from(interface.endpoints.len()).unwrap_or(u8::MAX);
            inside.extend([9, 4, number, 0, endpoints]);
            inside.extend(interface.class);
            inside.push(0);
            inside.extend(&interface.extra);
            for endpoint in &interface.endpoints {
                let (kind, interval) = match endpoint.pipe {
                    Pipe::Bulk => (2, 0),
                    Pipe::Interrupt { interval_ms } => (3, interval_ms),
                };
                inside.extend([7, 5, endpoint.address, kind]);
                inside.extend(endpoint.packet.to_le_bytes());
                inside.push(interval);
            }
        }
        let total = u16::try_from(inside.len() + 9).unwrap_or(u16::MAX);
        let interfaces = u8::try_from(self.interfaces.len()).unwrap_or(u8::MAX);
        let mut bytes = vec![9, 2];
        bytes.extend(total.to_le_bytes());
        // Bus-powered, 100 mA.
        bytes.extend([interfaces, 1, 0, 0x80, 50]);
        bytes.extend(inside);
        bytes
    }
}

fn string(text: &str) -> Vec<u8> {
    let units: Vec<u8> = text
        .encode_utf16()
        .take(126)
        .flat_map(u16::to_le_bytes)
        .collect();
    let length = u8::try_from(units.len() + 2).unwrap_or(u8::MAX);
    [vec![length, 3], units].concat()
}
