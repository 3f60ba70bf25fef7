//! Several instances behave as one site: one token, one session, one exchange.

use std::time::Duration;

use serde_json::json;
use tokio::task::JoinSet;
use tower_weika_sandbox::{Browser, Endpoint, Fault, Person, Sandbox, School, Visit};

use crate::instances::{Instances, ORIGIN, at, me, session_cookie};
use crate::redis_server::now;
use crate::support::Site;
use crate::{log_in, phone};

/// Polls until something is true, for one second at most.
pub(crate) async fn within_a_second(what: &str, is_so: impl AsyncFn() -> bool) {
    let since = now();
    loop {
        let elapsed = since.elapsed();
        if is_so().await {
            return;
        }
        assert!(
            elapsed < Duration::from_secs(1),
            "{what}: not true after {elapsed:?}"
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn log_out(browser: &Browser, site: &Site, login: &str) {
    let page = at(browser, site)
        .post(&format!("{ORIGIN}/auth/{login}/logout"), "")
        .await
        .expect("the site responds");
    assert_eq!(
        (page.status().as_u16(), page.url()),
        (200, format!("{ORIGIN}/").as_str())
    );
}

/// Begins a login at this instance and approves it. The callback is not requested yet.
async fn approved(browser: &Browser, site: &Site, person: &str) -> Approved {
    let browser = at(browser, site);
    let page = browser
        .get(&format!("{ORIGIN}/admin/deep?x=1"))
        .await
        .expect("the site responds");
    let flow_cookies = page
        .hops()
        .iter()
        .flat_map(|hop| hop.set_cookies.clone())
        .collect();
    let approve = page
        .link(&format!("data-person=\"{person}\""))
        .expect("the sandbox offers this person");
    let back = browser
        .get_no_follow(&approve)
        .await
        .expect("the sandbox responds");
    Approved {
        callback: back
            .location()
            .expect("a redirect to the callback")
            .to_owned(),
        flow_cookies,
    }
}

struct Approved {
    callback: String,
    flow_cookies: Vec<String>,
}

impl Approved {
    /// A browser with the cookies of the login so far, as it is for each of several concurrent
    /// requests.
    fn browser(&self) -> Browser {
        let browser = Browser::new();
        for cookie in &self.flow_cookies {
            browser.plant_cookie(ORIGIN, cookie).expect("an address");
        }
        browser
    }

    /// The response of this instance, and the session in it.
    async fn call_back(&self, site: &Site) -> (Visit, Option<String>, Browser) {
        let browser = self.browser();
        let visit = at(&browser, site)
            .get_no_follow(&self.callback)
            .await
            .expect("the site responds");
        let session = session_cookie(&browser);
        (visit, session, browser)
    }
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn four_cold_instances_fetch_one_token_for_all() {
    let instances = Instances::with(Sandbox::builder().auto_approve("wang")).await;
    // Long enough for each instance to begin a separate fetch.
    let delay = Fault::Delay(Duration::from_millis(500));
    instances
        .sandbox
        .faults()
        .always(Endpoint::AccessToken, delay);
    let sites: Vec<Site> = (0..4).map(|_| instances.start()).collect();
    let mut visits = JoinSet::new();
    for (number, site) in sites.iter().cycle().take(40).enumerate() {
        let browser = at(&Browser::new(), site);
        let path = if number % 8 < 4 { "/readyz" } else { "/admin" };
        visits.spawn(async move { browser.get(&format!("{ORIGIN}{path}")).await });
    }
    for visit in visits.join_all().await {
        let visit = visit.expect("the site responds");
        assert_eq!(visit.status(), 200, "{visit:?} {}", visit.text());
    }
    assert_eq!(instances.sandbox.call_log().count(Endpoint::AccessToken), 1);
    assert_eq!(instances.sandbox.call_log().codes_exchanged(), 20);
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn session_of_one_instance_is_live_at_the_other_and_is_revoked_by_a_logout_at_either() {
    let instances = Instances::none_yet().await;
    let (a, b) = (instances.start(), instances.start());
    let browser = phone();
    log_in(&at(&browser, &a), &format!("{ORIGIN}/admin"), "wang").await;
    log_in(&at(&browser, &b), &format!("{ORIGIN}/app"), "xiaoming").await;
    for site in [&a, &b] {
        // Both instances have cached the sessions now.
        let (status, identities) = me(&browser, site).await;
        assert_eq!(status, 200);
        assert_eq!(identities["manager"]["name"], json!("王老师"));
        assert_eq!(
            identities["wechat"]["open_id"],
            json!("oFollowerXiaoming00000000001")
        );
        for path in ["/admin/deep", "/app/deep"] {
            let page = at(&browser, site)
                .get_no_follow(&format!("{ORIGIN}{path}"))
                .await
                .unwrap();
            assert_eq!(page.status(), 200, "{path}");
        }
    }

    log_out(&browser, &b, "weika").await;
    assert!(
        me(&browser, &b).await.1["manager"].is_null(),
        "at this instance at once"
    );
    within_a_second("no manager at A", async || {
        me(&browser, &a).await.1["manager"].is_null()
    })
    .await;
    let sent = at(&browser, &a)
        .get_no_follow(&format!("{ORIGIN}/admin"))
        .await
        .unwrap();
    assert_eq!(sent.status(), 303, "to the login");
    for site in [&a, &b] {
        assert!(
            me(&browser, site).await.1["wechat"].is_object(),
            "the other login is not affected"
        );
    }

    log_out(&browser, &a, "wechat").await;
    assert_eq!(me(&browser, &a).await.0, 401);
    within_a_second("no user at B", async || me(&browser, &b).await.0 == 401).await;
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn logout_revokes_stolen_cookies_at_all_instances_within_a_second() {
    let instances = Instances::none_yet().await;
    let (a, b) = (instances.start(), instances.start());
    let browser = phone();
    log_in(&at(&browser, &a), &format!("{ORIGIN}/admin"), "wang").await;
    log_in(&at(&browser, &b), &format!("{ORIGIN}/app"), "xiaoming").await;
    let thief = phone();
    for cookie in browser
        .cookies()
        .iter()
        .filter(|cookie| cookie.name.ends_with("-session"))
    {
        let cookie = format!("{}={}; Path=/; Secure; HttpOnly", cookie.name, cookie.value);
        thief.plant_cookie(ORIGIN, &cookie).unwrap();
    }
    for (login, person, logged_out_at, other) in
        [("weika", "manager", &b, &a), ("wechat", "wechat", &a, &b)]
    {
        for site in [&a, &b] {
            // Both instances have cached the session now.
            assert!(me(&thief, site).await.1[person].is_object());
        }
        log_out(&browser, logged_out_at, login).await;
        let is_anonymous_at = async |site| me(&thief, site).await.1[person].is_null();
        assert!(
            is_anonymous_at(logged_out_at).await,
            "{person}: at this instance at once"
        );
        within_a_second(person, async || is_anonymous_at(other).await).await;
    }
    for site in [&a, &b] {
        assert_eq!(me(&thief, site).await.0, 401);
    }
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn fifty_callbacks_over_two_instances_are_one_exchange_and_one_session() {
    let instances = Instances::none_yet().await;
    let sites = [instances.start(), instances.start()];
    let approved = approved(&Browser::new(), &sites[0], "wang").await;
    let delay = Fault::Delay(Duration::from_millis(300));
    instances
        .sandbox
        .faults()
        .always(Endpoint::ManagerInfo, delay);
    let calls = sites
        .iter()
        .cycle()
        .take(50)
        .map(|site| approved.call_back(site));
    let mut sessions = Vec::new();
    for (response, session, browser) in futures_util::future::join_all(calls).await {
        assert_eq!(
            (response.status().as_u16(), response.location()),
            (303, Some("/admin/deep?x=1"))
        );
        sessions.push(session.expect("a session in each response"));
        for site in &sites {
            assert_eq!(
                me(&browser, site).await.1["manager"]["name"],
                json!("王老师")
            );
        }
    }
    sessions.dedup();
    assert_eq!(sessions.len(), 1, "all have the same session");
    let call_log = instances.sandbox.call_log();
    assert_eq!(
        (
            call_log.count(Endpoint::ManagerInfo),
            call_log.codes_exchanged(),
            call_log.tokens_issued()
        ),
        (1, 1, 1)
    );
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn doubled_callbacks_of_fifty_users_give_one_session_per_user() {
    let school = || School::examples()[0].clone();
    let person = |number| {
        let person = Person::new(
            format!("person-{number}"),
            format!("user-{number}"),
            format!("name {number}"),
        );
        person.school(school()).current_school(school())
    };
    let sandbox = (0..50).fold(Sandbox::builder(), |sandbox, number| {
        sandbox.person(person(number))
    });
    let instances = Instances::with(sandbox).await;
    let (a, b) = (instances.start(), instances.start());
    let logins = (0..50).map(async |number| {
        let begun_at = if number % 2 == 0 { &a } else { &b };
        let approved = approved(&Browser::new(), begun_at, &format!("person-{number}")).await;
        let (one, other) = tokio::join!(approved.call_back(&a), approved.call_back(&b));
        for (response, ..) in [&one, &other] {
            assert_eq!(
                (response.status().as_u16(), response.location()),
                (303, Some("/admin/deep?x=1")),
                "{number}"
            );
        }
        assert!(
            one.1.is_some() && one.1 == other.1,
            "{number}: one session for both callbacks"
        );
        for site in [&a, &b] {
            assert_eq!(
                me(&one.2, site).await.1["manager"]["user_id"],
                json!(format!("user-{number}"))
            );
        }
        one.1
    });
    let mut sessions: Vec<_> = futures_util::future::join_all(logins)
        .await
        .into_iter()
        .flatten()
        .collect();
    sessions.sort();
    sessions.dedup();
    assert_eq!(sessions.len(), 50);
    let call_log = instances.sandbox.call_log();
    assert_eq!(
        (
            call_log.codes_exchanged(),
            call_log.max_uses_of_one_code(),
            call_log.tokens_issued()
        ),
        (50, 1, 1)
    );
}
