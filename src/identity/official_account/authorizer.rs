//! What WeChat itself says about an account: its `api_get_authorizer_info`, which Kesion passes on.

/// What WeChat says about an official account, and what the account lets the platform do.
///
/// The refresh token that WeChat's answer also holds is not here and nowhere else: it is never read.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AuthorizerInfo {
    nick_name: String,
    head_image: String,
    service_type: Option<i64>,
    verify_type: Option<i64>,
    user_name: String,
    alias: String,
    qr_image: String,
    business: Option<BusinessInfo>,
    idc: Option<i64>,
    principal_name: String,
    signature: String,
    state: Option<i64>,
    app_id: String,
    permissions: Vec<Permission>,
}

impl AuthorizerInfo {
    /// Describes by hand what WeChat says, for tests.
    pub fn builder() -> AuthorizerInfoBuilder {
        AuthorizerInfoBuilder(Self::default())
    }

    /// The name of the account (`nick_name`); empty if it is not known, like all text here.
    #[must_use]
    pub fn nick_name(&self) -> &str {
        &self.nick_name
    }

    /// The URL of the head image (`head_img`), as the upstream system wrote it.
    #[must_use]
    pub fn head_image(&self) -> &str {
        &self.head_image
    }

    /// The kind as WeChat numbers it (`service_type_info.id`); see [`AccountKind`](super::AccountKind).
    #[must_use]
    pub fn service_type_id(&self) -> Option<i64> {
        self.service_type
    }

    /// How the account was verified (`verify_type_info.id`): -1 not at all (未认证), 0 by WeChat, 1 through Weibo, 3
    /// and 4 its owner is, its name is not yet.
    #[must_use]
    pub fn verify_type_id(&self) -> Option<i64> {
        self.verify_type
    }

    /// Whether WeChat has verified the account (微信认证): [`verify_type_id`](Self::verify_type_id) is 0.
    #[must_use]
    pub fn is_verified(&self) -> bool {
        self.verify_type == Some(0)
    }

    /// The original identifier (原始ID, `user_name`); that of
    /// [`OfficialAccount::original_id`](super::OfficialAccount::original_id).
    #[must_use]
    pub fn user_name(&self) -> &str {
        &self.user_name
    }

    /// The name that people can search for (公众号所设置的微信号, `alias`); may be empty.
    #[must_use]
    pub fn alias(&self) -> &str {
        &self.alias
    }

    /// The URL of the QR code (`qrcode_url`), as the upstream system wrote it.
    #[must_use]
    pub fn qr_image(&self) -> &str {
        &self.qr_image
    }

    /// Which functions are open to the account (功能的开通状况, `business_info`).
    #[must_use]
    pub fn business_info(&self) -> Option<&BusinessInfo> {
        self.business.as_ref()
    }

    /// A parameter that WeChat no longer uses (废弃参数, `idc`).
    #[must_use]
    pub fn idc(&self) -> Option<i64> {
        self.idc
    }

    /// The name of who owns the account (主体名称, `principal_name`).
    #[must_use]
    pub fn principal_name(&self) -> &str {
        &self.principal_name
    }

    /// What the account says about itself (`signature`).
    #[must_use]
    pub fn signature(&self) -> &str {
        &self.signature
    }

    /// The state of the account (帐号状态, `account_status`), if it is one that WeChat's page names.
    #[must_use]
    pub fn state(&self) -> Option<AccountState> {
        self.state.and_then(AccountState::of)
    }

    /// The state as the number in the answer.
    #[must_use]
    pub fn state_number(&self) -> Option<i64> {
        self.state
    }

    /// The APPID (`authorizer_appid`); that of [`OfficialAccount::app_id`](super::OfficialAccount::app_id).
    #[must_use]
    pub fn app_id(&self) -> &str {
        &self.app_id
    }

    /// What the account lets the platform do (授权给开发者的权限集列表, `func_info`).
    #[must_use]
    pub fn permissions(&self) -> &[Permission] {
        &self.permissions
    }
}

/// The states of an account.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum AccountState {
    /// 正常, 1.
    Normal,
    /// 已注销, 14.
    Cancelled,
    /// 已封禁, 16.
    Banned,
    /// 已告警, 18.
    Warned,
    /// 已冻结, 19.
    Frozen,
}

impl AccountState {
    const fn of(number: i64) -> Option<Self> {
        match number {
            1 => Some(Self::Normal),
            14 => Some(Self::Cancelled),
            16 => Some(Self::Banned),
            18 => Some(Self::Warned),
            19 => Some(Self::Frozen),
            _ => None,
        }
    }

    /// The number of WeChat's page.
    #[must_use]
    pub const fn number(self) -> i64 {
        match self {
            Self::Normal => 1,
            Self::Cancelled => 14,
            Self::Banned => 16,
            Self::Warned => 18,
            Self::Frozen => 19,
        }
    }
}

/// Which functions of WeChat are open to an account. What the answer does not name is not.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct BusinessInfo {
    /// Payments (微信支付).
    pub open_pay: bool,
    /// Shaking (微信摇一摇).
    pub open_shake: bool,
    /// Scanning (微信扫商品).
    pub open_scan: bool,
    /// Cards and coupons (微信卡券).
    pub open_card: bool,
    /// Shops (微信门店).
    pub open_store: bool,
}

/// One set of rights that an account gives to the platform (权限集).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Permission {
    id: i64,
    confirmation: Option<Confirmation>,
}

impl Permission {
    /// The set with this number.
    #[must_use]
    pub const fn new(id: i64) -> Self {
        Self {
            id,
            confirmation: None,
        }
    }

    /// The same set with what the answer says about its confirmation.
    #[must_use]
    pub const fn with_confirmation(self, confirmation: Confirmation) -> Self {
        Self {
            confirmation: Some(confirmation),
            ..self
        }
    }

    /// The number (`funcscope_category.id`). WeChat has a list of them.
    #[must_use]
    pub const fn id(&self) -> i64 {
        self.id
    }

    /// Whether somebody has to confirm it (`confirm_info`); only some sets have that.
    #[must_use]
    pub const fn confirmation(&self) -> Option<Confirmation> {
        self.confirmation
    }
}

/// The `confirm_info` of a [`Permission`]. No page explains it; what the answer does not name is `false`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Confirmation {
    /// By its name: whether somebody has to confirm the set.
    pub need_confirm: bool,
    /// By its name: whether somebody has.
    pub already_confirm: bool,
    /// By its name: whether somebody could.
    pub can_confirm: bool,
}

/// Describes an [`AuthorizerInfo`]; from [`AuthorizerInfo::builder`].
#[derive(Clone, Debug)]
#[must_use]
pub struct AuthorizerInfoBuilder(AuthorizerInfo);

impl AuthorizerInfoBuilder {
    /// The name of the account.
    pub fn nick_name(mut self, nick_name: impl Into<String>) -> Self {
        self.0.nick_name = nick_name.into();
        self
    }

    /// The URL of the head image.
    pub fn head_image(mut self, url: impl Into<String>) -> Self {
        self.0.head_image = url.into();
        self
    }

    /// The kind as WeChat numbers it.
    pub fn service_type_id(mut self, id: i64) -> Self {
        self.0.service_type = Some(id);
        self
    }

    /// How the account was verified; 0 is by WeChat.
    pub fn verify_type_id(mut self, id: i64) -> Self {
        self.0.verify_type = Some(id);
        self
    }

    /// The original identifier.
    pub fn user_name(mut self, user_name: impl Into<String>) -> Self {
        self.0.user_name = user_name.into();
        self
    }

    /// The name that people can search for.
    pub fn alias(mut self, alias: impl Into<String>) -> Self {
        self.0.alias = alias.into();
        self
    }

    /// The URL of the QR code.
    pub fn qr_image(mut self, url: impl Into<String>) -> Self {
        self.0.qr_image = url.into();
        self
    }

    /// Which functions are open to the account.
    pub fn business_info(mut self, business: BusinessInfo) -> Self {
        self.0.business = Some(business);
        self
    }

    /// The parameter that WeChat no longer uses.
    pub fn idc(mut self, idc: i64) -> Self {
        self.0.idc = Some(idc);
        self
    }

    /// The name of who owns the account.
    pub fn principal_name(mut self, principal_name: impl Into<String>) -> Self {
        self.0.principal_name = principal_name.into();
        self
    }

    /// What the account says about itself.
    pub fn signature(mut self, signature: impl Into<String>) -> Self {
        self.0.signature = signature.into();
        self
    }

    /// The state.
    pub fn state(self, state: AccountState) -> Self {
        self.state_number(state.number())
    }

    /// The state as a number, also one that is not on WeChat's page.
    pub fn state_number(mut self, number: i64) -> Self {
        self.0.state = Some(number);
        self
    }

    /// The APPID.
    pub fn app_id(mut self, app_id: impl Into<String>) -> Self {
        self.0.app_id = app_id.into();
        self
    }

    /// One more thing that the account lets the platform do.
    pub fn permission(mut self, permission: Permission) -> Self {
        self.0.permissions.push(permission);
        self
    }

    /// All of it.
    #[must_use]
    pub fn build(self) -> AuthorizerInfo {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_those_of_wechats_page_and_others_keep_their_number() {
        for state in [
            AccountState::Normal,
            AccountState::Cancelled,
            AccountState::Banned,
            AccountState::Warned,
            AccountState::Frozen,
        ] {
            assert_eq!(
                AuthorizerInfo::builder().state(state).build().state(),
                Some(state)
            );
        }
        let info = AuthorizerInfo::builder().state_number(99).build();
        assert_eq!((info.state(), info.state_number()), (None, Some(99)));
    }

    #[test]
    fn an_account_of_which_wechat_says_nothing_is_not_verified() {
        assert!(!AuthorizerInfo::builder().build().is_verified());
        assert!(
            AuthorizerInfo::builder()
                .verify_type_id(0)
                .build()
                .is_verified()
        );
    }
}
