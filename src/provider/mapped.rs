use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use super::{AuthorizeRequest, ExchangeContext, IdentityProvider, Verified};
use crate::client::Permit;
use crate::coordination::Coordinator;
use crate::error::{ConfigErrorKind, DeniedUser, Error, ErrorKind};
use crate::identity::Identity;
use crate::request::UserAgent;
use crate::secret::AuthorizationCode;

type MapFuture<I> = Pin<Box<dyn Future<Output = Result<I, Error>> + Send>>;

/// A provider whose identities are mapped to the application's; see [`IdentityProvider::map`].
pub struct Mapped<P: IdentityProvider, I> {
    provider: P,
    map: Arc<dyn Fn(P::Identity) -> MapFuture<I> + Send + Sync>,
}

impl<P: IdentityProvider, I> Mapped<P, I> {
    pub(super) fn new<F, Fut>(provider: P, map: F) -> Self
    where
        F: Fn(P::Identity) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<I, Error>> + Send + 'static,
    {
        Self {
            provider,
            map: Arc::new(move |identity| Box::pin(map(identity))),
        }
    }

    /// Returns the provider whose identities are mapped.
    pub fn inner(&self) -> &P {
        &self.provider
    }
}

impl<P: IdentityProvider, I: Identity> IdentityProvider for Mapped<P, I> {
    type Identity = I;

    fn name(&self) -> &str {
        self.provider.name()
    }

    fn application(&self) -> &str {
        self.provider.application()
    }

    fn code_parameter(&self) -> &str {
        self.provider.code_parameter()
    }

    async fn authorize_url(&self, request: AuthorizeRequest<'_>) -> Result<String, Error> {
        self.provider.authorize_url(request).await
    }

    async fn exchange(
        &self,
        code: AuthorizationCode,
        context: ExchangeContext<'_>,
    ) -> Result<Verified<I>, Error> {
        let verified = self.provider.exchange(code, context).await?;
        let user = DeniedUser {
            subject: verified.identity.subject().to_owned(),
            school: verified.identity.school().map(str::to_owned),
        };
        let identity = (self.map)(verified.identity)
            .await
            .map_err(|error| as_error_of_the_application(error, user))?;
        Ok(Verified::new(identity).valid_until(verified.valid_until))
    }

    async fn admit(&self) -> Result<Permit, Error> {
        self.provider.admit().await
    }

    fn supports(&self, user_agent: UserAgent) -> bool {
        self.provider.supports(user_agent)
    }

    fn allows_silent_login(&self, user_agent: UserAgent) -> bool {
        self.provider.allows_silent_login(user_agent)
    }

    fn attach_coordinator(
        &self,
        coordinator: &Arc<dyn Coordinator>,
    ) -> Result<(), ConfigErrorKind> {
        self.provider.attach_coordinator(coordinator)
    }
}

/// Keeps an error of kind `Denied`, and adds whom it concerns, for the event. Every other kind would count as an error of the upstream
/// system: an invalid code, for example, restarts the login.
fn as_error_of_the_application(error: Error, user: DeniedUser) -> Error {
    if error.kind() == ErrorKind::Denied {
        return error.with_denied_user(user);
    }
    Error::new(
        ErrorKind::Internal,
        "the application cannot map the identity",
    )
    .with_source(error)
}

impl<P: IdentityProvider + Clone, I> Clone for Mapped<P, I> {
    fn clone(&self) -> Self {
        Self {
            provider: self.provider.clone(),
            map: Arc::clone(&self.map),
        }
    }
}

impl<P: IdentityProvider + fmt::Debug, I> fmt::Debug for Mapped<P, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Mapped").field(&self.provider).finish()
    }
}
