//! Deterministic simulation of a site of `tower-weika`: several instances with the real login
//! layers, providers, clients and local caches, over models of the network, the store and the
//! upstream systems; browsers with tabs; and faults. One seed is one run, on one thread, with
//! tokio's paused time.
//!
//! ```text
//! cd simulation
//! cargo test                                          some hundred seeds
//! SIMULATION_SEEDS=10000 cargo test                   more of them
//! SIMULATION_SEED=17 cargo test --test simulation     one of them, with its trace
//! ```
//!
//! The invariants are in the modules of `invariants`, and in `tab` and `run`.

#[cfg(not(simulation))]
compile_error!("run cargo in the folder `simulation`: its `.cargo/config.toml` has the flags");

mod application;
mod browser;
mod cookie_jar;
mod faults;
mod incarnation;
mod instance;
mod invariants;
mod login;
mod logins;
mod network;
mod phone_user;
mod random;
mod run;
mod scenario;
mod site;
mod store;
mod tab;
mod trace;
mod upstream;
mod world;

pub use self::run::{Report, Violation, run};
pub use tower_weika::simulation::PlantedFault;
