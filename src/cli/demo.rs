//! `firstscan demo`: the whole station without hardware.

use super::access::Exit;
use super::{Globals, output};
use crate::emulate::demo::player::Player;
use crate::emulate::demo::room::{self, DemoUpstream};
use crate::emulate::demo::script::Script;
use crate::emulate::demo::summary::{self, Summary};
use crate::emulate::demo::{CARRIERS, Demo, DemoOptions, UpstreamPlan};
use crate::emulate::models::Models;
use crate::emulate::panel::{Panel, PanelServer};
use crate::telemetry;
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Longest wait for the last acknowledgement.
const ACKS_MAX: Duration = Duration::from_secs(60);

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Let an emulated packer play all fixture orders, then end
    #[arg(long)]
    auto: bool,
    /// Folder of the demo; the same folder resumes
    #[arg(long, default_value = "demo")]
    out: PathBuf,
    /// How the upstream behaves: ok, refuse, away or away:SECONDS
    #[arg(long, default_value = "ok", value_parser = plan)]
    upstream: UpstreamPlan,
    /// Profile of the emulated scale; `firstscan device profiles` lists the ids
    #[arg(long, value_name = "ID")]
    scale: Option<String>,
    /// Profile of the emulated scanners
    #[arg(long, value_name = "ID")]
    scanner: Option<String>,
    /// Profile of the emulated printer
    #[arg(long, value_name = "ID")]
    printer: Option<String>,
    /// Tell each deed of the emulated packer
    #[arg(long)]
    narrate: bool,
}

impl DemoArgs {
    /// # Errors
    /// Exit code 2 if an id is unknown, or of a device that the demo cannot put up.
    fn options(&self, panel: Option<String>) -> Result<DemoOptions, Exit> {
        let plain = Models::default();
        let models = Models {
            scale: self.scale.clone().unwrap_or(plain.scale),
            scanner: self.scanner.clone().unwrap_or(plain.scanner),
            printer: self.printer.clone().unwrap_or(plain.printer),
        };
        models.resolve().map_err(|e| Exit::new(2, e.to_string()))?;
        Ok(DemoOptions {
            dir: self.out.clone(),
            upstream: self.upstream,
            models,
            quick: self.auto,
            panel,
        })
    }
}

fn plan(text: &str) -> Result<UpstreamPlan, String> {
    match text.split_once(':') {
        None if text == "ok" => Ok(UpstreamPlan::Ok),
        None if text == "refuse" => Ok(UpstreamPlan::Refuse),
        None if text == "away" => Ok(UpstreamPlan::Away(None)),
        Some(("away", seconds)) => {
            let seconds = seconds
                .parse()
                .map_err(|_| "write away:SECONDS, such as away:5")?;
            Ok(UpstreamPlan::Away(Some(seconds)))
        }
        _ => Err("write ok, refuse, away or away:SECONDS".into()),
    }
}

pub(crate) fn run(globals: &Globals, args: &DemoArgs) -> anyhow::Result<ExitCode> {
    telemetry::start("warn");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        if args.auto {
            auto(globals, args).await
        } else {
            interactive(args).await
        }
    })
}

fn failed(text: String) -> anyhow::Error {
    Exit::new(1, text).into()
}

async fn auto(globals: &Globals, args: &DemoArgs) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let options = args.options(None)?;
    let (plan, narrate) = (args.upstream, args.narrate);
    let handle = tokio::runtime::Handle::current();
    let played = tokio::task::spawn_blocking(move || {
        let _runtime = handle.enter();
        play(&options, plan, narrate)
    });
    let summary = played.await?.map_err(failed)?;
    if globals.json {
        output::json(&summary)?;
    } else {
        print(&summary, started.elapsed())?;
    }
    Ok(if summary.ok {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

fn play(options: &DemoOptions, plan: UpstreamPlan, narrate: bool) -> Result<Summary, String> {
    let demo = Demo::start(options)?;
    let outcome = play_in(&demo, plan, narrate);
    demo.daemon.stop();
    outcome
}

fn play_in(demo: &Demo, plan: UpstreamPlan, narrate: bool) -> Result<Summary, String> {
    let script = Script::embedded()?;
    if plan == UpstreamPlan::Ok {
        // What an earlier run left refused is sent again.
        demo.daemon
            .insist(|d| d.post("/api/v1/sync/retry", b"{}"))?;
    }
    let mut player = Player::new(demo.daemon.clone(), demo.devices.clone(), script.clone());
    player.narrate = narrate;
    player.play()?;
    wait_for_acks(demo, plan);
    let bench = demo.devices.bench("bench1").ok_or("no bench")?;
    let odometer = bench.printer.device().with(|p, _| p.odometer());
    let printer = demo.devices.chosen.printer;
    summary::sum_up(
        &demo.daemon,
        &demo.upstream,
        &script,
        plan,
        printer,
        odometer,
    )
}

/// Waits until the upstream has answered everything, one way or the other.
fn wait_for_acks(demo: &Demo, plan: UpstreamPlan) {
    if plan == UpstreamPlan::Away(None) {
        return;
    }
    let until = Instant::now() + ACKS_MAX;
    while Instant::now() < until {
        let status = demo
            .daemon
            .insist(|d| d.get("/api/v1/status"))
            .unwrap_or_default();
        let waiting = status
            .pointer("/sinks/0/waiting")
            .and_then(serde_json::Value::as_u64);
        if waiting == Some(0) {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn print(summary: &Summary, took: Duration) -> anyhow::Result<()> {
    for order in &summary.orders {
        output::line(&format!("{:22} {}", order.id, order.outcome))?;
        for parcel in &order.parcels {
            let proof: Vec<String> = parcel
                .evidence
                .iter()
                .map(|e| format!("{e:?}").to_lowercase())
                .collect();
            output::line(&format!(
                "  {} {} {} [{}] acknowledged {}x",
                parcel.id,
                parcel.carrier,
                parcel.tracking_number,
                proof.join(" "),
                parcel.acks
            ))?;
        }
    }
    let labels = summary.labels;
    output::line(&format!(
        "{} labels written, {} read back, {} printed; {} events, head {:.12}; {}.{:01} s",
        labels.written,
        labels.decoded,
        labels.printed,
        summary.events,
        summary.head,
        took.as_secs(),
        took.subsec_millis() / 100
    ))?;
    for problem in &summary.problems {
        output::line(&format!("PROBLEM: {problem}"))?;
    }
    output::line(if summary.ok {
        "everything is as it should be"
    } else {
        "NOT RIGHT"
    })
}

/// Runs until Ctrl-C; a person plays the packer on the panel's page.
async fn interactive(args: &DemoArgs) -> anyhow::Result<ExitCode> {
    let port = panel_port(&args.out);
    let options = args.options(Some(format!("http://127.0.0.1:{port}")))?;
    let handle = tokio::runtime::Handle::current();
    let started = tokio::task::spawn_blocking(move || {
        let _runtime = handle.enter();
        let demo = Demo::start(&options)?;
        let script = Script::embedded()?;
        let mut player = Player::new(demo.daemon.clone(), demo.devices.clone(), script.clone());
        player.import()?;
        Ok::<_, String>((demo, script))
    });
    let (demo, script) = started.await?.map_err(failed)?;
    let carriers = demo.daemon.dir().join(CARRIERS);
    let tables = crate::carrier::Tables::load(Some(&carriers));
    let tables = tables.map_err(|e| failed(e.to_string()))?;
    let url = demo.daemon.url().unwrap_or_default();
    let content = room::panel(&script, &tables, &url);
    let upstream = Arc::new(DemoUpstream::new(
        demo.upstream.clone(),
        demo.daemon.clone(),
    ));
    let panel = Arc::new(Panel::new(content, demo.devices.clone(), upstream));
    let server = PanelServer::start(panel, port)?;
    output::line(&format!(
        "firstscan demo\n  play the packer:  {}\n  bench:            {url}/bench/bench1\n  \
         dock:             {url}/dock/dock1\n  folder:           {}\nCtrl-C ends it; the same \
         folder resumes.",
        server.url(),
        demo.daemon.dir().display()
    ))?;
    watch(&demo).await?;
    output::line("stopping")?;
    let daemon = demo.daemon.clone();
    tokio::task::spawn_blocking(move || daemon.stop()).await?;
    Ok(ExitCode::SUCCESS)
}

/// Keeps the daemon alive until somebody ends the demo.
async fn watch(demo: &Demo) -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    loop {
        tokio::select! {
            done = tokio::signal::ctrl_c() => return Ok(done?),
            _ = terminate.recv() => return Ok(()),
            () = tokio::time::sleep(Duration::from_millis(200)) => {
                if demo.daemon.revive()? {
                    eprintln!("firstscan: the daemon had ended and was started again");
                }
            }
        }
    }
}

/// A free port for the panel, the same one again in the same folder.
fn panel_port(dir: &std::path::Path) -> u16 {
    let file = dir.join("ports.panel");
    let kept = std::fs::read_to_string(&file)
        .ok()
        .and_then(|t| t.trim().parse().ok());
    let free = |port: u16| {
        let listener = std::net::TcpListener::bind(("127.0.0.1", port)).ok()?;
        listener.local_addr().ok().map(|a| a.port())
    };
    let port = kept.and_then(free).or_else(|| free(0)).unwrap_or(0);
    // Without the note another port is chosen next time.
    drop(std::fs::create_dir_all(dir).and_then(|()| std::fs::write(&file, port.to_string())));
    port
}
