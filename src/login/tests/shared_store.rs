//! Store and coordinator that the instances of a test share.

use derive_where::derive_where;

use super::*;
use crate::coordination::tests::InMemoryCoordinator;
use crate::coordination::{BoxFuture, FlowState, Lease, LeaseResponse};
use crate::secret::AccessToken;
use crate::session::Namespace;
use crate::session::{Session, SessionDigest, SessionId, SessionInfo};
use crate::store::{Inserted, Lookup, Previous, Stamp};

/// A coordinator that records claims and outcomes, and in which one kind of call can be set to
/// fail.
#[derive(Debug, Default)]
pub(super) struct RecordingCoordinator {
    pub(super) table: InMemoryCoordinator,
    failing_call: Mutex<Option<&'static str>>,
    /// The names of the flows of all claims.
    claims: Mutex<Vec<String>>,
    outcomes: Mutex<Vec<Vec<u8>>>,
    /// The number of `flow_state` calls.
    pub(super) state_queries: AtomicUsize,
}

impl RecordingCoordinator {
    pub(super) fn set_failing_call(&self, what: Option<&'static str>) {
        *self.failing_call.lock().unwrap() = what;
    }

    fn or_failure<'a, T: Send + 'a>(
        &self,
        what: &str,
        result: BoxFuture<'a, T>,
    ) -> BoxFuture<'a, T> {
        if *self.failing_call.lock().unwrap() == Some(what) {
            // Not the documented kind: callers must not depend on it.
            return Box::pin(async { Err(Error::new(ErrorKind::Fault, "as planned")) });
        }
        result
    }

    pub(super) fn claims(&self) -> Vec<String> {
        self.claims.lock().unwrap().clone()
    }

    pub(super) fn outcome(&self) -> Vec<u8> {
        self.outcomes.lock().unwrap().last().unwrap().clone()
    }

    /// Completes the flow of the last claim with this outcome, as another instance would.
    pub(super) async fn complete(&self, outcome: &[u8]) {
        let flow = self.claims().pop().unwrap();
        self.table.complete_flow(&flow, outcome).await.unwrap();
    }
}

impl Coordinator for RecordingCoordinator {
    fn claim_flow<'a>(
        &'a self,
        flow: &'a str,
        kept_for: Duration,
    ) -> BoxFuture<'a, Option<FlowState>> {
        self.claims.lock().unwrap().push(flow.to_owned());
        self.or_failure(
            "claim",
            Box::pin(async move { self.table.claim_flow(flow, kept_for).await }),
        )
    }

    fn flow_state<'a>(&'a self, flow: &'a str) -> BoxFuture<'a, Option<FlowState>> {
        self.state_queries.fetch_add(1, Ordering::Relaxed);
        self.or_failure("flow_state", self.table.flow_state(flow))
    }

    fn complete_flow<'a>(&'a self, flow: &'a str, outcome: &'a [u8]) -> BoxFuture<'a, ()> {
        self.outcomes.lock().unwrap().push(outcome.to_vec());
        self.or_failure(
            "complete",
            Box::pin(async move { self.table.complete_flow(flow, outcome).await }),
        )
    }

    fn reject_flow<'a>(&'a self, flow: &'a str, note: u64) -> BoxFuture<'a, ()> {
        self.or_failure(
            "complete",
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

/// A session store that several instances share, with its coordinator.
#[derive_where(Clone, Default)]
pub(super) struct SharedStore<I: Identity = Person> {
    sessions: MemoryStore<I>,
    pub(super) coordinator: Arc<RecordingCoordinator>,
    /// Whether all sessions are revoked just before an insertion.
    pub(super) revoke_before_insert: Arc<AtomicBool>,
    pub(super) fails_to_insert: Arc<AtomicBool>,
}

impl SharedStore {
    pub(super) fn is_empty(&self) -> bool {
        self.sessions.is_empty()
    }
}

impl<I: Identity> SessionStore<I> for SharedStore<I> {
    type Load = <MemoryStore<I> as SessionStore<I>>::Load;

    fn load(&self, namespace: &Namespace, id: &SessionId) -> Lookup<I, Self::Load> {
        self.sessions.load(namespace, id)
    }

    fn stamp(&self, namespace: &Namespace) -> impl Future<Output = Result<Stamp, Error>> + Send {
        self.sessions.stamp(namespace)
    }

    async fn insert(
        &self,
        session: Session<I>,
        previous: Option<Previous<'_>>,
        since: Stamp,
    ) -> Result<Inserted, Error> {
        if self.fails_to_insert.load(Ordering::Relaxed) {
            // Not the documented kind: callers must not depend on it.
            return Err(Error::new(ErrorKind::Fault, "as planned"));
        }
        if self.revoke_before_insert.load(Ordering::Relaxed) {
            self.sessions.remove_all(session.namespace()).await?;
        }
        self.sessions.insert(session, previous, since).await
    }

    fn remove(
        &self,
        namespace: &Namespace,
        id: &SessionId,
    ) -> impl Future<Output = Result<bool, Error>> + Send {
        self.sessions.remove(namespace, id)
    }

    async fn remove_of(
        &self,
        namespace: &Namespace,
        subject: &str,
        session: &SessionDigest,
    ) -> Result<bool, Error> {
        self.sessions.remove_of(namespace, subject, session).await
    }

    async fn remove_subject(
        &self,
        namespace: &Namespace,
        subject: &str,
        kept: Option<&SessionId>,
    ) -> Result<(), Error> {
        self.sessions.remove_subject(namespace, subject, kept).await
    }

    fn remove_all(&self, namespace: &Namespace) -> impl Future<Output = Result<(), Error>> + Send {
        self.sessions.remove_all(namespace)
    }

    async fn sessions_of(
        &self,
        namespace: &Namespace,
        subject: &str,
    ) -> Result<Vec<SessionInfo>, Error> {
        self.sessions.sessions_of(namespace, subject).await
    }

    fn coordinator(&self) -> Option<Arc<dyn Coordinator>> {
        Some(Arc::clone(&self.coordinator) as _)
    }
}

/// Returns another instance of the application of `origin`, with its store.
pub(super) fn instance<St>(
    origin: &Site<St>,
    store: &SharedStore,
    secret: u8,
    previous: &[u8],
) -> Site<SharedStore> {
    instance_with(origin, store, |builder| {
        let builder = builder.secret([secret; 32]);
        previous.iter().fold(builder, |builder, byte| {
            builder.previous_secret([*byte; 32])
        })
    })
}

/// Returns another instance of the application of `origin`, with its store and these settings.
pub(super) fn instance_with<St>(
    origin: &Site<St>,
    store: &SharedStore,
    settings: impl FnOnce(
        LoginLayerBuilder<Provider, SharedStore>,
    ) -> LoginLayerBuilder<Provider, SharedStore>,
) -> Site<SharedStore> {
    let (provider, clock) = (origin.provider.clone(), origin.clock.clone());
    let builder = LoginLayer::builder(provider.clone())
        .store(store.clone())
        .public_url("https://campus.example");
    let builder = settings(builder.secret([9; 32]).clock(clock.clock()));
    Site {
        provider,
        clock,
        login: builder.build().unwrap(),
    }
}
