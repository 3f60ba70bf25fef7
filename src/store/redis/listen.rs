//! Hearing of the ends of sessions, and knowing that none was missed.
//!
//! Redis answers a connection in order. So whoever has asked it something and has the answer has every message that
//! was published before the question got there. For not quite a second after
//! the last such question was asked, copies are trusted.

use std::pin::pin;
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::future::{Either, select};
use futures_util::{FutureExt, StreamExt};
use redis::aio::PubSub;
use tokio::runtime::Handle;
use tokio::time::{sleep, timeout};

use super::handle::Shared;
use super::names::{self, unhex};
use crate::store::near::Digest;
use crate::trace::debug;

/// How old what the copies are held against may get: the time within which an end is seen everywhere.
const STALENESS: Duration = Duration::from_millis(900);
/// How often Redis is asked, so that an answer or two may be late.
const INTERVAL: Duration = Duration::from_millis(200);
/// Between two attempts to listen.
const REST: Duration = Duration::from_millis(250);

/// What is announced when sessions end.
pub(super) enum Message {}

impl Message {
    pub(super) fn session(kind: &str, digest: &[u8]) -> String {
        format!("{kind} session {}", names::hex(digest))
    }

    pub(super) fn subject(kind: &str, subject: &str) -> String {
        format!("{kind} subject {subject}")
    }

    pub(super) fn all(kind: &str) -> String {
        format!("{kind} all")
    }
}

/// Listens in the background until nobody has the Redis any more.
pub(super) fn start(shared: &Arc<Shared>) {
    let weak = Arc::downgrade(shared);
    drop(Handle::current().spawn(async move {
        while let Some(shared) = weak.upgrade() {
            let subscribed = timeout(shared.link.patience(), subscribe(&shared)).await;
            drop(shared);
            if let Ok(Ok(pubsub)) = subscribed {
                follow(&weak, pubsub).await;
            }
            if let Some(shared) = weak.upgrade() {
                shared.trust.lose();
                debug!("no ends of sessions are heard of; copies do not count");
            }
            sleep(REST).await;
        }
    }));
}

/// Passes on what comes until the subscription is of no use any more.
async fn follow(shared: &Weak<Shared>, pubsub: PubSub) {
    let (mut sink, mut messages) = pubsub.split();
    while let Some(shared) = shared.upgrade() {
        if !follow_for_a_while(&shared, &mut sink, &mut messages).await {
            return;
        }
    }
}

/// A subscription. What was kept before it began may have ended unheard.
async fn subscribe(shared: &Shared) -> redis::RedisResult<PubSub> {
    let mut pubsub = shared.link.source().listen().await?;
    pubsub.subscribe(shared.names.channel()).await?;
    for listener in shared.listening(None) {
        listener.all_ended();
    }
    Ok(pubsub)
}

/// Proves that nothing was missed, then passes on what comes until the next proof is due. `false` if the subscription
/// is of no use any more.
async fn follow_for_a_while(
    shared: &Shared,
    sink: &mut redis::aio::PubSubSink,
    messages: &mut redis::aio::PubSubStream,
) -> bool {
    let asked = shared.clock.now();
    let mut answer = pin!(timeout(shared.link.budget(), sink.ping::<redis::Value>()));
    loop {
        match select(answer.as_mut(), messages.next()).await {
            Either::Left((Ok(Ok(_)), _)) => break,
            Either::Left(_) | Either::Right((None, _)) => return false,
            Either::Right((Some(message), _)) => tell(shared, message.get_payload_bytes()),
        }
    }
    // What came before the answer.
    while let Some(message) = messages.next().now_or_never() {
        match message {
            Some(message) => tell(shared, message.get_payload_bytes()),
            None => return false,
        }
    }
    shared.trust.renew(asked.plus(STALENESS));
    let mut rest = pin!(sleep(INTERVAL));
    loop {
        match select(rest.as_mut(), messages.next()).await {
            Either::Left(_) => return true,
            Either::Right((None, _)) => return false,
            Either::Right((Some(message), _)) => tell(shared, message.get_payload_bytes()),
        }
    }
}

/// Passes a message on. What cannot be read ends everything: it may be of a newer version.
fn tell(shared: &Shared, message: &[u8]) {
    let text = str::from_utf8(message).unwrap_or_default();
    let words: Vec<&str> = text.split(' ').collect();
    let (kind, ended) = match *words {
        [kind, "session", name] => (Some(kind), unhex(name).map(|digest| Ended::Session(Digest(digest)))),
        [kind, "subject", name] => (Some(kind), Some(Ended::Subject(name))),
        [kind, "all"] => (Some(kind), None),
        _ => (None, None),
    };
    for listener in shared.listening(kind) {
        match ended {
            Some(Ended::Session(digest)) => listener.session_ended(&digest),
            Some(Ended::Subject(name)) => listener.subject_ended(&|subject| names::subject(subject) == name),
            None => listener.all_ended(),
        }
    }
}

#[derive(Clone, Copy)]
enum Ended<'a> {
    Session(Digest),
    Subject(&'a str),
}
