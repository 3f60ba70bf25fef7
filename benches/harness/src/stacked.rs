//! Three login layers around one application, as for managers, teachers and pupils with separate
//! logins.

use std::sync::Arc;

use tower::Layer;
use tower_weika::store::MemoryStore;

use crate::candidate::{Application, Candidate, cookies, foreign_cookies};
use crate::site::{Person, Site, is_authenticated};

/// The series of session ids of the innermost layer; the others follow.
const FIRST_SERIES: u64 = 16;

fn site<const LAYER: usize>(
    name: &'static str,
    sessions: usize,
) -> Site<MemoryStore<Person<LAYER>>, LAYER> {
    let store = MemoryStore::<Person<LAYER>>::builder().build();
    Site::over(
        &store,
        name,
        FIRST_SERIES + LAYER as u64,
        sessions,
        &crate::runtime(),
    )
}

/// Up to three layers around the application, each with this many sessions.
pub fn stacked(sessions: usize) -> Vec<Candidate> {
    let (innermost, middle) = (site::<0>("way-0", sessions), site::<1>("way-1", sessions));
    let outermost = site::<2>("way-2", sessions);
    let of_each = |number| {
        let [one, two] = [
            innermost.session_cookie(number),
            middle.session_cookie(number),
        ];
        cookies(&format!(
            "{}; {two}; {one}",
            outermost.session_cookie(number)
        ))
    };
    let of_each: Arc<[_]> = (0..sessions).map(of_each).collect();
    let foreign: Arc<[_]> = vec![foreign_cookies(); sessions].into();

    let one = innermost.login.layer(Application(is_authenticated::<0>));
    let two = middle.login.layer(one.clone());
    let three = outermost.login.layer(two.clone());
    let application = Application(|request| {
        is_authenticated::<0>(request)
            && is_authenticated::<1>(request)
            && is_authenticated::<2>(request)
    });
    let all = outermost
        .login
        .layer(middle.login.layer(innermost.login.layer(application)));
    let live = &innermost.live;
    vec![
        Candidate::new("1 layer", one, live, true),
        Candidate::new("2 layers, session of the innermost", two, live, true),
        Candidate::new(
            "3 layers, session of the innermost",
            three.clone(),
            live,
            true,
        ),
        Candidate::new("3 layers, a session of each", all, &of_each, true),
        Candidate::new("3 layers, foreign cookies", three, &foreign, false),
    ]
}
