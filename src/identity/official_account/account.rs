//! The account, as Kesion describes it.

use super::{AccountState, AuthorizerInfo};
use crate::identity::MediaInfo;

/// An official account that a school has authorized its platform for.
///
/// ```
/// use tower_weika::identity::{AccountKind, MediaInfo, OfficialAccount};
///
/// let account = OfficialAccount::builder("wx0123456789abcdef")
///     .original_id("gh_0123456789ab")
///     .kind(AccountKind::Service)
///     .build();
/// assert!(account.is_account_of(&MediaInfo::new("", "gh_0123456789ab")));
/// assert!(!account.can_web_oauth(), "nobody has said that it is verified");
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OfficialAccount {
    app_id: String,
    original_id: String,
    name: String,
    owner: String,
    kind: Option<i64>,
    head_image: String,
    qr_image: String,
    auth_url: Option<String>,
    auto_login: bool,
    info: Option<AuthorizerInfo>,
}

impl OfficialAccount {
    /// Describes an account by hand, for tests of what uses one.
    pub fn builder(app_id: impl Into<String>) -> OfficialAccountBuilder {
        OfficialAccountBuilder(Self {
            app_id: app_id.into(),
            original_id: String::new(),
            name: String::new(),
            owner: String::new(),
            kind: None,
            head_image: String::new(),
            qr_image: String::new(),
            auth_url: None,
            auto_login: false,
            info: None,
        })
    }

    /// The APPID (公众号APPID标识, `appid`).
    #[must_use]
    pub fn app_id(&self) -> &str {
        &self.app_id
    }

    /// The original identifier (公众号原始ID, `gh_…`); empty if it is not known.
    ///
    /// The document names it `weixinopenid`, but it is nobody's openid: it is the account itself, as in
    /// [`MediaInfo::media_id`]. See [`is_account_of`](Self::is_account_of).
    #[must_use]
    pub fn original_id(&self) -> &str {
        &self.original_id
    }

    /// The name (公众号名称, `weixinname`); empty if it is not known.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name of who owns it (公众号主体名称, `openname`); empty if it is not known.
    #[must_use]
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// The kind (账号类型, `weixintype`), if it is one of the document's.
    #[must_use]
    pub fn kind(&self) -> Option<AccountKind> {
        self.kind.and_then(AccountKind::of)
    }

    /// The kind as the number in the answer.
    #[must_use]
    pub fn kind_number(&self) -> Option<i64> {
        self.kind
    }

    /// The URL of the head image (公众号头像, `url`), as the upstream system wrote it; empty if it is not known.
    #[must_use]
    pub fn head_image(&self) -> &str {
        &self.head_image
    }

    /// The URL of the QR code (公众号二维码, `ercodeimg`), as the upstream system wrote it; empty if it is not known.
    #[must_use]
    pub fn qr_image(&self) -> &str {
        &self.qr_image
    }

    /// Where an administrator of the school can authorize the account anew (重新授权的URL地址, `auth_url`), if that
    /// is an address on the client's list.
    #[must_use]
    pub fn auth_url(&self) -> Option<&str> {
        self.auth_url.as_deref()
    }

    /// Whether the school wants people in WeChat to be logged in without being asked (启用微信自动登录,
    /// `iswechatautologin`). `false` if the answer does not say.
    #[must_use]
    pub fn auto_login(&self) -> bool {
        self.auto_login
    }

    /// What WeChat itself says about the account (实时从公众号获取的基本信息, `info`).
    #[must_use]
    pub fn info(&self) -> Option<&AuthorizerInfo> {
        self.info.as_ref()
    }

    /// Whether people can log in through the account (网页授权). WeChat offers that for verified service accounts
    /// only, so this is `true` if WeChat says that it is one and that it is in its normal state. `false` if it is not
    /// known.
    ///
    /// Source: <https://developers.weixin.qq.com/community/develop/doc/000c44dfda43c8aae79fdf5bb56000>; the rule is
    /// derived from it, not quoted.
    #[must_use]
    pub fn can_web_oauth(&self) -> bool {
        let sound = |info: &AuthorizerInfo| {
            info.is_verified() && info.state() == Some(AccountState::Normal)
        };
        self.kind() == Some(AccountKind::Service) && self.info().is_some_and(sound)
    }

    /// Whether this is the main official account of a manager's school: the APPID or the original identifier is the
    /// same. What is not known is never the same.
    #[must_use]
    pub fn is_account_of(&self, media: &MediaInfo) -> bool {
        let same = |one: &str, other: &str| !one.is_empty() && one == other;
        same(&self.app_id, media.app_id()) || same(&self.original_id, media.media_id())
    }
}

/// The kinds of official accounts; WeChat numbers them alike in `service_type_info`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum AccountKind {
    /// 订阅号, 0.
    Subscription,
    /// 由历史老帐号升级后的订阅号, 1.
    UpgradedSubscription,
    /// 服务号, 2.
    Service,
}

impl AccountKind {
    pub(super) const fn of(number: i64) -> Option<Self> {
        match number {
            0 => Some(Self::Subscription),
            1 => Some(Self::UpgradedSubscription),
            2 => Some(Self::Service),
            _ => None,
        }
    }

    /// The number of the document.
    #[must_use]
    pub const fn number(self) -> i64 {
        match self {
            Self::Subscription => 0,
            Self::UpgradedSubscription => 1,
            Self::Service => 2,
        }
    }
}

/// Describes an [`OfficialAccount`]; from [`OfficialAccount::builder`].
#[derive(Clone, Debug)]
#[must_use]
pub struct OfficialAccountBuilder(OfficialAccount);

impl OfficialAccountBuilder {
    /// The original identifier, `gh_…`.
    pub fn original_id(mut self, original_id: impl Into<String>) -> Self {
        self.0.original_id = original_id.into();
        self
    }

    /// The name.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.0.name = name.into();
        self
    }

    /// The name of who owns it.
    pub fn owner(mut self, owner: impl Into<String>) -> Self {
        self.0.owner = owner.into();
        self
    }

    /// The kind.
    pub fn kind(self, kind: AccountKind) -> Self {
        self.kind_number(kind.number())
    }

    /// The kind as a number, also one that is not in the document.
    pub fn kind_number(mut self, number: i64) -> Self {
        self.0.kind = Some(number);
        self
    }

    /// The URL of the head image.
    pub fn head_image(mut self, url: impl Into<String>) -> Self {
        self.0.head_image = url.into();
        self
    }

    /// The URL of the QR code.
    pub fn qr_image(mut self, url: impl Into<String>) -> Self {
        self.0.qr_image = url.into();
        self
    }

    /// Where an administrator can authorize it anew. It is taken as it is.
    pub fn auth_url(mut self, url: impl Into<String>) -> Self {
        self.0.auth_url = Some(url.into());
        self
    }

    /// Whether people in WeChat are logged in without being asked.
    pub fn auto_login(mut self, auto_login: bool) -> Self {
        self.0.auto_login = auto_login;
        self
    }

    /// What WeChat itself says.
    pub fn info(mut self, info: AuthorizerInfo) -> Self {
        self.0.info = Some(info);
        self
    }

    /// The account.
    #[must_use]
    pub fn build(self) -> OfficialAccount {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_those_of_the_document_and_others_keep_their_number() {
        for kind in [
            AccountKind::Subscription,
            AccountKind::UpgradedSubscription,
            AccountKind::Service,
        ] {
            assert_eq!(
                OfficialAccount::builder("wx1").kind(kind).build().kind(),
                Some(kind)
            );
        }
        let account = OfficialAccount::builder("wx1").kind_number(7).build();
        assert_eq!((account.kind(), account.kind_number()), (None, Some(7)));
        assert_eq!(OfficialAccount::builder("wx1").build().kind_number(), None);
    }

    #[test]
    fn only_a_verified_service_account_in_its_normal_state_can_log_people_in() {
        let can = |kind, verify_type, state| {
            let info = AuthorizerInfo::builder()
                .verify_type_id(verify_type)
                .state(state)
                .build();
            OfficialAccount::builder("wx1")
                .kind(kind)
                .info(info)
                .build()
                .can_web_oauth()
        };
        assert!(can(AccountKind::Service, 0, AccountState::Normal));
        assert!(!can(AccountKind::Subscription, 0, AccountState::Normal));
        assert!(!can(
            AccountKind::UpgradedSubscription,
            0,
            AccountState::Normal
        ));
        for verify_type in [-1, 1, 2, 3, 4] {
            assert!(
                !can(AccountKind::Service, verify_type, AccountState::Normal),
                "{verify_type}"
            );
        }
        for state in [
            AccountState::Cancelled,
            AccountState::Banned,
            AccountState::Warned,
            AccountState::Frozen,
        ] {
            assert!(!can(AccountKind::Service, 0, state), "{state:?}");
        }
        assert!(
            !OfficialAccount::builder("wx1")
                .kind(AccountKind::Service)
                .build()
                .can_web_oauth()
        );
    }

    #[test]
    fn one_equal_identifier_joins_an_account_to_a_manager_and_unknown_ones_do_not() {
        let account = OfficialAccount::builder("wx1").original_id("gh_1").build();
        for (app_id, media_id, joined) in [
            ("wx1", "gh_1", true),
            ("wx1", "", true),
            ("", "gh_1", true),
            ("wx2", "gh_2", false),
            ("gh_1", "wx1", false),
            ("", "", false),
        ] {
            assert_eq!(
                account.is_account_of(&MediaInfo::new(app_id, media_id)),
                joined,
                "{app_id} {media_id}"
            );
        }
        assert!(
            !OfficialAccount::builder("")
                .build()
                .is_account_of(&MediaInfo::new("", ""))
        );
    }
}
