//! Behaviours of WeChat's page, with their provenance.

use crate::provenance::{Behaviour, Provenance};

pub(crate) const BEHAVIOURS: &[Behaviour] = &[
    label(
        "refusal_is_a_page_with_status_200",
        Provenance::Observed,
        "community/develop/doc/0002421ca10040a7b6513ad2b61400",
    ),
    label(
        "browser_checked_first",
        Provenance::Inferred,
        "no document states the order of the checks",
    ),
    label(
        "wecom_is_not_wechat",
        Provenance::Inferred,
        "wxwork in the User-Agent: accounts of WeCom are others",
    ),
    label(
        "parameters_after_state",
        Provenance::Observed,
        "forcePopup, forceSnapShot, and connect_redirect of chanxuehong/wechat#226",
    ),
    label(
        "state_optional",
        Provenance::Documented,
        "网页授权: state 否; csdn 86527897 lists 10013 state不能为空 beside it",
    ),
    label(
        "state_absent_if_absent",
        Provenance::Inferred,
        "state is optional in 网页授权; its return is not described",
    ),
    label(
        "state_empty_if_empty",
        Provenance::Inferred,
        "state is returned unchanged; an empty one is not described",
    ),
    label(
        "snsapi_base_is_silent",
        Provenance::Documented,
        "网页授权: 静默授权并自动跳转到回调页",
    ),
    label(
        "snsapi_userinfo_asks",
        Provenance::Documented,
        "网页授权: 弹出授权页面",
    ),
    label(
        "decline_brings_state_only",
        Provenance::Observed,
        "cnblogs xiaofenguo/p/8400352",
    ),
    label(
        "code_single_use",
        Provenance::Documented,
        "网页授权: code只能使用一次",
    ),
    label(
        "code_lives_5_minutes",
        Provenance::Documented,
        "网页授权: 5分钟未被使用自动过期",
    ),
    label(
        "code_of_32_characters",
        Provenance::Observed,
        "samples in public questions; the length has changed before",
    ),
    label(
        "code_bound_to_appid",
        Provenance::Observed,
        "community/minihome/doc/00000ca9a30220eb81432af986b400",
    ),
    label(
        "any_redirect_host_unless_registered",
        Provenance::Inferred,
        "the sandbox's own, for development; WeChat insists",
    ),
    label(
        "openid_differs_by_account",
        Provenance::Documented,
        "网页授权: 用户的唯一标识, one for each account",
    ),
    label(
        "qrconnect_takes_any_browser",
        Provenance::Documented,
        "网站应用微信登录开发指南: a page with a QR code for a desk",
    ),
    label(
        "qrconnect_order_and_state_are_free",
        Provenance::Inferred,
        "网站应用微信登录开发指南 states no order and no limit",
    ),
    label(
        "qrconnect_code_lives_10_minutes",
        Provenance::Documented,
        "网站应用微信登录开发指南: code的超时时间为10分钟",
    ),
    label(
        "sns_success_without_errcode",
        Provenance::Documented,
        "api_snsaccesstoken.html: the table of the reply",
    ),
    label(
        "sns_json_is_text_plain",
        Provenance::Observed,
        "panva/oauth4webapi#155, Eleme-IMF/DRDNetworking#32",
    ),
    label(
        "sns_checks_the_secret_before_the_code",
        Provenance::Inferred,
        "a wrong secret must not consume codes",
    ),
    label(
        "sns_get_only",
        Provenance::Documented,
        "api_snsaccesstoken.html: GET",
    ),
    label(
        "unionid_with_userinfo_or_login",
        Provenance::Documented,
        "api_snsaccesstoken.html: 只有当scope为snsapi_userinfo时返回; qrconnect: of the Open Platform",
    ),
    label(
        "is_snapshotuser_in_every_scope",
        Provenance::Observed,
        "api_snsaccesstoken.html: 值为1; community/develop/doc/00008834ad46205e9943de78d6b400",
    ),
    label(
        "pretend_link",
        Provenance::Inferred,
        "the sandbox's own, for development on a desktop",
    ),
];

const fn label(name: &'static str, provenance: Provenance, source: &'static str) -> Behaviour {
    Behaviour {
        group: "WeChat",
        name,
        provenance,
        source,
    }
}
