//! Discovery, supervision and transports of devices. Emits scans, masses, printer states.
