//! The store over a real file.

mod contract;
mod kit;
