//! Subscriber of an instance to the invalidation channel, with the times of that of `RedisStore`.

use std::sync::Arc;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Duration, sleep, timeout};
use tower_weika::store::external::{CacheValidity, Invalidate};

use super::link::StoreLink;
use super::server::Message;

const VALIDITY: Duration = Duration::from_millis(900);
const HEARTBEAT_INTERVAL: Duration = Duration::from_millis(200);
const RESUBSCRIBE_INTERVAL: Duration = Duration::from_millis(250);

/// Caches of an instance, and their common validity window.
#[derive(Clone, Debug)]
pub(crate) struct Subscriber {
    pub(crate) link: StoreLink,
    pub(crate) validity: Arc<CacheValidity>,
    pub(crate) caches: Vec<Arc<dyn Invalidate>>,
}

impl Subscriber {
    /// Receives messages in a task for as long as the instance lives.
    pub(crate) fn start(self) {
        drop(tokio::spawn(async move {
            while self.link.incarnation.is_alive() {
                if let Some((number, messages)) = self.subscribe().await {
                    for cache in &self.caches {
                        cache.invalidate_all();
                    }
                    self.receive(number, messages).await;
                }
                self.validity.end();
                sleep(RESUBSCRIBE_INTERVAL).await;
            }
        }));
    }

    async fn subscribe(&self) -> Option<(u64, UnboundedReceiver<Message>)> {
        let (sent, at_server) = unbounded_channel();
        let (arriving, messages) = unbounded_channel();
        let subscribed = self.link.call(|server| server.subscribe(sent)).await;
        let number = subscribed.ok()?;
        drop(tokio::spawn(deliver(
            self.link.clone(),
            at_server,
            arriving,
        )));
        Some((number, messages))
    }

    /// Receives messages until a heartbeat has no reply or the connection ends.
    async fn receive(&self, number: u64, mut messages: UnboundedReceiver<Message>) {
        for heartbeat in 1.. {
            let sent = self.link.clock.now();
            let (link, reply) = (self.link.clone(), (number, heartbeat));
            drop(tokio::spawn(async move {
                if link.travel().await.is_ok() {
                    let _gone = link.world.server.lock().heartbeat(reply.0, reply.1);
                }
            }));
            let replied = timeout(VALIDITY, self.apply_until(heartbeat, &mut messages)).await;
            if replied != Ok(true) {
                return;
            }
            self.validity.extend_to(sent.plus(VALIDITY));
            let pause = timeout(HEARTBEAT_INTERVAL, self.apply_until(0, &mut messages)).await;
            if pause.is_ok() {
                return;
            }
        }
    }

    /// Applies messages up to the reply to a heartbeat. Returns `false` if the connection ends.
    async fn apply_until(&self, heartbeat: u64, messages: &mut UnboundedReceiver<Message>) -> bool {
        while let Some(message) = messages.recv().await {
            match message {
                Message::Alive(number) if number == heartbeat => return true,
                Message::Alive(_) => {}
                other => self.caches.iter().for_each(|cache| apply(&other, &**cache)),
            }
        }
        false
    }
}

fn apply(message: &Message, cache: &dyn Invalidate) {
    match message {
        Message::Session(digest) => cache.invalidate(digest),
        Message::Subject(namespace, subject) => {
            cache.invalidate_where(&|of, cached| of.as_bytes() == namespace && cached == subject);
        }
        Message::All(namespace) => cache.invalidate_where(&|of, _| of.as_bytes() == namespace),
        Message::Alive(_) => {}
    }
}

/// Lets messages travel in their order, some of them twice, until one is lost with the connection.
async fn deliver(
    link: StoreLink,
    mut sent: UnboundedReceiver<Message>,
    arriving: UnboundedSender<Message>,
) {
    while let Some(message) = sent.recv().await {
        if link.travel().await.is_err() {
            return;
        }
        if link.world.is_disturbed() && link.world.random.chance(100) {
            let _gone = arriving.send(message.clone());
        }
        if arriving.send(message).is_err() {
            return;
        }
    }
}
