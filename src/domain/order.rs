//! Orders as validated, and the item master. Names and addresses live apart from the order
//! (see [`PersonRef`]), so that a person can be forgotten while the chain still verifies.

use super::ids::{OrderId, Sku};
use super::money::Money;
use crate::content::address::Parts;
use firstscan_drivers::mass::Mass;
use serde::{Deserialize, Serialize};

/// A postal address with the recipient's name. Erasable; never inside an event.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Address {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Street lines, 1 to 3.
    pub lines: Vec<String>,
    #[serde(default)]
    pub postcode: String,
    pub city: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// ISO 3166-1 alpha-2, upper case.
    pub country: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

impl Address {
    /// Borrowed for `content::address`, which checks it and lays out its label lines.
    pub fn parts(&self) -> Parts<'_> {
        Parts {
            name: &self.name,
            company: self.company.as_deref().unwrap_or_default(),
            lines: &self.lines,
            postcode: &self.postcode,
            city: &self.city,
            region: self.region.as_deref().unwrap_or_default(),
            country: &self.country,
            phone: self.phone.as_deref().unwrap_or_default(),
        }
    }
}

/// Points to an erasable [`Address`] row and proves what it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonRef {
    /// Row id, made at import.
    pub id: String,
    /// Hex SHA-256 over a random salt (kept in the erasable row) and the address JSON.
    pub hash: String,
}

/// One line of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderLine {
    pub sku: Sku,
    pub title: String,
    pub quantity: u32,
}

/// A label the platform or carrier already made: stored as it came, printed after conversion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarrierLabel {
    /// Hex SHA-256 of the stored document.
    pub document: String,
    /// `pdf` or `png` or `jpeg`.
    pub format: String,
    pub carrier: String,
    pub service: String,
    pub tracking_number: String,
}

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    Waiting,
    Packing,
    Parked,
    Packed,
    Cancelled,
}

/// An accepted order, without names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    pub id: OrderId,
    /// Rises with every accepted change, from 1.
    pub version: u32,
    /// Hex SHA-256 of the submitted content: the same order twice is one order.
    pub fingerprint: String,
    pub seller: String,
    /// The marketplace's name for the channel, such as `tiktok-shop`.
    pub channel: String,
    pub lines: Vec<OrderLine>,
    pub ship_to: PersonRef,
    /// Destination country, ISO 3166-1 alpha-2.
    pub country: String,
    /// The first three letters and digits of the postcode, upper case: enough to tell a zone, too
    /// little to find a person.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub area: String,
    /// What the goods are worth, if the order says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Money>,
    /// Day the buyer was promised, `2026-11-24`, if the order says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promised: Option<String>,
    /// Service the buyer paid for, if any; the assignment rules interpret it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_service: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier_label: Option<CarrierLabel>,
    /// What looked wrong when it came in, with what to do; none of it quotes the address.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    pub status: OrderStatus,
}

impl Order {
    /// Pieces wanted over all lines.
    pub fn pieces(&self) -> u32 {
        self.lines.iter().map(|l| l.quantity).sum()
    }
}

/// One article of the item master.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    pub sku: Sku,
    pub title: String,
    /// Codes printed on the article, as scanned.
    pub barcodes: Vec<String>,
    /// Weight of one piece; `None` switches the weight band off for its parcel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<Mass>,
    /// Path of a picture, relative to the configured picture folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
}
