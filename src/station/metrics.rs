//! What the station publishes about itself, in the Prometheus text format.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

/// Upper bounds of the latency histograms in milliseconds.
const BUCKETS_MS: [u64; 9] = [1, 2, 5, 10, 25, 50, 100, 300, 1000];

/// A histogram of milliseconds.
#[derive(Debug, Default)]
pub struct Histogram {
    buckets: [AtomicU64; BUCKETS_MS.len() + 1],
    sum_us: AtomicU64,
}

impl Histogram {
    /// Adds one observation.
    pub fn observe_us(&self, us: u64) {
        let at = BUCKETS_MS
            .iter()
            .position(|b| us <= b * 1000)
            .unwrap_or(BUCKETS_MS.len());
        if let Some(bucket) = self.buckets.get(at) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        self.sum_us.fetch_add(us, Ordering::Relaxed);
    }

    fn write(&self, out: &mut String, name: &str, help: &str) {
        let mut line = |text: String| {
            out.push_str(&text);
            out.push('\n');
        };
        line(format!("# HELP {name} {help}"));
        line(format!("# TYPE {name} histogram"));
        let mut total = 0;
        for (bucket, bound) in self.buckets.iter().zip(BUCKETS_MS) {
            total += bucket.load(Ordering::Relaxed);
            line(format!("{name}_bucket{{le=\"{bound}\"}} {total}"));
        }
        total += self.buckets.last().map_or(0, |b| b.load(Ordering::Relaxed));
        line(format!("{name}_bucket{{le=\"+Inf\"}} {total}"));
        let sum_us = self.sum_us.load(Ordering::Relaxed);
        line(format!("{name}_sum {}.{:03}", sum_us / 1000, sum_us % 1000));
        line(format!("{name}_count {total}"));
    }
}

/// Latencies people feel.
#[derive(Debug, Default)]
pub struct Metrics {
    /// From the scan's arrival to the verdict on the screen.
    pub scan_to_verdict: Histogram,
    /// One group commit.
    pub commit: Histogram,
    /// From the weight (or reason) that triggers a label to the released first byte.
    pub trigger_to_release: Histogram,
}

/// A gauge line with help and type.
pub fn gauge(out: &mut String, name: &str, help: &str, value: u64) {
    let written = writeln!(
        out,
        "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}"
    );
    debug_assert!(written.is_ok(), "writing to a string cannot fail");
}

impl Metrics {
    /// All histograms.
    pub fn write(&self, out: &mut String) {
        let ms = "in milliseconds";
        self.scan_to_verdict.write(
            out,
            "firstscan_scan_to_verdict_ms",
            &format!("Scan to published verdict {ms}"),
        );
        self.commit
            .write(out, "firstscan_commit_ms", &format!("Group commit {ms}"));
        self.trigger_to_release.write(
            out,
            "firstscan_trigger_to_release_ms",
            &format!("Label trigger to released bytes {ms}"),
        );
    }
}

/// A bare sample line.
pub fn sample(out: &mut String, name: &str, value: u64) {
    let written = writeln!(out, "{name} {value}");
    debug_assert!(written.is_ok(), "writing to a string cannot fail");
}
