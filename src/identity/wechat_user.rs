//! A WeChat user (微信用户) of an official account, as the operator's binding service describes one.
//!
//! Source of every field: <https://www.showdoc.com.cn/east/2107969430195298> (获取openId判断绑定).

use std::fmt;

use super::Identity;
use crate::clock::Timestamp;
use crate::secret::secret_type;

/// A WeChat user of one official account: bound to an account at the operator's service, or not yet.
///
/// ```
/// use tower_weika::clock::Timestamp;
/// use tower_weika::identity::WechatUser;
///
/// let expires_at = Timestamp::from_unix_seconds(1_560_238_917);
/// let user = WechatUser::bound("oKLC_v_IpjuViy0erQOD_bJuNrbg", "wx0123456789abcdef", "eyJ0…", expires_at);
/// assert!(user.is_bound());
/// assert!(!format!("{user:?}").contains("eyJ0"));
///
/// let stranger = WechatUser::unbound("oKLC_v_IpjuViy0erQOD_bJuNrbg", "wx0123456789abcdef");
/// assert!(stranger.bearer().is_none());
/// ```
#[derive(Clone, Debug)]
pub struct WechatUser {
    open_id: OpenId,
    app_id: Box<str>,
    binding: Binding,
}

impl WechatUser {
    /// A user with an account at the operator's service. The account's `token` is good until `expires_at`.
    pub fn bound(
        open_id: impl Into<OpenId>,
        app_id: impl Into<Box<str>>,
        token: impl Into<BearerToken>,
        expires_at: Timestamp,
    ) -> Self {
        let binding = Binding::Bound {
            token: token.into(),
            expires_at,
        };
        Self {
            open_id: open_id.into(),
            app_id: app_id.into(),
            binding,
        }
    }

    /// A user without an account at the operator's service (未绑定用户).
    pub fn unbound(open_id: impl Into<OpenId>, app_id: impl Into<Box<str>>) -> Self {
        Self {
            open_id: open_id.into(),
            app_id: app_id.into(),
            binding: Binding::Unbound,
        }
    }

    /// The identifier (微信用户openId).
    #[must_use]
    pub fn open_id(&self) -> &OpenId {
        &self.open_id
    }

    /// The official account to which the openid belongs (微信公众号APPID).
    #[must_use]
    pub fn app_id(&self) -> &str {
        &self.app_id
    }

    /// Whether the openid is bound to an account, and with which credential.
    #[must_use]
    pub fn binding(&self) -> &Binding {
        &self.binding
    }

    /// Whether the openid is bound to an account.
    #[must_use]
    pub fn is_bound(&self) -> bool {
        matches!(self.binding, Binding::Bound { .. })
    }

    /// The credential for the operator's service, if bound. It may have expired since.
    #[must_use]
    pub fn bearer(&self) -> Option<&BearerToken> {
        match &self.binding {
            Binding::Bound { token, .. } => Some(token),
            Binding::Unbound => None,
        }
    }

    /// When the credential expires, if bound; to be compared with [`Clock::now`](crate::clock::Clock::now).
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        match self.binding {
            Binding::Bound { expires_at, .. } => Some(expires_at),
            Binding::Unbound => None,
        }
    }
}

impl Identity for WechatUser {
    fn subject(&self) -> &str {
        self.open_id.as_str()
    }

    /// Whether the person is bound to an account.
    fn is_complete(&self) -> bool {
        self.is_bound()
    }
}

/// Whether an openid is bound to an account at the operator's service.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Binding {
    /// It is, and the operator's service has logged the account in.
    Bound {
        /// The account's credential.
        token: BearerToken,
        /// When the credential expires.
        expires_at: Timestamp,
    },
    /// It is not: time for a page that binds it, with the openid kept out of the browser's reach. Whoever may
    /// choose the openid to be bound takes over somebody's login.
    Unbound,
}

secret_type! {
    /// A user's login credential (登陆凭证) at the operator's service, for the application's own calls there.
    /// It belongs nowhere else, least of all in a page.
    BearerToken
}

/// The identifier of a WeChat user within one official account: the same person has another one at another
/// account. Never compare it with a [`ManagerId`](super::ManagerId), which belongs to Weika's own account.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct OpenId(Box<str>);

impl OpenId {
    /// The identifier with this text.
    pub fn new(open_id: impl Into<Box<str>>) -> Self {
        Self(open_id.into())
    }

    /// The identifier as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OpenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for OpenId {
    fn from(open_id: &str) -> Self {
        Self::new(open_id)
    }
}

impl From<String> for OpenId {
    fn from(open_id: String) -> Self {
        Self::new(open_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPIRES_AT: Timestamp = Timestamp::from_unix_seconds(1_560_238_917);

    #[test]
    fn a_bound_user_has_a_credential_until_it_expires() {
        let user = WechatUser::bound("o1", "wx1", "t0ken", EXPIRES_AT);
        assert_eq!(
            (user.open_id().as_str(), user.app_id(), user.subject()),
            ("o1", "wx1", "o1")
        );
        assert!(user.is_bound() && matches!(user.binding(), Binding::Bound { .. }));
        assert_eq!(user.bearer().map(BearerToken::expose), Some("t0ken"));
        assert_eq!(user.expires_at(), Some(EXPIRES_AT));
    }

    #[test]
    fn an_unbound_user_is_known_and_has_nothing() {
        let user = WechatUser::unbound("o1", "wx1");
        assert_eq!((user.subject(), user.app_id()), ("o1", "wx1"));
        assert!(!user.is_bound() && matches!(user.binding(), Binding::Unbound));
        assert!(user.bearer().is_none() && user.expires_at().is_none());
    }

    #[test]
    fn debug_shows_the_openid_and_not_the_credential() {
        let user = WechatUser::bound("o1", "wx1", "t0ken", EXPIRES_AT);
        let shown = format!("{user:?} {:?} {:?}", user.binding(), user.bearer());
        assert!(
            shown.contains("o1") && shown.contains("[redacted]") && !shown.contains("t0ken"),
            "{shown}"
        );
    }
}
