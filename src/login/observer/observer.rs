use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

use http::{Extensions, HeaderMap};

use super::reported::Reported;
use super::revoked_sessions::RevokedSessions;
use super::{Details, LoginEvent, LoginEventKind, User, Visitor};
use crate::clock::Timestamp;
use crate::login::flow::FlowId;
use crate::login::keys::Key;
use crate::provider::IdentityProvider;
use crate::request::{Device, UserAgent};
use crate::session::SessionDigest;
use crate::trace::error;

/// The application's function for events.
pub(in crate::login) type OnEvent = Box<dyn Fn(&LoginEvent<'_>) + Send + Sync>;

/// The application's function for the name of a client.
pub(in crate::login) type ClientName =
    Box<dyn Fn(&HeaderMap, &Extensions) -> Option<String> + Send + Sync>;

/// The longest name of a client.
const CLIENT_NAME_CHARACTERS: usize = 200;

/// The functions of the application that observe a login layer.
pub(in crate::login) struct Observer {
    on_event: Option<OnEvent>,
    client_name: Option<ClientName>,
    /// The name of the tenant, in events and metrics.
    tenant: Option<String>,
    subject_key: Key,
    reported_flows: Reported,
    revoked_sessions: RevokedSessions,
    has_panicked: AtomicBool,
    client_name_has_panicked: AtomicBool,
}

impl Observer {
    pub(in crate::login) fn new(
        on_event: Option<OnEvent>,
        client_name: Option<ClientName>,
        tenant: Option<String>,
        subject_key: Key,
    ) -> Self {
        Self {
            on_event,
            client_name,
            tenant,
            subject_key,
            reported_flows: Reported::default(),
            revoked_sessions: RevokedSessions::default(),
            has_panicked: AtomicBool::new(false),
            client_name_has_panicked: AtomicBool::new(false),
        }
    }

    pub(in crate::login) fn tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }

    /// Describes the client of a request.
    pub(in crate::login) fn visitor(
        &self,
        provider: &impl IdentityProvider,
        headers: &HeaderMap,
        extensions: &Extensions,
    ) -> Visitor {
        Visitor {
            user_agent: UserAgent::of(headers),
            device: Device::of(headers),
            client_name: self.client_name(provider, headers, extensions),
        }
    }

    /// Calls the application's function for the name of a client. A panic of it ends here, so that
    /// the login or logout succeeds nevertheless.
    fn client_name(
        &self,
        provider: &impl IdentityProvider,
        headers: &HeaderMap,
        extensions: &Extensions,
    ) -> Option<String> {
        let client_name = self.client_name.as_ref()?;
        let named = catch_unwind(AssertUnwindSafe(|| client_name(headers, extensions)));
        if named.is_err() && !self.client_name_has_panicked.swap(true, Ordering::Relaxed) {
            error!(
                provider = %provider.name(),
                "login: client_name panicked: events have no client name, logins and logouts succeed. Further panics are not logged"
            );
        }
        let mut name = named.ok()??;
        if let Some((end, _)) = name.char_indices().nth(CLIENT_NAME_CHARACTERS) {
            name.truncate(end);
        }
        Some(name)
    }

    /// Whether a flow has had no event at this instance yet.
    pub(in crate::login) fn is_first_of_flow(&self, flow: FlowId) -> bool {
        self.reported_flows.is_first(flow.0)
    }

    /// Remembers the user of a live session whose revocation failed.
    pub(in crate::login) fn revocation_failed(&self, digest: &SessionDigest, user: User) {
        self.revoked_sessions.failed(half(digest), user);
    }

    /// Returns the user of the event for a revocation that succeeded; `None` if there is none.
    pub(in crate::login) fn first_revocation(
        &self,
        digest: &SessionDigest,
        was_live: bool,
        user: Option<User>,
    ) -> Option<Option<User>> {
        self.revoked_sessions.first(half(digest), was_live, user)
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
            tenant: self.tenant(),
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

fn half(digest: &SessionDigest) -> [u8; 16] {
    let (half, _) = digest.as_bytes().split_first_chunk().expect("32 bytes");
    *half
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observer").finish_non_exhaustive()
    }
}
