//! Where the instances of a test's site meet.

use super::*;
use crate::coordination::tests::InMemoryCoordinator;
use crate::coordination::{BoxFuture, FlowState, Lease, LeaseResponse};
use crate::secret::AccessToken;
use crate::session::Namespace;
use crate::session::{Session, SessionId};
use crate::store::{Inserted, Lookup, Stamp};

/// What the instances share: a table, whose every word is written down, and which may fail in one thing only.
#[derive(Debug, Default)]
pub(super) struct Meeting {
    pub(super) table: InMemoryCoordinator,
    fails_to: Mutex<Option<&'static str>>,
    /// The names of flows that somebody wanted to claim.
    claims: Mutex<Vec<String>>,
    outcomes: Mutex<Vec<Vec<u8>>>,
    /// How often an instance asked for a flow.
    pub(super) looks: AtomicUsize,
}

impl Meeting {
    pub(super) fn fail_to(&self, what: Option<&'static str>) {
        *self.fails_to.lock().unwrap() = what;
    }

    fn answer<'a, T: Send + 'a>(&self, what: &str, answer: BoxFuture<'a, T>) -> BoxFuture<'a, T> {
        if *self.fails_to.lock().unwrap() == Some(what) {
            // Not of the kind that it should be of.
            return Box::pin(async { Err(Error::new(ErrorKind::Fault, "as planned")) });
        }
        answer
    }

    pub(super) fn claims(&self) -> Vec<String> {
        self.claims.lock().unwrap().clone()
    }

    pub(super) fn outcome(&self) -> Vec<u8> {
        self.outcomes.lock().unwrap().last().unwrap().clone()
    }

    /// What another instance says of the flow that was claimed last.
    pub(super) async fn settle(&self, outcome: &[u8]) {
        let flow = self.claims().pop().unwrap();
        self.table.complete_flow(&flow, outcome).await.unwrap();
    }
}

impl Coordinator for Meeting {
    fn claim_flow<'a>(
        &'a self,
        flow: &'a str,
        kept_for: Duration,
    ) -> BoxFuture<'a, Option<FlowState>> {
        self.claims.lock().unwrap().push(flow.to_owned());
        self.answer(
            "claim",
            Box::pin(async move { self.table.claim_flow(flow, kept_for).await }),
        )
    }

    fn flow_state<'a>(&'a self, flow: &'a str) -> BoxFuture<'a, Option<FlowState>> {
        self.looks.fetch_add(1, Ordering::Relaxed);
        self.answer("look", self.table.flow_state(flow))
    }

    fn complete_flow<'a>(&'a self, flow: &'a str, outcome: &'a [u8]) -> BoxFuture<'a, ()> {
        self.outcomes.lock().unwrap().push(outcome.to_vec());
        self.answer(
            "settle",
            Box::pin(async move { self.table.complete_flow(flow, outcome).await }),
        )
    }

    fn reject_flow<'a>(&'a self, flow: &'a str, note: u64) -> BoxFuture<'a, ()> {
        self.answer(
            "settle",
            Box::pin(async move { self.table.reject_flow(flow, note).await }),
        )
    }

    fn acquire_lease<'a>(&'a self, name: &'a str, newer_than: u64) -> BoxFuture<'a, LeaseResponse> {
        self.table.acquire_lease(name, newer_than)
    }

    fn publish_token<'a>(
        &'a self,
        name: &'a str,
        grant: &'a Lease,
        token: &'a AccessToken,
        lifetime: Duration,
    ) -> BoxFuture<'a, bool> {
        self.table.publish_token(name, grant, token, lifetime)
    }

    fn release_lease<'a>(
        &'a self,
        name: &'a str,
        grant: &'a Lease,
        pause: Duration,
    ) -> BoxFuture<'a, ()> {
        self.table.release_lease(name, grant, pause)
    }
}

/// Sessions that several instances see, and where these meet.
#[derive(Clone, Default)]
pub(super) struct Joint {
    sessions: MemoryStore<Person>,
    pub(super) meeting: Arc<Meeting>,
}

impl SessionStore<Person> for Joint {
    type Load = <MemoryStore<Person> as SessionStore<Person>>::Load;

    fn load(&self, namespace: &Namespace, id: &SessionId) -> Lookup<Person, Self::Load> {
        self.sessions.load(namespace, id)
    }

    fn stamp(&self, namespace: &Namespace) -> impl Future<Output = Result<Stamp, Error>> + Send {
        self.sessions.stamp(namespace)
    }

    fn insert(
        &self,
        session: Session<Person>,
        former: Option<&SessionId>,
        since: Stamp,
    ) -> impl Future<Output = Result<Inserted, Error>> + Send {
        self.sessions.insert(session, former, since)
    }

    fn remove(
        &self,
        namespace: &Namespace,
        id: &SessionId,
    ) -> impl Future<Output = Result<(), Error>> + Send {
        self.sessions.remove(namespace, id)
    }

    fn remove_subject(
        &self,
        namespace: &Namespace,
        subject: &str,
    ) -> impl Future<Output = Result<(), Error>> + Send {
        self.sessions.remove_subject(namespace, subject)
    }

    fn remove_all(&self, namespace: &Namespace) -> impl Future<Output = Result<(), Error>> + Send {
        self.sessions.remove_all(namespace)
    }

    fn coordinator(&self) -> Option<Arc<dyn Coordinator>> {
        Some(Arc::clone(&self.meeting) as _)
    }
}

/// An instance of the site that `origin` is an instance of, with secrets of its own.
pub(super) fn instance<St>(
    origin: &Site<St>,
    store: &Joint,
    secret: u8,
    former: &[u8],
) -> Site<Joint> {
    let (provider, clock) = (origin.provider.clone(), origin.clock.clone());
    let builder = LoginLayer::builder(provider.clone())
        .store(store.clone())
        .public_url("https://campus.example");
    let builder = builder.secret([secret; 32]).clock(clock.clock());
    let builder = former.iter().fold(builder, |builder, byte| {
        builder.previous_secret([*byte; 32])
    });
    Site {
        provider,
        clock,
        login: builder.build().unwrap(),
    }
}
