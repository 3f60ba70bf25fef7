use std::net::IpAddr;

use super::*;

const NOW: Timestamp = Timestamp::from_unix_seconds(1_000);

fn buckets(burst: u32, capacity: usize) -> Arc<Buckets> {
    let throttle = Throttle::by(|_: &HeaderMap, _: &Extensions| None)
        .burst(burst)
        .capacity(capacity);
    Arc::new(Buckets::new(throttle, NOW))
}

fn client(number: u32) -> ClientKey {
    ClientKey::new(&number.to_be_bytes())
}

fn key(address: &str) -> ClientKey {
    ClientKey::from(address.parse::<IpAddr>().unwrap())
}

#[test]
fn ipv6_counts_by_64_bits_and_mapped_ipv4_as_ipv4() {
    assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
    assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
    assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
    assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
    assert_ne!(key("::ffff:192.0.2.1"), key("::1"));
}

#[test]
fn bucket_token_returns_unless_the_code_is_rejected_and_refills_with_time() {
    let buckets = buckets(2, 10);
    for _ in 0..2_000 {
        drop(buckets.take(client(1), NOW).unwrap());
    }
    for _ in 0..2 {
        buckets.take(client(1), NOW).unwrap().keep();
    }
    assert_eq!(buckets.verify(client(1), NOW), Err(Duration::from_secs(1)));
    let later = NOW.plus(Duration::from_millis(600));
    assert_eq!(
        buckets.take(client(1), later).unwrap_err(),
        Duration::from_millis(400)
    );
    let full = NOW.plus(Duration::from_secs(1));
    buckets.take(client(1), full).unwrap().keep();
    assert!(buckets.take(client(1), full).is_err());
    assert!(buckets.verify(client(2), full).is_ok(), "another client");
    // The clock is set back: the bucket refills from the new time.
    assert!(buckets.take(client(1), NOW).is_err());
    assert!(buckets.take(client(1), full).is_ok());
}

#[test]
fn new_clients_share_one_bucket_when_the_table_is_full_and_get_one_when_others_are_full_again() {
    let buckets = buckets(1, 3);
    for number in 0..3 {
        buckets.take(client(number), NOW).unwrap().keep();
    }
    buckets.take(client(10), NOW).unwrap().keep();
    assert!(
        buckets.take(client(11), NOW).is_err(),
        "it shares the bucket of client 10"
    );
    assert_eq!(buckets.table.lock().clients.len(), 3);
    let later = NOW.plus(Duration::from_secs(1));
    buckets.take(client(11), later).unwrap().keep();
    buckets.take(client(12), later).unwrap().keep();
    assert_eq!(buckets.table.lock().clients.len(), 2);
}

#[test]
fn full_table_drops_only_full_buckets_and_at_most_once_a_second() {
    let throttle = Throttle::by(|_: &HeaderMap, _: &Extensions| None)
        .burst(1)
        .refill(Duration::from_millis(500))
        .capacity(2);
    let buckets = Arc::new(Buckets::new(throttle, NOW));
    let after = |millis| NOW.plus(Duration::from_millis(millis));
    let take = |number, now| {
        let _taken = buckets.take(client(number), now).map(Charge::keep);
    };
    let has_bucket = |number| buckets.table.lock().clients.contains_key(&client(number));

    drop(buckets.take(client(0), NOW).unwrap());
    take(1, NOW);
    take(2, NOW);
    take(2, after(999));
    assert!(has_bucket(0) && has_bucket(1) && !has_bucket(2));
    take(1, after(1_000));
    take(2, after(1_000));
    assert!(!has_bucket(0) && has_bucket(1) && has_bucket(2));
    // The clock is set back: the second counts from the new time.
    take(3, NOW);
    assert!(!has_bucket(3));
    take(3, after(1_000));
    assert!(has_bucket(3));
}

#[test]
fn table_is_bounded() {
    let buckets = buckets(1, 100);
    for number in 0..10_000 {
        let _taken = buckets.take(client(number), NOW).map(Charge::keep);
    }
    assert_eq!(buckets.table.lock().clients.len(), 100);
}
