//! Hearing of the ends of sessions, and knowing that none was missed.
//!
//! Redis answers a connection in order. So whoever has asked it something and has the answer has every message that
//! was published before the question got there. For not quite a
//! second after the last such question was asked, copies are trusted.

use std::pin::pin;
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{Either, select};
use redis::{PushInfo, PushKind, RedisError, Value};
use tokio::runtime::Handle;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::unconstrained;
use tokio::time::sleep;

use super::handle::Shared;
use super::link::{Connection, Listening};
use super::names;
use crate::hex;
use crate::store::Namespace;
use crate::store::local_cache::Digest;
use crate::trace::{info, warn};

/// How old what the copies are held against may get: the time within which an end is seen everywhere.
const STALENESS: Duration = Duration::from_millis(900);
/// How often Redis is asked, so that an answer or two may be late.
const INTERVAL: Duration = Duration::from_millis(200);
/// Between two attempts to listen.
const REST: Duration = Duration::from_millis(250);

/// So many failures in a row are logged, once; fewer may be those of a Redis that is just going away.
const TOLD_AFTER: u32 = 8;

/// What is announced when sessions end.
pub(super) enum Message {}

impl Message {
    pub(super) fn session(realm: &str, namespace: &Namespace, digest: &[u8]) -> String {
        format!("{realm} {namespace} session {}", hex::encode(digest))
    }

    pub(super) fn subject(realm: &str, namespace: &Namespace, subject: &str) -> String {
        format!("{realm} {namespace} subject {subject}")
    }

    pub(super) fn all(realm: &str, namespace: &Namespace) -> String {
        format!("{realm} {namespace} all")
    }
}

/// Listens in the background until nobody has the Redis any more.
pub(super) fn start(shared: &Arc<Shared>) {
    let weak = Arc::downgrade(shared);
    drop(Handle::current().spawn(async move {
        let mut log = SubscriptionLog::default();
        while let Some(shared) = weak.upgrade() {
            let subscribed = subscribe(&shared).await;
            drop(shared);
            let failed = match subscribed {
                Ok(listening) => {
                    log.subscribed();
                    follow(&weak, listening).await;
                    None
                }
                Err(error) => Some(error),
            };
            if let Some(shared) = weak.upgrade() {
                shared.trust.lose();
                log.failed(&shared, failed.as_ref());
            }
            sleep(REST).await;
        }
    }));
}

/// Log of failed subscriptions: one line for each reason, and one when it is over.
#[derive(Default)]
struct SubscriptionLog {
    /// In a row.
    failures: u32,
    reason: Option<String>,
}

impl SubscriptionLog {
    fn subscribed(&mut self) {
        self.failures = 0;
        if self.reason.take().is_some() {
            info!("redis: subscribed to invalidations again; local session cache enabled");
        }
    }

    /// Without an error, the subscription has ended.
    fn failed(&mut self, shared: &Shared, error: Option<&RedisError>) {
        if shared.link.outage().is_some() {
            // That has been logged.
            self.failures = 0;
            return;
        }
        self.failures = self.failures.saturating_add(1);
        let (reason, rule) = error
            .map(|error| shared.link.explain_subscription(error))
            .unwrap_or_default();
        // A missing right does not come by itself; other failures may be those of a Redis that is just going away.
        if self.reason.as_ref() == Some(&reason) || (rule.is_none() && self.failures < TOLD_AFTER) {
            return;
        }
        self.failures = 0;
        let rule = rule
            .map(|rule| format!("; allow it: {rule}"))
            .unwrap_or_default();
        warn!(
            "redis: cannot subscribe to invalidations: {}; local session cache disabled, so every request asks Redis{}",
            if reason.is_empty() {
                "the connection ends"
            } else {
                reason.as_str()
            },
            rule.as_str()
        );
        self.reason = Some(reason);
    }
}

/// A subscription. What was kept before it began may have ended unheard.
async fn subscribe(shared: &Shared) -> redis::RedisResult<Listening> {
    let listening = shared.link.listen().await?;
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
    let Listening {
        connection,
        messages,
    } = listening;
    let asked = shared.clock.now();
    let is_proven = hear_until(
        shared,
        messages,
        shared.link.beats(Connection::Single(connection.clone())),
    )
    .await?;
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
    let (realm, ended) = match *words {
        [realm, _, "session", name] => (
            Some(realm),
            hex::decode(name).map(|digest| Ended::Session(Digest(digest))),
        ),
        [realm, namespace, "subject", name] => (Some(realm), Some(Ended::Subject(namespace, name))),
        [realm, namespace, "all"] => (Some(realm), Some(Ended::Namespace(namespace))),
        _ => (None, None),
    };
    for listener in shared.listening(realm) {
        match ended {
            Some(Ended::Session(digest)) => listener.session_ended(&digest),
            Some(Ended::Subject(namespace, name)) => listener.sessions_ended(&|of, subject| {
                of.to_string() == namespace && names::subject(subject) == name
            }),
            Some(Ended::Namespace(namespace)) => {
                listener.sessions_ended(&|of, _| of.to_string() == namespace)
            }
            None => listener.all_ended(),
        }
    }
}

#[derive(Clone, Copy)]
enum Ended<'a> {
    Session(Digest),
    /// Namespace and name of the subject.
    Subject(&'a str, &'a str),
    Namespace(&'a str),
}
