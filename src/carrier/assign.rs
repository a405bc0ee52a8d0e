//! The rule table at work: the first rule that fits and has a candidate that takes the parcel
//! decides, and every refusal is told.
//!
//! Constraints: a decision is a function of tables and request; whatever is asked twice is
//! answered alike; what cannot be told (no size, no transit days, no price) refuses nothing and is
//! said.

use super::cost::{Quote, words};
use super::objection::No;
use super::rule::{Candidate, Choose, Rule};
use super::tables::{Carrier, Service, Tables};
use crate::domain::desk::{AssignRequest, Desk, EstimateRequest, Refusal};
use crate::domain::money::Money;
use crate::domain::parcel::{Assignment, Estimate};
use std::cmp::Ordering;

/// Objections a refusal tells; `carrier explain` has all of them.
const TOLD_MAX: usize = 3;

/// What came of one candidate of one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub rule: String,
    pub carrier: String,
    pub service: String,
    pub outcome: Outcome,
    /// What could not be told, in half sentences.
    pub notes: Vec<String>,
}

/// Whether a candidate is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Taken(Assignment),
    /// It would do as well; why another one is taken, in half a sentence.
    Passed(Assignment, String),
    /// Why not, in half a sentence.
    Refused(String),
}

/// A candidate that takes the parcel.
struct Fit<'a> {
    carrier: &'a Carrier,
    service: &'a Service,
    /// When it would arrive; asked for only if a day was promised.
    estimate: Option<Estimate>,
}

/// A candidate's place: rule and position.
type At = (usize, usize);

impl Tables {
    /// What every rule says about a parcel: each candidate of each rule once, in order. Exactly
    /// one is taken, or none.
    pub fn explain(&self, request: &AssignRequest<'_>) -> Vec<Verdict> {
        let taken = self.pick(request);
        let mut verdicts = Vec::new();
        for (r, rule) in self.book.rules.iter().enumerate() {
            let asks = rule.asks.fit(request);
            for (c, candidate) in rule.candidates.iter().enumerate() {
                let (outcome, notes) = match &asks {
                    Err(no) => (Outcome::Refused(no.to_string()), Vec::new()),
                    Ok(()) => self.outcome(request, rule, candidate, (r, c), taken),
                };
                verdicts.push(Verdict {
                    rule: rule.name.clone(),
                    carrier: candidate.carrier.clone(),
                    service: candidate.service.clone(),
                    outcome,
                    notes,
                });
            }
        }
        verdicts
    }

    pub(super) fn choose(&self, request: &AssignRequest<'_>) -> Result<Assignment, Refusal> {
        let found = self.pick(request).and_then(|at| {
            let rule = self.book.rules.get(at.0)?;
            let candidate = rule.candidates.get(at.1)?;
            let fit = self.fit(candidate, request, false).ok()?;
            Some(self.assignment(rule, &fit, request))
        });
        found.ok_or_else(|| self.refusal(request))
    }

    /// The candidate that is taken.
    fn pick(&self, request: &AssignRequest<'_>) -> Option<At> {
        let mut late: Option<(String, At)> = None;
        for (r, rule) in self.book.rules.iter().enumerate() {
            if rule.asks.fit(request).is_err() {
                continue;
            }
            let mut best: Option<(usize, Option<Money>)> = None;
            for (c, candidate) in rule.candidates.iter().enumerate() {
                match self.fit(candidate, request, true) {
                    Ok(_) if rule.choose == Choose::First => return Some((r, c)),
                    Ok(fit) => {
                        let cost = self.quote(fit.carrier, fit.service, request).cost;
                        if best.as_ref().is_none_or(|(_, b)| cheaper(&cost, b).is_lt()) {
                            best = Some((c, cost));
                        }
                    }
                    Err(No::Late { by, .. }) if late.as_ref().is_none_or(|(day, _)| by < *day) => {
                        late = Some((by, (r, c)));
                    }
                    Err(_) => {}
                }
            }
            if let Some((c, _)) = best {
                return Some((r, c));
            }
        }
        // Late is better than never, where the site says so.
        late.filter(|_| self.book.late_allowed).map(|(_, at)| at)
    }

    fn fit<'a>(
        &'a self,
        candidate: &'a Candidate,
        request: &AssignRequest<'a>,
        in_time: bool,
    ) -> Result<Fit<'a>, No<'a>> {
        let carrier = self.details(&candidate.carrier).ok_or(No::Gone)?;
        let service = carrier.service(&candidate.service).ok_or(No::Gone)?;
        let sold = |from: &[String], origin| from.is_empty() || from.iter().any(|f| f == origin);
        if let Some(origin) = self.origin()
            && !(sold(&carrier.from, origin) && sold(&service.from, origin))
        {
            return Err(No::Origin(origin));
        }
        service.takes(request)?;
        let mut estimate = None;
        if let Some(promised) = request.promised {
            estimate = self.estimate(&EstimateRequest {
                carrier: &candidate.carrier,
                service: &candidate.service,
                country: request.country,
                area: request.area,
                handed_over: request.now,
            });
            if let Some(Estimate { to, source, .. }) = &estimate
                && in_time
                && to.as_str() > promised
            {
                let (by, source) = (to.clone(), source.clone());
                return Err(No::Late {
                    by,
                    promised,
                    source,
                });
            }
        }
        Ok(Fit {
            carrier,
            service,
            estimate,
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
        sold.takes(request).map_err(|no| Refusal {
            text: format!("{} {}: {no}.", details.info.name, sold.name),
            remedy: "Scan OK if the carrier agreed to it, else ABORT and pack less.".to_owned(),
        })
    }

    fn outcome(
        &self,
        request: &AssignRequest<'_>,
        rule: &Rule,
        candidate: &Candidate,
        at: At,
        taken: Option<At>,
    ) -> (Outcome, Vec<String>) {
        let is_taken = taken == Some(at);
        let fit = match self.fit(candidate, request, !is_taken) {
            Ok(fit) => fit,
            Err(no) => return (Outcome::Refused(no.to_string()), Vec::new()),
        };
        let assignment = self.assignment(rule, &fit, request);
        let mut notes = fit.service.unchecked(request);
        notes.extend(self.quote(fit.carrier, fit.service, request).note);
        notes.extend(promise(&fit, request));
        if is_taken {
            return (Outcome::Taken(assignment), notes);
        }
        let why = self.passed_over(&assignment, request, at, taken);
        (Outcome::Passed(assignment, why), notes)
    }

    /// Why a candidate that would do is not the one.
    fn passed_over(
        &self,
        own: &Assignment,
        request: &AssignRequest<'_>,
        at: At,
        taken: Option<At>,
    ) -> String {
        let winner = taken.and_then(|taken| {
            let rule = self.book.rules.get(taken.0)?;
            Some((taken, rule, rule.candidates.get(taken.1)?))
        });
        let Some((taken, rule, candidate)) = winner else {
            return "none is taken".to_owned();
        };
        if taken.0 != at.0 {
            return format!("rule {} comes first", rule.name);
        }
        let name = format!("{}/{}", candidate.carrier, candidate.service);
        if rule.choose == Choose::First {
            return format!("{name} comes first");
        }
        let fit = self.fit(candidate, request, true).ok();
        let cost = fit.and_then(|fit| self.quote(fit.carrier, fit.service, request).cost);
        match (&own.cost, cost) {
            (Some(own), Some(cost)) if *own == cost => format!("{name} costs {cost} too"),
            (Some(own), Some(cost)) => format!("costs {own}, {name} costs {cost}"),
            (None, Some(cost)) => format!("has no price, {name} costs {cost}"),
            _ => format!("{name} comes first"),
        }
    }

    fn assignment(&self, rule: &Rule, fit: &Fit<'_>, request: &AssignRequest<'_>) -> Assignment {
        let (carrier, service) = (fit.carrier, fit.service);
        let Quote {
            surcharges,
            billable,
            cost,
            ..
        } = self.quote(carrier, service, request);
        let mut reason = format!("Rule {}: {}", rule.name, rule.why);
        if let (Choose::Cheapest, Some(cost)) = (rule.choose, &cost) {
            reason = format!("{reason}, cheapest at {cost}");
        }
        reason.push('.');
        if let Some(note) = promise(fit, request) {
            reason = format!("{reason} It {note}.");
        }
        Assignment {
            carrier: carrier.info.id.clone(),
            carrier_name: carrier.info.name.clone(),
            service: service.id.clone(),
            service_name: service.name.clone(),
            template: carrier.template.clone(),
            reason,
            cost,
            surcharges: surcharges.into_iter().map(words).collect(),
            billable,
            changed: None,
        }
    }

    /// What the packer reads: the candidates of rules about this parcel, and how many others.
    fn refusal(&self, request: &AssignRequest<'_>) -> Refusal {
        let (mut near, mut far) = (Vec::new(), Vec::new());
        for rule in &self.book.rules {
            if let Err(no) = rule.asks.fit(request) {
                far.push((&rule.name, no));
                continue;
            }
            for candidate in &rule.candidates {
                if let Err(no) = self.fit(candidate, request, true) {
                    let carrier = self.details(&candidate.carrier);
                    let service = carrier.and_then(|c| c.service(&candidate.service));
                    let carrier = carrier.map_or("", |c| c.info.name.as_str());
                    let service = service.map_or("", |s| s.name.as_str());
                    let told = format!("{carrier} {service}: {no}");
                    if !near.contains(&told) {
                        near.push(told);
                    }
                }
            }
        }
        let nobody = near.is_empty();
        let far_told = far.iter().take(if nobody { TOLD_MAX } else { 0 });
        let mut told: Vec<String> = near.iter().take(TOLD_MAX).cloned().collect();
        told.extend(far_told.map(|(rule, no)| format!("rule {rule}: {no}")));
        let others = (near.len() + far.len()).saturating_sub(told.len());
        if others > 0 {
            told.push(format!("{others} more"));
        }
        let wish = request.requested_service.map(|wish| format!(", {wish}"));
        let (country, mass) = (request.country, request.mass);
        let (wish, told) = (wish.unwrap_or_default(), told.join("; "));
        let remedy = "split it with NEXTBOX if it is too heavy, or add a rule to rules.toml; \
            `carrier explain` tells what every rule says";
        Refusal {
            text: format!("no carrier takes this parcel ({country}, {mass}{wish}): {told}"),
            remedy: remedy.to_owned(),
        }
    }
}

/// Less is cheaper, and no price comes last. Currencies were made sure of at load.
fn cheaper(one: &Option<Money>, other: &Option<Money>) -> Ordering {
    match (one, other) {
        (Some(one), Some(other)) => one.minor.cmp(&other.minor),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    }
}

/// What is to be said about the promised day, behind the service's name.
fn promise(fit: &Fit<'_>, request: &AssignRequest<'_>) -> Option<String> {
    let promised = request.promised?;
    match &fit.estimate {
        None => Some(format!(
            "has no transit days here: whether it arrives by {promised} cannot be told"
        )),
        Some(estimate) if estimate.to.as_str() > promised => {
            let by = &estimate.to;
            Some(format!(
                "arrives by {by}, promised for {promised}; nothing is faster"
            ))
        }
        Some(_) => None,
    }
}

#[cfg(test)]
#[path = "assign_tests.rs"]
mod tests;
