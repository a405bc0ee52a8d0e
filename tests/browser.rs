//! One parcel from badge to truck in a real headless Chromium, against the real daemon and the
//! emulated hardware of `firstscan demo`. The test plays the packer with clicks on the panel and
//! sees only what a person sees. `FIRSTSCAN_SCREENSHOTS=DIR` keeps a picture of every step.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "support/webdriver.rs"]
mod webdriver;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use webdriver::Browser;

const START_MAX: Duration = Duration::from_secs(40);
const END_MAX: Duration = Duration::from_secs(15);
/// Longest wait for a click to show on a screen. Generous: the machine may be busy.
const SHOWN_MS_MAX: u64 = 15_000;
/// The same code again sooner than 400 ms counts as one pull of the trigger.
const TRIGGER: Duration = Duration::from_millis(500);

/// An order of the demo with two lines and three pieces, and one that only disturbs.
const ORDER: &str = "KK-10231";
const OTHER_ORDER: &str = "576461413038785101";
const PAN: &str = "2000047111194";
const SPOON: &str = "2000047111538";
const SOCKS: &str = "2000047110517";

const BENCH: &str = "#bench-frame";
const DOCK: &str = "#dock-frame";

/// A running demo; it ends with its daemon when dropped, also in a panic.
struct Demo {
    child: Child,
    dir: tempfile::TempDir,
    panel: String,
}

impl Demo {
    fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_firstscan"))
            .arg("demo")
            .arg("--out")
            .arg(dir.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || {
            // Read to the end: who closes the pipe ends the demo.
            lines
                .map_while(Result::ok)
                .for_each(|line| drop(tell.send(line)));
        });
        let mut demo = Self {
            child,
            dir,
            panel: String::new(),
        };
        let until = Instant::now() + START_MAX;
        while demo.panel.is_empty() {
            let rest = until.saturating_duration_since(Instant::now());
            let line = told
                .recv_timeout(rest)
                .expect("the demo prints its addresses in time");
            if let Some((_, url)) = line.split_once("play the packer:") {
                demo.panel = url.trim().to_owned();
            }
        }
        demo
    }

    fn pid_file(&self) -> PathBuf {
        self.dir.path().join("daemon.pid")
    }

    fn daemon(&self) -> Option<Pid> {
        let text = std::fs::read_to_string(self.pid_file()).ok()?;
        Pid::from_raw(text.trim().parse().ok()?)
    }

    fn supervisor(&self) -> Pid {
        Pid::from_child(&self.child)
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        kill_process(self.supervisor(), Signal::TERM).ok();
        kill_process(self.supervisor(), Signal::CONT).ok();
        let until = Instant::now() + END_MAX;
        while Instant::now() < until {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        // It did not end by itself: nothing of it may stay.
        self.child.kill().ok();
        self.child.wait().ok();
        if let Some(daemon) = self.daemon() {
            kill_process(daemon, Signal::KILL).ok();
        }
    }
}

/// The packer: clicks on the panel, looks at the screens.
struct Packer {
    browser: Browser,
    pictures: std::cell::Cell<u32>,
}

impl Packer {
    /// A real click on something in the panel, once it is there, in sight, still and free.
    fn click(&self, selector: &str) {
        let place = format!(
            "const node = document.querySelector({});
             if (!node || node.disabled) return null;
             node.scrollIntoView({{ block: 'nearest', inline: 'nearest', behavior: 'instant' }});
             const box = node.getBoundingClientRect();
             const at = [box.left + box.width / 2, box.top + box.height / 2];
             return node.contains(document.elementFromPoint(...at)) ? at : null",
            json!(selector)
        );
        let until = Instant::now() + Duration::from_millis(SHOWN_MS_MAX);
        let mut seen = Value::Null;
        loop {
            let now = self.browser.run(&place);
            if !now.is_null() && now == seen {
                return self.press(point(&now));
            }
            seen = now;
            assert!(Instant::now() < until, "{selector} cannot be clicked");
            std::thread::sleep(Duration::from_millis(25));
        }
    }

    fn press(&self, [x, y]: [f64; 2]) {
        for kind in ["mouseMoved", "mousePressed", "mouseReleased"] {
            let event = json!({ "type": kind, "x": x, "y": y, "button": "left", "clickCount": 1 });
            self.browser.devtools("Input.dispatchMouseEvent", event);
        }
    }

    fn scan(&self, within: &str, code: &str) {
        self.click(&format!("{within} [data-scan=\"{code}\"]"));
    }

    /// Clicks on what the panel rings as the next thing, after it says so.
    fn follow(&self, says: &str, ringed: &str) {
        let script = format!(
            "return [...document.querySelectorAll('.next')].some(n => n.textContent.includes({}))
               && !!document.querySelector({})",
            json!(says),
            json!(format!("{ringed}.ring"))
        );
        self.browser
            .wait(&format!("the panel says {says:?}"), SHOWN_MS_MAX, &script);
        self.click(ringed);
    }

    fn run(&self, screen: &str, script: &str) -> Value {
        self.browser.within(screen, |page| page.run(script))
    }

    /// Presses the mouse on something on a screen. The panel shows screens scaled down, which
    /// the driver's own click does not follow.
    fn touch(&self, screen: &str, selector: &str) {
        let middle = format!(
            "const box = document.querySelector({}).getBoundingClientRect();
             return [box.left + box.width / 2, box.top + box.height / 2]",
            json!(selector)
        );
        let [x, y] = point(&self.run(screen, &middle));
        let placed = format!(
            "const frame = document.querySelector({});
             const box = frame.getBoundingClientRect();
             const zoom = box.width / frame.offsetWidth;
             return [box.left + {x} * zoom, box.top + {y} * zoom]",
            json!(screen)
        );
        self.press(point(&self.browser.run(&placed)));
    }

    /// Waits until a screen is in a mode and shows every one of these words.
    fn shows(&self, screen: &str, mode: &str, words: &[&str]) {
        let look = "return { mode: document.documentElement.dataset.mode ?? '',
            text: document.getElementById('screen')?.innerText ?? '' }";
        let until = Instant::now() + Duration::from_millis(SHOWN_MS_MAX);
        let shown = loop {
            let shown = self.run(screen, look);
            let text = shown["text"].as_str().unwrap_or_default();
            if shown["mode"] == mode && words.iter().all(|w| text.contains(w)) {
                break shown;
            }
            assert!(
                Instant::now() < until,
                "{screen} should be {mode} with {words:?}: {shown}"
            );
            std::thread::sleep(Duration::from_millis(25));
        };
        let shape = "const stop = document.querySelector('.stop');
            return stop && getComputedStyle(stop).backgroundColor";
        let red = self.run(screen, shape);
        let wanted = if mode == "stop" {
            json!("rgb(163, 40, 0)")
        } else {
            Value::Null
        };
        assert_eq!(red, wanted, "red only in a stop: {shown}");
        self.keep(&format!("{}-{mode}", &screen[1..]));
    }

    fn keep(&self, name: &str) {
        if let Some(folder) = std::env::var_os("FIRSTSCAN_SCREENSHOTS") {
            let n = self.pictures.get() + 1;
            self.pictures.set(n);
            let file = PathBuf::from(folder).join(format!("parcel-{n:02}-{name}.png"));
            std::fs::write(file, self.browser.screenshot()).unwrap();
        }
    }

    /// Waits until the upstream's list holds an event about something, acknowledged.
    fn acknowledged(&self, kind: &str, subject: &str) {
        let script = format!(
            "return [...document.querySelectorAll('#events li')].some(e =>
               e.querySelector('b')?.textContent === {}
               && e.querySelector('span').textContent === {}
               && e.querySelector('em').textContent === 'acknowledged')",
            json!(kind),
            json!(subject)
        );
        let list = "return document.getElementById('events').innerText";
        let until = Instant::now() + Duration::from_millis(SHOWN_MS_MAX);
        while self.browser.run(&script) != Value::Bool(true) {
            let listed = || self.browser.run(list);
            assert!(
                Instant::now() < until,
                "{kind} of {subject} in {}",
                listed()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Errors and policy violations in the console since the last call.
    fn complaints(&self) -> Vec<String> {
        let bad = |e: &Value| {
            e["level"] == "SEVERE" || e["message"].to_string().contains("Content Security")
        };
        self.browser
            .log("browser")
            .iter()
            .filter(|e| bad(e))
            .map(Value::to_string)
            .collect()
    }

    /// Every address the browser asked for, or connected to, since the last call.
    fn requested(&self) -> Vec<String> {
        let entries = self.browser.log("performance");
        let message = |e: &Value| -> Value {
            serde_json::from_str(e["message"].as_str().unwrap_or_default()).unwrap_or_default()
        };
        entries
            .iter()
            .map(|e| message(e)["message"].clone())
            .filter(|m| m["method"] == "Network.requestWillBeSent")
            .filter_map(|m| Some(m["params"]["request"]["url"].as_str()?.to_owned()))
            .collect()
    }
}

fn point(pair: &Value) -> [f64; 2] {
    [0, 1].map(|at| pair[at].as_f64().expect("a coordinate"))
}

#[test]
fn a_parcel_goes_from_badge_to_truck_on_the_screens() {
    let browser = Browser::start();
    let demo = Demo::start();
    browser.resize(1920, 1080);
    browser.goto(&demo.panel);
    let packer = Packer {
        browser,
        pictures: std::cell::Cell::new(0),
    };

    open_an_order(&packer);
    meet_a_wrong_item(&packer);
    assert_eq!(packer.complaints(), [""; 0]);
    lose_the_daemon(&packer, &demo);
    let number = weigh_and_label(&packer);
    scan_back(&packer, &number);
    hand_over(&packer, &number);

    assert_eq!(packer.complaints(), [""; 0]);
    let requested = packer.requested();
    assert!(
        requested.len() > 30,
        "the browser's traffic is seen: {requested:?}"
    );
    let local = |url: &&String| url.starts_with("http://127.0.0.1:") || url.starts_with("about:");
    let foreign: Vec<_> = requested.iter().filter(|url| !local(url)).collect();
    assert!(foreign.is_empty(), "{foreign:?}");
}

fn open_an_order(packer: &Packer) {
    packer.shows(BENCH, "login", &["Bench 1", "Scan your badge"]);
    packer.shows(DOCK, "login", &["Dock 1", "Scan your badge"]);
    packer.follow("Click a badge to log in", "#badges .badge");
    packer.shows(BENCH, "ready", &["Anna", "Ready", "Scan an order"]);
    packer.scan("#orders", ORDER);
    let lines = [
        "Copper pan 24 cm",
        "0 / 1",
        "Stirring spoon",
        "0 / 2",
        "0 / 3",
    ];
    packer.shows(BENCH, "verifying", &lines);
}

fn meet_a_wrong_item(packer: &Packer) {
    packer.scan("#orders", SOCKS);
    packer.shows(
        BENCH,
        "stop",
        &["WRONG ITEM", "Wool socks", SOCKS, "Put it back"],
    );
    // Another order does not get past a red screen.
    packer.scan("#orders", OTHER_ORDER);
    std::thread::sleep(TRIGGER);
    packer.shows(BENCH, "stop", &["WRONG ITEM"]);
    let pan = format!("#orders .open [data-scan=\"{PAN}\"]");
    packer.follow("Stopped: scan a wanted article", &pan);
    packer.shows(BENCH, "verifying", &[ORDER, "1 / 1", "0 / 2", "1 / 3"]);

    // A finger on the screen takes the pan out again.
    std::thread::sleep(TRIGGER);
    packer.touch(BENCH, "button[data-code=XCTLUNDG]");
    packer.shows(BENCH, "verifying", &["0 / 1", "0 / 3"]);
    packer.scan("#orders", PAN);
    packer.shows(BENCH, "verifying", &["1 / 1", "1 / 3"]);
}

/// The supervisor is held while the daemon is dead, so that the screen has to notice.
fn lose_the_daemon(packer: &Packer, demo: &Demo) {
    let before = demo.daemon().expect("a daemon");
    kill_process(demo.supervisor(), Signal::STOP).unwrap();
    let killed = Instant::now();
    kill_process(before, Signal::KILL).unwrap();
    let covered = || {
        let look = "return !document.getElementById('cover').hidden
            && document.getElementById('screen').inert
            && document.getElementById('cover').innerText";
        packer
            .run(BENCH, look)
            .as_str()
            .is_some_and(|text| text.contains("Do not continue"))
    };
    while !covered() {
        let late = killed.elapsed() > Duration::from_secs(6);
        assert!(!late, "the screen is not covered 6 s after the daemon died");
        std::thread::sleep(Duration::from_millis(50));
    }
    packer.keep("covered");
    kill_process(demo.supervisor(), Signal::CONT).unwrap();
    let until = Instant::now() + Duration::from_millis(SHOWN_MS_MAX);
    while covered() {
        assert!(Instant::now() < until, "the screen does not come back");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_ne!(demo.daemon(), Some(before), "another daemon serves now");
    packer.shows(
        BENCH,
        "verifying",
        &["Anna", ORDER, "1 / 1", "0 / 2", "1 / 3"],
    );
    packer.shows(DOCK, "login", &["Scan your badge"]);
    // A dead server cannot be reached; nothing else may have gone wrong.
    let else_wrong: Vec<_> = packer
        .complaints()
        .into_iter()
        .filter(|c| !c.contains("net::ERR_"))
        .collect();
    assert!(else_wrong.is_empty(), "{else_wrong:?}");
    // The devices are found again before work goes on.
    let linked = "return ['gun-cable', 'scale-cable', 'printer-cable'].every(id =>
        document.getElementById(id).textContent === 'connected')";
    packer
        .browser
        .wait("the devices are connected again", SHOWN_MS_MAX, linked);
}

/// The tracking number on the screen, after weighing.
fn weigh_and_label(packer: &Packer) -> String {
    packer.scan("#orders", SPOON);
    packer.shows(BENCH, "verifying", &["1 / 2", "2 / 3"]);
    std::thread::sleep(TRIGGER);
    packer.scan("#orders", SPOON);
    let words = [
        "Put the parcel on the scale",
        "expected 1.60 kg",
        "3 / 3 pieces",
    ];
    packer.shows(BENCH, "weighing", &words);
    packer.follow("Put the box on the scale", "#put-box");
    let words = ["Stick the label on, then scan it", "1.600 kg", "DPD", ORDER];
    packer.shows(BENCH, "scan_back", &words);
    let drawn = "const picture = document.querySelector('.label-picture');
        return !!picture?.complete && picture.naturalWidth > 500
          && !!document.querySelector('.mark')";
    packer.browser.within(BENCH, |page| {
        page.wait("the label is shown, its bars marked", SHOWN_MS_MAX, drawn);
    });
    packer.follow("Take the label from the printer", "#take-label");
    let held = "#hand-labels .label:first-child .code.ring";
    let there = format!("return !!document.querySelector({})", json!(held));
    packer
        .browser
        .wait("the label can be scanned", SHOWN_MS_MAX, &there);
    packer
        .browser
        .text(held)
        .trim_start_matches(|c: char| !c.is_ascii_alphanumeric())
        .to_owned()
}

fn scan_back(packer: &Packer, number: &str) {
    assert!(
        number.starts_with("0000") && number.len() == 15,
        "the number of the seller's carrier: {number:?}"
    );
    packer.scan("#hand-labels", number);
    packer.browser.within(BENCH, |page| {
        let flash = "return document.querySelector('.flash h1')?.textContent === 'Done'";
        page.wait("done is celebrated", SHOWN_MS_MAX, flash);
    });
    let words = ["Ready", "Parcel S1-000001 is ready", "1 parcel packed here"];
    packer.shows(BENCH, "ready", &words);
    packer.follow("Take the box off the scale", "#take-box");
    packer.acknowledged("label.verified", "S1-000001");
    packer.browser.wait(
        "the order's card is done",
        SHOWN_MS_MAX,
        "return document.querySelectorAll('.card.packed').length === 1",
    );
}

fn hand_over(packer: &Packer, number: &str) {
    let control = |code: &str| format!("#dock-codes [data-scan=\"{code}\"]");
    packer.follow("Click a badge to log in here", "#dock-badges .badge");
    let words = ["Which carrier is here?", "DPD", "1 parcel"];
    packer.shows(DOCK, "dock_ready", &words);
    packer.follow("its driver is here", "#carriers [data-name=\"DPD\"]");
    packer.shows(
        DOCK,
        "dock_scanning",
        &["DPD", "0 / 1", "Nothing scanned yet"],
    );
    packer.follow(
        "Scan the parcel",
        &format!("#dock-labels [data-scan=\"{number}\"]"),
    );
    packer.shows(DOCK, "dock_scanning", &["1 / 1", ORDER, "Refused: 0"]);

    std::thread::sleep(TRIGGER);
    packer.scan("#dock-labels", number);
    packer.shows(DOCK, "stop", &[number]);
    packer.follow("Stopped", &control("XCTLOKXI"));
    packer.shows(DOCK, "dock_scanning", &["1 / 1", "Refused: 1"]);

    packer.follow("click CLOSE", &control("XCTLCLOU"));
    packer.shows(
        DOCK,
        "dock_closing",
        &["1\nScanned", "0\nMissing", "1\nRefused"],
    );
    packer.follow("Click CONFIRM", &control("XCTLCONV"));
    packer.shows(
        DOCK,
        "dock_closed",
        &["1 parcel. Load it.", "The manifest is ready", "Open it"],
    );
    let manifest = packer.run(
        DOCK,
        "const answer = await fetch(document.querySelector('.paperwork a').href);
         const bytes = new Uint8Array(await answer.arrayBuffer());
         return [answer.status, answer.headers.get('content-type'),
           String.fromCharCode(...bytes.slice(0, 5)), bytes.length > 1000]",
    );
    assert_eq!(manifest, json!([200, "application/pdf", "%PDF-", true]));

    packer.follow("LOADED", &control("XCTLLODB"));
    packer.shows(DOCK, "dock_closed", &["Scan the manifest"]);
    packer.follow("Scan the manifest", "#manifest .code");
    packer.shows(DOCK, "dock_ready", &["No parcels wait"]);
    packer.acknowledged("handover.loaded", "S1-H00001");
    packer.acknowledged("parcel.first_scan", "S1-000001");
}
