//! A flood of invalid codes leaves little memory in use at Redis (rule A3).

use tower_weika::store::Redis;

use crate::kit::connect;
use crate::redis_server;
use crate::site::Site;

/// The memory of one rejected code, as reported by `MEMORY USAGE`.
const MAX_BYTES: u64 = 150;

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn a3_refused_code_takes_150_bytes_at_most_and_40_000_take_less_than_6_megabytes() {
    const CODES: u64 = 5_000;

    for key in [None, Some([7; 32])] {
        let redis = redis_server::Redis::start();
        let builder = Redis::builder(redis.url());
        let builder = match key {
            Some(key) => builder.encryption_key(key),
            None => builder,
        };
        let site = Site::new(connect(builder).await);
        site.log_in("wang").await.expect("a login");
        let logged_in = redis
            .keys()
            .into_iter()
            .filter(|key| key.contains(":f:"))
            .count();
        assert_eq!(logged_in, 1);
        let used = || {
            let info = redis.command(&["INFO", "memory"]).text();
            let line = info
                .lines()
                .find_map(|line| line.strip_prefix("used_memory:"))
                .expect("a figure");
            line.trim().parse::<u64>().expect("a number")
        };
        let before = used();
        for _ in 0..CODES {
            site.log_in("invalid")
                .await
                .expect_err("the code is refused");
        }
        let after = used();
        let flows: Vec<_> = redis
            .keys()
            .into_iter()
            .filter(|key| key.contains(":f:"))
            .collect();
        assert_eq!(flows.len() as u64, CODES + 1);
        let sizes = flows
            .iter()
            .map(|flow| match redis.command(&["MEMORY", "USAGE", flow]) {
                redis_server::Value::Int(bytes) => bytes.unsigned_abs(),
                other => panic!("{other:?}"),
            });
        let mut sizes: Vec<_> = sizes.collect();
        sizes.sort_unstable();
        // The full record of the one login is the largest.
        let largest = sizes.get(sizes.len() - 2).copied().expect("thousands");
        assert!(
            largest <= MAX_BYTES,
            "{largest} bytes, key {:?}",
            key.is_some()
        );
        let all = after.saturating_sub(before) * 40_000 / CODES;
        assert!(all < 6_000_000, "{all} bytes, key {:?}", key.is_some());
    }
}
