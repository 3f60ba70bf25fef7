//! The sandbox with many managers as upstream, and a site that uses it.

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use harness::process::{Process, memory};
use tokio::runtime::Runtime;
use tower_weika_sandbox::{Endpoint, Fault, Person, Sandbox};

use crate::machine::raise_file_limit;

/// How long a token takes: long enough that all callbacks have arrived by then.
pub(crate) const TOKEN_DELAY: Duration = Duration::from_secs(1);

/// Returns the id of a person at the provider's page, and the user id that the application
/// receives.
pub(crate) fn person(number: usize) -> [String; 2] {
    [format!("p{number}"), format!("oSandboxUser0{number:015}")]
}

/// The page on which a user approves.
pub(crate) fn approval_path() -> &'static str {
    Endpoint::Approve.path()
}

/// The upstream in this process, and the site in a separate one: one process may not open enough
/// files for both ends of all connections.
pub(crate) struct Environment {
    pub(crate) sandbox: Sandbox,
    site: Process,
    _runtime: Runtime,
}

impl Environment {
    /// Starts both; each exchange takes `exchange`.
    pub(crate) fn start(users: usize, exchange: Duration) -> Self {
        raise_file_limit();
        let users = (0..users)
            .map(person)
            .map(|[id, user_id]| Person::new(id, user_id, "用户"));
        let sandbox = users.fold(Sandbox::builder(), |sandbox, person| sandbox.person(person));
        let runtime = harness::background_runtime();
        let sandbox = runtime.block_on(sandbox.start()).expect("a sandbox");
        sandbox
            .faults()
            .once(Endpoint::AccessToken, Fault::Delay(TOKEN_DELAY));
        if !exchange.is_zero() {
            sandbox
                .faults()
                .always(Endpoint::ManagerInfo, Fault::Delay(exchange));
        }
        let mut command = Command::new(std::env::current_exe().expect("the path of this program"));
        let site = command.args([
            "site",
            &sandbox.base_url(),
            sandbox.app_key(),
            sandbox.app_secret(),
        ]);
        Self {
            site: Process::start(site),
            sandbox,
            _runtime: runtime,
        }
    }

    pub(crate) fn site(&self) -> SocketAddr {
        self.site.address
    }

    /// Returns the memory of the site, see [`memory`].
    pub(crate) fn memory(&self, size: &str) -> f64 {
        memory(self.site.id(), size)
    }

    /// Returns the numbers of token fetches, exchanges and consumed codes.
    pub(crate) fn calls(&self) -> [u64; 3] {
        let call_log = self.sandbox.call_log();
        [
            call_log.count(Endpoint::AccessToken),
            call_log.count(Endpoint::ManagerInfo),
            call_log.codes_exchanged(),
        ]
    }
}
