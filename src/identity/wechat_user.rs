use super::Identity;
use crate::clock::Timestamp;
use crate::secret::secret_type;

/// A WeChat user (微信用户) of one official account, with or without a linked account at the operator's binding service.
///
/// Source of every field: <https://www.showdoc.com.cn/east/2107969430195298> (获取openId判断绑定).
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
/// let new_user = WechatUser::unbound("oKLC_v_IpjuViy0erQOD_bJuNrbg", "wx0123456789abcdef");
/// assert!(new_user.bearer().is_none());
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WechatUser {
    /// The identifier (微信用户openId).
    pub open_id: OpenId,
    /// The official account to which the openid belongs (微信公众号APPID).
    pub app_id: String,
    /// Whether the openid is bound to an account, and with which credential.
    pub binding: Binding,
}

/// Whether an openid is bound to an account at the operator's service.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Binding {
    /// The openid has a linked account, and the operator's service has logged it in.
    Bound {
        /// The account's credential.
        token: BearerToken,
        /// When the credential expires.
        expires_at: Timestamp,
    },
    /// The openid has no linked account. A page of the application links one; the openid must not pass through the
    /// browser there, because an attacker who can choose it takes over the login of another user.
    Unbound,
}

secret_type! {
    /// A user's login credential (登陆凭证) at the operator's service, for the application's calls there. Never send it
    /// to a browser.
    BearerToken
}

identifier_type! {
    /// The identifier of a WeChat user within one official account: the same user has another one at another account.
    /// Never compare it with a [`ManagerId`](super::ManagerId), which belongs to Weika's official account.
    OpenId
}

impl WechatUser {
    /// Creates a user with a linked account. The account's `token` is valid until `expires_at`.
    pub fn bound(
        open_id: impl Into<OpenId>,
        app_id: impl Into<String>,
        token: impl Into<BearerToken>,
        expires_at: Timestamp,
    ) -> Self {
        let token = token.into();
        Self {
            binding: Binding::Bound { token, expires_at },
            ..Self::unbound(open_id, app_id)
        }
    }

    /// Creates a user without a linked account (未绑定用户).
    pub fn unbound(open_id: impl Into<OpenId>, app_id: impl Into<String>) -> Self {
        Self {
            open_id: open_id.into(),
            app_id: app_id.into(),
            binding: Binding::Unbound,
        }
    }

    /// Whether the openid is bound to an account.
    #[must_use]
    pub fn is_bound(&self) -> bool {
        matches!(self.binding, Binding::Bound { .. })
    }

    /// Returns the credential for the operator's service, if bound. It may have expired since.
    #[must_use]
    pub fn bearer(&self) -> Option<&BearerToken> {
        match &self.binding {
            Binding::Bound { token, .. } => Some(token),
            Binding::Unbound => None,
        }
    }

    /// Returns when the credential expires, if bound; compare it with [`Clock::now`](crate::clock::Clock::now).
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

    /// Whether the user has a linked account.
    fn is_complete(&self) -> bool {
        self.is_bound()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPIRES_AT: Timestamp = Timestamp::from_unix_seconds(1_560_238_917);

    #[test]
    fn bound_user_has_a_credential_until_it_expires() {
        let user = WechatUser::bound("o1", "wx1", "t0ken", EXPIRES_AT);
        assert_eq!(
            (user.open_id.as_str(), &*user.app_id, user.subject()),
            ("o1", "wx1", "o1")
        );
        assert!(user.is_bound() && matches!(user.binding, Binding::Bound { .. }));
        assert_eq!(user.bearer().map(BearerToken::expose), Some("t0ken"));
        assert_eq!(user.expires_at(), Some(EXPIRES_AT));
    }

    #[test]
    fn unbound_user_has_no_credential() {
        let user = WechatUser::unbound("o1", "wx1");
        assert_eq!((user.subject(), &*user.app_id), ("o1", "wx1"));
        assert!(!user.is_bound() && matches!(user.binding, Binding::Unbound));
        assert!(user.bearer().is_none() && user.expires_at().is_none());
    }

    #[test]
    fn debug_shows_the_openid_and_not_the_credential() {
        let user = WechatUser::bound("o1", "wx1", "t0ken", EXPIRES_AT);
        let shown = format!("{user:?} {:?} {:?}", user.binding, user.bearer());
        assert!(
            shown.contains("o1") && shown.contains("[redacted]") && !shown.contains("t0ken"),
            "{shown}"
        );
    }
}
