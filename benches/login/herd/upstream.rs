//! Weika, with so many managers.

use std::io;
use std::time::Duration;

use tokio::runtime::Builder;
use tower_weika_sandbox::{Endpoint, Fault, Person, Sandbox};

use super::{TOKEN_DELAY, announce};
use crate::machine::raise_file_limit;

/// What the upstream calls this person, and what the application gets.
pub(super) fn person(number: usize) -> [String; 2] {
    [format!("p{number}"), format!("oSandboxCrowd{number:015}")]
}

/// Says where it is; and when it is asked, how many tokens, calls and codes that took. Each exchange takes
/// `exchange_delay`.
pub(super) fn serve(people: usize, exchange_delay: Duration) {
    raise_file_limit();
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let people = (0..people)
        .map(person)
        .map(|[id, user_id]| Person::new(id, user_id, "群众"));
    let sandbox = people.fold(Sandbox::builder(), |sandbox, person| sandbox.person(person));
    let sandbox = runtime.block_on(sandbox.start()).expect("a sandbox");
    sandbox
        .faults()
        .once(Endpoint::AccessToken, Fault::Delay(TOKEN_DELAY));
    if !exchange_delay.is_zero() {
        sandbox
            .faults()
            .always(Endpoint::ManagerInfo, Fault::Delay(exchange_delay));
    }
    announce(&format!(
        "{} {} {}",
        sandbox.base_url(),
        sandbox.app_key(),
        sandbox.app_secret()
    ));
    for _question in io::stdin().lines() {
        let call_log = sandbox.call_log();
        let calls =
            [Endpoint::AccessToken, Endpoint::ManagerInfo].map(|endpoint| call_log.count(endpoint));
        announce(&format!(
            "{} {} {}",
            calls[0],
            calls[1],
            call_log.codes_exchanged()
        ));
    }
}
