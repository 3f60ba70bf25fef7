//! The site itself: where it listens, what it is called, what its sessions are signed with.

use std::net::{Ipv4Addr, SocketAddr};

use tower_weika::ConfigErrorKind;
use tower_weika::login::{LoginLayer, LoginLayerBuilder};
use tower_weika::provider::{IdentityProvider, WeikaManagerProvider};
use tower_weika::store::{MemoryStore, StoredIdentity};
use url::Url;

use super::errors::Mistakes;
use super::redis::Redis;
use super::systems::Systems;
use crate::pretend;
use crate::store::Store;

/// How the site is set up.
pub(crate) struct Settings {
    /// The address to bind.
    pub(crate) listen: SocketAddr,
    /// Where a sandbox listens, if one is needed.
    pub(crate) sandbox_listen: SocketAddr,
    /// The upstream systems that are real.
    pub(crate) systems: Systems,
    /// What is shared with other instances, if anything is.
    pub(crate) redis: Option<Redis>,
    public_url: Option<String>,
    secret: Option<Vec<u8>>,
}

impl Settings {
    /// Reads the environment of this process.
    pub(crate) fn read() -> Result<Self, Mistakes> {
        let mut errors = Mistakes::default();
        let listen = errors
            .address("LISTEN")
            .unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, 3000)));
        let systems = Systems::read(&mut errors);
        let sandbox_listen = errors.address("SANDBOX_LISTEN");
        let public_url = errors.text("PUBLIC_URL");
        let secret = errors.secret("SESSION_SECRET");
        let redis = Redis::read(&mut errors, secret.as_deref());
        if let Some(listen) =
            sandbox_listen.filter(|it| !it.ip().is_loopback() && systems.need_sandbox())
        {
            let reason = "everybody who reaches the sandbox can log in as anybody";
            errors.add(format!(
                "SANDBOX_LISTEN {listen} is not on this machine alone: {reason}"
            ));
        }
        let sandbox_listen =
            sandbox_listen.unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        let allows_sandbox = errors.switch("ALLOW_SANDBOX");
        let settings = Self {
            listen,
            sandbox_listen,
            systems,
            redis,
            public_url,
            secret,
        };
        if settings.check(&mut errors) && settings.is_https() && !allows_sandbox {
            settings.refuse_sandbox(&mut errors);
        }
        errors.or(settings)
    }

    /// The origin that browsers see, for a site that is bound to `address`.
    pub(crate) fn public_url(&self, address: SocketAddr) -> String {
        self.public_url
            .clone()
            .unwrap_or_else(|| format!("http://{address}"))
    }

    /// A login layer as these settings want it, for a site that is bound to `address`.
    pub(crate) fn login_layer<P: IdentityProvider>(
        &self,
        provider: P,
        store: Store<P::Identity>,
        address: SocketAddr,
    ) -> LoginLayerBuilder<P, Store<P::Identity>>
    where
        P::Identity: StoredIdentity,
    {
        let builder = LoginLayer::builder(provider)
            .store(store)
            .public_url(self.public_url(address));
        // Allows http on this machine, and nowhere else.
        let builder = builder.loopback_development();
        // One login must not lead to the endpoints of the other, nor to what takes forms only.
        let closed = ["weika", "wechat"].map(|name| {
            ["login", "callback", "logout"].map(|endpoint| format!("/auth/{name}/{endpoint}"))
        });
        let closed = closed
            .into_iter()
            .flatten()
            .chain([pretend::PATH.to_owned()]);
        let builder = closed.fold(builder, LoginLayerBuilder::never_return_to);
        match &self.secret {
            // Each layer derives keys of its own from it.
            Some(secret) => builder.secret(secret.clone()),
            None => builder,
        }
    }

    fn is_https(&self) -> bool {
        self.public_url
            .as_deref()
            .and_then(|url| Url::parse(url).ok())
            .is_some_and(|url| url.scheme() == "https")
    }

    /// An https address is one that other people use: in the sandbox each of them logs in as any person.
    fn refuse_sandbox(&self, errors: &mut Mistakes) {
        let imitated = self.systems.imitated();
        if imitated.is_empty() {
            return;
        }
        let names: Vec<_> = imitated.iter().map(|(system, _)| *system).collect();
        let variables: Vec<_> = imitated
            .iter()
            .map(|(system, variables)| format!("{variables} ({system})"))
            .collect();
        errors.add(format!(
            "PUBLIC_URL is https, and the sandbox imitates {}, so that a visitor can log in as any person: set {}; or \
             set ALLOW_SANDBOX=1 for a demonstration",
            names.join(", "),
            variables.join(", "),
        ));
    }

    /// Lets the login layer itself say whether it would work, and returns whether `PUBLIC_URL` is good. The provider
    /// has no part in it.
    fn check(&self, errors: &mut Mistakes) -> bool {
        let mut address = self.listen;
        if self.public_url.is_none() && !address.ip().is_loopback() {
            errors.add(format!(
                "LISTEN {address} is not on this machine alone; set PUBLIC_URL to what browsers see"
            ));
            address.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        let nobody = WeikaManagerProvider::builder("nobody", "nobody").build();
        let layer = nobody.and_then(|nobody| {
            self.login_layer(nobody, Store::Right(MemoryStore::new()), address)
                .build()
        });
        let is_about_url =
            |mistake: &ConfigErrorKind| mistake.to_string().starts_with("public_url");
        let is_good = layer
            .as_ref()
            .err()
            .is_none_or(|error| !error.errors().iter().any(is_about_url));
        errors.checked(
            layer,
            &[("public_url", "PUBLIC_URL"), ("secret", "SESSION_SECRET")],
        );
        is_good
    }
}
