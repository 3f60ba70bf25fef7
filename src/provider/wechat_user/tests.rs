use super::*;
use crate::client::binding::BindingClient;
use crate::provider::{AuthorizeRequest, IdentityProvider};
use crate::request::UserAgent;

fn builder() -> WechatUserProviderBuilder {
    WechatUserProvider::builder(
        BindingClient::builder("https://binding.example")
            .build()
            .unwrap(),
    )
}

#[tokio::test]
async fn authorize_url_has_wechats_order_and_ends_with_its_fragment() {
    let provider = builder().app_id("wx0123456789abcdef").build().unwrap();
    let url = provider
        .authorize_url(AuthorizeRequest::new(
            "https://campus.example/auth/wechat/callback",
            "S7a7e",
        ))
        .await
        .unwrap();
    assert_eq!(
        url,
        "https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx0123456789abcdef\
         &redirect_uri=https%3A%2F%2Fcampus.example%2Fauth%2Fwechat%2Fcallback\
         &response_type=code&scope=snsapi_base&state=S7a7e#wechat_redirect"
    );
    let asking = builder()
        .app_id("wx0")
        .scope(Scope::UserInfo)
        .build()
        .unwrap();
    assert!(
        asking
            .authorize_url(AuthorizeRequest::new("https://c.example/", "S"))
            .await
            .unwrap()
            .contains("&scope=snsapi_userinfo&")
    );
}

#[test]
fn all_configuration_errors_are_reported_at_once() {
    let error = builder()
        .authorize_url("http://wechat.example/authorize")
        .build()
        .unwrap_err();
    assert_eq!(error.errors().len(), 2, "{error}");
    assert!(
        builder()
            .app_id("wx0")
            .authorize_url("http://wechat.example/a")
            .allow_http()
            .build()
            .is_ok()
    );
    for app_id in ["", "wx 0", "wx0&x=1", "wx0#"] {
        assert!(builder().app_id(app_id).build().is_err(), "{app_id}");
    }
}

#[cfg(feature = "memory")]
#[tokio::test]
async fn s1_application_is_the_appid_or_a_configured_name() {
    use crate::client::kesion::KesionClient;
    use crate::official_account::OfficialAccounts;
    use crate::secret::AppToken;

    assert_eq!(
        builder().app_id("wx0").build().unwrap().application(),
        "wx0"
    );
    assert_eq!(
        builder()
            .app_id("wx0")
            .application("campus")
            .build()
            .unwrap()
            .application(),
        "campus"
    );
    let kesion = KesionClient::builder("https://kesion.example")
        .build()
        .unwrap();
    let school = OfficialAccounts::new(kesion).school_account(AppToken::new("secret-token"));
    let error = builder()
        .official_account(school.clone())
        .build()
        .unwrap_err();
    assert!(error.to_string().contains("application"), "{error}");
    assert!(
        builder()
            .official_account(school.clone())
            .application("")
            .build()
            .is_err()
    );
    let provider = builder()
        .official_account(school)
        .application("campus")
        .build()
        .unwrap();
    assert_eq!(provider.application(), "campus");
}

#[test]
fn other_browsers_are_supported_only_if_configured() {
    let provider = builder().app_id("wx0").build().unwrap();
    assert!(
        provider.supports(UserAgent::WechatPhone) && provider.supports(UserAgent::MiniProgramPage)
    );
    for other in [
        UserAgent::Other,
        UserAgent::Wecom,
        UserAgent::MiniProgramRuntime,
    ] {
        assert!(!provider.supports(other), "{other:?}");
        assert!(
            builder()
                .app_id("wx0")
                .any_browser()
                .build()
                .unwrap()
                .supports(other)
        );
    }
}

#[test]
fn silent_login_needs_the_setting_and_a_silent_scope() {
    let phone = UserAgent::WechatPhone;
    assert!(
        !builder()
            .app_id("wx0")
            .build()
            .unwrap()
            .allows_silent_login(phone)
    );
    let on = builder().app_id("wx0").silent_login(true);
    assert!(on.clone().build().unwrap().allows_silent_login(phone));
    assert!(
        !on.clone()
            .build()
            .unwrap()
            .allows_silent_login(UserAgent::Other)
    );
    assert!(
        !on.scope(Scope::UserInfo)
            .build()
            .unwrap()
            .allows_silent_login(phone)
    );
}
