//! Refusals of Kesion.

use super::state::KesionState;

/// Reason for a refusal of Kesion.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum KesionRefusal {
    /// The `apptoken` is missing or wrong.
    ApptokenInvalid,
    /// The `apikey` is required, and missing or wrong.
    ApikeyInvalid,
    /// See [`KesionState::NotOpened`].
    NotOpened,
    /// See [`KesionState::NotAuthorized`].
    NotAuthorized,
    /// See [`KesionState::Failing`].
    WechatFailed,
}

impl KesionRefusal {
    /// Returns the refusal of a state, if it is one.
    pub(crate) const fn of(state: KesionState) -> Option<Self> {
        match state {
            KesionState::NotOpened => Some(Self::NotOpened),
            KesionState::NotAuthorized => Some(Self::NotAuthorized),
            KesionState::Failing => Some(Self::WechatFailed),
            KesionState::Authorized => None,
        }
    }

    /// Returns the `returnCode`, if there is one.
    pub(crate) const fn return_code(self) -> Option<i64> {
        match self {
            Self::NotOpened => Some(3001),
            Self::NotAuthorized => Some(3002),
            Self::ApptokenInvalid | Self::ApikeyInvalid | Self::WechatFailed => None,
        }
    }

    /// Returns the `msg`.
    pub(crate) const fn msg(self) -> &'static str {
        match self {
            Self::ApptokenInvalid => "apptoken无效",
            Self::ApikeyInvalid => "apikey无效",
            Self::NotOpened => "对不起,没有开通第三方公众号授权!",
            Self::NotAuthorized => "对不起,公众号还未授权!",
            Self::WechatFailed => "access_token missing rid: 632bc26a-1f8e3c5d-7a90b1c2",
        }
    }
}
