//! Methods of [`Sandbox`] with which a test reads and changes the systems.

use std::sync::atomic::Ordering;

use super::sandbox::Sandbox;
use crate::state::member_person::MemberPerson;
use crate::state::person::Person;
use crate::state::wechat_person::WechatPerson;
use crate::system::binding::BindingState;
use crate::system::kesion::{KesionState, REFRESH_TOKEN};
use crate::system::wechat::{Scope, WechatApp, WechatApproval};
use crate::system::weika::Approval;

/// Weika.
impl Sandbox {
    /// Returns the `app_key` of the first application.
    #[must_use]
    pub fn app_key(&self) -> &str {
        &self.inner.systems.weika.apps[0].key
    }

    /// Returns the `app_secret` of the first application.
    #[must_use]
    pub fn app_secret(&self) -> &str {
        &self.inner.systems.weika.apps[0].secret
    }

    /// Returns the people who can log in at Weika.
    #[must_use]
    pub fn people(&self) -> &[Person] {
        &self.inner.systems.weika.people
    }

    /// Makes `manager-connect` log in the person of this id at once. If there is no such person, it
    /// shows an error page. Faults of the redirect still happen.
    pub fn auto_approve(&self, person: impl Into<String>) {
        self.set_approval(Approval::Approve(person.into()));
    }

    /// Sets the decision of `manager-connect`.
    pub fn set_approval(&self, approval: Approval) {
        *self.inner.systems.weika.approval() = approval;
    }

    /// Issues a `wxcode` for the person of this id at the first application, as if a browser had
    /// been there. `None` if there is no such person.
    #[must_use]
    pub fn issue_wxcode(&self, person: &str) -> Option<String> {
        self.inner.systems.weika.issue_code(0, person)
    }

    /// Makes every access token unknown, as after a reset of the application's secret.
    pub fn revoke_tokens(&self) {
        self.inner.systems.weika.tokens.revoke_all();
    }
}

/// The member login.
impl Sandbox {
    /// Returns the `app_key` of the first application for members.
    #[must_use]
    pub fn member_app_key(&self) -> &str {
        &self.inner.systems.weika_member.apps[0].key
    }

    /// Returns the `app_secret` of the first application for members.
    #[must_use]
    pub fn member_app_secret(&self) -> &str {
        &self.inner.systems.weika_member.apps[0].secret
    }

    /// Returns the `ocode` of the first member's school.
    #[must_use]
    pub fn ocode(&self) -> &str {
        self.members()[0].school().code()
    }

    /// Returns the members of all schools.
    #[must_use]
    pub fn members(&self) -> &[MemberPerson] {
        &self.inner.systems.weika_member.people
    }

    /// Makes both pages log in the member of this id at once. If the school has no such member,
    /// they show an error page. Faults of the redirect still happen.
    pub fn member_auto_approve(&self, person: impl Into<String>) {
        self.set_member_approval(Approval::Approve(person.into()));
    }

    /// Sets the decision of both pages.
    pub fn set_member_approval(&self, approval: Approval) {
        *self.inner.systems.weika_member.approval() = approval;
    }

    /// Sets whether the schools have the applications switched on. Otherwise no school's token is
    /// issued (40018). Default: yes.
    pub fn set_member_app_enabled(&self, enabled: bool) {
        let member = &self.inner.systems.weika_member;
        member.enabled.store(enabled, Ordering::Release);
    }

    /// Issues a `wxcode` for the member of this id at the first application, as if a browser had
    /// been there with this `redirect_uri`. `None` if there is no such member.
    #[must_use]
    pub fn issue_member_wxcode(&self, person: &str, redirect_uri: &str) -> Option<String> {
        let member = &self.inner.systems.weika_member;
        member.issue_code(person, redirect_uri)
    }

    /// Makes every token of a school unknown.
    pub fn revoke_school_tokens(&self) {
        self.inner.systems.weika_member.school_tokens.revoke_all();
    }
}

/// WeChat.
impl Sandbox {
    /// Returns the APPID of the sandbox's own official account, which WeChat, the binding service
    /// and Kesion know.
    #[must_use]
    pub fn app_id(&self) -> &str {
        &self.inner.systems.wechat.apps[0].app_id
    }

    /// Returns the secret of the sandbox's own official account.
    #[must_use]
    pub fn wechat_secret(&self) -> &str {
        &self.inner.systems.wechat.apps[0].secret
    }

    /// Returns the APPID of the sandbox's own website application (网站应用), for desks.
    #[must_use]
    pub fn website_app_id(&self) -> &str {
        &self.website().app_id
    }

    /// Returns the secret of the sandbox's own website application.
    #[must_use]
    pub fn website_secret(&self) -> &str {
        &self.website().secret
    }

    /// Sets whether the applications belong to one account of the Open Platform, so that WeChat
    /// tells the unionid. Default: yes.
    pub fn set_open_platform(&self, belongs: bool) {
        let wechat = &self.inner.systems.wechat;
        wechat.open_platform.store(belongs, Ordering::Release);
    }

    /// Returns the people who use WeChat.
    #[must_use]
    pub fn wechat_people(&self) -> &[WechatPerson] {
        &self.inner.systems.wechat.people
    }

    /// Sets the decision on WeChat's page.
    pub fn set_wechat(&self, approval: WechatApproval) {
        *self.inner.systems.wechat.approval() = approval;
    }

    /// Makes WeChat's page send the person of this id back at once. If there is no such person, it
    /// shows an error page. Faults of the redirect still happen.
    pub fn wechat_auto_approve(&self, person: impl Into<String>) {
        self.set_wechat(WechatApproval::Approve(person.into()));
    }

    /// Sets whether WeChat's page accepts every browser, or only those with WeChat's `User-Agent`,
    /// as by default.
    pub fn accept_any_browser(&self, accept: bool) {
        self.inner
            .systems
            .wechat
            .any_browser
            .store(accept, Ordering::Release);
    }

    /// Issues a WeChat code for the person of this id at the sandbox's own official account, as if
    /// a browser had been there. `None` if there is no such person.
    #[must_use]
    pub fn issue_wechat_code(&self, person: &str) -> Option<String> {
        self.inner.systems.wechat.issue_code(0, Scope::Base, person)
    }

    /// Issues a WeChat code for the person of this id at the sandbox's own website application.
    /// `None` if there is no such person.
    #[must_use]
    pub fn issue_website_code(&self, person: &str) -> Option<String> {
        let wechat = &self.inner.systems.wechat;
        wechat.issue_code(wechat.apps.len() - 1, Scope::Login, person)
    }

    fn website(&self) -> &WechatApp {
        let apps = &self.inner.systems.wechat.apps;
        &apps[apps.len() - 1]
    }
}

/// The binding service.
impl Sandbox {
    /// Sets the state of the binding service.
    pub fn set_binding(&self, state: BindingState) {
        *self.inner.systems.binding.state() = state;
    }

    /// Binds the WeChat of the person of this id to the person's own account. Returns whether there
    /// is such a person.
    #[expect(
        clippy::must_use_candidate,
        reason = "a test that configures its own people knows the result"
    )]
    pub fn bind(&self, person: &str) -> bool {
        self.inner.systems.set_bound(person, true)
    }

    /// Removes the binding of the person of this id. Returns whether there is such a person.
    #[expect(
        clippy::must_use_candidate,
        reason = "a test that configures its own people knows the result"
    )]
    pub fn unbind(&self, person: &str) -> bool {
        self.inner.systems.set_bound(person, false)
    }

    /// Returns the last SMS code of this number, unless it was used.
    #[must_use]
    pub fn last_sms(&self, mobile: &str) -> Option<String> {
        self.inner.systems.binding.sms.last(mobile)
    }
}

/// Kesion.
impl Sandbox {
    /// Returns the `apptoken` that Kesion accepts.
    #[must_use]
    pub fn apptoken(&self) -> &str {
        &self.inner.systems.kesion.apptoken
    }

    /// Returns the fake secret in Kesion's response: a test searches for it to find leaks.
    #[must_use]
    pub const fn refresh_token(&self) -> &str {
        REFRESH_TOKEN
    }

    /// Sets the state of the school's official account.
    pub fn set_kesion(&self, state: KesionState) {
        self.inner.systems.kesion.settings().state = state;
    }

    /// Sets whether `iswechatautologin` is 1. Default: 0.
    pub fn set_kesion_auto_login(&self, on: bool) {
        self.inner.systems.kesion.settings().auto_login = on;
    }

    /// Sets the kind of the account, `weixintype` and `service_type_info.id`: 0 subscription
    /// (订阅号), 1 subscription that was an old account, 2 service (服务号, the default).
    pub fn set_kesion_account_type(&self, account_type: i64) {
        self.inner.systems.kesion.settings().account_type = account_type;
    }

    /// Sets whether the account is verified: `verify_type_info.id` 0 (the default), else -1.
    pub fn set_kesion_verified(&self, verified: bool) {
        self.inner.systems.kesion.settings().verified = verified;
    }
}
