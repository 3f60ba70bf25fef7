//! State of Kesion, which can be changed while the sandbox runs.

use crate::provenance::with_provenance;

with_provenance! {
    /// Authorization state of the school's official account at Kesion.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    #[non_exhaustive]
    pub enum KesionState {
        /// The school has not bought it (没有开通第三方公众号授权): 3001.
        NotOpened: Documented, "showdoc.com.cn/kesionwebapi/9347782530902155";
        /// The school has not authorized an account: 3002, with the address where its administrator
        /// can.
        NotAuthorized: Documented, "showdoc.com.cn/kesionwebapi/9347782530902155";
        /// The school has authorized its account.
        Authorized: Documented, "showdoc.com.cn/kesionwebapi/9347782530902155";
        /// A call of Kesion to WeChat failed; WeChat's message is in `msg`. There is no number.
        Failing: Observed, "showdoc.com.cn/kesionwebapi/9373704047606002, of a sister interface";
    }
}

/// Settings of the school's official account.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KesionSettings {
    pub(crate) state: KesionState,
    pub(crate) auto_login: bool,
    pub(crate) account_type: i64,
    pub(crate) verified: bool,
}

impl KesionSettings {
    /// Returns the settings of a verified, authorized service account without automatic login.
    pub(crate) const fn new() -> Self {
        Self {
            state: KesionState::Authorized,
            auto_login: false,
            account_type: 2,
            verified: true,
        }
    }
}
