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

/// Scripted answer of the far end.
#[derive(Clone, Copy)]
enum Answer {
    /// It is authorized; with this APPID.
    Account(&'static str),
    NotAuthorized,
    Reset,
    Late,
    Panic,
}

/// A far end that counts, and answers when its gate is open.
struct FarEnd {
    calls: AtomicUsize,
    gate: Semaphore,
    answer: Mutex<Answer>,
}

/// A cache before a far end, with a clock that is moved by hand.
struct Bench {
    far_end: Arc<FarEnd>,
    clock: ManualClock,
    accounts: OfficialAccounts,
}

impl Bench {
    fn new(answer: Answer) -> Self {
        Self::with(answer, |builder| builder)
    }

    fn with(
        answer: Answer,
        settings: impl FnOnce(OfficialAccountsBuilder) -> OfficialAccountsBuilder,
    ) -> Self {
        let gate = Semaphore::new(Semaphore::MAX_PERMITS);
        let far_end = Arc::new(FarEnd {
            calls: AtomicUsize::new(0),
            gate,
            answer: Mutex::new(answer),
        });
        let asked = Arc::clone(&far_end);
        let transport = Transport::new(service_fn(move |request| {
            Arc::clone(&asked).answer(request)
        }));
        let client = KesionClient::builder("https://school.example")
            .transport(transport)
            .build()
            .unwrap();
        let clock = ManualClock::new(START);
        let accounts = settings(OfficialAccounts::builder(client).clock(clock.clock())).build();
        Self {
            far_end,
            clock,
            accounts,
        }
    }

    fn school(&self) -> SchoolAccount {
        self.accounts.school_account("t0ken")
    }

    fn answer_with(&self, answer: Answer) {
        *self.far_end.answer.lock().unwrap() = answer;
    }

    fn close(&self) {
        self.far_end.gate.forget_permits(Semaphore::MAX_PERMITS);
    }

    fn open(&self) {
        self.far_end.gate.add_permits(10_000);
    }

    fn calls(&self) -> usize {
        self.far_end.calls.load(Ordering::SeqCst)
    }
}

impl FarEnd {
    async fn answer(
        self: Arc<Self>,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Full<Bytes>>, BoxError> {
        let body = request.into_body().collect().await.unwrap().to_bytes();
        assert!(body.starts_with(b"apptoken=t0ken"));
        self.calls.fetch_add(1, Ordering::SeqCst);
        // The answer is chosen when the call arrives, as a real system does.
        let answer = *self.answer.lock().unwrap();
        drop(self.gate.acquire().await.unwrap());
        match answer {
            Answer::Account(app_id) => Ok(Response::new(Full::from(format!(
                r#"{{"result":true,"appid":"{app_id}"}}"#
            )))),
            Answer::NotAuthorized => Ok(Response::new(Full::from(
                r#"{"result":false,"returnCode":3002}"#,
            ))),
            Answer::Reset => Err("reset by peer".into()),
            Answer::Late => Err(TransportFailure::TimedOut("late".into()).into()),
            Answer::Panic => panic!("scripted panic"),
        }
    }
}

/// Lets the tasks run as far as they get by themselves.
async fn settle() {
    for _ in 0..100 {
        yield_now().await;
    }
}

/// Returns the APPID or the kind of the error.
fn told(outcome: Result<AccountAuthorization, Error>) -> Result<String, ErrorKind> {
    match outcome {
        Ok(AccountAuthorization::Authorized(account)) => Ok(account.app_id.to_owned()),
        Ok(_) => Ok("none".to_owned()),
        Err(error) => Err(error.kind()),
    }
}

async fn ask(school: &SchoolAccount) -> Result<String, ErrorKind> {
    told(school.get().await)
}

/// Starts a thousand callers, each in its own task, and runs them as far as they get.
async fn concurrent_callers(school: &SchoolAccount) -> JoinSet<Result<String, ErrorKind>> {
    let mut callers = JoinSet::new();
    for _ in 0..1_000 {
        let school = school.clone();
        callers.spawn(async move { ask(&school).await });
    }
    settle().await;
    callers
}

#[track_caller]
fn assert_all(told: &[Result<String, ErrorKind>], expected: Result<&str, ErrorKind>) {
    assert_eq!(told.len(), 1_000);
    assert!(
        told.iter()
            .all(|told| told.as_ref().map(String::as_str).map_err(|kind| *kind) == expected),
        "{told:?}"
    );
}
