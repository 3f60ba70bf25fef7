use crate::clock::Timestamp;

/// An identity that the upstream system has confirmed.
#[derive(Clone, Debug)]
pub struct Verified<I> {
    pub(crate) identity: I,
    pub(crate) valid_until: Option<Timestamp>,
}

impl<I> Verified<I> {
    /// An identity that stays valid as long as its session.
    pub const fn new(identity: I) -> Self {
        Self {
            identity,
            valid_until: None,
        }
    }

    /// The same identity, which the upstream system confirms until `time` only: its session never lives longer.
    ///
    /// The time is on the timeline of [`Clock::now`](crate::clock::Clock::now). Convert a time that the upstream system
    /// states when it arrives: `clock.now().plus(stated.since(clock.wall()))`.
    #[must_use]
    pub fn valid_until(self, time: impl Into<Option<Timestamp>>) -> Self {
        Self {
            valid_until: time.into(),
            ..self
        }
    }

    /// Returns the identity.
    pub fn into_identity(self) -> I {
        self.identity
    }
}
