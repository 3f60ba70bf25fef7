//! The list of one user's sessions, as a page of devices reads it.

use harness::turns::{self, Run, time};
use harness::{LIVE, Person, Provider, Report, background_runtime, session_id};
use tokio::runtime::Runtime;
use tower_weika::clock::Clock;
use tower_weika::login::LoginLayer;
use tower_weika::session::{Session, SessionTimeouts};
use tower_weika::store::{Inserted, MemoryStore, SessionStore};

const SESSIONS: usize = 10_000;
const SUBJECTS: usize = 5_000;
/// The sessions of the user whose list is read: the most that a user has by default.
const LISTED: usize = 50;

fn main() {
    let runtime = background_runtime();
    // One line for each store.
    let lists = [list("MemoryStore", &MemoryStore::new(), &runtime)];
    let mut report = Report::new("devices", "The list of one user's sessions");
    report.table(
        "store",
        "`LoginLayer::sessions_of` for a user with 50 sessions; the store has 10,000 sessions of 5,000 users. The limit is \
         2,000 µs.",
    );
    let (names, mut runs): (Vec<_>, Vec<_>) = lists.into_iter().unzip();
    let medians = turns::medians(&mut runs, 31, 1_000);
    for (name, nanoseconds) in names.iter().zip(medians) {
        report.row(name, &[("50 sessions, µs", nanoseconds / 1_000.0)]);
    }
    report.finish();
}

/// A login over this store with all the sessions, and the function that lists those of one user.
fn list<'r, St: SessionStore<Person> + 'r>(
    name: &'static str,
    store: &St,
    runtime: &'r Runtime,
) -> (&'static str, Run<'r>) {
    let login = LoginLayer::builder(Provider("bench"))
        .store(store.clone())
        .public_url("https://campus.example")
        .secret([7; 32])
        .build()
        .expect("valid settings");
    let now = Clock::system().now();
    let since = runtime.block_on(store.stamp(login.namespace()));
    let since = since.expect("the store responds");
    for number in 0..SESSIONS {
        // The first user has the first 50, the others share the rest.
        let user = match number.checked_sub(LISTED) {
            None => 0,
            Some(number) => 1 + number % (SUBJECTS - 1),
        };
        let id = session_id(LIVE, number);
        let session = Session::new(id, Person::numbered(user), SessionTimeouts::default(), now);
        let session = session.within(*login.namespace());
        let inserted = runtime.block_on(store.insert(session, None, since));
        let inserted = inserted.expect("the store accepts it");
        assert_eq!(inserted, Inserted::Kept);
    }
    let user = Person::<0>::numbered(0).0;
    let read = move || {
        let sessions = runtime.block_on(login.sessions_of(&user));
        assert_eq!(sessions.expect("the store responds").len(), LISTED);
    };
    (name, Box::new(move |operations| time(operations, &read)))
}
