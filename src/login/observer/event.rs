use std::fmt;
use std::time::Duration;

use super::{Details, LoginEventKind};
use crate::clock::Timestamp;
use crate::error::Error;
use crate::hex;
use crate::login::keys::Key;
use crate::request::UserAgent;

/// One outcome of a login, or one session that was started or revoked; see
/// [`LoginLayerBuilder::observer`](crate::login::LoginLayerBuilder::observer).
///
/// It contains no code, no token and no session id. Its `Debug` shows the user as a digest, and of
/// the client's name only whether there is one.
#[derive(Clone, Copy)]
pub struct LoginEvent<'a> {
    pub(super) kind: LoginEventKind,
    pub(super) time: Timestamp,
    pub(super) provider: &'a str,
    pub(super) application: &'a str,
    pub(super) tenant: Option<&'a str>,
    pub(super) subject_key: &'a Key,
    pub(super) details: Details<'a>,
}

impl<'a> LoginEvent<'a> {
    /// Returns the kind.
    #[must_use]
    pub fn kind(&self) -> LoginEventKind {
        self.kind
    }

    /// Returns the time of the wall clock.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        self.time
    }

    /// Returns the [name](crate::provider::IdentityProvider::name) of the provider.
    #[must_use]
    pub fn provider(&self) -> &'a str {
        self.provider
    }

    /// Returns the [application](crate::provider::IdentityProvider::application) at the provider.
    #[must_use]
    pub fn application(&self) -> &'a str {
        self.application
    }

    /// Returns the [tenant](crate::login::LoginLayerBuilder::tenant), if the layer has a name for it.
    #[must_use]
    pub fn tenant(&self) -> Option<&'a str> {
        self.tenant
    }

    /// Returns a digest of the [subject](crate::identity::Identity::subject): 32 hexadecimal
    /// digits of an HMAC-SHA-256. `None` if the user is not known: the login was declined, failed,
    /// or was denied before the layer had an identity.
    ///
    /// A denial by [`map`](crate::provider::IdentityProvider::map) has the subject and the school
    /// of the identity that `map` got: those at the provider, because the application has no user.
    ///
    /// Its key is derived from the layer's [secret](crate::login::LoginLayerBuilder::secret), so
    /// that it is the same on all instances, and another one at another login (provider,
    /// application, public URL). It changes with the secret, and without a configured one at each
    /// start of the process.
    #[must_use]
    pub fn subject(&self) -> Option<String> {
        let subject = self.expose_subject()?;
        Some(hex::encode(&self.subject_key.tag(&[subject.as_bytes()])))
    }

    /// Returns the [subject](crate::identity::Identity::subject) itself, which is personal data,
    /// for a sink that may hold it.
    #[must_use]
    pub fn expose_subject(&self) -> Option<&'a str> {
        self.details.user.map(|user| user.subject.as_str())
    }

    /// Returns the [school](crate::identity::Identity::school) of the user, if the identity names
    /// one.
    #[must_use]
    pub fn school(&self) -> Option<&'a str> {
        self.details.user?.school.as_deref()
    }

    /// Returns the kind of the client's user agent. `None` for a revocation by the application,
    /// which belongs to no request.
    #[must_use]
    pub fn user_agent(&self) -> Option<UserAgent> {
        self.details.visitor.map(|visitor| visitor.user_agent)
    }

    /// Returns the result of the hook
    /// [`client_name`](crate::login::LoginLayerBuilder::client_name) for the request, at most 200
    /// characters of it. It is text from outside.
    #[must_use]
    pub fn client_name(&self) -> Option<&'a str> {
        self.details.visitor?.client_name.as_deref()
    }

    /// Returns the duration of the exchange, from the moment at which the code was sent to the
    /// result. `None` if there was no exchange.
    #[must_use]
    pub fn duration(&self) -> Option<Duration> {
        self.details.duration
    }

    /// Returns the reason of a login that was denied or failed.
    #[must_use]
    pub fn error(&self) -> Option<&'a Error> {
        self.details.error
    }
}

impl fmt::Debug for LoginEvent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginEvent")
            .field("kind", &self.kind)
            .field("time", &self.time)
            .field("provider", &self.provider)
            .field("application", &self.application)
            .field("tenant", &self.tenant)
            .field("subject", &self.subject())
            .field("school", &self.school())
            .field("has_client_name", &self.client_name().is_some())
            .field("user_agent", &self.user_agent())
            .field("duration", &self.duration())
            .field("error", &self.error().map(Error::kind))
            .finish()
    }
}
