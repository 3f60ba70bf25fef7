//! A load balancer, whose connections go to one process after the other.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::RwLock;

/// Stops with the runtime.
pub(crate) struct Balancer {
    pub(crate) address: SocketAddr,
    processes: Arc<RwLock<Vec<SocketAddr>>>,
}

impl Balancer {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let processes = Arc::<RwLock<Vec<SocketAddr>>>::default();
        let known = Arc::clone(&processes);
        tokio::spawn(async move {
            for number in 0.. {
                let (browser, _) = listener.accept().await.expect("a connection");
                tokio::spawn(forward(browser, Arc::clone(&known), number));
            }
        });
        Self { address, processes }
    }

    /// Sends connections to these processes from now on. When this returns, all connections to
    /// others are established.
    pub(crate) async fn send_to(&self, processes: &[SocketAddr]) {
        let mut known = self.processes.write().await;
        known.clear();
        known.extend(processes);
    }
}

async fn forward(mut browser: TcpStream, processes: Arc<RwLock<Vec<SocketAddr>>>, number: usize) {
    let connected = {
        let processes = processes.read().await;
        TcpStream::connect(processes[number % processes.len()]).await
    };
    // A failure closes the connection of the browser, which the test notices.
    if let Ok(mut process) = connected {
        drop(copy_bidirectional(&mut browser, &mut process).await);
    }
}
