//! The default transport: `reqwest` with rustls.

mod failure;
mod proxy;
mod service;
mod setup;
#[cfg(test)]
mod tests;
