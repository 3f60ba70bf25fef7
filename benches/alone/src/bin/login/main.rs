//! The cost of a login: processor time, invalid callbacks, abandoned logins, concurrent logins, and
//! logins during a flood.
//!
//! The last two parts start `login site …` in a separate process.

mod abandoned;
mod browser;
mod concurrent;
mod flood;
mod invalid_callbacks;
mod machine;
mod processor_time;
mod site;
mod upstream;
mod visitor;

use harness::Report;

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    if let [role, url, key, secret] = &arguments[..] {
        assert_eq!(role, "site");
        return site::serve(url, key, secret);
    }
    let mut report = Report::new("login", "Logging in");
    processor_time::measure(&mut report);
    invalid_callbacks::measure(&mut report);
    abandoned::measure(&mut report);
    concurrent::measure(&mut report);
    flood::measure(&mut report);
    report.finish();
}
