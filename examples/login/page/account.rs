//! The school's official account, for managers.

use tower_weika::identity::{
    AccountAuthorization, AccountKind, AccountState, Manager, OfficialAccount,
};

use super::frame::{Frame, document};
use crate::html::Escaped;
use crate::reader::Reader;
use crate::visitor::Visitor;

/// The state to show.
pub(crate) enum AccountView {
    /// The state that Kesion reported.
    Known(AccountAuthorization),
    /// Kesion did not respond.
    Unknown,
}

pub(crate) fn account(
    frame: &Frame,
    reader: &Reader,
    manager: &Manager,
    visitor: &Visitor,
    view: &AccountView,
) -> String {
    let (state, pill, body) = match view {
        AccountView::Known(AccountAuthorization::Authorized(account)) => (
            "authorized",
            reader.say("已授权", "Authorized"),
            authorized(reader, manager, account),
        ),
        AccountView::Known(AccountAuthorization::NotAuthorized { auth_url }) => (
            "not-authorized",
            reader.say("未授权", "Not authorized"),
            not_authorized(reader, auth_url.as_deref()),
        ),
        AccountView::Known(AccountAuthorization::NotOpened) => (
            "not-opened",
            reader.say("未开通", "Not enabled"),
            sentence(reader.say(
                "学校没有开通第三方公众号授权，请联系科汛。",
                "Official account authorization is not enabled for this school. Please contact Kesion.",
            )),
        ),
        AccountView::Known(_) | AccountView::Unknown => (
            "unknown",
            reader.say("未知", "Unknown"),
            sentence(reader.say(
                "暂时无法从科汛获取授权状态，请稍后再试。",
                "The authorization state is temporarily unavailable. Please try again later.",
            )),
        ),
    };
    let main = format!(
        r#"<h1>{title}</h1>
<p class="lead">{intro} <em class="pill" data-account="{state}">{pill}</em></p>
{body}
<div class="actions"><a class="button quiet" href="{back}">{back_label}</a></div>"#,
        title = reader.say("学校公众号", "Official account"),
        intro = reader.say(
            "学校在科汛平台上的公众号授权状态：",
            "Authorization state at Kesion:"
        ),
        back = reader.link("/admin"),
        back_label = reader.say("返回管理后台", "Back to the back office"),
    );
    document(
        frame,
        reader,
        visitor,
        reader.say("学校公众号", "Official account"),
        &main,
    )
}

fn authorized(reader: &Reader, manager: &Manager, account: &OfficialAccount) -> String {
    let info = account.info.as_ref();
    let yes_no = |is: bool| {
        if is {
            reader.say("是", "Yes")
        } else {
            reader.say("否", "No")
        }
    };
    let facts = [
        (reader.say("名称", "Name"), &*account.name),
        (reader.say("主体", "Owner"), &*account.owner),
        ("AppID", &*account.app_id),
        (reader.say("原始 ID", "Original ID"), &*account.original_id),
        (reader.say("类型", "Kind"), kind(reader, account)),
        (
            reader.say("微信认证", "Verified by WeChat"),
            yes_no(info.is_some_and(|info| info.is_verified())),
        ),
        (reader.say("账号状态", "State"), state(reader, account)),
        (
            reader.say("微信自动登录", "Silent login"),
            yes_no(account.auto_login),
        ),
    ];
    let facts = facts.map(|(label, value)| {
        let value = if value.is_empty() { "—" } else { value };
        format!("<div><dt>{label}</dt><dd>{}</dd></div>", Escaped(value))
    });
    let joined = manager
        .media_info
        .as_ref()
        .is_some_and(|media| account.is_account_of(media));
    let checks = [
        check(
            "web-oauth",
            account.can_web_oauth(),
            reader.say(
                "可以用于微信登录（网页授权）",
                "Supports WeChat login (web authorization)",
            ),
            reader.say(
                "不能用于微信登录：需要已认证、状态正常的服务号",
                "Does not support WeChat login: a verified service account in normal state is required",
            ),
        ),
        check(
            "own",
            joined,
            reader.say(
                "是您学校的公众号（与微卡一致）",
                "Is your school's official account, according to Weika",
            ),
            reader.say(
                "不是微卡记录的您学校的公众号",
                "Is not your school's official account, according to Weika",
            ),
        ),
    ];
    let again = account.auth_url.as_deref().map(|url| {
        let label = reader.say("重新授权", "Authorize again");
        format!(
            r#"<div class="actions">{}</div>"#,
            authorize(url, label, "quiet ")
        )
    });
    format!(
        r#"<div class="columns even"><section class="panel"><h2>{}</h2><dl class="facts pairs">{}</dl></section>
<section class="panel"><h2>{}</h2><ul class="checks">{}</ul>{}</section></div>"#,
        reader.say("公众号", "Account"),
        facts.concat(),
        reader.say("检查", "Checks"),
        checks.concat(),
        again.unwrap_or_default(),
    )
}

fn not_authorized(reader: &Reader, auth_url: Option<&str>) -> String {
    let text = sentence(reader.say(
        "学校还没有授权公众号。由公众号的管理员授权后，微信用户才能登录。",
        "No official account is authorized yet. WeChat users can log in after its administrator has authorized it.",
    ));
    match auth_url {
        Some(url) => {
            let link = authorize(url, reader.say("去授权公众号", "Authorize the account"), "");
            format!(r#"{text}<div class="actions">{link}</div>"#)
        }
        None => {
            let text_without = reader.say(
                "科汛没有返回可信的授权地址。",
                "Kesion did not return a trusted authorization URL.",
            );
            text + &sentence(text_without)
        }
    }
}

/// A link to a URL that has passed the allow-list of the client.
fn authorize(url: &str, label: &str, class: &str) -> String {
    format!(
        r#"<a class="{class}button" data-authorize rel="noreferrer" href="{}">{label}</a>"#,
        Escaped(url)
    )
}

fn sentence(text: &str) -> String {
    format!(r#"<section class="panel"><p>{text}</p></section>"#)
}

fn check(name: &str, passed: bool, yes: &str, no: &str) -> String {
    let text = if passed { yes } else { no };
    format!(
        r#"<li data-check="{name}:{}">{text}</li>"#,
        if passed { "yes" } else { "no" }
    )
}

fn kind(reader: &Reader, account: &OfficialAccount) -> &'static str {
    match account.kind() {
        Some(AccountKind::Service) => reader.say("服务号", "Service account"),
        Some(AccountKind::Subscription) => reader.say("订阅号", "Subscription account"),
        Some(AccountKind::UpgradedSubscription) => {
            reader.say("由历史老帐号升级的订阅号", "Upgraded subscription account")
        }
        _ => "",
    }
}

fn state(reader: &Reader, account: &OfficialAccount) -> &'static str {
    match account.info.as_ref().and_then(|info| info.state()) {
        Some(AccountState::Normal) => reader.say("正常", "Normal"),
        Some(AccountState::Cancelled) => reader.say("已注销", "Cancelled"),
        Some(AccountState::Banned) => reader.say("已封禁", "Banned"),
        Some(AccountState::Warned) => reader.say("已告警", "Warned"),
        Some(AccountState::Frozen) => reader.say("已冻结", "Frozen"),
        _ => "",
    }
}
