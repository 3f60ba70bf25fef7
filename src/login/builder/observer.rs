use http::{Extensions, HeaderMap};

use super::LoginLayerBuilder;
use crate::login::LoginEvent;
use crate::provider::IdentityProvider;

impl<P: IdentityProvider, St> LoginLayerBuilder<P, St> {
    /// Sets a function that gets one [`LoginEvent`] for each outcome, for an audit log. Default:
    /// none.
    ///
    /// | outcome | event |
    /// |---|---|
    /// | an exchange of an authorization code, however often and at however many instances its callback is repeated | one: `LoggedIn`, `Denied` or `Failed` |
    /// | a code that fails, so that the login restarts by itself | one `Failed` for each code that was sent |
    /// | a login that the user declines | one `Declined` at each instance that gets the callback |
    /// | a logout of a live session | one `LoggedOut`; two instances that get it at the same moment may each have one |
    /// | [`start_session`](crate::login::LoginLayer::start_session) | one `SessionStarted` |
    /// | a revocation by the application | one `SessionRevoked` for a session that was live, one `SubjectRevoked` or `AllRevoked` for each call |
    ///
    /// No event: a callback that sent no code (its state is invalid, or the response was `429` or
    /// `503`, and a reload continues the login); a logout without a live session; a session that
    /// expires, that a new login of the browser replaces, or that a store evicts; a process that is
    /// killed during an exchange.
    ///
    /// 1. The function runs on the task of the login, before its response. It must not block: send
    ///    the event into a channel, and write it elsewhere.
    /// 2. If it panics, the event is lost and the login succeeds; the first panic is logged.
    /// 3. It runs in the `tracing` span of the request: an event of the application there carries
    ///    the fields of the span.
    /// 4. An unauthenticated client can decline any number of logins. Limit requests at the proxy.
    ///
    /// An audit log with one JSON object for each event:
    ///
    /// ```
    /// use std::sync::mpsc;
    ///
    /// use http::{Extensions, HeaderMap};
    /// use serde_json::json;
    /// use tower_weika::login::{LoginEvent, LoginLayer};
    /// use tower_weika::provider::WeikaManagerProvider;
    ///
    /// fn line(event: &LoginEvent<'_>) -> String {
    ///     json!({
    ///         "time": event.time().unix_millis(),
    ///         "event": event.kind().as_str(),
    ///         "provider": event.provider(),
    ///         "subject": event.subject(),
    ///         "school": event.school(),
    ///         "client": event.client_name(),
    ///         "user_agent": event.user_agent().map(|kind| format!("{kind:?}")),
    ///         "exchange_ms": event.duration().map(|duration| duration.as_millis()),
    ///         "error": event.error().map(|error| error.kind().as_str()),
    ///         "reason": event.error().map(ToString::to_string),
    ///     })
    ///     .to_string()
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), tower_weika::BoxError> {
    /// let weika = WeikaManagerProvider::builder("0123456789ABCDEF", "app-secret").build()?;
    /// let (sender, lines) = mpsc::channel(); // a thread of the application writes the lines
    /// let login = LoginLayer::builder(weika)
    ///     .public_url("https://campus.example.edu.cn")
    ///     .client_name(|headers: &HeaderMap, _: &Extensions| {
    ///         Some(headers.get("x-real-ip")?.to_str().ok()?.to_owned()) // set by the proxy
    ///     })
    ///     .observer(move |event| {
    ///         let _closed = sender.send(line(event));
    ///     })
    ///     .build()?;
    ///
    /// login.revoke_sessions_of("oJBUeuGd04PY53N2KVICrzNGeMSM").await?;
    /// let line = lines.try_recv()?;
    /// assert!(line.contains(r#""event":"subject_revoked""#));
    /// assert!(!line.contains("oJBUeuGd04PY53N2KVICrzNGeMSM"), "a digest is in its place");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn observer<F>(mut self, on_event: F) -> Self
    where
        F: Fn(&LoginEvent<'_>) + Send + Sync + 'static,
    {
        self.settings.on_event = Some(Box::new(on_event));
        self
    }

    /// Sets a function that names the client of a request, for
    /// [`LoginEvent::client_name`]: its address, from the extensions or from a header that the
    /// reverse proxy sets and that clients cannot. It runs for callbacks and logouts, and for
    /// [`start_session`](crate::login::LoginLayer::start_session) with empty extensions. Default:
    /// none, because this crate cannot know the address of the client.
    #[must_use]
    pub fn client_name<F>(mut self, client_name: F) -> Self
    where
        F: Fn(&HeaderMap, &Extensions) -> Option<String> + Send + Sync + 'static,
    {
        self.settings.client_name = Some(Box::new(client_name));
        self
    }
}
