//! Carriers as data: services, limits, number ranges, and the assignment rules. Pure.
