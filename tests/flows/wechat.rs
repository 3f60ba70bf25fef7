//! Flows that only WeChat users have: binding, silent login, the official account from Kesion.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use http::StatusCode;
use tokio::task::JoinSet;
use tower_weika::client::binding::BindingClient;
use tower_weika::client::kesion::KesionClient;
use tower_weika::clock::{ManualClock, Timestamp};
use tower_weika::guard::GuardLayer;
use tower_weika::identity::{Manager, WechatUser};
use tower_weika::login::{LoginLayer, LoginLayerBuilder};
use tower_weika::official_account::OfficialAccounts;
use tower_weika::provider::{IdentityProvider, WechatUserProvider, WeikaManagerProvider};
use tower_weika::session::Authenticated;
use tower_weika_sandbox::{
    BindingState, Browser, Endpoint, Fault, KesionState, Sandbox, SandboxBuilder, Visit,
    WechatPerson,
};

use super::site::{ORIGIN, Server, address, soon, time_of};
use super::way::{Way, Wechat, Weika};

/// The timeout of calls: generous, because the machine may be busy.
const BUSY: Duration = Duration::from_secs(30);

/// A site with both logins, for the official account of the school of the sandbox's example
/// managers.
struct Campus {
    sandbox: Sandbox,
    clock: ManualClock,
    server: Server,
    accounts: OfficialAccounts,
}

async fn who(
    manager: Option<Authenticated<Manager>>,
    user: Option<Authenticated<WechatUser>>,
) -> String {
    let manager = manager.map_or_else(|| "no manager".to_owned(), |it| it.user_id.to_string());
    let user = user.map_or_else(
        || "no user".to_owned(),
        |it| {
            format!(
                "{} {}",
                it.open_id,
                if it.is_bound() { "bound" } else { "unbound" }
            )
        },
    );
    format!("{manager}, {user}")
}

impl Campus {
    /// Starts the site. The official account is the one that Kesion names.
    async fn start() -> Self {
        Self::with(|sandbox| sandbox).await
    }

    async fn with(settings: impl FnOnce(SandboxBuilder) -> SandboxBuilder) -> Self {
        let clock = ManualClock::new(Timestamp::from_unix_seconds(1_760_000_000));
        let sandbox = Sandbox::builder()
            .clock(time_of(&clock))
            .auto_approve("wang")
            .wechat_auto_approve("xiaoming");
        let sandbox = settings(sandbox).start().await.expect("a sandbox");
        let kesion = KesionClient::builder(sandbox.base_url())
            .total_timeout(BUSY)
            .build()
            .expect("a client");
        let accounts = OfficialAccounts::builder(kesion)
            .clock(clock.clock())
            .build();
        let binding = BindingClient::builder(sandbox.base_url())
            .total_timeout(BUSY)
            .permit_timeout(BUSY)
            .clock(clock.clock())
            .build()
            .expect("a client");
        let wechat = WechatUserProvider::builder(binding)
            .official_account(accounts.school_account(sandbox.apptoken()))
            .application("school")
            .authorize_url(format!(
                "{}{}",
                sandbox.base_url(),
                Endpoint::WechatAuthorize.path()
            ))
            .build()
            .expect("a provider");
        let weika = Weika::provider(&sandbox, clock.clock(), BUSY);
        // The same secret on purpose: the separation of the two logins must not depend on it.
        let users = layer(wechat, &clock, "weika");
        let managers: LoginLayer<WeikaManagerProvider> = layer(weika, &clock, "wechat");
        let app = Router::new()
            .route("/", get(who))
            .route(
                "/app/{*rest}",
                get(who).layer(GuardLayer::<WechatUser>::bound("/bind")),
            )
            .route(
                "/bind",
                get(who).layer(GuardLayer::<WechatUser>::logged_in()),
            )
            .route("/admin", get(who).layer(GuardLayer::<Manager>::logged_in()))
            .layer(users.silent_login())
            .layer(users)
            .layer(managers);
        Self {
            server: Server::start(app),
            sandbox,
            clock,
            accounts,
        }
    }

    fn phone(&self) -> Browser {
        Browser::new()
            .route(ORIGIN, self.server.address)
            .clock(time_of(&self.clock))
            .user_agent(Wechat::AGENT)
    }

    /// Changes Kesion's response, and drops the cached one.
    async fn set_kesion(&self, state: KesionState) {
        self.sandbox.set_kesion(state);
        let token = self.sandbox.apptoken().into();
        self.accounts.invalidate(&token);
        drop(self.accounts.get(&token).await);
    }

    fn open_id(&self, follower: &str) -> String {
        Wechat::subject(&self.sandbox, follower)
    }
}

fn layer<P: IdentityProvider>(provider: P, clock: &ManualClock, other: &str) -> LoginLayer<P> {
    let builder = LoginLayer::builder(provider)
        .silent_login()
        .public_url(ORIGIN)
        .secret([7; 32])
        .clock(clock.clock());
    let others =
        ["login", "callback", "logout"].map(|endpoint| format!("/auth/{other}/{endpoint}"));
    others
        .into_iter()
        .fold(builder, LoginLayerBuilder::never_return_to)
        .build()
        .expect("a login layer")
}

async fn go(browser: &Browser, path: &str) -> Visit {
    browser
        .get(&format!("{ORIGIN}{path}"))
        .await
        .expect("a response")
}

#[tokio::test]
async fn unbound_user_is_redirected_to_the_bind_page_and_returns_bound() {
    let campus = Campus::start().await;
    campus.sandbox.wechat_auto_approve("xiaohong");
    let phone = campus.phone();
    let visit = go(&phone, "/app/deep?x=1").await;
    assert_eq!(
        address(&visit),
        format!("{ORIGIN}/bind?return_to=%2Fapp%2Fdeep%3Fx%3D1")
    );
    let open_id = campus.open_id("xiaohong");
    assert_eq!(visit.text(), format!("no manager, {open_id} unbound"));
    let rejected = phone.fetch(&format!("{ORIGIN}/app/deep")).await.unwrap();
    assert_eq!(
        (
            rejected.status(),
            rejected.json().unwrap()["error"].as_str()
        ),
        (StatusCode::FORBIDDEN, Some("unbound"))
    );

    campus.sandbox.bind("xiaohong");
    // Binding alone does not change the session: the operator has to be called again.
    assert!(address(&go(&phone, "/app/deep?x=1").await).contains("/bind?"));
    let visit = go(&phone, "/auth/wechat/login?return_to=%2Fapp%2Fdeep%3Fx%3D1").await;
    assert_eq!(address(&visit), format!("{ORIGIN}/app/deep?x=1"));
    assert_eq!(visit.text(), format!("no manager, {open_id} bound"));
}

#[tokio::test]
async fn fragment_of_the_return_target_replaces_the_fragment_of_wechat() {
    let campus = Campus::start().await;
    let visit = go(
        &campus.phone(),
        "/auth/wechat/login?return_to=/app/x%23/route",
    )
    .await;
    assert_eq!(visit.url(), format!("{ORIGIN}/app/x#/route"));
    // Without a fragment, the browser keeps WeChat's (Fetch §4.4).
    let visit = go(&campus.phone(), "/app/x").await;
    assert_eq!(visit.url(), format!("{ORIGIN}/app/x#wechat_redirect"));
}

#[tokio::test]
async fn bound_session_never_outlives_the_expiry_that_the_operator_states() {
    for (expire, hours) in [(3_600, 1), (7_200, 2), (604_800, 12)] {
        let campus = Campus::start().await;
        let expire = Some(serde_json::json!(expire));
        campus
            .sandbox
            .faults()
            .once(Endpoint::OpenId, Fault::ExpiresIn(expire.clone()));
        let phone = campus.phone();
        go(&phone, "/app/x").await;
        for _ in 0..hours * 6 - 1 {
            campus.clock.advance(Duration::from_secs(600));
            assert!(
                go(&phone, "/").await.text().ends_with("bound"),
                "{expire:?}"
            );
        }
        campus.clock.advance(Duration::from_secs(600));
        assert!(
            go(&phone, "/").await.text().ends_with("no user"),
            "{expire:?}"
        );
    }
}

#[tokio::test]
async fn two_logins_of_one_site_are_independent() {
    let campus = Campus::start().await;
    let phone = campus.phone();
    let (wang, open_id) = (
        Weika::subject(&campus.sandbox, "wang"),
        campus.open_id("xiaoming"),
    );
    assert_eq!(
        go(&phone, "/admin").await.text(),
        format!("{wang}, no user")
    );
    assert_eq!(
        go(&phone, "/app/x").await.text(),
        format!("{wang}, {open_id} bound")
    );
    let names = |browser: &Browser| {
        let cookies = browser.cookies().into_iter().map(|cookie| cookie.name);
        cookies
            .filter(|name| name.ends_with("-session"))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        names(&phone),
        ["__Host-weika-session", "__Host-wechat-session"]
    );
    let left = phone
        .post(&format!("{ORIGIN}/auth/weika/logout"), "")
        .await
        .unwrap();
    assert_eq!(left.text(), format!("no manager, {open_id} bound"));
    go(&phone, "/admin").await;
    let left = phone
        .post(&format!("{ORIGIN}/auth/wechat/logout"), "")
        .await
        .unwrap();
    assert_eq!(left.text(), format!("{wang}, no user"));
}

#[tokio::test]
async fn t5_login_never_returns_to_an_endpoint_of_the_other_login() {
    let campus = Campus::start().await;
    for endpoint in ["login", "callback%3Fwxcode=1", "%256cogout/"] {
        let visit = go(
            &campus.phone(),
            &format!("/auth/wechat/login?return_to=/auth/weika/{endpoint}"),
        )
        .await;
        assert_eq!(visit.path(), "/", "{endpoint}");
    }
}

#[tokio::test]
async fn state_of_one_login_is_rejected_by_the_callback_of_the_other() {
    let campus = Campus::start().await;
    let phone = campus.phone();
    let begin = async |name: &str| {
        let visit = phone
            .get_no_follow(&format!("{ORIGIN}/auth/{name}/login"))
            .await
            .unwrap();
        let location = visit
            .location()
            .unwrap()
            .trim_end_matches("#wechat_redirect")
            .to_owned();
        location.rsplit_once("&state=").unwrap().1.to_owned()
    };
    let (weika, wechat) = (begin("weika").await, begin("wechat").await);
    let (wxcode, code) = (
        campus.sandbox.issue_wxcode("wang"),
        campus.sandbox.issue_wechat_code("xiaoming"),
    );
    let crossed = [
        format!(
            "/auth/weika/callback?wxcode={}&state={wechat}",
            wxcode.as_deref().unwrap()
        ),
        format!(
            "/auth/wechat/callback?code={}&state={weika}",
            code.as_deref().unwrap()
        ),
    ];
    for path in crossed {
        let visit = go(&phone, &path).await;
        assert_eq!(
            (visit.status(), visit.hops().len()),
            (StatusCode::BAD_REQUEST, 1),
            "{path}"
        );
    }
    let call_log = campus.sandbox.call_log();
    assert_eq!(
        (
            call_log.count(Endpoint::ManagerInfo),
            call_log.count(Endpoint::OpenId)
        ),
        (0, 0)
    );
    // Each state is valid at its own callback.
    let landed = go(
        &phone,
        &format!(
            "/auth/wechat/callback?code={}&state={wechat}",
            code.unwrap()
        ),
    )
    .await;
    assert_eq!(
        landed.text(),
        format!("no manager, {} bound", campus.open_id("xiaoming"))
    );
}

#[tokio::test]
async fn login_without_an_account_from_kesion_ends_on_a_page_and_not_at_wechat() {
    let campus = Campus::start().await;
    for state in [
        KesionState::NotAuthorized,
        KesionState::NotOpened,
        KesionState::Failing,
    ] {
        campus.set_kesion(state).await;
        let visit = go(&campus.phone(), "/app/x").await;
        assert_eq!(
            (visit.status(), visit.hops().len()),
            (StatusCode::BAD_GATEWAY, 1),
            "{state:?}"
        );
    }
    campus.set_kesion(KesionState::Authorized).await;
    assert_eq!(go(&campus.phone(), "/app/x").await.status(), StatusCode::OK);
    // Cached for five minutes, and longer if Kesion fails.
    let calls = campus.sandbox.call_log().count(Endpoint::OfficialAccount);
    go(&campus.phone(), "/app/x").await;
    assert_eq!(
        campus.sandbox.call_log().count(Endpoint::OfficialAccount),
        calls
    );
    campus
        .sandbox
        .faults()
        .always(Endpoint::OfficialAccount, Fault::BadGateway);
    campus.clock.advance(Duration::from_secs(3_600));
    assert_eq!(go(&campus.phone(), "/app/x").await.status(), StatusCode::OK);
    assert_eq!(
        campus.sandbox.call_log().count(Endpoint::OfficialAccount),
        calls + 1
    );
}

#[tokio::test]
async fn silent_login_happens_only_while_kesions_switch_is_on() {
    let campus = Campus::start().await;
    assert_eq!(go(&campus.phone(), "/").await.text(), "no manager, no user");
    campus.sandbox.set_kesion_auto_login(true);
    // While the switch is unknown, requests do not wait for it and no login begins.
    campus
        .accounts
        .invalidate(&campus.sandbox.apptoken().into());
    assert_eq!(go(&campus.phone(), "/").await.text(), "no manager, no user");
    campus.set_kesion(KesionState::Authorized).await;
    let phone = campus.phone();
    let visit = go(&phone, "/?page=1").await;
    assert_eq!(address(&visit), format!("{ORIGIN}/?page=1"));
    assert_eq!(
        visit.text(),
        format!("no manager, {} bound", campus.open_id("xiaoming"))
    );
    let left = phone
        .post(&format!("{ORIGIN}/auth/wechat/logout"), "")
        .await
        .unwrap();
    assert_eq!(left.text(), "no manager, no user", "once per visit");
    // No silent login for a desktop browser, nor for any browser while Kesion or the operator
    // fails.
    let desktop = campus.phone().user_agent(Weika::AGENT);
    assert_eq!(go(&desktop, "/").await.text(), "no manager, no user");
    campus
        .sandbox
        .set_binding(BindingState::OperatorUnavailable);
    let visit = go(&campus.phone(), "/?page=2").await;
    assert_eq!(
        (address(&visit), visit.text().as_str()),
        (format!("{ORIGIN}/?page=2").as_str(), "no manager, no user")
    );
    campus.sandbox.set_binding(BindingState::Normal);
    // An unverified account, whose visitors would get an error page of WeChat.
    campus.sandbox.set_kesion_verified(false);
    campus.set_kesion(KesionState::Authorized).await;
    assert_eq!(go(&campus.phone(), "/").await.hops().len(), 1);
    campus.sandbox.set_kesion_verified(true);
    for state in [KesionState::Failing, KesionState::NotAuthorized] {
        campus.set_kesion(state).await;
        assert_eq!(go(&campus.phone(), "/").await.hops().len(), 1, "{state:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_concurrent_cold_logins_call_kesion_once_and_the_operator_a_thousand_times() {
    const LOGINS: u64 = 1_000;
    let followers = |sandbox: SandboxBuilder| {
        (0..LOGINS).fold(sandbox, |sandbox, number| {
            let mobile = format!("139{number:08}");
            sandbox.wechat_person(
                WechatPerson::new(format!("p{number}"), "学生")
                    .mobile(mobile)
                    .bound(),
            )
        })
    };
    let campus = Arc::new(Campus::with(followers).await);
    let mut logins = JoinSet::new();
    for number in 0..LOGINS {
        let campus = Arc::clone(&campus);
        logins.spawn(async move {
            let (phone, person) = (campus.phone(), format!("p{number}"));
            let begun = phone
                .get_no_follow(&format!("{ORIGIN}/app/{number}"))
                .await
                .unwrap();
            let location = begun
                .location()
                .unwrap()
                .trim_end_matches("#wechat_redirect");
            let (_, state) = location.rsplit_once("&state=").unwrap();
            let code = campus.sandbox.issue_wechat_code(&person).unwrap();
            let landed = go(
                &phone,
                &format!("/auth/wechat/callback?code={code}&state={state}"),
            )
            .await;
            assert_eq!(landed.path(), format!("/app/{number}"));
            assert_eq!(
                landed.text(),
                format!("no manager, {} bound", campus.open_id(&person)),
                "each browser has its own identity"
            );
        });
    }
    soon(logins.join_all()).await;
    let call_log = campus.sandbox.call_log();
    assert_eq!(
        (
            call_log.count(Endpoint::OfficialAccount),
            call_log.count(Endpoint::OpenId)
        ),
        (1, LOGINS)
    );
    assert_eq!(
        (
            call_log.codes_exchanged(),
            call_log.codes_refused(),
            call_log.max_uses_of_one_code()
        ),
        (LOGINS, 0, 1)
    );
}

#[tokio::test]
async fn desktop_browser_gets_a_page_with_a_qr_code_and_no_dead_end() {
    let campus = Campus::start().await;
    for agent in [
        Weika::AGENT,
        "Mozilla/5.0 wxwork/4.1.36 (MicroMessenger/6.2) WeChat/2.0.4",
    ] {
        let visit = go(&campus.phone().user_agent(agent), "/app/deep").await;
        assert_eq!(
            visit.url(),
            format!("{ORIGIN}/auth/wechat/login?return_to=%2Fapp%2Fdeep")
        );
        assert!(
            visit.status() == StatusCode::OK && visit.text().contains("<svg"),
            "{agent}"
        );
    }
    assert_eq!(
        campus.sandbox.call_log().count(Endpoint::WechatAuthorize),
        0
    );
}
