//! A code reaches the upstream system at most once.

use crate::login::Login;
use crate::upstream::Arrival;
use crate::world::World;

/// The longest time from the claim of a flow to the arrival of its code.
const CLAIM_TO_ARRIVAL: u64 = 15_000;

impl World {
    /// Returns the user of a code that arrives, if the code is valid.
    pub(crate) fn consume_code(&self, login: Login, code: &str) -> Option<String> {
        self.code_arrived(login, code);
        let now = self.now();
        self.codes(login).consume(code, now)
    }

    pub(crate) fn code_arrived(&self, login: Login, code: &str) {
        let now = self.now();
        let arrival = self.codes(login).arrive(code, now);
        match arrival {
            Arrival::First => {}
            // The store has lost the claim of the flow.
            Arrival::Again(before) if self.server.lock().lost_since(before, CLAIM_TO_ARRIVAL) => {}
            Arrival::Again(before) => self.violate(format_args!(
                "the code {code} reached the upstream system at {before} and again at {now}"
            )),
            Arrival::Unknown => self.violate(format_args!("the code {code} was never issued")),
        }
    }
}
