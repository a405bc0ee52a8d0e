//! Sans-IO wire protocols.
