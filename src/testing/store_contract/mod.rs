//! Tests that every [`SessionStore`](crate::store::SessionStore) must pass.
//!
//! There is one function for each rule. The macro [`store_contract!`](macro@super::store_contract)
//! makes a test of each of them:
//!
//! ```
//! #[cfg(test)]
//! mod tests {
//!     use tower_weika::identity::Manager;
//!     use tower_weika::store::MemoryStore;
//!
//!     tower_weika::testing::store_contract! {
//!         async { MemoryStore::<Manager>::new() },
//!         |number| Manager::new(format!("o{number}")),
//!     }
//! }
//! ```
//!
//! The first argument is a future of an empty store, the second a function from a number to an
//! identity whose subject is different for each number. Sessions start at the system's time, so
//! that a store with native time-to-live values keeps them. Each function panics if the store
//! breaks its rule.

mod fixture;
mod list;
mod macros;
mod namespace;
mod revocation;
mod session;

pub use self::list::{
    all_sessions_of_a_subject_but_one_are_revoked, list_is_of_one_namespace,
    session_is_revoked_by_its_digest_and_subject, sessions_of_a_subject_are_listed,
};
pub use self::namespace::{
    namespaces_are_isolated, revocation_leaves_pending_logins_of_other_namespaces_alone,
};
pub use self::revocation::{
    all_sessions_are_revoked_and_new_ones_stay,
    concurrent_session_is_removed_only_if_it_is_of_another_subject,
    previous_session_is_always_removed, removal_tells_whether_there_was_a_session,
    removed_session_is_absent_and_no_other, revocation_covers_a_pending_login,
    sessions_of_one_subject_are_revoked_and_no_other,
};
pub use self::session::{
    concurrent_look_ups_find_the_right_session, debug_shows_no_session_id,
    late_use_never_restores_a_session, session_is_found_with_all_its_parts,
    unknown_session_is_absent, use_is_recorded,
};
