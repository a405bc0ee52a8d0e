//! Template + field map -> layout -> 1-bit bitmap; symbols, text, PNG and PDF; check. Pure.
