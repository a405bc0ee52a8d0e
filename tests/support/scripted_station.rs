//! A station that shows exactly the views a test gives it and writes down what pages ask.

use firstscan::domain::desk::Stock;
use firstscan::domain::event::{Clock, Event, Fact};
use firstscan::domain::handover::{Handover, HandoverState, Reject};
use firstscan::domain::job::{Evidence, JobState, LabelJob};
use firstscan::domain::order::{CarrierLabel, Order, OrderLine, OrderStatus, PersonRef};
use firstscan::domain::parcel::{Exception, Number, Parcel, Stage};
use firstscan::domain::place::PlaceKind;
use firstscan::domain::state::Lease;
use firstscan::domain::view::{
    BandView, DockParcel, DockReject, DockView, DockWaiting, ExceptionView, Health, JobView,
    LastView, LineView, Mode, OperatorView, OrderView, ParcelView, PlaceView, StopView, SyncHealth,
    WeightState, WeightView,
};
use firstscan::domain::{HandoverId, JobId, OperatorId, OrderId, ParcelId, PlaceId, Sku, Wall};
use firstscan::station::api::{
    ApiError, CarrierScanned, DeviceStatus, Document, Issued, ParcelDetail, ParkedEvent, PlaceInfo,
    Settled, SinkStatus, StationApi, Status, Submitted,
};
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

pub const NUMBER: &str = "00340434161094042557";

pub struct ScriptedStation {
    bench: watch::Sender<Arc<PlaceView>>,
    dock: watch::Sender<Arc<PlaceView>>,
    pub calls: Mutex<Vec<String>>,
}

impl ScriptedStation {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            bench: watch::channel(Arc::new(bench(Mode::Login))).0,
            dock: watch::channel(Arc::new(dock(Mode::DockReady))).0,
            calls: Mutex::new(Vec::new()),
        })
    }

    /// Shows a view at its place, with the next version; returns that version.
    pub fn show(&self, mut view: PlaceView) -> u64 {
        let sender = if view.kind == PlaceKind::Bench {
            &self.bench
        } else {
            &self.dock
        };
        view.version = sender.borrow().version + 1;
        let version = view.version;
        sender.send_replace(Arc::new(view));
        version
    }

    pub fn take_calls(&self) -> Vec<String> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }

    fn wrote(&self, call: impl Into<String>) {
        self.calls.lock().unwrap().push(call.into());
    }
}

impl StationApi for ScriptedStation {
    fn places(&self) -> Vec<PlaceInfo> {
        let info = |id: &str, kind, title: &str| PlaceInfo {
            id: PlaceId::new(id),
            kind,
            title: title.to_owned(),
        };
        vec![
            info("bench1", PlaceKind::Bench, "Bench 1"),
            info("dock1", PlaceKind::Dock, "Dock 1"),
        ]
    }

    fn view(&self, place: &PlaceId) -> Option<watch::Receiver<Arc<PlaceView>>> {
        match place.as_str() {
            "bench1" => Some(self.bench.subscribe()),
            "dock1" => Some(self.dock.subscribe()),
            _ => None,
        }
    }

    fn touch(&self, place: &PlaceId, code: &str, seen: Option<u64>) -> Result<(), ApiError> {
        let not_here = ApiError::NotFound {
            what: "place",
            id: place.to_string(),
        };
        let now = self.view(place).ok_or(not_here)?.borrow().version;
        let seen = seen.unwrap_or_default();
        self.wrote(format!("touch {place} {code} {seen}"));
        if seen == now {
            return Ok(());
        }
        Err(ApiError::Conflict {
            text: "the screen has changed: look again".to_owned(),
        })
    }

    fn submit_order(&self, body: &[u8], key: Option<&str>) -> Result<Submitted, ApiError> {
        self.wrote(format!("order {} {}", body.len(), key.unwrap_or("-")));
        let order = || OrderId::new("A-1");
        match key {
            Some("used") => {
                let text = "this key belongs to another order: use a new one".to_owned();
                Err(ApiError::Conflict { text })
            }
            Some("again") => Ok(Submitted::Unchanged {
                order: order(),
                version: 1,
            }),
            Some("bad") => {
                let problems = vec!["line 1, quantity: give 1 or more".to_owned()];
                Ok(Submitted::Refused {
                    order: "A-1".to_owned(),
                    problems,
                })
            }
            _ => Ok(Submitted::Received {
                order: order(),
                version: 1,
            }),
        }
    }

    fn import_orders(&self, body: &[u8], _csv: bool) -> Result<Vec<Submitted>, ApiError> {
        self.submit_order(body, None).map(|one| vec![one])
    }

    fn verify(&self) -> Result<serde_json::Value, ApiError> {
        Ok(serde_json::json!({ "valid": true, "events": 1, "head": "00" }))
    }

    fn backup(&self, file: &std::path::Path) -> Result<serde_json::Value, ApiError> {
        match file.is_absolute() {
            true => self.verify(),
            false => Err(ApiError::Invalid {
                text: "give an absolute path".into(),
            }),
        }
    }

    fn cancel_order(&self, order: &OrderId, reason: &str) -> Result<Submitted, ApiError> {
        self.wrote(format!("cancel {order} {reason}"));
        Ok(Submitted::Cancelled {
            order: order.clone(),
        })
    }

    fn import_items(&self, body: &[u8]) -> Result<u32, ApiError> {
        if body == b"broken" {
            let text = "line 1, sku: missing; give every article a sku".to_owned();
            return Err(ApiError::Invalid { text });
        }
        Ok(3)
    }

    fn order(&self, id: &str) -> Result<Option<Order>, ApiError> {
        Ok((id == "A-1").then(order))
    }

    fn orders(&self, limit: u32) -> Result<Vec<Order>, ApiError> {
        self.wrote(format!("orders {limit}"));
        Ok(vec![order()])
    }

    fn parcel(&self, code: &str) -> Result<Option<ParcelDetail>, ApiError> {
        let found = ["s1-7", NUMBER].contains(&code);
        Ok(found.then(|| ParcelDetail {
            parcel: parcel(),
            order: Some(order()),
            jobs: vec![job()],
            events: vec![event(1)],
        }))
    }

    fn carrier_scan(&self, body: &[u8]) -> Result<CarrierScanned, ApiError> {
        self.wrote(format!("carrier scan {}", body.len()));
        let parcel = ParcelId::new("s1-7");
        match body.len() {
            0..=2 => Err(ApiError::Invalid {
                text: "carrier: is missing: give it as a text".to_owned(),
            }),
            3..=40 => Ok(CarrierScanned::Unchanged { parcel }),
            _ => Ok(CarrierScanned::Recorded {
                parcel,
                event: "carrier.accepted".to_owned(),
            }),
        }
    }

    fn settle_exception(
        &self,
        parcel: &str,
        code: &str,
        who: &str,
        why: &str,
    ) -> Result<Settled, ApiError> {
        self.wrote(format!("settle {parcel} {code} {who}: {why}"));
        if code != "wrong_label" {
            return Err(ApiError::NotFound {
                what: "open exception",
                id: code.to_owned(),
            });
        }
        Ok(Settled {
            parcel: ParcelId::new("s1-7"),
            code: code.to_owned(),
        })
    }

    fn stock(&self) -> Result<Vec<Stock>, ApiError> {
        Ok(vec![stock()])
    }

    fn issue_numbers(&self, carrier: &str, service: &str, count: u32) -> Result<Issued, ApiError> {
        self.wrote(format!("issue {carrier} {service} {count}"));
        if carrier != "swift" {
            let text = format!("there is no carrier {carrier} here: add its file");
            return Err(ApiError::Conflict { text });
        }
        Ok(Issued {
            numbers: vec![Number {
                tracking_number: "SFT991000001".to_owned(),
                range: Some("swift-1".to_owned()),
                serial: Some(100_000),
                reuse_days: Some(365),
            }],
            refusal: (count > 1).then(|| "swift-1 is used up: ask for more".to_owned()),
        })
    }

    fn lease_numbers(&self, range: &str, first: u64, last: u64) -> Result<Stock, ApiError> {
        self.wrote(format!("lease {range} {first} {last}"));
        if range == "swift-1" {
            return Ok(stock());
        }
        Err(ApiError::NotFound {
            what: "number range",
            id: range.to_owned(),
        })
    }

    fn handovers(&self, _limit: u32) -> Result<Vec<Handover>, ApiError> {
        let at = Wall {
            unix_ms: 1_795_226_700_000,
            offset_min: 60,
        };
        let reject = Reject {
            code: "X".to_owned(),
            reason: "unknown".to_owned(),
            at,
        };
        Ok(vec![Handover {
            id: HandoverId::new("s1-H1"),
            place: PlaceId::new("dock1"),
            carrier: "dhl".to_owned(),
            carrier_name: "DHL Paket".to_owned(),
            state: HandoverState::Closed,
            parcels: vec![ParcelId::new("s1-7")],
            rejects: vec![reject],
            opened_at: at,
            closed_at: Some(at),
            manifest: None,
        }])
    }

    fn events(&self, since: u64, limit: u32) -> Result<Vec<Event>, ApiError> {
        Ok((since + 1..=5).take(limit as usize).map(event).collect())
    }

    fn label_picture(&self, job: &str) -> Result<Option<Document>, ApiError> {
        let format = "png".to_owned();
        Ok((job == "s1-7.0").then(|| Document {
            format,
            bytes: label_png(),
        }))
    }

    fn manifest(&self, handover: &str) -> Result<Option<Document>, ApiError> {
        let (format, bytes) = ("pdf".to_owned(), b"%PDF-1.7 test".to_vec());
        Ok((handover == "s1-H1").then_some(Document { format, bytes }))
    }

    fn status(&self) -> Status {
        let text = str::to_owned;
        Status {
            station: text("s1"),
            version: text("0.1.0"),
            boot_id: text("boot"),
            started_at: text("2026-11-21T09:05:00.000+01:00"),
            seq: 5,
            head: "0".repeat(64),
            devices: vec![DeviceStatus {
                device: text("bench1/scale"),
                profile: text("toledo-8217"),
                state: text("ok"),
                detail: text("pty"),
            }],
            sinks: vec![SinkStatus {
                sink: text("main"),
                state: text("waiting"),
                acked_through: 3,
                waiting: 2,
                parked: vec![ParkedEvent {
                    seq: 2,
                    subject: text("s1-7"),
                    kind: text("parcel.weighed"),
                    reason: text("unknown parcel"),
                }],
                last_ack_ms: None,
                last_error: Some(text("429")),
            }],
        }
    }

    fn transcript(&self, device: &str) -> Option<String> {
        (device == "bench1/scale").then(|| "profile toledo-8217-kg\n@0 > W\n".to_owned())
    }

    fn retry_parked(&self, sink: Option<&str>) -> Result<u32, ApiError> {
        self.wrote(format!("retry {}", sink.unwrap_or("all")));
        Ok(1)
    }

    fn metrics(&self) -> String {
        "firstscan_events_total 5\n".to_owned()
    }
}

fn stock() -> Stock {
    Stock {
        carrier: "swift".to_owned(),
        carrier_name: "Swift".to_owned(),
        range: "swift-1".to_owned(),
        first: 100_000,
        last: 199_999,
        shared: true,
        leases: vec![Lease {
            first: 100_000,
            last: 100_999,
        }],
        reuse_days: Some(365),
        next: Some("SFT991000001".to_owned()),
        left: 1000,
        low_at: 2000,
        low: true,
    }
}

fn order() -> Order {
    Order {
        id: OrderId::new("A-1"),
        version: 1,
        fingerprint: "ab".repeat(32),
        seller: "Nordlicht".to_owned(),
        channel: "tiktok-shop".to_owned(),
        lines: vec![OrderLine {
            sku: Sku::new("MUG-1"),
            title: "Mug".to_owned(),
            quantity: 2,
        }],
        ship_to: PersonRef {
            id: "p1".to_owned(),
            hash: "cd".repeat(32),
        },
        country: "DE".to_owned(),
        area: String::new(),
        value: None,
        promised: None,
        requested_service: None,
        warnings: vec!["ship_to.city has punctuation: leave it out".to_owned()],
        carrier_label: Some(CarrierLabel {
            document: "ef".repeat(32),
            format: "pdf".to_owned(),
            carrier: "dhl".to_owned(),
            service: "paket".to_owned(),
            tracking_number: NUMBER.to_owned(),
        }),
        status: OrderStatus::Packing,
    }
}

fn parcel() -> Parcel {
    Parcel {
        id: ParcelId::new("s1-7"),
        order: OrderId::new("A-1"),
        place: PlaceId::new("bench1"),
        operator: OperatorId::new("ana"),
        stage: Stage::ScanBack,
        parked: false,
        n: 1,
        of: None,
        items: [(Sku::new("MUG-1"), 2)].into(),
        trail: vec![Sku::new("MUG-1"), Sku::new("MUG-1")],
        items_mass: None,
        box_type: None,
        size: None,
        size_waived: false,
        weight: None,
        assignment: None,
        piece_masses: Vec::new(),
        burnt: false,
        number: None,
        jobs: vec![JobId::new("s1-7.0")],
        handover: None,
        ready_at: None,
        first_scan: None,
        estimate: None,
        exceptions: vec![Exception {
            code: "wrong_label".to_owned(),
            text: "This is the label of s1-8.".to_owned(),
            remedy: "Put the right label on and scan it.".to_owned(),
        }],
        settled: Vec::new(),
        carrier_scans: Vec::new(),
        opened_at: Wall {
            unix_ms: 1_795_226_700_000,
            offset_min: 60,
        },
    }
}

fn job() -> LabelJob {
    LabelJob {
        id: JobId::new("s1-7.0"),
        parcel: ParcelId::new("s1-7"),
        place: PlaceId::new("bench1"),
        state: JobState::Sent,
        evidence: [Evidence::Sent].into(),
        copy: 0,
        reason: None,
        picture: Some("12".repeat(32)),
        counter_before: Some(41),
        destroyed: false,
    }
}

fn event(seq: u64) -> Event {
    Event {
        seq,
        epoch: 1,
        id: format!("0193-{seq}"),
        station: "s1".to_owned(),
        place: Some(PlaceId::new("bench1")),
        operator: None,
        subject: "s1".to_owned(),
        occurred_at: "2026-11-21T09:05:00.000+01:00".to_owned(),
        unix_ms: 1_795_226_700_000,
        boot_id: "boot".to_owned(),
        monotonic_ms: 12,
        clock: Clock::Synchronised,
        fact: Fact::StationStarted {
            version: "0.1.0".to_owned(),
        },
        prev_hash: "0".repeat(64),
        hash: "1".repeat(64),
    }
}

/// Where the bars of [`label_png`] are: left, top, width, height in dots of 812 x 1218.
pub const BARS: (u32, u32, u32, u32) = (98, 760, 606, 200);

/// A label-like picture: frame, lines of text-like dashes, a Code 128, a dense 2D-like block.
pub fn label_png() -> Vec<u8> {
    let mut picture = image::GrayImage::from_pixel(812, 1218, image::Luma([255]));
    let mut fill = |x0: u32, y0: u32, w: u32, h: u32| {
        for y in y0..(y0 + h).min(1218) {
            for x in x0..(x0 + w).min(812) {
                picture.put_pixel(x, y, image::Luma([0]));
            }
        }
    };
    for (x, y, w, h) in [
        (20, 20, 772, 4),
        (20, 300, 772, 4),
        (20, 680, 772, 4),
        (20, 20, 4, 1178),
        (788, 20, 4, 1178),
        (20, 1194, 772, 4),
        (60, 60, 260, 70),
    ] {
        fill(x, y, w, h);
    }
    for (row, y) in (340..640).step_by(44).enumerate() {
        for letter in 0..(14 + row as u32 % 5) {
            fill(60 + letter * 26, y, 5, 28);
            fill(60 + letter * 26, y + (letter % 3) * 11, 17, 5);
        }
    }
    for cell in 0..26u32 * 26 {
        let (x, y) = (cell % 26, cell / 26);
        if (x * 7 + y * 13 + x * y) % 5 < 2 {
            fill(600 + x * 6, 340 + y * 6, 6, 6);
        }
    }
    let text = format!("\u{106}{NUMBER}");
    let modules = barcoders::sym::code128::Code128::new(text)
        .unwrap()
        .encode();
    let dots = BARS.2 / modules.len() as u32;
    for (at, module) in modules.iter().enumerate() {
        if *module == 1 {
            fill(BARS.0 + at as u32 * dots, BARS.1, dots, BARS.3);
        }
    }
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}

/// A bench in this mode, everything well.
pub fn bench(mode: Mode) -> PlaceView {
    let next = match mode {
        Mode::Login => "Scan your badge",
        Mode::Ready => "Scan an order or an item",
        Mode::Verifying => "Scan the next item",
        Mode::Weighing => "Put the parcel on the scale",
        Mode::Labelling => "Wait for the label",
        Mode::ScanBack => "Stick the label on, then scan it",
        _ => "Clear the stop",
    };
    let operator = OperatorView {
        id: OperatorId::new("ana"),
        name: "Ana Pérez".to_owned(),
    };
    let packs = !matches!(mode, Mode::Login | Mode::Ready);
    let late = matches!(mode, Mode::Labelling | Mode::ScanBack);
    PlaceView {
        version: 1,
        station: "s1".to_owned(),
        place: PlaceId::new("bench1"),
        kind: PlaceKind::Bench,
        title: "Bench 1".to_owned(),
        operator: (mode != Mode::Login).then_some(operator),
        mode,
        next: next.to_owned(),
        order: packs.then(|| order_view(&mode)),
        parcel: packs.then(|| parcel_view(late)),
        weight: Some(weight("0.000", WeightState::Empty, None)),
        stop: None,
        last: None,
        prompt: None,
        dock: None,
        health: health(),
        finished: 41,
        cue: None,
    }
}

pub fn health() -> Health {
    let ok = || "ok".to_owned();
    let sync = SyncHealth {
        state: ok(),
        waiting: 0,
        parked: 0,
        last_ack_ms: None,
    };
    Health {
        scanner: ok(),
        scale: ok(),
        printer: ok(),
        numbers: ok(),
        sync,
    }
}

pub fn line(sku: &str, title: &str, done: u32, wanted: u32) -> LineView {
    LineView {
        sku: sku.to_owned(),
        title: title.to_owned(),
        done,
        wanted,
        picture: None,
    }
}

fn order_view(mode: &Mode) -> OrderView {
    let all = *mode != Mode::Verifying;
    let mut mug = line(
        "NL-MUG-BLUE",
        "Enamel mug, ocean blue, 350 ml",
        if all { 2 } else { 1 },
        2,
    );
    mug.picture = Some("/pictures/mug.png".to_owned());
    let lines = vec![
        line("NL-TEA-EG-100", "Earl Grey loose leaf tea 100 g", 1, 1),
        mug,
        line("NL-SPN-01", "Olive wood spoon", u32::from(all), 1),
    ];
    OrderView {
        id: OrderId::new("576460-8841-22"),
        seller: "Nordlicht".to_owned(),
        channel: "tiktok-shop".to_owned(),
        country: "DE".to_owned(),
        warnings: Vec::new(),
        done: lines.iter().map(|l| l.done).sum(),
        wanted: lines.iter().map(|l| l.wanted).sum(),
        lines,
        parked: false,
    }
}

fn parcel_view(late: bool) -> ParcelView {
    let some = |text: &str| late.then(|| text.to_owned());
    ParcelView {
        id: ParcelId::new("s1-7"),
        n: 1,
        of: late.then_some(1),
        box_type: Some("S".to_owned()),
        weight: some("1.25 kg"),
        carrier: some("DHL Paket"),
        service: some("National"),
        reason: some("Germany, up to 31.5 kg"),
        changed: None,
        cost: None,
        surcharges: Vec::new(),
        tracking_number: some(NUMBER),
        job: late.then(|| JobView {
            id: JobId::new("s1-7.0"),
            state: JobState::Sending,
            evidence: vec![],
            copy: 0,
            picture: Some("/api/v1/jobs/s1-7.0/label.png".to_owned()),
        }),
        exceptions: Vec::new(),
    }
}

/// An open exception of the parcel of [`bench`] or of another one.
pub fn exception(parcel: &str, word: &str, text: &str, remedy: &str) -> ExceptionView {
    ExceptionView {
        parcel: ParcelId::new(parcel),
        tracking_number: Some(NUMBER.to_owned()),
        code: word.to_lowercase().replace(' ', "_"),
        word: word.to_owned(),
        text: text.to_owned(),
        remedy: remedy.to_owned(),
    }
}

pub fn weight(text: &str, state: WeightState, now_g: Option<i64>) -> WeightView {
    let band = now_g.map(|now| BandView {
        min_g: 1_210,
        expected_g: 1_250,
        max_g: 1_290,
        now_g: Some(now),
    });
    WeightView {
        text: text.to_owned(),
        unit: "kg".to_owned(),
        state,
        armed: true,
        band,
    }
}

pub fn stop(word: &str, text: &str, remedy: &str, scanned: Option<&str>) -> StopView {
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    StopView {
        code: word.to_lowercase().replace(' ', "_"),
        word: word.to_owned(),
        text: text.to_owned(),
        remedy: remedy.to_owned(),
        scanned: scanned.map(str::to_owned),
        since_ms: now.as_millis() as i64 - 12_000,
    }
}

fn dock_parcel(n: u32) -> DockParcel {
    DockParcel {
        parcel: ParcelId::new(format!("s1-{n}")),
        order: OrderId::new(format!("576460-{}", 1000 + n)),
        tracking_number: format!("003404341610940425{n:02}"),
        place: PlaceId::new("bench1"),
    }
}

/// A dock in this mode, everything well.
pub fn dock(mode: Mode) -> PlaceView {
    let next = match mode {
        Mode::DockReady => "Scan the carrier's code",
        Mode::DockScanning => "Scan a parcel",
        Mode::DockClosing => "Check the counts, then confirm",
        _ => "Load the parcels, then scan LOADED",
    };
    let open = mode != Mode::DockReady && mode != Mode::Login;
    let waiting = |carrier: &str, name: &str, code: &str, parcels| DockWaiting {
        carrier: carrier.to_owned(),
        carrier_name: name.to_owned(),
        code: code.to_owned(),
        parcels,
    };
    let reject = |code: &str, reason: &str| DockReject {
        code: code.to_owned(),
        reason: reason.to_owned(),
    };
    let docked = DockView {
        handover: open.then(|| HandoverId::new("s1-H4")),
        carrier: open.then(|| "dhl".to_owned()),
        carrier_name: open.then(|| "DHL Paket".to_owned()),
        scanned: if open { 12 } else { 0 },
        expected: if open { 15 } else { 0 },
        parcels: if open {
            (1..=12).map(dock_parcel).collect()
        } else {
            vec![]
        },
        rejects: if open {
            vec![
                reject("1Z999AA10123456784", "for UPS"),
                reject(NUMBER, "scanned already"),
            ]
        } else {
            vec![]
        },
        exceptions: vec![],
        missing: if mode == Mode::DockClosing {
            (13..=15).map(dock_parcel).collect()
        } else {
            vec![]
        },
        manifest: (mode == Mode::DockClosed)
            .then(|| "/api/v1/handovers/s1-H4/manifest.pdf".to_owned()),
        waiting: if mode == Mode::DockReady {
            vec![
                waiting("dhl", "DHL Paket", "XCTLOPEIDHL", 15),
                waiting("ups", "UPS", "XCTLOPEIUPS", 4),
                waiting("dpd", "DPD Predict", "XCTLOPEIDPD", 1),
            ]
        } else {
            vec![]
        },
    };
    let last = LastView {
        ok: true,
        text: "12 of 15 · s1-12 accepted".to_owned(),
    };
    PlaceView {
        kind: PlaceKind::Dock,
        place: PlaceId::new("dock1"),
        title: "Dock 1".to_owned(),
        mode,
        next: next.to_owned(),
        order: None,
        parcel: None,
        weight: None,
        dock: Some(docked),
        last: (mode == Mode::DockScanning).then_some(last),
        ..bench(Mode::Ready)
    }
}
