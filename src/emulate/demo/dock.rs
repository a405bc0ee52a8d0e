//! The player at the dock: one handover per carrier, with a wrong parcel and a doubled one.

use super::player::{PlayError, Player, number, text};
use crate::content::control::Control;
use crate::domain::event::Fact;
use serde_json::Value;
use std::collections::BTreeMap;

const DOCK: &str = "dock1";

impl Player {
    /// One deed at the dock; false when every ready parcel has left.
    pub(super) fn dock_turn(&mut self) -> Result<bool, PlayError> {
        if self.once("dock/recalled".into()) {
            self.recall_stickers()?;
        }
        let view = self.look(DOCK)?;
        match text(&view, "/mode") {
            "login" => {
                let badge = self.script.badge.clone();
                self.act(DOCK, &view, |p| p.scan(DOCK, &badge))?;
            }
            "dock_ready" => {
                let code = text(&view, "/dock/waiting/0/code").to_owned();
                if code.is_empty() {
                    return Ok(false);
                }
                self.act(DOCK, &view, |p| p.scan(DOCK, &code))?;
            }
            "dock_scanning" => self.hand_over(&view)?,
            "dock_closing" => {
                self.act(DOCK, &view, |p| p.control(DOCK, Control::Confirm, None))?;
            }
            "dock_closed" => self.load(&view)?,
            "stop" => {
                let code = text(&view, "/stop/code").to_owned();
                self.once(format!("dock/{code}"));
                self.act(DOCK, &view, |p| p.control(DOCK, Control::Ok, None))?;
            }
            other => return Err(format!("the dock shows {other:?}")),
        }
        Ok(true)
    }

    /// What is stuck on the parcels that an earlier run packed.
    fn recall_stickers(&mut self) -> Result<(), PlayError> {
        let mut carriers = BTreeMap::new();
        for event in super::summary::all_events(&self.daemon)? {
            match event.fact {
                Fact::ParcelAssigned { parcel, assignment } => {
                    carriers.insert(parcel, assignment.carrier_name);
                }
                Fact::NumberAllocated { parcel, number, .. } => {
                    let carrier = carriers.get(&parcel).cloned().unwrap_or_default();
                    self.stickers.insert(number.tracking_number, carrier);
                }
                Fact::NumberBurnt { number, .. } => {
                    self.stickers.remove(&number.tracking_number);
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn hand_over(&mut self, view: &Value) -> Result<(), PlayError> {
        let carrier = text(view, "/dock/carrier_name").to_owned();
        if !self.was("dock/wrong_carrier") {
            // Each is tried once: what left the house earlier is refused for another reason.
            let fits = |(n, c): &(&String, &String)| {
                **c != carrier && !self.was(&format!("dock/tried/{n}"))
            };
            let other = self.stickers.iter().find(fits).map(|(n, _)| n.clone());
            if let Some(other) = other.filter(|_| number(view, "/dock/scanned") > 0) {
                self.once(format!("dock/tried/{other}"));
                return self.act(DOCK, view, |p| p.scan(DOCK, &other));
            }
        }
        if !self.was("dock/duplicate") {
            let again = text(view, "/dock/parcels/0/tracking_number").to_owned();
            if !again.is_empty() && number(view, "/dock/scanned") > 1 {
                return self.act(DOCK, view, |p| p.scan(DOCK, &again));
            }
        }
        let next = text(view, "/dock/missing/0/tracking_number").to_owned();
        if next.is_empty() {
            return self.act(DOCK, view, |p| p.control(DOCK, Control::Close, None));
        }
        self.act(DOCK, view, |p| p.scan(DOCK, &next))
    }

    fn load(&mut self, view: &Value) -> Result<(), PlayError> {
        if text(view, "/dock/manifest").is_empty() {
            return self.act(DOCK, view, |_| ());
        }
        if text(view, "/prompt").is_empty() {
            return self.act(DOCK, view, |p| p.control(DOCK, Control::Loaded, None));
        }
        let manifest = text(view, "/dock/handover").to_owned();
        self.act(DOCK, view, |p| p.scan(DOCK, &manifest))
    }
}
