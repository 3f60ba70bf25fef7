//! Users, and the operations of the store for them.

use harness::redis::Server;
use tower_weika::clock::Clock;
use tower_weika::identity::{Manager, MediaInfo, RealInfo, School};
use tower_weika::session::{Namespace, Session, SessionId, SessionTimeouts};
use tower_weika::store::{Inserted, Lookup, Redis, RedisStore, SessionStore};

pub type Store = RedisStore<Manager>;

/// An instance without a local cache, so that every operation reaches the server.
pub async fn connect(server: &Server, is_encrypted: bool) -> Store {
    let builder = Redis::builder(server.url()).local_cache_capacity(0);
    let builder = match is_encrypted {
        true => builder.encryption_key([7; 32]),
        false => builder,
    };
    let redis = builder.connect().await.expect("the server responds");
    redis.store()
}

pub fn namespace() -> Namespace {
    Namespace::new("weika", "0123456789ABCDEF", "https://campus.example.edu.cn")
}

/// A user of whom only the identifier is known.
pub fn least(number: usize) -> Manager {
    Manager::new(format!("oJBUeuGd04PY53N2KV{number:010}"))
}

/// A user with all that the upstream system may say.
pub fn full(number: usize) -> Manager {
    let mut second = School::new("1014714334", "第二中学");
    second.host = Some("https://card.school.example.edu.cn".to_owned());
    let mut manager = least(number);
    manager.name = "王老师".to_owned();
    manager.schools = vec![School::new("1014714333", "第一中学"), second];
    manager.current_school_code = Some("1014714333".to_owned());
    manager.real_info = Some(RealInfo::new("20230042", "王小明", "3"));
    manager.media_info = Some(MediaInfo::new("wx0123456789abcdef", "gh_0123456789ab"));
    manager.role_id = Some(7);
    manager.parent_id = Some(0);
    manager
}

/// Starts a session as a login does, and returns its identifier.
pub async fn start(store: &Store, user: Manager) -> SessionId {
    let id = SessionId::random().expect("the system has randomness");
    let now = Clock::system().now();
    let session = Session::new(id, user, SessionTimeouts::default(), now).within(namespace());
    let since = store.stamp(&namespace()).await;
    let since = since.expect("the server responds");
    let inserted = store.insert(session, None, since).await;
    assert_eq!(inserted.expect("the server responds"), Inserted::Kept);
    id
}

pub async fn load(store: &Store, id: &SessionId) -> std::sync::Arc<Session<Manager>> {
    let found = match store.load(&namespace(), id) {
        Lookup::Ready(found) => found,
        Lookup::Pending(load) => load.await,
        _ => panic!("neither ready nor pending"),
    };
    found.expect("the server responds").expect("a session")
}
