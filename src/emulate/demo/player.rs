//! The auto player: a packer who knows nothing but the screen, the paper and the goods.
//!
//! It looks at the screen's document, does the one next thing, and looks again. So it copes with
//! a daemon that is killed at any moment: whatever was recorded shows on the screen, whatever was
//! not is simply done again.

use super::daemon::Daemon;
use super::script::{Script, Step, Twist};
use crate::content::control::{Control, payload};
use crate::emulate::bench::EmulatedStation;
use firstscan_drivers::mass::Mass;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Longest whole run.
const RUN_MAX: Duration = Duration::from_secs(240);
/// Between two looks at a screen.
pub(super) const LOOK: Duration = Duration::from_millis(8);
/// How long a deed may take to show on the screen before it is judged again.
const SHOWN_MAX: Duration = Duration::from_millis(900);
/// The same code again sooner would count as one scan: articles, and all others.
const REPEAT_ITEM_MIN: Duration = Duration::from_millis(180);
const REPEAT_MIN: Duration = Duration::from_millis(430);

/// What can go wrong for good.
pub type PlayError = String;

/// The player.
pub struct Player {
    pub daemon: Daemon,
    pub devices: Arc<EmulatedStation>,
    pub script: Script,
    /// Twists that were played, as `<order>/<twist>`.
    played: BTreeSet<String>,
    /// Tracking number and carrier of every label stuck on a parcel.
    pub stickers: BTreeMap<String, String>,
    last_scan: BTreeMap<&'static str, (String, Instant)>,
    pub(super) paper_since: Option<Instant>,
    /// The label taken from the printer for a job, and the code on it that is scanned.
    pub(super) in_hand: Option<(String, String)>,
    started: Instant,
    /// One line per deed, for people who watch.
    pub narrate: bool,
}

impl std::fmt::Debug for Player {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Player").field("played", &self.played).finish_non_exhaustive()
    }
}

/// A text in a view.
pub(super) fn text<'a>(view: &'a Value, pointer: &str) -> &'a str {
    view.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// A number in a view.
pub(super) fn number(view: &Value, pointer: &str) -> u64 {
    view.pointer(pointer).and_then(Value::as_u64).unwrap_or_default()
}

impl Player {
    /// A player for a running demo.
    pub fn new(daemon: Daemon, devices: Arc<EmulatedStation>, script: Script) -> Self {
        Player {
            daemon,
            devices,
            script,
            played: BTreeSet::new(),
            stickers: BTreeMap::new(),
            last_scan: BTreeMap::new(),
            paper_since: None,
            in_hand: None,
            started: Instant::now(),
            narrate: false,
        }
    }

    /// Packs every order of the script, then hands everything over.
    ///
    /// # Errors
    /// [`PlayError`] if it takes too long or a screen asks for what no packer can do.
    pub fn play(&mut self) -> Result<(), PlayError> {
        self.import()?;
        while self.bench_turn()? {
            self.in_time()?;
        }
        while self.dock_turn()? {
            self.in_time()?;
        }
        Ok(())
    }

    fn in_time(&self) -> Result<(), PlayError> {
        if self.started.elapsed() < RUN_MAX {
            return Ok(());
        }
        let view = self.daemon.get("/api/v1/places/bench1/view").unwrap_or_default();
        Err(format!("the run takes too long; the bench shows {view}"))
    }

    /// Gives items and orders to the station, as a marketplace would.
    ///
    /// # Errors
    /// [`PlayError`] if the daemon does not take them in time.
    pub fn import(&mut self) -> Result<(), PlayError> {
        let items = self.script.items_document.clone();
        let documents: Vec<Vec<u8>> =
            self.script.steps.iter().map(|s| s.document.clone()).collect();
        self.send("/api/v1/items", &items)?;
        for document in documents {
            self.send("/api/v1/orders", &document)?;
        }
        Ok(())
    }

    /// Posts until the daemon took it; the same order twice is one order.
    fn send(&self, path: &str, body: &[u8]) -> Result<(u16, Value), PlayError> {
        loop {
            self.in_time()?;
            match self.daemon.post(path, body) {
                Ok((status, answer)) if status < 500 => return Ok((status, answer)),
                _ => self.rest()?,
            }
        }
    }

    /// The daemon does not answer: see that it lives, then look again.
    fn rest(&self) -> Result<(), PlayError> {
        self.daemon.revive().map_err(|e| e.to_string())?;
        std::thread::sleep(Duration::from_millis(25));
        Ok(())
    }

    /// The screen of a place, as soon as the daemon shows one.
    pub(super) fn look(&self, place: &str) -> Result<Value, PlayError> {
        loop {
            self.in_time()?;
            match self.daemon.get(&format!("/api/v1/places/{place}/view")) {
                Ok(view) => return Ok(view),
                Err(_) => self.rest()?,
            }
        }
    }

    /// Does something and waits until the screen shows anything new.
    pub(super) fn act(
        &mut self,
        place: &'static str,
        seen: &Value,
        deed: impl FnOnce(&mut Self),
    ) -> Result<(), PlayError> {
        deed(self);
        let until = Instant::now() + SHOWN_MAX;
        while Instant::now() < until {
            std::thread::sleep(LOOK);
            let Ok(now) = self.daemon.get(&format!("/api/v1/places/{place}/view")) else {
                return self.rest();
            };
            if progress(&now) != progress(seen) {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Pulls the trigger, once the gun is connected and the same code is no bounce.
    pub(super) fn scan(&mut self, place: &'static str, code: &str) {
        if self.narrate {
            eprintln!("  {place}: scan {code}");
        }
        if let Some((last, at)) = self.last_scan.get(place)
            && last == code
        {
            let article = self.script.articles.values().any(|a| a.barcode == code);
            let pause = if article { REPEAT_ITEM_MIN } else { REPEAT_MIN };
            std::thread::sleep(pause.saturating_sub(at.elapsed()));
        }
        let Some(scanner) = self.devices.scanner(place) else { return };
        let scanner = scanner.device();
        for _ in 0..100 {
            if scanner.host_open() {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        scanner.with(|gun, _| gun.scan(code));
        self.last_scan.insert(place, (code.to_owned(), Instant::now()));
    }

    pub(super) fn control(&mut self, place: &'static str, control: Control, param: Option<&str>) {
        self.scan(place, &payload(control, param));
    }

    /// Plays a twist once; true if it is to be played now.
    pub(super) fn once(&mut self, key: String) -> bool {
        self.played.insert(key)
    }

    fn has_played(&self, order: &str, twist: &str) -> bool {
        self.played.contains(&format!("{order}/{twist}"))
    }

    fn step(&self, order: &str) -> Option<Step> {
        self.script.step(order).cloned()
    }

    /// Orders of the script that still want packing, in script order.
    fn open_orders(&self) -> Result<Vec<String>, PlayError> {
        let listed = loop {
            self.in_time()?;
            match self.daemon.get("/api/v1/orders?limit=1000") {
                Ok(listed) => break listed,
                Err(_) => self.rest()?,
            }
        };
        let rows = listed.get("orders").and_then(Value::as_array).cloned().unwrap_or_default();
        let status = |id: &str| {
            let row = rows.iter().find(|r| text(r, "/id") == id)?;
            Some(text(row, "/status").to_owned())
        };
        let open = |s: &&Step| {
            matches!(status(&s.order).as_deref(), Some("waiting" | "parked" | "packing"))
        };
        Ok(self.script.steps.iter().filter(open).map(|s| s.order.clone()).collect())
    }

    /// One deed at the bench; false when nothing is left to pack.
    fn bench_turn(&mut self) -> Result<bool, PlayError> {
        let view = self.look("bench1")?;
        match text(&view, "/mode") {
            "login" => {
                let badge = self.script.badge.clone();
                self.act("bench1", &view, |p| p.scan("bench1", &badge))?;
            }
            "ready" => return self.next_order(&view),
            "verifying" => self.verify(&view)?,
            "weighing" => self.weigh(&view)?,
            "labelling" => self.wait_for_label(&view)?,
            "scan_back" => self.stick_label(&view)?,
            "stop" => self.clear_stop(&view)?,
            other => return Err(format!("the bench shows {other:?}")),
        }
        Ok(true)
    }

    fn next_order(&mut self, view: &Value) -> Result<bool, PlayError> {
        self.clear_platform();
        let Some(order) = self.open_orders()?.into_iter().next() else { return Ok(false) };
        self.act("bench1", view, |p| p.scan("bench1", &order))?;
        Ok(true)
    }

    fn verify(&mut self, view: &Value) -> Result<(), PlayError> {
        let order = text(view, "/order/id").to_owned();
        let done = number(view, "/order/done");
        let step = self.step(&order);
        let twist = step.as_ref().map_or(Twist::None, |s| s.twist.clone());
        match &twist {
            Twist::WrongItem { barcode } if !self.has_played(&order, "wrong_item") => {
                return self.act("bench1", view, |p| p.scan("bench1", barcode));
            }
            Twist::SecondOrder { order: other } if !self.has_played(&order, "second_order") => {
                return self.act("bench1", view, |p| p.scan("bench1", other));
            }
            Twist::Surplus if done == 1 && !self.has_played(&order, "surplus") => {
                let barcode = self.finished_line(view).unwrap_or_default();
                return self.act("bench1", view, |p| p.scan("bench1", &barcode));
            }
            Twist::Cancel { reason } if done > 0 => {
                let body = serde_json::json!({ "reason": reason }).to_string();
                self.send(&format!("/api/v1/orders/{order}/cancel"), body.as_bytes())?;
                return self.act("bench1", view, |_| ());
            }
            Twist::TwoBoxes { pieces } if done >= *pieces && number(view, "/parcel/n") == 1 => {
                if let Some(param) = self.unchosen_box(view) {
                    return self.choose_box(view, &param);
                }
                return self.act("bench1", view, |p| p.control("bench1", Control::NextBox, None));
            }
            _ => {}
        }
        // The last piece leads to the scale: the box is chosen before it.
        if let Some(param) = self.unchosen_box(view).filter(|_| done > 0) {
            return self.choose_box(view, &param);
        }
        let Some(barcode) = self.wanted(view) else {
            return Err(format!("order {order} wants something that is on no shelf"));
        };
        self.act("bench1", view, |p| p.scan("bench1", &barcode))
    }

    fn choose_box(&mut self, view: &Value, param: &str) -> Result<(), PlayError> {
        self.act("bench1", view, |p| p.control("bench1", Control::Box, Some(param)))
    }

    /// The box the script wants for the open parcel, while none was scanned.
    fn unchosen_box(&self, view: &Value) -> Option<String> {
        if !text(view, "/parcel/box_type").is_empty() {
            return None;
        }
        let n = usize::try_from(number(view, "/parcel/n")).ok()?.checked_sub(1)?;
        self.step(text(view, "/order/id"))?.boxes.get(n).cloned()
    }

    /// The barcode of the first line that is not complete.
    fn wanted(&self, view: &Value) -> Option<String> {
        let lines = view.pointer("/order/lines")?.as_array()?;
        // In the order of the script's document: the screen sinks finished lines.
        let line = lines.iter().find(|l| number(l, "/done") < number(l, "/wanted"))?;
        self.script.articles.get(text(line, "/sku")).map(|a| a.barcode.clone())
    }

    fn finished_line(&self, view: &Value) -> Option<String> {
        let lines = view.pointer("/order/lines")?.as_array()?;
        let line = lines.iter().find(|l| number(l, "/done") >= number(l, "/wanted"))?;
        self.script.articles.get(text(line, "/sku")).map(|a| a.barcode.clone())
    }

    pub(super) fn clear_platform(&self) {
        if let Some(bench) = self.devices.bench("bench1") {
            bench.scale.device().with(|scale, now| {
                if scale.load() != Mass::from_grams(0) {
                    scale.take(now);
                }
            });
        }
    }

    fn put(&self, grams: i64) {
        let Some(bench) = self.devices.bench("bench1") else { return };
        let load = Mass::from_grams(grams);
        bench.scale.device().with(|scale, now| {
            if scale.load() != load {
                scale.put(now, load);
            }
        });
    }

    fn weigh(&mut self, view: &Value) -> Result<(), PlayError> {
        if let Some(param) = self.unchosen_box(view) {
            return self.choose_box(view, &param);
        }
        if !view.pointer("/weight/armed").and_then(Value::as_bool).unwrap_or_default() {
            return self.act("bench1", view, |p| p.clear_platform());
        }
        let grams = self.grams(view);
        self.act("bench1", view, |p| p.put(grams))
    }

    /// What the parcel weighs: the script's weights, the wrong one first.
    fn grams(&self, view: &Value) -> i64 {
        let order = text(view, "/order/id");
        let n = usize::try_from(number(view, "/parcel/n").saturating_sub(1)).unwrap_or(0);
        let weights = self.step(order).and_then(|s| s.weights.get(n).cloned());
        let weights = weights.unwrap_or_default();
        let wrong = weights.len() > 1 && !self.has_played(order, "weight_out_of_band");
        let right = || weights.last().copied();
        let expected = view.pointer("/weight/band/expected_g").and_then(Value::as_i64);
        let chosen = if wrong { weights.first().copied() } else { right() };
        chosen.or(expected).unwrap_or(850)
    }

    fn clear_stop(&mut self, view: &Value) -> Result<(), PlayError> {
        let code = text(view, "/stop/code").to_owned();
        let order = text(view, "/order/id").to_owned();
        self.once(format!("{order}/{code}"));
        match code.as_str() {
            "no_operator" => {
                let badge = self.script.badge.clone();
                self.act("bench1", view, |p| p.scan("bench1", &badge))
            }
            "wrong_item" => match self.wanted(view) {
                Some(barcode) => self.act("bench1", view, |p| p.scan("bench1", &barcode)),
                None => self.ok(view),
            },
            "weight_out_of_band" | "scale_over" | "scale_fault" | "unstable_weight" => {
                self.clear_platform();
                std::thread::sleep(Duration::from_millis(250));
                let grams = self.grams(view);
                self.act("bench1", view, |p| p.put(grams))
            }
            "label_failed" | "label_expired" | "no_label_counted" => self.reprint(view),
            "store_failed" => self.rest(),
            _ => self.ok(view),
        }
    }

    fn ok(&mut self, view: &Value) -> Result<(), PlayError> {
        self.act("bench1", view, |p| p.control("bench1", Control::Ok, None))
    }
}

/// The part of a view that changes when work goes on: all but the live weight and the clock.
fn progress(view: &Value) -> Value {
    let mut view = view.clone();
    if let Some(map) = view.as_object_mut() {
        map.remove("version");
        map.remove("health");
        if let Some(weight) = map.get_mut("weight").and_then(Value::as_object_mut) {
            weight.retain(|key, _| key == "armed");
        }
    }
    view
}

impl Player {
    /// Whether something was played or met.
    pub(super) fn was(&self, key: &str) -> bool {
        self.played.contains(key)
    }
}
