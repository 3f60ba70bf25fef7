//! Weika's pages that ask a member to allow the login.

use maud::{Markup, html};

use crate::endpoint::Endpoint;
use crate::message::page::{Choice, card, document, english, small};
use crate::state::member_person::{IdentityTypeEntry, MemberPerson};
use crate::system::wechat::PRETEND;

const TITLE: &str = "校园卡登录";

/// Which of the two pages is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// In WeChat.
    H5,
    /// In any other browser: a QR code, which the member scans with WeChat.
    Pc,
}

/// Returns the page. `query` is that of the request, passed on as received.
pub(crate) fn choose<'p>(
    kind: Kind,
    people: impl Iterator<Item = &'p MemberPerson>,
    redirect_uri: &str,
    query: &str,
) -> Markup {
    let choice = Choice {
        redirect_uri,
        approve: Endpoint::MemberApprove.path(),
        query,
    };
    let body = html! {
        @match kind {
            Kind::H5 => { h1 { "选择校园卡身份" (small("Choose who to log in as")) } }
            Kind::Pc => { h1 data-qr { "微信扫码登录" (small("Scan with WeChat: choose who scans")) } }
        }
        (choice.of(people.map(|person| (person.id(), person_card(person)))))
    };
    document(TITLE, &body)
}

/// Returns the page for browsers that are not WeChat's, with a link to continue that Weika does not
/// have.
pub(crate) fn not_wechat(query: &str) -> Markup {
    let (name, value) = PRETEND;
    let body = html! {
        h1 data-error { "请在微信客户端打开链接" (small("Open this link in WeChat")) }
        p { "仅沙箱提供：" (small("Only in the sandbox, Weika has no such link:")) }
        a.decline data-pretend
            href={ (Endpoint::MemberAuthorize.path()) "?" (query) "&" (name) "=" (value) } {
            "当作微信继续 " (english("Continue as if this was WeChat"))
        }
    };
    document(TITLE, &body)
}

/// Returns a summary of a member. It does not show the card number.
pub(crate) fn person_card(person: &MemberPerson) -> Markup {
    let name = if person.name().is_empty() {
        person.id()
    } else {
        person.name()
    };
    let entries = IdentityTypeEntry::of(person.school());
    let entry = entries
        .iter()
        .find(|it| Some(it.identity_type.to_string()) == person.identity_type);
    let about = entry.map_or("没有身份 · no identity type", |it| it.name);
    card(name, &format!("{} · {about}", person.school().name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_member_has_a_link_and_no_card_number_is_shown() {
        let people = MemberPerson::examples();
        for kind in [Kind::H5, Kind::Pc] {
            let page = choose(kind, people.iter(), "http://x/", "app_key=K&state=S").into_string();
            for person in &people {
                let id = person.id();
                let link = format!(
                    r#"data-person="{id}" href="/sandbox/weika-member/approve?person={id}&amp;app_key=K&amp;state=S""#
                );
                assert!(page.contains(&link), "{id}");
                assert!(!page.contains(person.card_number()), "{id}");
            }
            assert_eq!(page.contains("data-qr"), kind == Kind::Pc);
        }
    }
}
