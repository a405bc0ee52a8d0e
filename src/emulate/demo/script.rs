//! The fixture orders and what shall happen to each: `fixtures/orders/script.toml`.

use include_dir::{Dir, include_dir};
use serde::Deserialize;
use std::collections::BTreeMap;

static ORDERS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/fixtures/orders");
static CARRIERS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/fixtures/carriers");
static ITEMS: &[u8] = include_bytes!("../../../fixtures/items/items.json");

/// What goes wrong on purpose with an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Twist {
    None,
    /// This article is scanned although the order does not want it.
    WrongItem {
        barcode: String,
    },
    Surplus,
    OutOfBand,
    SecondOrder {
        order: String,
    },
    Cancel {
        reason: String,
    },
    /// The first box is full after so many pieces.
    TwoBoxes {
        pieces: u64,
    },
}

/// One order of the script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub order: String,
    /// The order as the marketplace sends it.
    pub document: Vec<u8>,
    /// What people read on its card.
    pub note: String,
    pub twist: Twist,
    /// BOX parameter of each parcel.
    pub boxes: Vec<String>,
    /// Weights each parcel shows on the scale, in grams; the last one is right.
    pub weights: Vec<Vec<i64>>,
    /// `packed`, `refused` or `cancelled`.
    pub outcome: String,
    pub parcels: u64,
    pub carrier: Option<String>,
    pub service: Option<String>,
    /// The service that was planned, if the scale leads to another one.
    pub planned: Option<String>,
}

/// The carrier files of the demo's site, by name.
pub fn carrier_files() -> impl Iterator<Item = (&'static str, &'static [u8])> {
    let files = CARRIERS.files();
    let is_table = |name: &&str| name.ends_with(".toml");
    files.filter_map(move |file| {
        let name = file.path().to_str().filter(is_table)?;
        Some((name, file.contents()))
    })
}

/// An article as the shelf has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Article {
    pub title: String,
    pub barcode: String,
    pub grams: i64,
}

/// The whole script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    pub badge: String,
    pub items_document: Vec<u8>,
    /// By SKU.
    pub articles: BTreeMap<String, Article>,
    pub steps: Vec<Step>,
}

#[derive(Debug, Deserialize)]
struct File {
    order: Vec<FileOrder>,
}

#[derive(Debug, Deserialize)]
struct FileOrder {
    file: String,
    id: String,
    #[serde(default)]
    note: String,
    outcome: String,
    parcels: u64,
    carrier: Option<String>,
    service: Option<String>,
    planned: Option<String>,
    steps: Vec<Deed>,
}

#[derive(Debug, Deserialize)]
struct Deed {
    #[serde(rename = "do")]
    what: String,
    sku: Option<String>,
    times: Option<u64>,
    name: Option<String>,
    param: Option<String>,
    grams: Option<i64>,
    code: Option<String>,
    id: Option<String>,
    reason: Option<String>,
}

impl Script {
    /// The embedded script.
    ///
    /// # Errors
    /// A text if the embedded files do not fit each other; a test keeps that from a release.
    pub fn embedded() -> Result<Self, String> {
        let text = ORDERS
            .get_file("script.toml")
            .and_then(|f| f.contents_utf8());
        let file: File =
            toml::from_str(text.ok_or("no script.toml")?).map_err(|e| e.to_string())?;
        let articles = articles()?;
        let mut steps = Vec::new();
        for order in file.order {
            let document = ORDERS.get_file(&order.file).ok_or(order.file.clone())?;
            let twist = twist(&order.steps, &articles);
            let (boxes, weights) = boxes(&order.steps);
            steps.push(Step {
                order: order.id,
                document: document.contents().to_vec(),
                note: order.note,
                twist,
                boxes,
                weights,
                outcome: order.outcome,
                parcels: order.parcels,
                carrier: order.carrier,
                service: order.service,
                planned: order.planned,
            });
        }
        Ok(Script {
            badge: "BADGE-ANNA".into(),
            items_document: ITEMS.to_vec(),
            articles,
            steps,
        })
    }

    /// The step of an order.
    pub fn step(&self, order: &str) -> Option<&Step> {
        self.steps.iter().find(|s| s.order == order)
    }
}

fn articles() -> Result<BTreeMap<String, Article>, String> {
    let items = crate::sync::inbound::items::read(ITEMS);
    let items = items.map_err(|p| format!("{p:?}"))?;
    let article = |item: crate::domain::order::Item| {
        let barcode = item.barcodes.first().cloned().unwrap_or_default();
        let grams = item.weight.map_or(0, |w| w.ng() / 1_000_000_000);
        (
            item.sku.to_string(),
            Article {
                title: item.title,
                barcode,
                grams,
            },
        )
    };
    Ok(items.into_iter().map(article).collect())
}

fn twist(steps: &[Deed], articles: &BTreeMap<String, Article>) -> Twist {
    let mut pieces = 0;
    let mut previous: Option<&Deed> = None;
    for step in steps {
        match (step.what.as_str(), step.code.as_deref()) {
            ("scan_item", _) => pieces += step.times.unwrap_or(1),
            ("cancel", _) => {
                return Twist::Cancel {
                    reason: step.reason.clone().unwrap_or_default(),
                };
            }
            ("control", _) if step.name.as_deref() == Some("NEXTBOX") => {
                return Twist::TwoBoxes { pieces };
            }
            ("expect_stop", Some("wrong_item")) => {
                let sku = previous.and_then(|p| p.sku.clone()).unwrap_or_default();
                let barcode = articles
                    .get(&sku)
                    .map(|a| a.barcode.clone())
                    .unwrap_or_default();
                return Twist::WrongItem { barcode };
            }
            ("expect_stop", Some("surplus")) => return Twist::Surplus,
            ("expect_stop", Some("weight_out_of_band")) => return Twist::OutOfBand,
            ("expect_stop", Some("order_open" | "second_order")) => {
                let order = previous.and_then(|p| p.id.clone()).unwrap_or_default();
                return Twist::SecondOrder { order };
            }
            _ => {}
        }
        previous = Some(step);
    }
    Twist::None
}

/// Box and weights of each parcel; a parcel ends with its label.
fn boxes(steps: &[Deed]) -> (Vec<String>, Vec<Vec<i64>>) {
    let (mut boxes, mut weights) = (Vec::new(), vec![Vec::new()]);
    for step in steps {
        match step.what.as_str() {
            "control" => {
                if let Some(param) = &step.param {
                    boxes.push(param.clone());
                }
            }
            "weigh" => {
                if let (Some(last), Some(grams)) = (weights.last_mut(), step.grams) {
                    last.push(grams);
                }
            }
            "scan_label" => weights.push(Vec::new()),
            _ => {}
        }
    }
    weights.retain(|w| !w.is_empty());
    (boxes, weights)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_embedded_script_is_whole() {
        let script = Script::embedded().unwrap();
        assert!(script.steps.len() >= 12);
        let twists: Vec<&Twist> = script.steps.iter().map(|s| &s.twist).collect();
        assert!(twists.contains(&&Twist::Surplus) && twists.contains(&&Twist::OutOfBand));
        assert!(twists.contains(&&Twist::TwoBoxes { pieces: 2 }));
        for step in script.steps.iter().filter(|s| s.outcome == "packed") {
            assert_eq!(step.weights.len() as u64, step.parcels, "{}", step.order);
        }
    }
}
