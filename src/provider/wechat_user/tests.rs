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

mod own_secret {
    use super::*;
    use crate::client::wechat::WechatClient;

    const WEBSITE: &str = "https://open.weixin.qq.com/connect/qrconnect";

    fn client() -> WechatClient {
        WechatClient::builder("wx0123456789abcdef", "s3cr3t")
            .build()
            .unwrap()
    }

    async fn url(provider: &WechatUserProvider) -> String {
        let request = AuthorizeRequest::new("https://campus.example/back", "S7a7e");
        provider.authorize_url(request).await.unwrap()
    }

    #[tokio::test]
    async fn official_account_is_that_of_the_secret() {
        let provider = WechatUserProvider::builder_with_secret(client())
            .build()
            .unwrap();
        assert_eq!(
            (provider.name(), provider.application()),
            ("wechat", "wx0123456789abcdef")
        );
        assert_eq!(
            url(&provider).await,
            "https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx0123456789abcdef\
             &redirect_uri=https%3A%2F%2Fcampus.example%2Fback\
             &response_type=code&scope=snsapi_base&state=S7a7e#wechat_redirect"
        );
        assert!(
            provider.binding().is_none()
                && builder().app_id("wx0").build().unwrap().binding().is_some()
        );
        assert!(provider.supports(UserAgent::WechatPhone) && !provider.supports(UserAgent::Other));
        let silent = WechatUserProvider::builder_with_secret(client()).silent_login(true);
        let silent = silent.build().unwrap();
        assert!(silent.allows_silent_login(UserAgent::WechatPhone));
        assert!(!silent.allows_silent_login(UserAgent::Other));
        let shown = format!(
            "{provider:?} {:?}",
            WechatUserProvider::builder_with_secret(client())
        );
        assert!(!shown.contains("s3cr3t"), "{shown}");
    }

    #[tokio::test]
    async fn website_application_has_its_page_in_every_browser_and_is_never_silent() {
        let provider = WechatUserProvider::builder_for_website(client())
            .silent_login(true)
            .scope(Scope::UserInfo)
            .build()
            .unwrap();
        assert_eq!(provider.name(), "wechat-desk");
        assert_eq!(
            url(&provider).await,
            format!(
                "{WEBSITE}?appid=wx0123456789abcdef&redirect_uri=https%3A%2F%2Fcampus.example%2Fback\
                 &response_type=code&scope=snsapi_login&state=S7a7e#wechat_redirect"
            )
        );
        for user_agent in [UserAgent::Other, UserAgent::Wecom, UserAgent::WechatPhone] {
            assert!(provider.supports(user_agent), "{user_agent:?}");
            assert!(!provider.allows_silent_login(user_agent), "{user_agent:?}");
        }
        let named = WechatUserProvider::builder_for_website(client()).name("desk");
        assert_eq!(named.build().unwrap().name(), "desk");
    }

    #[test]
    fn settings_have_to_agree_with_the_secret() {
        let other = WechatUserProvider::builder_with_secret(client()).app_id("wx9");
        let error = other
            .authorize_url("http://x.example/a")
            .build()
            .unwrap_err();
        assert_eq!(error.errors().len(), 2, "{error}");
        assert!(error.to_string().contains("wx9"), "{error}");
        let same = WechatUserProvider::builder_with_secret(client()).app_id("wx0123456789abcdef");
        assert!(same.build().is_ok());
    }

    #[cfg(feature = "memory")]
    mod kesion {
        use std::convert::Infallible;

        use bytes::Bytes;
        use http::{Request, Response};
        use http_body_util::Full;
        use tower::service_fn;

        use super::*;
        use crate::client::Transport;
        use crate::client::kesion::KesionClient;
        use crate::error::ErrorKind;
        use crate::official_account::{OfficialAccounts, SchoolAccount};

        fn school(reply: &'static str) -> SchoolAccount {
            let transport = Transport::new(service_fn(move |_: Request<Full<Bytes>>| async move {
                Ok::<_, Infallible>(Response::new(Full::<Bytes>::from(reply)))
            }));
            let kesion = KesionClient::builder("https://kesion.example").transport(transport);
            OfficialAccounts::new(kesion.build().unwrap()).school_account("t0ken")
        }

        fn named(app_id: &str) -> &'static str {
            format!(
                r#"{{"result":true,"appid":"{app_id}","weixintype":2,"iswechatautologin":1,"info":{{
                    "authorizer_info":{{"verify_type_info":{{"id":0}},"account_status":1}}}}}}"#
            )
            .leak()
        }

        fn provider(school: SchoolAccount) -> WechatUserProvider {
            let builder = WechatUserProvider::builder_with_secret(client());
            builder.official_account(school).build().unwrap()
        }

        #[tokio::test]
        async fn account_of_the_secret_supplies_the_switch_and_any_other_is_an_error() {
            let same = provider(school(named("wx0123456789abcdef")));
            assert!(
                !same.allows_silent_login(UserAgent::WechatPhone),
                "unknown yet"
            );
            assert!(url(&same).await.contains("appid=wx0123456789abcdef&"));
            assert!(same.allows_silent_login(UserAgent::WechatPhone));
            assert_eq!(same.application(), "wx0123456789abcdef");

            let other = provider(school(named("wx9")));
            let request = AuthorizeRequest::new("https://campus.example/back", "S");
            let error = other.authorize_url(request).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Configuration);
            let report = error.report().to_string();
            assert!(
                report.contains("wx9") && report.contains("configure the APPID and the secret"),
                "{report}"
            );
            assert!(!other.allows_silent_login(UserAgent::WechatPhone));
            assert_eq!(
                other.admit().await.unwrap_err().kind(),
                ErrorKind::Configuration
            );
        }

        #[tokio::test]
        async fn login_works_without_kesions_answer() {
            for reply in [
                "<html>",
                r#"{"result":false,"returnCode":3002}"#,
                r#"{"result":false,"returnCode":3001}"#,
            ] {
                let provider = provider(school(reply));
                assert!(
                    url(&provider).await.contains("appid=wx0123456789abcdef&"),
                    "{reply}"
                );
                assert!(
                    !provider.allows_silent_login(UserAgent::WechatPhone),
                    "{reply}"
                );
            }
        }

        #[test]
        fn website_application_has_no_official_account() {
            let builder = WechatUserProvider::builder_for_website(client());
            let error = builder.official_account(school("")).build().unwrap_err();
            assert!(error.to_string().contains("official_account"), "{error}");
        }
    }
}
