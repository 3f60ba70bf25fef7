//! WeChat's pages: whose phone it is, and why no code is given.

use maud::{Markup, html};

use super::authorize_request::{AuthorizeRequest, PRETEND, Scope};
use super::refusal::WechatRefusal;
use crate::endpoint::Endpoint;
use crate::message::page::{Choice, card, document, english, small};
use crate::state::wechat_person::WechatPerson;

const TITLE: &str = "微信授权";

/// Returns the page that asks whose phone it is, and with `snsapi_userinfo` whether to allow the
/// request. `query` is that of the request, passed on as received.
pub(crate) fn ask(people: &[WechatPerson], request: &AuthorizeRequest, query: &str) -> Markup {
    let (zh, en) = match request.scope {
        Scope::Base => (
            "这是谁的手机？",
            "Whose phone is this? WeChat itself does not ask here (snsapi_base) and redirects at once",
        ),
        Scope::UserInfo => (
            "申请获取你的昵称、头像",
            "Allow the account to get your name and picture (snsapi_userinfo)? Say who you are",
        ),
        Scope::Login => (
            "使用微信扫一扫登录：谁扫码？",
            "Log in with WeChat (snsapi_login): who scans the QR code, and confirms on the phone?",
        ),
    };
    let choice = Choice {
        redirect_uri: &request.redirect_uri,
        approve: Endpoint::WechatApprove.path(),
        query,
    };
    let body = html! {
        h1 { (zh) (small(en)) }
        (choice.of(people.iter().map(|person| (person.id(), person_card(person)))))
    };
    document(TITLE, &body)
}

/// Returns a summary of a person who uses WeChat.
pub(crate) fn person_card(person: &WechatPerson) -> Markup {
    let company = if person.is_company() {
        " · 企业用户 company"
    } else {
        ""
    };
    let mobile = person.mobile_number().unwrap_or("没有手机号 · no mobile");
    card(person.name(), &format!("{mobile}{company}"))
}

/// Returns the page for browsers that are not WeChat's, with a link to continue that WeChat does
/// not have.
pub(crate) fn not_wechat(query: &str) -> Markup {
    let separator = if query.is_empty() { "" } else { "&" };
    let (name, value) = PRETEND;
    let body = html! {
        h1 data-error=(WechatRefusal::NotWechat.data_error()) {
            "请在微信客户端打开链接" (small("Open this link in WeChat"))
        }
        p { "仅沙箱提供：" (small("Only in the sandbox, WeChat has no such link:")) }
        a.decline data-pretend
            href={ (Endpoint::WechatAuthorize.path()) "?" (query) (separator) (name) "=" (value) } {
            "当作微信继续 " (english("Continue as if this was WeChat"))
        }
    };
    document(TITLE, &body)
}

/// Returns the page that says why no code is given.
pub(crate) fn refusal(refusal: WechatRefusal) -> Markup {
    let (zh, en) = match refusal {
        WechatRefusal::NotWechat => ("请在微信客户端打开链接", "Open this link in WeChat"),
        WechatRefusal::ParameterOrder => (
            "参数错误：参数顺序不对",
            "Wrong parameters, or in the wrong order",
        ),
        WechatRefusal::ResponseType => ("参数错误：response_type", "response_type must be code"),
        WechatRefusal::RedirectUriMismatch => (
            "redirect_uri域名与后台配置不一致",
            "The host or port of redirect_uri is not the registered one",
        ),
        WechatRefusal::UnknownScope => (
            "该公众号没有这个scope的权限",
            "The account has no such scope",
        ),
        WechatRefusal::ScopeEmpty => ("scope不能为空", "scope is empty"),
        WechatRefusal::RedirectUriEmpty => ("redirect_uri不能为空", "redirect_uri is empty"),
        WechatRefusal::AppIdEmpty => ("appid不能为空", "appid is empty"),
        WechatRefusal::StateTooLong => ("state参数过长", "state has more than 128 bytes"),
        WechatRefusal::StateAlphabet => (
            "参数错误：state",
            "state has characters other than letters and digits",
        ),
        WechatRefusal::UnknownAppId => ("AppID不存在", "There is no such appid"),
    };
    let body = html! {
        h1 data-error=(refusal.data_error()) { (zh) (small(en)) }
        @if let Some(number) = refusal.number() {
            p { "错误码 " code { (number) } }
        }
    };
    document(TITLE, &body)
}

#[cfg(test)]
mod tests {
    use super::super::authorize_request::AuthorizePage;
    use super::*;

    #[test]
    fn request_and_names_are_escaped() {
        let query = "appid=A&redirect_uri=http://x/?\"><script>&response_type=code&scope=snsapi_base&state=S";
        let request = AuthorizeRequest::parse(AuthorizePage::OfficialAccount, query).unwrap();
        let people = [WechatPerson::new("a\"b", "<b>&'\"")];
        let page = ask(&people, &request, query).into_string() + &not_wechat(query).into_string();
        assert!(!page.contains("<script") && !page.contains("<b><b>"));
        assert!(page.contains(
            r#"data-person="a&quot;b" href="/sandbox/wechat/approve?person=a%22b&amp;appid=A"#
        ));
    }

    #[test]
    fn every_refusal_shows_its_number() {
        let page = refusal(WechatRefusal::AppIdEmpty).into_string();
        assert!(page.contains(r#"data-error="10012">"#) && page.contains("<code>10012</code>"));
        assert!(
            refusal(WechatRefusal::StateTooLong)
                .into_string()
                .contains("state参数过长")
        );
    }
}
