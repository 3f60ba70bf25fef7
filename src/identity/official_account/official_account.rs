use super::{AccountKind, AccountState, AuthorizerInfo};
use crate::identity::MediaInfo;

/// An official account that a school has authorized its platform for.
///
/// Source of every field: <https://www.showdoc.com.cn/kesionwebapi/9347782530902155>. Only the APPID is always present;
/// text is empty if it is unknown. Names are user input: escape them before they go into a page or a log.
///
/// ```
/// use tower_weika::identity::{MediaInfo, OfficialAccount};
///
/// let mut account = OfficialAccount::new("wx0123456789abcdef");
/// account.original_id = "gh_0123456789ab".to_owned();
/// assert!(account.is_account_of(&MediaInfo::new("", "gh_0123456789ab")));
/// assert!(!account.can_web_oauth(), "it is not known to be verified");
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct OfficialAccount {
    /// The APPID (公众号APPID标识, `appid`).
    pub app_id: String,
    /// The original identifier (公众号原始ID, `gh_…`).
    ///
    /// The document names it `weixinopenid`, but it is not the openid of a user: it is the account itself, as in
    /// [`MediaInfo::media_id`]. See [`is_account_of`](Self::is_account_of).
    pub original_id: String,
    /// The name (公众号名称, `weixinname`).
    pub name: String,
    /// The name of the owner (公众号主体名称, `openname`).
    pub owner: String,
    /// The number of the kind (账号类型, `weixintype`); see [`kind`](Self::kind).
    pub kind_number: Option<i64>,
    /// The URL of the head image (公众号头像, `url`), as in the upstream response.
    pub head_image: String,
    /// The URL of the QR code (公众号二维码, `ercodeimg`), as in the upstream response.
    pub qr_image: String,
    /// The URL where an administrator of the school can authorize the account again (重新授权的URL地址, `auth_url`), if
    /// its host is on the client's list.
    pub auth_url: Option<String>,
    /// Whether the school wants a silent login of its users in WeChat (启用微信自动登录, `iswechatautologin`). `false` if
    /// the response does not say.
    pub auto_login: bool,
    /// WeChat's description of the account (实时从公众号获取的基本信息, `info`).
    pub info: Option<AuthorizerInfo>,
}

impl OfficialAccount {
    /// Creates an account of which only the APPID is known.
    pub fn new(app_id: impl Into<String>) -> Self {
        Self {
            app_id: app_id.into(),
            original_id: String::new(),
            name: String::new(),
            owner: String::new(),
            kind_number: None,
            head_image: String::new(),
            qr_image: String::new(),
            auth_url: None,
            auto_login: false,
            info: None,
        }
    }

    /// Returns the kind, if its number is one of the document's.
    #[must_use]
    pub fn kind(&self) -> Option<AccountKind> {
        self.kind_number.and_then(AccountKind::of)
    }

    /// Whether users can log in through the account (网页授权). WeChat offers that for verified service accounts only, so
    /// this is `true` if WeChat describes it as one in its normal state, and `false` if that is unknown.
    ///
    /// Source: <https://developers.weixin.qq.com/community/develop/doc/000c44dfda43c8aae79fdf5bb56000>; the rule is
    /// derived from it, not quoted.
    #[must_use]
    pub fn can_web_oauth(&self) -> bool {
        let is_usable = |info: &AuthorizerInfo| {
            info.is_verified() && info.state() == Some(AccountState::Normal)
        };
        self.kind() == Some(AccountKind::Service) && self.info.as_ref().is_some_and(is_usable)
    }

    /// Whether this is the main official account of a manager's school: the APPID or the original identifier is the
    /// same. An unknown identifier is never the same.
    #[must_use]
    pub fn is_account_of(&self, media: &MediaInfo) -> bool {
        let same = |one: &str, other: &str| !one.is_empty() && one == other;
        same(&self.app_id, &media.app_id) || same(&self.original_id, &media.media_id)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn kinds_are_those_of_the_document_and_no_others() {
        let kind = |kind_number| {
            let account = OfficialAccount {
                kind_number,
                ..OfficialAccount::new("wx1")
            };
            account.kind()
        };
        assert_eq!(kind(Some(0)), Some(AccountKind::Subscription));
        assert_eq!(kind(Some(1)), Some(AccountKind::UpgradedSubscription));
        assert_eq!(kind(Some(2)), Some(AccountKind::Service));
        assert_eq!((kind(Some(7)), kind(None)), (None, None));
    }

    #[test]
    fn only_a_verified_service_account_in_its_normal_state_can_log_users_in() {
        let can = |kind, verify_type, state| {
            let info = AuthorizerInfo {
                verify_type_id: Some(verify_type),
                account_status: Some(state),
                ..AuthorizerInfo::new(Value::Null)
            };
            let account = OfficialAccount {
                kind_number: Some(kind),
                info: Some(info),
                ..OfficialAccount::new("wx1")
            };
            account.can_web_oauth()
        };
        assert!(can(2, 0, 1));
        for kind in [0, 1, 3] {
            assert!(!can(kind, 0, 1), "{kind}");
        }
        for verify_type in [-1, 1, 2, 3, 4] {
            assert!(!can(2, verify_type, 1), "{verify_type}");
        }
        for state in [0, 14, 16, 18, 19] {
            assert!(!can(2, 0, state), "{state}");
        }
        let unknown = OfficialAccount {
            kind_number: Some(2),
            ..OfficialAccount::new("wx1")
        };
        assert!(!unknown.can_web_oauth());
    }

    #[test]
    fn one_equal_identifier_makes_it_the_account_of_a_school() {
        let account = OfficialAccount {
            original_id: "gh_1".to_owned(),
            ..OfficialAccount::new("wx1")
        };
        for (app_id, media_id, expected) in [
            ("wx1", "gh_1", true),
            ("wx1", "", true),
            ("", "gh_1", true),
            ("wx2", "gh_2", false),
            ("gh_1", "wx1", false),
            ("", "", false),
        ] {
            assert_eq!(
                account.is_account_of(&MediaInfo::new(app_id, media_id)),
                expected,
                "{app_id} {media_id}"
            );
        }
        assert!(!OfficialAccount::new("").is_account_of(&MediaInfo::new("", "")));
    }
}
