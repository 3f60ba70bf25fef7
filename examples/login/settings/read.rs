//! Settings of the site itself: its address, its public URL, and the secret of its sessions.

use std::env;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use tower_weika::ConfigErrorKind;
use tower_weika::login::{LoginLayer, LoginLayerBuilder};
use tower_weika::provider::{IdentityProvider, WeikaManagerProvider};
use tower_weika::response::Pages;
use tower_weika::store::{MemoryStore, StoredIdentity};
use url::Url;

use super::errors::SettingsErrors;
use super::redis::Redis;
use super::systems::Systems;
use crate::pretend;
use crate::store::Store;

/// The settings of the site.
pub(crate) struct Settings {
    /// The address to bind.
    pub(crate) listen: SocketAddr,
    /// The address of the sandbox, if one is needed.
    pub(crate) sandbox_listen: SocketAddr,
    /// The real upstream systems.
    pub(crate) systems: Systems,
    /// The file of the audit log.
    pub(crate) audit_log: Option<PathBuf>,
    /// The file of the sessions, if configured.
    pub(crate) session_db: Option<PathBuf>,
    /// The Redis shared with other instances, if configured.
    pub(crate) redis: Option<Redis>,
    public_url: Option<String>,
    secret: Option<Vec<u8>>,
}

impl Settings {
    /// Reads the environment of this process.
    pub(crate) fn read() -> Result<Self, SettingsErrors> {
        let mut errors = SettingsErrors::default();
        let listen = errors
            .address("LISTEN")
            .unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, 3000)));
        let systems = Systems::read(&mut errors);
        let sandbox_listen = errors.address("SANDBOX_LISTEN");
        let public_url = errors.text("PUBLIC_URL");
        let secret = errors.secret("SESSION_SECRET");
        let audit_log = errors.text("AUDIT_LOG").map(PathBuf::from);
        let session_db = errors.text("SESSION_DB").map(PathBuf::from);
        let redis = Redis::read(&mut errors, secret.as_deref());
        if session_db.is_some() && env::var_os("REDIS_URL").is_some_and(|url| !url.is_empty()) {
            errors.add(
                "SESSION_DB and REDIS_URL are both set; sessions are kept in one place: unset one of them",
            );
        }
        if let Some(listen) =
            sandbox_listen.filter(|it| !it.ip().is_loopback() && systems.need_sandbox())
        {
            let reason = "any visitor who reaches the sandbox can log in as any user";
            errors.add(format!(
                "SANDBOX_LISTEN {listen} is reachable from other machines: {reason}"
            ));
        }
        let sandbox_listen =
            sandbox_listen.unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        let allows_sandbox = errors.switch("ALLOW_SANDBOX");
        let settings = Self {
            listen,
            sandbox_listen,
            systems,
            audit_log,
            session_db,
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

    /// Builds a login layer from these settings, for a site that is bound to `address`.
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
            .public_url(self.public_url(address))
            .pages(
                Pages::default()
                    .site_name("tower-weika")
                    .contact("信息中心 it@campus.example"),
            );
        // Allows http on loopback addresses only.
        let builder = builder.loopback_development();
        // The return target of one login must not be an endpoint of another, nor a path that
        // accepts forms only.
        let closed = ["weika", "weika-member", "wechat"].map(|name| {
            ["login", "callback", "logout"].map(|endpoint| format!("/auth/{name}/{endpoint}"))
        });
        let closed = closed
            .into_iter()
            .flatten()
            .chain([pretend::PATH.to_owned()]);
        let builder = closed.fold(builder, LoginLayerBuilder::never_return_to);
        match &self.secret {
            // Each layer derives different keys from it.
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

    /// Rejects the sandbox behind an https address: other users can reach it, and in the sandbox
    /// each of them could log in as any user.
    fn refuse_sandbox(&self, errors: &mut SettingsErrors) {
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
            "PUBLIC_URL is https while the sandbox imitates {}, so any visitor could log in as any user: set {}; or \
             set ALLOW_SANDBOX=1 for a demonstration",
            names.join(", "),
            variables.join(", "),
        ));
    }

    /// Validates the settings with the login layer's own checks, and returns whether `PUBLIC_URL`
    /// is valid. The provider does not matter for these checks.
    fn check(&self, errors: &mut SettingsErrors) -> bool {
        let mut address = self.listen;
        if self.public_url.is_none() && !address.ip().is_loopback() {
            errors.add(format!(
                "LISTEN {address} is reachable from other machines; set PUBLIC_URL to the origin that browsers see"
            ));
            address.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        let placeholder = WeikaManagerProvider::builder("placeholder", "placeholder").build();
        let layer = placeholder.and_then(|placeholder| {
            self.login_layer(placeholder, Store::Right(MemoryStore::new()), address)
                .build()
        });
        let is_about_url = |error: &ConfigErrorKind| error.to_string().starts_with("public_url");
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
