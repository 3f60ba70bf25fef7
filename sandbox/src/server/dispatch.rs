//! Dispatch of a call to the system that replies to it.

use http::StatusCode;

use super::control_page;
use super::systems::Systems;
use crate::endpoint::Endpoint;
use crate::message::call::Call;
use crate::message::reply::Reply;
use crate::system::weika_member::Kind;

/// Returns the reply of `endpoint`.
pub(crate) fn dispatch(systems: &Systems, endpoint: Endpoint, call: &Call<'_>) -> Reply {
    if !endpoint.allows(&call.parts.method) {
        return Reply::error_page(
            StatusCode::METHOD_NOT_ALLOWED,
            "请求方法不对",
            "Wrong method",
        );
    }
    match endpoint {
        Endpoint::ManagerConnect => systems.weika.manager_connect(call),
        Endpoint::Approve => systems.weika.approve(call),
        Endpoint::AccessToken => systems.weika.access_token(call),
        Endpoint::ManagerInfo => systems.weika.manager_info(call),
        Endpoint::SchoolInfo => systems.weika.school_info(call),
        Endpoint::MemberAuthorize => systems.weika_member.authorize(Kind::H5, call),
        Endpoint::MemberPcAuthorize => systems.weika_member.authorize(Kind::Pc, call),
        Endpoint::MemberApprove => systems.weika_member.approve(call),
        Endpoint::MemberToken => systems.weika_member.member_token(call),
        Endpoint::MemberInfo => systems.weika_member.user_info(call),
        Endpoint::SchoolToken => systems.weika_member.school_token(call),
        Endpoint::IdentityTypes => systems.weika_member.identity_types(call),
        Endpoint::WechatAuthorize => systems.wechat.authorize(call),
        Endpoint::WechatApprove => systems.wechat.approve(call),
        Endpoint::WechatQrConnect => systems.wechat.qr_connect(call),
        Endpoint::WechatSnsToken => systems.wechat.sns_token(call),
        Endpoint::OpenId => systems.binding.open_id(call),
        Endpoint::SendSms => systems.binding.send_sms(call),
        Endpoint::BindUser => systems.binding.bind_user(call),
        Endpoint::OfficialAccount => systems.kesion.official_account(call),
        Endpoint::AuthUrl => systems.kesion.authorization_page(call),
        Endpoint::Control => control_page::reply(systems, call),
    }
}
