//! A small WebDriver client: just enough to drive headless Chromium through chromedriver on a
//! loopback port. Wire format: W3C WebDriver, chapters on sessions, elements and scripts.

use serde_json::{Value, json};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Key under which the protocol wraps element ids (W3C WebDriver, "web element identifier").
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
const START_MS_MAX: u64 = 20_000;

/// A running browser. Both processes end when it is dropped.
pub struct Browser {
    driver: Child,
    session: String,
    agent: ureq::Agent,
    _profile: tempfile::TempDir,
}

/// An element of the page it was found on.
pub struct Element(String);

impl Browser {
    /// Starts chromedriver on a free port and one session.
    ///
    /// # Panics
    /// With one line that says what to install, if chromedriver or Chromium is missing.
    pub fn start() -> Self {
        let missing = "no usable Chromium: install it with `apt-get install -y chromium \
            chromium-driver`";
        let port = free_port();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{missing} ({error})"));
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(60)))
            .http_status_as_error(false)
            .build();
        let profile = tempfile::tempdir().expect("a folder for the browser's profile");
        let data = format!("--user-data-dir={}", profile.path().display());
        let args = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            data.as_str(),
        ];
        let mut browser = Self {
            driver,
            session: format!("http://127.0.0.1:{port}/session"),
            agent: config.into(),
            _profile: profile,
        };
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "goog:chromeOptions": { "args": args },
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        } } });
        let begin = Instant::now();
        let id = loop {
            let answer = browser.agent.post(&browser.session).send_json(&wanted);
            if let Ok(mut answer) = answer {
                let body: Value = answer.body_mut().read_json().unwrap_or_default();
                match body["value"]["sessionId"].as_str() {
                    Some(id) => break id.to_owned(),
                    None => panic!("{missing} ({})", body["value"]["message"]),
                }
            }
            let late = begin.elapsed() > Duration::from_millis(START_MS_MAX);
            assert!(!late, "{missing} (chromedriver does not answer)");
            std::thread::sleep(Duration::from_millis(50));
        };
        browser.session = format!("{}/{id}", browser.session);
        // What the browser's own first page asked for is none of our traffic.
        browser.goto("about:blank");
        browser.log("performance");
        browser
    }

    /// Loads a page and waits for its `load` event.
    pub fn goto(&self, url: &str) {
        self.post("url", &json!({ "url": url }));
    }

    /// Makes the page area exactly this large, in CSS pixels.
    pub fn resize(&self, width: u32, height: u32) {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1,
            "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics);
    }

    /// Runs a command of the browser's developer protocol.
    pub fn devtools(&self, command: &str, params: Value) -> Value {
        self.post(
            "goog/cdp/execute",
            &json!({ "cmd": command, "params": params }),
        )
    }

    /// Runs the body of a function and returns its result.
    pub fn run(&self, script: &str) -> Value {
        self.post("execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// The first element that matches a CSS selector.
    pub fn find(&self, selector: &str) -> Element {
        let found = self.post(
            "element",
            &json!({ "using": "css selector", "value": selector }),
        );
        let id = found[ELEMENT].as_str();
        Element(
            id.unwrap_or_else(|| panic!("nothing matches {selector}: {found}"))
                .to_owned(),
        )
    }

    /// The text a person sees in it.
    pub fn text(&self, selector: &str) -> String {
        let Element(id) = self.find(selector);
        let text = self.get(&format!("element/{id}/text"));
        text.as_str().unwrap_or_default().to_owned()
    }

    /// A real click in the middle of an element.
    #[allow(
        dead_code,
        reason = "not every test that shares this client clicks this way"
    )]
    pub fn click(&self, selector: &str) {
        let Element(id) = self.find(selector);
        self.post(&format!("element/{id}/click"), &json!({}));
    }

    /// Presses the mouse on an element for `ms` milliseconds.
    #[allow(
        dead_code,
        reason = "not every test that shares this client holds keys"
    )]
    pub fn hold(&self, selector: &str, ms: u64) {
        let Element(id) = self.find(selector);
        let actions = json!({ "actions": [{ "type": "pointer", "id": "mouse", "actions": [
            { "type": "pointerMove", "duration": 0, "origin": { ELEMENT: id }, "x": 0, "y": 0 },
            { "type": "pointerDown", "button": 0 },
            { "type": "pause", "duration": ms },
            { "type": "pointerUp", "button": 0 },
        ] }] });
        self.post("actions", &actions);
    }

    /// Does something inside a frame of the page, then returns to the page itself.
    #[allow(
        dead_code,
        reason = "not every test that shares this client has frames"
    )]
    pub fn within<T>(&self, frame: &str, act: impl FnOnce(&Self) -> T) -> T {
        let Element(id) = self.find(frame);
        self.post("frame", &json!({ "id": { ELEMENT: id } }));
        let result = act(self);
        self.post("frame", &json!({ "id": null }));
        result
    }

    /// A PNG of the page area.
    pub fn screenshot(&self) -> Vec<u8> {
        use base64::Engine;
        let text = self.get("screenshot");
        let text = text.as_str().expect("a picture in base64");
        base64::engine::general_purpose::STANDARD
            .decode(text)
            .expect("base64")
    }

    /// Entries of a log (`browser` or `performance`) since the last call.
    pub fn log(&self, kind: &str) -> Vec<Value> {
        let entries = self.post("se/log", &json!({ "type": kind }));
        entries.as_array().cloned().unwrap_or_default()
    }

    /// Waits until a script's result is true.
    pub fn wait(&self, what: &str, ms_max: u64, script: &str) {
        let begin = Instant::now();
        while self.run(script) != Value::Bool(true) {
            let late = begin.elapsed() > Duration::from_millis(ms_max);
            assert!(!late, "{what}: not within {ms_max} ms");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn get(&self, path: &str) -> Value {
        let url = format!("{}/{path}", self.session);
        Self::value(path, self.agent.get(&url).call())
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}/{path}", self.session);
        Self::value(path, self.agent.post(&url).send_json(body))
    }

    fn value(path: &str, answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Value {
        let mut answer = answer.unwrap_or_else(|error| panic!("WebDriver {path}: {error}"));
        let good = answer.status().is_success();
        let bytes = answer
            .body_mut()
            .with_config()
            .limit(64 * 1024 * 1024)
            .read_to_vec();
        let bytes = bytes.unwrap_or_else(|error| panic!("WebDriver {path}: {error}"));
        let body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        assert!(good, "WebDriver {path}: {}", body["value"]["message"]);
        body["value"].clone()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Ends the browser in order; the driver is ended by its own process handle in any case.
        if let Err(error) = self.agent.delete(&self.session).call() {
            eprintln!("the browser session did not end in order: {error}");
        }
        if let Err(error) = self.driver.kill() {
            eprintln!("chromedriver could not be ended: {error}");
        }
        if let Err(error) = self.driver.wait() {
            eprintln!("chromedriver could not be waited for: {error}");
        }
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
    listener.local_addr().expect("its address").port()
}
