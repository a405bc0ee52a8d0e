//! A label job's hands: picture + printer profile -> bytes -> transport -> evidence.
