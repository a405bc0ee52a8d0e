//! Snapshots fetched for the reducer before it decides: items and archived records.

use crate::domain::change::RecordKind;
use crate::domain::{InputKind, Looked, OrderId, ParcelId, State, scan};
use crate::store::{Store, StoreError};

/// What the store knows about this input beyond the live state.
pub(super) fn look(store: &Store, state: &State, kind: &InputKind) -> Result<Looked, StoreError> {
    let mut looked = Looked::default();
    match kind {
        InputKind::Scan { code, .. } => {
            let code = code.trim();
            looked.items = store.items_by_barcode(code)?;
            let forms = scan::forms(code);
            if !forms
                .iter()
                .any(|form| state.by_code(form).next().is_some())
            {
                archived(store, state, &forms, &mut looked)?;
            }
        }
        InputKind::CarrierScan {
            tracking_number, ..
        } => {
            // Also beside a live parcel: the number may be in use again.
            archived(store, state, &scan::forms(tracking_number), &mut looked)?;
            let orders: Vec<_> = looked.parcels.iter().map(|p| p.order.clone()).collect();
            for order in orders {
                order_by_id(store, order.as_str(), &mut looked)?;
            }
        }
        InputKind::ExceptionSettled { parcel, .. } if !state.parcels.contains_key(parcel) => {
            if let Some(body) = store.record(RecordKind::Parcel, parcel.as_str())? {
                looked.parcels.extend(serde_json::from_value(body));
            }
        }
        InputKind::Order { order } => {
            if !state.orders.contains_key(&order.id) {
                order_by_id(store, order.id.as_str(), &mut looked)?;
            }
            // Its number may have left on another parcel a while ago.
            if let Some(label) = &order.carrier_label {
                let forms = scan::forms(&label.tracking_number);
                archived(store, state, &forms, &mut looked)?;
            }
        }
        InputKind::OrderCancelled { order, .. } if !state.orders.contains_key(order) => {
            order_by_id(store, order.as_str(), &mut looked)?;
        }
        _ => {}
    }
    Ok(looked)
}

/// Records under any form of a code that have left memory.
fn archived(
    store: &Store,
    state: &State,
    forms: &[String],
    looked: &mut Looked,
) -> Result<(), StoreError> {
    for form in forms {
        for (kind, id, body) in store.records_by_code(form)? {
            match kind {
                RecordKind::Order if !state.orders.contains_key(&OrderId::new(&*id)) => {
                    looked.orders.extend(serde_json::from_value(body));
                }
                RecordKind::Parcel if !state.parcels.contains_key(&ParcelId::new(&*id)) => {
                    looked.parcels.extend(serde_json::from_value(body));
                }
                _ => {}
            }
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
