//! The cached list of identity types.

use std::time::Duration;

use super::*;
use crate::clock::{ManualClock, Timestamp};
use crate::identity::{IdentityType, Member};

const HOUR: Duration = Duration::from_secs(3_600);

fn clock() -> ManualClock {
    ManualClock::new(Timestamp::from_unix_seconds(1_700_000_000))
}

fn member(school: &str, identity_type: &str) -> Member {
    let mut member = Member::new(school, "1");
    member.identity_type = identity_type.to_owned();
    member
}

#[tokio::test(start_paused = true)]
async fn identity_type_is_resolved_by_the_list_of_its_school() {
    let upstream = ImitatedWeika::new().at(TYPES, [LIST]);
    let client = upstream.client();
    let types = client.identity_types();
    let entry = types.of(&member(SCHOOL, "6")).await.unwrap().unwrap();
    assert_eq!(entry.classification, Some(IdentityType::Student));
    assert_eq!(types.of(&member(SCHOOL, "2")).await.unwrap(), None);
    for (id, classification, expected) in [
        ("6", IdentityType::Student, true),
        ("6", IdentityType::Staff, false),
        // The number of a classification is no identity type of the school.
        ("2", IdentityType::Student, false),
    ] {
        let member = member(SCHOOL, id);
        let classifies = types.classifies(&member, classification).await;
        assert_eq!(classifies.unwrap(), expected, "{id}");
    }
    assert_eq!(types.of(&member(SCHOOL, "")).await.unwrap(), None);
    let of_another_school = types.of(&member("2", "6")).await.unwrap_err();
    assert_eq!(of_another_school.kind(), ErrorKind::Configuration);
    assert_eq!(
        (upstream.count(TYPES), upstream.count(SCHOOL_TOKEN)),
        (1, 1)
    );
    let target = format!("{TYPES}?access_token=t0ken-1");
    assert_eq!(upstream.calls()[1], (target, "{}".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn concurrent_callers_share_one_call_and_a_fresh_list_causes_none() {
    let hand = clock();
    let upstream = ImitatedWeika::new().at(TYPES, [LIST, LIST]);
    let client = upstream.builder().clock(hand.clock()).build().unwrap();
    let callers = (0..100).map(|_| {
        let types = client.identity_types().clone();
        tokio::spawn(async move { types.list().await.map(|list| list.len()) })
    });
    for caller in callers.collect::<Vec<_>>() {
        assert_eq!(caller.await.unwrap().unwrap(), 1);
    }
    hand.advance(HOUR - Duration::from_millis(1));
    client.identity_types().list().await.unwrap();
    assert_eq!(upstream.count(TYPES), 1);
    hand.advance(Duration::from_millis(1));
    client.identity_types().list().await.unwrap();
    assert_eq!(upstream.count(TYPES), 2);
}

#[tokio::test(start_paused = true)]
async fn rejected_token_is_replaced_once() {
    let hand = clock();
    let upstream =
        ImitatedWeika::new().at(TYPES, [TOKEN_EXPIRED, LIST, TOKEN_EXPIRED, TOKEN_EXPIRED]);
    let client = upstream.builder().clock(hand.clock()).build().unwrap();
    client.school_token().await.unwrap();
    hand.advance(Duration::from_secs(2));
    assert_eq!(client.identity_types().list().await.unwrap().len(), 1);
    assert_eq!(upstream.count(SCHOOL_TOKEN), 2);
    client.identity_types().invalidate();
    hand.advance(Duration::from_secs(2));
    let error = client.identity_types().list().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Fault);
    assert_eq!(upstream.count(TYPES), 4);
}

#[tokio::test(start_paused = true)]
async fn old_list_is_served_while_weika_fails_and_never_longer_than_a_day() {
    let hand = clock();
    let failing = std::iter::repeat_n(Reply::Status(502), 20);
    let upstream = ImitatedWeika::new().at(TYPES, std::iter::once(LIST).chain(failing));
    let client = upstream.builder().clock(hand.clock()).build().unwrap();
    let types = client.identity_types();
    types.list().await.unwrap();
    hand.advance(HOUR);
    for _ in 0..10 {
        assert_eq!(types.list().await.unwrap().len(), 1);
    }
    assert_eq!(upstream.count(TYPES), 2, "the cache backs off");
    hand.advance(Duration::from_secs(10));
    assert_eq!(types.list().await.unwrap().len(), 1);
    assert_eq!(upstream.count(TYPES), 3);
    hand.advance(23 * HOUR);
    assert_eq!(types.list().await.unwrap_err().kind(), ErrorKind::Fault);
}

#[tokio::test(start_paused = true)]
async fn invalidation_drops_the_list_and_the_failure() {
    let upstream = ImitatedWeika::new().at(TYPES, [Reply::Status(502), LIST, LIST]);
    let client = upstream.client();
    let types = client.identity_types();
    assert!(types.list().await.is_err());
    assert!(types.list().await.is_err(), "the cache backs off");
    types.invalidate();
    assert!(types.list().await.is_ok());
    types.invalidate();
    assert!(types.list().await.is_ok());
    assert_eq!(upstream.count(TYPES), 3);
}

#[tokio::test(start_paused = true)]
async fn caller_that_stops_waiting_does_not_cancel_the_call() {
    let upstream = ImitatedWeika::new().at(TYPES, [LIST]);
    let client = upstream.client();
    let types = client.identity_types();
    let mut dropped = tokio_test::task::spawn(types.list());
    assert!(dropped.poll().is_pending());
    drop(dropped);
    assert!(types.list().await.is_ok());
    assert_eq!(upstream.count(TYPES), 1);
}
