//! The environment variables.
//!
//! | variable | meaning | default |
//! |---|---|---|
//! | `LISTEN` | address to bind; port 0 takes a free one | `127.0.0.1:3000` |
//! | `PUBLIC_URL` | origin that browsers see | `http://` and the bound address |
//! | `WEIKA_APP_KEY`, `WEIKA_APP_SECRET` | credentials | unset: the embedded sandbox |
//! | `WEIKA_BASE_URL` | where Weika is | `https://uni.weixiao.qq.com` |
//! | `SESSION_SECRET` | 32 bytes or more in hex or base64; the same over restarts and on all instances | random |
//! | `SANDBOX_LISTEN` | where the embedded sandbox listens | a free port |
//!
//! All mistakes are told at once. An empty variable counts as unset. No secret is ever shown.

use std::env;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use tower_weika::ConfigError;
use tower_weika::login::{LoginLayer, LoginLayerBuilder};
use tower_weika::provider::{IdentityProvider, WeikaManagerProvider};
use tower_weika::store::MemoryStore;

/// How the site is set up.
pub(crate) struct Settings {
    /// The address to bind.
    pub(crate) listen: SocketAddr,
    /// Where managers log in.
    pub(crate) upstream: Upstream,
    public_url: Option<String>,
    secret: Option<Vec<u8>>,
}

/// Where managers log in.
pub(crate) enum Upstream {
    /// At Weika.
    Weika(WeikaManagerProvider),
    /// At a sandbox that this process starts.
    Sandbox {
        /// Where it listens.
        listen: SocketAddr,
    },
}

impl Settings {
    /// Reads the environment of this process.
    pub(crate) fn read() -> Result<Self, Mistakes> {
        let mut mistakes = Mistakes::default();
        let settings = Self {
            listen: mistakes.address("LISTEN").unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, 3000))),
            upstream: mistakes.upstream(),
            public_url: mistakes.text("PUBLIC_URL"),
            secret: mistakes.secret("SESSION_SECRET"),
        };
        if mistakes.text("REDIS_URL").is_some() {
            mistakes.add("REDIS_URL is set, but this version has no Redis support yet; unset it");
        }
        mistakes.login_layer(&settings);
        if mistakes.0.is_empty() { Ok(settings) } else { Err(mistakes) }
    }

    /// The login layer as these settings want it, for a site that is bound to `address`.
    pub(crate) fn login_layer<P: IdentityProvider>(
        &self,
        provider: P,
        address: SocketAddr,
    ) -> LoginLayerBuilder<P, MemoryStore<P::Identity>> {
        let public_url = self.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
        // Allows http on this machine, and nowhere else.
        let builder = LoginLayer::builder(provider).public_url(public_url).loopback_development();
        match &self.secret {
            Some(secret) => builder.secret(secret.clone()),
            None => builder,
        }
    }
}

/// Everything that is wrong with the environment.
#[derive(Default)]
pub(crate) struct Mistakes(Vec<String>);

impl Mistakes {
    fn add(&mut self, mistake: impl Into<String>) {
        self.0.push(mistake.into());
    }

    fn text(&mut self, name: &str) -> Option<String> {
        let value = env::var_os(name)?.into_string();
        if value.is_err() {
            self.add(format!("{name} is not UTF-8"));
        }
        value.ok().filter(|value| !value.is_empty())
    }

    fn address(&mut self, name: &str) -> Option<SocketAddr> {
        let text = self.text(name)?;
        let address = text.parse().ok();
        if address.is_none() {
            self.add(format!("{name} {text:?} is not an address with a port, such as 127.0.0.1:3000 or [::1]:0"));
        }
        address
    }

    fn secret(&mut self, name: &str) -> Option<Vec<u8>> {
        let text = self.text(name)?;
        let secret = from_hex(&text).or_else(|| from_base64(&text));
        if secret.is_none() {
            self.add(format!("{name} (not shown) is neither hex nor base64; `openssl rand -base64 32` makes one"));
        }
        secret
    }

    fn upstream(&mut self) -> Upstream {
        let (key, secret) = (self.text("WEIKA_APP_KEY"), self.text("WEIKA_APP_SECRET"));
        let base_url = self.text("WEIKA_BASE_URL");
        let listen = self.address("SANDBOX_LISTEN");
        let sandbox =
            Upstream::Sandbox { listen: listen.unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, 0))) };
        match (key, secret) {
            (Some(key), Some(secret)) => {
                let builder = WeikaManagerProvider::builder(key, secret);
                let builder = base_url.into_iter().fold(builder, |builder, url| builder.base_url(url));
                match builder.build() {
                    Ok(weika) => return Upstream::Weika(weika),
                    Err(error) => self.report(&error),
                }
            }
            (Some(_), None) => {
                self.add("WEIKA_APP_KEY is set without WEIKA_APP_SECRET; set both, or none for the sandbox")
            }
            (None, Some(_)) => {
                self.add("WEIKA_APP_SECRET is set without WEIKA_APP_KEY; set both, or none for the sandbox")
            }
            (None, None) => {
                if base_url.is_some() {
                    self.add("WEIKA_BASE_URL is set without WEIKA_APP_KEY and WEIKA_APP_SECRET, which it needs");
                }
                if let Some(listen) = listen.filter(|listen| !listen.ip().is_loopback()) {
                    let reason = "everybody who reaches the sandbox can log in as anybody";
                    self.add(format!("SANDBOX_LISTEN {listen} is not on this machine alone: {reason}"));
                }
            }
        }
        sandbox
    }

    /// Lets the login layer itself say whether it would work. Who it asks has no part in that.
    fn login_layer(&mut self, settings: &Settings) {
        let nobody = WeikaManagerProvider::builder("nobody", "nobody").build();
        let layer = nobody.and_then(|nobody| settings.login_layer(nobody, settings.listen).build());
        if let Err(error) = layer {
            self.report(&error);
        }
    }

    /// What a part of the crate finds wrong, under the names that an operator knows.
    fn report(&mut self, error: &ConfigError) {
        for mistake in error.mistakes() {
            let text = mistake.to_string();
            let renamed = VARIABLES
                .iter()
                .find_map(|(setting, variable)| text.strip_prefix(setting).map(|rest| format!("{variable}{rest}")));
            self.add(renamed.unwrap_or(text));
        }
    }
}

const VARIABLES: [(&str, &str); 5] = [
    ("public_url", "PUBLIC_URL"),
    ("secret", "SESSION_SECRET"),
    ("app_key", "WEIKA_APP_KEY"),
    ("app_secret", "WEIKA_APP_SECRET"),
    ("base_url", "WEIKA_BASE_URL"),
];

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the settings cannot be used:")?;
        self.0.iter().try_for_each(|mistake| write!(f, "\n  - {mistake}"))
    }
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

/// Both alphabets, padded or not.
fn from_base64(text: &str) -> Option<Vec<u8>> {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    [STANDARD, URL_SAFE].iter().find_map(|alphabet| GeneralPurpose::new(alphabet, config).decode(text).ok())
}
