use std::sync::OnceLock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::clock::timestamp::millis;

pub(in crate::clock) fn timeline() -> u64 {
    static START: OnceLock<(Instant, u64)> = OnceLock::new();

    let (start, wall) = START.get_or_init(|| (Instant::now(), wall()));
    wall.saturating_add(millis(start.elapsed()))
}

pub(in crate::clock) fn wall() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, millis)
}
