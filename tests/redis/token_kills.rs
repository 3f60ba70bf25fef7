//! Processes that are killed while they fetch the shared token.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tower_weika::coordination::Lease;

use crate::instance::Instance;
use crate::redis_server::{Redis, Value, now};
use crate::weika::{Weika, fraction};

const PROCESSES: usize = 10;
/// Each process fetches for this many applications.
const APPS: usize = 10;
/// Processes are killed within this time, and no fetch takes longer.
const KILL_PERIOD: Duration = Duration::from_millis(1_500);
/// Additional tolerance for a busy machine.
const SLACK: Duration = Duration::from_secs(3);

/// For each key: the remaining time to live, the last fence that was granted, the fence of the
/// stored token.
const LOOK: &str = "local found = {}
for _, key in ipairs(redis.call('KEYS', '*')) do
    local token = {}
    if redis.call('TYPE', key).ok == 'hash' then token = redis.call('HMGET', key, 'fence', 'kept_under') end
    found[#found + 1] = { key, redis.call('PTTL', key), token[1] or '0', token[2] or '0' }
end
return found";

/// Checks all keys continuously: each has an expiry, and no fence ever decreases.
struct Watch {
    is_over: Arc<AtomicBool>,
    thread: JoinHandle<u64>,
}

impl Watch {
    fn start(redis: &Redis) -> Self {
        let mut connection = redis.connect().expect("a server that runs");
        let is_over = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&is_over);
        let thread = thread::spawn(move || {
            let (mut looks, mut known) = (0, HashMap::new());
            while !ended.load(Ordering::Relaxed) {
                let Value::Array(keys) = connection
                    .call(&["EVAL", LOOK, "0"])
                    .expect("a server that runs")
                else {
                    panic!("a list of keys")
                };
                for key in keys {
                    let Value::Array(key) = key else {
                        panic!("a key")
                    };
                    let [Value::Text(name), Value::Int(left), fence, kept_under] = &key[..] else {
                        panic!("{key:?}")
                    };
                    let name = String::from_utf8_lossy(name).into_owned();
                    assert!(*left >= 0, "{name} has no expiry");
                    let numbers = [fence, kept_under]
                        .map(|number| number.text().parse::<u64>().expect("a number"));
                    assert!(numbers[1] <= numbers[0], "{name}: {numbers:?}");
                    let before = known.insert(name.clone(), numbers).unwrap_or_default();
                    assert!(
                        numbers[0] >= before[0] && numbers[1] >= before[1],
                        "{name}: {before:?}, then {numbers:?}"
                    );
                }
                looks += 1;
                thread::sleep(Duration::from_millis(5));
            }
            looks
        });
        Self { is_over, thread }
    }

    /// Returns how often it has checked.
    fn stop(self) -> u64 {
        self.is_over.store(true, Ordering::Relaxed);
        self.thread
            .join()
            .expect("every key had an expiry, and numbers grew")
    }
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn token_is_there_within_the_lease_when_a_hundred_holders_are_killed() {
    let (redis, weika) = (Redis::start(), Weika::start().await);
    weika.set_latency(KILL_PERIOD);
    let watch = Watch::start(&redis);
    let mut doomed: Vec<_> = (0..PROCESSES)
        .map(|number| {
            (
                KILL_PERIOD.mul_f64(fraction()),
                Instance::start(&format!("doomed-{number}"), &redis.url(), &weika),
            )
        })
        .collect();
    doomed.sort_by_key(|(moment, _)| *moment);
    let mut survivor = Instance::start("survivor", &redis.url(), &weika);

    let apps_of = |process: usize| (0..APPS).map(move |app| format!("app-{process}-{app}"));
    for (number, (_, instance)) in doomed.iter_mut().enumerate() {
        apps_of(number).for_each(|app_key| instance.request("get", &app_key));
    }
    let (start, mut killed) = (now(), HashMap::new());
    for (number, (moment, instance)) in doomed.iter_mut().enumerate() {
        thread::sleep(moment.saturating_sub(start.elapsed()));
        instance.process.kill();
        for app_key in apps_of(number) {
            survivor.request("get", &app_key);
            killed.insert(app_key, now());
        }
    }
    let mut waited = 0;
    for _ in 0..PROCESSES * APPS {
        let result = survivor.receive();
        let time = killed
            .remove(&result.app_key)
            .expect("one result for each")
            .elapsed();
        assert!(
            time < Lease::DURATION + KILL_PERIOD + SLACK,
            "{} waited for {time:?}",
            result.app_key
        );
        waited += usize::from(time > KILL_PERIOD + SLACK);
        let token = result.outcome.expect("a token");
        assert_eq!(
            token,
            weika.newest(&result.app_key),
            "the newest token, which has invalidated all others"
        );
    }
    let looks = watch.stop();

    let issued = weika.issued();
    let mut by_survivor = HashSet::new();
    for token in &issued {
        if token.secret == "survivor" {
            assert!(
                by_survivor.insert(&token.app_key),
                "{}: fetched once after the kill",
                token.app_key
            );
        }
    }
    eprintln!(
        "{waited} of 100 were killed while they fetched, {} tokens, {looks} checks",
        issued.len()
    );
    assert!(
        (20..100).contains(&waited),
        "some, and not all, were killed while they fetched: {waited}"
    );
    assert!(issued.len() <= 2 * PROCESSES * APPS && looks > 100);

    // The stored tokens are those of the survivor.
    let mut late = Instance::start("late", &redis.url(), &weika);
    for app_key in (0..PROCESSES).flat_map(apps_of) {
        assert_eq!(late.now("get", &app_key), Ok(weika.newest(&app_key)));
    }
    assert_eq!(
        weika.issued().len(),
        issued.len(),
        "an instance that starts later fetches nothing"
    );
}
