//! Processes that are killed under load.

use std::thread;
use std::time::Duration;

use crate::alone::alone;
use crate::child::Child;
use crate::load::{Record, open_uncached};
use crate::random::Random;
use crate::store::folder;

const KILLS: u64 = 100;

#[tokio::test]
async fn hundred_kills_under_load_lose_no_acknowledged_session_and_no_logout() {
    let _alone = alone().await;
    let file = folder("kill").join("sessions.db");
    // The process that takes over is there already.
    let store = open_uncached(&file).expect("a store");
    let path = file.to_str().expect("text");
    let mut random = Random::new(11);
    let mut records = Vec::new();
    for kill in 0..KILLS {
        let mut record = Record::default();
        let mut child = Child::run(
            "load::load",
            &[("STORE", path), ("SEED", &kill.to_string())],
        );
        for _ in 0..=random.below(60) {
            record.add(&child.receive());
        }
        // Not always after a message.
        thread::sleep(Duration::from_micros(random.below(8_000)));
        child.kill();
        for message in child.remaining() {
            record.add(&message);
        }
        assert!(!child.log().contains("panicked"), "{}", child.log());
        assert_eq!(record.check(&store).await, [""; 0], "after kill {kill}");
        records.push(record);
    }
    let (mut started, mut ended) = (0, 0);
    for record in &records {
        assert_eq!(record.check(&store).await, [""; 0], "after all");
        let counts = record.counts();
        started += counts.0;
        ended += counts.1;
    }
    println!("{KILLS} kills: {started} sessions and {ended} logouts were acknowledged");
    assert!(started > 500 && ended > 500, "{started}, {ended}");
}
