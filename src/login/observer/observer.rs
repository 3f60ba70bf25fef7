use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

use http::{Extensions, HeaderMap};

use super::reported::Reported;
use super::{Details, LoginEvent, LoginEventKind, Visitor};
use crate::clock::Timestamp;
use crate::login::flow::FlowId;
use crate::login::keys::Key;
use crate::provider::IdentityProvider;
use crate::request::UserAgent;
use crate::session::SessionId;
use crate::trace::error;

/// The application's function for events.
pub(in crate::login) type OnEvent = Box<dyn Fn(&LoginEvent<'_>) + Send + Sync>;

/// The application's function for the name of a client.
pub(in crate::login) type ClientName =
    Box<dyn Fn(&HeaderMap, &Extensions) -> Option<String> + Send + Sync>;

/// The functions of the application that observe a login layer.
pub(in crate::login) struct Observer {
    on_event: Option<OnEvent>,
    client_name: Option<ClientName>,
    subject_key: Key,
    reported: Reported,
    has_panicked: AtomicBool,
}

impl Observer {
    pub(in crate::login) fn new(
        on_event: Option<OnEvent>,
        client_name: Option<ClientName>,
        subject_key: Key,
    ) -> Self {
        Self {
            on_event,
            client_name,
            subject_key,
            reported: Reported::default(),
            has_panicked: AtomicBool::new(false),
        }
    }

    /// Describes the client of a request.
    pub(in crate::login) fn visitor(
        &self,
        headers: &HeaderMap,
        extensions: &Extensions,
    ) -> Visitor {
        let client_name = self.client_name.as_ref();
        Visitor {
            user_agent: UserAgent::of(headers),
            client_name: client_name.and_then(|name| name(headers, extensions)),
        }
    }

    /// Whether a flow has had no event at this instance yet.
    pub(in crate::login) fn is_first_of_flow(&self, flow: FlowId) -> bool {
        self.reported.is_first(flow.0)
    }

    /// Whether a session has had no event of its revocation at this instance yet.
    pub(in crate::login) fn is_first_of_session(&self, id: &SessionId) -> bool {
        let digest = id.digest();
        let (half, _) = digest.split_at(16);
        half.try_into()
            .is_ok_and(|half| self.reported.is_first(half))
    }

    /// Passes an event to the application. A panic of its function ends here, so that the login
    /// succeeds nevertheless.
    pub(in crate::login) fn observe(
        &self,
        kind: LoginEventKind,
        provider: &impl IdentityProvider,
        time: Timestamp,
        details: Details<'_>,
    ) {
        let Some(on_event) = &self.on_event else {
            return;
        };
        let event = LoginEvent {
            kind,
            time,
            provider: provider.name(),
            application: provider.application(),
            subject_key: &self.subject_key,
            details,
        };
        let observed = catch_unwind(AssertUnwindSafe(|| on_event(&event)));
        if observed.is_err() && !self.has_panicked.swap(true, Ordering::Relaxed) {
            error!(
                provider = %provider.name(),
                "login: the observer panicked: its event is lost, the login is not. Further panics are not logged"
            );
        }
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observer").finish_non_exhaustive()
    }
}
