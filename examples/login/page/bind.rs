//! The page that binds an account. It works without scripts: both buttons send the one form.

use tower_weika::identity::WechatUser;

use super::frame::{Frame, document};
use crate::bind::Typed;
use crate::card::short_id;
use crate::html::Escaped;
use crate::reader::Reader;
use crate::upstream::Imitation;
use crate::visitor::Visitor;

/// What came of the last attempt.
pub(crate) enum Notice<'a> {
    /// There was none.
    Nothing,
    /// The SMS is on its way.
    Sent,
    /// It did not work, in the words of the reader, because of a field or of something else.
    Refused { text: &'a str, field: Option<Field> },
    /// It worked, and the login after it knew nothing of it.
    Unconfirmed,
}

/// What is typed into.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Mobile,
    Sms,
}

pub(crate) fn bind(
    frame: &Frame,
    reader: &Reader,
    user: &WechatUser,
    visitor: &Visitor,
    typed: &Typed,
    notice: &Notice<'_>,
    again: &str,
) -> String {
    // The button that binds comes first, because that is the one which the Enter key presses.
    let main = format!(
        r#"<div class="narrow"><h1>{title}</h1>
<p class="lead">{intro} <code>openid {open_id}</code> {rest}</p>
<form class="panel bind" method="post" action="{action}" data-bind>
{notice}<label class="mobile">{mobile_label}<input name="mobile" type="tel" autocomplete="tel-national" maxlength="20" required value="{mobile}"{mobile_wrong}></label>
<label class="code">{sms_label}<input name="sms" inputmode="numeric" autocomplete="one-time-code" maxlength="12" required value="{sms}"{sms_wrong}></label>
<button class="button submit" name="action" value="bind">{bind_label}</button>
<button class="button quiet send" name="action" value="sms" formnovalidate>{send_label}</button>
</form>
{hint}<p class="after"><a href="{again}">{again_label}</a></p></div>"#,
        title = reader.say("绑定账号", "Bind an account"),
        intro = reader.say("微信用户", "The WeChat user"),
        open_id = Escaped(short_id(user)),
        rest = reader.say(
            "还没有绑定账号。用手机号绑定一次，以后在微信里自动登录。",
            "is not bound to an account yet. Bind it once with your mobile number; from then on WeChat logs you in.",
        ),
        action = Escaped(reader.uri().path_and_query().map_or("/bind", |target| target.as_str())),
        notice = shown(reader, notice),
        mobile_label = reader.say("手机号", "Mobile number"),
        mobile = Escaped(&typed.mobile),
        mobile_wrong = wrong(notice, Field::Mobile),
        sms_label = reader.say("短信验证码", "Code from the SMS"),
        sms = Escaped(&typed.sms),
        sms_wrong = wrong(notice, Field::Sms),
        bind_label = reader.say("绑定", "Bind"),
        send_label = reader.say("获取验证码", "Send code"),
        hint = frame.imitation.as_ref().filter(|it| it.wechat).map(|it| hint(reader, it, user)).unwrap_or_default(),
        again = Escaped(again),
        again_label = reader.say("已在别处绑定？重新登录", "Bound elsewhere? Log in again"),
    );
    document(
        frame,
        reader,
        visitor,
        reader.say("绑定账号", "Bind an account"),
        &main,
    )
}

fn shown(reader: &Reader, notice: &Notice<'_>) -> String {
    match notice {
        Notice::Nothing => String::new(),
        Notice::Sent => {
            let text = reader.say(
                "验证码已发送，请查看短信。",
                "The code is on its way. Please look at your SMS.",
            );
            format!(r#"<p class="notice" role="status" data-notice="sent">{text}</p>"#)
        }
        Notice::Refused { text, .. } => {
            format!(
                r#"<p id="notice" class="notice bad" role="alert" data-notice="refused">{text}</p>"#
            )
        }
        Notice::Unconfirmed => {
            let text = reader.say(
                "绑定已提交，但绑定服务仍回答未绑定。请稍后重试，或联系学校。",
                "The account was bound, but the binding service still says it is not. Try again later, or ask your \
                 school.",
            );
            format!(r#"<p class="notice bad" role="alert" data-notice="unconfirmed">{text}</p>"#)
        }
    }
}

/// Ties a field to the notice that is about it, for whoever hears the page.
fn wrong(notice: &Notice<'_>, this: Field) -> &'static str {
    match notice {
        Notice::Refused {
            field: Some(field), ..
        } if *field == this => r#" aria-invalid="true" aria-describedby="notice""#,
        _ => "",
    }
}

/// Who plays with the sandbox has no phone that rings.
fn hint(reader: &Reader, imitation: &Imitation, user: &WechatUser) -> String {
    let number = imitation.mobile_of(user).unwrap_or("—");
    format!(
        r#"<p class="after" data-hint>{}<code>{}</code>{}<a href="{}" target="_blank" rel="noreferrer">{}</a></p>"#,
        reader.say(
            "沙盒：此微信用户的手机号是 ",
            "Sandbox: this WeChat user's number is "
        ),
        Escaped(number),
        reader.say("，验证码显示在", ", and the code is shown on "),
        imitation.control_page(),
        reader.say("沙盒控制台", "the sandbox's control page"),
    )
}
