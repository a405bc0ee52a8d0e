//! Orders, parcels, label jobs, handovers, events, and the reducer. Pure: no I/O, no clock.
