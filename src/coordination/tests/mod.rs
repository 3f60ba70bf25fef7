//! Test double of a coordinator.

mod in_memory;

pub(crate) use self::in_memory::InMemoryCoordinator;
