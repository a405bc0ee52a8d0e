//! The label desk: a thread that makes, checks and stores label pictures and manifests. Slow work
//! beside the loop; its results return as inputs.

use super::clock::StationClock;
use super::core::{Delivery, Message};
use crate::content::{address, tracking};
use crate::domain::handover::Handover;
use crate::domain::input::{RenderedLabel, Unlabelled};
use crate::domain::job::LabelJob;
use crate::domain::order::{Address, Order};
use crate::domain::parcel::Parcel;
use crate::domain::{InputKind, JobId, scan};
use crate::label::symbol::{self, Options, Shape, Symbology};
use crate::label::{self, FieldMap, PlacedSymbol, Template, import, manifest, png};
use crate::print::{Bars, Printable};
use crate::pulse::Pulse;
use crate::store::{NewDocument, Store};
use firstscan_drivers::bitmap::Resolution;
use firstscan_drivers::length::Length;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;

/// Tasks that may wait for the label desk.
pub const TASKS_MAX: usize = 256;
/// Finished pictures kept in memory until their printer took them.
const PICTURES_MAX: usize = 16;

/// Work for the label desk; snapshots, so that it needs no state.
#[derive(Debug)]
pub enum Task {
    Label(Box<LabelTask>),
    Manifest {
        handover: Box<Handover>,
        parcels: Vec<Parcel>,
    },
}

/// What one label is made of.
#[derive(Debug)]
pub struct LabelTask {
    pub job: LabelJob,
    pub parcel: Parcel,
    pub order: Order,
    /// The printer's resolution and stock.
    pub stock: Stock,
}

/// The printer's head and paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stock {
    pub resolution: Resolution,
    pub width: Length,
    pub height: Length,
}

/// Pictures waiting for their printer, by job.
pub type Pictures = Arc<Mutex<BTreeMap<JobId, Printable>>>;

/// Site values printed on labels.
#[derive(Debug, Clone)]
pub struct Sender {
    pub lines: Vec<String>,
    pub country: String,
    /// Letters of each carrier's lane by its id: as large on the label as at the dock.
    pub lanes: BTreeMap<String, String>,
}

/// The label desk.
#[derive(Debug)]
pub struct LabelDesk {
    pub store: Store,
    pub clock: StationClock,
    pub sender: Sender,
    pub pictures: Pictures,
    pub station: mpsc::Sender<Message>,
}

/// Lower-case hex SHA-256.
pub fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect()
}

impl LabelDesk {
    /// Works until all task senders are gone.
    pub fn run(self, tasks: Receiver<Task>, pulse: &Pulse) {
        for task in tasks {
            pulse.works();
            match task {
                Task::Label(task) => {
                    let job = task.job.id.clone();
                    let outcome = self.label(&task);
                    self.send(InputKind::Rendered { job, outcome });
                }
                Task::Manifest { handover, parcels } => {
                    let id = handover.id.clone();
                    match self.manifest(&handover, &parcels) {
                        Ok(document) => {
                            self.send(InputKind::ManifestMade {
                                handover: id,
                                document,
                            });
                        }
                        Err(error) => tracing::error!(handover = %id, error, "manifest failed"),
                    }
                }
            }
            pulse.rests();
        }
    }

    fn send(&self, kind: InputKind) {
        let delivery = Delivery::plain(None, self.clock.now(), kind);
        if self
            .station
            .blocking_send(Message::Input(Box::new(delivery)))
            .is_err()
        {
            tracing::debug!("station has stopped; the work is taken up at the next start");
        }
    }

    /// Makes, checks and stores one label picture.
    fn label(&self, task: &LabelTask) -> Result<RenderedLabel, Unlabelled> {
        let given = task
            .order
            .carrier_label
            .as_ref()
            .filter(|_| task.parcel.n == 1);
        let made = match given {
            Some(given) => self.carrier_label(&given.document, task)?,
            None => self.own_label(task)?,
        };
        let Made { label, symbols } = made;
        let resolution = task.stock.resolution;
        let bytes = png::encode(&label.picture, resolution).map_err(|e| vec![e.to_string()])?;
        let picture = sha256_hex(&bytes);
        let document = NewDocument {
            sha256: picture.clone(),
            format: "png".into(),
            bytes,
        };
        self.store
            .put_document(document)
            .map_err(|e| vec![e.to_string()])?;
        let mut pictures = self.pictures.lock().unwrap_or_else(PoisonError::into_inner);
        while pictures.len() >= PICTURES_MAX {
            pictures.pop_first();
        }
        pictures.insert(task.job.id.clone(), label);
        Ok(RenderedLabel { picture, symbols })
    }

    /// Our own template; every symbol is decoded from the final bitmap before paper is used.
    fn own_label(&self, task: &LabelTask) -> Result<Made, Unlabelled> {
        let person = self
            .store
            .person(&task.order.ship_to.id)
            .map_err(|e| vec![e.to_string()])?;
        let person = person.ok_or_else(|| {
            let text = "The address was erased: send the order again with its address.";
            unaddressed(text.to_owned())
        })?;
        check_address(&person.address)?;
        let name = task
            .parcel
            .assignment
            .as_ref()
            .map_or("", |a| a.template.as_str());
        let template = Template::load(if name.is_empty() {
            "transport-4x6"
        } else {
            name
        })
        .map_err(|e| vec![e.to_string()])?;
        let fields = fields(task, &person.address, &self.sender, &self.clock);
        let rendered = label::render(&template, &fields, task.stock.resolution);
        let mut problems: Vec<String> = rendered.problems.iter().map(ToString::to_string).collect();
        problems.extend(
            label::check::expect(&rendered)
                .iter()
                .map(ToString::to_string),
        );
        if problems.is_empty() {
            Ok(Made {
                symbols: count(rendered.symbols.len()),
                label: Printable {
                    bars: rendered.symbols.iter().filter_map(bars).collect(),
                    ..Arc::new(rendered.bitmap).into()
                },
            })
        } else {
            Err(problems.into())
        }
    }

    /// The label that came with the order, put onto the stock of this printer.
    fn carrier_label(&self, sha: &str, task: &LabelTask) -> Result<Made, Vec<String>> {
        let stored = self.store.document(sha).map_err(|e| vec![e.to_string()])?;
        let missing = "The carrier's label is not stored here: send the order again with it.";
        let stored = stored.ok_or_else(|| vec![missing.to_owned()])?;
        let stock = task.stock;
        let kind = import::Kind::detect(&stored.bytes).ok_or_else(|| {
            vec!["The carrier's label is neither PDF, ZPL nor a picture.".to_owned()]
        })?;
        let pages = import::to_bitmaps(
            &stored.bytes,
            kind,
            (stock.width, stock.height),
            stock.resolution,
        )
        .map_err(|e| vec![e.to_string()])?;
        let [page] = pages.as_slice() else {
            return Err(vec![format!(
                "The carrier sent {} labels for one parcel.",
                pages.len()
            )]);
        };
        let mut problems: Vec<String> = page.problems.iter().map(ToString::to_string).collect();
        let number = task.parcel.tracking_number().unwrap_or_default();
        let bears = |data: &str| data.contains(number) || tracking::is_same(data, number);
        if !page.symbols_after.iter().any(|s| bears(&s.data)) {
            problems.push(format!("The label's barcodes do not contain {number}."));
        }
        if problems.is_empty() {
            let zpl = (kind == import::Kind::Zpl).then(|| stored.bytes.as_slice().into());
            Ok(Made {
                symbols: count(page.symbols_after.len()),
                label: Printable {
                    zpl,
                    ..Arc::new(page.bitmap.clone()).into()
                },
            })
        } else {
            Err(problems)
        }
    }

    fn manifest(&self, handover: &Handover, parcels: &[Parcel]) -> Result<String, String> {
        let bytes = manifest::document(&manifest_of(handover, parcels, &self.sender))
            .map_err(|e| e.to_string())?;
        let sha256 = sha256_hex(&bytes);
        let document = NewDocument {
            sha256: sha256.clone(),
            format: "pdf".into(),
            bytes,
        };
        self.store
            .put_document(document)
            .map_err(|e| e.to_string())?;
        Ok(sha256)
    }
}

fn unaddressed(text: String) -> Unlabelled {
    Unlabelled {
        address: true,
        problems: vec![text],
    }
}

/// Orders with the carrier's own label may come with a masked address; another label of theirs
/// cannot be made of it. The text names the fields and quotes nobody.
fn check_address(address: &Address) -> Result<(), Unlabelled> {
    let problems = address::check(&address.parts());
    let fields = problems.iter().map(|p| p.field.as_str());
    let fields: Vec<&str> = fields.filter(|field| *field != "phone").collect();
    if fields.is_empty() {
        return Ok(());
    }
    let fields = fields.join(", ");
    Err(unaddressed(format!(
        "The address is masked or not complete: {fields}."
    )))
}

/// A label ready for its printer.
struct Made {
    label: Printable,
    /// Symbols on it that were read.
    symbols: u32,
}

/// What a printer needs to draw a symbol by itself; `None` for what it would draw otherwise.
fn bars(symbol: &PlacedSymbol) -> Option<Bars> {
    let known = matches!(symbol.symbology, Symbology::Code128 | Symbology::Gs1_128);
    let wanted = known && symbol.turns == 0;
    let encoded =
        wanted.then(|| symbol::encode(symbol.symbology, &symbol.data, &Options::default()));
    let Shape::Linear(widths) = encoded?.ok()?.shape else {
        return None;
    };
    Some(Bars {
        x: u32::try_from(symbol.x).ok()?,
        y: u32::try_from(symbol.y).ok()?,
        module_dots: u32::try_from(symbol.module_dots).ok()?,
        height: u32::try_from(symbol.height).ok()?,
        widths,
    })
}

fn count(symbols: usize) -> u32 {
    u32::try_from(symbols).unwrap_or(u32::MAX)
}

/// What a manifest says.
fn manifest_of(handover: &Handover, parcels: &[Parcel], sender: &Sender) -> manifest::Manifest {
    let mass = |p: &Parcel| p.weight.as_ref().map_or(0, |w| w.mass.ng());
    let total_g = parcels.iter().map(mass).sum::<i64>() / 1_000_000_000;
    let kg = |g: i64| format!("{}.{:03} kg", g / 1000, g % 1000);
    manifest::Manifest {
        paper: manifest::Paper::A4,
        carrier: handover.carrier_name.clone(),
        from: sender.lines.join(", "),
        handover_id: handover.id.to_string(),
        opened_at: handover.opened_at.rfc3339(),
        closed_at: handover.closed_at.map(|w| w.rfc3339()).unwrap_or_default(),
        count: u32::try_from(parcels.len()).unwrap_or(u32::MAX),
        total_weight: kg(total_g),
        driver: String::new(),
        vehicle: String::new(),
        lines: parcels
            .iter()
            .map(|p| manifest::Line {
                tracking_number: p.tracking_number().unwrap_or_default().to_owned(),
                parcel: p.id.to_string(),
                weight: kg(mass(p) / 1_000_000_000),
            })
            .collect(),
    }
}

/// The field map of a transport label.
fn fields(task: &LabelTask, address: &Address, sender: &Sender, clock: &StationClock) -> FieldMap {
    let mut fields = FieldMap::new();
    let mut put = |key: &str, value: &str| {
        fields.insert(key.to_owned(), value.to_owned());
    };
    for (i, line) in sender.lines.iter().take(4).enumerate() {
        put(&format!("ship_from.{}", i + 1), line);
    }
    let to = address::label_lines(&address.parts(), &sender.country);
    for (i, line) in to.lines.iter().take(7).enumerate() {
        put(&format!("ship_to.{}", i + 1), line);
    }
    put("ship_to.country", to.country.unwrap_or_default());
    let parcel = &task.parcel;
    if let Some(assignment) = &parcel.assignment {
        put("carrier", &assignment.carrier_name);
        let lane = sender.lanes.get(&assignment.carrier);
        put("carrier.code", lane.unwrap_or(&assignment.carrier));
        put("service", &assignment.service_name);
    }
    if let Some(weight) = &parcel.weight {
        put("weight", &format!("{} {}", weight.decimal, weight.unit));
    }
    put("ship_date", &clock.now().wall.date());
    put("order_ref", parcel.order.as_str());
    put("parcel_ref", parcel.id.as_str());
    put("seller", &task.order.seller);
    let of = parcel
        .of
        .filter(|of| *of > 1)
        .map(|of| format!("{} of {of}", parcel.n));
    put("parcel_of", of.as_deref().unwrap_or_default());
    put(
        "tracking_number",
        parcel.tracking_number().unwrap_or_default(),
    );
    put("job_code", &scan::label_code(&parcel.id, &task.job.id));
    let copy = if task.job.copy > 0 {
        task.job.copy.to_string()
    } else {
        String::new()
    };
    put("copy", &copy);
    fields
}

/// Queue to the label desk.
#[derive(Debug, Clone)]
pub struct LabelQueue(pub SyncSender<Task>);

impl LabelQueue {
    /// Hands work over; if the desk is that far behind, the next start takes the work up again.
    pub fn push(&self, task: Task) {
        if self.0.try_send(task).is_err() {
            tracing::error!("label desk is overloaded or gone; restart to take the work up again");
        }
    }
}
