//! The real upstream systems.

use std::env;
use std::net::IpAddr;

use tower_weika::AppToken;
use tower_weika::client::kesion::KesionClient;
use tower_weika::official_account::{OfficialAccounts, SchoolAccount};
use tower_weika::provider::{WeikaManagerProvider, WeikaMemberProvider};
use url::Url;

use super::errors::SettingsErrors;
use super::wechat::{self, Wechat};

/// The systems that the variables name. The sandbox imitates the missing ones.
#[derive(Clone)]
pub(crate) struct Systems {
    /// The login of managers.
    pub(crate) weika: Option<WeikaManagerProvider>,
    /// The login of members.
    pub(crate) member: Option<WeikaMemberProvider>,
    /// The login of WeChat users.
    pub(crate) wechat: Option<Wechat>,
    /// The school's official account at Kesion.
    pub(crate) kesion: Option<SchoolAccount>,
}

impl Systems {
    pub(super) fn read(errors: &mut SettingsErrors) -> Self {
        let weika = weika(errors);
        let member = member(errors);
        let kesion = kesion(errors);
        let wechat = wechat::read(errors, kesion.as_ref());
        Self {
            weika,
            member,
            wechat,
            kesion,
        }
    }

    /// Whether any system has to be imitated.
    pub(super) fn need_sandbox(&self) -> bool {
        self.weika.is_none()
            || self.member.is_none()
            || self.wechat.is_none()
            || self.kesion.is_none()
    }

    /// The systems that the sandbox imitates, each with the variables that name a real one. A
    /// system with invalid variables is not listed: its configuration error has been reported.
    pub(super) fn imitated(&self) -> Vec<(&'static str, &'static str)> {
        let wechat = if self.kesion.is_some() {
            "BINDING_BASE_URL, or WECHAT_APPID and WECHAT_SECRET"
        } else {
            "BINDING_BASE_URL and BINDING_APPID, or WECHAT_APPID and WECHAT_SECRET"
        };
        let systems = [
            (
                "Weika",
                "WEIKA_APP_KEY and WEIKA_APP_SECRET",
                &["WEIKA_APP_KEY", "WEIKA_APP_SECRET"][..],
            ),
            (
                "Weika's member login",
                "WEIKA_MEMBER_APP_KEY, WEIKA_MEMBER_APP_SECRET and WEIKA_MEMBER_OCODE",
                &MEMBER,
            ),
            (
                "WeChat with the binding service",
                wechat,
                &["BINDING_BASE_URL", "WECHAT_APPID", "WECHAT_SECRET"],
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

const MEMBER: [&str; 3] = [
    "WEIKA_MEMBER_APP_KEY",
    "WEIKA_MEMBER_APP_SECRET",
    "WEIKA_MEMBER_OCODE",
];

fn member(errors: &mut SettingsErrors) -> Option<WeikaMemberProvider> {
    let values = MEMBER.map(|name| errors.text(name));
    let base_url = errors.text("WEIKA_MEMBER_BASE_URL");
    let (set, missing): (Vec<_>, Vec<_>) = MEMBER
        .into_iter()
        .zip(&values)
        .partition(|(_, value)| value.is_some());
    let names = |of: &[(&str, _)]| {
        let names: Vec<_> = of.iter().map(|(name, _)| *name).collect();
        names.join(" and ")
    };
    let (set, missing) = (names(&set), names(&missing));
    if let [Some(key), Some(secret), Some(ocode)] = values {
        let builder = WeikaMemberProvider::builder(key, secret, ocode);
        let builder = base_url
            .into_iter()
            .fold(builder, |builder, url| builder.base_url(url));
        let names = [
            ("app_key", "WEIKA_MEMBER_APP_KEY"),
            ("app_secret", "WEIKA_MEMBER_APP_SECRET"),
            ("ocode", "WEIKA_MEMBER_OCODE"),
            ("base_url", "WEIKA_MEMBER_BASE_URL"),
        ];
        return errors.checked(builder.build(), &names);
    }
    if !set.is_empty() {
        errors.add(format!(
            "{set} is set without {missing}; set all three, or none to use the sandbox"
        ));
    } else if base_url.is_some() {
        errors.add(format!(
            "WEIKA_MEMBER_BASE_URL is set without {missing}; it requires all three"
        ));
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

pub(super) fn missing_counterpart(errors: &mut SettingsErrors, set: &str, missing: &str) {
    errors.add(format!(
        "{set} is set without {missing}; set both, or neither to use the sandbox"
    ));
}

pub(super) fn warn_of_http(name: &str, url: &str) {
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
