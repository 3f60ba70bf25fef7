//! Flows that only WeChat users of the application's own secret have: snapshots, the unionid, desks,
//! a wrong secret, and another account at Kesion.

use axum::Router;
use axum::routing::get;
use http::StatusCode;
use tower_weika::ErrorKind;
use tower_weika::client::kesion::KesionClient;
use tower_weika::client::wechat::{WechatClient, WechatClientBuilder};
use tower_weika::clock::{ManualClock, Timestamp};
use tower_weika::guard::GuardLayer;
use tower_weika::identity::{Identity, WechatUser};
use tower_weika::login::LoginLayer;
use tower_weika::official_account::OfficialAccounts;
use tower_weika::provider::{
    IdentityProvider, Scope, WechatUserProvider, WechatUserProviderBuilder,
};
use tower_weika::session::Authenticated;
use tower_weika_sandbox::{Browser, Endpoint, Sandbox, Variation, Visit, WechatPerson};

use super::site::{ANONYMOUS, ORIGIN, Server, Site, address, time_of};
use super::way::{OwnSecret, Way, Weika};

fn client(sandbox: &Sandbox) -> WechatClientBuilder {
    WechatClient::builder(sandbox.app_id(), sandbox.wechat_secret()).base_url(sandbox.base_url())
}

fn provider(sandbox: &Sandbox, client: WechatClientBuilder) -> WechatUserProviderBuilder {
    let page = Endpoint::WechatAuthorize.path();
    WechatUserProvider::builder_with_secret(client.build().expect("a client"))
        .authorize_url(format!("{}{page}", sandbox.base_url()))
}

fn layer<P: IdentityProvider>(provider: P, clock: &ManualClock) -> LoginLayer<P> {
    LoginLayer::builder(provider)
        .silent_login()
        .public_url(ORIGIN)
        .secret([7; 32])
        .clock(clock.clock())
        .build()
        .expect("a login layer")
}

async fn go(browser: &Browser, path: &str) -> Visit {
    browser
        .get(&format!("{ORIGIN}{path}"))
        .await
        .expect("a response")
}

/// A sandbox with a user to whom WeChat shows a snapshot, and a site.
async fn site_with_snapshots(allowed: bool) -> Site<OwnSecret> {
    let clock = ManualClock::new(Timestamp::from_unix_seconds(1_760_000_000));
    let sandbox = OwnSecret::sandbox(Sandbox::builder().clock(time_of(&clock)))
        .wechat_person(WechatPerson::new("snapshot", "snapshot").snapshot())
        .start()
        .await
        .expect("a sandbox");
    let mut client = client(&sandbox);
    if allowed {
        client = client.allow_snapshot_users();
    }
    let provider = provider(&sandbox, client).build().expect("a provider");
    Site::over(sandbox, provider, clock)
}

#[tokio::test]
async fn snapshot_user_gets_no_session_unless_allowed() {
    let forms: [&[Variation]; 3] = [
        &[],
        &[Variation::NumbersAsStrings],
        &[Variation::NumbersAsFloats],
    ];
    for (allowed, form) in [false, true]
        .into_iter()
        .flat_map(|allowed| forms.map(|form| (allowed, form)))
    {
        let site = site_with_snapshots(allowed).await;
        form.iter()
            .for_each(|form| site.sandbox.variations().on(form.clone()));
        site.auto_approve("snapshot");
        let browser = site.browser();
        let visit = go(&browser, "/admin").await;
        if allowed {
            assert_eq!(visit.text(), site.subject("snapshot"), "{form:?}");
            continue;
        }
        assert_eq!(visit.status(), StatusCode::FORBIDDEN, "{form:?}");
        let reason = "请点击“使用完整服务”后重新登录";
        assert!(visit.text().contains(reason), "{}", visit.text());
        let has_session = browser
            .cookies()
            .iter()
            .any(|cookie| cookie.name.ends_with("-session"));
        assert!(!has_session, "{form:?}");
        assert_eq!(site.who(&browser).await, ANONYMOUS, "{form:?}");
        // The same browser, once the full page is open.
        site.auto_approve("wang");
        let visit = go(&browser, "/admin").await;
        assert_eq!(visit.text(), site.subject("wang"), "{form:?}");
    }
}

#[tokio::test]
async fn unionid_that_appears_later_leaves_the_subject_as_it_is() {
    let clock = ManualClock::new(Timestamp::from_unix_seconds(1_760_000_000));
    let sandbox = OwnSecret::sandbox(Sandbox::builder().clock(time_of(&clock)))
        .start()
        .await
        .unwrap();
    sandbox.set_open_platform(false);
    let asking = provider(&sandbox, client(&sandbox)).scope(Scope::UserInfo);
    let login = layer(asking.build().unwrap(), &clock);
    let app = Router::new()
        .route("/app", get(union_id))
        .route_layer(GuardLayer::<WechatUser>::logged_in())
        .layer(login.clone());
    let server = Server::start(app);
    let phone = || {
        Browser::new()
            .route(ORIGIN, server.address)
            .clock(time_of(&clock))
            .user_agent(OwnSecret::AGENT)
    };
    let (early, late) = (phone(), phone());
    let subject = OwnSecret::subject(&sandbox, "wang");
    assert_eq!(go(&early, "/app").await.text(), format!("{subject} None"));
    sandbox.set_open_platform(true);
    let person = sandbox
        .wechat_people()
        .iter()
        .find(|it| it.id() == "wang")
        .unwrap();
    assert_eq!(
        go(&late, "/app").await.text(),
        format!("{subject} Some(\"{}\")", person.union_id())
    );
    // One subject, so that one call ends both sessions.
    login.revoke_sessions_of(&subject).await.unwrap();
    for browser in [early, late] {
        let visit = browser.fetch(&format!("{ORIGIN}/app")).await.unwrap();
        assert_eq!(visit.status(), StatusCode::UNAUTHORIZED);
    }
}

async fn union_id(user: Authenticated<WechatUser>) -> String {
    let union_id = user.union_id.as_ref().map(|it| it.as_str());
    format!("{} {union_id:?}", user.subject())
}

#[derive(Debug)]
struct DeskUser(WechatUser);

impl Identity for DeskUser {
    fn subject(&self) -> &str {
        self.0.subject()
    }
}

async fn both(
    phone: Option<Authenticated<WechatUser>>,
    desk: Option<Authenticated<DeskUser>>,
) -> String {
    let shown = |user: &WechatUser| {
        let union_id = user.union_id.as_ref().map(|it| it.as_str());
        format!("{} {}", user.subject(), union_id.unwrap_or_default())
    };
    let phone = phone.map_or_else(|| "nothing".to_owned(), |it| shown(it.identity()));
    let desk = desk.map_or_else(|| "nothing".to_owned(), |it| shown(&it.identity().0));
    format!("{phone}, {desk}")
}

#[tokio::test]
async fn phone_and_desk_are_two_logins_that_the_unionid_joins() {
    let clock = ManualClock::new(Timestamp::from_unix_seconds(1_760_000_000));
    let sandbox = OwnSecret::sandbox(Sandbox::builder().clock(time_of(&clock)))
        .start()
        .await
        .unwrap();
    let phone = provider(&sandbox, client(&sandbox)).scope(Scope::UserInfo);
    let website = WechatClient::builder(sandbox.website_app_id(), sandbox.website_secret())
        .base_url(sandbox.base_url());
    let desk = WechatUserProvider::builder_for_website(website.build().unwrap())
        .authorize_url(format!(
            "{}{}",
            sandbox.base_url(),
            Endpoint::WechatQrConnect.path()
        ))
        .build()
        .unwrap()
        .map(|user: WechatUser| async { Ok(DeskUser(user)) });
    let app = Router::new()
        .route("/", get(both))
        .route(
            "/phone",
            get(both).layer(GuardLayer::<WechatUser>::logged_in()),
        )
        .route(
            "/desk",
            get(both).layer(GuardLayer::<DeskUser>::logged_in()),
        )
        .layer(layer(phone.build().unwrap(), &clock))
        .layer(layer(desk, &clock));
    let server = Server::start(app);
    let browser = |agent| {
        Browser::new()
            .route(ORIGIN, server.address)
            .clock(time_of(&clock))
            .user_agent(agent)
    };
    let person = sandbox
        .wechat_people()
        .iter()
        .find(|it| it.id() == "wang")
        .unwrap();
    let user = |app_id: &str| {
        let (open_id, union_id) = (person.open_id(app_id), person.union_id());
        format!("{app_id}:{open_id} {union_id}")
    };

    let desk = browser(Weika::AGENT);
    let visit = go(&desk, "/desk").await;
    let (own, website) = (user(sandbox.app_id()), user(sandbox.website_app_id()));
    assert_eq!(visit.text(), format!("nothing, {website}"));
    assert_eq!(address(&visit), format!("{ORIGIN}/desk"));
    // A desk cannot log in as a phone; it gets the page with the QR code of this site.
    let visit = go(&desk, "/phone").await;
    assert!(visit.text().contains("<svg"), "{visit:?}");

    let phone = browser(OwnSecret::AGENT);
    assert_eq!(go(&phone, "/phone").await.text(), format!("{own}, nothing"));
    assert_eq!(
        go(&phone, "/desk").await.text(),
        format!("{own}, {website}")
    );
    let cookies = phone.cookies().into_iter().map(|cookie| cookie.name);
    let sessions: Vec<_> = cookies.filter(|name| name.ends_with("-session")).collect();
    assert_eq!(
        sessions,
        ["__Host-wechat-session", "__Host-wechat-desk-session"]
    );
    phone
        .post(&format!("{ORIGIN}/auth/wechat/logout"), "")
        .await
        .unwrap();
    assert_eq!(go(&phone, "/").await.text(), format!("nothing, {website}"));
    let call_log = sandbox.call_log();
    assert_eq!(
        (
            call_log.count(Endpoint::WechatSnsToken),
            call_log.codes_exchanged(),
            call_log.max_uses_of_one_code()
        ),
        (3, 3, 1)
    );
}

#[tokio::test]
async fn guard_for_linked_accounts_rejects_a_user_whose_binding_is_not_checked() {
    let clock = ManualClock::new(Timestamp::from_unix_seconds(1_760_000_000));
    let sandbox = OwnSecret::sandbox(Sandbox::builder().clock(time_of(&clock)))
        .start()
        .await
        .unwrap();
    let login = provider(&sandbox, client(&sandbox)).build().unwrap();
    let app = Router::new()
        .route(
            "/app",
            get(union_id).layer(GuardLayer::<WechatUser>::bound("/bind")),
        )
        .route(
            "/bind",
            get(union_id).layer(GuardLayer::<WechatUser>::logged_in()),
        )
        .layer(layer(login, &clock));
    let server = Server::start(app);
    let phone = Browser::new()
        .route(ORIGIN, server.address)
        .clock(time_of(&clock))
        .user_agent(OwnSecret::AGENT);
    let visit = go(&phone, "/app").await;
    assert_eq!(address(&visit), format!("{ORIGIN}/bind?return_to=%2Fapp"));
    let rejected = phone.fetch(&format!("{ORIGIN}/app")).await.unwrap();
    assert_eq!(rejected.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn wrong_secret_is_a_page_and_consumes_no_code() {
    let clock = ManualClock::new(Timestamp::from_unix_seconds(1_760_000_000));
    let sandbox = OwnSecret::sandbox(Sandbox::builder().clock(time_of(&clock)))
        .start()
        .await
        .unwrap();
    let wrong = WechatClient::builder(sandbox.app_id(), sandbox.website_secret())
        .base_url(sandbox.base_url());
    let provider = provider(&sandbox, wrong.clone()).build().unwrap();
    let code = sandbox.issue_wechat_code("wang").unwrap();
    let error = wrong.build().unwrap().user(code.into()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.upstream_code()),
        (ErrorKind::Configuration, Some(40_125))
    );
    let site = Site::<OwnSecret>::over(sandbox, provider, clock);
    let visit = go(&site.browser(), "/admin").await;
    assert_eq!(visit.status(), StatusCode::BAD_GATEWAY);
    assert_eq!(site.sandbox.call_log().codes_exchanged(), 0);
    assert_eq!(site.sandbox.call_log().codes_refused(), 0);
}

#[tokio::test]
async fn another_account_at_kesion_ends_on_a_page_and_not_at_wechat() {
    let clock = ManualClock::new(Timestamp::from_unix_seconds(1_760_000_000));
    let sandbox = OwnSecret::sandbox(Sandbox::builder().clock(time_of(&clock)))
        .official_account("wx00000000000000aa")
        .start()
        .await
        .unwrap();
    let kesion = KesionClient::builder(sandbox.base_url()).build().unwrap();
    let accounts = OfficialAccounts::builder(kesion)
        .clock(clock.clock())
        .build();
    let school = accounts.school_account(sandbox.apptoken());
    let other =
        WechatClient::builder("wx00000000000000aa", "its-secret").base_url(sandbox.base_url());
    let failing = provider(&sandbox, other)
        .official_account(school.clone())
        .build()
        .unwrap();
    let agreeing = provider(&sandbox, client(&sandbox))
        .official_account(school)
        .build()
        .unwrap();
    let site = Site::<OwnSecret>::over(sandbox, failing, clock.clone());
    let visit = go(&site.browser(), "/admin").await;
    assert_eq!(
        (visit.status(), visit.hops().len()),
        (StatusCode::BAD_GATEWAY, 1)
    );
    let call_log = site.sandbox.call_log();
    assert_eq!(call_log.count(Endpoint::WechatAuthorize), 0);
    // Kesion's switch for silent logins works with the own secret as well.
    site.sandbox.set_kesion_auto_login(true);
    accounts.invalidate(&site.sandbox.apptoken().into());
    drop(accounts.get(&site.sandbox.apptoken().into()).await.unwrap());
    let login = layer(agreeing, &clock);
    let app = Router::new()
        .route("/", get(subject_or_nothing))
        .layer(login.silent_login())
        .layer(login);
    let server = Server::start(app);
    let phone = site.browser().route(ORIGIN, server.address);
    assert_eq!(
        go(&phone, "/").await.text(),
        OwnSecret::subject(&site.sandbox, "wang")
    );
}

async fn subject_or_nothing(user: Option<Authenticated<WechatUser>>) -> String {
    user.map_or_else(|| ANONYMOUS.to_owned(), |user| user.subject().to_owned())
}
