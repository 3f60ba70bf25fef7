/// The scope that the login requests from the member (授权作用域).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub enum MemberScope {
    /// `snsapi_base`: school and card number only.
    Base,
    /// `snsapi_userinfo`: also the name, the identity type, and the fields that were granted to the
    /// application.
    #[default]
    UserInfo,
    /// `snsapi_sso`: the data of `snsapi_userinfo`, for the single sign-on of a school's own
    /// application.
    Sso,
}

impl MemberScope {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Base => "snsapi_base",
            Self::UserInfo => "snsapi_userinfo",
            Self::Sso => "snsapi_sso",
        }
    }
}
