//! The handle pages and commands hold: sends inputs to the station thread, reads the store.

use super::api::{
    ApiError, CarrierScanned, DeviceStatus, Document, Issued, ParcelDetail, PlaceInfo, Settled,
    SinkStatus, StationApi, Status, Submitted,
};
use super::clock::StationClock;
use super::core::{Delivery, Message};
use super::labels::sha256_hex;
use super::metrics::Metrics;
use crate::content::script::Unprintable;
use crate::device::flight::Flights;
use crate::domain::change::RecordKind;
use crate::domain::desk::Stock;
use crate::domain::handover::Handover;
use crate::domain::order::Order;
use crate::domain::parcel::Parcel;
use crate::domain::state::Lease;
use crate::domain::view::PlaceView;
use crate::domain::{Desk, DeviceId, Event, ISSUED_MAX, InputKind, OrderId, PlaceId, scan};
use crate::store::{Store, StoreError};
use crate::sync::inbound;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, watch};

/// Events shown with a parcel.
const PARCEL_EVENTS_MAX: u32 = 500;

/// Device states by id, written by the device side.
pub type SharedDevices = Arc<Mutex<BTreeMap<String, DeviceStatus>>>;

/// What sync offers to the handle.
pub trait SyncControl: Send + Sync {
    /// State of every sink.
    fn status(&self) -> Vec<SinkStatus>;
    /// Sends parked events of one or all sinks again; how many.
    ///
    /// # Errors
    /// The store's error.
    fn retry(&self, sink: Option<&str>) -> Result<u32, StoreError>;
}

/// A running station, for everybody else.
pub struct Handle {
    pub station: String,
    pub places: Vec<PlaceInfo>,
    pub views: BTreeMap<PlaceId, watch::Receiver<Arc<PlaceView>>>,
    pub inbox: mpsc::Sender<Message>,
    pub store: Store,
    pub clock: StationClock,
    pub devices: SharedDevices,
    pub flights: Flights,
    pub sync: Arc<dyn SyncControl>,
    pub metrics: Arc<Metrics>,
    pub started_at: String,
    pub desk: Arc<dyn Desk + Send + Sync>,
    /// All glyphs of a text are in the label fonts.
    pub printable: fn(&str) -> Result<(), Unprintable>,
}

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handle")
            .field("station", &self.station)
            .finish_non_exhaustive()
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        ApiError::Unavailable {
            text: error.to_string(),
        }
    }
}

pub(super) fn unavailable(text: &str) -> ApiError {
    ApiError::Unavailable {
        text: text.to_owned(),
    }
}

pub(super) fn parse<T: serde::de::DeserializeOwned>(
    body: serde_json::Value,
) -> Result<T, ApiError> {
    serde_json::from_value(body).map_err(|e| ApiError::Unavailable {
        text: e.to_string(),
    })
}

fn json<T: serde::Serialize>(value: T) -> Result<serde_json::Value, ApiError> {
    serde_json::to_value(value).map_err(|e| ApiError::Unavailable {
        text: e.to_string(),
    })
}

impl Handle {
    /// The newest parcel under any form of a code.
    pub(super) fn by_code(&self, code: &str) -> Result<Option<Parcel>, ApiError> {
        if let Some(body) = self.store.record(RecordKind::Parcel, code)? {
            return parse(body).map(Some);
        }
        for form in scan::forms(code) {
            let found = self.store.records_by_code(&form)?;
            let mut newest = found.into_iter().rev();
            if let Some((_, _, body)) = newest.find(|(kind, _, _)| *kind == RecordKind::Parcel) {
                return parse(body).map(Some);
            }
        }
        Ok(None)
    }
}

impl StationApi for Handle {
    fn places(&self) -> Vec<PlaceInfo> {
        self.places.clone()
    }

    fn view(&self, place: &PlaceId) -> Option<watch::Receiver<Arc<PlaceView>>> {
        self.views.get(place).cloned()
    }

    fn touch(&self, place: &PlaceId, code: &str, seen: Option<u64>) -> Result<(), ApiError> {
        let missing = || ApiError::NotFound {
            what: "place",
            id: place.to_string(),
        };
        let view = self.views.get(place).ok_or_else(missing)?.borrow().clone();
        if seen.is_some_and(|seen| screen_moved_on(seen, &view)) {
            let text = "the screen has changed since: look again, then touch";
            return Err(ApiError::Conflict { text: text.into() });
        }
        let device = DeviceId::new(format!("{place}/screen"));
        let kind = InputKind::Scan {
            device,
            code: code.to_owned(),
        };
        self.deliver(Delivery::plain(Some(place.clone()), self.clock.now(), kind))
            .map(|_| ())
    }

    fn submit_order(&self, body: &[u8], key: Option<&str>) -> Result<Submitted, ApiError> {
        let idempotency = key.map(|k| (k.to_owned(), sha256_hex(body)));
        if let Some((key, hash)) = &idempotency
            && let Some(answer) = self.stored_answer(key, hash)?
        {
            return Ok(answer);
        }
        let mut documents = self.read(body, inbound::Language::Json)?;
        match (documents.pop(), documents.is_empty()) {
            (Some(document), true) => self.submit_one(document, idempotency),
            _ => Err(ApiError::Invalid {
                text: "send exactly one order per request; use `firstscan order import` for files"
                    .into(),
            }),
        }
    }

    fn import_orders(&self, body: &[u8], csv: bool) -> Result<Vec<Submitted>, ApiError> {
        let language = if csv {
            inbound::Language::Csv
        } else {
            inbound::Language::Json
        };
        let documents = self.read(body, language)?;
        // A conflict concerns one order; its neighbours in the file are taken all the same.
        let one = |document| match self.submit_one(document, None) {
            Err(ApiError::Conflict { text }) => Ok(Submitted::Refused {
                order: String::new(),
                problems: vec![text],
            }),
            other => other,
        };
        documents.into_iter().map(one).collect()
    }

    fn cancel_order(&self, order: &OrderId, reason: &str) -> Result<Submitted, ApiError> {
        self.cancel(order, reason, None)
    }

    fn import_items(&self, body: &[u8]) -> Result<u32, ApiError> {
        let list = |problems: Vec<inbound::Problem>| {
            let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
            ApiError::Invalid {
                text: lines.join("\n"),
            }
        };
        let items = inbound::items::read(body).map_err(list)?;
        let count = u32::try_from(items.len()).unwrap_or(u32::MAX);
        self.store.put_items(items)?;
        Ok(count)
    }

    fn order(&self, id: &str) -> Result<Option<Order>, ApiError> {
        self.store
            .record(RecordKind::Order, id)?
            .map(parse)
            .transpose()
    }

    fn orders(&self, limit: u32) -> Result<Vec<Order>, ApiError> {
        let rows = self.store.records(RecordKind::Order, false, limit)?;
        rows.into_iter().map(|(_, body)| parse(body)).collect()
    }

    fn parcel(&self, code: &str) -> Result<Option<ParcelDetail>, ApiError> {
        let Some(parcel) = self.by_code(code)? else {
            return Ok(None);
        };
        let job = |id: &crate::domain::JobId| {
            let body = self.store.record(RecordKind::Job, id.as_str());
            body.map_err(ApiError::from)
                .and_then(|b| b.map(parse).transpose())
        };
        let jobs: Result<Vec<_>, ApiError> = parcel.jobs.iter().map(job).collect();
        Ok(Some(ParcelDetail {
            order: self.order(parcel.order.as_str())?,
            jobs: jobs?.into_iter().flatten().collect(),
            events: self
                .store
                .events_of(parcel.id.as_str(), PARCEL_EVENTS_MAX)?,
            parcel,
        }))
    }

    fn carrier_scan(&self, body: &[u8]) -> Result<CarrierScanned, ApiError> {
        self.take_carrier_scan(body)
    }

    fn settle_exception(
        &self,
        parcel: &str,
        code: &str,
        who: &str,
        why: &str,
    ) -> Result<Settled, ApiError> {
        self.settle(parcel, code, who, why)
    }

    fn stock(&self) -> Result<Vec<Stock>, ApiError> {
        self.count_numbers()
    }

    fn issue_numbers(&self, carrier: &str, service: &str, count: u32) -> Result<Issued, ApiError> {
        if !(1..=ISSUED_MAX).contains(&count) {
            let text = format!("count: {count} is out of bounds: give 1 to {ISSUED_MAX}");
            return Err(ApiError::Invalid { text });
        }
        self.issue(carrier, service, count)
    }

    fn lease_numbers(&self, range: &str, first: u64, last: u64) -> Result<Stock, ApiError> {
        self.lease(range, Lease { first, last })
    }

    fn handovers(&self, limit: u32) -> Result<Vec<Handover>, ApiError> {
        let rows = self.store.records(RecordKind::Handover, false, limit)?;
        rows.into_iter().map(|(_, body)| parse(body)).collect()
    }

    fn events(&self, since: u64, limit: u32) -> Result<Vec<Event>, ApiError> {
        Ok(self.store.events(since, limit)?)
    }

    fn label_picture(&self, job: &str) -> Result<Option<Document>, ApiError> {
        let Some(body) = self.store.record(RecordKind::Job, job)? else {
            return Ok(None);
        };
        let job: crate::domain::job::LabelJob = parse(body)?;
        job.picture.map_or(Ok(None), |sha| self.document(&sha))
    }

    fn manifest(&self, handover: &str) -> Result<Option<Document>, ApiError> {
        let body = self.store.record(RecordKind::Handover, handover)?;
        let Some(body) = body else { return Ok(None) };
        let handover: Handover = parse(body)?;
        handover
            .manifest
            .map_or(Ok(None), |sha| self.document(&sha))
    }

    fn status(&self) -> Status {
        let (seq, head) = self
            .store
            .head()
            .map(|(s, _, h)| (s, h))
            .unwrap_or_default();
        let devices = self.devices.lock().unwrap_or_else(PoisonError::into_inner);
        Status {
            station: self.station.clone(),
            version: env!("CARGO_PKG_VERSION").into(),
            boot_id: self.clock.boot_id.clone(),
            started_at: self.started_at.clone(),
            seq,
            head,
            devices: devices.values().cloned().collect(),
            sinks: self.sync.status(),
        }
    }

    fn transcript(&self, device: &str) -> Option<String> {
        self.flights.text(device)
    }

    fn retry_parked(&self, sink: Option<&str>) -> Result<u32, ApiError> {
        Ok(self.sync.retry(sink)?)
    }

    fn verify(&self) -> Result<serde_json::Value, ApiError> {
        json(self.store.verify()?)
    }

    fn backup(&self, file: &std::path::Path) -> Result<serde_json::Value, ApiError> {
        if !file.is_absolute() || file.exists() {
            let text = format!(
                "{}: give an absolute path of a file to be made",
                file.display()
            );
            return Err(ApiError::Invalid { text });
        }
        json(self.store.backup(file)?)
    }

    fn metrics(&self) -> String {
        let mut out = String::new();
        self.metrics.write(&mut out);
        let stats = self.store.stats();
        let seq = self.store.head().map(|(seq, _, _)| seq).unwrap_or_default();
        let mut gauge = |name: &str, help: &str, value| {
            super::metrics::gauge(&mut out, name, help, value);
        };
        gauge("firstscan_events", "Newest event number", seq);
        gauge(
            "firstscan_commits",
            "Transactions since start",
            stats.commits,
        );
        gauge(
            "firstscan_commit_us_max",
            "Longest commit in microseconds",
            stats.commit_us_max,
        );
        for sink in self.sync.status() {
            let name = format!("firstscan_sync_waiting{{sink=\"{}\"}}", sink.sink);
            super::metrics::sample(&mut out, &name, sink.waiting);
            let name = format!("firstscan_sync_parked{{sink=\"{}\"}}", sink.sink);
            let parked = u64::try_from(sink.parked.len()).unwrap_or(u64::MAX);
            super::metrics::sample(&mut out, &name, parked);
        }
        self.number_gauges(&mut out);
        super::metrics::sample(&mut out, "firstscan_resident_bytes", resident_bytes());
        out
    }
}

impl Handle {
    fn document(&self, sha: &str) -> Result<Option<Document>, ApiError> {
        let found = self.store.document(sha)?;
        Ok(found.map(|d| Document {
            format: d.format,
            bytes: d.bytes,
        }))
    }
}

/// A finger aimed at another screen: more than the live weight changed since.
fn screen_moved_on(seen: u64, view: &PlaceView) -> bool {
    // The scale repaints ten times a second; only a far older screen is another screen.
    const REPAINTS_MAX: u64 = 20;
    seen.saturating_add(REPAINTS_MAX) < view.version
}

/// Resident memory of this process in bytes; 0 if the system does not tell.
fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"));
    let kib = line.and_then(|l| l.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0).saturating_mul(1024)
}
