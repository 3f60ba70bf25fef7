//! The real upstream systems.

use std::env;
use std::net::IpAddr;

use tower_weika::AppToken;
use tower_weika::client::binding::BindingClient;
use tower_weika::client::kesion::KesionClient;
use tower_weika::official_account::{OfficialAccounts, SchoolAccount};
use tower_weika::provider::{WechatUserProvider, WeikaManagerProvider};
use url::Url;

use super::errors::SettingsErrors;

/// The systems that the variables name. The sandbox imitates the missing ones.
#[derive(Clone)]
pub(crate) struct Systems {
    /// The login of managers.
    pub(crate) weika: Option<WeikaManagerProvider>,
    /// The login of WeChat users.
    pub(crate) wechat: Option<Wechat>,
    /// The school's official account at Kesion.
    pub(crate) kesion: Option<SchoolAccount>,
}

/// The login of WeChat users.
#[derive(Clone)]
pub(crate) struct Wechat {
    /// Its provider.
    pub(crate) provider: WechatUserProvider,
    /// WeChat's authorize page, for the `form-action` policy.
    pub(crate) authorize_url: String,
}

impl Systems {
    pub(super) fn read(errors: &mut SettingsErrors) -> Self {
        let weika = weika(errors);
        let kesion = kesion(errors);
        let wechat = wechat(errors, kesion.as_ref());
        Self {
            weika,
            wechat,
            kesion,
        }
    }

    /// Whether any system has to be imitated.
    pub(super) fn need_sandbox(&self) -> bool {
        self.weika.is_none() || self.wechat.is_none() || self.kesion.is_none()
    }

    /// The systems that the sandbox imitates, each with the variables that name a real one. A
    /// system with invalid variables is not listed: its configuration error has been reported.
    pub(super) fn imitated(&self) -> Vec<(&'static str, &'static str)> {
        let binding = if self.kesion.is_some() {
            "BINDING_BASE_URL"
        } else {
            "BINDING_BASE_URL and BINDING_APPID"
        };
        let systems = [
            (
                "Weika",
                "WEIKA_APP_KEY and WEIKA_APP_SECRET",
                &["WEIKA_APP_KEY", "WEIKA_APP_SECRET"][..],
            ),
            (
                "WeChat with the binding service",
                binding,
                &["BINDING_BASE_URL"],
            ),
            (
                "Kesion",
                "KESION_BASE_URL and KESION_APPTOKEN",
                &["KESION_BASE_URL", "KESION_APPTOKEN"],
            ),
        ];
        let is_set = |name: &&str| env::var_os(name).is_some_and(|value| !value.is_empty());
        let imitated = systems
            .into_iter()
            .filter(|(_, _, names)| !names.iter().any(is_set));
        imitated
            .map(|(system, variables, _)| (system, variables))
            .collect()
    }
}

fn weika(errors: &mut SettingsErrors) -> Option<WeikaManagerProvider> {
    let (key, secret) = (
        errors.text("WEIKA_APP_KEY"),
        errors.text("WEIKA_APP_SECRET"),
    );
    let base_url = errors.text("WEIKA_BASE_URL");
    match (key, secret) {
        (Some(key), Some(secret)) => {
            let builder = WeikaManagerProvider::builder(key, secret);
            let builder = base_url
                .into_iter()
                .fold(builder, |builder, url| builder.base_url(url));
            let names = [
                ("app_key", "WEIKA_APP_KEY"),
                ("app_secret", "WEIKA_APP_SECRET"),
                ("base_url", "WEIKA_BASE_URL"),
            ];
            return errors.checked(builder.build(), &names);
        }
        (Some(_), None) => missing_counterpart(errors, "WEIKA_APP_KEY", "WEIKA_APP_SECRET"),
        (None, Some(_)) => missing_counterpart(errors, "WEIKA_APP_SECRET", "WEIKA_APP_KEY"),
        (None, None) if base_url.is_some() => {
            errors.add(
                "WEIKA_BASE_URL is set without WEIKA_APP_KEY and WEIKA_APP_SECRET; it requires both",
            );
        }
        (None, None) => {}
    }
    None
}

fn kesion(errors: &mut SettingsErrors) -> Option<SchoolAccount> {
    match (
        errors.text("KESION_BASE_URL"),
        errors.text("KESION_APPTOKEN"),
    ) {
        (Some(url), Some(token)) => {
            warn_of_http("KESION_BASE_URL", &url);
            // Every page of Kesion's documentation uses plain http.
            let client = KesionClient::builder(url).allow_http().build();
            let client = errors.checked(client, &[("base_url", "KESION_BASE_URL")])?;
            return Some(OfficialAccounts::new(client).school_account(AppToken::new(token)));
        }
        (Some(_), None) => missing_counterpart(errors, "KESION_BASE_URL", "KESION_APPTOKEN"),
        (None, Some(_)) => missing_counterpart(errors, "KESION_APPTOKEN", "KESION_BASE_URL"),
        (None, None) => {}
    }
    None
}

fn wechat(errors: &mut SettingsErrors, kesion: Option<&SchoolAccount>) -> Option<Wechat> {
    let authorize_url = errors.text("WECHAT_AUTHORIZE_URL");
    let app_id = errors.text("BINDING_APPID");
    let Some(base_url) = errors.text("BINDING_BASE_URL") else {
        if authorize_url.is_some() {
            let reason = "the sandbox's binding service accepts only authorization codes of the sandbox's WeChat";
            errors.add(format!(
                "WECHAT_AUTHORIZE_URL is set without BINDING_BASE_URL: {reason}"
            ));
        }
        if app_id.is_some() {
            let reason =
                "the sandbox's binding service accepts only the sandbox's official account";
            errors.add(format!(
                "BINDING_APPID is set without BINDING_BASE_URL: {reason}"
            ));
        }
        return None;
    };
    warn_of_http("BINDING_BASE_URL", &base_url);
    // The address in the documentation is plain http.
    let binding = BindingClient::builder(base_url).allow_http().build();
    let binding = errors.checked(binding, &[("base_url", "BINDING_BASE_URL")]);
    if app_id.is_none() && kesion.is_none() {
        let remedy = "set BINDING_APPID, or KESION_BASE_URL and KESION_APPTOKEN";
        errors.add(format!(
            "BINDING_BASE_URL is set without an official account; {remedy}"
        ));
    }
    let authorize_url = authorize_url.unwrap_or_else(|| AUTHORIZE_URL.to_owned());
    // Checked even if the address of the binding service is invalid, so that all errors are
    // reported.
    let builder = WechatUserProvider::builder(binding.clone().or_else(nowhere)?)
        .authorize_url(&authorize_url);
    // Kesion's switch for silent login applies even where the APPID is fixed.
    let builder = match kesion {
        Some(school) => builder.official_account(school.clone()),
        None => builder,
    };
    let builder = match (app_id, kesion) {
        (Some(app_id), _) => builder.app_id(app_id),
        // The APPID may change; the sessions belong to the school, and this site has one school.
        (None, Some(_)) => builder.application("school"),
        (None, None) => builder.app_id("wx0"),
    };
    let names = [
        ("app_id", "BINDING_APPID"),
        ("authorize_url", "WECHAT_AUTHORIZE_URL"),
    ];
    let provider = errors.checked(builder.build(), &names)?;
    binding.map(|_| Wechat {
        provider,
        authorize_url,
    })
}

const AUTHORIZE_URL: &str = "https://open.weixin.qq.com/connect/oauth2/authorize";

/// A client that is never called.
fn nowhere() -> Option<BindingClient> {
    BindingClient::builder("https://nowhere.invalid")
        .build()
        .ok()
}

fn missing_counterpart(errors: &mut SettingsErrors, set: &str, missing: &str) {
    errors.add(format!(
        "{set} is set without {missing}; set both, or neither to use the sandbox"
    ));
}

fn warn_of_http(name: &str, url: &str) {
    let Ok(url) = Url::parse(url) else {
        return;
    };
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let is_here = host == "localhost"
        || host
            .parse()
            .is_ok_and(|address: IpAddr| address.is_loopback());
    if url.scheme() == "http" && !is_here {
        tracing::warn!(
            "{name} is plain http to another machine: an attacker on the network can read codes and tokens"
        );
    }
}
