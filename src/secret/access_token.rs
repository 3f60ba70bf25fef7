use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

/// Access token of the application (获取到的凭证, `access_token`).
///
/// A clone is the same token; two tokens with equal text that were issued at different times are
/// not, see [`is`](Self::is). `Debug` does not show it, there is no `Display`, and its memory is
/// zeroed when it is dropped.
#[derive(Clone)]
pub struct AccessToken(Arc<Zeroizing<Box<str>>>);

impl AccessToken {
    /// Wraps a token.
    pub fn new(token: impl Into<Box<str>>) -> Self {
        Self(Arc::new(Zeroizing::new(token.into())))
    }

    /// Returns the text of the token. Do not log it, nor a URL that contains it.
    #[inline]
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Returns whether both are clones of one issued token.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_text_is_not_the_same_token() {
        let token = AccessToken::new("t");
        assert!(token.is(&token.clone()));
        assert!(!token.is(&AccessToken::new("t")));
    }
}
