/// The scope that WeChat's page for official accounts requests from the user (应用授权作用域).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub enum Scope {
    /// `snsapi_base`: the openid, without a page for the user.
    #[default]
    Base,
    /// `snsapi_userinfo`: name and picture, which the user has to confirm. With the application's
    /// own secret, WeChat tells the unionid with this scope only. WeChat may show a snapshot of the
    /// page then (快照页), with the openid of a virtual account: do not bind accounts to it.
    UserInfo,
}

impl Scope {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Base => "snsapi_base",
            Self::UserInfo => "snsapi_userinfo",
        }
    }
}
