//! The whole manager login over real sockets: browsers, a site, and the sandbox in place of Weika.
//!
//! One binary, because everything here shares `site` and nothing here needs a process of its own.

mod auto_traits;
mod axum_extractors;
mod bad_input;
mod double_callback;
mod login_flow;
mod services;
mod site;
mod token_herd;
mod upstream_failures;
