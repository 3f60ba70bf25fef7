//! Runs of the simulation.

mod planted_faults;
mod range;
mod seeds;
