//! The page that links an account. It works without scripts: both buttons submit the same form.

use tower_weika::identity::WechatUser;

use super::frame::{Frame, document};
use crate::bind::Typed;
use crate::card::short_id;
use crate::html::Escaped;
use crate::reader::Reader;
use crate::upstream::Imitation;
use crate::visitor::Visitor;

/// The outcome of the last attempt.
pub(crate) enum Notice<'a> {
    /// There was no attempt.
    Nothing,
    /// The text message has been sent.
    Sent,
    /// The form was rejected: `text` in the language of the reader, and the field at fault, if any.
    Rejected { text: &'a str, field: Option<Field> },
    /// The binding was accepted, but the login after it still reported the user as unbound.
    Unconfirmed,
}

/// An input field.
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
    // The submit button of the binding comes first, because the Enter key presses the first one.
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
        title = reader.say("绑定账号", "Link your account"),
        intro = reader.say("微信用户", "WeChat user"),
        open_id = Escaped(short_id(user)),
        rest = reader.say(
            "还没有绑定账号。用手机号绑定一次，以后在微信里自动登录。",
            "is not linked to an account yet. Link it once with your mobile number to log in automatically in WeChat.",
        ),
        action = Escaped(reader.uri().path_and_query().map_or("/bind", |target| target.as_str())),
        notice = shown(reader, notice),
        mobile_label = reader.say("手机号", "Mobile number"),
        mobile = Escaped(&typed.mobile),
        mobile_wrong = wrong(notice, Field::Mobile),
        sms_label = reader.say("短信验证码", "Verification code"),
        sms = Escaped(&typed.sms),
        sms_wrong = wrong(notice, Field::Sms),
        bind_label = reader.say("绑定", "Link"),
        send_label = reader.say("获取验证码", "Send code"),
        hint = frame.imitation.as_ref().filter(|it| it.wechat).map(|it| hint(reader, it, user)).unwrap_or_default(),
        again = Escaped(again),
        again_label = reader.say("已在别处绑定？重新登录", "Already linked elsewhere? Log in again"),
    );
    document(
        frame,
        reader,
        visitor,
        reader.say("绑定账号", "Link your account"),
        &main,
    )
}

/// The page in place of the form where WeChat itself identifies the users.
pub(crate) fn nothing_to_bind(
    frame: &Frame,
    reader: &Reader,
    visitor: &Visitor,
    back: &str,
) -> String {
    let title = reader.say("无需绑定", "Nothing to link");
    let main = format!(
        r#"<div class="narrow"><h1>{title}</h1>
<p class="lead" data-nothing-to-bind>{text}</p>
<div class="actions"><a class="button" href="{back}">{back_label}</a></div></div>"#,
        text = reader.say(
            "本站用自己的 AppSecret 直接向微信确认身份，没有绑定服务，也就没有账号需要绑定。",
            "This site asks WeChat itself who the user is, with its own secret. There is no binding service, and so no \
             account to link.",
        ),
        back = Escaped(back),
        back_label = reader.say("继续", "Continue"),
    );
    document(frame, reader, visitor, title, &main)
}

fn shown(reader: &Reader, notice: &Notice<'_>) -> String {
    match notice {
        Notice::Nothing => String::new(),
        Notice::Sent => {
            let text = reader.say(
                "验证码已发送，请查看短信。",
                "Verification code sent. Please check your text messages.",
            );
            format!(r#"<p class="notice" role="status" data-notice="sent">{text}</p>"#)
        }
        Notice::Rejected { text, .. } => {
            format!(
                r#"<p id="notice" class="notice bad" role="alert" data-notice="refused">{text}</p>"#
            )
        }
        Notice::Unconfirmed => {
            let text = reader.say(
                "绑定已提交，但绑定服务仍显示未绑定。请稍后重试，或联系学校。",
                "The account was linked, but the binding service still reports it as not linked. Please try again later, or contact your \
                 school.",
            );
            format!(r#"<p class="notice bad" role="alert" data-notice="unconfirmed">{text}</p>"#)
        }
    }
}

/// Associates a field with the notice about it, for screen readers.
fn wrong(notice: &Notice<'_>, this: Field) -> &'static str {
    match notice {
        Notice::Rejected {
            field: Some(field), ..
        } if *field == this => r#" aria-invalid="true" aria-describedby="notice""#,
        _ => "",
    }
}

/// A user of the sandbox has no phone that receives the text message, so the page shows the number
/// and where to read the code.
fn hint(reader: &Reader, imitation: &Imitation, user: &WechatUser) -> String {
    let number = imitation.mobile_of(user).unwrap_or("—");
    format!(
        r#"<p class="after" data-hint>{}<code>{}</code>{}<a href="{}" target="_blank" rel="noreferrer">{}</a></p>"#,
        reader.say(
            "沙箱：此微信用户的手机号是 ",
            "Sandbox: this WeChat user's number is "
        ),
        Escaped(number),
        reader.say("，验证码显示在", ", and the code is shown on "),
        imitation.control_page(),
        reader.say("沙箱控制台", "the sandbox's control page"),
    )
}
