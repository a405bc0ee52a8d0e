//! The command line as scripts rely on it: exit codes, texts, documents.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[allow(dead_code)]
#[path = "support/daemon.rs"]
mod daemon;

use daemon::{Daemon, code, firstscan, json, run, text, wait_until};
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

/// A free port each time, nothing else.
const CONFIG: &str = "[station]\nid = \"T1\"\ncountry = \"DE\"\n[web]\nlisten = \"127.0.0.1:0\"\n";

fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(path)
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Code and standard error of a failing command.
fn fails(args: &[&str]) -> (i32, String) {
    let output = run(args);
    assert_eq!(text(&output.stdout), "", "{args:?} fails and answers");
    (code(&output), text(&output.stderr))
}

fn lines(output: &Output) -> Vec<Value> {
    text(&output.stdout)
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect()
}

fn file(folder: &Path, name: &str, content: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    path
}

#[test]
fn wrong_use_is_code_2() {
    for args in [
        &[][..],
        &["nonsense"],
        &["demo", "--upstream", "maybe"],
        &["label", "render"],
    ] {
        let (code, error) = fails(args);
        assert_eq!(code, 2, "{args:?}");
        assert!(
            error.contains("--help") || error.contains("Usage"),
            "{args:?}: {error}"
        );
    }
    let (code, error) = fails(&["device", "decode", "--profile", "nope"]);
    assert_eq!(code, 2);
    assert!(error.contains("device profiles"), "{error}");
    let version = run(&["--version"]);
    assert_eq!(daemon::code(&version), 0);
    assert_eq!(
        text(&version.stdout),
        format!("firstscan {}\n", env!("CARGO_PKG_VERSION"))
    );
}

/// The small program and the command are the same thing under two names.
#[test]
fn the_label_program_does_what_the_command_does() {
    let labels = fixture("labels");
    let (pdf, zpl) = (
        labels.join("carrier-a6.pdf"),
        labels.join("zpl/dhl-shaped.zpl"),
    );
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/transport-4x6/sample.json");
    for args in [
        &["render", "transport-4x6", "--data", path(&sample)][..],
        &["render", "nonsense", "--data", path(&sample)],
        &["convert", path(&pdf), "--to", "tspl", "--dpi", "300"],
        &["convert", path(&zpl), "--json"],
        &["check", path(&pdf), "--json"],
        &["check", "nowhere.pdf"],
    ] {
        let alone = Command::new(env!("CARGO_BIN_EXE_firstscan-label"))
            .args(args)
            .output()
            .unwrap();
        let whole = run(&[&["label"], args].concat());
        assert_eq!(code(&alone), code(&whole), "{args:?}");
        assert!(alone.stdout == whole.stdout, "{args:?}");
        let error = text(&alone.stderr).replace("firstscan-label", "firstscan");
        assert_eq!(error, text(&whole.stderr), "{args:?}");
        assert_eq!(alone.stdout.is_empty(), code(&alone) != 0, "{args:?}");
    }
}

#[test]
fn a_bad_configuration_is_code_3_with_key_and_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let device = |rest: &str| {
        format!(
            "[[places]]\nid = \"b1\"\nkind = \"bench\"\n[[places.devices]]\nid = \"b1/s\"\n\
                 role = \"scale\"\n{rest}"
        )
    };
    let nope = device("profile = \"nope\"\nport = \"/dev/x\"\n");
    let portless = device("profile = \"toledo-8217-kg\"\n");
    let scale = "profile = \"toledo-8217-kg\"\nport = \"/dev/x\"\n";
    let more = |id: &str, role: &str| {
        let text = format!("{scale}[[places.devices]]\nid = \"{id}\"\nrole = \"{role}\"\n{scale}");
        device(&text)
    };
    let (two_scales, two_ids) = (more("b1/t", "scale"), more("b1/s", "scanner"));
    let cases = [
        ("[station]\nidd = \"X\"\n", ["line 2", "expected `id`"]),
        (
            "[station]\nid = \"x y\"\n",
            ["station.id", "1 to 8 capital letters"],
        ),
        (
            "[web]\nlisten = \"0.0.0.0:80\"\n",
            ["web.listen", "loopback"],
        ),
        (
            "[carriers]\nfolder = \"/nonexistent\"\n",
            ["carriers.folder", "give an existing folder"],
        ),
        (&nope, ["places[b1].devices[b1/s]", "device profiles"]),
        (
            &two_scales,
            ["places[b1].devices[b1/t]", "one device of this role"],
        ),
        (
            &two_ids,
            ["places[b1].devices[b1/s]", "used twice: rename one"],
        ),
        (
            &portless,
            [
                "b1/s",
                "exactly one of port, tcp, usb, queue, url and replay",
            ],
        ),
    ];
    for (i, (content, parts)) in cases.iter().enumerate() {
        let config = file(folder.path(), &format!("{i}.toml"), content);
        let data = folder.path().join(format!("data{i}"));
        for command in [&["config", "check"][..], &["run"]] {
            let mut args = vec!["--config", path(&config), "--data", path(&data)];
            args.extend(command);
            let (code, error) = fails(&args);
            assert_eq!(code, 3, "{command:?} {content}: {error}");
            for part in parts {
                let count = error.matches(part).count();
                assert_eq!(count, 1, "{part:?} once in {error:?}");
            }
        }
        assert!(
            !data.exists(),
            "nothing is written with a bad configuration"
        );
    }
    let (code, error) = fails(&["--config", "/nonexistent/c.toml", "config", "show"]);
    assert_eq!(code, 3);
    assert!(error.contains("--config"), "{error}");
}

#[test]
fn config_show_tells_every_origin_and_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let secret = "whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0";
    let sink = format!(
        "[[sinks]]\nid = \"up\"\nkind = \"http\"\nurl = \"http://127.0.0.1:9\"\n\
                        secret = \"{secret}\"\n"
    );
    let config = file(folder.path(), "c.toml", &format!("{CONFIG}{sink}"));
    let shown = run(&["--config", path(&config), "config", "show", "--json"]);
    assert_eq!(code(&shown), 0, "{}", text(&shown.stderr));
    assert!(!text(&shown.stdout).contains("c2VjcmV0"));
    let rows = json(&shown);
    let row = |key: &str| {
        rows.as_array()
            .unwrap()
            .iter()
            .find(|r| r["key"] == key)
            .unwrap()
    };
    assert_eq!(row("station.id")["origin"], "file");
    assert_eq!(row("station.id")["value"], "\"T1\"");
    assert_eq!(row("rules.band_grams")["origin"], "default");
    assert_eq!(row("sinks[0].secret")["origin"], "file");
    let plain = run(&["config", "show"]);
    assert!(text(&plain.stdout).contains("station.id = \"S1\"  # default"));
    let checked = run(&["--config", path(&config), "config", "check", "--json"]);
    assert_eq!(json(&checked)["valid"], true);
}

#[test]
fn no_data_is_code_5_and_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("none");
    for command in [
        &["events", "verify"][..],
        &["order", "show", "X"],
        &["parcel", "show", "X"],
        &["handover", "list"],
        &["sync", "status"],
        &["order", "import", "x.json"],
    ] {
        let mut args = vec!["--data", path(&data)];
        args.extend(command);
        let (code, error) = fails(&args);
        assert_eq!(code, 5, "{command:?}: {error}");
        assert!(error.contains("firstscan run"), "{command:?}: {error}");
    }
    assert!(!data.exists(), "asking makes no folder");
    let doctor = run(&["--data", path(&data), "doctor", "--json"]);
    assert_eq!(code(&doctor), 0);
    let findings = json(&doctor);
    let whats: Vec<&str> = findings
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["what"].as_str().unwrap())
        .collect();
    assert_eq!(
        whats,
        [
            "configuration",
            "time zones",
            "disk",
            "label",
            "store",
            "daemon"
        ]
    );
    let config = file(folder.path(), "bad.toml", "[station]\nid = \"x y\"\n");
    let doctor = run(&[
        "--config",
        path(&config),
        "--data",
        path(&data),
        "doctor",
        "--json",
    ]);
    assert_eq!(code(&doctor), 1);
    assert_eq!(json(&doctor)[0]["ok"], false);
}

/// Nothing in these says whose order it is, and the station says what is wrong all the same.
#[test]
fn a_document_that_names_no_order_is_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path(), CONFIG);
    let data = path(&daemon.data).to_owned();
    let import = |file: &Path| run(&["--data", &data, "--json", "order", "import", path(file)]);
    let whole = std::fs::read_to_string(fixture("orders/01-single.json")).unwrap();
    let nameless = whole.replace("\"576461413038785101\"", "\"\"");
    let cases = [
        ("cut.json", &whole[..40], "this is no JSON"),
        ("nameless.json", nameless.as_str(), "id: "),
        ("empty.json", "", "the document is empty"),
        ("rows.csv", "a;b;c\n1;2;3\n", "line 1"),
    ];
    for (name, content, part) in cases {
        let bad = import(&file(folder.path(), name, content));
        assert_eq!(code(&bad), 1, "{name}: {}", text(&bad.stderr));
        let problems = json(&bad)[0]["problems"].to_string();
        assert!(problems.contains(part), "{name}: {problems}");
    }
    daemon.stop();
}

#[test]
fn orders_come_in_by_file_and_are_refused_with_field_and_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path(), CONFIG);
    let data = path(&daemon.data).to_owned();
    let import = |file: &Path| run(&["--data", &data, "--json", "order", "import", path(file)]);
    let single = fixture("orders/01-single.json");
    let first = import(&single);
    assert_eq!(code(&first), 0, "{}", text(&first.stderr));
    assert_eq!(json(&first)[0]["outcome"], "received");
    assert_eq!(json(&import(&single))[0]["outcome"], "unchanged");
    let changed = std::fs::read_to_string(&single)
        .unwrap()
        .replace("Heidestraße 17", "Weg 1");
    let changed = file(folder.path(), "changed.json", &changed);
    assert_eq!(json(&import(&changed))[0]["outcome"], "changed");

    let masked = import(&fixture("orders/10-masked.json"));
    assert_eq!(code(&masked), 1);
    assert_eq!(json(&masked)[0]["outcome"], "refused");
    let problems = json(&masked)[0]["problems"].to_string();
    for part in [
        "ship_to.name",
        "ship_to.lines[0]",
        "is masked",
        "send the order again",
    ] {
        assert!(problems.contains(part), "{part} in {problems}");
    }

    let header = firstscan::sync::inbound::ORDER_CSV_HEADER;
    let cells = |values: &[(&str, &str)]| {
        let cell = |name: &str| {
            values
                .iter()
                .find(|(n, _)| *n == name)
                .map_or("", |(_, v)| *v)
        };
        header.split(',').map(cell).collect::<Vec<_>>().join(",")
    };
    let good = [
        ("order_id", "CSV-1"),
        ("seller", "S"),
        ("channel", "shop"),
        ("name", "Ann Lee"),
        ("line1", "Weg 1"),
        ("postcode", "20457"),
        ("city", "Hamburg"),
        ("country", "DE"),
        ("sku", "NL-MUG-01"),
        ("title", "Mug"),
        ("quantity", "2"),
    ];
    let bad: Vec<(&str, &str)> = good
        .iter()
        .map(|&(n, v)| match n {
            "order_id" => (n, "CSV-2"),
            "quantity" => (n, "-1"),
            _ => (n, v),
        })
        .collect();
    let rows = format!("{header}\n{}\n{}\n", cells(&good), cells(&bad));
    let csv = file(folder.path(), "o.csv", &rows);
    let imported = import(&csv);
    assert_eq!(code(&imported), 1, "{}", text(&imported.stderr));
    let results = json(&imported);
    assert_eq!(results[0]["outcome"], "received", "{results}");
    assert_eq!(results[1]["outcome"], "refused", "{results}");
    let problems = results[1]["problems"].to_string();
    assert!(
        problems.contains("line 3") && problems.contains("quantity"),
        "{problems}"
    );

    let shown = run(&["--data", &data, "order", "show", "CSV-1"]);
    assert_eq!(json(&shown)["lines"][0]["quantity"], 2);
    let unknown = run(&["--data", &data, "order", "show", "nope"]);
    assert_eq!(code(&unknown), 1);
    assert!(text(&unknown.stderr).contains("nope"));
    let explained = run(&["--data", &data, "--json", "carrier", "explain", "CSV-1"]);
    assert_eq!(code(&explained), 0, "{}", text(&explained.stderr));
    let told = json(&explained);
    let candidates = told["candidates"].as_array().unwrap();
    assert_eq!(told["taken"]["carrier"], "house", "{told}");
    assert!(told["taken"]["template"].is_string(), "{told}");
    let taken = candidates.iter().filter(|c| c["outcome"] == "taken");
    assert_eq!(taken.count(), 1);
    assert!(
        candidates
            .iter()
            .all(|c| c["why"].as_str().is_some_and(|why| !why.is_empty())),
        "every candidate has its reason: {told}"
    );
    let large = [
        "--data",
        &data,
        "carrier",
        "explain",
        "CSV-1",
        "--grams",
        "500",
        "--size",
        "400x300x200",
    ];
    let large = run(&large);
    assert_eq!(code(&large), 0);
    assert!(text(&large.stdout).starts_with("House Delivery Standard\n"));
    let typo = ["carrier", "explain", "CSV-1", "--size", "400x300"];
    assert_eq!(code(&run(&typo)), 2);
    let heavy = [
        "--data", &data, "carrier", "explain", "CSV-1", "--grams", "90000",
    ];
    assert_eq!(code(&run(&heavy)), 1, "nobody takes 90 kg");
    daemon.stop();
}

#[test]
fn the_schema_is_the_published_one() {
    let printed = run(&["order", "schema"]);
    let published = std::fs::read(fixture("schema/order-v1.json")).unwrap();
    let published: Value = serde_json::from_slice(&published).unwrap();
    assert_eq!(json(&printed), published);
}

#[test]
fn an_idempotency_key_answers_the_same_and_refuses_another_order() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path(), CONFIG);
    let single = std::fs::read(fixture("orders/01-single.json")).unwrap();
    let other = std::fs::read(fixture("orders/02-multi.json")).unwrap();
    let send = |body: &[u8]| daemon.post("/api/v1/orders", &[("Idempotency-Key", "k-1")], body);
    let first = send(&single);
    assert_eq!(first.0, 201, "{}", first.1);
    assert_eq!(send(&single), first);
    let (status, refused) = send(&other);
    assert_eq!(status, 409, "{refused}");
    assert!(
        refused["error"]["text"]
            .as_str()
            .unwrap()
            .contains("fresh key"),
        "{refused}"
    );
    let (status, _) = daemon.post("/api/v1/orders", &[], &single);
    assert_eq!(status, 200, "without the key it is the same order again");
    let exported = run(&["--data", path(&daemon.data), "events", "export"]);
    let received = lines(&exported)
        .iter()
        .filter(|e| e["type"] == "order.received")
        .count();
    assert_eq!(received, 1);
    daemon.stop();
}

#[test]
fn a_watched_folder_takes_files_and_explains_refusals() {
    let folder = tempfile::tempdir().unwrap();
    let inbox = folder.path().join("inbox");
    std::fs::create_dir(&inbox).unwrap();
    let config = format!("{CONFIG}[orders]\nwatch_folder = {inbox:?}\n");
    let daemon = Daemon::start(folder.path(), &config);
    std::fs::copy(fixture("orders/01-single.json"), inbox.join("good.json")).unwrap();
    std::fs::copy(fixture("orders/10-masked.json"), inbox.join("bad.json")).unwrap();
    let done = inbox.join("done/good.json");
    let refused = inbox.join("refused");
    let both = || done.exists() && refused.join("bad.json").exists();
    wait_until("both files are dealt with", Duration::from_secs(15), both);
    let why = std::fs::read_dir(&refused)
        .unwrap()
        .map(|e| e.unwrap().path());
    let why = why
        .filter(|p| p.extension().is_some_and(|e| e == "txt"))
        .collect::<Vec<_>>();
    let why = std::fs::read_to_string(&why[0]).unwrap();
    assert!(why.contains("ship_to"), "{why}");
    let shown = run(&[
        "--data",
        path(&daemon.data),
        "order",
        "show",
        "576461413038785101",
    ]);
    assert_eq!(code(&shown), 0);
    daemon.stop();
}

#[test]
fn a_backup_of_the_running_daemon_verifies_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path(), CONFIG);
    let data = path(&daemon.data).to_owned();
    let order = fixture("orders/01-single.json");
    assert_eq!(
        code(&run(&["--data", &data, "order", "import", path(&order)])),
        0
    );
    let restored = folder.path().join("restored");
    std::fs::create_dir(&restored).unwrap();
    let copy = restored.join("firstscan.db");
    let made = run(&["--data", &data, "backup", path(&copy), "--json"]);
    assert_eq!(code(&made), 0, "{}", text(&made.stderr));
    assert_eq!(json(&made)["verified"]["valid"], true);
    assert_eq!(
        fails(&["--data", &data, "backup", path(&copy)]).0,
        2,
        "never overwritten"
    );
    let config = folder.path().join("station.toml");
    let args = [
        "--config",
        path(&config),
        "--data",
        path(&restored),
        "--json",
    ];
    let verified = run(&[&args[..], &["events", "verify"]].concat());
    assert_eq!(code(&verified), 0, "{}", text(&verified.stderr));
    assert_eq!(json(&verified)["valid"], true);
    assert!(json(&verified)["events"].as_u64().unwrap() >= 2);
    daemon.stop();
}

#[test]
fn a_second_daemon_on_the_same_data_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path(), CONFIG);
    let config = folder.path().join("station.toml");
    let args = [
        "--config",
        path(&config),
        "--data",
        path(&daemon.data),
        "run",
    ];
    let second = run(&args);
    assert_eq!(code(&second), 5, "{}", text(&second.stderr));
    let error = text(&second.stderr);
    let id = daemon.process.child.id().to_string();
    assert!(error.contains(&id), "names the holder: {error}");
    let verified = run(&["--data", path(&daemon.data), "events", "verify", "--json"]);
    assert_eq!(
        json(&verified)["valid"],
        true,
        "the first one is undisturbed"
    );
    let doctor = run(&[
        "--config",
        path(&config),
        "--data",
        path(&daemon.data),
        "doctor",
    ]);
    assert_eq!(code(&doctor), 0, "{}", text(&doctor.stdout));
    daemon.stop();
}

#[test]
fn device_decode_speaks_json_lines() {
    let decode = |args: &[&str], bytes: &[u8]| {
        let mut command = firstscan(&["device", "decode", "--profile"]);
        command
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(bytes).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(code(&output), 0);
        lines(&output)
    };
    let bytes = b"xx\x0201.25\r\x02?B\r";
    let want = [
        json!({"kind": "garbage", "start": 0, "end": 2}),
        json!({"kind": "mass", "decimal": "1.25", "unit": "kg", "exponent": -2,
               "flags": ["stable"]}),
        json!({"kind": "mass", "decimal": null, "unit": "kg", "exponent": null,
               "flags": ["over"]}),
    ];
    assert_eq!(decode(&["toledo-8217-kg"], bytes), want);
    assert_eq!(decode(&["toledo-8217-kg", "--chunk", "1"], bytes), want);
    let scans = decode(&["serial-line"], b"]C10112\r\n");
    assert_eq!(scans[0]["symbology"], "gs1-128");
    assert_eq!(scans[0]["text"], "0112");
}

#[test]
fn carriers_are_listed() {
    let listed = run(&["carrier", "list", "--json"]);
    let carriers = json(&listed);
    let ids: Vec<&str> = carriers
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["id"].as_str().unwrap())
        .collect();
    for id in ["dhl-paket", "house", "post", "swift", "ups", "usps"] {
        assert!(ids.contains(&id), "{ids:?}");
    }
}

#[test]
fn events_are_exported_as_cloud_events() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path(), CONFIG);
    let data = path(&daemon.data).to_owned();
    let order = fixture("orders/01-single.json");
    assert_eq!(
        code(&run(&["--data", &data, "order", "import", path(&order)])),
        0
    );
    let export = [
        "--data",
        &data,
        "events",
        "export",
        "--format",
        "cloudevents",
    ];
    let exported = lines(&run(&export));
    for event in &exported {
        assert_eq!(event["specversion"], "1.0");
        assert_eq!(event["source"], "/firstscan/T1");
        for key in [
            "id", "type", "time", "subject", "sequence", "hash", "prevhash",
        ] {
            assert!(event[key].is_string(), "{key} in {event}");
        }
    }
    for pair in exported.windows(2) {
        assert_eq!(pair[1]["prevhash"], pair[0]["hash"]);
    }
    assert!(
        exported
            .iter()
            .any(|e| e["type"] == "firstscan.order.received")
    );
    assert!(
        !text(&run(&export).stdout).contains("Mustermann"),
        "names stay out of events"
    );
    let since = run(&["--data", &data, "events", "export", "--since", "1"]);
    assert_eq!(lines(&since).len(), exported.len() - 1);
    let running = text(&since.stdout);
    daemon.stop();
    let stopped = run(&[
        "--config",
        path(&folder.path().join("station.toml")),
        "--data",
        &data,
        "events",
        "export",
        "--since",
        "1",
    ]);
    assert_eq!(
        text(&stopped.stdout),
        running,
        "the same with and without the daemon"
    );
}

#[test]
fn a_sites_own_profile_counts_and_its_mistakes_are_all_told() {
    let folder = tempfile::tempdir().unwrap();
    let profiles = folder.path().join("profiles");
    std::fs::create_dir(&profiles).unwrap();
    let config = folder.path().join("station.toml");
    let text = format!(
        "[profiles]\nfolder = {:?}\n",
        profiles.display().to_string()
    );
    std::fs::write(&config, text).unwrap();
    let blueprint = include_str!("../drivers/profiles/BLUEPRINT.toml");
    let own = blueprint.replace("vendor-model", "site-scale");
    std::fs::write(profiles.join("own.toml"), own).unwrap();
    let run = |args: &[&str], input: &[u8]| {
        use std::io::Write;
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_firstscan"))
            .arg("--config")
            .arg(&config)
            .args(args)
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let output = child.wait_with_output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).unwrap())
    };
    let (code, said) = run(
        &["device", "decode", "--profile", "site-scale"],
        b"\x0201.25\r",
    );
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains(r#""decimal":"1.25""#), "{said}");
    std::fs::write(profiles.join("bad.toml"), "id = 7").unwrap();
    std::fs::write(
        profiles.join("twin.toml"),
        blueprint.replace("vendor-model", "site-scale"),
    )
    .unwrap();
    let (code, said) = run(&["config", "check"], b"");
    assert_eq!(code, Some(3), "{said}");
    assert!(
        said.contains("bad.toml") && said.contains("twin.toml"),
        "{said}"
    );
}

#[test]
fn a_number_is_told_with_all_it_may_be() {
    let told = run(&["--json", "track", "]C142012345\u{1D}9200190123456700000014"]);
    assert_eq!(code(&told), 0);
    let best = &json(&told)["candidates"][0];
    let keys = best.as_object().unwrap().keys().map(String::as_str);
    assert_eq!(
        keys.collect::<Vec<_>>(),
        [
            "carrier",
            "check",
            "confidence",
            "fields",
            "format",
            "reason",
            "valid"
        ]
    );
    assert_eq!(
        (
            &best["carrier"],
            &best["format"],
            &best["valid"],
            &best["check"]
        ),
        (
            &json!("usps"),
            &json!("usps-impb-92"),
            &json!(true),
            &json!("ok")
        )
    );
    assert_eq!(best["fields"]["zip"], "12345");
    let damaged = run(&["--json", "track", "LX471108152CN"]);
    assert_eq!(code(&damaged), 1);
    let all = json(&damaged)["candidates"].as_array().unwrap().clone();
    assert!(all.len() >= 2 && all.iter().all(|c| c["valid"] == json!(false)));
    assert_eq!(code(&run(&["track", "HELLO"])), 1);
    let people = run(&["track", "1ZA1B2C30312345673", "--carrier", "ups"]);
    assert!(text(&people.stdout).starts_with("1ZA1B2C30312345673: UPS tracking number\n"));
    let formats = run(&["--json", "track", "--formats"]);
    assert!(json(&formats).as_array().unwrap().len() >= 60);
    assert_eq!(fails(&["track"]).0, 2);
}

#[test]
fn gs1_data_are_checked_and_errors_name_their_place() {
    let good = run(&["--json", "gs1", "]C100095287654321011110\u{1D}42012345"]);
    assert_eq!(code(&good), 0);
    assert_eq!(
        json(&good),
        json!({ "valid": true, "errors": [], "elements": [
            { "ai": "00", "value": "095287654321011110", "position": 3 },
            { "ai": "420", "value": "12345", "position": 24 },
        ] })
    );
    let bad = run(&["--json", "gs1", "(00)095287654321011111"]);
    assert_eq!(code(&bad), 1);
    let error = &json(&bad)["errors"][0];
    assert_eq!(
        (&error["ai"], &error["position"], &error["rule"]),
        (&json!("00"), &json!(0), &json!("check-digit"))
    );
    assert!(error["message"].as_str().unwrap().contains("must be 0"));
    let folder = tempfile::tempdir().unwrap();
    let own = file(folder.path(), "own.txt", "10 X..20 req=01 # BATCH/LOT\n");
    let told = run(&["gs1", "(10)A", "--dictionary", path(&own)]);
    assert_eq!(code(&told), 1, "the file's own rule holds");
    assert!(text(&told.stdout).contains("(10) needs (01) beside it"));
    let broken = file(folder.path(), "broken.txt", "10 Q\n");
    let (code, error) = fails(&["gs1", "(10)A", "--dictionary", path(&broken)]);
    assert!(code == 3 && error.contains("line 1"), "{code} {error}");
    assert_eq!(fails(&["gs1", "(10)A", "--dictionary", "/nowhere/x"]).0, 3);
}
