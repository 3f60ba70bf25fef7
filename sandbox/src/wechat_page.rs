//! What a person sees in WeChat's browser.

use super::authorize::{AuthorizeRequest, PRETEND, Scope};
use super::endpoint::Endpoint;
use super::follower::Follower;
use super::page::{card, document, escape};
use super::wechat::WechatRefusal;

/// The page that asks whose phone this is, and with `snsapi_userinfo` whether to allow it. `query` is that of
/// the request, passed on as it came.
pub(super) fn ask(followers: &[Follower], request: &AuthorizeRequest, query: &str) -> String {
    let approve = Endpoint::WechatApprove.path();
    let query = escape(query);
    let mut choices = String::new();
    for follower in followers {
        let id: String = url::form_urlencoded::byte_serialize(follower.id().as_bytes()).collect();
        choices.push_str(&format!(
            r#"<li><a data-person="{data}" href="{approve}?person={id}&amp;{query}">{card}</a></li>
"#,
            data = escape(follower.id()),
            card = follower_card(follower),
        ));
    }
    let (zh, en) = match request.scope {
        Scope::Base => {
            ("这是谁的手机？", "Whose phone is this? WeChat itself asks nothing here (snsapi_base) and goes on at once")
        }
        Scope::UserInfo => (
            "申请获取你的昵称、头像",
            "Allow the account to get your name and picture (snsapi_userinfo)? Say who you are",
        ),
    };
    let body = format!(
        r#"<h1>{zh}<small lang="en">{en}</small></h1>
<p>将返回 <span lang="en">You return to</span> <code>{target}</code></p>
<ul>
{choices}</ul>
<a class="decline" data-decline href="{approve}?decline=1&amp;{query}">拒绝 <span lang="en">Decline</span></a>"#,
        target = escape(&request.redirect_uri),
    );
    document("微信授权", &body)
}

/// Somebody of WeChat at a glance.
pub(super) fn follower_card(follower: &Follower) -> String {
    let company = if follower.is_company() { " · 企业用户 company" } else { "" };
    let mobile = follower.mobile_number().unwrap_or("没有手机号 · no mobile");
    card(follower.name(), &format!("{mobile}{company}"))
}

/// The page for every browser that is not WeChat's, with a way on that WeChat does not have.
pub(super) fn not_wechat(query: &str) -> String {
    let authorize = Endpoint::WechatAuthorize.path();
    let joint = if query.is_empty() { "" } else { "&amp;" };
    let body = format!(
        r#"<h1 data-error="{mark}">请在微信客户端打开链接<small lang="en">Open this link in WeChat</small></h1>
<p>仅沙盒提供：<small lang="en">Only in the sandbox, WeChat has no such link:</small></p>
<a class="decline" data-pretend href="{authorize}?{query}{joint}{name}={value}">当作微信继续 <span lang="en">Go on as if this was WeChat</span></a>"#,
        mark = WechatRefusal::NotWechat.mark(),
        query = escape(query),
        name = PRETEND.0,
        value = PRETEND.1,
    );
    document("微信授权", &body)
}

/// A page that says why no code is given.
pub(super) fn refusal(refusal: WechatRefusal) -> String {
    let (zh, en) = match refusal {
        WechatRefusal::NotWechat => ("请在微信客户端打开链接", "Open this link in WeChat"),
        WechatRefusal::ParameterOrder => ("参数错误：参数顺序不对", "Wrong parameters, or in the wrong order"),
        WechatRefusal::ResponseType => ("参数错误：response_type", "response_type must be code"),
        WechatRefusal::RedirectUriMismatch => {
            ("redirect_uri域名与后台配置不一致", "The host or port of redirect_uri is not the registered one")
        }
        WechatRefusal::UnknownScope => ("该公众号没有这个scope的权限", "The account has no such scope"),
        WechatRefusal::ScopeEmpty => ("scope不能为空", "scope is empty"),
        WechatRefusal::RedirectUriEmpty => ("redirect_uri不能为空", "redirect_uri is empty"),
        WechatRefusal::AppIdEmpty => ("appid不能为空", "appid is empty"),
        WechatRefusal::StateTooLong => ("state参数过长", "state has more than 128 bytes"),
        WechatRefusal::StateAlphabet => ("参数错误：state", "state has something else than letters and digits"),
        WechatRefusal::UnknownAppId => ("AppID不存在", "There is no such appid"),
    };
    let number = refusal.number().map(|it| format!("<p>错误码 <code>{it}</code></p>")).unwrap_or_default();
    let body = format!(
        r#"<h1 data-error="{mark}">{zh}<small lang="en">{en}</small></h1>
{number}"#,
        mark = refusal.mark(),
    );
    document("微信授权", &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_request_becomes_markup() {
        let query = "appid=A&redirect_uri=http://x/?\"><script>&response_type=code&scope=snsapi_base&state=S";
        let request = AuthorizeRequest::parse(query).unwrap();
        let followers = [Follower::new("a\"b", "<b>&'\"")];
        let page = ask(&followers, &request, query) + &not_wechat(query);
        assert!(!page.contains("<script") && !page.contains("<b><b>"));
        assert!(page.contains(r#"data-person="a&quot;b" href="/sandbox/wechat/approve?person=a%22b&amp;appid=A"#));
    }

    #[test]
    fn every_refusal_shows_its_number() {
        assert!(refusal(WechatRefusal::AppIdEmpty).contains(r#"data-error="10012">"#));
        assert!(refusal(WechatRefusal::AppIdEmpty).contains("<code>10012</code>"));
        assert!(refusal(WechatRefusal::StateTooLong).contains("state参数过长"));
    }
}
