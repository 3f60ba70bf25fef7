//! A network that can fail: what stands between a client and its Redis.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle, sleep};
use std::time::Duration;

use crate::redis_server::{Redis, free_port, until};

/// What is wrong with the network at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// Each piece that the server sends waits for a random time up to this long. The bytes stay in order.
    Delay { up_to: Duration, seed: u64 },
    /// Connections open, but nothing gets through: the server does not hear the requests.
    BlackHole,
    /// The server hears the requests, but its answers get lost.
    LoseReplies,
    /// Connections are refused. Those that are there already go on, see [`Proxy::cut`].
    Refuse,
}

/// A loopback port behind which a Redis can be reached, as far as the present [`Fault`] lets it. Has threads of its
/// own, so that it works whatever the runtime of the test does.
pub(crate) struct Proxy {
    address: SocketAddr,
    url: String,
    network: Arc<Network>,
    /// Takes connections. `None` while they are refused.
    door: Mutex<Option<Door>>,
}

impl Proxy {
    /// Without faults at first. The Redis may be killed and restarted.
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
            lines: Mutex::new(Vec::new()),
            accepted: AtomicU64::new(0),
        });
        let door = Mutex::new(Some(Door::open(listener, Arc::clone(&network))));
        Self {
            address,
            url: redis.url_at(address.port()),
            network,
            door,
        }
    }

    /// For a client: the URL of the Redis, but through this proxy.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on. A connection whose bytes have got lost is cut when the loss ends: TCP does not leave out bytes.
    #[track_caller]
    pub(crate) fn set(&self, fault: Fault) {
        let mut door = lock(&self.door);
        if fault == Fault::Refuse {
            if let Some(door) = door.take() {
                door.close(self.address);
            }
        } else if door.is_none() {
            until("the port can be listened on again", || {
                let listener = TcpListener::bind(self.address);
                *door = listener
                    .ok()
                    .map(|listener| Door::open(listener, Arc::clone(&self.network)));
                door.is_some()
            });
        }
        self.network.set(fault);
    }

    /// Cuts all connections. New ones are taken or not as before.
    pub(crate) fn cut(&self) {
        self.network.cut(|_| true);
    }

    /// Sends these bytes to every client now, as if they came from the server, and tells how many clients there are.
    /// A client may ignore what comes while it waits for nothing, see
    /// [`inject_before_next_reply`](Self::inject_before_next_reply).
    pub(crate) fn inject(&self, bytes: &[u8]) -> usize {
        let lines = lock(&self.network.lines).clone();
        lines
            .iter()
            .filter(|line| line.send(&mut lock(&line.extra), bytes).is_ok())
            .count()
    }

    /// Keeps these bytes for every present client, and sends them right before what the server sends next: the client
    /// takes them for the answer, and each answer for that to its next request. Tells how many clients there are.
    pub(crate) fn inject_before_next_reply(&self, bytes: &[u8]) -> usize {
        let lines = lock(&self.network.lines).clone();
        lines
            .iter()
            .for_each(|line| lock(&line.extra).extend(bytes));
        lines.len()
    }

    /// How many connections have been taken so far.
    pub(crate) fn accepted(&self) -> u64 {
        self.network.accepted.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some(door) = lock(&self.door).take() {
            door.close(self.address);
        }
        self.cut();
    }
}

/// A listener and the thread that serves it.
struct Door {
    is_closing: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Door {
    fn open(listener: TcpListener, network: Arc<Network>) -> Self {
        let is_closing = Arc::new(AtomicBool::new(false));
        let shared = Arc::clone(&is_closing);
        let thread = thread::spawn(move || {
            for client in listener.incoming() {
                if shared.load(Ordering::SeqCst) {
                    break;
                }
                // A server that is down is seen as a connection that ends at once.
                let _served = client.and_then(|client| network.serve(client));
            }
        });
        Self { is_closing, thread }
    }

    /// Once this returns, the system refuses connections.
    fn close(self, address: SocketAddr) {
        self.is_closing.store(true, Ordering::SeqCst);
        // Wakes the thread; if somebody else has, and the port is closed already, the better.
        let _woken = TcpStream::connect(address);
        let _ended = self.thread.join();
    }
}

struct Network {
    server: SocketAddr,
    fault: Mutex<Fault>,
    lines: Mutex<Vec<Arc<Line>>>,
    accepted: AtomicU64,
}

/// One client's connection, and that to the server for it.
struct Line {
    /// Counts from 0.
    number: u64,
    client: TcpStream,
    server: TcpStream,
    /// What goes to the client before the server's next bytes. Locked while anything is written to the client.
    extra: Mutex<Vec<u8>>,
    has_lost_bytes: AtomicBool,
}

impl Network {
    fn serve(self: &Arc<Self>, client: TcpStream) -> io::Result<()> {
        let number = self.accepted.fetch_add(1, Ordering::SeqCst);
        let server = TcpStream::connect(self.server)?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let line = Line {
            number,
            client,
            server,
            extra: Mutex::default(),
            has_lost_bytes: AtomicBool::new(false),
        };
        let line = Arc::new(line);
        lock(&self.lines).push(Arc::clone(&line));
        for pass in [Self::pass_requests, Self::pass_replies] {
            let (network, line) = (Arc::clone(self), Arc::clone(&line));
            thread::spawn(move || {
                // Ends with the connection, whoever ends it.
                let _ended = pass(&network, &line);
                network.cut(|other| Arc::ptr_eq(other, &line));
            });
        }
        Ok(())
    }

    fn pass_requests(&self, line: &Line) -> io::Result<()> {
        let mut buffer = [0; 16 * 1024];
        while let length @ 1.. = (&line.client).read(&mut buffer)? {
            if !self.loses(line, &[Fault::BlackHole]) {
                (&line.server).write_all(&buffer[..length])?;
            }
        }
        Ok(())
    }

    fn pass_replies(&self, line: &Line) -> io::Result<()> {
        let mut buffer = [0; 16 * 1024];
        let mut pieces = 0;
        while let length @ 1.. = (&line.server).read(&mut buffer)? {
            let fault = *lock(&self.fault);
            if let Fault::Delay { up_to, seed } = fault {
                sleep(delay(up_to, seed, line.number, pieces));
                pieces += 1;
            }
            if !self.loses(line, &[Fault::BlackHole, Fault::LoseReplies]) {
                line.send(&mut lock(&line.extra), &buffer[..length])?;
            }
        }
        Ok(())
    }

    /// Whether what came on this line is lost, which the line remembers.
    fn loses(&self, line: &Line, faults: &[Fault]) -> bool {
        // Held until the loss is noted, so that nothing is lost unnoticed while the fault changes.
        let fault = lock(&self.fault);
        let is_lost = faults.contains(&fault);
        if is_lost {
            line.has_lost_bytes.store(true, Ordering::SeqCst);
        }
        is_lost
    }

    fn set(&self, fault: Fault) {
        let mut present = lock(&self.fault);
        if *present != fault {
            *present = fault;
            self.cut(|line| line.has_lost_bytes.load(Ordering::SeqCst));
        }
    }

    fn cut(&self, is_chosen: impl Fn(&Arc<Line>) -> bool) {
        lock(&self.lines).retain(|line| {
            let is_chosen = is_chosen(line);
            if is_chosen {
                // Fails if the other side has hung up already.
                let _cut = [
                    line.client.shutdown(Shutdown::Both),
                    line.server.shutdown(Shutdown::Both),
                ];
            }
            !is_chosen
        });
    }
}

impl Line {
    fn send(&self, extra: &mut Vec<u8>, bytes: &[u8]) -> io::Result<()> {
        extra.extend(bytes);
        (&self.client).write_all(&std::mem::take(extra))
    }
}

/// The same for the same seed, connection and piece.
pub(crate) fn delay(up_to: Duration, seed: u64, connection: u64, piece: u64) -> Duration {
    // xorshift64*, a few rounds to mix the three.
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
