//! Handle of a running sandbox.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::connection::accept;
use super::respond::Inner;
use crate::state::call_log::CallLog;
use crate::state::fault::Faults;
use crate::state::variation::Variations;

/// Imitation of the upstream systems, on a port of this machine. It stops when the handle is
/// dropped.
pub struct Sandbox {
    address: SocketAddr,
    pub(crate) inner: Arc<Inner>,
    acceptor: JoinHandle<()>,
}

impl Sandbox {
    /// Serves `listener` on a task of the current runtime.
    pub(crate) fn run(listener: TcpListener, inner: Inner) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let inner = Arc::new(inner);
        let acceptor = tokio::spawn(accept(listener, Arc::clone(&inner)));
        Ok(Self {
            address,
            inner,
            acceptor,
        })
    }

    /// Returns the address on which it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the address as `http://address:port` without a path.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the log of the calls so far.
    #[must_use]
    pub fn call_log(&self) -> CallLog {
        self.inner.call_log.clone()
    }

    /// Returns the variations of responses, to be switched on and off.
    #[must_use]
    pub fn variations(&self) -> Variations {
        self.inner.variations.clone()
    }

    /// Returns the faults, to be switched on.
    #[must_use]
    pub fn faults(&self) -> Faults {
        self.inner.faults.clone()
    }

    /// Stops it: all connections break, and new ones are refused from the return of this method on.
    pub async fn shutdown(mut self) {
        self.acceptor.abort();
        // The error says that the task was aborted.
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
            .field("variations", &self.inner.variations)
            .field("faults", &self.inner.faults)
            .finish_non_exhaustive()
    }
}
