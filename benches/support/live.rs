//! What only the real daemon can show: scan to verdict, trigger to first byte, memory, start.

use super::child::{Daemon, Memory};
use super::config::{BADGES, Surroundings};
use super::measure::{Goal, Row, Unit, Which};
use super::stream::Stream;
use firstscan::content::control::{Control, payload};
use firstscan::store::measure::sample_commit;
use firstscan::store::{OpenOptions, Store};
use firstscan_drivers::mass::Mass;
use serde_json::{Value, json};
use std::path::Path;
use std::time::{Duration, Instant};

/// The same control code again sooner would count as one scan.
const REPEAT_MIN: Duration = Duration::from_millis(450);
/// Events of the store that is opened to see whether a long history slows the start.
const HISTORY_EVENTS: u64 = 50_000;
/// Events per commit while it is filled.
const FILL_EVENTS: u64 = 1_000;
/// Article of the measured orders.
const SKU: &str = "BENCH-1";
const BARCODE: &str = "2000047110005";
const GRAMS: i64 = 210;

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub scans: usize,
    pub weighed_labels: usize,
    pub reprints: usize,
    pub starts: usize,
    /// How long the daemon is left alone before its memory is read.
    pub idle: Duration,
}

/// Everything that needs a daemon. `dir` is empty.
pub fn all(dir: &Path, plan: &Plan) -> Result<Vec<Row>, String> {
    let around = Surroundings::start(dir);
    let mut rows = starts(&around, dir, plan)?;
    let data = dir.join("live");
    let daemon = Daemon::start(&around, &data)?;
    daemon.connected()?;
    std::thread::sleep(plan.idle);
    let mut memory = vec![("memory: idle, all devices connected", daemon.memory()?)];
    let stream = daemon.listen("bench1")?;
    let mut bench = Bench {
        around: &around,
        daemon: &daemon,
        stream,
    };
    rows.push(bench.scans(plan.scans)?);
    daemon.post("/api/v1/items", items().to_string().as_bytes())?;
    let first = bench.pack(0)?;
    memory.push(("memory: after the first label", daemon.memory()?));
    let mut weighed = vec![first];
    for n in 1..plan.weighed_labels {
        bench.stick()?;
        weighed.push(bench.pack(n)?);
    }
    rows.extend(bench.reprints(plan.reprints)?);
    rows.push(Row::times(
        "box put down to first byte (scale included)",
        &weighed,
        None,
    ));
    std::thread::sleep(plan.idle);
    let name = format!(
        "memory: after {} labels",
        plan.weighed_labels + plan.reprints
    );
    memory.push((&name, daemon.memory()?));
    daemon.stop()?;
    for (name, memory) in memory {
        let goal = if name.contains("idle") {
            Goal::mib(20)
        } else {
            None
        };
        rows.extend(memory_rows(name, memory, goal));
    }
    rows.extend(history(&around, dir, plan)?);
    Ok(rows)
}

fn memory_rows(name: &str, memory: Memory, goal: Option<Goal>) -> [Row; 2] {
    let row = |name: &str, kib, goal| Row::new(name, Unit::Kibibytes, vec![kib], goal);
    [
        row(name, memory.resident, goal),
        row("  of this not backed by files", memory.anonymous, None),
    ]
}

/// Time to ready: with a new data folder each, and again with one that is there.
fn starts(around: &Surroundings, dir: &Path, plan: &Plan) -> Result<Vec<Row>, String> {
    let (mut fresh, mut again) = (Vec::new(), Vec::new());
    for n in 0..plan.starts {
        let data = dir.join(format!("fresh{n}"));
        for times in [&mut fresh, &mut again] {
            let daemon = Daemon::start(around, &data)?;
            times.push(daemon.ready_after);
            daemon.stop()?;
        }
    }
    let goal = Goal::ms(Which::Max, 200);
    Ok(vec![
        Row::times("time to ready, new data folder", &fresh, goal),
        Row::times("time to ready", &again, goal),
    ])
}

/// The same with a long history.
fn history(around: &Surroundings, dir: &Path, plan: &Plan) -> Result<Vec<Row>, String> {
    let data = dir.join("history");
    {
        let opened = Store::open(&OpenOptions::new(&data, "S1"));
        let (store, _) = opened.map_err(|e| e.to_string())?;
        for start in (0..HISTORY_EVENTS).step_by(FILL_EVENTS as usize) {
            let mut commit = sample_commit(start);
            for n in 1..FILL_EVENTS {
                commit.drafts.extend(sample_commit(start + n).drafts);
            }
            store.commit(commit).map_err(|e| e.to_string())?;
        }
    }
    let (mut times, mut memory) = (Vec::new(), None);
    for _ in 0..plan.starts {
        let daemon = Daemon::start(around, &data)?;
        times.push(daemon.ready_after);
        if memory.is_none() {
            daemon.connected()?;
            // What is due goes to the sink: memory is that of a station that catches up.
            std::thread::sleep(plan.idle);
            memory = Some(daemon.memory()?);
        }
        daemon.stop()?;
    }
    let mut rows = vec![Row::times(
        "time to ready, 50,000 events",
        &times,
        Goal::ms(Which::Max, 200),
    )];
    if let Some(memory) = memory {
        rows.extend(memory_rows(
            "memory: catching up on 50,000 events",
            memory,
            None,
        ));
    }
    Ok(rows)
}

fn items() -> Value {
    json!([{ "sku": SKU, "title": "Enamel mug", "barcodes": [BARCODE], "weight": GRAMS }])
}

fn order(id: &str) -> Value {
    json!({
        "schema": "order-v1", "id": id, "seller": "Nordlicht Outdoor", "channel": "bench",
        "ship_to": {
            "name": "Erika Mustermann", "lines": ["Heidestraße 17"], "postcode": "51147",
            "city": "Köln", "country": "DE"
        },
        "lines": [{ "sku": SKU, "title": "Enamel mug", "quantity": 1 }]
    })
}

fn is_mode(mode: &'static str) -> impl Fn(&Value) -> bool {
    move |view| view["mode"] == mode
}

/// The label came out and was counted: the next one may be asked for.
fn counted(view: &Value) -> bool {
    let evidence = view
        .pointer("/parcel/job/evidence")
        .and_then(Value::as_array);
    view["mode"] == "scan_back" && evidence.is_some_and(|e| e.iter().any(|e| e == "counted"))
}

fn job(view: &Value) -> Option<Value> {
    view.pointer("/parcel/job/id").cloned()
}

/// A packer at bench1.
struct Bench<'a> {
    around: &'a Surroundings,
    daemon: &'a Daemon,
    stream: Stream,
}

impl Bench<'_> {
    /// Pulls the trigger; returns when.
    fn scan(&self, code: &str) -> Instant {
        let bench = self
            .around
            .devices
            .bench("bench1")
            .expect("bench1 is emulated");
        let began = Instant::now();
        bench.scanner.with(|gun, _| gun.scan(code));
        began
    }

    /// Two packers take turns: from the bytes on the pty to the name on the screen.
    fn scans(&mut self, count: usize) -> Result<Row, String> {
        let mut times = Vec::new();
        for n in 0..count + 10 {
            let (code, operator) = BADGES[n % 2];
            let began = self.scan(code);
            let is = |view: &Value| {
                view.pointer("/operator/id")
                    .is_some_and(|id| id == operator)
            };
            let shown = self.stream.until(operator, is)?;
            if n >= 10 {
                times.push(shown - began);
            }
            // No step with the station's own ticks, which are 250 ms apart.
            let pause_ms = u64::try_from(10 + n * 7 % 29).unwrap_or(10);
            std::thread::sleep(Duration::from_millis(pause_ms));
        }
        let name = "scan to verdict: pty to event stream";
        Ok(Row::times(name, &times, Goal::ms(Which::P99, 100)))
    }

    fn put(&self, grams: Option<i64>) -> Instant {
        let bench = self
            .around
            .devices
            .bench("bench1")
            .expect("bench1 is emulated");
        let began = Instant::now();
        bench.scale.with(|scale, now_ms| match grams {
            Some(grams) => scale.put(now_ms, Mass::from_grams(grams)),
            None => scale.take(now_ms),
        });
        began
    }

    /// Packs an order up to its label; from the box on the scale to the label's first byte.
    fn pack(&mut self, n: usize) -> Result<Duration, String> {
        let id = format!("BENCH-ORDER-{n}");
        self.daemon
            .post("/api/v1/orders", order(&id).to_string().as_bytes())?;
        self.stream.reach("ready", is_mode("ready"))?;
        self.scan(&id);
        self.stream.until("verifying", is_mode("verifying"))?;
        std::thread::sleep(REPEAT_MIN);
        self.scan(BARCODE);
        let armed = |view: &Value| {
            view["mode"] == "weighing" && view.pointer("/weight/armed") == Some(&Value::Bool(true))
        };
        self.stream.until("an armed scale", armed)?;
        self.around.printer.forget();
        let began = self.put(Some(GRAMS));
        let arrived = self.around.printer.next_label()?;
        self.stream.reach("a counted label", counted)?;
        Ok(arrived - began)
    }

    /// Scans the label back and takes the parcel off.
    fn stick(&mut self) -> Result<(), String> {
        let number = self.stream.last.pointer("/parcel/tracking_number").cloned();
        let number = number
            .as_ref()
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        self.put(None);
        self.scan(&number);
        self.stream.reach("ready", is_mode("ready"))
    }

    /// Copies of the open parcel's label: from the scanned reason to the first byte, and to the
    /// label's count.
    fn reprints(&mut self, count: usize) -> Result<Vec<Row>, String> {
        let (mut first, mut done) = (Vec::new(), Vec::new());
        for _ in 0..count {
            std::thread::sleep(REPEAT_MIN);
            self.scan(&payload(Control::Reprint, None));
            self.stream
                .until("a wait for the reason", |view| view["prompt"].is_string())?;
            self.around.printer.forget();
            let before = job(&self.stream.last);
            let fresh = |view: &Value| counted(view) && job(view) != before;
            let began = self.scan(&payload(Control::Reason, Some("TORN")));
            first.push(self.around.printer.next_label()? - began);
            done.push(self.stream.until("a counted label", fresh)? - began);
        }
        Ok(vec![
            Row::times(
                "trigger to first byte: pty to TCP",
                &first,
                Goal::ms(Which::P99, 300),
            ),
            Row::times("trigger to proof by the printer's count", &done, None),
        ])
    }
}
