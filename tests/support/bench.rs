//! A station without hardware: drives the reducer directly and plays printer and label desk.

use firstscan::content::control::{Control, payload};
use firstscan::domain::change::Change;
use firstscan::domain::desk::*;
use firstscan::domain::event::{Draft, Fact};
use firstscan::domain::input::{PrintStep, RenderedLabel};
use firstscan::domain::order::{CarrierLabel, Item, Order, OrderLine, OrderStatus, PersonRef};
use firstscan::domain::parcel::{Assignment, Estimate, Number};
use firstscan::domain::place::PlaceKind;
use firstscan::domain::rules::Badge;
use firstscan::domain::*;
use firstscan_drivers::mass::{Decimal, Mass, MassFlags, MassReading, Unit};
use std::collections::BTreeMap;

/// `AA` destinations go with `alpha`, the rest with `beta`; the others bring their own labels.
/// Everybody but `beta` says when it delivers, and `dpd` takes up to 1 kg. Of
/// `alpha` and `beta`, what is above 1000 g is the service `heavy`, and an edge above 600 mm costs
/// extra.
pub struct TestDesk;

/// What the service `std` takes.
const STANDARD_MAX: Mass = Mass::from_ng(1_000_000_000_000);

impl Desk for TestDesk {
    fn assign(&self, request: &AssignRequest<'_>) -> Result<Assignment, Refusal> {
        if request.mass > Mass::from_grams(30_000) {
            return Err(Refusal {
                text: "Too heavy for all.".into(),
                remedy: "Split it.".into(),
            });
        }
        let carrier = if request.country == "AA" {
            "alpha"
        } else {
            "beta"
        };
        let (service, service_name) = match request.mass > STANDARD_MAX {
            true => ("heavy", "Heavy"),
            false => ("std", "Standard"),
        };
        let long = request.size.is_some_and(|size| size.length.um() > 600_000);
        Ok(Assignment {
            carrier: carrier.into(),
            carrier_name: carrier.to_uppercase(),
            service: service.into(),
            service_name: service_name.into(),
            template: "transport-4x6".into(),
            reason: "by country".into(),
            cost: None,
            surcharges: long.then(|| "Long goods".to_owned()).into_iter().collect(),
            billable: None,
            changed: None,
        })
    }

    fn number(
        &self,
        carrier: &str,
        _service: &str,
        counters: &state::Counters,
        _now: Wall,
    ) -> Result<Number, Refusal> {
        let serial = counters.ranges.get(carrier).copied().unwrap_or(0);
        let tracking_number = format!("{}{serial:08}", carrier.to_uppercase());
        Ok(Number {
            tracking_number,
            range: Some(carrier.into()),
            serial: Some(serial),
            reuse_days: None,
        })
    }

    fn admits(
        &self,
        carrier: &str,
        service: &str,
        request: &AssignRequest<'_>,
    ) -> Result<(), Refusal> {
        if service == "std" && carrier != "dpd" && request.mass > STANDARD_MAX {
            let carrier = carrier.to_uppercase();
            return Err(Refusal {
                text: format!(
                    "{carrier} Standard: up to 1000 g, this is {}.",
                    request.mass
                ),
                remedy: "Take another.".into(),
            });
        }
        if carrier != "dpd" || request.mass <= Mass::from_grams(1_000) {
            return Ok(());
        }
        Err(Refusal {
            text: "DPD takes up to 1 kg.".into(),
            remedy: "Scan OK, or ABORT.".into(),
        })
    }

    /// From the day of the handover to the day after.
    fn estimate(&self, request: &EstimateRequest<'_>) -> Option<Estimate> {
        let next = Wall {
            unix_ms: request.handed_over.unix_ms + 86_400_000,
            ..request.handed_over
        };
        (request.carrier != "beta").then(|| Estimate {
            from: request.handed_over.date(),
            to: next.date(),
            source: format!("table of {} to {}", request.carrier, request.country),
        })
    }

    fn carriers(&self) -> Vec<CarrierInfo> {
        let info = |id: &str, token: &str| CarrierInfo {
            id: id.into(),
            name: id.to_uppercase(),
            token: token.into(),
            lane: None,
        };
        vec![
            info("alpha", "LP"),
            info("beta", "BT"),
            info("dpd", "DPD"),
            info("ups", "UPS"),
            info("usps", "USP"),
        ]
    }

    fn box_by_token(&self, token: &str) -> Option<BoxType> {
        (token == "BIG").then(|| BoxType {
            id: "big".into(),
            name: "Big box".into(),
            tare: Mass::from_grams(200),
            size: None,
        })
    }

    fn box_type(&self, id: &str) -> Option<BoxType> {
        (id == "big").then(|| self.box_by_token("BIG")).flatten()
    }

    fn reason(&self, token: &str) -> Option<String> {
        (token == "TORN").then(|| "torn".into())
    }
}

pub fn place(id: &str) -> PlaceId {
    PlaceId::new(id)
}

/// Articles `A` (100 g) to `E` (500 g); barcodes `item-A` and so on.
pub fn items() -> BTreeMap<String, Item> {
    let item = |(i, sku): (i64, &str)| {
        let item = Item {
            sku: Sku::new(sku),
            title: format!("Article {sku}"),
            barcodes: vec![format!("item-{sku}")],
            weight: Some(Mass::from_grams(100 * (i + 1))),
            picture: None,
        };
        (format!("item-{sku}"), item)
    };
    (0..).zip(["A", "B", "C", "D", "E"]).map(item).collect()
}

pub fn order(id: &str, country: &str, lines: &[(&str, u32)]) -> Order {
    let line = |(sku, quantity): &(&str, u32)| OrderLine {
        sku: Sku::new(*sku),
        title: format!("Article {sku}"),
        quantity: *quantity,
    };
    Order {
        id: OrderId::new(id),
        version: 1,
        fingerprint: format!("{id}{country}{lines:?}"),
        seller: "seller".into(),
        channel: "test".into(),
        lines: lines.iter().map(line).collect(),
        ship_to: PersonRef {
            id: "p".into(),
            hash: "h".into(),
        },
        country: country.into(),
        area: String::new(),
        value: None,
        promised: None,
        requested_service: None,
        carrier_label: None,
        warnings: Vec::new(),
        status: OrderStatus::Waiting,
    }
}

/// An order that brings its own label.
pub fn labelled(id: &str, carrier: &str, number: &str, lines: &[(&str, u32)]) -> Order {
    let label = CarrierLabel {
        document: "sha".into(),
        format: "pdf".into(),
        carrier: carrier.into(),
        service: "std".into(),
        tracking_number: number.into(),
    };
    Order {
        carrier_label: Some(label),
        ..order(id, "AA", lines)
    }
}

/// A station in memory.
pub struct Station {
    pub state: State,
    pub live: Live,
    pub rules: Rules,
    pub items: BTreeMap<String, Item>,
    pub now_ms: u64,
    /// Everything ever recorded.
    pub drafts: Vec<Draft>,
    /// The projections, as a store would hold them.
    pub rows: BTreeMap<(&'static str, String), serde_json::Value>,
    /// Effects nobody has carried out yet.
    pub effects: Vec<Effect>,
    /// Labels that came out of the printer, by job.
    pub printed: Vec<JobId>,
}

impl Station {
    pub fn new() -> Self {
        let places = [
            (place("b1"), PlaceKind::Bench),
            (place("b2"), PlaceKind::Bench),
            (place("d1"), PlaceKind::Dock),
        ];
        let badge = |id: &str| Badge {
            operator: OperatorId::new(id),
            name: id.into(),
        };
        let badges = [
            ("badge-1".to_owned(), badge("anna")),
            ("badge-2".to_owned(), badge("ben")),
        ];
        Station {
            state: State::new("T1", &places),
            live: Live::default(),
            rules: Rules {
                badges: badges.into(),
                ..Rules::default()
            },
            items: items(),
            now_ms: 1_000,
            drafts: Vec::new(),
            rows: BTreeMap::new(),
            effects: Vec::new(),
            printed: Vec::new(),
        }
    }

    pub fn stamp(&self) -> Stamp {
        let unix_ms = 1_790_000_000_000 + i64::try_from(self.now_ms).unwrap();
        Stamp {
            wall: Wall {
                unix_ms,
                offset_min: 60,
            },
            mono: Instant(self.now_ms),
        }
    }

    /// Feeds one input; returns the facts it led to.
    pub fn input(&mut self, at: Option<&str>, kind: InputKind) -> Vec<Fact> {
        let mut looked = Looked::default();
        match &kind {
            InputKind::Scan { code, .. } => {
                looked.items = self.items.get(code.trim()).cloned().into_iter().collect();
                let forms = scan::forms(code);
                if !forms.iter().any(|f| self.state.by_code(f).next().is_some()) {
                    looked.parcels = self.archived(&forms);
                }
            }
            InputKind::CarrierScan {
                tracking_number, ..
            } => {
                looked.parcels = self.archived(&scan::forms(tracking_number));
                let orders = looked.parcels.iter();
                let rows = orders.filter_map(|p| self.rows.get(&("order", p.order.to_string())));
                looked.orders = rows
                    .map(|r| serde_json::from_value(r.clone()).unwrap())
                    .collect();
            }
            InputKind::Order { order } => {
                let label = order.carrier_label.as_ref();
                let forms = label.map_or(vec![], |l| scan::forms(&l.tracking_number));
                looked.parcels = self.archived(&forms);
            }
            InputKind::ExceptionSettled { parcel, .. } => {
                looked.parcels = self.archived(&scan::forms(parcel.as_str()));
            }
            _ => {}
        }
        // Like the store: archived records are found by id.
        let id = match &kind {
            InputKind::Order { order } => Some(&order.id),
            InputKind::OrderCancelled { order, .. } => Some(order),
            _ => None,
        };
        if let Some(id) = id.filter(|id| !self.state.orders.contains_key(id)) {
            let row = self.rows.get(&("order", id.to_string())).cloned();
            looked
                .orders
                .extend(row.map(|r| serde_json::from_value(r).unwrap()));
        }
        let input = Input {
            place: at.map(place),
            stamp: self.stamp(),
            kind,
        };
        let done = step(
            &mut self.state,
            &mut self.live,
            &input,
            &looked,
            &self.rules,
            &TestDesk,
        );
        self.keep(done.changes);
        self.effects.extend(done.effects);
        let facts = done.drafts.iter().map(|d| d.fact.clone()).collect();
        self.drafts.extend(done.drafts);
        facts
    }

    /// Like the store: archived parcels by any form of their code.
    fn archived(&self, forms: &[String]) -> Vec<parcel::Parcel> {
        let rows = self.rows.iter().filter(|((kind, id), _)| {
            *kind == "parcel" && !self.state.parcels.contains_key(&ParcelId::new(id.clone()))
        });
        let parcels = rows.map(|(_, row)| serde_json::from_value(row.clone()).unwrap());
        let bears = |p: &parcel::Parcel| {
            let mut codes = scan::forms(p.tracking_number().unwrap_or_default());
            codes.push(p.id.to_string());
            forms.iter().any(|form| codes.contains(form))
        };
        parcels.filter(bears).collect()
    }

    fn keep(&mut self, changes: Vec<Change>) {
        for change in changes {
            self.rows
                .insert((change.kind.as_str(), change.id), change.body);
        }
    }

    pub fn wait(&mut self, ms: u64) {
        self.now_ms += ms;
    }

    pub fn scan(&mut self, at: &str, code: &str) -> Vec<Fact> {
        self.wait(500);
        let device = DeviceId::new(format!("{at}/scanner"));
        self.input(
            Some(at),
            InputKind::Scan {
                device,
                code: code.into(),
            },
        )
    }

    pub fn control(&mut self, at: &str, control: Control) -> Vec<Fact> {
        self.scan(at, &payload(control, None))
    }

    pub fn control_with(&mut self, at: &str, control: Control, param: &str) -> Vec<Fact> {
        self.scan(at, &payload(control, Some(param)))
    }

    pub fn add(&mut self, order: Order) -> Vec<Fact> {
        let order = Box::new(order);
        self.input(None, InputKind::Order { order })
    }

    pub fn cancel(&mut self, id: &str) -> Vec<Fact> {
        let order = OrderId::new(id);
        self.input(
            None,
            InputKind::OrderCancelled {
                order,
                reason: "buyer".into(),
            },
        )
    }

    /// A scale frame.
    pub fn mass(&mut self, at: &str, grams: i64, stable: bool) -> Vec<Fact> {
        self.wait(100);
        let decimal = Decimal {
            mantissa: grams,
            exponent: -3,
        };
        let flags = MassFlags {
            stable,
            motion: !stable,
            ..MassFlags::default()
        };
        let reading = MassReading {
            mass: stable.then(|| Mass::from_decimal(decimal, Unit::Kilogram).unwrap()),
            decimal: stable.then_some(decimal),
            unit: Some(Unit::Kilogram),
            flags,
        };
        let device = DeviceId::new(format!("{at}/scale"));
        self.input(
            Some(at),
            InputKind::Mass {
                device,
                reading,
                raw: "02".into(),
            },
        )
    }

    /// Empties the platform, then puts a weight on it.
    pub fn weigh(&mut self, at: &str, grams: i64) -> Vec<Fact> {
        self.mass(at, 0, true);
        self.mass(at, grams, false);
        self.mass(at, grams, true)
    }

    /// Label desk and printer do all that waits, without a fault.
    pub fn print_all(&mut self) {
        for _ in 0..100 {
            let Some(effect) = (!self.effects.is_empty()).then(|| self.effects.remove(0)) else {
                return;
            };
            self.carry_out(effect);
        }
    }

    pub fn carry_out(&mut self, effect: Effect) {
        self.wait(10);
        let print = |job: &JobId, step| InputKind::Print {
            job: job.clone(),
            step,
        };
        match effect {
            Effect::Render { job, .. } => {
                let label = RenderedLabel {
                    picture: format!("sha-{job}"),
                    symbols: 2,
                };
                self.input(
                    None,
                    InputKind::Rendered {
                        job,
                        outcome: Ok(label),
                    },
                );
            }
            Effect::Submit { job, .. } => {
                let before = u64::try_from(self.printed.len()).unwrap();
                self.input(
                    None,
                    print(
                        &job,
                        PrintStep::Ready {
                            counter_before: Some(before),
                        },
                    ),
                );
            }
            Effect::Release { job, .. } => {
                let before = u64::try_from(self.printed.len()).unwrap();
                self.printed.push(job.clone());
                self.input(None, print(&job, PrintStep::Sent { bytes: 100 }));
                let after = before + 1;
                self.input(None, print(&job, PrintStep::Counted { before, after }));
            }
            Effect::Manifest { handover } => {
                let document = format!("sha-{handover}");
                self.input(None, InputKind::ManifestMade { handover, document });
            }
            _ => {}
        }
    }

    /// A scan the carrier made, `hours` after now.
    pub fn carrier_scan(
        &mut self,
        carrier: &str,
        number: &str,
        kind: parcel::ScanKind,
        hours: i64,
        days: Option<(&str, &str)>,
    ) -> Vec<Fact> {
        let at = Wall {
            unix_ms: self.stamp().wall.unix_ms + hours * 3_600_000,
            offset_min: 0,
        };
        let estimate = days.map(|(from, to)| Estimate {
            from: from.into(),
            to: to.into(),
            source: carrier.into(),
        });
        let scan = parcel::CarrierScan {
            at,
            kind,
            code: String::new(),
            text: format!("{kind:?}"),
            estimate,
        };
        self.input(
            None,
            InputKind::CarrierScan {
                carrier: carrier.into(),
                tracking_number: number.into(),
                scan,
            },
        )
    }

    /// Somebody settles an exception from outside.
    pub fn settle(&mut self, parcel: &ParcelId, code: &str) -> Vec<Fact> {
        self.input(
            None,
            InputKind::ExceptionSettled {
                parcel: parcel.clone(),
                code: code.into(),
                by: "office".into(),
                why: "asked the seller".into(),
            },
        )
    }

    /// Codes of the open exceptions of a parcel, as its projection has them.
    pub fn exceptions(&self, parcel: &ParcelId) -> Vec<String> {
        let row = &self.rows[&("parcel", parcel.to_string())];
        let parcel: parcel::Parcel = serde_json::from_value(row.clone()).unwrap();
        parcel.exceptions.into_iter().map(|e| e.code).collect()
    }

    pub fn stop(&self, at: &str) -> Option<String> {
        self.state.places[&place(at)]
            .stop
            .as_ref()
            .map(|s| s.code.clone())
    }

    /// The screen of a place.
    pub fn view(&self, at: &str) -> view::PlaceView {
        let scene = screen::Scene {
            state: &self.state,
            live: &self.live,
            rules: &self.rules,
            desk: &TestDesk,
            sync: &view::SyncHealth::default(),
            pictures: &BTreeMap::new(),
            now: self.stamp().mono,
        };
        screen::view(&scene, &place(at)).expect("the place is known")
    }

    pub fn open_parcel(&self, at: &str) -> Option<&parcel::Parcel> {
        let id = self.state.places[&place(at)].parcel.as_ref()?;
        self.state.parcels.get(id)
    }

    /// The bar codes on the newest label of the parcel open at the bench.
    pub fn label(&self, at: &str) -> (String, String) {
        let parcel = self.open_parcel(at).expect("a parcel is open");
        let job = parcel.jobs.last().expect("it has a label job");
        let number = parcel
            .tracking_number()
            .expect("it has a number")
            .to_owned();
        (number, scan::label_code(&parcel.id, job))
    }

    /// Packs one waiting order in one box; returns parcel and tracking number.
    pub fn pack(&mut self, at: &str, id: &str) -> (ParcelId, String) {
        let order = self.state.orders[&OrderId::new(id)].clone();
        self.scan(at, id);
        let mut grams = 0;
        for line in &order.lines {
            for _ in 0..line.quantity {
                let code = format!("item-{}", line.sku);
                grams += self.items[&code].weight.unwrap().ng() / 1_000_000_000;
                self.scan(at, &code);
            }
        }
        self.weigh(at, grams);
        self.print_all();
        let (number, _) = self.label(at);
        let parcel = self.open_parcel(at).unwrap().id.clone();
        self.scan(at, &number);
        (parcel, number)
    }
}

/// Replays all facts into a fresh state: its rows.
pub fn replay(drafts: &[Draft]) -> (State, BTreeMap<(&'static str, String), serde_json::Value>) {
    let fresh = Station::new();
    let mut state = fresh.state;
    let mut rows = BTreeMap::new();
    for draft in drafts {
        let at = state::Context {
            place: draft.place.as_ref(),
            operator: draft.operator.as_ref(),
            wall: draft.stamp.wall,
        };
        state.apply(at, &draft.fact);
    }
    for change in state.take_changes() {
        rows.insert((change.kind.as_str(), change.id), change.body);
    }
    (state, rows)
}
