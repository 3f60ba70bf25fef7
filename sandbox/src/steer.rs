//! What a test knows and tells the systems of WeChat, of the binding service and of Kesion while they run.

use std::sync::atomic::Ordering;

use super::binding::BindingState;
use super::follower::Follower;
use super::kesion::KesionState;
use super::official_account::REFRESH_TOKEN;
use super::server::Sandbox;
use super::wechat::WechatApproval;

/// WeChat.
impl Sandbox {
    /// The appid of the sandbox's own official account: known to WeChat and to the binding service, and the
    /// one that Kesion shows.
    #[must_use]
    pub fn app_id(&self) -> &str {
        &self.shared.systems.wechat.app_ids[0]
    }

    /// The people who have WeChat.
    #[must_use]
    pub fn followers(&self) -> &[Follower] {
        &self.shared.systems.wechat.followers
    }

    /// Who holds the phone from now on when a browser comes to WeChat's page.
    pub fn set_wechat(&self, approval: WechatApproval) {
        *self.shared.systems.wechat.approval() = approval;
    }

    /// From now on WeChat's page does not ask, but sends the follower of this id back at once. A follower who
    /// is not there gets an error page. Faults of the way back still happen.
    pub fn wechat_auto_approve(&self, follower: impl Into<String>) {
        self.set_wechat(WechatApproval::Approve(follower.into()));
    }

    /// Whether WeChat's page takes every browser for WeChat's, or looks at the `User-Agent`, as by default.
    pub fn accept_any_browser(&self, accept: bool) {
        self.shared.systems.wechat.any_browser.store(accept, Ordering::Release);
    }

    /// A WeChat code for the follower of this id at the sandbox's own official account, as if a browser had
    /// been there. `None` if there is no such follower.
    #[must_use]
    pub fn issue_wechat_code(&self, follower: &str) -> Option<String> {
        self.shared.systems.wechat.issue_code(0, follower)
    }
}

/// The binding service.
impl Sandbox {
    /// How the binding service is set up from now on.
    pub fn set_binding(&self, state: BindingState) {
        *self.shared.systems.binding.state() = state;
    }

    /// Binds the follower of this id to the follower's own account. Whether there is such a follower.
    #[expect(clippy::must_use_candidate, reason = "a test that names its own followers knows the answer")]
    pub fn bind(&self, follower: &str) -> bool {
        self.shared.systems.set_bound(follower, true)
    }

    /// Takes the binding of the follower of this id away. Whether there is such a follower.
    #[expect(clippy::must_use_candidate, reason = "a test that names its own followers knows the answer")]
    pub fn unbind(&self, follower: &str) -> bool {
        self.shared.systems.set_bound(follower, false)
    }

    /// The code of the last SMS to this number, unless it was used.
    #[must_use]
    pub fn last_sms(&self, mobile: &str) -> Option<String> {
        self.shared.systems.binding.sms.last(mobile)
    }
}

/// Kesion.
impl Sandbox {
    /// The `apptoken` that Kesion takes.
    #[must_use]
    pub fn apptoken(&self) -> &str {
        &self.shared.systems.kesion.apptoken
    }

    /// The fake secret inside Kesion's answer: a test looks for it wherever it must not be.
    #[must_use]
    pub const fn refresh_token(&self) -> &str {
        REFRESH_TOKEN
    }

    /// How far the school's official account is from now on.
    pub fn set_kesion(&self, state: KesionState) {
        self.shared.systems.kesion.settings().state = state;
    }

    /// Whether `iswechatautologin` is 1 from now on. Default: 0.
    pub fn set_kesion_auto_login(&self, on: bool) {
        self.shared.systems.kesion.settings().auto_login = on;
    }

    /// What kind of account it is from now on, `weixintype` and `service_type_info.id`: 0 subscription (订阅号),
    /// 1 subscription that was an old account, 2 service (服务号, the default).
    pub fn set_kesion_account_type(&self, account_type: i64) {
        self.shared.systems.kesion.settings().account_type = account_type;
    }

    /// Whether the account is verified from now on: `verify_type_info.id` 0 (the default), else -1.
    pub fn set_kesion_verified(&self, verified: bool) {
        self.shared.systems.kesion.settings().verified = verified;
    }
}
