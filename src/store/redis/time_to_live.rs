//! Times to live of keys.

use std::time::Duration;

use crate::session::Session;
use crate::store::external::record::CLOCK_SKEW;

/// The longest time to live of any key.
const LONGEST: Duration = Duration::from_secs(3_650 * 24 * 3_600);

/// Time to live of a revocation timestamp if Redis has evicted the clock, whose expiry is that of
/// the last session.
pub(super) const WITHOUT_CLOCK: Duration = Duration::from_secs(30 * 24 * 3_600);

/// Returns the times to live of a session, in milliseconds after its last use: if it is not used
/// again, and at most.
pub(super) fn of<I>(session: &Session<I>) -> (String, String) {
    let absolute = session.expires_at().since(session.last_used()).min(LONGEST);
    let in_millis = |time: Duration| time.as_millis().max(1).to_string();
    // An instance whose clock is behind that of the instance which started the session serves it
    // for longer.
    (
        in_millis(session.idle().min(absolute)),
        in_millis(absolute + CLOCK_SKEW),
    )
}
