//! What comes in about parcels that left: the carriers' own scans, and people who settle an
//! exception.

use super::api::{ApiError, CarrierScanned, Settled};
use super::core::Delivery;
use super::handle::{Handle, unavailable};
use crate::content::address::check_text;
use crate::domain::InputKind;
use crate::domain::exception::STATION;
use crate::domain::ids;
use crate::domain::step::Reply;
use crate::sync::inbound::{Problem, carrier_scan};

/// Characters of the reason somebody gives.
const WHY_CHARS_MAX: usize = 200;

impl Handle {
    pub(super) fn take_carrier_scan(&self, body: &[u8]) -> Result<CarrierScanned, ApiError> {
        let now = self.clock.now();
        let incoming = carrier_scan::read(body, now.wall).map_err(|problems| {
            let lines: Vec<String> = problems.iter().map(Problem::to_string).collect();
            ApiError::Invalid {
                text: lines.join("\n"),
            }
        })?;
        let (carrier, number) = (incoming.carrier, incoming.tracking_number);
        let kind = InputKind::CarrierScan {
            carrier: carrier.clone(),
            tracking_number: number.clone(),
            scan: incoming.scan,
        };
        match self.deliver(Delivery::plain(None, now, kind))? {
            Some(Reply::Scanned { parcel, kind }) => Ok(CarrierScanned::Recorded {
                parcel,
                event: kind,
            }),
            Some(Reply::Known { parcel }) => Ok(CarrierScanned::Unchanged { parcel }),
            Some(Reply::Conflict(text)) => Err(ApiError::Conflict { text }),
            Some(Reply::Unknown) => Err(ApiError::NotFound {
                what: "parcel packed before this scan for carrier and number",
                id: format!("{carrier} {number}"),
            }),
            _ => Err(unavailable("the station gave no answer: try again")),
        }
    }

    pub(super) fn settle(
        &self,
        parcel: &str,
        code: &str,
        who: &str,
        why: &str,
    ) -> Result<Settled, ApiError> {
        let invalid = |text: String| ApiError::Invalid { text };
        if who == STATION || ids::check(who).is_err() {
            let text = format!("who: {who:?} is no person: give 1 to 64 letters, digits or -_.:/#");
            return Err(invalid(text));
        }
        if why.trim().is_empty() {
            return Err(invalid("why: is missing: say why it is settled".into()));
        }
        if let Some((text, remedy)) = check_text(why, WHY_CHARS_MAX) {
            return Err(invalid(format!("why: {text}: {remedy}")));
        }
        let missing = |what| ApiError::NotFound {
            what,
            id: format!("{parcel} {code}"),
        };
        let found = self.by_code(parcel)?.ok_or_else(|| missing("parcel"))?;
        let kind = InputKind::ExceptionSettled {
            parcel: found.id.clone(),
            code: code.to_owned(),
            by: who.to_owned(),
            why: why.trim().to_owned(),
        };
        match self.deliver(Delivery::plain(None, self.clock.now(), kind))? {
            Some(Reply::Settled) => Ok(Settled {
                parcel: found.id,
                code: code.to_owned(),
            }),
            Some(Reply::Unknown) => Err(missing("open exception")),
            _ => Err(unavailable("the station gave no answer: try again")),
        }
    }
}
