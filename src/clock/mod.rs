//! Clock of the process: a timeline for deadlines, which a change of the system time does not move,
//! and the wall clock.
//!
//! Sessions, access tokens and cached responses expire by [`Clock::now`]. [`Clock::wall`] dates a
//! login state, which another instance, or the same one after a restart, has to judge. Tests move a
//! [`ManualClock`] instead of sleeping.
//!
//! # Behavior
//! 1. The timeline begins at the time of the wall clock when the process first reads a clock. From
//!    then on it advances with the monotonic clock of the system and never goes back.
//! 2. A change of the system time (by an administrator, `settimeofday` or a step of NTP) moves the
//!    wall clock only. It neither expires a session nor revives one. It neither prolongs the life
//!    of an access token nor causes fetches.
//! 3. The [`Timestamp`]s of a [`Session`](crate::session::Session) are on the timeline, also where
//!    a store writes them for other instances. Instances whose clocks were synchronized when they
//!    started therefore agree. `RedisStore` ignores a session whose login lies more than 10 minutes
//!    in the future, and logs a warning.
//! 4. If the two clocks differ by 10 minutes or more when a login begins or returns, a warning is
//!    logged once. If the time was wrong at the start, restart the process: until then this
//!    instance disagrees with the others.
//!
//! # Suspended machines
//! On Linux, the timeline includes the time for which the machine was suspended (`CLOCK_BOOTTIME`);
//! it notices the suspension at most one second after the machine resumes. On Windows, the
//! monotonic clock itself includes it. On macOS it does not, so sessions live longer by the time
//! for which the machine was suspended. A hypervisor that pauses a virtual machine stops all
//! monotonic clocks of the guest; that time is not included, and rule 4 reports a pause of 10
//! minutes or more.
//!
//! # Example
//! ```
//! use std::time::Duration;
//! use tower_weika::clock::{ManualClock, Timestamp};
//!
//! let start = Timestamp::from_unix_seconds(1_700_000_000);
//! let manual = ManualClock::new(start);
//! let clock = manual.clock();
//! let deadline = clock.now().plus(Duration::from_secs(1_800));
//!
//! // The system time is set back by an hour: the deadline stays where it is.
//! manual.set(start.minus(Duration::from_secs(3_600)));
//! assert_eq!(clock.wall(), start.minus(Duration::from_secs(3_600)));
//! manual.advance(Duration::from_secs(1_799));
//! assert!(clock.now() < deadline);
//! manual.advance(Duration::from_secs(1));
//! assert!(clock.now() >= deadline);
//! ```

mod clock;
mod manual;
mod system;
#[cfg(test)]
mod tests;
mod timestamp;

pub use self::clock::Clock;
pub use self::manual::ManualClock;
pub use self::timestamp::Timestamp;
