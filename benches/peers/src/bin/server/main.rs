//! A whole server: axum on loopback with one core of its own, with and without a login.
//!
//! `server serve …` is one of the servers that are compared. The load comes from `wrk`, on another core.

mod compare;
mod load;
mod process;
mod serve;

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [role, kind, users, file] if role == "serve" => {
            serve::serve(kind, users.parse().expect("a number"), file.as_ref());
        }
        _ => compare::compare(),
    }
}
