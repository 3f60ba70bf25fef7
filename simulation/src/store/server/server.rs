//! The server: its content, its subscribers, its outages.

use std::collections::BTreeMap;

use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;
use tower_weika::session::SessionDigest;

use super::content::Content;
use super::ledger::Ledger;

/// A message on the invalidation channel of one instance.
#[derive(Clone, Debug)]
pub(crate) enum Message {
    Session(SessionDigest),
    Subject([u8; 16], String),
    All([u8; 16]),
    /// Reply to the heartbeat with this number.
    Alive(u64),
}

#[derive(Debug)]
pub(crate) struct Server {
    started: Instant,
    /// Time at the start, in milliseconds.
    epoch: u64,
    pub(crate) content: Content,
    pub(crate) ledger: Ledger,
    pub(crate) subscribers: BTreeMap<u64, UnboundedSender<Message>>,
    next_subscriber: u64,
    is_up: bool,
    /// When the changes were made that the store has lost: from, until.
    lost: Vec<(u64, u64)>,
    /// The content on the disk, and when it was written.
    snapshot: Option<(Content, u64)>,
    stopped_at: u64,
}

impl Server {
    pub(crate) fn new(epoch: u64) -> Self {
        Self {
            started: Instant::now(),
            epoch,
            content: Content::default(),
            ledger: Ledger::default(),
            subscribers: BTreeMap::new(),
            next_subscriber: 0,
            is_up: true,
            lost: Vec::new(),
            snapshot: None,
            stopped_at: 0,
        }
    }

    /// Milliseconds since the Unix epoch.
    pub(crate) fn now(&self) -> u64 {
        let passed = u64::try_from(self.started.elapsed().as_millis()).expect("a short run");
        self.epoch + passed
    }

    pub(crate) fn is_up(&self) -> bool {
        self.is_up
    }

    pub(crate) fn subscribe(&mut self, messages: UnboundedSender<Message>) -> u64 {
        self.next_subscriber += 1;
        self.subscribers.insert(self.next_subscriber, messages);
        self.next_subscriber
    }

    pub(crate) fn publish(&self, message: &Message) {
        for subscriber in self.subscribers.values() {
            // A subscriber that has gone away misses it.
            let _gone = subscriber.send(message.clone());
        }
    }

    /// Responds to a heartbeat. Returns whether the subscription still exists.
    pub(crate) fn heartbeat(&self, subscriber: u64, number: u64) -> bool {
        let subscriber = self.subscribers.get(&subscriber);
        subscriber.is_some_and(|subscriber| subscriber.send(Message::Alive(number)).is_ok())
    }

    /// Writes the content to the disk. A later [`recover`](Self::recover) may return to it.
    pub(crate) fn write_to_disk(&mut self) {
        self.snapshot = Some((self.content.clone(), self.now()));
    }

    /// Stops the server and cuts all connections.
    pub(crate) fn stop(&mut self) {
        self.is_up = false;
        self.stopped_at = self.now();
        self.subscribers.clear();
    }

    /// Starts the server, with the content on the disk if changes since are lost.
    pub(crate) fn recover(&mut self) {
        self.is_up = true;
        if let Some((content, from)) = self.snapshot.take() {
            self.content = content;
            self.lost.push((from, self.stopped_at));
            let now = self.now();
            self.ledger.restored(&self.content, now);
        }
    }

    /// Whether the store has lost a change that was made up to `before` milliseconds before `at`.
    pub(crate) fn lost_since(&self, at: u64, before: u64) -> bool {
        let is_lost = |(from, until): &(u64, u64)| at >= *from && at <= until + before;
        self.lost.iter().any(is_lost)
    }
}
