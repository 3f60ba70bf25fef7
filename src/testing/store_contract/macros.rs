//! A test for each rule.

/// Makes a test of each rule of [`testing::store_contract`](mod@crate::testing::store_contract),
/// with the attribute `#[tokio::test]`. Takes a future of an empty store, and a function from a
/// number to an identity. An attribute before them goes to each test.
#[doc(hidden)]
#[macro_export]
macro_rules! __store_contract {
    (@rule [$($attribute:tt)*] $store:expr, $identity:expr, $rule:ident) => {
        $($attribute)*
        #[tokio::test]
        async fn $rule() {
            $crate::testing::store_contract::$rule(&$store.await, $identity).await;
        }
    };
    (@rules $attributes:tt $store:expr, $identity:expr, $($rule:ident)*) => {
        $($crate::__store_contract! { @rule $attributes $store, $identity, $rule })*
    };
    (@all $attributes:tt $store:expr, $identity:expr) => {
        $crate::__store_contract! {
            @rules $attributes $store, $identity,
            unknown_session_is_absent
            session_is_found_with_all_its_parts
            removed_session_is_absent_and_no_other
            removal_tells_whether_there_was_a_session
            late_use_never_restores_a_session
            use_is_recorded
            sessions_of_one_subject_are_revoked_and_no_other
            session_is_revoked_by_its_digest_and_subject
            all_sessions_of_a_subject_but_one_are_revoked
            sessions_of_a_subject_are_listed
            list_is_of_one_namespace
            all_sessions_are_revoked_and_new_ones_stay
            concurrent_look_ups_find_the_right_session
            namespaces_are_isolated
            revocation_covers_a_pending_login
            revocation_leaves_pending_logins_of_other_namespaces_alone
            previous_session_is_always_removed
            concurrent_session_is_removed_only_if_it_is_of_another_subject
            debug_shows_no_session_id
        }
    };
    (#[$attribute:meta] $store:expr, $identity:expr $(,)?) => {
        $crate::__store_contract! { @all [#[$attribute]] $store, $identity }
    };
    ($store:expr, $identity:expr $(,)?) => {
        $crate::__store_contract! { @all [] $store, $identity }
    };
}
