//! The whole login over real sockets: browsers, a site, and the sandbox in place of the upstream
//! systems.
//!
//! One binary, because all tests share `site` and none needs a separate process.

/// Makes tests of functions that take a [`Way`]: `weika::…`, `members::…`, `wechat::…` and
/// `own_secret::…`.
macro_rules! all_ways {
    ($($name:ident),* $(,)? ; on two threads: $($parallel:ident),* $(,)?) => {
        all_ways!(weika, Weika, [$($name)*], [$($parallel)*]);
        all_ways!(members, Members, [$($name)*], [$($parallel)*]);
        all_ways!(wechat, Wechat, [$($name)*], [$($parallel)*]);
        all_ways!(own_secret, OwnSecret, [$($name)*], [$($parallel)*]);
    };
    ($module:ident, $way:ident, [$($name:ident)*], [$($parallel:ident)*]) => {
        mod $module {
            use crate::way::$way;

            $(
                #[tokio::test]
                async fn $name() {
                    super::$name::<$way>().await;
                }
            )*

            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $parallel() {
                    super::$parallel::<$way>().await;
                }
            )*
        }
    };
}

mod auto_traits;
mod axum_extractors;
mod bad_input;
mod concurrent_callers;
mod double_callback;
mod guards;
mod hang_up;
mod login_flow;
mod members;
mod metrics;
mod observer;
mod own_users;
mod revocation;
mod services;
mod site;
mod suites;
mod upstream_failures;
mod values;
mod way;
mod wechat;
mod wechat_own_secret;
