//! Flow claims and the token lease of two processes.

use std::sync::Arc;
use std::time::Duration;

use tower_weika::AccessToken;
use tower_weika::clock::{ManualClock, Timestamp};
use tower_weika::coordination::{Coordinator, FlowState, Lease, LeaseResponse};
use tower_weika_sqlite::{Sqlite, SqliteBuilder};

use crate::kit::new_file;

const START: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);
const ELEVEN_MINUTES: Duration = Duration::from_secs(660);

fn two(set: impl Fn(SqliteBuilder) -> SqliteBuilder) -> (ManualClock, [Arc<dyn Coordinator>; 2]) {
    let (clock, path) = (ManualClock::new(START), new_file());
    let open = || {
        set(Sqlite::builder(&path).clock(clock.clock()))
            .open()
            .unwrap()
            .coordinator()
    };
    let both = [open(), open()];
    (clock, both)
}

async fn lease(coordinator: &dyn Coordinator, newer_than: u64) -> Option<Lease> {
    match coordinator
        .acquire_lease("token", newer_than)
        .await
        .unwrap()
    {
        LeaseResponse::Granted(lease) => Some(lease),
        LeaseResponse::Held => None,
        other => panic!("{other:?}"),
    }
}

async fn published(coordinator: &dyn Coordinator, newer_than: u64) -> (String, u64, Duration) {
    match coordinator
        .acquire_lease("token", newer_than)
        .await
        .unwrap()
    {
        LeaseResponse::Token {
            token,
            fencing_token,
            remaining,
        } => (token.expose().to_owned(), fencing_token, remaining),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn flow_is_claimed_once_and_its_outcome_is_seen_by_the_other_process() {
    let (clock, [one, other]) = two(|builder| builder);
    assert_eq!(one.claim_flow("f", ELEVEN_MINUTES).await.unwrap(), None);
    clock.advance(Duration::from_secs(2));
    let claimed = Some(FlowState::Claimed {
        age: Duration::from_secs(2),
    });
    assert_eq!(
        other.claim_flow("f", ELEVEN_MINUTES).await.unwrap(),
        claimed
    );
    assert_eq!(other.flow_state("f").await.unwrap(), claimed);
    one.complete_flow("f", b"outcome").await.unwrap();
    let completed = Some(FlowState::Completed {
        outcome: b"outcome".to_vec(),
    });
    assert_eq!(other.flow_state("f").await.unwrap(), completed);
    assert_eq!(
        other.claim_flow("f", ELEVEN_MINUTES).await.unwrap(),
        completed
    );
    // It is settled.
    other.reject_flow("f", 7).await.unwrap();
    assert_eq!(one.flow_state("f").await.unwrap(), completed);

    assert_eq!(other.claim_flow("g", ELEVEN_MINUTES).await.unwrap(), None);
    other.reject_flow("g", (1 << 63) - 1).await.unwrap();
    let rejected = Some(FlowState::Rejected {
        note: (1 << 63) - 1,
    });
    assert_eq!(one.flow_state("g").await.unwrap(), rejected);

    clock.advance(ELEVEN_MINUTES);
    assert_eq!(one.flow_state("f").await.unwrap(), None);
    one.complete_flow("f", b"late").await.unwrap();
    assert_eq!(one.claim_flow("f", ELEVEN_MINUTES).await.unwrap(), None);
    let again = Some(FlowState::Claimed {
        age: Duration::ZERO,
    });
    assert_eq!(other.flow_state("f").await.unwrap(), again);
}

#[tokio::test]
async fn concurrent_claims_of_both_processes_have_one_winner() {
    let (_, both) = two(|builder| builder);
    for round in 0..20 {
        let claims: Vec<_> = (0..16)
            .map(|number| {
                let (coordinator, flow) = (both[number % 2].clone(), round.to_string());
                tokio::spawn(async move { coordinator.claim_flow(&flow, ELEVEN_MINUTES).await })
            })
            .collect();
        let mut winners = 0;
        for claim in claims {
            winners += u32::from(claim.await.unwrap().unwrap().is_none());
        }
        assert_eq!(winners, 1);
    }
}

#[tokio::test]
async fn lease_is_held_by_one_and_its_token_is_adopted_by_the_other() {
    let (clock, [one, other]) = two(|builder| builder);
    let held = lease(&*one, 0).await.unwrap();
    assert_eq!((held.fencing_token(), held.last_published()), (1, None));
    assert!(lease(&*other, 0).await.is_none());
    let token = AccessToken::new("token-1");
    let hour = Duration::from_secs(3_600);
    assert!(
        one.publish_token("token", &held, &token, hour)
            .await
            .unwrap()
    );
    clock.advance(Duration::from_secs(10));
    let left = hour - Duration::from_secs(10);
    assert_eq!(published(&*other, 0).await, ("token-1".to_owned(), 1, left));
    // Rejected upstream: a newer one is needed, and the replacement is early.
    let newer = lease(&*other, 1).await.unwrap();
    assert_eq!(newer.fencing_token(), 2);
    assert_eq!(newer.last_published(), Some(Duration::from_secs(10)));
    assert_eq!(newer.early_replacements(), 0);
    let token = AccessToken::new("token-2");
    assert!(
        other
            .publish_token("token", &newer, &token, hour)
            .await
            .unwrap()
    );
    clock.advance(Duration::from_secs(1));
    assert_eq!(lease(&*one, 2).await.unwrap().early_replacements(), 1);
}

#[tokio::test]
async fn lease_expires_and_the_token_of_its_holder_is_refused() {
    let (clock, [one, other]) = two(|builder| builder);
    let slow = lease(&*one, 0).await.unwrap();
    clock.advance(Lease::DURATION - Duration::from_millis(1));
    assert!(lease(&*other, 0).await.is_none());
    clock.advance(Duration::from_millis(1));
    let next = lease(&*other, 0).await.unwrap();
    let token = AccessToken::new("late");
    let hour = Duration::from_secs(3_600);
    assert!(
        !one.publish_token("token", &slow, &token, hour)
            .await
            .unwrap()
    );
    one.release_lease("token", &slow, Duration::from_secs(1))
        .await
        .unwrap();
    assert!(
        lease(&*one, 0).await.is_none(),
        "the second lease is not released"
    );
    other
        .release_lease("token", &next, Duration::from_secs(30))
        .await
        .unwrap();
    clock.advance(Duration::from_secs(29));
    assert!(lease(&*one, 0).await.is_none(), "the pause is not over");
    clock.advance(Duration::from_secs(1));
    assert!(lease(&*one, 0).await.unwrap().fencing_token() > next.fencing_token());
}

#[tokio::test]
async fn expired_token_is_not_adopted_and_one_of_another_key_is_replaced() {
    let (clock, [one, other]) = two(|builder| builder);
    let held = lease(&*one, 0).await.unwrap();
    let token = AccessToken::new("short");
    let minute = Duration::from_secs(60);
    assert!(
        one.publish_token("token", &held, &token, minute)
            .await
            .unwrap()
    );
    clock.advance(minute);
    assert!(lease(&*other, 0).await.is_some());
}

#[tokio::test]
async fn encrypted_file_shows_neither_token_nor_outcome() {
    let (clock, path) = (ManualClock::new(START), new_file());
    let builder = Sqlite::builder(&path).clock(clock.clock());
    let sqlite = builder.encryption_key([7; 32]).open().unwrap();
    let coordinator = sqlite.coordinator();
    let held = lease(&*coordinator, 0).await.unwrap();
    let token = AccessToken::new("a-token-that-is-secret");
    let hour = Duration::from_secs(3_600);
    assert!(
        coordinator
            .publish_token("token", &held, &token, hour)
            .await
            .unwrap()
    );
    coordinator.claim_flow("f", hour).await.unwrap();
    coordinator
        .complete_flow("f", b"an-outcome-that-is-secret")
        .await
        .unwrap();
    let folder = std::fs::read_dir(path.parent().unwrap()).unwrap();
    for file in folder {
        let content = std::fs::read(file.unwrap().path()).unwrap();
        let shows = |text: &[u8]| content.windows(text.len()).any(|part| part == text);
        assert!(!shows(b"that-is-secret"));
    }
    assert_eq!(
        published(&*coordinator, 0).await.0,
        "a-token-that-is-secret"
    );
}
