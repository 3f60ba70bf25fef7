//! The login of WeChat users: through the operator's binding service, or with the application's own
//! secret.

use tower_weika::client::binding::BindingClient;
use tower_weika::client::wechat::WechatClient;
use tower_weika::official_account::SchoolAccount;
use tower_weika::provider::{WechatUserProvider, WechatUserProviderBuilder};

use super::errors::SettingsErrors;
use super::systems::{missing_counterpart, warn_of_http};

const AUTHORIZE_URL: &str = "https://open.weixin.qq.com/connect/oauth2/authorize";

/// The login of WeChat users.
#[derive(Clone)]
pub(crate) struct Wechat {
    /// Its provider.
    pub(crate) provider: WechatUserProvider,
    /// WeChat's authorize page, for the `form-action` policy.
    pub(crate) authorize_url: String,
}

/// The variables of one of the two ways.
struct Variables {
    /// Of the binding service.
    base_url: Option<String>,
    binding_app_id: Option<String>,
    /// Of WeChat itself.
    app_id: Option<String>,
    secret: Option<String>,
    api_base_url: Option<String>,
}

pub(super) fn read(errors: &mut SettingsErrors, kesion: Option<&SchoolAccount>) -> Option<Wechat> {
    let authorize_url = errors.text("WECHAT_AUTHORIZE_URL");
    let variables = Variables {
        base_url: errors.text("BINDING_BASE_URL"),
        binding_app_id: errors.text("BINDING_APPID"),
        app_id: errors.text("WECHAT_APPID"),
        secret: errors.text("WECHAT_SECRET"),
        api_base_url: errors.text("WECHAT_API_BASE_URL"),
    };
    let page = authorize_url.as_deref().unwrap_or(AUTHORIZE_URL);
    if variables.app_id.is_some() || variables.secret.is_some() {
        return with_secret(errors, variables, kesion, page);
    }
    if variables.api_base_url.is_some() {
        errors.add(
            "WECHAT_API_BASE_URL is set without WECHAT_APPID and WECHAT_SECRET; it requires both",
        );
    }
    let Some(base_url) = variables.base_url else {
        if authorize_url.is_some() {
            let reason = "the sandbox's binding service accepts only authorization codes of the sandbox's WeChat";
            errors.add(format!(
                "WECHAT_AUTHORIZE_URL is set without BINDING_BASE_URL or WECHAT_APPID: {reason}"
            ));
        }
        if variables.binding_app_id.is_some() {
            let reason =
                "the sandbox's binding service accepts only the sandbox's official account";
            errors.add(format!(
                "BINDING_APPID is set without BINDING_BASE_URL: {reason}"
            ));
        }
        return None;
    };
    with_binding(errors, base_url, variables.binding_app_id, kesion, page)
}

fn with_secret(
    errors: &mut SettingsErrors,
    variables: Variables,
    kesion: Option<&SchoolAccount>,
    page: &str,
) -> Option<Wechat> {
    let binding = [
        ("BINDING_BASE_URL", &variables.base_url),
        ("BINDING_APPID", &variables.binding_app_id),
    ];
    for (name, _) in binding.iter().filter(|(_, value)| value.is_some()) {
        errors.add(format!(
            "{name} is set beside WECHAT_APPID or WECHAT_SECRET: either the binding service identifies users, or WeChat \
             does; unset one of them"
        ));
    }
    let (app_id, secret) = match (variables.app_id, variables.secret) {
        (Some(app_id), Some(secret)) => (app_id, secret),
        (Some(_), None) => {
            missing_counterpart(errors, "WECHAT_APPID", "WECHAT_SECRET");
            return None;
        }
        (None, _) => {
            missing_counterpart(errors, "WECHAT_SECRET", "WECHAT_APPID");
            return None;
        }
    };
    let client = WechatClient::builder(app_id, secret);
    let client = variables
        .api_base_url
        .into_iter()
        .fold(client, |client, url| client.base_url(url));
    let names = [
        ("app_id", "WECHAT_APPID"),
        ("app_secret", "WECHAT_SECRET"),
        ("base_url", "WECHAT_API_BASE_URL"),
    ];
    let client = errors.checked(client.build(), &names);
    // Checked even if the client is invalid, so that all errors are reported.
    let builder = WechatUserProvider::builder_with_secret(client.clone().or_else(no_application)?);
    let wechat = build(errors, builder, kesion, page);
    wechat.filter(|_| client.is_some())
}

fn with_binding(
    errors: &mut SettingsErrors,
    base_url: String,
    app_id: Option<String>,
    kesion: Option<&SchoolAccount>,
    page: &str,
) -> Option<Wechat> {
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
    // Checked even if the address of the binding service is invalid, so that all errors are
    // reported.
    let builder = WechatUserProvider::builder(binding.clone().or_else(nowhere)?);
    let builder = match (app_id, kesion) {
        (Some(app_id), _) => builder.app_id(app_id),
        // The APPID may change; the sessions belong to the school, and this site has one school.
        (None, Some(_)) => builder.application("school"),
        (None, None) => builder.app_id("wx0"),
    };
    let wechat = build(errors, builder, kesion, page);
    wechat.filter(|_| binding.is_some())
}

fn build(
    errors: &mut SettingsErrors,
    builder: WechatUserProviderBuilder,
    kesion: Option<&SchoolAccount>,
    page: &str,
) -> Option<Wechat> {
    let builder = builder.authorize_url(page);
    // Kesion's switch for silent login applies even where the APPID is fixed.
    let builder = match kesion {
        Some(school) => builder.official_account(school.clone()),
        None => builder,
    };
    let names = [
        ("app_id", "BINDING_APPID"),
        ("authorize_url", "WECHAT_AUTHORIZE_URL"),
    ];
    let provider = errors.checked(builder.build(), &names)?;
    Some(Wechat {
        provider,
        authorize_url: page.to_owned(),
    })
}

/// A client that is never called.
fn nowhere() -> Option<BindingClient> {
    BindingClient::builder("https://nowhere.invalid")
        .build()
        .ok()
}

/// A client that is never called.
fn no_application() -> Option<WechatClient> {
    WechatClient::builder("wx0", "none").build().ok()
}
