use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use tokio::sync::Semaphore;
use tokio::task::{JoinSet, yield_now};
use tokio_test::{assert_pending, assert_ready, task};
use tower::service_fn;

use super::*;
use crate::client::kesion::KesionClient;
use crate::client::{Transport, TransportFailure};
use crate::clock::{ManualClock, Timestamp};
use crate::error::{BoxError, Error, ErrorKind};
use crate::identity::{AccountAuthorization, OfficialAccount};
use crate::secret::AppToken;

mod cache;
mod layer;

const FRESH: Duration = Duration::from_secs(5 * 60);
const BACK_OFF: Duration = Duration::from_secs(10);
const START: Timestamp = Timestamp::from_unix_seconds(1_000_000);

/// Scripted response of Kesion.
#[derive(Clone, Copy)]
enum Reply {
    /// It is authorized; with this APPID.
    Account(&'static str),
    NotAuthorized,
    Reset,
    Late,
    Panic,
}

/// An imitation of Kesion that counts its calls, and responds when its gate is open.
struct ImitatedKesion {
    calls: AtomicUsize,
    gate: Semaphore,
    reply: Mutex<Reply>,
}

/// A cache in front of that imitation, with a manual clock.
struct Bench {
    upstream: Arc<ImitatedKesion>,
    clock: ManualClock,
    accounts: OfficialAccounts,
}

impl Bench {
    fn new(reply: Reply) -> Self {
        Self::with(reply, |builder| builder)
    }

    fn with(
        reply: Reply,
        settings: impl FnOnce(OfficialAccountsBuilder) -> OfficialAccountsBuilder,
    ) -> Self {
        let gate = Semaphore::new(Semaphore::MAX_PERMITS);
        let upstream = Arc::new(ImitatedKesion {
            calls: AtomicUsize::new(0),
            gate,
            reply: Mutex::new(reply),
        });
        let served = Arc::clone(&upstream);
        let transport = Transport::new(service_fn(move |request| {
            Arc::clone(&served).reply(request)
        }));
        let client = KesionClient::builder("https://school.example")
            .transport(transport)
            .build()
            .unwrap();
        let clock = ManualClock::new(START);
        let accounts = settings(OfficialAccounts::builder(client).clock(clock.clock())).build();
        Self {
            upstream,
            clock,
            accounts,
        }
    }

    fn school(&self) -> SchoolAccount {
        self.accounts.school_account("t0ken")
    }

    fn reply_with(&self, reply: Reply) {
        *self.upstream.reply.lock().unwrap() = reply;
    }

    fn close(&self) {
        self.upstream.gate.forget_permits(Semaphore::MAX_PERMITS);
    }

    fn open(&self) {
        self.upstream.gate.add_permits(10_000);
    }

    fn calls(&self) -> usize {
        self.upstream.calls.load(Ordering::SeqCst)
    }
}

impl ImitatedKesion {
    async fn reply(
        self: Arc<Self>,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Full<Bytes>>, BoxError> {
        let body = request.into_body().collect().await.unwrap().to_bytes();
        assert!(body.starts_with(b"apptoken=t0ken"));
        self.calls.fetch_add(1, Ordering::SeqCst);
        // The response is chosen when the call arrives, as a real system does.
        let reply = *self.reply.lock().unwrap();
        drop(self.gate.acquire().await.unwrap());
        match reply {
            Reply::Account(app_id) => Ok(Response::new(Full::from(format!(
                r#"{{"result":true,"appid":"{app_id}"}}"#
            )))),
            Reply::NotAuthorized => Ok(Response::new(Full::from(
                r#"{"result":false,"returnCode":3002}"#,
            ))),
            Reply::Reset => Err("reset by peer".into()),
            Reply::Late => Err(TransportFailure::TimedOut("late".into()).into()),
            Reply::Panic => panic!("scripted panic"),
        }
    }
}

/// Runs the tasks until all of them wait.
async fn settle() {
    for _ in 0..100 {
        yield_now().await;
    }
}

/// Returns the APPID or the kind of the error.
fn app_id_of(outcome: Result<AccountAuthorization, Error>) -> Result<String, ErrorKind> {
    match outcome {
        Ok(AccountAuthorization::Authorized(account)) => Ok(account.app_id.to_owned()),
        Ok(_) => Ok("none".to_owned()),
        Err(error) => Err(error.kind()),
    }
}

async fn app_id(school: &SchoolAccount) -> Result<String, ErrorKind> {
    app_id_of(school.get().await)
}

/// Starts a thousand callers, each in a task, and runs them until all of them wait.
async fn concurrent_callers(school: &SchoolAccount) -> JoinSet<Result<String, ErrorKind>> {
    let mut callers = JoinSet::new();
    for _ in 0..1_000 {
        let school = school.clone();
        callers.spawn(async move { app_id(&school).await });
    }
    settle().await;
    callers
}

#[track_caller]
fn assert_all(outcomes: &[Result<String, ErrorKind>], expected: Result<&str, ErrorKind>) {
    assert_eq!(outcomes.len(), 1_000);
    assert!(
        outcomes
            .iter()
            .all(|outcome| outcome.as_ref().map(String::as_str).map_err(|kind| *kind) == expected),
        "{outcomes:?}"
    );
}
