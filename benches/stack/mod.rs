//! Three login layers around one application, as where managers, teachers and pupils log in each in their own way.

use std::sync::Arc;

use http::header::COOKIE;
use http::{HeaderValue, Request};
use tokio::runtime::Runtime;
use tower::Layer;
use tower_weika::clock::Clock;
use tower_weika::identity::Identity;
use tower_weika::login::LoginLayer;
use tower_weika::provider::{AuthorizeRequest, ExchangeContext, IdentityProvider, Verified};
use tower_weika::session::{Authenticated, Session, SessionTimeouts};
use tower_weika::store::{Inserted, MemoryStore, SessionStore};
use tower_weika::{AuthorizationCode, Error};

use crate::support::{Application, Candidate, bare, cookies, session_id, strangers};

/// The series of session ids of the innermost layer; the others follow.
const FIRST_SERIES: u64 = 16;

/// Somebody who has logged in through one of the layers: every layer has a type of identity of its own.
#[derive(Debug)]
struct Member<const LAYER: usize>(String);

impl<const LAYER: usize> Identity for Member<LAYER> {
    fn subject(&self) -> &str {
        &self.0
    }
}

struct Provider<const LAYER: usize>(String);

impl<const LAYER: usize> IdentityProvider for Provider<LAYER> {
    type Identity = Member<LAYER>;

    fn name(&self) -> &str {
        &self.0
    }

    fn application(&self) -> &str {
        "test-application"
    }

    fn code_parameter(&self) -> &str {
        "wxcode"
    }

    async fn authorize_url(&self, request: AuthorizeRequest<'_>) -> Result<String, Error> {
        Ok(format!("https://provider.example/?state={}", request.state))
    }

    async fn exchange(
        &self,
        code: AuthorizationCode,
        _: ExchangeContext<'_>,
    ) -> Result<Verified<Member<LAYER>>, Error> {
        Ok(Verified::new(Member(code.expose().to_owned())))
    }
}

/// A layer, and the cookies of those who have logged in through it.
struct Way<const LAYER: usize> {
    login: LoginLayer<Provider<LAYER>, MemoryStore<Member<LAYER>>>,
    cookies: Vec<String>,
}

impl<const LAYER: usize> Way<LAYER> {
    fn with_sessions(count: usize, runtime: &Runtime) -> Self {
        let store = MemoryStore::<Member<LAYER>>::builder()
            .sessions_per_subject(None)
            .build();
        let provider = Provider(format!("way-{LAYER}"));
        let builder = LoginLayer::builder(provider)
            .store(store.clone())
            .public_url("https://campus.example");
        let login = builder.build().expect("valid settings");
        let now = Clock::system().now();
        let cookie = |number| {
            let id = session_id(FIRST_SERIES + LAYER as u64, number);
            let session = Session::new(
                id,
                Member(format!("member-{LAYER}")),
                SessionTimeouts::default(),
                now,
            );
            let session = session.within(*login.namespace());
            let inserted = runtime.block_on(async {
                let since = store.stamp(session.namespace()).await?;
                store.insert(session, None, since).await
            });
            assert_eq!(inserted.expect("the store takes it"), Inserted::Kept);
            format!("__Host-way-{LAYER}-session={}", &*id.expose())
        };
        let cookies = (0..count).map(cookie).collect();
        Self { login, cookies }
    }
}

/// What is compared: the bare application, and up to three layers around it.
pub(crate) fn candidates(sessions: usize) -> Vec<Candidate> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let innermost = Way::<0>::with_sessions(sessions, &runtime);
    let middle = Way::<1>::with_sessions(sessions, &runtime);
    let outermost = Way::<2>::with_sessions(sessions, &runtime);

    let known: Arc<[HeaderValue]> = innermost
        .cookies
        .iter()
        .map(|cookie| cookies(cookie))
        .collect();
    let thrice = innermost
        .cookies
        .iter()
        .zip(&middle.cookies)
        .zip(&outermost.cookies);
    let thrice: Arc<[_]> = thrice
        .map(|((one, two), three)| cookies(&format!("{three}; {two}; {one}")))
        .collect();

    let one = innermost.login.layer(Application::known_by(is_known::<0>));
    let two = middle.login.layer(one.clone());
    let three = outermost.login.layer(two.clone());
    let application = Application::known_by(|request| {
        is_known::<0>(request) && is_known::<1>(request) && is_known::<2>(request)
    });
    let all = outermost
        .login
        .layer(middle.login.layer(innermost.login.layer(application)));
    vec![
        bare(&known),
        Candidate::new("1 layer", one, COOKIE, &known, true),
        Candidate::new(
            "2 layers, session of the innermost",
            two,
            COOKIE,
            &known,
            true,
        ),
        Candidate::new(
            "3 layers, session of the innermost",
            three.clone(),
            COOKIE,
            &known,
            true,
        ),
        Candidate::new("3 layers, a session of each", all, COOKIE, &thrice, true),
        Candidate::new(
            "3 layers, foreign cookies",
            three,
            COOKIE,
            &strangers(sessions),
            false,
        ),
    ]
}

fn is_known<const LAYER: usize>(request: &Request<()>) -> bool {
    request
        .extensions()
        .get::<Authenticated<Member<LAYER>>>()
        .is_some()
}
