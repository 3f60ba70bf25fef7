use std::pin::pin;
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{Either, select};
use redis::{PushInfo, PushKind, RedisResult, Value};
use tokio::runtime::Handle;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::unconstrained;
use tokio::time::sleep;

use super::InvalidationMessage;
use super::subscription_log::SubscriptionLog;
use crate::store::redis::connection::{Connection, Subscription};
use crate::store::redis::handle::Inner;

/// Length of the validity window: the time within which a revocation is effective at all instances.
const VALIDITY: Duration = Duration::from_millis(900);
/// The time between two heartbeats; one or two replies may be late.
const HEARTBEAT_INTERVAL: Duration = Duration::from_millis(200);
/// The time between two attempts to subscribe.
const RESUBSCRIBE_INTERVAL: Duration = Duration::from_millis(250);

/// Starts the task that receives invalidation messages until the last handle is dropped.
pub(in crate::store::redis) fn spawn_subscriber(inner: &Arc<Inner>) {
    let weak = Arc::downgrade(inner);
    drop(Handle::current().spawn(async move {
        let mut log = SubscriptionLog::default();
        while let Some(inner) = weak.upgrade() {
            let subscribed = subscribe(&inner).await;
            drop(inner);
            let failed = match subscribed {
                Ok(subscription) => {
                    log.subscribed();
                    receive(&weak, subscription).await;
                    None
                }
                Err(error) => Some(error),
            };
            if let Some(inner) = weak.upgrade() {
                inner.validity.end();
                log.failed(&inner, failed.as_ref());
            }
            sleep(RESUBSCRIBE_INTERVAL).await;
        }
    }));
}

/// Subscribes. Sessions that were cached before may have been revoked without a message.
async fn subscribe(inner: &Inner) -> RedisResult<Subscription> {
    let subscription = inner.connection.subscribe().await?;
    for cache in inner.caches(None) {
        cache.invalidate_all();
    }
    Ok(subscription)
}

/// Receives messages until the subscription is unusable.
async fn receive(weak: &Weak<Inner>, mut subscription: Subscription) {
    while let Some(inner) = weak.upgrade() {
        if heartbeat_and_receive(&inner, &mut subscription)
            .await
            .is_none()
        {
            return;
        }
    }
}

/// Sends a heartbeat, extends the validity window, and receives messages until the next heartbeat is due. `None` if the
/// subscription is unusable.
async fn heartbeat_and_receive(inner: &Inner, subscription: &mut Subscription) -> Option<()> {
    let Subscription {
        connection,
        messages,
    } = subscription;
    let sent = inner.clock.now();
    let heartbeat = inner
        .connection
        .is_alive(Connection::Single(connection.clone()));
    if !receive_until(inner, messages, heartbeat).await? {
        return None;
    }
    // All messages from before the reply are in the channel, but a task may not take more than a few at once (the
    // cooperative budget of tokio).
    while let Some(message) = unconstrained(messages.recv()).now_or_never() {
        handle(inner, &message?)?;
    }
    inner.validity.extend_to(sent.plus(VALIDITY));
    receive_until(inner, messages, sleep(HEARTBEAT_INTERVAL)).await
}

/// Handles messages until `end` is ready. `None` if the subscription has ended.
async fn receive_until<T>(
    inner: &Inner,
    messages: &mut UnboundedReceiver<PushInfo>,
    end: impl Future<Output = T>,
) -> Option<T> {
    let mut end = pin!(end);
    loop {
        match select(end.as_mut(), pin!(messages.recv())).await {
            Either::Left((outcome, _)) => return Some(outcome),
            Either::Right((message, _)) => handle(inner, &message?)?,
        }
    }
}

/// Handles a push of the server. `None` if the subscription has ended.
fn handle(inner: &Inner, push: &PushInfo) -> Option<()> {
    match (&push.kind, &*push.data) {
        (PushKind::Message, [_, Value::BulkString(message)]) => invalidate(inner, message),
        (PushKind::Subscribe, _) => {}
        // Disconnected or unsubscribed.
        _ => return None,
    }
    Some(())
}

/// Applies a message to the local caches. A message that cannot be parsed invalidates all sessions: it may be of a newer
/// version.
fn invalidate(inner: &Inner, message: &[u8]) {
    let message = InvalidationMessage::parse(message);
    let store = message.as_ref().map(|message| message.store);
    for cache in inner.caches(store) {
        match &message {
            Some(message) => message.apply(&*cache),
            None => cache.invalidate_all(),
        }
    }
}
