//! The panel over real HTTP, above real emulated devices.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::emulate::bench::StationLayout;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

struct Upstream(Mutex<UpstreamMode>);

impl PanelUpstream for Upstream {
    fn mode(&self) -> UpstreamMode {
        *self.0.lock().unwrap()
    }

    fn set_mode(&self, mode: UpstreamMode) {
        *self.0.lock().unwrap() = mode;
    }

    fn received(&self, limit: usize) -> Vec<ReceivedEvent> {
        let event = |n: usize| ReceivedEvent {
            at: format!("09:05:{n:02}"),
            kind: "parcel.first_scan".into(),
            subject: format!("S1-{n}"),
            verdict: if n % 4 == 3 {
                "refused"
            } else {
                "acknowledged"
            }
            .into(),
        };
        (0..12).map(event).take(limit).collect()
    }
}

fn item(title: &str, barcode: &str, quantity: u32, grams: i64) -> PanelItem {
    PanelItem {
        title: title.into(),
        barcode: barcode.into(),
        quantity,
        grams,
    }
}

fn order(id: &str, title: &str, note: &str, items: Vec<PanelItem>) -> PanelOrder {
    PanelOrder {
        id: id.into(),
        code: id.into(),
        title: title.into(),
        note: note.into(),
        items,
    }
}

fn config() -> PanelConfig {
    let mug = || item("Stoneware mug, blue", "4006381333931", 2, 340);
    let tea = || item("Green tea, 100 g", "9780201379624", 1, 120);
    PanelConfig {
        bench: "bench1".into(),
        dock: "dock1".into(),
        bench_url: "http://127.0.0.1:9/bench/bench1".into(),
        dock_url: "http://127.0.0.1:9/dock/dock1".into(),
        badges: vec![
            PanelCode::new("Mira", "BADGE-MIRA"),
            PanelCode::new("Tom", "BADGE-TOM"),
        ],
        orders: vec![
            order("SHOP-1001", "Ana Sousa, Lisboa PT", "", vec![mug(), tea()]),
            order("MKT-77-2041", "王小明, 台北 TW", "two parcels", vec![mug()]),
            order(
                "TT-58810",
                "J. Smith, Leeds GB",
                "arrives with its carrier label",
                vec![tea()],
            ),
            order(
                "SHOP-1002",
                "Łukasz Żak, Łódź PL",
                "is cancelled while packing",
                vec![mug()],
            ),
        ],
        bench_codes: PanelCode::bench_sheet(),
        extra_codes: vec![PanelCode::new("reason: torn", "XCTLREOTTORN")],
        dock_codes: PanelCode::dock_sheet(),
        carriers: vec![PanelCode::new("Open: Parcel North", "XCTLOPEIPN")],
        box_grams: 150,
    }
}

struct Rig {
    station: Arc<EmulatedStation>,
    upstream: Arc<Upstream>,
    server: PanelServer,
    _folder: tempfile::TempDir,
}

fn rig() -> Rig {
    let folder = tempfile::tempdir().unwrap();
    let station = EmulatedStation::start(folder.path(), &StationLayout::default()).unwrap();
    let (station, upstream) = (
        Arc::new(station),
        Arc::new(Upstream(Mutex::new(UpstreamMode::Ok))),
    );
    let panel = Panel::new(config(), Arc::clone(&station), upstream.clone());
    let server = PanelServer::start(Arc::new(panel), 0).unwrap();
    Rig {
        station,
        upstream,
        server,
        _folder: folder,
    }
}

impl Rig {
    /// Sends a request as given; returns the head and the body.
    async fn send(&self, request: &str, headers: &str, body: &str) -> (String, String) {
        let mut stream = TcpStream::connect(self.server.address).await.unwrap();
        let text = format!(
            "{request} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n{body}",
            body.len()
        );
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    }

    async fn get(&self, path: &str) -> (String, String) {
        let host = format!("Host: {}\r\n", self.server.address);
        self.send(&format!("GET {path}"), &host, "").await
    }

    async fn act(&self, act: Value) -> Result<Value, String> {
        let headers = format!(
            "Host: {0}\r\nOrigin: http://{0}\r\nContent-Type: application/json\r\n",
            self.server.address
        );
        let (head, body) = self
            .send("POST /panel/act", &headers, &act.to_string())
            .await;
        if head.starts_with("HTTP/1.1 200") {
            Ok(serde_json::from_str(&body).unwrap())
        } else {
            Err(format!("{head}\n{body}"))
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_packer_fills_weighs_and_labels_a_box() {
    let rig = rig();
    let bench = rig.station.bench("bench1").unwrap();
    let mut gun = std::fs::File::open(bench.scanner.path()).unwrap();
    for _ in 0..500 {
        if bench.scanner.host_open() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let scan = |text: &str| json!({"do": "scan", "place": "bench1", "text": text});
    rig.act(scan("SHOP-1001")).await.unwrap();
    rig.act(scan("4006381333931")).await.unwrap();
    // A stranger and a surplus piece do not go into the box.
    rig.act(scan("0000000000000")).await.unwrap();
    rig.act(scan("4006381333931")).await.unwrap();
    rig.act(scan("4006381333931")).await.unwrap();
    let state = rig.act(scan("9780201379624")).await.unwrap();
    assert_eq!(state["order"], "SHOP-1001");
    assert_eq!(state["box_grams"], 150 + 2 * 340 + 120);
    let heard = tokio::task::spawn_blocking(move || {
        let mut bytes = [0; 13];
        std::io::Read::read_exact(&mut gun, &mut bytes).map(|()| bytes)
    });
    assert_eq!(&heard.await.unwrap().unwrap(), b"]C0SHOP-1001\r");

    rig.act(json!({"do": "put_box", "grams": null}))
        .await
        .unwrap();
    assert_eq!(
        bench.scale.with(|s, _| s.load()),
        firstscan_drivers::mass::Mass::from_grams(950)
    );
    let state = rig.act(scan("XCTLUNDG")).await.unwrap();
    assert_eq!(state["box_grams"], 150 + 2 * 340);
    let state = rig.act(scan("XCTLNEXR")).await.unwrap();
    assert_eq!(
        (&state["box_grams"], &state["packed"][1]),
        (&json!(150), &json!("4006381333931"))
    );
    // The second box takes what the order still lacks, and no more.
    rig.act(scan("4006381333931")).await.unwrap();
    let state = rig.act(scan("9780201379624")).await.unwrap();
    assert_eq!(state["box_grams"], 150 + 120);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_label_is_taken_and_read_as_printed() {
    let rig = rig();
    let take = || json!({"do": "take_label", "place": "bench1"});
    let refused = rig.act(take()).await.unwrap_err();
    assert!(
        refused.contains("409") && refused.contains("wait for the printer"),
        "{refused}"
    );

    let bench = rig.station.bench("bench1").unwrap();
    let mut host = TcpStream::connect(bench.printer.address()).await.unwrap();
    let qr = fast_qr::QRBuilder::new("S1-7.0").build().unwrap();
    let mut rows = String::new();
    for row in (0..qr.size).flat_map(|y| [y; 8]) {
        for x in 0..qr.size {
            rows.push_str(if qr[row][x].value() { "FF" } else { "00" });
        }
    }
    let (total, stride) = (qr.size * qr.size * 8, qr.size);
    let format = format!("^XA^PW812^LL1218^FO96,96^GFA,{total},{total},{stride},{rows}^FS^PQ1^XZ");
    host.write_all(format.as_bytes()).await.unwrap();
    for _ in 0..500 {
        if bench.printer.with(|p, _| p.odometer()) == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let state = rig.act(take()).await.unwrap();
    assert_eq!(
        state["labels"],
        json!([{
            "place": "bench1",
            "sequence": 1,
            "codes": [{"symbology": "qr", "text": "S1-7.0"}],
        }])
    );
    let (head, _png) = rig.get("/panel/label/bench1/1").await;
    assert!(
        head.starts_with("HTTP/1.1 200") && head.contains("image/png"),
        "{head}"
    );
    assert!(
        rig.get("/panel/label/bench1/2")
            .await
            .0
            .starts_with("HTTP/1.1 404")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn cables_paper_and_network_follow_the_switches() {
    let rig = rig();
    let cable = json!({"do": "cable", "place": "dock1", "device": "scanner", "plugged": false});
    let state = rig.act(cable).await.unwrap();
    assert_eq!(state["places"][1]["scanner"]["plugged"], false);
    let paper = json!({"do": "printer", "place": "bench1", "change": "paper_out"});
    let state = rig.act(paper).await.unwrap();
    assert_eq!(state["places"][0]["printer"]["paper_out"], true);
    let state = rig
        .act(json!({"do": "upstream", "mode": "away"}))
        .await
        .unwrap();
    assert_eq!(
        (&state["upstream"], rig.upstream.mode()),
        (&json!("away"), UpstreamMode::Away)
    );
    assert_eq!(state["received"].as_array().map(Vec::len), Some(12));
    for wrong in [
        json!({"do": "put_box", "grams": 40_001}),
        json!({"do": "scan", "place": "nowhere", "text": "x"}),
        json!({"do": "scan", "place": "bench1", "text": "x\ry"}),
        json!({"do": "printer", "place": "dock1", "change": "paper_out"}),
    ] {
        let refused = rig.act(wrong.clone()).await.unwrap_err();
        assert!(refused.starts_with("HTTP/1.1 409"), "{wrong}: {refused}");
    }
    assert!(rig.act(json!({"do": "no such thing"})).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_are_kept_out_and_the_policy_is_strict() {
    let rig = rig();
    let (head, body) = rig.get("/").await;
    assert!(
        head.starts_with("HTTP/1.1 200") && body.contains("panel.js"),
        "{head}"
    );
    assert!(
        head.contains("script-src 'self'; style-src 'self'"),
        "{head}"
    );
    assert!(
        head.contains("frame-src http://127.0.0.1:9 http://127.0.0.1:9;"),
        "{head}"
    );
    for path in [
        "/panel.js",
        "/paint.js",
        "/panel.css",
        "/panel/setup",
        "/panel/state",
    ] {
        assert!(rig.get(path).await.0.starts_with("HTTP/1.1 200"), "{path}");
    }
    let rebound = rig
        .send("GET /panel/state", "Host: evil.example\r\n", "")
        .await
        .0;
    assert!(rebound.starts_with("HTTP/1.1 403"), "{rebound}");
    let foreign = format!(
        "Host: {}\r\nOrigin: http://evil.example\r\nContent-Type: application/json\r\n",
        rig.server.address
    );
    let refused = rig
        .send("POST /panel/act", &foreign, r#"{"do":"take_box"}"#)
        .await
        .0;
    assert!(refused.starts_with("HTTP/1.1 403"), "{refused}");
}
