//! Hashes: of a person (salted, so that an erased one cannot be guessed back) and of an order.

use crate::domain::order::{Address, Order};
use sha2::{Digest, Sha256};

/// Hex SHA-256 over the salt and the address as JSON, as `domain::order::PersonRef` wants it.
pub fn person_hash(salt: &str, address: &Address) -> String {
    let json = serde_json::to_vec(address).unwrap_or_default();
    sha256(&[salt.as_bytes(), &json])
}

/// Hex SHA-256 over the order's content. The address takes part through its salted hash only:
/// a plain hash of it inside an event would outlive the person's erasure.
pub(super) fn fingerprint(order: &Order) -> String {
    let mut content = order.clone();
    content.fingerprint.clear();
    content.ship_to.id.clear();
    // Made from the address, which takes part already; orders from before it must stay the same.
    content.area.clear();
    let json = serde_json::to_vec(&content).unwrap_or_default();
    sha256(&[b"firstscan order 1\n", &json])
}

/// Hex SHA-256 of the parts one after the other.
pub(super) fn sha256(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
