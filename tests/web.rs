//! The web side against a scripted station: the API over plain HTTP, the pages in a real headless
//! Chromium. `FIRSTSCAN_SCREENSHOTS=DIR` keeps a picture of every screen that is shown.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "support/scripted_station.rs"]
mod scripted_station;
#[path = "support/webdriver.rs"]
mod webdriver;

use firstscan::domain::effect::Cue;
use firstscan::domain::job::{Evidence, JobState};
use firstscan::domain::view::{CueView, LastView, Mode, PlaceView, WeightState};
use firstscan::web::{self, WebConfig};
use scripted_station::{BARS, NUMBER, ScriptedStation, bench, dock, exception, line, stop, weight};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use webdriver::Browser;

const TOKEN: &str = "correct-horse-battery-staple";
const SIZES: [(u32, u32); 3] = [(1280, 800), (1024, 768), (1920, 1080)];

/// A web side in its own runtime; ends when dropped, and can come back on the same port.
struct Server {
    port: u16,
    station: Arc<ScriptedStation>,
    pictures: tempfile::TempDir,
    running: Option<(oneshot::Sender<()>, std::thread::JoinHandle<()>)>,
}

impl Server {
    fn start() -> Self {
        let pictures = tempfile::tempdir().unwrap();
        let mug = image::RgbImage::from_pixel(80, 80, image::Rgb([40, 90, 160]));
        mug.save(pictures.path().join("mug.png")).unwrap();
        std::fs::write(pictures.path().join("notes.txt"), "private").unwrap();
        let (port, station, running) = (0, ScriptedStation::new(), None);
        let mut server = Self {
            port,
            station,
            pictures,
            running,
        };
        server.run();
        server
    }

    fn run(&mut self) {
        let listener = std::net::TcpListener::bind(("127.0.0.1", self.port)).unwrap();
        listener.set_nonblocking(true).unwrap();
        self.port = listener.local_addr().unwrap().port();
        let mut config = WebConfig::new(TOKEN);
        config.pictures = Some(self.pictures.path().to_owned());
        let (stop, stopped) = oneshot::channel::<()>();
        let station = Arc::clone(&self.station);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                let ended = async move {
                    stopped.await.ok();
                };
                web::serve(listener, config, station, ended).await.unwrap();
            });
        });
        self.running = Some((stop, thread));
    }

    fn halt(&mut self) {
        if let Some((stop, thread)) = self.running.take() {
            stop.send(()).ok();
            thread.join().unwrap();
        }
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// One request; `headers` replace nothing, they are all there is beside `Connection`.
    fn raw(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut tcp = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        tcp.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        if !body.is_empty() {
            head += &format!("Content-Length: {}\r\n", body.len());
        }
        head += "\r\n";
        tcp.write_all(head.as_bytes()).unwrap();
        // A refused large body may be cut off by the server; its answer counts.
        tcp.write_all(body).ok();
        Answer::read(tcp)
    }

    /// A program's request with the bearer token.
    fn call(&self, method: &str, path: &str, body: &[u8]) -> Answer {
        self.call_with(method, path, &[("Content-Type", "application/json")], body)
    }

    fn call_with(&self, method: &str, path: &str, more: &[(&str, &str)], body: &[u8]) -> Answer {
        let (host, bearer) = (
            format!("127.0.0.1:{}", self.port),
            format!("Bearer {TOKEN}"),
        );
        let mut headers = vec![("Host", host.as_str()), ("Authorization", bearer.as_str())];
        headers.extend_from_slice(more);
        self.raw(method, path, &headers, body)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.halt();
    }
}

struct Answer {
    status: u16,
    headers: String,
    body: Vec<u8>,
}

impl Answer {
    fn read(tcp: TcpStream) -> Self {
        let mut all = Vec::new();
        BufReader::new(tcp).read_to_end(&mut all).ok();
        let split = all
            .windows(4)
            .position(|w| w == b"\r\n\r\n")
            .expect("an HTTP head");
        let headers = String::from_utf8(all[..split].to_vec()).unwrap();
        let status = headers.split(' ').nth(1).unwrap().parse().unwrap();
        let mut body = all[split + 4..].to_vec();
        if headers
            .to_lowercase()
            .contains("transfer-encoding: chunked")
        {
            body = unchunk(&body);
        }
        Self {
            status,
            headers: headers.to_lowercase(),
            body,
        }
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Status and error code.
    fn refusal(&self) -> (u16, String) {
        let body = self.json();
        let error = &body["error"];
        assert!(
            error["text"].as_str().is_some_and(|t| !t.is_empty()),
            "{body}"
        );
        (
            self.status,
            error["code"].as_str().unwrap_or_default().to_owned(),
        )
    }

    fn header(&self, name: &str) -> Option<&str> {
        let start = format!("{name}: ");
        self.headers.lines().find_map(|l| l.strip_prefix(&start))
    }
}

fn unchunk(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = rest.windows(2).position(|w| w == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        if size == 0 {
            break;
        }
        body.extend_from_slice(&rest[end + 2..end + 2 + size]);
        rest = &rest[end + 4 + size..];
    }
    body
}

// The API over plain HTTP.

#[test]
fn only_known_hosts_own_origin_and_shown_secrets_get_in() {
    let server = Server::start();
    let host = format!("127.0.0.1:{}", server.port);
    let own = format!("http://{host}");
    let places = "/api/v1/places";
    let refused =
        |headers: &[(&str, &str)], path: &str| server.raw("GET", path, headers, b"").refusal();
    let bearer = ("Authorization", "Bearer correct-horse-battery-staple");

    // DNS rebinding: a foreign name for our address.
    for bad in [
        "evil.example",
        "127.0.0.1.evil.example:80",
        "",
        "192.168.1.5",
    ] {
        assert_eq!(
            refused(&[("Host", bad), bearer], places),
            (421, "host".into()),
            "{bad}"
        );
        assert_eq!(
            refused(&[("Host", bad)], "/"),
            (421, "host".into()),
            "{bad}"
        );
    }
    let twice = [("Host", host.as_str()), ("Host", "evil.example"), bearer];
    assert_ne!(server.raw("GET", places, &twice, b"").status, 200);

    // A browser that comes from elsewhere, even with a right token.
    let other_port = format!("http://127.0.0.1:{}", server.port - 1);
    for bad in [
        "http://evil.example",
        "null",
        other_port.as_str(),
        "https://127.0.0.1",
    ] {
        let headers = [("Host", host.as_str()), ("Origin", bad), bearer];
        assert_eq!(refused(&headers, places), (403, "origin".into()), "{bad}");
    }
    for site in ["cross-site", "same-site"] {
        let headers = [("Host", host.as_str()), ("Sec-Fetch-Site", site), bearer];
        assert_eq!(refused(&headers, places), (403, "origin".into()));
    }

    // Secrets.
    let host_header = ("Host", host.as_str());
    assert_eq!(
        refused(&[host_header], places),
        (401, "unauthorised".into())
    );
    for bad in [
        "Bearer wrong",
        "Bearer ",
        "Basic correct-horse-battery-staple",
        "Bearer correct-horse-battery-stapl",
    ] {
        let headers = [host_header, ("Authorization", bad)];
        assert_eq!(
            refused(&headers, places),
            (401, "unauthorised".into()),
            "{bad}"
        );
    }
    let good = server.raw("GET", places, &[host_header, ("Origin", &own), bearer], b"");
    assert_eq!(good.status, 200);
    assert_eq!(good.json()["places"][1]["id"], "dock1");
    assert!(
        !good.headers.contains("access-control"),
        "no CORS: {}",
        good.headers
    );

    // Open ones.
    for path in [
        "/metrics",
        "/healthz",
        "/",
        "/bench/bench1",
        "/assets/app.js",
    ] {
        assert_eq!(
            server.raw("GET", path, &[host_header], b"").status,
            200,
            "{path}"
        );
    }
}

#[test]
fn the_page_cookie_reaches_what_a_screen_needs_and_nothing_else() {
    let server = Server::start();
    let host = format!("localhost:{}", server.port);
    let own = format!("http://{host}");
    let page = server.raw("GET", "/bench/bench1", &[("Host", &host)], b"");
    let cookie = page.header("set-cookie").expect("a cookie").to_owned();
    assert!(
        cookie.contains("httponly") && cookie.contains("samesite=strict"),
        "{cookie}"
    );
    assert!(!cookie.contains(TOKEN));
    let pair = cookie.split(';').next().unwrap();
    let base = [
        ("Host", host.as_str()),
        ("Cookie", pair),
        ("Content-Type", "application/json"),
    ];

    let get = |path: &str| server.raw("GET", path, &base, b"").status;
    assert_eq!(get("/api/v1/places/bench1/view"), 200);
    assert_eq!(get("/api/v1/jobs/s1-7.0/label.png"), 200);
    for path in ["/api/v1/orders", "/api/v1/events", "/api/v1/parcels/s1-7"] {
        let answer = server.raw("GET", path, &base, b"");
        assert_eq!(answer.refusal(), (403, "program_only".into()), "{path}");
    }

    // A write needs the Origin that browsers always send.
    let version = server.station.show(bench(Mode::Ready));
    let body = json!({ "code": "XCTLUNDG", "seen": version }).to_string();
    let touch = "/api/v1/places/bench1/touch";
    let answer = server.raw("POST", touch, &base, body.as_bytes());
    assert_eq!(answer.refusal(), (403, "origin".into()));
    let with_origin = [base[0], base[1], base[2], ("Origin", own.as_str())];
    assert_eq!(
        server
            .raw("POST", touch, &with_origin, body.as_bytes())
            .status,
        202
    );

    // Another value, and the cookie of another port.
    for bad in [
        format!("{pair}0"),
        pair.replacen("firstscan_page_", "firstscan_page_1", 1),
    ] {
        let headers = [("Host", host.as_str()), ("Cookie", bad.as_str())];
        let answer = server.raw("GET", "/api/v1/places", &headers, b"");
        assert_eq!(answer.refusal(), (401, "unauthorised".into()));
    }
}

#[test]
fn every_answer_carries_the_security_headers() {
    let mut server = Server::start();
    let host = format!("127.0.0.1:{}", server.port);
    for path in [
        "/",
        "/bench/bench1",
        "/bench/none",
        "/assets/app.js",
        "/nothing",
        "/metrics",
    ] {
        let answer = server.raw("GET", path, &[("Host", &host)], b"");
        let policy = answer.header("content-security-policy").unwrap_or_default();
        for part in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            "connect-src 'self'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(
            answer.header("x-content-type-options"),
            Some("nosniff"),
            "{path}"
        );
        assert_eq!(
            answer.header("referrer-policy"),
            Some("no-referrer"),
            "{path}"
        );
        assert_eq!(answer.header("x-frame-options"), Some("deny"), "{path}");
    }
    // Files are revalidated, not fetched again.
    let answer = server.raw("GET", "/assets/place.css", &[("Host", &host)], b"");
    let tag = answer.header("etag").unwrap().to_owned();
    let again = [("Host", host.as_str()), ("If-None-Match", tag.as_str())];
    let again = server.raw("GET", "/assets/place.css", &again, b"");
    assert_eq!((again.status, again.body.len()), (304, 0));
    server.halt();
}

#[test]
fn a_listener_off_loopback_and_a_weak_token_are_refused() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let open = tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap();
        let station = ScriptedStation::new();
        let ended = web::serve(open, WebConfig::new(TOKEN), station.clone(), async {}).await;
        assert!(matches!(ended, Err(web::WebError::NotLoopback { .. })));
        let local = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let ended = web::serve(local, WebConfig::new("short"), station, async {}).await;
        assert!(matches!(ended, Err(web::WebError::WeakToken)));
    });
}

#[test]
fn requests_are_read_strictly_and_refused_with_reason_and_status() {
    let server = Server::start();
    let refusal =
        |method: &str, path: &str, body: &str| server.call(method, path, body.as_bytes()).refusal();
    let touch = "/api/v1/places/bench1/touch";
    let cases = [
        ("GET", "/api/v1/nothing", "", 404, "not_found"),
        ("DELETE", "/api/v1/orders", "", 405, "method"),
        ("GET", "/api/v1/orders/none", "", 404, "not_found"),
        ("GET", "/api/v1/parcels/%00", "", 400, "bad_request"),
        ("GET", "/api/v1/parcels/%FF", "", 400, "bad_request"),
        ("GET", "/api/v1/places/none/view", "", 404, "not_found"),
        ("GET", "/api/v1/places/none/stream", "", 404, "not_found"),
        (
            "GET",
            "/api/v1/handovers/none/manifest.pdf",
            "",
            404,
            "not_found",
        ),
        ("GET", "/api/v1/jobs/none/label.png", "", 404, "not_found"),
        ("GET", "/api/v1/events?since=x", "", 400, "bad_request"),
        ("GET", "/api/v1/events?sinec=1", "", 400, "bad_request"),
        ("POST", touch, "{}", 422, "invalid"),
        (
            "POST",
            touch,
            r#"{"code":"XCTLUNDG","seen":1,"more":1}"#,
            422,
            "invalid",
        ),
        (
            "POST",
            touch,
            r#"{"code":"XCTLUNDG","seen":-1}"#,
            422,
            "invalid",
        ),
        (
            "POST",
            touch,
            r#"{"code":"00340434161094042557","seen":1}"#,
            422,
            "invalid",
        ),
        (
            "POST",
            "/api/v1/places/none/touch",
            r#"{"code":"XCTLUNDG","seen":1}"#,
            404,
            "not_found",
        ),
        (
            "POST",
            "/api/v1/orders/A-1/cancel",
            r#"{"reason":""}"#,
            422,
            "invalid",
        ),
        (
            "POST",
            "/api/v1/orders/A%201/cancel",
            r#"{"reason":"x"}"#,
            404,
            "not_found",
        ),
        ("POST", "/api/v1/items", "broken", 422, "invalid"),
    ];
    for (method, path, body, status, code) in cases {
        assert_eq!(
            refusal(method, path, body),
            (status, code.to_owned()),
            "{method} {path} {body}"
        );
    }
    let form = [("Content-Type", "text/plain")];
    let answer = server.call_with("POST", "/api/v1/orders", &form, b"{}");
    assert_eq!(answer.refusal(), (415, "media_type".into()));
    assert_eq!(
        server.station.take_calls(),
        Vec::<String>::new(),
        "nothing reached the station"
    );
}

#[test]
fn a_stale_touch_is_refused_with_the_fresh_view() {
    let server = Server::start();
    let version = server.station.show(bench(Mode::Verifying));
    let body = json!({ "code": "XCTLUNDG", "seen": version - 1 }).to_string();
    let answer = server.call("POST", "/api/v1/places/bench1/touch", body.as_bytes());
    assert_eq!(answer.refusal(), (409, "conflict".into()));
    assert_eq!(answer.json()["view"]["version"], version);
    assert_eq!(answer.json()["view"]["mode"], "verifying");
}

#[test]
fn orders_are_small_unless_a_carrier_label_rides_along() {
    let server = Server::start();
    let post = |key: &str, body: &[u8]| {
        let headers = [
            ("Content-Type", "application/json"),
            ("Idempotency-Key", key),
        ];
        server.call_with("POST", "/api/v1/orders", &headers, body)
    };
    assert_eq!(post("new", b"{}").status, 201);
    assert_eq!(post("again", b"{}").status, 200);
    assert_eq!(post("used", b"{}").refusal(), (409, "conflict".into()));
    let bad = post("bad", b"{}");
    assert_eq!(bad.refusal(), (422, "invalid".into()));
    assert_eq!(
        bad.json()["problems"][0],
        "line 1, quantity: give 1 or more"
    );
    assert_eq!(
        post(&"k".repeat(129), b"{}").refusal(),
        (422, "invalid".into())
    );

    let large = "A".repeat(2 * 1024 * 1024);
    let labelled = json!({ "id": "A-1", "carrier_label": { "document": large } }).to_string();
    assert_eq!(post("new", labelled.as_bytes()).status, 201);
    let bloated = json!({ "id": "A-1", "notes": large }).to_string();
    assert_eq!(
        post("new", bloated.as_bytes()).refusal(),
        (413, "too_large".into())
    );
    let huge = vec![b' '; 8 * 1024 * 1024 + 1];
    assert_eq!(post("new", &huge).refusal(), (413, "too_large".into()));
}

#[test]
fn pictures_come_from_their_folder_only() {
    let server = Server::start();
    std::fs::write(server.pictures.path().with_extension("png"), "outside").unwrap();
    let outside = server.pictures.path().with_extension("png");
    std::os::unix::fs::symlink(&outside, server.pictures.path().join("link.png")).unwrap();
    assert_eq!(server.call("GET", "/pictures/mug.png", b"").status, 200);
    let name = outside.file_name().unwrap().to_str().unwrap();
    for path in [
        "notes.txt",
        "none.png",
        "link.png",
        "..%2Fmug.png",
        &format!("..%2F{name}"),
        "%2Fetc%2Fpasswd",
        ".",
    ] {
        let answer = server.call("GET", &format!("/pictures/{path}"), b"");
        assert_eq!(answer.status, 404, "{path}");
    }
    std::fs::remove_file(outside).unwrap();
}

#[test]
fn the_stream_sends_the_whole_view_at_once_every_change_and_a_heartbeat() {
    let mut server = Server::start();
    server.station.show(bench(Mode::Ready));
    let mut tcp = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    tcp.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let head = format!(
        "GET /api/v1/places/bench1/stream HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\
         Authorization: Bearer {TOKEN}\r\nLast-Event-ID: 999\r\n\r\n",
        server.port
    );
    tcp.write_all(head.as_bytes()).unwrap();
    let mut lines = BufReader::new(tcp).lines().map_while(Result::ok);
    let mut event = || {
        let mut fields = (String::new(), String::new(), Value::Null);
        for line in lines.by_ref() {
            match line
                .split_once(": ")
                .map(|(name, value)| (name, value.to_owned()))
            {
                Some(("event", value)) => fields.0 = value,
                Some(("id", value)) => fields.1 = value,
                Some(("data", value)) => fields.2 = serde_json::from_str(&value).unwrap(),
                _ if line.is_empty() && !fields.2.is_null() => return Some(fields),
                _ => {}
            }
        }
        None
    };
    let (name, id, view) = event().unwrap();
    assert_eq!((name.as_str(), id.as_str()), ("view", "2"));
    assert_eq!(view["mode"], "ready");
    let mut beats = 0;
    let begin = Instant::now();
    while beats < 3 {
        let (name, id, data) = event().unwrap();
        assert_eq!((name.as_str(), id.as_str()), ("heartbeat", "2"));
        assert_eq!(data["version"], 2);
        assert!(data["now_ms"].as_u64().unwrap() > 1_700_000_000_000);
        beats += 1;
    }
    let took = begin.elapsed();
    assert!(
        (3_500..5_500).contains(&took.as_millis()),
        "three heartbeats in {took:?}"
    );
    server.station.show(bench(Mode::Verifying));
    let (name, id, view) = event().unwrap();
    assert_eq!((name.as_str(), id.as_str()), ("view", "3"));
    assert_eq!(view["order"]["lines"][1]["sku"], "NL-MUG-BLUE");

    let begin = Instant::now();
    server.halt();
    assert!(
        begin.elapsed() < Duration::from_secs(2),
        "an open stream held up the end"
    );
    assert!(std::iter::from_fn(event).all(|(name, ..)| name == "heartbeat"));
}

#[test]
fn streams_are_bounded() {
    let server = Server::start();
    let mut open = Vec::new();
    for _ in 0..web::STREAMS_MAX {
        let mut tcp = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
        let head = format!(
            "GET /api/v1/places/bench1/stream HTTP/1.1\r\nHost: localhost\r\n\
             Authorization: Bearer {TOKEN}\r\n\r\n"
        );
        tcp.write_all(head.as_bytes()).unwrap();
        let mut first = [0; 15];
        tcp.read_exact(&mut first).unwrap();
        assert_eq!(&first, b"HTTP/1.1 200 OK");
        open.push(tcp);
    }
    let stream = "/api/v1/places/bench1/stream";
    assert_eq!(
        server.call("GET", stream, b"").refusal(),
        (503, "busy".into())
    );
    drop(open);
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(5) {
        let mut tcp = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
        let head = format!(
            "GET {stream} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"
        );
        tcp.write_all(head.as_bytes()).unwrap();
        let mut first = [0; 12];
        tcp.read_exact(&mut first).unwrap();
        if &first == b"HTTP/1.1 200" {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("closed streams were not given back");
}

// The OpenAPI document.

#[test]
fn the_document_lists_every_route_and_every_route_is_there() {
    let server = Server::start();
    let document = server.call("GET", "/api/v1/openapi.json", b"").json();
    assert_eq!(document, web::openapi_document());
    let mut written = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            written.insert((method.clone(), path.clone()));
            let named: BTreeSet<_> = path
                .split('{')
                .skip(1)
                .map(|p| p.split('}').next())
                .collect();
            let params = operation["parameters"].as_array().unwrap().iter();
            let params = params.filter(|p| p["in"] == "path");
            assert_eq!(
                named,
                params.map(|p| p["name"].as_str()).collect(),
                "{path}"
            );
            assert!(
                operation["summary"].as_str().is_some_and(|s| s.len() > 5),
                "{path}"
            );
        }
    }
    let routes: BTreeSet<_> = web::listed_routes()
        .map(|(m, p)| (m.to_owned(), p.replace("{*", "{")))
        .collect();
    assert_eq!(written, routes);

    // Back: the router knows each of them, and no other method on the same path.
    for (method, path) in web::listed_routes() {
        let path = path.replace("{*path}", "x/y").replace(['{', '}'], "");
        if path.ends_with("/stream") {
            continue; // has tests of its own and never ends
        }
        let answer = server.call(&method.to_uppercase(), &path, b"");
        assert_ne!(answer.status, 405, "{method} {path}");
        let text = answer.json()["error"]["text"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        assert!(!text.contains("page or route"), "{method} {path}: {text}");
        assert_eq!(
            server.call("PUT", &path, b"").refusal(),
            (405, "method".into()),
            "{path}"
        );
    }
    for reference in references(&document) {
        let name = reference.rsplit('/').next().unwrap();
        assert!(
            document["components"]["schemas"][name].is_object(),
            "{reference}"
        );
    }
}

fn references(value: &Value) -> Vec<String> {
    match value {
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, inner)| match (name.as_str(), inner) {
                ("$ref", Value::String(text)) => vec![text.clone()],
                _ => references(inner),
            })
            .collect(),
        Value::Array(entries) => entries.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn answers_are_what_the_document_says() {
    let server = Server::start();
    let document = web::openapi_document();
    for view in bench_views()
        .into_iter()
        .chain(dock_views())
        .map(|(_, view)| view)
    {
        check(
            &document,
            &schema("PlaceView"),
            &serde_json::to_value(view).unwrap(),
            "view",
        );
    }
    let version = server.station.show(bench(Mode::Ready));
    let touch = json!({ "code": "XCTLUNDG", "seen": version }).to_string();
    let scan = carrier_scan().to_string();
    let calls = [
        ("GET", "/api/v1/places", ""),
        ("GET", "/api/v1/places/bench1/view", ""),
        ("POST", "/api/v1/places/bench1/touch", touch.as_str()),
        ("POST", "/api/v1/orders", "{}"),
        ("GET", "/api/v1/orders?limit=7", ""),
        ("GET", "/api/v1/orders/A-1", ""),
        ("POST", "/api/v1/orders/A-1/cancel", r#"{"reason":"buyer"}"#),
        ("POST", "/api/v1/items", "[]"),
        ("GET", "/api/v1/parcels/s1-7", ""),
        ("POST", "/api/v1/carrier-events", scan.as_str()),
        (
            "POST",
            "/api/v1/parcels/s1-7/exceptions/wrong_label/resolve",
            r#"{"who":"office","why":"looked at it"}"#,
        ),
        ("GET", "/api/v1/numbers", ""),
        (
            "POST",
            "/api/v1/numbers",
            r#"{"carrier":"swift","service":"parcel","count":2}"#,
        ),
        (
            "POST",
            "/api/v1/numbers/leases",
            r#"{"range":"swift-1","first":100000,"last":100999}"#,
        ),
        ("GET", "/api/v1/handovers", ""),
        ("GET", "/api/v1/events?since=2&limit=2", ""),
        ("GET", "/api/v1/status", ""),
        ("POST", "/api/v1/sync/retry", r#"{"sink":"main"}"#),
        ("GET", "/healthz", ""),
    ];
    for (method, path, body) in calls {
        let answer = server.call(method, path, body.as_bytes());
        assert!(
            (200..300).contains(&answer.status),
            "{path}: {}",
            answer.status
        );
        let (path, value) = (path.split('?').next().unwrap(), answer.json());
        let operation = operation_of(&document, &method.to_lowercase(), path);
        let response = &operation["responses"][answer.status.to_string()];
        let wanted = &response["content"]["application/json"]["schema"];
        assert!(
            wanted.is_object(),
            "{path} answers {} undocumented",
            answer.status
        );
        check(&document, wanted, &value, path);
        if path == "/api/v1/events" {
            assert_eq!(
                (value["events"][0]["seq"].as_u64(), value["next"].as_u64()),
                (Some(3), Some(4))
            );
        }
    }
    let error = server.call("GET", "/api/v1/orders/none", b"").json();
    check(&document, &schema("Error"), &error, "error");
    let calls = server.station.take_calls();
    for wanted in [
        "orders 7",
        "cancel A-1 buyer",
        "retry main",
        "touch bench1 XCTLUNDG 2",
        "issue swift parcel 2",
        "lease swift-1 100000 100999",
        "settle s1-7 wrong_label office: looked at it",
    ] {
        assert!(calls.iter().any(|c| c == wanted), "{wanted}: {calls:?}");
    }
}

/// A carrier's scan as the document describes it.
fn carrier_scan() -> Value {
    json!({
        "carrier": "dpd", "tracking_number": "09980123456789",
        "at": "2026-11-21T18:05:00+01:00", "kind": "accepted", "code": "PU",
        "text": "Parcel handed to DPD", "estimate": { "from": "2026-11-24", "to": "2026-11-25" },
    })
}

#[test]
fn carriers_scans_and_settled_exceptions_are_for_programs_and_bounded() {
    let server = Server::start();
    let document = web::openapi_document();
    check(&document, &schema("CarrierScan"), &carrier_scan(), "scan");
    let (scans, settle) = (
        "/api/v1/carrier-events",
        "/api/v1/parcels/s1-7/exceptions/wrong_label/resolve",
    );
    // No cookie of a page, and no bearer token: not taken.
    let host = format!("127.0.0.1:{}", server.port);
    let plain = [
        ("Host", host.as_str()),
        ("Content-Type", "application/json"),
    ];
    for path in [scans, settle] {
        assert_eq!(
            server.raw("POST", path, &plain, b"{}").refusal().0,
            401,
            "{path}"
        );
    }
    let scan = carrier_scan().to_string();
    let answer = server.call("POST", scans, scan.as_bytes());
    assert_eq!(answer.status, 201);
    let told = answer.json();
    assert_eq!(
        (&told["outcome"], &told["event"]),
        (&json!("recorded"), &json!("carrier.accepted"))
    );
    let again = server.call("POST", scans, br#"{"known": true}"#);
    assert_eq!(
        (again.status, &again.json()["outcome"]),
        (200, &json!("unchanged"))
    );
    assert_eq!(
        server.call("POST", scans, b"{}").refusal(),
        (422, "invalid".to_owned())
    );
    let long = vec![b' '; 20_000];
    assert_eq!(server.call("POST", scans, &long).refusal().0, 413);
    let text = [("Content-Type", "text/plain")];
    assert_eq!(
        server.call_with("POST", scans, &text, b"x").refusal().0,
        415
    );

    for (path, body, status) in [
        (settle, r#"{"who":"office","why":"ok"}"#, 200),
        (settle, r#"{"who":"office"}"#, 422),
        (settle, r#"{"who":"office","why":"ok","force":true}"#, 422),
        (
            "/api/v1/parcels/s1-7/exceptions/other/resolve",
            r#"{"who":"office","why":"ok"}"#,
            404,
        ),
        (
            "/api/v1/parcels/s1%0A7/exceptions/other/resolve",
            r#"{"who":"office","why":"ok"}"#,
            400,
        ),
    ] {
        assert_eq!(
            server.call("POST", path, body.as_bytes()).status,
            status,
            "{path} {body}"
        );
    }
    assert_eq!(server.call("GET", settle, b"").refusal().0, 405);
}

fn schema(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn operation_of<'a>(document: &'a Value, method: &str, path: &str) -> &'a Value {
    let fits = |template: &str| {
        let (a, b): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
        a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| a == b || a.starts_with('{'))
    };
    let paths = document["paths"].as_object().unwrap();
    let exact = paths.get(path);
    let found = exact
        .or_else(|| paths.iter().find(|(t, _)| fits(t)).map(|(_, o)| o))
        .unwrap();
    &found[method]
}

/// The part of JSON Schema that our document uses.
fn check(document: &Value, schema: &Value, value: &Value, at: &str) {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.rsplit('/').next().unwrap();
        return check(
            document,
            &document["components"]["schemas"][name],
            value,
            at,
        );
    }
    if let Some(choices) = schema["anyOf"].as_array() {
        let choice = choices
            .iter()
            .find(|c| (c["type"] == "null") == value.is_null());
        return check(document, choice.unwrap(), value, at);
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(n) if n.is_i64() || n.is_u64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let types = match &schema["type"] {
        Value::Array(types) => types.clone(),
        one => vec![one.clone()],
    };
    assert!(
        types.iter().any(|t| t == kind),
        "{at}: {kind} instead of {types:?}"
    );
    if let Some(allowed) = schema["enum"].as_array() {
        assert!(
            allowed.contains(value),
            "{at}: {value} is none of {allowed:?}"
        );
    }
    for (n, entry) in value.as_array().into_iter().flatten().enumerate() {
        check(document, &schema["items"], entry, &format!("{at}[{n}]"));
    }
    let Some(members) = value.as_object() else {
        return;
    };
    for name in schema["required"].as_array().into_iter().flatten() {
        assert!(
            members.contains_key(name.as_str().unwrap()),
            "{at}: {name} is missing"
        );
    }
    for (name, member) in members {
        let at = format!("{at}.{name}");
        match (&schema["properties"][name], &schema["additionalProperties"]) {
            (Value::Null, Value::Bool(true)) => {}
            (Value::Null, more @ Value::Object(_)) => check(document, more, member, &at),
            (Value::Null, _) => panic!("{at} is not in the document"),
            (known, _) => check(document, known, member, &at),
        }
    }
}

// The pages in a real browser.

/// Every screen of a bench, by name.
fn bench_views() -> Vec<(&'static str, PlaceView)> {
    let mut all = Vec::new();
    all.push(("login", bench(Mode::Login)));
    let mut ready = bench(Mode::Ready);
    all.push(("ready-first", ready.clone()));
    ready.last = Some(LastView {
        ok: true,
        text: format!("Parcel s1-7 done · …{}", &NUMBER[14..]),
    });
    all.push(("ready", ready.clone()));
    ready.prompt = Some("Scan the park tag or the order to resume".to_owned());
    all.push(("ready-prompt", ready));

    let mut verifying = bench(Mode::Verifying);
    verifying.weight = Some(weight("0.412", WeightState::Stable, Some(412)));
    all.push(("verifying", verifying.clone()));
    let order = verifying.order.as_mut().unwrap();
    order.lines = (1..=14)
        .map(|n| {
            line(
                &format!("SKU-{n}"),
                "Handgefertigte Weihnachtsbaumkugel, mundgeblasen, rot",
                u32::from(n % 5 == 1) * 12,
                12,
            )
        })
        .collect();
    (order.done, order.wanted) = (36, 168);
    order.seller = "A seller with a rather long trading name Ltd.".to_owned();
    verifying.health.sync.state = "offline".to_owned();
    verifying.health.sync.waiting = 143;
    verifying.health.sync.last_ack_ms = Some(1_795_226_700_000);
    verifying.health.printer = "paper_out".to_owned();
    all.push(("verifying-long-offline", verifying));

    let mut weighing = bench(Mode::Weighing);
    weighing.weight = Some(weight("1.1", WeightState::Moving, Some(1_100)));
    all.push(("weighing-moving", weighing.clone()));
    weighing.weight = Some(weight("1.250", WeightState::Stable, Some(1_250)));
    all.push(("weighing-steady", weighing.clone()));
    weighing.weight = Some(weight("1.425", WeightState::Stable, Some(1_425)));
    weighing.next = "Too heavy: check the items, then weigh again".to_owned();
    all.push(("weighing-off", weighing.clone()));
    weighing.weight.as_mut().unwrap().armed = false;
    weighing.weight.as_mut().unwrap().band = None;
    weighing.next = "Empty the scale, then put the parcel on it".to_owned();
    all.push(("weighing-unarmed", weighing));

    let mut labelling = bench(Mode::Labelling);
    all.push(("labelling", labelling.clone()));
    labelling
        .parcel
        .as_mut()
        .unwrap()
        .job
        .as_mut()
        .unwrap()
        .picture = None;
    labelling
        .parcel
        .as_mut()
        .unwrap()
        .job
        .as_mut()
        .unwrap()
        .state = JobState::Rendering;
    all.push(("labelling-drawing", labelling));
    let mut back = bench(Mode::ScanBack);
    let job = back.parcel.as_mut().unwrap().job.as_mut().unwrap();
    job.state = JobState::Sent;
    job.evidence = vec![Evidence::Sent, Evidence::Drained, Evidence::Counted];
    all.push(("scan-back", back.clone()));
    let job = back.parcel.as_mut().unwrap().job.as_mut().unwrap();
    job.state = JobState::InDoubt;
    job.evidence = vec![];
    back.next = "Is there a label? Scan it. If not, scan NOLABEL".to_owned();
    all.push(("scan-back-doubt", back));

    let mut red = bench(Mode::Verifying);
    red.mode = Mode::Stop;
    red.stop = Some(stop(
        "WRONG ITEM",
        "This is not in the order.",
        "Put it back. Scan an item from the list.",
        Some("4006381333931"),
    ));
    all.push(("stop", red.clone()));
    red.stop = Some(stop(
        "ANOTHER ORDER",
        "Order 576460-9915-31 was scanned while order 576460-8841-22 is still open here.",
        "Finish the open order, or scan PARK to put it aside, then scan the new order.",
        Some("A-VERY-LONG-CODE-THAT-SOMEBODY-SCANNED-0123456789-0123456789-0123456789"),
    ));
    red.health.sync.state = "offline".to_owned();
    all.push(("stop-long", red));
    all.extend(bench_exceptions());
    all
}

/// A bench whose parcel or order has something that does not fit.
fn bench_exceptions() -> Vec<(&'static str, PlaceView)> {
    let warning = "ship_to.postcode is no usual postcode of GERMANY, such as 50667: compare it \
        with the order; ship if it is right";
    let mut doubted = bench(Mode::Verifying);
    doubted.order.as_mut().unwrap().warnings = vec![warning.to_owned()];
    let mut back = bench(Mode::ScanBack);
    back.order.as_mut().unwrap().warnings = vec![warning.to_owned()];
    back.parcel.as_mut().unwrap().exceptions = vec![
        exception(
            "s1-7",
            "WRONG LABEL",
            "This is the label of s1-8.",
            "Put the right label on and scan it.",
        ),
        exception(
            "s1-7",
            "SCAN AGAIN",
            "DHL Paket number, check digit wrong.",
            "Scan again, else print a new label.",
        ),
    ];
    let mut red = bench(Mode::Verifying);
    red.mode = Mode::Stop;
    red.stop = Some(stop(
        "WHOSE NUMBER?",
        "The label is for DPD Predict, but 1ZA1B2C30312345673 is a number of UPS.",
        "Compare it with the label. Scan OK if it is right, else ABORT.",
        None,
    ));
    vec![
        ("verifying-warning", doubted),
        ("scan-back-exception", back),
        ("stop-number", red),
    ]
}

/// Every screen of a dock, by name.
fn dock_views() -> Vec<(&'static str, PlaceView)> {
    let mut all = vec![
        (
            "dock-login",
            PlaceView {
                operator: None,
                ..dock(Mode::Login)
            },
        ),
        ("dock-ready", dock(Mode::DockReady)),
        ("dock-scanning", dock(Mode::DockScanning)),
        ("dock-closing", dock(Mode::DockClosing)),
        ("dock-closed", dock(Mode::DockClosed)),
    ];
    all[0].1.next = "Scan your badge".to_owned();
    let mut none = dock(Mode::DockReady);
    none.dock.as_mut().unwrap().waiting.clear();
    all.push(("dock-nothing", none));
    let mut asked = dock(Mode::DockScanning);
    asked.prompt = Some("Scan the parcel to take out".to_owned());
    asked.last = Some(LastView {
        ok: false,
        text: "s1-9 is for UPS: put it there".to_owned(),
    });
    asked.dock.as_mut().unwrap().carrier_name = Some("Deutsche Post International".to_owned());
    all.push(("dock-prompt", asked));
    let mut red = dock(Mode::Stop);
    red.stop = Some(stop(
        "WRONG CARRIER",
        "This parcel is for UPS.",
        "Set it aside, then scan OK.",
        Some("1Z999AA10123456784"),
    ));
    all.push(("dock-stop", red.clone()));
    red.stop = Some(stop(
        "SCAN AGAIN",
        "UPS number, check digit wrong.",
        "Scan again, else print a new label.",
        Some("1Z999AA10123456785"),
    ));
    all.push(("dock-stop-misread", red));
    let mut open = dock(Mode::DockScanning);
    open.dock.as_mut().unwrap().exceptions = vec![
        exception(
            "s1-19",
            "ORDER CHANGED",
            "The order changed after it was packed.",
            "Do not ship. VOID the label, or let the office release it.",
        ),
        exception(
            "s1-17",
            "WRONG CARRIER",
            "This parcel goes with UPS.",
            "Put it to the parcels of its own carrier.",
        ),
        exception(
            "s1-3",
            "SCANNED BEFORE",
            "Already scanned at 16:40 into s1-H4.",
            "Look for a second box with this label.",
        ),
    ];
    all.push(("dock-exceptions", open));
    all
}

/// What must hold on every screen at every size; the result lists what does not.
const LAYOUT: &str = r##"
  const mm = parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--mm"));
  const wrong = [];
  const page = document.scrollingElement;
  if (page.scrollWidth > innerWidth || page.scrollHeight > innerHeight) wrong.push("page scrolls");
  const boxes = "#screen,.main,.top,.next,.keys,.aside,.about,.lines,.line,.lists,.list,.stop,"
    + ".stop-head,.stop-foot,.stop-remedy,.counts,.carriers,.carriers li,.dock-head,.verdict,"
    + ".ribbon,.issue,.troubles,.last,.paper,.sheet,button,.facts,.health,.proof";
  for (const box of document.querySelectorAll(boxes)) {
    const name = box.className || box.id || box.localName;
    if (box.scrollHeight > box.clientHeight + 2) {
      wrong.push(`${name} is cut by ${box.scrollHeight - box.clientHeight} px in height`);
    }
    if (box.scrollWidth > box.clientWidth + 2) {
      wrong.push(`${name} is cut by ${box.scrollWidth - box.clientWidth} px in width`);
    }
    const { left, top, right, bottom } = box.getBoundingClientRect();
    if (left < -1 || top < -1 || right > innerWidth + 1 || bottom > innerHeight + 1) {
      wrong.push(`${name} sticks out`);
    }
  }
  for (const button of document.querySelectorAll("button")) {
    const { width, height } = button.getBoundingClientRect();
    if (Math.min(width, height) < 20 * mm - 0.5) wrong.push(`button ${height / mm} mm`);
    if (!button.getAttribute("aria-label")) wrong.push("button without a name");
  }
  for (const text of document.querySelectorAll(".next p, .stop-text, .stop-remedy p, h1")) {
    // Letters reach a little out of tight lines; a cut line is a whole one.
    const spare = parseFloat(getComputedStyle(text).fontSize) * 0.5;
    if (text.scrollWidth > text.clientWidth + 2
      || text.scrollHeight > text.clientHeight + spare) {
      wrong.push(`text is cut: ${text.textContent}`);
    }
  }
  return wrong;
"##;

/// Texts that hold less than 7:1 against the nearest background behind them.
const CONTRAST: &str = r##"
  const parse = (text) => text.match(/[\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour[3] === undefined || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const low = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const at = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || at.closest("#live,#alarm,[hidden]")) continue;
    const [a, b] = [light(parse(getComputedStyle(at).color)), light(behind(at))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 7) low.push(`${ratio.toFixed(2)} ${at.className}: ${walk.currentNode.data}`);
  }
  return low;
"##;

fn shown(browser: &Browser, version: u64) {
    let script = format!(
        "return document.documentElement.dataset.version === '{version}' && \
         [...document.images].every(i => i.complete)"
    );
    browser.wait("the view is painted", 5_000, &script);
}

fn keep(browser: &Browser, name: &str) {
    if let Some(folder) = std::env::var_os("FIRSTSCAN_SCREENSHOTS") {
        let file = std::path::Path::new(&folder).join(format!("{name}.png"));
        std::fs::write(file, browser.screenshot()).unwrap();
    }
}

#[test]
fn every_screen_paints_fits_and_can_be_read_at_every_size() {
    let server = Server::start();
    let browser = Browser::start();
    let places = [
        ("/bench/bench1", bench_views()),
        ("/dock/dock1", dock_views()),
    ];
    let mut wrong = Vec::new();
    for (path, views) in places {
        browser.goto(&server.url(path));
        for (name, view) in views {
            let mode = serde_json::to_value(view.mode).unwrap();
            let version = server.station.show(view);
            for (width, height) in SIZES {
                browser.resize(width, height);
                shown(&browser, version);
                assert_eq!(
                    browser.run("return document.documentElement.dataset.mode"),
                    mode
                );
                // Let the bars be found and marked, and a repaint follow the resize.
                browser.run("return new Promise(r => setTimeout(() => r(true), 60))");
                keep(&browser, &format!("{name}-{width}"));
                for check in [LAYOUT, CONTRAST] {
                    for text in browser.run(check).as_array().unwrap() {
                        wrong.push(format!("{name} {width}x{height}: {text}"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{:#?}", wrong);

    let urls = requested(&browser);
    assert!(urls.len() > 10, "{urls:?}");
    let own = server.url("/");
    assert!(
        urls.iter().all(|url| url.starts_with(&own)),
        "a request left: {urls:?}"
    );
    let complaints: Vec<_> = browser
        .log("browser")
        .into_iter()
        .filter(|entry| {
            entry["level"] == "SEVERE" || entry["message"].to_string().contains("Content Security")
        })
        .collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
}

fn requested(browser: &Browser) -> Vec<String> {
    let message = |entry: &Value| -> Value {
        serde_json::from_str(entry["message"].as_str().unwrap()).unwrap()
    };
    let entries = browser.log("performance");
    let sent = entries.iter().map(message).map(|m| m["message"].clone());
    sent.filter(|m| m["method"] == "Network.requestWillBeSent")
        .map(|m| m["params"]["request"]["url"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_stop_is_a_shape_a_word_a_colour_and_it_stays_until_it_is_cleared() {
    let server = Server::start();
    let browser = Browser::start();
    browser.goto(&server.url("/bench/bench1"));
    browser.resize(1280, 800);
    let (_, red) = bench_views()
        .into_iter()
        .find(|(name, _)| *name == "stop")
        .unwrap();
    shown(&browser, server.station.show(red));
    assert_eq!(browser.text(".stop h1"), "WRONG ITEM");
    assert_eq!(browser.text(".stop-text"), "This is not in the order.");
    assert_eq!(
        browser.text(".stop-remedy p"),
        "Put it back. Scan an item from the list."
    );
    assert!(browser.text(".scanned").contains("4006381333931"));
    let elapsed = browser.text(".elapsed");
    assert!(
        ["0:12", "0:13", "0:14", "0:15"].contains(&elapsed.as_str()),
        "{elapsed}"
    );
    let alarm = browser.run("return document.querySelector('#alarm').textContent");
    assert!(
        alarm
            .as_str()
            .unwrap()
            .starts_with("Stop. WRONG ITEM. This is not"),
        "{alarm}"
    );
    let colours = browser.run(
        "const s = getComputedStyle(document.querySelector('.stop'));
         return [s.backgroundColor, getComputedStyle(document.querySelector('.plate')).fill,
           getComputedStyle(document.querySelector('.stop'), '::before').backgroundImage
             .startsWith('repeating-linear-gradient(135deg')]",
    );
    assert_eq!(
        colours,
        json!(["rgb(163, 40, 0)", "rgb(255, 255, 255)", true])
    );
    let height = browser.run(
        "const mm = parseFloat(document.documentElement.style.getPropertyValue('--mm'));
         return parseFloat(getComputedStyle(document.querySelector('.stop h1')).fontSize) / mm",
    );
    assert!(height.as_f64().unwrap() > 19.0, "the word is {height} mm");

    // A brief tap does not clear it; holding does.
    std::thread::sleep(Duration::from_millis(350));
    browser.click("button[data-code=XCTLOKXI]");
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(server.station.take_calls(), Vec::<String>::new());
    browser.hold("button[data-code=XCTLOKXI]", 1_000);
    assert_eq!(server.station.take_calls(), ["touch bench1 XCTLOKXI 2"]);
    assert_eq!(
        browser.run("return document.documentElement.dataset.mode"),
        "stop"
    );
    shown(&browser, server.station.show(bench(Mode::Verifying)));
    assert_eq!(
        browser.run("return document.querySelector('.stop')"),
        Value::Null
    );
    assert_eq!(
        browser.run("return document.querySelector('#alarm').textContent"),
        ""
    );
}

#[test]
fn a_touch_posts_the_version_seen_and_not_right_after_a_change() {
    let server = Server::start();
    let browser = Browser::start();
    browser.goto(&server.url("/bench/bench1"));
    let version = server.station.show(bench(Mode::Verifying));
    shown(&browser, version);

    // At once: this finger meant the screen before.
    shown(&browser, server.station.show(bench(Mode::Ready)));
    let version = server.station.show(bench(Mode::Verifying));
    browser.run(&format!(
        "return new Promise(done => {{ const timer = setInterval(() => {{
           if (document.documentElement.dataset.version !== '{version}') return;
           clearInterval(timer);
           document.querySelector('button[data-code=XCTLUNDG]').click();
           done(true);
         }}, 5); }})"
    ));
    std::thread::sleep(Duration::from_millis(400));
    assert_eq!(server.station.take_calls(), Vec::<String>::new());

    browser.click("button[data-code=XCTLUNDG]");
    browser.wait(
        "the key is free again",
        3_000,
        "return !document.querySelector('.down')",
    );
    assert_eq!(
        server.station.take_calls(),
        [format!("touch bench1 XCTLUNDG {version}")]
    );
    assert_eq!(browser.text("button[data-code=XCTLUNDG] .name"), "UNDO");
    // The touch also allowed the page's own sound, which browsers hold back until then.
    browser.wait(
        "the sound is on",
        3_000,
        "return document.documentElement.dataset.sound === 'on'",
    );

    // The station moved on, but the page has not heard: refused, and the page says so.
    browser.run(
        "const real = window.fetch; window.fetch = (url, init) => real(url, { ...init,
           body: init.body.replace(/\"seen\":\\d+/, '\"seen\":1') })",
    );
    browser.click("button[data-code=XCTLPRKJ]");
    browser.wait(
        "the page says it was stale",
        3_000,
        "return !!document.querySelector('.notice')",
    );
    assert_eq!(
        browser.text(".notice"),
        "The screen has changed. Look again."
    );
    assert_eq!(server.station.take_calls(), ["touch bench1 XCTLPRKJ 1"]);
}

#[test]
fn a_silent_station_covers_the_page_and_the_right_view_comes_back() {
    let mut server = Server::start();
    let browser = Browser::start();
    browser.goto(&server.url("/bench/bench1"));
    browser.resize(1280, 800);
    shown(&browser, server.station.show(bench(Mode::Verifying)));
    std::thread::sleep(Duration::from_millis(5_500));
    assert_eq!(
        browser.run("return document.querySelector('#cover').hidden"),
        true,
        "heartbeats keep a quiet page open"
    );
    server.halt();
    let begin = Instant::now();
    browser.wait(
        "the page covers itself",
        6_000,
        "return !document.querySelector('#cover').hidden",
    );
    assert!(
        begin.elapsed() > Duration::from_millis(2_500),
        "covered too early"
    );
    let text = browser.text("#cover");
    assert!(text.contains("Screen lost the station."), "{text}");
    assert!(text.contains("Do not continue."), "{text}");
    let inert = "return document.querySelector('#screen').inert";
    assert_eq!(browser.run(inert), true);
    keep(&browser, "cover-1280");
    let top = browser.run("return !!document.elementFromPoint(640, 700).closest('#cover')");
    assert_eq!(top, true, "nothing may lie above the cover");

    server.station.show(bench(Mode::Weighing));
    server.run();
    browser.wait(
        "the page comes back",
        6_000,
        "return document.querySelector('#cover').hidden \
         && document.documentElement.dataset.mode === 'weighing'",
    );
    assert_eq!(browser.run(inert), false);
}

#[test]
fn a_finished_parcel_flashes_once_and_the_next_scan_ends_it() {
    let server = Server::start();
    let browser = Browser::start();
    browser.goto(&server.url("/bench/bench1"));
    browser.resize(1280, 800);
    let mut back = bench(Mode::ScanBack);
    back.cue = Some(CueView {
        id: 6,
        cue: Cue::ItemOk,
    });
    shown(&browser, server.station.show(back));
    let mut ready = bench(Mode::Ready);
    ready.last = Some(LastView {
        ok: true,
        text: "Parcel s1-7 · to the DHL lane".to_owned(),
    });
    ready.cue = Some(CueView {
        id: 7,
        cue: Cue::ParcelDone,
    });
    shown(&browser, server.station.show(ready.clone()));
    assert_eq!(browser.text(".flash h1"), "Done");
    keep(&browser, "done-1280");
    browser.wait(
        "the flash ends by itself",
        2_500,
        "return !document.querySelector('.flash')",
    );

    ready.cue = Some(CueView {
        id: 8,
        cue: Cue::ParcelDone,
    });
    shown(&browser, server.station.show(ready.clone()));
    browser.find(".flash");
    shown(&browser, server.station.show(bench(Mode::Verifying)));
    assert_eq!(
        browser.run("return document.querySelector('.flash')"),
        Value::Null
    );

    // A page opened later shows the result, but does not celebrate an old parcel.
    server.station.show(ready);
    browser.goto(&server.url("/bench/bench1"));
    browser.wait(
        "ready",
        3_000,
        "return document.documentElement.dataset.mode === 'ready'",
    );
    assert_eq!(
        browser.run("return document.querySelector('.flash')"),
        Value::Null
    );
    assert!(browser.text(".last").contains("DHL lane"));
}

#[test]
fn finished_lines_sink_pictures_fall_back_and_the_bars_to_scan_are_marked() {
    let server = Server::start();
    let browser = Browser::start();
    browser.goto(&server.url("/bench/bench1"));
    browser.resize(1280, 800);
    let mut view = bench(Mode::Verifying);
    view.order.as_mut().unwrap().lines[2].picture = Some("/pictures/none.png".to_owned());
    shown(&browser, server.station.show(view));
    let rows = browser.run(
        "return [...document.querySelectorAll('.line')].map(l => \
           [l.querySelector('small').textContent, l.querySelector('.count').textContent])",
    );
    assert_eq!(
        rows,
        json!([
            ["NL-MUG-BLUE", "1 / 2"],
            ["NL-SPN-01", "0 / 1"],
            ["NL-TEA-EG-100", "1 / 1"]
        ])
    );
    assert_eq!(browser.text(".total"), "2 / 4");
    browser.wait(
        "a missing picture leaves its tile",
        3_000,
        "const images = [...document.querySelectorAll('.line img')];
         return images.length === 2 && !images[0].hidden && images[1].hidden",
    );

    shown(&browser, server.station.show(bench(Mode::ScanBack)));
    browser.wait(
        "the mark is drawn",
        3_000,
        "return !!document.querySelector('.mark')",
    );
    let mark = browser.run(
        "const sheet = document.querySelector('.label-picture').getBoundingClientRect();
         const mark = document.querySelector('.mark').getBoundingClientRect();
         return [(mark.left - sheet.left) / sheet.width * 812, (mark.top - sheet.top) /
           sheet.height * 1218, mark.width / sheet.width * 812, mark.height / sheet.height * 1218]",
    );
    let mark: Vec<f64> = mark
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v.as_f64().unwrap())
        .collect();
    let wanted = [BARS.0, BARS.1, BARS.2, BARS.3].map(f64::from);
    for (got, want) in mark.iter().zip(wanted) {
        assert!(
            (got - want).abs() < 80.0,
            "marked {mark:?} instead of {wanted:?}"
        );
    }
}

#[test]
fn the_first_page_leads_to_every_place_and_unknown_ones_lead_back() {
    let server = Server::start();
    let browser = Browser::start();
    browser.goto(&server.url("/"));
    browser.resize(1280, 800);
    browser.wait(
        "both places are listed",
        3_000,
        "return document.querySelectorAll('.tiles a').length === 2",
    );
    keep(&browser, "choose-1280");
    assert!(browser.text(".tiles").contains("Bench 1"));
    browser.click(".tiles li:nth-child(2) a");
    browser.wait(
        "the dock opens",
        3_000,
        "return document.documentElement.dataset.mode === 'dock_ready'",
    );
    browser.goto(&server.url("/bench/dock1"));
    assert_eq!(browser.run("return location.pathname"), "/dock/dock1");
    browser.goto(&server.url("/bench/none"));
    assert!(browser.text("h1").contains("no place"));
    keep(&browser, "unknown-1280");
}

#[test]
fn states_are_told_apart_without_colour() {
    let server = Server::start();
    let browser = Browser::start();
    browser.goto(&server.url("/bench/bench1"));
    let light = browser.run(
        "const style = getComputedStyle(document.documentElement);
         const light = name => [1, 3, 5].map(at => parseInt(style.getPropertyValue(name).trim()
           .slice(at, at + 2), 16) / 255)
           .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
           .reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
         return ['--paper', '--ok', '--warn', '--stop', '--ask', '--away'].map(light)",
    );
    let light: Vec<f64> = light
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v.as_f64().unwrap())
        .collect();
    let ratio =
        |a: usize, b: usize| (light[a].max(light[b]) + 0.05) / (light[a].min(light[b]) + 0.05);
    for dark in [3, 4, 5] {
        for bright in [0, 1, 2] {
            let ratio = ratio(dark, bright);
            assert!(ratio >= 3.0, "colours {dark} and {bright}: {ratio}");
        }
    }
    // Of one brightness: told apart by shape. The shapes on screen differ by state.
    let mut shapes = BTreeSet::new();
    let views = bench_views();
    for name in [
        "login",
        "ready",
        "weighing-moving",
        "weighing-steady",
        "weighing-off",
        "stop",
    ] {
        let (_, view) = views.iter().find(|(n, _)| *n == name).unwrap();
        shown(&browser, server.station.show(view.clone()));
        let seen = browser.run(
            "return [...document.querySelectorAll('#screen .main svg, #screen .octagon')]
               .map(s => s.dataset.shape ?? 'octagon').join()",
        );
        assert!(
            shapes.insert(seen.to_string()),
            "{name} shows the shapes of another: {seen}"
        );
    }
}
