use std::sync::Arc;

use super::LoginLayerBuilder;
use crate::authenticate::LoginSessions;
use crate::cookie::{CookieName, CookiePolicy};
use crate::error::{ConfigError, ConfigErrorKind, shown_url};
use crate::login::LoginLayer;
use crate::login::endpoints::Endpoints;
use crate::login::exchange::{Exchanges, Instances};
use crate::login::flow::Flows;
use crate::login::inner::Inner;
use crate::login::log_limits::LogLimits;
use crate::login::observer::Observer;
use crate::login::path_prefix::PathPrefix;
use crate::login::placement::Placement;
use crate::provider::IdentityProvider;
use crate::session::Namespace;
use crate::session::SessionTimeouts;
use crate::store::SessionStore;

impl<P, St> LoginLayerBuilder<P, St>
where
    P: IdentityProvider,
    St: SessionStore<P::Identity>,
{
    /// Checks all settings and builds the layer. If instances share the store, the provider shares
    /// its access token.
    ///
    /// # Errors
    /// If a setting is invalid: all configuration errors at once.
    pub fn build(self) -> Result<LoginLayer<P, St>, ConfigError> {
        let Self {
            provider,
            store,
            mut settings,
        } = self;
        let mut errors = Vec::new();
        let name = provider.name();
        check_provider(&provider, &mut errors);
        if let Some(prefix) = &settings.cookie_prefix {
            check_name("cookie_prefix", prefix, &mut errors);
        }
        let endpoints = settings
            .paths
            .check(name, settings.clears_fragment, &mut errors);
        settings.pages.check(&mut errors);
        let home = check_home(settings.pages.home_setting(), &endpoints, &mut errors);
        check_timeouts(settings.timeouts, &mut errors);
        let coordinator = store.coordinator();
        settings.secrets.use_that_of_the_store(store.secret());
        settings.secrets.check(coordinator.is_some(), &mut errors);
        let clock = settings.clock;
        let admission = settings.admission.check(clock.now(), &mut errors);
        ConfigError::check(errors)?;
        if let Some(coordinator) = &coordinator {
            provider.attach_coordinator(coordinator)?;
        }

        settings.guards.guard_below(endpoints.prefix.as_str());
        let cookies = if endpoints.origin.starts_with("http://") {
            CookiePolicy::LoopbackDevelopment
        } else {
            CookiePolicy::Secure
        };
        let cookie_base = cookie_base(settings.cookie_prefix.as_deref(), &endpoints.prefix, name);
        let session_cookie = cookies.name(&format!("{cookie_base}-session"));
        let namespace = Namespace::new(name, provider.application(), &endpoints.public_url());
        let keys = settings.secrets.keys(namespace);
        let instances = coordinator.map(|coordinator| {
            let (timeout, rules) = (settings.exchange_timeout, endpoints.rules.clone());
            Instances::new(name, coordinator, namespace, timeout, rules, clock.clone())
        });
        let flows = Flows::new(
            cookies,
            &cookie_base,
            &session_cookie,
            keys.state,
            keys.flow,
        );
        let sessions = LoginSessions {
            cookie: CookieName::new(session_cookie),
            store,
            namespace,
            clock: clock.clone(),
            guards: settings.guards,
        };
        Ok(LoginLayer::new(Inner {
            flows,
            unguarded: Arc::new(sessions.without_guards()),
            sessions: Arc::new(sessions),
            endpoints,
            pages: settings.pages,
            home,
            cookies,
            exchanges: Exchanges::new(clock, instances, keys.session),
            admission,
            timeouts: settings.timeouts,
            exchange_timeout: settings.exchange_timeout,
            silent_login: settings.silent_login,
            limits: LogLimits::default(),
            observer: Observer::new(
                settings.on_event,
                settings.client_name,
                settings.tenant,
                keys.subject,
            ),
            placement: Placement::default(),
            provider,
        }))
    }
}

fn check_provider(provider: &impl IdentityProvider, errors: &mut Vec<ConfigErrorKind>) {
    check_name("the provider's name", provider.name(), errors);
    if provider.application().is_empty() {
        errors.push(ConfigErrorKind::Missing("the provider's application"));
    }
}

/// Returns the link to the home page. Default: the default target.
fn check_home(
    setting: Option<&str>,
    endpoints: &Endpoints,
    errors: &mut Vec<ConfigErrorKind>,
) -> String {
    let Some(link) = setting else {
        return endpoints.default_target().as_str().to_owned();
    };
    endpoints.home(link).unwrap_or_else(|| {
        errors.push(ConfigErrorKind::InvalidUrl {
            name: "the home of the pages",
            value: shown_url(link),
            expected: "a path of this site or an https URL",
        });
        String::new()
    })
}

fn check_name(name: &'static str, value: &str, errors: &mut Vec<ConfigErrorKind>) {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !(1..=32).contains(&value.len()) || !value.bytes().all(is_plain) {
        errors.push(ConfigErrorKind::InvalidCharacters {
            name,
            value: value.to_owned(),
            expected: "1 to 32 lower-case letters, digits and hyphens",
        });
    }
}

/// Returns the part that the names of all cookies of a layer have in common.
fn cookie_base(cookie_prefix: Option<&str>, path: &PathPrefix, provider: &str) -> String {
    let cookie_prefix = cookie_prefix.map_or_else(String::new, |prefix| format!("{prefix}-"));
    format!("{cookie_prefix}{}{provider}", path.cookie_part())
}

fn check_timeouts(timeouts: SessionTimeouts, errors: &mut Vec<ConfigErrorKind>) {
    let SessionTimeouts { idle, absolute } = timeouts;
    if idle.is_zero() || absolute < idle {
        errors.push(ConfigErrorKind::OutOfRange {
            name: "session_timeouts",
            value: format!("{idle:?} idle and {absolute:?} absolute"),
            expected: "more than zero, and not longer idle than absolute",
        });
    }
}
