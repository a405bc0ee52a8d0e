//! Parts of the benchmarks: measuring, what is measured in process, and the daemon as a child.

pub mod child;
pub mod config;
pub mod live;
pub mod measure;
pub mod printer;
pub mod pure;
pub mod stream;
