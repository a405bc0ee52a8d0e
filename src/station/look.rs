//! Snapshots fetched for the reducer before it decides: items and archived records.

use crate::domain::change::RecordKind;
use crate::domain::state::normal;
use crate::domain::{InputKind, Looked, State};
use crate::store::{Store, StoreError};

/// What the store knows about this input beyond the live state.
pub(super) fn look(store: &Store, state: &State, kind: &InputKind) -> Result<Looked, StoreError> {
    let mut looked = Looked::default();
    match kind {
        InputKind::Scan { code, .. } => {
            let code = code.trim();
            looked.items = store.items_by_barcode(code)?;
            let plain = code
                .strip_prefix("FS1/P/")
                .and_then(|c| c.split('/').next());
            let code = normal(plain.unwrap_or(code));
            if state.by_code(&code).next().is_none() {
                archived(store, &code, &mut looked)?;
            }
        }
        InputKind::Order { order } if !state.orders.contains_key(&order.id) => {
            order_by_id(store, order.id.as_str(), &mut looked)?;
        }
        InputKind::OrderCancelled { order, .. } if !state.orders.contains_key(order) => {
            order_by_id(store, order.as_str(), &mut looked)?;
        }
        _ => {}
    }
    Ok(looked)
}

fn archived(store: &Store, code: &str, looked: &mut Looked) -> Result<(), StoreError> {
    for (kind, _, body) in store.records_by_code(code)? {
        match kind {
            RecordKind::Order => looked.orders.extend(serde_json::from_value(body)),
            RecordKind::Parcel => looked.parcels.extend(serde_json::from_value(body)),
            RecordKind::Job | RecordKind::Handover | RecordKind::Place | RecordKind::Station => {}
        }
    }
    Ok(())
}

fn order_by_id(store: &Store, id: &str, looked: &mut Looked) -> Result<(), StoreError> {
    if let Some(body) = store.record(RecordKind::Order, id)? {
        looked.orders.extend(serde_json::from_value(body));
    }
    Ok(())
}
