use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use arc_swap::Guard;

use super::cached_token::CachedToken;
use crate::secret::AccessToken;

/// A token that was fresh when it was handed out. Dereferences to the [`AccessToken`].
///
/// Use it at once and drop it: it borrows from the cache without a reference count, so that a read
/// writes nothing shared. To keep a token, clone the [`AccessToken`].
pub struct CurrentToken(Repr);

enum Repr {
    Guarded(Guard<Arc<CachedToken>>),
    Owned(AccessToken),
}

impl CurrentToken {
    #[inline]
    pub(super) fn guarded(cached: Guard<Arc<CachedToken>>) -> Self {
        Self(Repr::Guarded(cached))
    }

    pub(super) fn owned(token: AccessToken) -> Self {
        Self(Repr::Owned(token))
    }
}

impl Deref for CurrentToken {
    type Target = AccessToken;

    #[inline]
    fn deref(&self) -> &AccessToken {
        match &self.0 {
            Repr::Guarded(cached) => &cached.token,
            Repr::Owned(token) => token,
        }
    }
}

impl fmt::Debug for CurrentToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CurrentToken([redacted])")
    }
}
