use std::sync::Arc;
use std::time::Duration;

use super::exchange::abandoned;
use super::inner::Inner;
use super::observer::{User, Visitor};
use crate::clock::Timestamp;
use crate::error::Error;
use crate::provider::IdentityProvider;

/// The report of one exchange, which is made exactly once: if the task panics or its runtime is
/// shut down, the drop of this value reports a failure.
pub(super) struct ExchangeReport<P: IdentityProvider, St> {
    login: Arc<Inner<P, St>>,
    visitor: Visitor,
    sent: Timestamp,
    is_made: bool,
}

impl<P: IdentityProvider, St> ExchangeReport<P, St> {
    /// Begins with the code that is sent now.
    pub(super) fn new(login: Arc<Inner<P, St>>, visitor: Visitor) -> Self {
        Self {
            sent: login.sessions.clock.now(),
            login,
            visitor,
            is_made: false,
        }
    }

    pub(super) fn logged_in(mut self, user: &User) {
        self.is_made = true;
        let duration = self.duration();
        self.login.report_logged_in(user, &self.visitor, duration);
    }

    pub(super) fn revoked(mut self, user: &User) {
        self.is_made = true;
        let duration = self.duration();
        self.login
            .report_revoked_login(user, &self.visitor, duration);
    }

    pub(super) fn failed(mut self, error: &Error) {
        self.is_made = true;
        self.report_failed(error);
    }

    fn report_failed(&self, error: &Error) {
        let duration = self.duration();
        self.login.report_failed(error, &self.visitor, duration);
    }

    fn duration(&self) -> Duration {
        self.login.sessions.clock.now().since(self.sent)
    }
}

impl<P: IdentityProvider, St> Drop for ExchangeReport<P, St> {
    fn drop(&mut self) {
        if !self.is_made {
            self.report_failed(&abandoned());
        }
    }
}
