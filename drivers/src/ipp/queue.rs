//! What an answer says about a queue and its jobs.

use super::parse::{Group, Response, Value};
use super::tag;

/// Whether a queue works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueStatus {
    Idle,
    Processing,
    Stopped,
}

/// How a queue is. A queue that hands on bytes knows little about the printer behind it: CUPS says
/// `Processing` and no reason at all while the printer is switched off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueState {
    pub status: QueueStatus,
    pub accepting: bool,
    /// Without `none`; with the endings `-report`, `-warning` and `-error`.
    pub reasons: Vec<String>,
    /// Jobs not finished yet, if told.
    pub queued: Option<u32>,
    /// Media types it takes; empty if not told.
    pub formats: Vec<String>,
    /// What CUPS does with a job whose transfer broke: `abort-job`, `retry-job`, ...
    pub error_policy: Option<String>,
    /// It only hands bytes on to a device that is no IPP printer itself: its "completed" says that
    /// the bytes are gone, and nothing about paper. CUPS and LPrint name that device.
    pub forwards: bool,
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobState {
    Pending,
    Held,
    Processing,
    Stopped,
    Cancelled,
    Aborted,
    Completed,
}

/// A job as the queue knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRecord {
    /// Number in the queue. A queue that lost its memory gives it again: compare the name.
    pub number: u32,
    pub name: Option<String>,
    pub state: Option<JobState>,
    /// Without `none`.
    pub reasons: Vec<String>,
}

impl QueueState {
    /// What needs a hand, in the words of printer languages; `stopped` for a queue that was, and
    /// `rejecting` for one that takes no jobs.
    pub fn flags(&self) -> Vec<&'static str> {
        let mut flags: Vec<&'static str> = Vec::new();
        let mut add = |flag| {
            if !flags.contains(&flag) {
                flags.push(flag);
            }
        };
        for flag in self.reasons.iter().filter_map(|r| fault(r)) {
            add(flag);
        }
        if self.status == QueueStatus::Stopped {
            add("stopped");
        }
        if !self.accepting {
            add("rejecting");
        }
        flags
    }

    /// A hand is needed before anything prints.
    pub fn fault(&self) -> bool {
        !self.flags().is_empty()
    }

    /// Nothing is wrong, and a job would be the only one.
    pub fn is_idle(&self) -> bool {
        let alone = match self.queued {
            Some(count) => count == 0,
            None => self.status == QueueStatus::Idle,
        };
        alone && !self.fault()
    }
}

/// A reason of the printer in the words of printer languages; `None` for one that needs no hand.
/// The ending is how bad the queue finds it, and queues differ: only an unknown reason is judged
/// by it.
fn fault(reason: &str) -> Option<&'static str> {
    let bare = ["-report", "-warning", "-error"]
        .iter()
        .find_map(|end| reason.strip_suffix(end));
    match bare.unwrap_or(reason) {
        "media-empty" | "media-needed" => Some("paper_out"),
        "media-jam" | "paused" | "moving-to-paused" => Some("paused"),
        "cover-open" | "door-open" | "interlock-open" => Some("head_open"),
        "marker-supply-empty" => Some("ribbon_out"),
        "offline" | "shutdown" | "timed-out" | "stopped-partly" => Some("offline"),
        _ if reason.ends_with("-error") => Some("error"),
        _ => None,
    }
}

impl JobRecord {
    fn read(group: &Group) -> Option<JobRecord> {
        let state = match group.number("job-state") {
            Some(3) => Some(JobState::Pending),
            Some(4) => Some(JobState::Held),
            Some(5) => Some(JobState::Processing),
            Some(6) => Some(JobState::Stopped),
            Some(7) => Some(JobState::Cancelled),
            Some(8) => Some(JobState::Aborted),
            Some(9) => Some(JobState::Completed),
            _ => None,
        };
        Some(JobRecord {
            number: group.number("job-id")?,
            name: group.texts("job-name").into_iter().next(),
            state,
            reasons: reasons(group, "job-state-reasons"),
        })
    }

    /// Ended as it should, as far as the queue can know. CUPS 2.4 leaves `processing-to-stop-point`
    /// on jobs that ended well.
    pub fn is_clean(&self) -> bool {
        let harmless = ["job-completed-successfully", "processing-to-stop-point"];
        let clean = self.reasons.iter().all(|r| harmless.contains(&r.as_str()));
        clean && self.state == Some(JobState::Completed)
    }
}

/// Names of the attribute that tells the device behind a queue.
const DEVICE: [&str; 3] = ["device-uri", "smi2699-device-uri", "smi55357-device-uri"];

fn forwards(group: &Group, name: &str) -> bool {
    let speaks_ipp = |uri: &String| ["ipp:", "ipps:"].iter().any(|s| uri.starts_with(s));
    group.texts(name).iter().any(|uri| !speaks_ipp(uri))
}

fn reasons(group: &Group, name: &str) -> Vec<String> {
    let mut reasons = group.texts(name);
    reasons.retain(|reason| reason != "none");
    reasons
}

impl Response {
    /// Whether the request was carried out.
    pub fn is_ok(&self) -> bool {
        self.status < 0x0100
    }

    /// What went wrong, in words, with the number.
    pub fn problem(&self) -> String {
        let words = match self.status {
            0x0401..=0x0403 => "the queue does not allow it",
            0x0406 => "it is not there",
            0x0408 => "the document is too large for the queue",
            0x040A => "the queue does not take raw documents",
            0x0500..=0x0502 => "the queue failed",
            0x0503 => "the device failed",
            0x0506 => "the queue takes no jobs",
            0x0507 => "the queue is busy",
            0x0508 => "the job was cancelled",
            _ => "the queue refused",
        };
        let text = self.groups.iter().find(|g| g.tag == tag::OPERATION);
        let text = text.map(|g| g.texts("status-message")).unwrap_or_default();
        let text: String = text
            .concat()
            .chars()
            .filter(|c| !c.is_control())
            .take(120)
            .collect();
        let text = if text.is_empty() {
            text
        } else {
            format!(": {text}")
        };
        format!("{words} ({:04x}{text})", self.status)
    }

    /// How the queue is, if it told.
    pub fn queue(&self) -> Option<QueueState> {
        let group = self.groups.iter().find(|g| g.tag == tag::PRINTER)?;
        let status = match group.number("printer-state")? {
            3 => QueueStatus::Idle,
            4 => QueueStatus::Processing,
            _ => QueueStatus::Stopped,
        };
        let accepting = group.value("printer-is-accepting-jobs") != Some(&Value::Bool(false));
        Some(QueueState {
            status,
            accepting,
            reasons: reasons(group, "printer-state-reasons"),
            queued: group.number("queued-job-count"),
            formats: group.texts("document-format-supported"),
            forwards: DEVICE.iter().any(|name| forwards(group, name)),
            error_policy: group.texts("printer-error-policy").into_iter().next(),
        })
    }

    /// The jobs it tells about.
    pub fn jobs(&self) -> Vec<JobRecord> {
        let jobs = self.groups.iter().filter(|g| g.tag == tag::JOB);
        jobs.filter_map(JobRecord::read).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::parse::Attribute;
    use super::*;

    fn group(tag: u8, values: &[(&str, Value)]) -> Group {
        let attribute = |(name, value): &(&str, Value)| Attribute {
            name: (*name).to_owned(),
            values: vec![value.clone()],
        };
        Group {
            tag,
            attributes: values.iter().map(attribute).collect(),
        }
    }

    fn queue(state: i32, reason: &str, queued: i32) -> QueueState {
        let values = [
            ("printer-state", Value::Number(state)),
            ("printer-state-reasons", Value::Text(reason.to_owned())),
            ("queued-job-count", Value::Number(queued)),
        ];
        let response = Response {
            groups: vec![group(tag::PRINTER, &values)],
            ..Response::default()
        };
        response.queue().unwrap()
    }

    #[test]
    fn reasons_become_faults_whatever_their_ending() {
        assert!(queue(3, "none", 0).is_idle());
        assert!(!queue(4, "none", 1).is_idle() && !queue(4, "none", 1).fault());
        for (reason, flag) in [
            ("media-empty-report", Some("paper_out")),
            ("media-empty", Some("paper_out")),
            ("cover-open-error", Some("head_open")),
            ("strange-thing-error", Some("error")),
            ("strange-thing-warning", None),
            ("cups-waiting-for-job-completed", None),
        ] {
            let flags = queue(4, reason, 1).flags();
            assert_eq!(flags.first().copied(), flag, "{reason}");
        }
        assert_eq!(queue(5, "none", 0).flags(), ["stopped"]);
    }

    #[test]
    fn only_a_job_without_a_but_ended_clean() {
        let job = |state, reason: &str| {
            let values = [
                ("job-id", Value::Number(4)),
                ("job-state", Value::Number(state)),
                ("job-state-reasons", Value::Text(reason.to_owned())),
            ];
            JobRecord::read(&group(tag::JOB, &values))
                .unwrap()
                .is_clean()
        };
        assert!(job(9, "none") && job(9, "job-completed-successfully"));
        assert!(!job(9, "job-completed-with-errors") && !job(5, "none") && !job(8, "none"));
    }
}
