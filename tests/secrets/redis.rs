//! No secret is in `Debug` and errors of a Redis store, reachable or not.

use std::error::Error as _;
use std::time::Duration;

use tower_weika::AccessToken;
use tower_weika::ErrorKind;
use tower_weika::coordination::{FlowState, Lease, LeaseResponse};
use tower_weika::identity::Manager;
use tower_weika::session::Namespace;
use tower_weika::session::SessionId;
use tower_weika::store::{Lookup, Redis, RedisBuilder, SessionStore};

const PASSWORD: &str = "p4ss-of-redis";
const KEY: &str = "encrypt10n-key-0123456789abcdefgh";

/// No server listens on this port.
fn unreachable() -> RedisBuilder {
    Redis::builder(format!("redis://user:{PASSWORD}@127.0.0.1:1/"))
        .encryption_key(KEY)
        .previous_encryption_key(KEY)
}

#[tokio::test]
async fn debug_and_errors_show_no_password_and_no_key() {
    let builders = [
        unreachable(),
        Redis::sentinel([format!("redis://user:{PASSWORD}@127.0.0.1:1/")], "main")
            .encryption_key(KEY),
        Redis::cluster([format!("redis://user:{PASSWORD}@127.0.0.1:1/")]).encryption_key(KEY),
        Redis::builder(format!("redis://user:{PASSWORD}@127.0.0.1:port/")).encryption_key(KEY),
        Redis::builder(format!("amqp://user:{PASSWORD}@127.0.0.1/{KEY}"))
            .encryption_key(&KEY[..9])
            .key_prefix("a b"),
    ];
    for builder in builders {
        let mut text = format!("{builder:?} {builder:#?}");
        let error = builder.connect().await.expect_err("no server listens");
        assert!(
            matches!(error.kind(), ErrorKind::Store | ErrorKind::Configuration),
            "{error:?}"
        );
        text += &format!("{error} {error:?} {error:#?}");
        let mut source = error.source();
        while let Some(cause) = source {
            text += &format!("{cause} {cause:?}");
            source = cause.source();
        }
        assert!(
            !text.contains(PASSWORD) && !text.contains(KEY) && !text.contains(&KEY[..9]),
            "{text}"
        );
    }
}

#[tokio::test]
async fn degraded_redis_shows_no_secret_in_debug() {
    let redis = unreachable()
        .start_degraded()
        .connect()
        .await
        .expect("a degraded start");
    let store = redis.store::<Manager>();
    let id = SessionId::random().expect("randomness");
    let lookup = store.load(&Namespace::default(), &id);
    let Lookup::Ready(Err(error)) = &lookup else {
        panic!("the connection is known to be down: {lookup:?}")
    };
    let token = AccessToken::new("t0ken-of-the-application");
    let lease = Lease::new("0wner".to_owned(), 1, None, 0);
    let flow = FlowState::Completed {
        outcome: b"s4lt".to_vec(),
    };
    let responses = [
        LeaseResponse::Token {
            token: token.clone(),
            fencing_token: 1,
            remaining: Duration::from_secs(1),
        },
        LeaseResponse::Granted(lease.clone()),
        LeaseResponse::Held,
    ];
    let text = format!(
        "{redis:#?} {store:#?} {:?} {lookup:?} {error} {lease:?} {flow:?} {responses:?}",
        store.coordinator()
    );
    for secret in [
        PASSWORD,
        KEY,
        &id.expose(),
        token.expose(),
        "115, 52, 108",
        "s4lt",
    ] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}
