//! The server that the upstream systems live in.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};

use super::builder::SandboxBuilder;
use super::fault::Faults;
use super::ledger::Ledger;
use super::person::Person;
use super::quirk::Quirks;
use super::reply::Shared;
use super::weika::Approval;

/// The upstream systems, on a port of this machine. Ends when it is dropped.
pub struct Sandbox {
    address: SocketAddr,
    pub(super) shared: Arc<Shared>,
    acceptor: JoinHandle<()>,
}

impl Sandbox {
    /// Starts a sandbox with the defaults, on a free port of `127.0.0.1`.
    ///
    /// # Errors
    ///
    /// When no port can be had.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    pub(super) fn run(listener: TcpListener, address: SocketAddr, shared: Shared) -> Self {
        let shared = Arc::new(shared);
        let acceptor = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Self { address, shared, acceptor }
    }

    /// A sandbox to be set up.
    pub fn builder() -> SandboxBuilder {
        SandboxBuilder::default()
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens, as `http://address:port` without a path.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The `app_key` of the first application.
    #[must_use]
    pub fn app_key(&self) -> &str {
        &self.shared.systems.weika.apps[0].key
    }

    /// The `app_secret` of the first application.
    #[must_use]
    pub fn app_secret(&self) -> &str {
        &self.shared.systems.weika.apps[0].secret
    }

    /// The people who can log in at Weika.
    #[must_use]
    pub fn people(&self) -> &[Person] {
        &self.shared.systems.weika.people
    }

    /// What happened so far.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        self.shared.ledger.clone()
    }

    /// The switchboard of how answers look.
    #[must_use]
    pub fn quirks(&self) -> Quirks {
        self.shared.quirks.clone()
    }

    /// The switchboard of what goes wrong.
    #[must_use]
    pub fn faults(&self) -> Faults {
        self.shared.faults.clone()
    }

    /// From now on `manager-connect` does not ask, but logs the person of this id in at once. A person who
    /// is not there gets an error page. Faults of the way back still happen.
    pub fn auto_approve(&self, person: impl Into<String>) {
        self.set_approval(Approval::Approve(person.into()));
    }

    /// What `manager-connect` does from now on.
    pub fn set_approval(&self, approval: Approval) {
        *self.shared.systems.weika.approval() = approval;
    }

    /// A `wxcode` for the person of this id at the first application, as if a browser had been there.
    /// `None` if there is no such person.
    #[must_use]
    pub fn issue_wxcode(&self, person: &str) -> Option<String> {
        self.shared.systems.weika.issue_code(0, person)
    }

    /// Makes every access token unknown, as when somebody reset the application's secret.
    pub fn revoke_tokens(&self) {
        self.shared.systems.weika.tokens.revoke_all();
    }

    /// Ends it: all connections break, and when this returns, new ones are refused.
    pub async fn shutdown(mut self) {
        self.acceptor.abort();
        // An error here says that it was aborted.
        let _aborted = (&mut self.acceptor).await;
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.acceptor.abort();
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox")
            .field("address", &self.address)
            .field("quirks", &self.shared.quirks)
            .field("faults", &self.shared.faults)
            .finish_non_exhaustive()
    }
}

/// Listens at `address`.
pub(super) fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // On Windows this would let two sandboxes share a port.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    // Ten thousand may come at once; the system lowers this to what it allows.
    socket.listen(16_384)
}

/// How long a client may take to send the head of a request, and to send the next request over the same connection.
const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(10);

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    // Aborts all connections when this task is.
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                connections.spawn(serve(stream, Arc::clone(&shared)));
            }
            // Out of file descriptors, most likely: some will be closed soon.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    // Without effect on what is said; a socket that is gone is noticed below.
    let _delayed = stream.set_nodelay(true);
    let reset = Arc::new(Notify::new());
    let service = {
        let reset = Arc::clone(&reset);
        service_fn(move |request| {
            let (shared, reset) = (Arc::clone(&shared), Arc::clone(&reset));
            async move { Ok::<_, std::convert::Infallible>(shared.reply(request, reset).await) }
        })
    };
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(HEADER_READ_TIMEOUT);
    let mut connection = server.serve_connection(TokioIo::new(stream), service);
    let mut told_to_reset = pin!(reset.notified());
    let must_reset = poll_fn(|context| {
        if told_to_reset.as_mut().poll(context).is_ready() {
            return Poll::Ready(true);
        }
        Pin::new(&mut connection).poll(context).map(|_| false)
    })
    .await;
    if must_reset {
        let stream = connection.into_parts().io.into_inner();
        // With no time to linger, closing sends RST instead of FIN.
        let _not_supported = stream.set_zero_linger();
    }
}
