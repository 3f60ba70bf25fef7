//! Weika's page that asks the visitor to choose a person.

use maud::{Markup, html};

use crate::endpoint::Endpoint;
use crate::message::page::{Choice, card, document, small};
use crate::state::person::Person;

/// Returns the page. `query` is that of the request, passed on as received.
pub(crate) fn choose(people: &[Person], redirect_uri: &str, query: &str) -> Markup {
    let choice = Choice {
        redirect_uri,
        approve: Endpoint::Approve.path(),
        query,
    };
    let body = html! {
        h1 { "选择管理员身份" (small("Choose who to log in as")) }
        (choice.of(people.iter().map(|person| (person.id(), person_card(person)))))
    };
    document("管理员登录", &body)
}

/// Returns a summary of a manager.
pub(crate) fn person_card(person: &Person) -> Markup {
    let school = person
        .current_school
        .as_ref()
        .or_else(|| person.schools.first());
    let school = school.map_or("没有主体 · no school", |school| school.name());
    let real = if person.real_info.is_some() {
        " · 已实名 verified"
    } else {
        ""
    };
    card(
        person.name(),
        &format!("{school} · 角色组 role {role}{real}", role = person.role_id),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_person_and_the_refusal_have_a_link() {
        let page = choose(&Person::examples(), "http://x/", "app_key=K&state=S").into_string();
        for id in ["wang", "li", "chen", "zhao", "sun"] {
            let link = format!(
                r#"data-person="{id}" href="/sandbox/weika/approve?person={id}&amp;app_key=K&amp;state=S""#
            );
            assert!(page.contains(&link), "{id}");
        }
        assert!(page.contains(
            r#"data-decline href="/sandbox/weika/approve?decline=1&amp;app_key=K&amp;state=S""#
        ));
    }
}
