//! A TCP proxy with network faults, between a client and its Redis.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle, sleep};
use std::time::Duration;

use crate::redis_server::{Redis, free_port, until};

/// The present fault of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// No fault.
    None,
    /// Each chunk from the server is delayed by a random time up to this long. The bytes stay in
    /// order.
    Delay { up_to: Duration, seed: u64 },
    /// Connections open, but no bytes pass: the server does not receive the requests.
    BlackHole,
    /// The server receives the requests, but its replies get lost.
    LoseReplies,
    /// As `LoseReplies`, but only on connections that have subscribed to a channel.
    LoseMessages,
    /// New connections are refused. Open ones continue, see [`Proxy::cut`].
    Refuse,
}

/// A loopback port that forwards to a Redis, subject to the present [`Fault`]. It uses threads, so
/// that it works independently of the runtime of the test.
pub(crate) struct Proxy {
    address: SocketAddr,
    url: String,
    network: Arc<Network>,
    /// Accepts connections. `None` while they are refused.
    acceptor: Mutex<Option<Acceptor>>,
}

impl Proxy {
    /// Starts without faults. The Redis may be killed and restarted.
    pub(crate) fn start(redis: &Redis) -> Self {
        let (address, listener) = loop {
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
            if let Ok(listener) = TcpListener::bind(address) {
                break (address, listener);
            }
        };
        let network = Arc::new(Network {
            server: redis.address(),
            fault: Mutex::new(Fault::None),
            tunnels: Mutex::new(Vec::new()),
            accepted: AtomicU64::new(0),
        });
        let acceptor = Mutex::new(Some(Acceptor::open(listener, Arc::clone(&network))));
        Self {
            address,
            url: redis.url_at(address.port()),
            network,
            acceptor,
        }
    }

    /// The URL of the Redis through this proxy, for a client.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sets the fault from now on. A connection that has lost bytes is cut when the fault ends,
    /// because TCP never skips bytes.
    #[track_caller]
    pub(crate) fn set(&self, fault: Fault) {
        let mut acceptor = lock(&self.acceptor);
        if fault == Fault::Refuse {
            if let Some(acceptor) = acceptor.take() {
                acceptor.close(self.address);
            }
        } else if acceptor.is_none() {
            until("the port can be listened on again", || {
                let listener = TcpListener::bind(self.address);
                *acceptor = listener
                    .ok()
                    .map(|listener| Acceptor::open(listener, Arc::clone(&self.network)));
                acceptor.is_some()
            });
        }
        self.network.set(fault);
    }

    /// Cuts all connections. Whether new ones are accepted does not change.
    pub(crate) fn cut(&self) {
        self.network.cut(|_| true);
    }

    /// Sends these bytes to every client now, as if they came from the server, and returns the
    /// number of clients. A client may ignore bytes that arrive while it awaits no reply, see
    /// [`inject_before_next_reply`](Self::inject_before_next_reply).
    pub(crate) fn inject(&self, bytes: &[u8]) -> usize {
        let tunnels = lock(&self.network.tunnels).clone();
        tunnels
            .iter()
            .filter(|tunnel| tunnel.send(&mut lock(&tunnel.extra), bytes).is_ok())
            .count()
    }

    /// Stores these bytes for every present client and sends them right before the server's next
    /// bytes: the client takes them for its reply, and each reply for that of its next request.
    /// Returns the number of clients.
    pub(crate) fn inject_before_next_reply(&self, bytes: &[u8]) -> usize {
        let tunnels = lock(&self.network.tunnels).clone();
        tunnels
            .iter()
            .for_each(|tunnel| lock(&tunnel.extra).extend(bytes));
        tunnels.len()
    }

    /// How many connections have been accepted so far.
    pub(crate) fn accepted(&self) -> u64 {
        self.network.accepted.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some(acceptor) = lock(&self.acceptor).take() {
            acceptor.close(self.address);
        }
        self.cut();
    }
}

/// A listener and the thread that serves it.
struct Acceptor {
    is_closing: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Acceptor {
    fn open(listener: TcpListener, network: Arc<Network>) -> Self {
        let is_closing = Arc::new(AtomicBool::new(false));
        let shared = Arc::clone(&is_closing);
        let thread = thread::spawn(move || {
            for client in listener.incoming() {
                if shared.load(Ordering::SeqCst) {
                    break;
                }
                // Clients see a server that is down as a connection that closes at once.
                let _served = client.and_then(|client| network.serve(client));
            }
        });
        Self { is_closing, thread }
    }

    /// When this returns, the system refuses connections.
    fn close(self, address: SocketAddr) {
        self.is_closing.store(true, Ordering::SeqCst);
        // Wakes the thread; if another connection has done so and the port is closed, this fails
        // harmlessly.
        let _woken = TcpStream::connect(address);
        let _ended = self.thread.join();
    }
}

struct Network {
    server: SocketAddr,
    fault: Mutex<Fault>,
    tunnels: Mutex<Vec<Arc<Tunnel>>>,
    accepted: AtomicU64,
}

/// The connection of one client, and the one to the server for it.
struct Tunnel {
    /// Counts from 0.
    number: u64,
    client: TcpStream,
    server: TcpStream,
    /// Sent to the client before the server's next bytes. Locked while anything is written to the
    /// client.
    extra: Mutex<Vec<u8>>,
    has_lost_bytes: AtomicBool,
    has_subscribed: AtomicBool,
}

impl Network {
    fn serve(self: &Arc<Self>, client: TcpStream) -> io::Result<()> {
        let number = self.accepted.fetch_add(1, Ordering::SeqCst);
        let server = TcpStream::connect(self.server)?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let tunnel = Tunnel {
            number,
            client,
            server,
            extra: Mutex::default(),
            has_lost_bytes: AtomicBool::new(false),
            has_subscribed: AtomicBool::new(false),
        };
        let tunnel = Arc::new(tunnel);
        lock(&self.tunnels).push(Arc::clone(&tunnel));
        for pass in [Self::pass_requests, Self::pass_replies] {
            let (network, tunnel) = (Arc::clone(self), Arc::clone(&tunnel));
            thread::spawn(move || {
                // Ends when either side closes the connection.
                let _ended = pass(&network, &tunnel);
                network.cut(|other| Arc::ptr_eq(other, &tunnel));
            });
        }
        Ok(())
    }

    fn pass_requests(&self, tunnel: &Tunnel) -> io::Result<()> {
        let mut buffer = [0; 16 * 1024];
        while let length @ 1.. = (&tunnel.client).read(&mut buffer)? {
            if buffer[..length].windows(9).any(|word| word == b"SUBSCRIBE") {
                tunnel.has_subscribed.store(true, Ordering::SeqCst);
            }
            if !self.loses(tunnel, &[Fault::BlackHole]) {
                (&tunnel.server).write_all(&buffer[..length])?;
            }
        }
        Ok(())
    }

    fn pass_replies(&self, tunnel: &Tunnel) -> io::Result<()> {
        let mut buffer = [0; 16 * 1024];
        let mut pieces = 0;
        while let length @ 1.. = (&tunnel.server).read(&mut buffer)? {
            let fault = *lock(&self.fault);
            if let Fault::Delay { up_to, seed } = fault {
                sleep(delay(up_to, seed, tunnel.number, pieces));
                pieces += 1;
            }
            let faults = [Fault::BlackHole, Fault::LoseReplies, Fault::LoseMessages];
            let has_subscribed = tunnel.has_subscribed.load(Ordering::SeqCst);
            if !self.loses(
                tunnel,
                if has_subscribed {
                    &faults
                } else {
                    &faults[..2]
                },
            ) {
                tunnel.send(&mut lock(&tunnel.extra), &buffer[..length])?;
            }
        }
        Ok(())
    }

    /// Whether the bytes received on this tunnel are lost, which the tunnel records.
    fn loses(&self, tunnel: &Tunnel, faults: &[Fault]) -> bool {
        // Locked until the loss is recorded, so that no loss is missed while the fault changes.
        let fault = lock(&self.fault);
        let is_lost = faults.contains(&fault);
        if is_lost {
            tunnel.has_lost_bytes.store(true, Ordering::SeqCst);
        }
        is_lost
    }

    fn set(&self, fault: Fault) {
        let mut present = lock(&self.fault);
        if *present != fault {
            *present = fault;
            self.cut(|tunnel| tunnel.has_lost_bytes.load(Ordering::SeqCst));
        }
    }

    fn cut(&self, is_chosen: impl Fn(&Arc<Tunnel>) -> bool) {
        lock(&self.tunnels).retain(|tunnel| {
            let is_chosen = is_chosen(tunnel);
            if is_chosen {
                // Fails if the peer has closed the connection already.
                let _cut = [
                    tunnel.client.shutdown(Shutdown::Both),
                    tunnel.server.shutdown(Shutdown::Both),
                ];
            }
            !is_chosen
        });
    }
}

impl Tunnel {
    fn send(&self, extra: &mut Vec<u8>, bytes: &[u8]) -> io::Result<()> {
        extra.extend(bytes);
        (&self.client).write_all(&std::mem::take(extra))
    }
}

/// Returns the same delay for the same seed, connection and chunk.
pub(crate) fn delay(up_to: Duration, seed: u64, connection: u64, piece: u64) -> Duration {
    // xorshift64*, a few rounds to mix the three values.
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15)
        ^ connection.rotate_left(32)
        ^ piece
        ^ 0x2545_F491_4F6C_DD1D;
    for _ in 0..4 {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        state = state.wrapping_mul(0x2545_F491_4F6C_DD1D);
    }
    up_to.mul_f64((state >> 11) as f64 / (1_u64 << 53) as f64)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
