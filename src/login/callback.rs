//! The second half of a login: back from the provider.

use std::sync::Arc;

use http::header::RETRY_AFTER;
use http::{Extensions, HeaderValue};

use super::code_exchange::CodeExchange;
use super::endpoint_request::EndpointRequest;
use super::exchange::{NotStarted, Outcome, SessionSalt};
use super::flow::{Attempt, LastResult, State};
use super::inner::Inner;
use super::query::{Parameter, parameter};
use super::return_to::ReturnTo;
use crate::error::{Error, ErrorKind};
use crate::meter;
use crate::provider::IdentityProvider;
use crate::response::{GeneratedResponse, PageKind};
use crate::secret::AuthorizationCode;
use crate::store::SessionStore;
use crate::trace::warn;

/// The longest accepted code. WeCom, the only related system that documents a length, has up
/// to 512 bytes.
const MAX_CODE_BYTES: usize = 1024;

/// The code parameter of a callback.
pub(super) enum CodeParameter {
    Absent,
    Value(AuthorizationCode),
    Invalid,
}

impl<P, St> Inner<P, St>
where
    P: IdentityProvider,
    St: SessionStore<P::Identity>,
{
    /// Responds to a request to the callback endpoint.
    pub(super) async fn callback(
        self: &Arc<Self>,
        request: &EndpointRequest,
        extensions: Extensions,
    ) -> Result<GeneratedResponse, Error> {
        let query = request.query.as_deref();
        let state = parameter(query, "state").value();
        let Some(state) = state.and_then(|text| self.flows.state(&text)) else {
            return Ok(self.invalid_link(request));
        };
        let client = self.admission.client(&request.headers, &extensions);
        let visitor = self.visitor(&request.headers, &extensions);
        // They may refer to the read buffer of the connection.
        drop(extensions);
        let (now, wall) = (self.sessions.clock.now(), self.sessions.clock.wall());
        let known = self.exchanges.find(state.flow).await?;
        let target = self
            .flows
            .target(&state, &self.endpoints.rules, &request.headers);
        self.report_clocks(&state, target.is_some());
        let code = self.code(query);
        let Some(target) = target.filter(|_| state.is_fresh(wall)) else {
            return self.not_of_this_browser(request, &state, known, code).await;
        };

        let exchange = match (known, code) {
            (Some(exchange), _) if exchange.is_joinable(now) => exchange,
            (Some(_), _) => return self.repeated_late(request, &target).await,
            (None, CodeParameter::Value(code)) => {
                if let Err(reason) = self.admission.verify(client, now) {
                    self.report_not_started(&reason);
                    return self.not_started(request, &state, &target, reason).await;
                }
                let job = CodeExchange {
                    login: Arc::clone(self),
                    client,
                    state,
                    code,
                    previous_session: self.sessions.id(&request.headers),
                    return_to: target.clone(),
                    visitor,
                };
                self.exchanges.run_once(state.flow, job)
            }
            (None, CodeParameter::Absent) => {
                self.report_declined(state.flow, &visitor);
                return self.declined(request, &state, &target);
            }
            (None, CodeParameter::Invalid) => return Ok(self.invalid_link(request)),
        };
        match exchange.outcome().await {
            Ok(Outcome::LoggedIn { salt, .. }) => {
                self.logged_in(request, &state, &salt, &target).await
            }
            Ok(Outcome::Failed(error)) => self.failed(request, &state, &target, error).await,
            Err(reason) => self.not_started(request, &state, &target, reason).await,
        }
    }

    fn code(&self, query: Option<&str>) -> CodeParameter {
        match parameter(query, self.provider.code_parameter()) {
            Parameter::Absent => CodeParameter::Absent,
            Parameter::Repeated => CodeParameter::Invalid,
            Parameter::Value(bytes) if bytes.is_empty() => CodeParameter::Absent,
            Parameter::Value(bytes) => match String::from_utf8(bytes) {
                Ok(text) if text.len() <= MAX_CODE_BYTES && !text.chars().any(char::is_control) => {
                    CodeParameter::Value(AuthorizationCode::from(text))
                }
                _ => CodeParameter::Invalid,
            },
        }
    }

    /// Returns the response to a callback whose exchange succeeded.
    async fn logged_in(
        &self,
        request: &EndpointRequest,
        state: &State,
        salt: &SessionSalt,
        target: &ReturnTo,
    ) -> Result<GeneratedResponse, Error> {
        let session = self.exchanges.session_id(state, salt);
        if self.sessions.live(&session).await?.is_none() {
            // The user has logged out since: a repeated callback must not undo that.
            return Ok(self.invalid_link(request));
        }
        let mut response = self.endpoints.redirect_back(target)?;
        let mut cookies = self.set_cookies();
        cookies.set(self.sessions.cookie.as_str(), &session.expose(), None)?;
        let markers = self.flows.markers();
        markers.set_last_result(LastResult::LoggedIn, &mut cookies)?;
        self.flows.delete(state.flow, &mut cookies)?;
        cookies.append_to(response.headers_mut());
        Ok(response)
    }

    /// Returns the response to a callback that is repeated after its exchange can be joined.
    async fn repeated_late(
        &self,
        request: &EndpointRequest,
        target: &ReturnTo,
    ) -> Result<GeneratedResponse, Error> {
        match self.sessions.session(&request.headers).await? {
            Some(_) => self.endpoints.redirect_back(target),
            None => Ok(self.invalid_link(request)),
        }
    }

    /// Returns the response to a callback without a code.
    fn declined(
        &self,
        request: &EndpointRequest,
        state: &State,
        target: &ReturnTo,
    ) -> Result<GeneratedResponse, Error> {
        let response = self.failed_silently(request, state, target)?;
        Ok(
            response
                .unwrap_or_else(|| self.page(request.facts(), PageKind::Declined, Some(target))),
        )
    }

    /// Returns the response to a callback whose exchange failed.
    async fn failed(
        &self,
        request: &EndpointRequest,
        state: &State,
        target: &ReturnTo,
        error: Error,
    ) -> Result<GeneratedResponse, Error> {
        let is_worth_another_login = matches!(
            error.kind(),
            ErrorKind::InvalidCode | ErrorKind::Lost | ErrorKind::Timeout
        );
        let next = state.attempt.next().filter(|_| is_worth_another_login);
        let mut response = if let Some(attempt) = next {
            // The failed flow is deleted first, so that it does not displace the flows of other
            // tabs.
            let mut cookies = self.set_cookies();
            self.flows.delete(state.flow, &mut cookies)?;
            let browser = self.same_browser(state, &request.headers);
            self.begin(target, attempt, browser, cookies).await?
        } else if let Some(response) = self.failed_silently(request, state, target)? {
            response
        } else {
            // The flow's cookie stays: a reload of the page gets the same page again.
            let kind = match error.kind() {
                ErrorKind::InvalidCode => PageKind::InvalidLink,
                ErrorKind::Denied => PageKind::Denied,
                other => PageKind::of(other),
            };
            self.error_page(request.facts(), kind, &error, Some(target))
        };
        response.extensions_mut().insert(error);
        Ok(response)
    }

    /// Returns the response to a callback whose code was not sent. A reload of the same address
    /// continues the login.
    async fn not_started(
        &self,
        request: &EndpointRequest,
        state: &State,
        target: &ReturnTo,
        reason: NotStarted,
    ) -> Result<GeneratedResponse, Error> {
        let (kind, retry_after) = match reason {
            NotStarted::Failed(error) if error.kind() == ErrorKind::Store => return Err(error),
            NotStarted::Failed(error) => return self.failed(request, state, target, error).await,
            NotStarted::Throttled { retry_after } => (PageKind::TooManyAttempts, retry_after),
            NotStarted::OverQuota { retry_after } => (PageKind::Busy, retry_after),
        };
        if let Some(response) = self.failed_silently(request, state, target)? {
            return Ok(response);
        }
        let mut response = self.page(request.facts(), kind, Some(target));
        // Rounded up.
        let seconds = retry_after.as_millis().div_ceil(1_000).max(1);
        let seconds = u64::try_from(seconds).unwrap_or(u64::MAX);
        response
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from(seconds));
        Ok(response)
    }

    /// Returns the response to a silent login that failed: a redirect to the page, which anonymous
    /// visitors see as well. `None` if the login was not silent, or if the browser does not
    /// remember the attempt and would begin another one there.
    pub(super) fn failed_silently(
        &self,
        request: &EndpointRequest,
        state: &State,
        target: &ReturnTo,
    ) -> Result<Option<GeneratedResponse>, Error> {
        let markers = self.flows.markers();
        if state.attempt != Attempt::Silent || !markers.silent_attempted(&request.headers) {
            return Ok(None);
        }
        let mut response = self.endpoints.redirect_back(target)?;
        let mut cookies = self.set_cookies();
        markers.set_last_result(LastResult::FailedSilently, &mut cookies)?;
        self.flows.delete(state.flow, &mut cookies)?;
        cookies.append_to(response.headers_mut());
        Ok(Some(response))
    }

    /// Returns the same response, to the last byte, for states that are forged, expired, replayed
    /// or not bound to this browser.
    pub(super) fn invalid_link(&self, request: &EndpointRequest) -> GeneratedResponse {
        meter::callback_refused(self.source());
        self.page(request.facts(), PageKind::InvalidLink, None)
    }

    /// Logs a state from a time that this instance's clock does not allow.
    fn report_clocks(&self, state: &State, has_the_flow: bool) {
        let clock = &self.sessions.clock;
        if let Some(apart) = state.clocks_apart(clock.wall(), has_the_flow)
            && let Some(suppressed) = self.limits.clocks.admit(clock.now())
        {
            warn!(
                provider = %self.provider.name(),
                seconds = %apart.as_secs(),
                suppressed = %suppressed,
                "login: the state was made at another time than this instance's clock allows: the clocks of the \
                 instances differ, or this one was set. The link counts as expired; synchronize the clocks (NTP)"
            );
        }
    }
}
