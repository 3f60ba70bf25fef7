use std::time::Duration;

/// The exclusive right to fetch an access token. Expires after [`DURATION`](Self::DURATION), because its holder may
/// have died.
#[derive(Clone, Debug)]
pub struct Lease {
    holder: String,
    fencing_token: u64,
    last_published: Option<Duration>,
    early_replacements: u32,
}

impl Lease {
    /// Time after which a lease expires.
    pub const DURATION: Duration = Duration::from_secs(10);

    /// A token that is replaced within this time after it was published, and in the first half of its lifetime, counts
    /// as replaced early. Any other replacement resets the count.
    pub const EARLY: Duration = Duration::from_secs(60);

    /// Creates a lease.
    ///
    /// * `holder` is random and unique.
    /// * `fencing_token` is above that of every lease before.
    /// * `last_published` is the time since a token was last published, if that is known.
    /// * `early_replacements` is the number of tokens in a row, before the current one, that were replaced
    ///   [early](Self::EARLY).
    #[must_use]
    pub fn new(
        holder: String,
        fencing_token: u64,
        last_published: Option<Duration>,
        early_replacements: u32,
    ) -> Self {
        Self {
            holder,
            fencing_token,
            last_published,
            early_replacements,
        }
    }

    /// Returns the identifier of the holder.
    #[must_use]
    pub fn holder(&self) -> &str {
        &self.holder
    }

    /// Returns the fencing token: a number that grows with every lease.
    #[must_use]
    pub fn fencing_token(&self) -> u64 {
        self.fencing_token
    }

    /// Returns the time since a token was last published; `None` if that is not known.
    #[must_use]
    pub fn last_published(&self) -> Option<Duration> {
        self.last_published
    }

    /// Returns the number of tokens in a row that were replaced [early](Self::EARLY), not counting the current one.
    #[must_use]
    pub fn early_replacements(&self) -> u32 {
        self.early_replacements
    }
}
