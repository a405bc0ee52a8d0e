//! The rule table at work: first match wins, and every refusal is told.

use super::tables::{Rule, Service, Tables};
use crate::domain::desk::{AssignRequest, Refusal};
use crate::domain::parcel::Assignment;
use firstscan_drivers::mass::Mass;

/// Stands in `requested` for any wish, or for none.
const ANY: &str = "any";
const NONE: &str = "none";

/// What one rule said about a parcel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub rule: String,
    /// Such as `swift/express`.
    pub takes: String,
    /// The assignment, or why not in half a sentence.
    pub outcome: Result<Assignment, String>,
}

impl Tables {
    /// What every rule says about a parcel, in order. The first `Ok` is the one taken.
    pub fn explain(&self, request: &AssignRequest<'_>) -> Vec<Verdict> {
        let verdict = |rule: &Rule| Verdict {
            rule: rule.name.clone(),
            takes: format!("{}/{}", rule.carrier, rule.service),
            outcome: self.try_rule(rule, request),
        };
        self.rules.iter().map(verdict).collect()
    }

    pub(super) fn choose(&self, request: &AssignRequest<'_>) -> Result<Assignment, Refusal> {
        let mut reasons = Vec::new();
        for rule in &self.rules {
            match self.try_rule(rule, request) {
                Ok(assignment) => return Ok(assignment),
                Err(why) => reasons.push(format!("{}: {why}", rule.name)),
            }
        }
        let wish = request
            .requested_service
            .map(|s| format!(", {s}"))
            .unwrap_or_default();
        let (country, mass) = (request.country, request.mass);
        let reasons = reasons.join("; ");
        let text = format!("no carrier takes this parcel ({country}, {mass}{wish}): {reasons}");
        let remedy = "split it with NEXTBOX if it is too heavy, or add a rule to rules.toml";
        Err(Refusal {
            text,
            remedy: remedy.to_owned(),
        })
    }

    /// See [`crate::domain::Desk::admits`].
    pub(super) fn limits(
        &self,
        carrier: &str,
        service: &str,
        request: &AssignRequest<'_>,
    ) -> Result<(), Refusal> {
        let Some((details, sold)) = self
            .details(carrier)
            .and_then(|c| c.service(service).map(|s| (c, s)))
        else {
            return Ok(());
        };
        sold.fits(request).map_err(|why| Refusal {
            text: format!("{} {why}.", details.info.name),
            remedy: "Scan OK if the carrier agreed to it, else ABORT and pack less.".to_owned(),
        })
    }

    fn try_rule(&self, rule: &Rule, request: &AssignRequest<'_>) -> Result<Assignment, String> {
        rule.fits(request)?;
        let carrier = self
            .details(&rule.carrier)
            .ok_or("its carrier is unknown")?;
        let service = carrier
            .service(&rule.service)
            .ok_or("its service is unknown")?;
        service
            .fits(request)
            .map_err(|why| format!("{} {}", carrier.info.name, why))?;
        Ok(Assignment {
            carrier: rule.carrier.clone(),
            carrier_name: carrier.info.name.clone(),
            service: rule.service.clone(),
            service_name: service.name.clone(),
            template: carrier.template.clone(),
            reason: format!("Rule {}: {}.", rule.name, rule.why),
            cost: None,
            surcharges: Vec::new(),
            billable: None,
            changed: None,
        })
    }
}

impl Rule {
    fn fits(&self, request: &AssignRequest<'_>) -> Result<(), String> {
        country_fits(&self.countries, request.country)?;
        if !self.sellers.is_empty() && !self.sellers.iter().any(|s| s == request.seller) {
            return Err(format!("not for seller {}", request.seller));
        }
        self.request_fits(request.requested_service)?;
        weight_fits(self.weight_min, self.weight_max, request.mass)
    }

    fn request_fits(&self, requested: Option<&str>) -> Result<(), String> {
        let wish = requested.unwrap_or(NONE);
        let listed = |list: &[String]| {
            list.iter()
                .any(|entry| entry == ANY || entry.eq_ignore_ascii_case(wish))
        };
        match requested {
            None if self.requested.is_empty() || listed(&self.requested) => Ok(()),
            Some(_) if listed(&self.requested) => Ok(()),
            None => Err(format!(
                "only if {} is requested",
                self.requested.join(" or ")
            )),
            Some(wish) => Err(format!("not for the requested service {wish}")),
        }
    }
}

impl Service {
    fn fits(&self, request: &AssignRequest<'_>) -> Result<(), String> {
        country_fits(&self.countries, request.country)
            .and_then(|()| weight_fits(self.weight_min, self.weight_max, request.mass))
            .map_err(|why| format!("{}: {why}", self.name))
    }
}

fn country_fits(countries: &[String], country: &str) -> Result<(), String> {
    if countries.is_empty() || countries.iter().any(|listed| listed == country) {
        return Ok(());
    }
    Err(format!("does not go to {country}"))
}

fn weight_fits(min: Option<Mass>, max: Option<Mass>, mass: Mass) -> Result<(), String> {
    match (min, max) {
        (Some(min), _) if mass < min => Err(format!("from {min} on, this is {mass}")),
        (_, Some(max)) if mass > max => Err(format!("up to {max}, this is {mass}")),
        _ => Ok(()),
    }
}
