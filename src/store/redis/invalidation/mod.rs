//! Invalidation of local caches by pub/sub, and the validity window in which no message can have been missed.
//!
//! Redis handles a connection in order: once the reply to a heartbeat is received, all messages that were published
//! before the server handled it have been received too. So the caches are valid for 900 ms after each heartbeat was
//! sent.

mod message;
mod subscriber;
mod subscription_log;

pub(super) use self::message::{InvalidationMessage, NO_SESSION};
pub(super) use self::subscriber::spawn_subscriber;
