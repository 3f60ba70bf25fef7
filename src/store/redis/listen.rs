//! Hearing of the ends of sessions, and knowing that none was missed.
//!
//! Redis answers a connection in order. So whoever has asked it something and has the answer has every message that
//! was published before the question got there. For not quite a second after
//! the last such question was asked, copies are trusted.

use std::pin::pin;
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{Either, select};
use redis::{PushInfo, PushKind, Value};
use tokio::runtime::Handle;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::unconstrained;
use tokio::time::sleep;

use super::handle::Shared;
use super::link::{Connection, Listening};
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
            let subscribed = subscribe(&shared).await;
            drop(shared);
            if let Ok(listening) = subscribed {
                follow(&weak, listening).await;
            }
            if let Some(shared) = weak.upgrade() {
                shared.trust.lose();
                debug!("no ends of sessions are heard of; copies do not count");
                // The other connection may be no better, and nobody may call for a long time.
                shared.link.check().await;
            }
            sleep(REST).await;
        }
    }));
}

/// A subscription. What was kept before it began may have ended unheard.
async fn subscribe(shared: &Shared) -> redis::RedisResult<Listening> {
    let listening = shared.link.listen(&shared.names.channel()).await?;
    for listener in shared.listening(None) {
        listener.all_ended();
    }
    Ok(listening)
}

/// Passes on what is heard, until the subscription is of no use any more.
async fn follow(weak: &Weak<Shared>, mut listening: Listening) {
    while let Some(shared) = weak.upgrade() {
        if follow_for_a_while(&shared, &mut listening).await.is_none() {
            return;
        }
    }
}

/// Proves that nothing was missed, then passes on what comes until the next proof is due. `None` if the subscription
/// is of no use any more.
async fn follow_for_a_while(shared: &Shared, listening: &mut Listening) -> Option<()> {
    let Listening { connection, messages } = listening;
    let asked = shared.clock.now();
    let is_proven = hear_until(shared, messages, shared.link.beats(Connection::Single(connection.clone()))).await?;
    if !is_proven {
        return None;
    }
    // What came before the answer is all here, but a task may not take more than a few at once (tokio's budget).
    while let Some(message) = unconstrained(messages.recv()).now_or_never() {
        tell(shared, &message?)?;
    }
    shared.trust.renew(asked.plus(STALENESS));
    hear_until(shared, messages, sleep(INTERVAL)).await
}

/// Passes on what is heard until then. `None` if nothing more will come.
async fn hear_until<T>(
    shared: &Shared,
    messages: &mut UnboundedReceiver<PushInfo>,
    then: impl Future<Output = T>,
) -> Option<T> {
    let mut then = pin!(then);
    loop {
        match select(then.as_mut(), pin!(messages.recv())).await {
            Either::Left((outcome, _)) => return Some(outcome),
            Either::Right((message, _)) => tell(shared, &message?)?,
        }
    }
}

/// Passes a push of the server on. `None` if it is the last one.
fn tell(shared: &Shared, push: &PushInfo) -> Option<()> {
    match (&push.kind, &*push.data) {
        (PushKind::Message, [_, Value::BulkString(message)]) => announce(shared, message),
        (PushKind::Subscribe, _) => {}
        // Hung up on, or unsubscribed.
        _ => return None,
    }
    Some(())
}

/// Passes a message on. What cannot be read ends everything: it may be of a newer version.
fn announce(shared: &Shared, message: &[u8]) {
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
