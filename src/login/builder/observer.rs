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
    /// | a login that fails before its code is sent (a wrong app secret, no access token) | one `Failed` without a duration at each instance that gets the callback; a reload that continues the login leads to another event |
    /// | a logout of a live session | one `LoggedOut`, at whichever instances it is repeated |
    /// | [`start_session`](crate::login::LoginLayer::start_session) | one `SessionStarted` |
    /// | a revocation by the application | one `SessionRevoked` for a session that was live, one `SubjectRevoked`, `OthersRevoked` or `AllRevoked` for each call |
    /// | a logout or a `revoke_session` for which the store fails, so that the session may still be there | none; one when it is repeated at the same instance and succeeds, except a logout whose session could not even be read |
    ///
    /// No event: a login that cannot begin; a callback whose state is invalid, or whose response
    /// was `429` or `503` because of a limit or of the store, so that a reload continues the login;
    /// a logout without a live session; a session that expires, that a new login of the browser
    /// replaces, or that a store evicts; a process that is killed meanwhile. A client that
    /// disconnects loses no event.
    ///
    /// 1. The function runs on the task of the login, before its response. It must not block: send
    ///    the event into a bounded channel, and write it elsewhere. If the channel is full, the
    ///    function has to drop the event, and to raise an alarm.
    /// 2. If it panics, the event is lost and the login succeeds; the first panic is logged.
    /// 3. It runs in the `tracing` span of the request: an event of the application there carries
    ///    the fields of the span.
    /// 4. An unauthenticated client can cause any number of events: it declines logins, sends codes
    ///    that fail, or logs in while the access token cannot be fetched. Limit requests at the
    ///    proxy; [`throttle`](Self::throttle) limits the codes of one client.
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
    /// let (sender, lines) = mpsc::sync_channel(10_000); // a thread of the application writes the lines
    /// let login = LoginLayer::builder(weika)
    ///     .public_url("https://campus.example.edu.cn")
    ///     .client_name(|headers: &HeaderMap, _: &Extensions| {
    ///         Some(headers.get("x-real-ip")?.to_str().ok()?.to_owned()) // set by the proxy
    ///     })
    ///     .observer(move |event| {
    ///         if sender.try_send(line(event)).is_err() {
    ///             // Full, or without a reader: this event is lost, and logins go on.
    ///             eprintln!("audit log: an event is lost");
    ///         }
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
    /// reverse proxy sets and that clients cannot. Default: none, because this crate cannot know
    /// the address of the client.
    ///
    /// It runs for callbacks and for logouts that have an event, and for
    /// [`start_session`](crate::login::LoginLayer::start_session) with empty extensions: a function
    /// that unwraps axum's `ConnectInfo` panics there each time. If it panics, the event has no
    /// client name, and the login, logout or session start succeeds; the first panic is logged. At
    /// most 200 characters of the name are kept.
    #[must_use]
    pub fn client_name<F>(mut self, client_name: F) -> Self
    where
        F: Fn(&HeaderMap, &Extensions) -> Option<String> + Send + Sync + 'static,
    {
        self.settings.client_name = Some(Box::new(client_name));
        self
    }

    /// Names the [tenant](crate::tenants) of this layer: label `tenant` of the metrics of logins, and
    /// [`LoginEvent::tenant`]. Default: none, and no such label.
    #[must_use]
    pub fn tenant(mut self, name: impl Into<String>) -> Self {
        self.settings.tenant = Some(name.into());
        self
    }
}
