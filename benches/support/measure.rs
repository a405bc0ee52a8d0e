//! Samples, their percentiles, and the table. Whole nanoseconds and kibibytes, no floats.

use std::time::{Duration, Instant};

/// Longest time one row may take in process; fewer samples are taken beyond it.
const ROW_MAX: Duration = Duration::from_secs(20);

/// What a sample counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Nanoseconds,
    Kibibytes,
}

/// Which number of a row a goal is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    P50,
    P99,
    Max,
}

/// A number that must not be exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Goal {
    pub which: Which,
    /// In the unit of the samples.
    pub below: u64,
}

impl Goal {
    /// A goal in milliseconds.
    pub const fn ms(which: Which, ms: u64) -> Option<Goal> {
        Some(Goal {
            which,
            below: ms * 1_000_000,
        })
    }

    /// A goal in mebibytes for the largest sample.
    pub const fn mib(mib: u64) -> Option<Goal> {
        Some(Goal {
            which: Which::Max,
            below: mib * 1024,
        })
    }
}

/// One line of the table.
#[derive(Debug, Clone)]
pub struct Row {
    name: String,
    unit: Unit,
    /// Sorted.
    samples: Vec<u64>,
    goal: Option<Goal>,
}

impl Row {
    /// A line from samples in any order.
    pub fn new(name: &str, unit: Unit, mut samples: Vec<u64>, goal: Option<Goal>) -> Self {
        samples.sort_unstable();
        Row {
            name: name.to_owned(),
            unit,
            samples,
            goal,
        }
    }

    /// A line from times.
    pub fn times(name: &str, times: &[Duration], goal: Option<Goal>) -> Self {
        Self::new(
            name,
            Unit::Nanoseconds,
            times.iter().map(nanoseconds).collect(),
            goal,
        )
    }

    /// The smallest sample that is not exceeded by this share of them.
    fn percentile(&self, percent: usize) -> u64 {
        let rank = (self.samples.len() * percent).div_ceil(100);
        self.samples
            .get(rank.saturating_sub(1))
            .copied()
            .unwrap_or_default()
    }

    fn number(&self, which: Which) -> u64 {
        match which {
            Which::P50 => self.percentile(50),
            Which::P99 => self.percentile(99),
            Which::Max => self.percentile(100),
        }
    }

    /// `None` without a goal; a row without samples misses it.
    pub fn reached(&self) -> Option<bool> {
        let goal = self.goal?;
        Some(!self.samples.is_empty() && self.number(goal.which) < goal.below)
    }

    fn cells(&self) -> [String; 7] {
        let show = |which| show(self.number(which), self.unit);
        let goal = self.goal.map_or(String::new(), |goal| {
            let which = format!("{:?}", goal.which).to_lowercase();
            format!("{which} < {}", self::show(goal.below, self.unit))
        });
        let verdict = match self.reached() {
            None => "",
            Some(true) => "ok",
            Some(false) => "MISSED",
        };
        [
            self.name.clone(),
            self.samples.len().to_string(),
            show(Which::P50),
            show(Which::P99),
            show(Which::Max),
            goal,
            verdict.to_owned(),
        ]
    }
}

fn nanoseconds(time: &Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Three digits that matter, with unit.
fn show(value: u64, unit: Unit) -> String {
    let tenths = |whole: u64, name: &str| format!("{}.{} {name}", whole / 10, whole % 10);
    match unit {
        Unit::Kibibytes => tenths(value * 10 / 1024, "MiB"),
        Unit::Nanoseconds if value < 1_000_000 => tenths(value / 100, "us"),
        Unit::Nanoseconds => tenths(value / 100_000, "ms"),
    }
}

/// Runs `what` a tenth as often unmeasured, then measures it `count` times.
pub fn repeat<T>(count: usize, mut what: impl FnMut() -> T) -> Vec<Duration> {
    for _ in 0..count / 10 + 1 {
        std::hint::black_box(what());
    }
    let (started, mut times) = (Instant::now(), Vec::with_capacity(count));
    while times.len() < count && started.elapsed() < ROW_MAX {
        let began = Instant::now();
        std::hint::black_box(what());
        times.push(began.elapsed());
    }
    times
}

/// Prints the rows in columns; returns how many goals were missed.
pub fn print(rows: &[Row]) -> usize {
    let head = ["", "samples", "p50", "p99", "max", "goal", "verdict"].map(str::to_owned);
    let lines: Vec<[String; 7]> = std::iter::once(head)
        .chain(rows.iter().map(Row::cells))
        .collect();
    let wide = |column: usize| {
        lines
            .iter()
            .map(|line| line[column].len())
            .max()
            .unwrap_or(0)
    };
    let widths: [usize; 7] = std::array::from_fn(wide);
    for line in &lines {
        let [name, rest @ ..] = line;
        let mut text = format!("{name:<width$}", width = widths[0]);
        for (cell, width) in rest.iter().zip(&widths[1..]) {
            text.push_str(&format!("  {cell:>width$}"));
        }
        println!("{}", text.trim_end());
    }
    rows.iter()
        .filter(|row| row.reached() == Some(false))
        .count()
}
