//! What the station does after a commit. No effect runs before its events are stored.

use super::ids::{HandoverId, JobId, ParcelId, PlaceId};
use serde::{Deserialize, Serialize};

/// A sound, one meaning each (`bench-ux-and-ops` 2.4): rhythm first, pitch second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cue {
    ItemOk,
    LineComplete,
    ParcelDone,
    Warn,
    Stop,
    Device,
}

/// Work that follows a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    Sound {
        place: PlaceId,
        cue: Cue,
    },
    /// Make, check and store the picture; answers with `InputKind::Rendered`.
    Render {
        job: JobId,
        parcel: ParcelId,
    },
    /// Hand the stored picture to the place's printer; answers with `PrintStep::Ready`.
    Submit {
        job: JobId,
        place: PlaceId,
    },
    /// `label.sending` is committed: the bytes may leave.
    Release {
        job: JobId,
        place: PlaceId,
    },
    /// A job in doubt from before a restart: watch the printer's counter for it.
    Settle {
        job: JobId,
        place: PlaceId,
        counter_before: u64,
    },
    /// Forget a submitted job: nothing of it was or will be sent.
    DropJob {
        job: JobId,
        place: PlaceId,
    },
    /// Make the manifest of a closed handover; answers with `InputKind::ManifestMade`.
    Manifest {
        handover: HandoverId,
    },
    Zero {
        place: PlaceId,
    },
    Tare {
        place: PlaceId,
    },
    /// Ask the place's dimensioner for a measurement.
    Measure {
        place: PlaceId,
    },
}
