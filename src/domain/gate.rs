//! The judgement at the dock: may this parcel leave in this handover, and if not, why?

use super::controls::parcels_named;
use super::dock::waiting_for;
use super::handover::Handover;
use super::ids::ParcelId;
use super::order::OrderStatus;
use super::parcel::{Parcel, Stage};
use super::scan::Meaning;
use super::step::Desktop;
use super::{exception, reading};

/// Why a scan is not accepted.
pub(super) struct Refused {
    pub reason: String,
    pub text: String,
    /// What to do, if not only to set it aside.
    pub remedy: Option<String>,
    /// Whose exception it is, if that is known.
    pub parcel: Option<ParcelId>,
}

impl Refused {
    fn new(reason: &str, text: impl Into<String>) -> Refused {
        Refused {
            reason: reason.to_owned(),
            text: text.into(),
            remedy: None,
            parcel: None,
        }
    }
}

/// The parcel to accept, or why not. Carriers may share numbers: the one that fits wins.
pub(super) fn judge(
    at: &Desktop<'_>,
    handover: &Handover,
    code: &str,
    meaning: &Meaning,
) -> Result<Parcel, Refused> {
    let named = parcels_named(at, meaning);
    if named.is_empty() {
        return Err(match meaning {
            Meaning::Gone => left(at),
            Meaning::Items(_) => Refused::new("not_a_label", "This is an item, not a parcel."),
            Meaning::Order(_) => Refused::new("not_a_label", "This is an order. Scan the label."),
            _ => unknown(at, handover, code),
        });
    }
    let mut refusal = None;
    for parcel in &named {
        match judge_one(at, handover, parcel, meaning) {
            Ok(()) => return Ok(parcel.clone()),
            Err(refused) => {
                let parcel = Some(parcel.id.clone());
                refusal = refusal.or(Some(Refused { parcel, ..refused }));
            }
        }
    }
    Err(refusal.unwrap_or_else(|| Refused::new("unknown", "Nobody here packed this.")))
}

/// A parcel of an earlier truck is here again.
fn left(at: &Desktop<'_>) -> Refused {
    let parcel = at.looked.parcels.first();
    let text = match parcel.and_then(|p| p.first_scan.as_ref()) {
        Some(s) => format!("Already left in {} at {}.", s.handover, s.at.time_of_day()),
        None => "This has already left.".into(),
    };
    Refused {
        parcel: parcel.map(|p| p.id.clone()),
        ..Refused::new(exception::DUPLICATE, text)
    }
}

/// No parcel here bears this code: what it is all the same.
fn unknown(at: &Desktop<'_>, handover: &Handover, code: &str) -> Refused {
    let expected = waiting_for(at.state, &handover.carrier);
    let reading = reading::of(at, code, &expected);
    Refused {
        remedy: reading.remedy.map(str::to_owned),
        parcel: reading.near,
        ..Refused::new(reading.reason, reading.text)
    }
}

fn judge_one(
    at: &Desktop<'_>,
    handover: &Handover,
    parcel: &Parcel,
    meaning: &Meaning,
) -> Result<(), Refused> {
    let cancelled = at
        .state
        .orders
        .get(&parcel.order)
        .is_some_and(|o| o.status == OrderStatus::Cancelled);
    if let Some(scan) = &parcel.first_scan {
        let when = scan.at.time_of_day();
        let text = format!("Already scanned at {when} into {}.", scan.handover);
        return Err(Refused::new(exception::DUPLICATE, text));
    }
    match parcel.stage {
        Stage::Voided => return Err(Refused::new(exception::VOIDED, "Its label was voided.")),
        Stage::Aborted => {
            return Err(Refused::new(exception::VOIDED, "This parcel was given up."));
        }
        _ if cancelled => {
            let text = "The order was cancelled. Keep it here.";
            return Err(Refused::new("cancelled", text));
        }
        Stage::Verifying | Stage::Weighing | Stage::Labelling | Stage::ScanBack => {
            let text = format!("Not finished at {}.", parcel.place);
            return Err(Refused::new(exception::NOT_VERIFIED, text));
        }
        Stage::Ready | Stage::HandedOver => {}
    }
    if let Meaning::Label { job, .. } = meaning
        && parcel.jobs.last() != Some(job)
    {
        let text = "This is an old copy of its label.";
        return Err(Refused::new(exception::OLD_COPY, text));
    }
    let carrier = parcel.assignment.as_ref();
    if carrier.is_none_or(|a| a.carrier != handover.carrier) {
        let name = carrier.map_or("no carrier", |a| a.carrier_name.as_str());
        let text = format!("This parcel goes with {name}.");
        return Err(Refused::new("wrong_carrier", text));
    }
    held(at, parcel)
}

/// What somebody must decide before the parcel may leave.
fn held(at: &Desktop<'_>, parcel: &Parcel) -> Result<(), Refused> {
    let open = parcel.exceptions.iter().find(|e| exception::holds(&e.code));
    let found = open
        .cloned()
        .or_else(|| exception::number_doubt(at, parcel));
    found.map_or(Ok(()), |exception| {
        let remedy = Some("Set it aside. The office must release it, or VOID the label.".into());
        Err(Refused {
            remedy,
            ..Refused::new(&exception.code, exception.text)
        })
    })
}
