//! The exchange of one code: admission, provider, session.

use std::sync::Arc;

use tokio::time::timeout;

use super::admission::{Admitted, ClientKey};
use super::exchange::{Job, NotStarted, Outcome, SessionSalt};
use super::exchange_report::ExchangeReport;
use super::flow::State;
use super::inner::Inner;
use super::observer::{User, Visitor};
use super::return_to::ReturnTo;
use crate::client::Permit;
use crate::error::{Error, ErrorKind};
use crate::provider::{ExchangeContext, IdentityProvider};
use crate::secret::AuthorizationCode;
use crate::session::{Session, SessionId};
use crate::store::{Inserted, Previous, SessionStore, Stamp};

/// The code of a callback, and the facts that its session depends on.
pub(super) struct CodeExchange<P: IdentityProvider, St> {
    pub(super) login: Arc<Inner<P, St>>,
    pub(super) client: Option<ClientKey>,
    pub(super) state: State,
    pub(super) code: AuthorizationCode,
    /// The session in the browser's cookie.
    pub(super) previous_session: Option<SessionId>,
    pub(super) return_to: ReturnTo,
    pub(super) visitor: Visitor,
}

/// Everything that an exchange needs before its code is sent.
pub(super) struct Prepared {
    permit: Permit,
    admitted: Admitted,
    /// Revocations since are respected (rule S3).
    stamp: Stamp,
}

impl<P, St> Job for CodeExchange<P, St>
where
    P: IdentityProvider,
    St: SessionStore<P::Identity>,
{
    type Prepared = Prepared;
    type UntilPublished = Admitted;

    async fn prepare(&self) -> Result<Prepared, NotStarted> {
        let Inner {
            provider,
            admission,
            sessions,
            ..
        } = &*self.login;
        let permit = provider.admit().await?;
        let admitted = admission.take(self.client, sessions.clock.now())?;
        let stamp = sessions.stamp().await?;
        Ok(Prepared {
            permit,
            admitted,
            stamp,
        })
    }

    fn report(&self, reason: &NotStarted) {
        match reason {
            // The callbacks report it, each with its own response.
            NotStarted::Failed(error) if error.kind() == ErrorKind::Store => {}
            _ => self.login.report_not_started(reason),
        }
        if let NotStarted::Failed(error) = reason {
            let (flow, visitor) = (self.state.flow, &self.visitor);
            self.login
                .report_failed_before_the_code(error, flow, visitor);
        }
    }

    async fn run(self, prepared: Prepared) -> (Outcome, Admitted) {
        let Prepared {
            permit,
            mut admitted,
            stamp,
        } = prepared;
        admitted.sent();
        let report = ExchangeReport::new(Arc::clone(&self.login), self.visitor.clone());
        let return_to = self.return_to.clone();
        let outcome = match self.log_in(permit, stamp).await {
            Ok(LoggedIn {
                salt,
                user,
                inserted,
            }) => {
                match inserted {
                    Inserted::Kept => report.logged_in(&user),
                    Inserted::Revoked => report.revoked(&user),
                }
                Outcome::LoggedIn { salt, return_to }
            }
            Err(error) => {
                if error.kind() == ErrorKind::InvalidCode {
                    admitted.refused();
                }
                report.failed(&error);
                Outcome::Failed(error)
            }
        };
        (outcome, admitted)
    }
}

/// A successful exchange.
struct LoggedIn {
    salt: SessionSalt,
    user: User,
    inserted: Inserted,
}

impl<P, St> CodeExchange<P, St>
where
    P: IdentityProvider,
    St: SessionStore<P::Identity>,
{
    /// Creates a session with a new id and removes the previous session of the browser, unless it
    /// is a concurrent one of the same subject. If the login was revoked since the stamp, it
    /// succeeds without a session, as if it had been revoked immediately afterwards (rule S3).
    async fn log_in(self, permit: Permit, stamp: Stamp) -> Result<LoggedIn, Error> {
        let login = &*self.login;
        let salt = SessionSalt::random()?;
        let id = login.exchanges.session_id(&self.state, &salt);
        let context = ExchangeContext::new(&login.endpoints.redirect_uri, permit);
        let exchange = login.provider.exchange(self.code, context);
        let verified = timeout(login.exchange_timeout, exchange)
            .await
            .unwrap_or_else(|elapsed| {
                let context = "the code exchange took too long";
                Err(Error::new(ErrorKind::Timeout, context).with_source(elapsed))
            })?;
        let now = login.sessions.clock.now();
        let user = User::of(&verified.identity);
        let mut session =
            Session::new(id, verified.identity, login.timeouts, now).on_device(self.visitor.device);
        if let Some(time) = verified.valid_until {
            session = session.expiring_by(time);
        }
        let previous = self.previous_session.as_ref().map(|session| {
            if login.flows.replaces(&self.state, session) {
                Previous::Replaced(session)
            } else {
                Previous::Concurrent(session)
            }
        });
        let inserted = login.sessions.insert(session, previous, stamp);
        Ok(LoggedIn {
            salt,
            user,
            inserted: inserted.await?,
        })
    }
}
