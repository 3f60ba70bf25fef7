use std::time::Duration;

use crate::secret::AccessToken;

/// A token as the upstream system issued it; what a [`TokenSource`](super::TokenSource) returns.
#[derive(Clone, Debug)]
pub struct IssuedToken {
    token: AccessToken,
    lifetime: Option<Duration>,
}

impl IssuedToken {
    /// Maximum lifetime: 7 days. A longer one is cut.
    pub const MAX_LIFETIME: Duration = Duration::from_secs(7 * 24 * 3_600);

    /// Creates a token that is valid for `lifetime`, counted from before the request for it was
    /// sent; at most [`MAX_LIFETIME`](Self::MAX_LIFETIME). A token without a lifetime, or with none
    /// left, is returned to the callers that wait for it and is not cached.
    #[must_use]
    pub fn new(token: AccessToken, lifetime: Option<Duration>) -> Self {
        let lifetime = lifetime.filter(|lifetime| !lifetime.is_zero());
        Self {
            token,
            lifetime: lifetime.map(|lifetime| lifetime.min(Self::MAX_LIFETIME)),
        }
    }

    /// Returns the token.
    #[must_use]
    pub fn token(&self) -> &AccessToken {
        &self.token
    }

    /// Returns the lifetime, if it is known.
    #[must_use]
    pub fn lifetime(&self) -> Option<Duration> {
        self.lifetime
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_never_shows_the_token() {
        let issued = IssuedToken::new(AccessToken::new("t0ken"), None);
        assert_eq!(
            format!("{issued:?}"),
            "IssuedToken { token: AccessToken([redacted]), lifetime: None }"
        );
    }

    #[test]
    fn e5_lifetimes_are_clamped() {
        let lifetime = |lifetime| IssuedToken::new(AccessToken::new("t"), lifetime).lifetime();
        assert_eq!(
            lifetime(Some(Duration::MAX)),
            Some(IssuedToken::MAX_LIFETIME)
        );
        assert_eq!(lifetime(Some(Duration::ZERO)), None);
        assert_eq!(
            lifetime(Some(Duration::from_secs(7_200))),
            Some(Duration::from_secs(7_200))
        );
    }
}
