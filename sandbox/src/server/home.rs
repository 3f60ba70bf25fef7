//! Start page of the sandbox.

use maud::{Markup, html};

use super::systems::Systems;
use crate::endpoint::Endpoint;
use crate::message::page::{document, english, small};
use crate::system::{wechat, weika, weika_member};

/// Returns the page, which explains the sandbox to a visitor of its base address.
pub(crate) fn home(systems: &Systems) -> Markup {
    let body = html! {
        h1 { "微卡沙箱" (small("Weika sandbox")) }
        p {
            "模拟微卡的登录页和接口，以及公众号授权、绑定和科汛接口。请从应用发起登录。"
            (small(
                "It imitates Weika's login page and interfaces, and those of WeChat's authorize page, the binding service \
                 and Kesion. Begin a login in your application.",
            ))
        }
        a.decline href=(Endpoint::Control.path()) { "控制台 " (english("Control page")) }
        h2 { "可登录的人 " (small("Who can log in")) }
        ul {
            @for person in &systems.weika.people { li { (weika::person_card(person)) } }
        }
        h2 { "学校成员 " (small("Members of schools")) }
        ul {
            @for person in &systems.weika_member.people { li { (weika_member::person_card(person)) } }
        }
        h2 { "微信里的人 " (small("Who has WeChat")) }
        ul {
            @for person in &systems.wechat.people { li { (wechat::person_card(person)) } }
        }
        h2 { "接口 " (small("Endpoints")) }
        ul {
            @for endpoint in Endpoint::ALL { li { code { (endpoint.path()) } } }
        }
    };
    document("首页", &body)
}
