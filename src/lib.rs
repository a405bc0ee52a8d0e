//! firstscan
