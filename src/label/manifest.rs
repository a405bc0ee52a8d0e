//! Placeholder so that the module tree compiles while written.
