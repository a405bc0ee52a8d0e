//! The player at the dock: one handover per carrier, with a wrong parcel and a doubled one.

use super::player::{PlayError, Player, number, text};
use crate::content::control::Control;
use serde_json::Value;

const DOCK: &str = "dock1";

impl Player {
    /// One deed at the dock; false when every ready parcel has left.
    pub(super) fn dock_turn(&mut self) -> Result<bool, PlayError> {
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

    fn hand_over(&mut self, view: &Value) -> Result<(), PlayError> {
        let carrier = text(view, "/dock/carrier_name").to_owned();
        if !self.was("dock/wrong_carrier") {
            let other = self.stickers.iter().find(|(_, c)| **c != carrier).map(|(n, _)| n.clone());
            if let Some(other) = other.filter(|_| number(view, "/dock/scanned") > 0) {
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
