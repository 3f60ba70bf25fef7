//! The second half of a login: back from the provider.

use std::sync::Arc;

use http::HeaderValue;
use http::header::RETRY_AFTER;

use super::exchange::{Exchange, NotStarted};
use super::flow::End;
use super::outcome::{Outcome, Salt};
use super::query::{Parameter, parameter};
use super::return_to::ReturnTo;
use super::shared::{Shared, Visit};
use super::state::{Attempt, State};
use crate::client::Permit;
use crate::cookie::SetCookies;
use crate::error::{Error, ErrorKind};
use crate::meter;
use crate::provider::IdentityProvider;
use crate::response::{GeneratedResponse, PageKind};
use crate::secret::AuthorizationCode;
use crate::session::{Session, SessionId};
use crate::store::{Inserted, SessionStore, Stamp};
use crate::trace::{info, warn};

/// The longest code that is taken. WeCom, the only relative that documents a length, goes up to 512 bytes.
const MAX_CODE_BYTES: usize = 1024;

/// What the query of a callback brings.
enum Code {
    Absent,
    Given(AuthorizationCode),
    Unusable,
}

impl<P, St> Shared<P, St>
where
    P: IdentityProvider,
    St: SessionStore<P::Identity>,
{
    /// The callback endpoint.
    pub(super) async fn callback(
        self: &Arc<Self>,
        visit: &Visit,
    ) -> Result<GeneratedResponse, Error> {
        let settings = &self.settings;
        let query = visit.query.as_deref();
        let given = parameter(query, "state").value();
        let Some(state) = given.and_then(|text| State::decode(&text, &settings.keys.state)) else {
            return Ok(self.invalid_link(visit));
        };
        let (now, wall) = (self.resolver.clock.now(), self.resolver.clock.wall());
        let known = self.known(state.flow).await?;
        let target =
            settings
                .flows
                .target(&settings.keys.flow, &state, &settings.rules, &visit.headers);
        let code = self.code(query);
        if let Some(apart) = state.clocks_apart(wall, target.is_some())
            && let Some(suppressed) = self.reports.clocks.admit(now)
        {
            warn!(
                provider = %self.provider.name(),
                seconds = %apart.as_secs(),
                suppressed = %suppressed,
                "login: the state was made at another time than this instance's clock allows: the clocks of the instances \
                 differ, or this one was set. The link counts as expired; synchronize the clocks (NTP)"
            );
        }

        let Some(target) = target.filter(|_| state.is_fresh(wall)) else {
            return self.unbound(visit, &state, known, code).await;
        };

        let exchange = match (known, code) {
            (Some(exchange), _) if exchange.is_joinable(now) => exchange,
            (Some(_), _) => return self.replayed(visit, &target).await,
            (None, Code::Given(code)) => {
                let client = visit.client;
                if let Err(reason) = self.admission.verify(client, now) {
                    self.report_not_started(&reason);
                    return self.not_started(visit, &state, &target, reason).await;
                }
                let run = Arc::clone(self);
                let (former, target) = (self.resolver.id(&visit.headers), target.clone());
                self.exchanges.join_or_start(state.flow, |clients| {
                    run.exchange(clients, client, state, code, former, target)
                })
            }
            (None, Code::Absent) => {
                meter::login_ended(self.provider.name(), "declined");
                let unnoticed = self.end_unnoticed(visit, &state, &target)?;
                return Ok(unnoticed.unwrap_or_else(|| {
                    self.page(visit.facts(), PageKind::Declined, Some(&target))
                }));
            }
            (None, Code::Unusable) => return Ok(self.invalid_link(visit)),
        };
        match exchange.outcome().await {
            Ok(Outcome::LoggedIn { salt, .. }) => self.welcome(visit, &state, &salt, &target).await,
            Ok(Outcome::Failed(error)) => self.failed(visit, &state, &target, error).await,
            Err(reason) => self.not_started(visit, &state, &target, reason).await,
        }
    }

    /// An authentic state that is too old, or not of this browser, or whose cookie is lost. Nothing is spent.
    async fn unbound(
        &self,
        visit: &Visit,
        state: &State,
        known: Option<Exchange>,
        code: Code,
    ) -> Result<GeneratedResponse, Error> {
        let settings = &self.settings;
        if let Some(session) = self.resolver.session(&visit.headers).await? {
            // The back button, most likely: whoever is logged in already needs no page about links.
            let own = known.and_then(|exchange| exchange.logged_in());
            let own = own
                .filter(|(salt, _)| salt.session(&settings.keys.session, state) == *session.id());
            let target = own.map_or_else(|| settings.default_target.clone(), |(_, target)| target);
            return settings.back_to(&target);
        }
        let is_used = known.is_some();
        match code {
            _ if is_used || !state.is_fresh(self.resolver.clock.wall()) => {
                Ok(self.invalid_link(visit))
            }
            Code::Unusable => Ok(self.invalid_link(visit)),
            Code::Absent | Code::Given(_) => {
                if let Some(unnoticed) =
                    self.end_unnoticed(visit, state, &settings.default_target)?
                {
                    return Ok(unnoticed);
                }
                match (code, state.attempt.next()) {
                    (Code::Given(_), Some(attempt)) => {
                        if let Some(suppressed) =
                            self.reports.restarts.admit(self.resolver.clock.now())
                        {
                            info!(
                                provider = %self.provider.name(),
                                suppressed = %suppressed,
                                "callback without its cookie: login restarts"
                            );
                        }
                        let cookies = SetCookies::new(settings.cookies);
                        self.begin(&settings.default_target, attempt, &visit.headers, cookies)
                            .await
                    }
                    (Code::Given(_), None) => {
                        self.report_lost_cookies();
                        Ok(self.page(visit.facts(), PageKind::CookiesBlocked, None))
                    }
                    _ => Ok(self.page(visit.facts(), PageKind::Declined, None)),
                }
            }
        }
    }

    /// The end of an attempt that nobody asked for and that came to nothing: on to the page, as a stranger. Only
    /// if the browser remembers the attempt, because it would begin again there.
    fn end_unnoticed(
        &self,
        visit: &Visit,
        state: &State,
        target: &ReturnTo,
    ) -> Result<Option<GeneratedResponse>, Error> {
        let flows = &self.settings.flows;
        if state.attempt != Attempt::Silent || !flows.has_tried(&visit.headers) {
            return Ok(None);
        }
        let mut response = self.settings.back_to(target)?;
        let mut cookies = SetCookies::new(self.settings.cookies);
        flows.ended(End::InVain, &mut cookies)?;
        flows.end(state.flow, &mut cookies)?;
        cookies.append_to(response.headers_mut());
        Ok(Some(response))
    }

    fn code(&self, query: Option<&str>) -> Code {
        match parameter(query, self.provider.code_parameter()) {
            Parameter::Absent => Code::Absent,
            Parameter::Repeated => Code::Unusable,
            Parameter::Value(bytes) if bytes.is_empty() => Code::Absent,
            Parameter::Value(bytes) => match String::from_utf8(bytes) {
                Ok(text) if text.len() <= MAX_CODE_BYTES && !text.chars().any(char::is_control) => {
                    Code::Given(AuthorizationCode::from(text))
                }
                _ => Code::Unusable,
            },
        }
    }

    /// Always a new id; the browser's former session ends. A login that was revoked since the stamp goes well, and its
    /// session is not there, as if it had been revoked a moment later (rule S3).
    pub(super) async fn log_in(
        &self,
        permit: Permit,
        state: &State,
        code: AuthorizationCode,
        former: Option<SessionId>,
        since: Stamp,
    ) -> Result<Salt, Error> {
        let salt = Salt::random()?;
        let id = salt.session(&self.settings.keys.session, state);
        let exchange = self.provider.exchange_with_permit(permit, code);
        let identity = tokio::time::timeout(self.settings.exchange_timeout, exchange)
            .await
            .unwrap_or_else(|elapsed| {
                Err(
                    Error::new(ErrorKind::Timeout, "the code exchange took too long")
                        .with_source(elapsed),
                )
            })?;
        let valid_until = self.provider.valid_until(&identity);
        let mut session = Session::new(
            id,
            identity,
            self.settings.lifetime,
            self.resolver.clock.now(),
        );
        if let Some(end) = valid_until {
            session = session.expiring_by(end);
        }
        match self
            .resolver
            .insert(session, former.as_ref(), since)
            .await?
        {
            Inserted::Kept => info!(provider = %self.provider.name(), "logged in"),
            Inserted::Revoked => {
                info!(provider = %self.provider.name(), "login: revoked while its code was exchanged; no session is kept");
            }
        }
        Ok(salt)
    }

    /// The answer to a callback whose exchange went well.
    async fn welcome(
        &self,
        visit: &Visit,
        state: &State,
        salt: &Salt,
        target: &ReturnTo,
    ) -> Result<GeneratedResponse, Error> {
        let session = salt.session(&self.settings.keys.session, state);
        if self.resolver.live(&session).await?.is_none() {
            // Logged out since: repeating the callback must not undo that.
            return Ok(self.invalid_link(visit));
        }
        let settings = &self.settings;
        let mut response = settings.back_to(target)?;
        let mut cookies = SetCookies::new(settings.cookies);
        cookies.set(self.resolver.cookie.as_str(), &session.expose(), None)?;
        settings.flows.ended(End::LoggedIn, &mut cookies)?;
        settings.flows.end(state.flow, &mut cookies)?;
        cookies.append_to(response.headers_mut());
        Ok(response)
    }

    /// A callback that was answered long ago.
    async fn replayed(&self, visit: &Visit, target: &ReturnTo) -> Result<GeneratedResponse, Error> {
        match self.resolver.session(&visit.headers).await? {
            Some(_) => self.settings.back_to(target),
            None => Ok(self.invalid_link(visit)),
        }
    }

    /// The answer to a callback whose exchange failed.
    async fn failed(
        &self,
        visit: &Visit,
        state: &State,
        target: &ReturnTo,
        error: Error,
    ) -> Result<GeneratedResponse, Error> {
        let begin_again = matches!(
            error.kind(),
            ErrorKind::InvalidCode | ErrorKind::Lost | ErrorKind::Timeout
        );
        let mut response = if let Some(attempt) = state.attempt.next().filter(|_| begin_again) {
            // The failed flow goes first: it takes no room from the flows of other tabs.
            let mut cookies = SetCookies::new(self.settings.cookies);
            self.settings.flows.end(state.flow, &mut cookies)?;
            self.begin(target, attempt, &visit.headers, cookies).await?
        } else if let Some(unnoticed) = self.end_unnoticed(visit, state, target)? {
            unnoticed
        } else {
            // The flow's cookie stays: whoever reloads the page is told the same again.
            let kind = match error.kind() {
                ErrorKind::InvalidCode => PageKind::InvalidLink,
                ErrorKind::Denied => PageKind::Denied,
                other => PageKind::of(other),
            };
            self.page(visit.facts(), kind, Some(target))
        };
        response.extensions_mut().insert(error);
        Ok(response)
    }

    /// The answer to a callback whose code was not sent. A reload of the same address goes on.
    async fn not_started(
        &self,
        visit: &Visit,
        state: &State,
        target: &ReturnTo,
        reason: NotStarted,
    ) -> Result<GeneratedResponse, Error> {
        let (kind, retry_after) = match reason {
            NotStarted::Failed(error) if error.kind() == ErrorKind::Store => return Err(error),
            NotStarted::Failed(error) => return self.failed(visit, state, target, error).await,
            NotStarted::Throttled { retry_after } => (PageKind::TooManyAttempts, retry_after),
            NotStarted::OverQuota { retry_after } => (PageKind::Busy, retry_after),
        };
        if let Some(unnoticed) = self.end_unnoticed(visit, state, target)? {
            return Ok(unnoticed);
        }
        let mut response = self.page(visit.facts(), kind, Some(target));
        // Rounded up.
        let seconds = retry_after.as_millis().div_ceil(1_000).max(1);
        response.headers_mut().insert(
            RETRY_AFTER,
            HeaderValue::from(u64::try_from(seconds).unwrap_or(u64::MAX)),
        );
        Ok(response)
    }

    /// One answer for states that are forged, expired, replayed or foreign, to the last byte.
    fn invalid_link(&self, visit: &Visit) -> GeneratedResponse {
        meter::callback_refused(self.provider.name());
        self.page(visit.facts(), PageKind::InvalidLink, None)
    }
}
