//! A token, and a token as it was issued.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

/// An access token of the application (获取到的凭证, `access_token`).
///
/// A clone is the same token; two tokens with equal text that were issued at different times are not, see
/// [`is`](Self::is). `Debug` does not show it, there is no `Display`, and its memory is wiped.
#[derive(Clone)]
pub struct AccessToken(Arc<Zeroizing<Box<str>>>);

impl AccessToken {
    /// Wraps a token.
    pub fn new(token: impl Into<Box<str>>) -> Self {
        Self(Arc::new(Zeroizing::new(token.into())))
    }

    /// The token itself. Do not log it, nor a URL that holds it.
    #[inline]
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether both are clones of one issued token.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken([redacted])")
    }
}

/// What a [`TokenSource`](super::TokenSource) delivers.
#[derive(Clone, Debug)]
pub struct IssuedToken {
    token: AccessToken,
    lifetime: Option<Duration>,
}

impl IssuedToken {
    /// The longest lifetime that is believed: 7 days.
    pub const MAX_LIFETIME: Duration = Duration::from_secs(7 * 24 * 3_600);

    /// A token that is good for `lifetime`, counted from before it was asked for; at most
    /// [`MAX_LIFETIME`](Self::MAX_LIFETIME). A token without a lifetime, or with none left, serves those who
    /// wait for it and is not kept.
    #[must_use]
    pub fn new(token: AccessToken, lifetime: Option<Duration>) -> Self {
        let lifetime = lifetime.filter(|lifetime| !lifetime.is_zero());
        Self {
            token,
            lifetime: lifetime.map(|lifetime| lifetime.min(Self::MAX_LIFETIME)),
        }
    }

    /// The token.
    #[must_use]
    pub fn token(&self) -> &AccessToken {
        &self.token
    }

    /// How long it is good for, if that is known.
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
    fn equal_text_is_not_the_same_token() {
        let token = AccessToken::new("t");
        assert!(token.is(&token.clone()));
        assert!(!token.is(&AccessToken::new("t")));
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
