//! Processes that open a new file at the same moment.

use tower_weika::identity::Manager;
use tower_weika::store::SessionStore;
use tower_weika_sqlite::SqliteStore;

use crate::alone::alone;
use crate::child::{self, Child, variable};
use crate::store::folder;

const ROUNDS: usize = 20;

const PROCESSES: usize = 4;

#[test]
#[ignore = "a role: other tests run it in a child process"]
fn open() {
    let Some(parent) = child::role() else { return };
    let path = variable("STORE");
    parent.receive();
    let store = SqliteStore::<Manager>::open(path).expect("a store");
    // A random one of this test.
    child::send(&format!("{:?}", store.secret()));
    parent.receive();
}

#[tokio::test]
async fn processes_that_open_a_new_file_at_once_all_start_and_have_one_secret() {
    let _alone = alone().await;
    let folder = folder("new-file");
    let mut secrets = Vec::new();
    for round in 0..ROUNDS {
        let path = folder.join(format!("{round}.db"));
        let variables = [("STORE", &path)];
        let mut children = Child::run_all("new_file::open", &[&variables[..]; PROCESSES]);
        for child in &mut children {
            child.send("go");
        }
        let mut of_round: Vec<_> = children.iter().map(Child::receive).collect();
        of_round.dedup();
        assert_eq!(of_round.len(), 1, "round {round}");
        secrets.append(&mut of_round);
    }
    assert!(secrets.iter().all(|secret| secret.starts_with("Some([")));
    secrets.sort();
    secrets.dedup();
    assert_eq!(secrets.len(), ROUNDS, "each file has another secret");
}
