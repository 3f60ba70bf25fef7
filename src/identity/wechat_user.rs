use super::Identity;
use crate::clock::Timestamp;
use crate::secret::secret_type;

/// A WeChat user (微信用户) of one official account or website application.
///
/// An operator's binding service (<https://www.showdoc.com.cn/east/2107969430195298>,
/// 获取openId判断绑定) also reports whether the user has a linked account. With the application's
/// own secret
/// (<https://developers.weixin.qq.com/doc/service/api/webdev/access/api_snsaccesstoken.html>),
/// WeChat itself identifies the user, and the binding is [not checked](Binding::Unchecked).
///
/// The [subject](Identity::subject) is the openid, and for a user whose binding is not checked
/// `appid:openid`. It is never the unionid, which may appear later.
///
/// ```
/// use tower_weika::clock::Timestamp;
/// use tower_weika::identity::{Identity, WechatUser};
///
/// let expires_at = Timestamp::from_unix_seconds(1_560_238_917);
/// let user = WechatUser::bound("oKLC_v_IpjuViy0erQOD_bJuNrbg", "wx0123456789abcdef", "eyJ0…", expires_at);
/// assert!(user.is_bound());
/// assert!(!format!("{user:?}").contains("eyJ0"));
///
/// let new_user = WechatUser::unbound("oKLC_v_IpjuViy0erQOD_bJuNrbg", "wx0123456789abcdef");
/// assert!(new_user.bearer().is_none());
///
/// let unchecked = WechatUser::unchecked("oKLC_v_IpjuViy0erQOD_bJuNrbg", "wx0123456789abcdef");
/// assert!(!unchecked.is_bound() && unchecked.is_complete());
/// assert_eq!(unchecked.subject(), "wx0123456789abcdef:oKLC_v_IpjuViy0erQOD_bJuNrbg");
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WechatUser {
    /// The identifier (微信用户openId).
    pub open_id: OpenId,
    /// The official account or website application to which the openid belongs (APPID).
    pub app_id: String,
    /// The identifier of the same user at all applications of one account of WeChat's Open Platform
    /// (微信开放平台). WeChat tells it to an application with its own secret that belongs to such
    /// an account, and to an official account with
    /// [`Scope::UserInfo`](crate::provider::Scope::UserInfo) only.
    pub union_id: Option<UnionId>,
    /// Whether WeChat showed a snapshot (快照页): the openid and the unionid are those of a virtual
    /// account. Only where
    /// [`allow_snapshot_users`](crate::client::wechat::WechatClientBuilder::allow_snapshot_users)
    /// is set; such users are denied otherwise.
    pub is_snapshot_user: bool,
    /// Whether the openid is bound to an account, and with which credential.
    pub binding: Binding,
    /// The subject, if it is not the openid.
    pub(crate) subject: Option<Box<str>>,
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
    /// The openid has no linked account. A page of the application links one; the openid must not
    /// pass through the browser there, because an attacker who can choose it takes over the login
    /// of another user.
    Unbound,
    /// No service was asked: WeChat identified the user with the application's own secret.
    /// [`is_bound`](WechatUser::is_bound) is `false`, and says nothing about the application's
    /// own accounts.
    Unchecked,
}

secret_type! {
    /// A user's login credential (登陆凭证) at the operator's service, for the application's calls
    /// there. Never send it to a browser.
    BearerToken
}

identifier_type! {
    /// The identifier of a WeChat user within one official account: the same user has another one
    /// at another account. Never compare it with a [`ManagerId`](super::ManagerId), which belongs
    /// to Weika's official account.
    OpenId
}

identifier_type! {
    /// The identifier of a WeChat user at all applications of one account of WeChat's Open
    /// Platform. It joins the openids of an official account and of a website application.
    UnionId
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
            union_id: None,
            is_snapshot_user: false,
            binding: Binding::Unbound,
            subject: None,
        }
    }

    /// Creates a user whose binding is not checked: WeChat identified the user with the
    /// application's own secret.
    pub fn unchecked(open_id: impl Into<OpenId>, app_id: impl Into<String>) -> Self {
        let user = Self::unbound(open_id, app_id);
        let subject = format!("{}:{}", user.app_id, user.open_id);
        Self {
            binding: Binding::Unchecked,
            subject: Some(subject.into()),
            ..user
        }
    }

    /// Whether the openid is bound to an account at the operator's service. `false` if the binding
    /// is [not checked](Binding::Unchecked).
    #[must_use]
    pub fn is_bound(&self) -> bool {
        matches!(self.binding, Binding::Bound { .. })
    }

    /// Returns the credential for the operator's service, if bound. It may have expired since.
    #[must_use]
    pub fn bearer(&self) -> Option<&BearerToken> {
        match &self.binding {
            Binding::Bound { token, .. } => Some(token),
            Binding::Unbound | Binding::Unchecked => None,
        }
    }

    /// Returns when the credential expires, if bound; compare it with
    /// [`Clock::now`](crate::clock::Clock::now).
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        match self.binding {
            Binding::Bound { expires_at, .. } => Some(expires_at),
            Binding::Unbound | Binding::Unchecked => None,
        }
    }
}

impl Identity for WechatUser {
    fn subject(&self) -> &str {
        self.subject
            .as_deref()
            .unwrap_or_else(|| self.open_id.as_str())
    }

    /// Whether the user has a linked account, or the binding is not checked.
    fn is_complete(&self) -> bool {
        !matches!(self.binding, Binding::Unbound)
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
    fn unchecked_user_is_complete_and_not_bound() {
        let user = WechatUser::unchecked("o1", "wx1");
        assert_eq!((user.open_id.as_str(), &*user.app_id), ("o1", "wx1"));
        assert!(!user.is_bound() && user.is_complete());
        assert!(matches!(user.binding, Binding::Unchecked));
        assert!(user.bearer().is_none() && user.expires_at().is_none());
        assert!(!WechatUser::unbound("o1", "wx1").is_complete());
        assert!(WechatUser::bound("o1", "wx1", "t", EXPIRES_AT).is_complete());
    }

    #[test]
    fn subject_of_an_unchecked_user_has_the_appid_and_never_the_unionid() {
        let mut user = WechatUser::unchecked("o1", "wx1");
        assert_eq!(user.subject(), "wx1:o1");
        user.union_id = Some(UnionId::new("o6"));
        user.binding = Binding::Unbound;
        assert_eq!(user.subject(), "wx1:o1", "it stays the same");
        assert_ne!(user.subject(), WechatUser::unchecked("o1", "wx2").subject());
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
