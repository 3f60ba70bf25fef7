//! Instances of the site that are killed while logins are in progress.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::task::{JoinSet, block_in_place};
use tower_weika_sandbox::{Browser, MemberPerson, Person, Sandbox, School, WechatPerson};

use crate::instances::{Instances, ORIGIN, at, me};
use crate::phone;
use crate::support::Site;

const KILLS: usize = 100;
/// The number of instances that are killed concurrently, so that the test does not take long.
const LANES: usize = 4;
/// The longest life of an instance, which is killed at a random time while a few users log in again
/// and again.
const MAX_LIFE: Duration = Duration::from_millis(150);

/// The number of users who log in by turns. A user has 50 sessions at most, so that a session is
/// evicted only after thousands of logins.
const USERS: usize = 60;

/// Makes the user with a number the next one who logs in.
type Approve = fn(&Sandbox, &str);

fn name_of(user: usize) -> String {
    format!("user{user}")
}

/// Logs in with one new browser after another until the instance is killed. Returns all of them;
/// the login of the last one was interrupted.
async fn log_in_until_killed(
    site: Browser,
    page: &'static str,
    sandbox: Arc<Sandbox>,
    approve: Approve,
) -> Vec<Browser> {
    static LOGINS: AtomicUsize = AtomicUsize::new(0);

    let mut browsers = Vec::new();
    loop {
        let user = LOGINS.fetch_add(1, Ordering::Relaxed) % USERS;
        approve(&sandbox, &name_of(user));
        let browser = site.without_cookies();
        let visit = browser.get(&format!("{ORIGIN}{page}")).await;
        browsers.push(browser);
        match visit {
            Ok(visit) => assert_eq!(visit.status(), 200, "{visit:?}"),
            Err(_killed) => return browsers,
        }
    }
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn no_delivered_session_is_lost_with_a_hundred_instances_killed() {
    let person = |user| Person::new(name_of(user), format!("o-kill-{user}"), name_of(user));
    let sandbox = (0..USERS).fold(Sandbox::builder(), |sandbox, user| {
        sandbox.person(person(user))
    });
    let instances = Instances::with(sandbox.auto_approve(name_of(0))).await;
    let approve: Approve = |sandbox, user| sandbox.auto_approve(user);
    let cookie = "__Host-weika-session";
    kill_a_hundred(&instances, Browser::new, "/admin", cookie, approve).await;
    assert_eq!(
        instances.sandbox.call_log().tokens_issued(),
        1,
        "new instances use the existing token"
    );
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn no_delivered_session_of_a_member_is_lost_with_a_hundred_instances_killed() {
    let [school, ..] = School::examples();
    let sandbox = (0..USERS).fold(Sandbox::builder(), |sandbox, user| {
        let card_number = format!("2026{user:06}");
        sandbox.member(MemberPerson::new(
            name_of(user),
            school.clone(),
            card_number,
        ))
    });
    let instances = Instances::with(sandbox.member_auto_approve(name_of(0))).await;
    let approve: Approve = |sandbox, user| sandbox.member_auto_approve(user);
    let cookie = "__Host-weika-member-session";
    kill_a_hundred(&instances, Browser::new, "/card", cookie, approve).await;
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn no_delivered_session_of_a_wechat_user_is_lost_with_a_hundred_instances_killed() {
    let sandbox = (0..USERS).fold(Sandbox::builder(), |sandbox, user| {
        let person = WechatPerson::new(name_of(user), name_of(user));
        sandbox.wechat_person(person.mobile(format!("139{user:08}")).bound())
    });
    let instances = Instances::with(sandbox.wechat_auto_approve(name_of(0))).await;
    let approve: Approve = |sandbox, user| sandbox.wechat_auto_approve(user);
    let cookie = "__Host-wechat-session";
    kill_a_hundred(&instances, phone, "/app", cookie, approve).await;
}

/// Kills instances while users log in at `page`, and checks each of them at one that stays.
async fn kill_a_hundred(
    instances: &Instances,
    new_browser: fn() -> Browser,
    page: &'static str,
    cookie: &str,
    approve: Approve,
) {
    let steady = instances.start();
    assert_eq!(
        at(&Browser::new(), &steady)
            .get(&format!("{ORIGIN}/readyz"))
            .await
            .expect("the site responds")
            .status(),
        200
    );
    let lane = async || {
        let (mut delivered, mut interrupted) = (0, 0);
        for _ in 0..KILLS / LANES {
            let site = block_in_place(|| instances.start());
            let mut users = JoinSet::new();
            for _ in 0..3 {
                let (browser, sandbox) =
                    (at(&new_browser(), &site), Arc::clone(&instances.sandbox));
                users.spawn(log_in_until_killed(browser, page, sandbox, approve));
            }
            let fraction = RandomState::new().hash_one(delivered) % 1_000;
            tokio::time::sleep(MAX_LIFE * u32::try_from(fraction).expect("small") / 1_000).await;
            // Sends SIGKILL.
            drop(site);
            for browser in users.join_all().await.into_iter().flatten() {
                if browser.cookies().iter().any(|it| it.name == cookie) {
                    delivered += 1;
                    assert_eq!(
                        me(&browser, &steady).await.0,
                        200,
                        "a delivered session is lost"
                    );
                } else {
                    interrupted += 1;
                    let visit = at(&browser, &steady)
                        .get(&format!("{ORIGIN}{page}"))
                        .await
                        .expect("the site responds");
                    assert_eq!(
                        visit.status(),
                        200,
                        "an interrupted user logs in at another instance"
                    );
                }
            }
        }
        (delivered, interrupted)
    };
    let (mut delivered, mut interrupted) = (0, 0);
    for outcome in futures_util::future::join_all((0..LANES).map(|_| lane())).await {
        delivered += outcome.0;
        interrupted += outcome.1;
    }
    eprintln!("{KILLS} kills, {delivered} sessions delivered, {interrupted} logins interrupted");
    assert!(
        delivered >= KILLS && interrupted >= KILLS,
        "{delivered} delivered, {interrupted} interrupted"
    );
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn login_that_began_before_a_kill_completes_at_the_other_instance_and_at_a_new_one() {
    let instances = Instances::none_yet().await;
    for page in ["/admin/deep?x=1", "/card/deep?x=1"] {
        complete_elsewhere(&instances, page).await;
    }
}

async fn complete_elsewhere(instances: &Instances, page: &str) {
    let target = format!("{ORIGIN}{page}");
    let (a, b) = (instances.start(), instances.start());
    let mut pending = Vec::new();
    for _ in 0..2 {
        let browser = Browser::new();
        let page = at(&browser, &a)
            .get(&target)
            .await
            .expect("the site responds");
        pending.push((browser, page));
    }
    drop(a);
    let a: Site = instances.start();
    for ((browser, page), site) in pending.iter().zip([&b, &a]) {
        let visit = at(browser, site)
            .click(page, "data-person=\"wang\"")
            .await
            .expect("the site responds");
        assert_eq!(
            (visit.status().as_u16(), visit.url()),
            (200, target.as_str())
        );
        assert_eq!(
            visit.hops().iter().filter(|hop| hop.status == 303).count(),
            1,
            "one redirect: the login did not restart"
        );
        for site in [&a, &b] {
            assert_eq!(me(browser, site).await.0, 200);
        }
    }
}
