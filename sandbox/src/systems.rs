//! All systems of one sandbox, and who of them answers what.

use std::sync::Arc;

use http::StatusCode;

use super::answer::{Answer, Content};
use super::binding::Binding;
use super::call::Call;
use super::control;
use super::endpoint::Endpoint;
use super::kesion::Kesion;
use super::page;
use super::wechat::Wechat;
use super::weika::{Refusal, Weika};

pub(super) struct Systems {
    pub(super) weika: Weika,
    /// Shared with the binding service, which takes the codes that WeChat gives.
    pub(super) wechat: Arc<Wechat>,
    pub(super) binding: Binding,
    pub(super) kesion: Kesion,
}

impl Systems {
    pub(super) fn answer(&self, endpoint: Endpoint, call: &Call<'_>) -> Answer {
        if !endpoint.allows(&call.parts.method) {
            let content = Content::Html(page::error("请求方法不对", "Wrong method"));
            return Answer::failure(StatusCode::METHOD_NOT_ALLOWED, content);
        }
        match endpoint {
            Endpoint::ManagerConnect => self.weika.manager_connect(call),
            Endpoint::Approve => self.weika.approve(call),
            Endpoint::AccessToken => self.weika.access_token(call).map_or_else(Refusal::answer, Answer::success),
            Endpoint::ManagerInfo => self.weika.manager_info(call).map_or_else(Refusal::answer, Answer::success),
            Endpoint::SchoolInfo => self.weika.school_info(call).map_or_else(Refusal::answer, Answer::success),
            Endpoint::WechatAuthorize => self.wechat.authorize(call),
            Endpoint::WechatApprove => self.wechat.approve(call),
            Endpoint::OpenId => self.binding.open_id(call),
            Endpoint::SendSms => self.binding.send_sms(call),
            Endpoint::BindUser => self.binding.bind_user(call),
            Endpoint::OfficialAccount => self.kesion.official_account(call),
            Endpoint::AuthUrl => self.kesion.authorization_page(call),
            Endpoint::Control => control::answer(self, call),
        }
    }

    /// The page at `/`.
    pub(super) fn home(&self) -> Answer {
        Answer::page(page::home(&self.weika.people, &self.wechat.followers))
    }

    /// Binds the follower of this id to the own account, or takes the binding away. Whether there is such a
    /// follower.
    pub(super) fn set_bound(&self, follower: &str, bound: bool) -> bool {
        let Some(follower) = self.wechat.followers.iter().position(|it| it.id() == follower) else {
            return false;
        };
        if bound {
            self.binding.accounts.bind_own(follower);
        } else {
            self.binding.accounts.unbind(follower);
        }
        true
    }
}
