//! The application's own users: `map` over all ways to log in.

#![expect(
    clippy::unwrap_used,
    reason = "the functions are tests, and `all_ways` says so"
)]

use std::marker::PhantomData;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use http::{Response, StatusCode};
use tokio::task::JoinSet;
use tower_weika::Error;
use tower_weika::clock::{Clock, ManualClock, Timestamp};
use tower_weika::identity::Identity;
use tower_weika::login::LoginLayer;
use tower_weika::provider::{IdentityProvider, Mapped};
use tower_weika::response::Pages;
use tower_weika::session::Authenticated;
use tower_weika_sandbox::{Approval, Endpoint, Sandbox, SandboxBuilder};

use super::site::{ANONYMOUS, ORIGIN, Server, Site, time_of};
use super::way::Way;

/// A user of the site; the session holds the key only.
#[derive(Debug)]
pub(crate) struct Member {
    key: String,
}

impl Identity for Member {
    fn subject(&self) -> &str {
        &self.key
    }
}

/// The table of users: the subjects of the provider, in the order of their first login.
#[derive(Clone, Default)]
struct Users {
    subjects: Arc<Mutex<Vec<String>>>,
    denied: Arc<Mutex<Option<String>>>,
    runs: Arc<Mutex<usize>>,
}

impl Users {
    async fn sign_in(&self, subject: String) -> Result<Member, Error> {
        *self.runs.lock().unwrap() += 1;
        tokio::task::yield_now().await;
        if self.denied.lock().unwrap().as_ref() == Some(&subject) {
            return Err(Error::denied(format!("{subject}: <b>no member</b>")));
        }
        let mut subjects = self.subjects.lock().unwrap();
        let row = subjects.iter().position(|known| *known == subject);
        let row = row.unwrap_or_else(|| {
            subjects.push(subject);
            subjects.len() - 1
        });
        let key = format!("member-{row}");
        Ok(Member { key })
    }

    fn runs(&self) -> usize {
        *self.runs.lock().unwrap()
    }
}

/// The way `W`, with the users of the site.
struct Own<W>(PhantomData<W>);

impl<W: Way> Way for Own<W> {
    type Provider = Mapped<W::Provider, Member>;

    const NAME: &'static str = W::NAME;
    const CODE: &'static str = W::CODE;
    const AUTHORIZE: Endpoint = W::AUTHORIZE;
    const APPROVE: Endpoint = W::APPROVE;
    const EXCHANGE: Endpoint = W::EXCHANGE;
    const ERRCODE_IN_SUCCESS: bool = W::ERRCODE_IN_SUCCESS;
    const TOKENS: u64 = W::TOKENS;
    const EXTREMES: [&'static str; 2] = W::EXTREMES;
    const AGENT: &'static str = W::AGENT;

    fn sandbox(builder: SandboxBuilder) -> SandboxBuilder {
        W::sandbox(builder)
    }

    fn provider(sandbox: &Sandbox, clock: Clock, timeout: Duration) -> Self::Provider {
        own_provider::<W>(sandbox, clock, timeout, &Users::default())
    }

    fn set_approval(sandbox: &Sandbox, approval: Approval) {
        W::set_approval(sandbox, approval);
    }

    fn issue_code(sandbox: &Sandbox, person: &str) -> Option<String> {
        W::issue_code(sandbox, person)
    }

    fn subject(sandbox: &Sandbox, person: &str) -> String {
        W::subject(sandbox, person)
    }

    fn identity(subject: &str) -> Member {
        let key = subject.to_owned();
        Member { key }
    }

    async fn have_token(provider: &Self::Provider) {
        W::have_token(provider.inner()).await;
    }

    fn forget_token(provider: &Self::Provider) {
        W::forget_token(provider.inner());
    }
}

fn own_provider<W: Way>(
    sandbox: &Sandbox,
    clock: Clock,
    timeout: Duration,
    users: &Users,
) -> Mapped<W::Provider, Member> {
    let users = users.clone();
    let provider = W::provider(sandbox, clock, timeout);
    provider.map(
        move |identity: <W::Provider as IdentityProvider>::Identity| {
            let users = users.clone();
            async move { users.sign_in(identity.subject().to_owned()).await }
        },
    )
}

async fn start<W: Way>() -> (Site<Own<W>>, Users) {
    let users = Users::default();
    let clock = ManualClock::new(Timestamp::from_unix_seconds(1_760_000_000));
    let sandbox = W::sandbox(Sandbox::builder().clock(time_of(&clock)));
    let sandbox = sandbox.start().await.unwrap();
    let timeout = Duration::from_secs(30);
    let provider = own_provider::<W>(&sandbox, clock.clock(), timeout, &users);
    let pages = Pages::custom(|page| {
        let reason = page.error().and_then(Error::reason).unwrap_or("-");
        Response::new(format!("{:?}: {reason}", page.kind()))
    });
    let login = LoginLayer::builder(provider.clone())
        .public_url(ORIGIN)
        .pages(pages)
        .clock(clock.clock())
        .build()
        .unwrap();
    let who = async |member: Option<Authenticated<Member>>| {
        member.map_or_else(|| ANONYMOUS.to_owned(), |member| member.key.clone())
    };
    let server = Server::start(Router::new().route("/", get(who)).layer(login.clone()));
    let site = Site {
        sandbox,
        provider,
        login,
        clock,
        server,
    };
    (site, users)
}

async fn first_login_creates_the_user_and_the_next_one_finds_it<W: Way>() {
    let (site, users) = start::<W>().await;
    for (person, key) in [
        ("wang", "member-0"),
        ("li", "member-1"),
        ("wang", "member-0"),
    ] {
        let browser = site.browser();
        let state = site.begin(&browser, "/").await;
        let page = browser.get(&site.callback(person, &state)).await.unwrap();
        assert_eq!((page.path(), page.text().as_str()), ("/", key));
    }
    let expected = ["wang", "li"].map(|person| site.subject(person));
    assert_eq!(*users.subjects.lock().unwrap(), expected);
    site.login.revoke_sessions_of("member-1").await.unwrap();
    assert_eq!(users.runs(), 3);
}

async fn user_denied_by_map_reads_name_and_reason_on_the_custom_page<W: Way>() {
    let (site, users) = start::<W>().await;
    let subject = site.subject("li");
    *users.denied.lock().unwrap() = Some(subject.clone());
    let browser = site.browser();
    let state = site.begin(&browser, "/").await;
    let callback = site.callback("li", &state);
    for _ in 0..2 {
        let page = browser.get(&callback).await.unwrap();
        assert_eq!(page.status(), StatusCode::FORBIDDEN);
        assert_eq!(page.text(), format!("Denied: {subject}: <b>no member</b>"));
    }
    let script = browser.fetch(&callback).await.unwrap();
    assert_eq!(script.status(), StatusCode::FORBIDDEN);
    let reason = format!("{subject}: <b>no member</b>");
    let json = serde_json::json!({ "error": "denied", "reason": reason });
    assert_eq!(script.json(), Some(json));
    assert_eq!(site.who(&browser).await, ANONYMOUS);
    assert_eq!((users.runs(), site.exchanges()), (1, 1));
    assert!(users.subjects.lock().unwrap().is_empty());
}

async fn fifty_doubled_callbacks_run_map_once_and_are_all_logged_in<W: Way>() {
    let (site, users) = start::<W>().await;
    let browser = site.browser();
    let state = site.begin(&browser, "/").await;
    let callback = site.callback("wang", &state);
    let mut callbacks = JoinSet::new();
    for _ in 0..50 {
        let (browser, callback) = (browser.clone(), callback.clone());
        callbacks.spawn(async move { browser.get(&callback).await.unwrap().text() });
    }
    let pages = callbacks.join_all().await;
    assert_eq!(pages, vec!["member-0"; 50]);
    assert_eq!((users.runs(), site.exchanges()), (1, 1));
}

all_ways! {
    first_login_creates_the_user_and_the_next_one_finds_it,
    user_denied_by_map_reads_name_and_reason_on_the_custom_page;
    on two threads:
    fifty_doubled_callbacks_run_map_once_and_are_all_logged_in,
}
