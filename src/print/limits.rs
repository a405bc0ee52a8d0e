//! What a printer can be asked, and how long things may take.

use firstscan_drivers::printer::Language;
use std::time::Duration;

/// What a printer can be asked.
#[derive(Clone, Copy)]
pub struct Printer {
    pub language: &'static dyn Language,
    /// It answers status questions.
    pub status: bool,
    /// It tells its label counter.
    pub counter: bool,
}

impl std::fmt::Debug for Printer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Printer")
            .field("language", &self.language.id())
            .finish_non_exhaustive()
    }
}

/// How long things may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// Between two status questions while nothing is to be printed.
    pub idle_poll: Duration,
    /// The same while a label waits for its evidence.
    pub settle_poll: Duration,
    /// A question without an answer after this is unanswered.
    pub answer_max: Duration,
    /// A transfer without progress is broken after this, unless the printer reports a fault.
    pub stall_max: Duration,
    /// With a reported fault it is broken only after this.
    pub fault_stall_max: Duration,
    /// How long an idle printer may take to count a label it got.
    pub patience: Duration,
    /// How long a printer that tells by itself may take to tell that a label is on paper.
    pub told_max: Duration,
    /// How long a ready label waits for its release.
    pub release_max: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Timing {
            idle_poll: Duration::from_secs(1),
            settle_poll: Duration::from_millis(150),
            answer_max: Duration::from_millis(1500),
            stall_max: Duration::from_secs(10),
            fault_stall_max: Duration::from_secs(600),
            patience: Duration::from_secs(3),
            told_max: Duration::from_secs(20),
            release_max: Duration::from_secs(60),
        }
    }
}
