//! Reports: the event, the metric and the log line of each outcome.

use std::time::Duration;

use http::{Extensions, HeaderMap};

use super::exchange::NotStarted;
use super::flow::FlowId;
use super::inner::Inner;
use super::observer::{Details, LoginEventKind, User, Visitor};
use crate::error::{Error, ErrorKind};
use crate::meter::{self, Source};
use crate::provider::IdentityProvider;
use crate::trace::{info, warn};

impl<P: IdentityProvider, St> Inner<P, St> {
    /// The labels of metrics.
    pub(super) fn source(&self) -> Source<'_> {
        Source {
            provider: self.provider.name(),
            tenant: self.observer.tenant(),
        }
    }

    /// Describes the client of a request, for events.
    pub(super) fn visitor(&self, headers: &HeaderMap, extensions: &Extensions) -> Visitor {
        self.observer.visitor(&self.provider, headers, extensions)
    }

    /// Reports an exchange that led to a session.
    pub(super) fn report_logged_in(&self, user: &User, visitor: &Visitor, duration: Duration) {
        let provider = self.provider.name();
        meter::login_ended(self.source(), meter::SUCCESS);
        info!(provider = %provider, "login: user logged in");
        let details = Details {
            user: Some(user),
            visitor: Some(visitor),
            duration: Some(duration),
            error: None,
        };
        self.observe(LoginEventKind::LoggedIn, details);
    }

    /// Reports an exchange whose session a concurrent revocation covers.
    pub(super) fn report_revoked_login(&self, user: &User, visitor: &Visitor, duration: Duration) {
        let (provider, error) = (self.provider.name(), revoked());
        meter::login_ended(self.source(), error.kind().as_str());
        info!(
            provider = %provider,
            "login: revoked while its code was exchanged; no session is kept"
        );
        let details = Details {
            user: Some(user),
            visitor: Some(visitor),
            duration: Some(duration),
            error: Some(&error),
        };
        self.observe(LoginEventKind::Denied, details);
    }

    /// Reports an exchange that failed or was denied.
    pub(super) fn report_failed(&self, error: &Error, visitor: &Visitor, duration: Duration) {
        let provider = self.provider.name();
        meter::login_ended(self.source(), error.kind().as_str());
        if error.kind() == ErrorKind::InvalidCode {
            meter::code_refused(self.source());
        }
        let limit = self.limits.exchange(error.kind());
        if let Some(suppressed) = limit.admit(self.sessions.clock.now()) {
            warn!(
                provider = %provider,
                error = %error.report(),
                suppressed = %suppressed,
                "login: the code exchange failed"
            );
        }
        self.observe_failed(error, visitor, Some(duration));
    }

    /// Reports a login that failed before its code was sent, once for each flow. A full queue is no
    /// failed login, nor is a failed store: a reload continues it.
    pub(super) fn report_failed_before_the_code(
        &self,
        error: &Error,
        flow: FlowId,
        visitor: &Visitor,
    ) {
        let is_passing = matches!(error.kind(), ErrorKind::Overloaded | ErrorKind::Store);
        if !is_passing && self.observer.is_first_of_flow(flow) {
            self.observe_failed(error, visitor, None);
        }
    }

    /// Reports a login that the user declined, once for each flow.
    pub(super) fn report_declined(&self, flow: FlowId, visitor: &Visitor) {
        if !self.observer.is_first_of_flow(flow) {
            return;
        }
        meter::login_ended(self.source(), "declined");
        let details = Details {
            visitor: Some(visitor),
            ..Details::default()
        };
        self.observe(LoginEventKind::Declined, details);
    }

    /// Reports a code that was not sent, in the log and in metrics.
    pub(super) fn report_not_started(&self, reason: &NotStarted) {
        let (provider, now) = (self.provider.name(), self.sessions.clock.now());
        match reason {
            NotStarted::Failed(error) => {
                meter::login_ended(self.source(), error.kind().as_str());
                if error.kind() == ErrorKind::Overloaded {
                    meter::exchange_rejected(self.source(), "overloaded");
                }
                if let Some(suppressed) = self.limits.exchange(error.kind()).admit(now) {
                    warn!(
                        provider = %provider,
                        error = %error.report(),
                        suppressed = %suppressed,
                        "login: failed before the code was sent; a reload of the callback continues"
                    );
                }
            }
            NotStarted::Throttled { .. } => {
                meter::exchange_rejected(self.source(), "throttled");
                if let Some(suppressed) = self.limits.throttled.admit(now) {
                    warn!(
                        provider = %provider,
                        suppressed = %suppressed,
                        "login: a client sent too many codes that were rejected; the response is 429"
                    );
                }
            }
            NotStarted::OverQuota { .. } => {
                meter::exchange_rejected(self.source(), "quota");
                if let Some(suppressed) = self.limits.over_quota.admit(now) {
                    warn!(
                        provider = %provider,
                        suppressed = %suppressed,
                        "login: the ceiling of exchanges per minute is reached; the response is 503"
                    );
                }
            }
        }
    }

    /// Reports a logout. The user is not known if the session could not be read.
    pub(super) fn report_logged_out(&self, user: Option<&User>, visitor: &Visitor) {
        meter::logged_out(self.source());
        info!(provider = %self.provider.name(), "logout: session revoked");
        let details = Details {
            user,
            visitor: Some(visitor),
            ..Details::default()
        };
        self.observe(LoginEventKind::LoggedOut, details);
    }

    /// Reports a session that the application started.
    pub(super) fn report_session_started(&self, user: &User, visitor: &Visitor) {
        info!(provider = %self.provider.name(), "login: session started by the application");
        let details = Details {
            user: Some(user),
            visitor: Some(visitor),
            ..Details::default()
        };
        self.observe(LoginEventKind::SessionStarted, details);
    }

    /// Reports sessions that the application revoked.
    pub(super) fn report_revoked(&self, kind: LoginEventKind, user: Option<&User>) {
        info!(
            provider = %self.provider.name(),
            scope = %kind.as_str(),
            "login: revoked by the application"
        );
        let details = Details {
            user,
            ..Details::default()
        };
        self.observe(kind, details);
    }

    fn observe_failed(&self, error: &Error, visitor: &Visitor, duration: Option<Duration>) {
        let kind = match error.kind() {
            ErrorKind::Denied => LoginEventKind::Denied,
            _ => LoginEventKind::Failed,
        };
        let user = User::denied(error);
        let details = Details {
            user: user.as_ref(),
            visitor: Some(visitor),
            duration,
            error: Some(error),
        };
        self.observe(kind, details);
    }

    fn observe(&self, kind: LoginEventKind, details: Details<'_>) {
        let time = self.sessions.clock.wall();
        self.observer.observe(kind, &self.provider, time, details);
    }
}

/// The error of a new session that a revocation covers.
pub(super) fn revoked() -> Error {
    let context = "a revocation covers the new session";
    Error::new(ErrorKind::Denied, context)
}
