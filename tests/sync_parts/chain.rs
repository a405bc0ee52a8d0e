//! Makes chained events as the store does.

use firstscan::domain::{
    Clock, DeviceId, Event, Fact, HandoverId, OrderId, ParcelId, PlaceId, Wall,
};
use firstscan::sync::cloudevents;

pub const STATION: &str = "north";

/// A chain that grows.
#[derive(Debug, Clone)]
pub struct Chain {
    pub seq: u64,
    pub head: String,
}

impl Chain {
    pub fn new() -> Self {
        Self {
            seq: 0,
            head: "0".repeat(64),
        }
    }

    pub fn add(&mut self, subject: &str, fact: Fact) -> Event {
        self.seq += 1;
        let wall = Wall {
            unix_ms: 1_795_248_300_000 + self.seq as i64,
            offset_min: 60,
        };
        let mut event = Event {
            seq: self.seq,
            epoch: 1,
            id: format!("0199aaaa-0000-7000-8000-{:012}", self.seq),
            station: STATION.to_owned(),
            place: Some(PlaceId::new("bench1")),
            operator: None,
            subject: subject.to_owned(),
            occurred_at: wall.rfc3339(),
            unix_ms: wall.unix_ms,
            boot_id: "boot".to_owned(),
            monotonic_ms: self.seq,
            clock: Clock::Synchronised,
            fact,
            prev_hash: self.head.clone(),
            hash: String::new(),
        };
        event.hash = cloudevents::chain_hash(&event);
        self.head = event.hash.clone();
        event
    }

    /// A fact about a parcel, which goes upstream.
    pub fn parcel(&mut self, parcel: &str) -> Event {
        let (id, box_type) = (ParcelId::new(parcel), format!("box {}", self.seq));
        self.add(
            parcel,
            Fact::ParcelBoxed {
                parcel: id,
                box_type,
            },
        )
    }

    /// The first scan of a parcel.
    pub fn first_scan(&mut self, parcel: &str) -> Event {
        let fact = Fact::FirstScan {
            parcel: ParcelId::new(parcel),
            order: OrderId::new("O-1"),
            seller: "Möbel & Söhne".to_owned(),
            handover: HandoverId::new("north-H1"),
            carrier: "acme".to_owned(),
            tracking_number: format!("TN{}", self.seq),
            evidence: vec![],
            weight: None,
            provisional: false,
        };
        self.add(parcel, fact)
    }

    /// A raw scan, which stays local.
    pub fn scan(&mut self, device: &str) -> Event {
        let (id, code) = (DeviceId::new(device), format!("code {}", self.seq));
        self.add(
            device,
            Fact::ScanCaptured {
                device: id,
                code,
                meaning: "item".to_owned(),
            },
        )
    }
}
