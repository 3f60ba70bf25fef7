//! Records of sessions in a store, and their encryption. A written record is read back; any other bytes are no session.

#![no_main]

use std::sync::LazyLock;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use tower_weika::clock::Timestamp;
use tower_weika::identity::{
    Manager, MediaInfo, Member, MemberField, RealInfo, School, WechatUser,
};
use tower_weika::request::{Browser, Device, OperatingSystem};
use tower_weika::session::{Namespace, Session, SessionId, SessionTimeouts};
use tower_weika::store::StoredIdentity;
use tower_weika::store::external::{Encryption, record};
use tower_weika_fuzz::{json, split_array, split_byte};

const ID: &[u8] = b"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
const NOW: Timestamp = Timestamp::from_unix_seconds(1_000_000);
const NAME: &str = "session";

static KEYS: LazyLock<[Encryption; 2]> = LazyLock::new(|| {
    let key: [u8; 32] = std::array::from_fn(|index| index as u8 ^ 0xA5);
    [
        Encryption::default(),
        Encryption::new(Some(&key), &[]).expect("a key"),
    ]
});

fuzz_target!(|data: &[u8]| {
    let (choice, data) = split_byte(data);
    let namespace = Namespace::default();
    if choice % 2 == 0 {
        // Any bytes at the store: the key decrypts none of them, and each is read as a record.
        assert_eq!(KEYS[1].decrypt(NAME, data), None);
        let _ = KEYS[0].decrypt(NAME, data);
        read_any::<Manager>(&namespace, data);
        read_any::<Member>(&namespace, data);
        read_any::<WechatUser>(&namespace, data);
    } else {
        round_trip(&namespace, data);
    }
});

/// Reads any bytes; a session is that of the JSON.
fn read_any<I: StoredIdentity>(namespace: &Namespace, bytes: &[u8]) {
    let id = SessionId::parse(ID).expect("a session id");
    let Some(session) = record::read::<I>(namespace, id, bytes, NOW, NOW) else {
        return;
    };
    let Some(naive) = json::record(bytes) else {
        return;
    };
    let millis = |name: &str| naive[name].as_u64().expect("a number");
    assert_eq!(naive["namespace"], namespace.to_string());
    assert_eq!(session.created().unix_millis(), millis("created"));
    assert!(session.created() <= NOW.plus(Duration::from_secs(600)));
    assert!(session.expires_at().unix_millis() <= millis("expires_at"));
    assert!(session.last_used() <= NOW.plus(Duration::from_secs(600)));
    let _ = (session.is_live(NOW), session.device().to_string());
    let again = record::write(&session).expect("a record");
    let again = record::read::<I>(namespace, id, &again, NOW, NOW).expect("it is read back");
    assert_eq!(again.identity().to_record(), session.identity().to_record());
    assert_eq!(
        (again.created(), again.expires_at()),
        (session.created(), session.expires_at())
    );
}

fn round_trip(namespace: &Namespace, data: &[u8]) {
    let ([flags, browser, system, at, change], rest) = split_array(data);
    let (created, rest) = split_array(rest);
    let (expires, rest) = split_array(rest);
    let (idle, rest) = split_array(rest);
    let (role, rest) = split_array(rest);
    let millis = |bytes: [u8; 4]| u64::from(u32::from_be_bytes(bytes));
    let text = String::from_utf8_lossy(rest);
    let mut texts = text.split('\n').map(str::to_owned);
    let mut next = || texts.next().unwrap_or_default();

    let mut manager = Manager::new(next());
    manager.name = next();
    manager.schools = vec![School::new(next(), next()), School::new(next(), next())];
    manager.current_school_code = (flags & 1 != 0).then(&mut next);
    manager.real_info = (flags & 2 != 0).then(|| RealInfo::new(next(), next(), next()));
    manager.media_info = (flags & 4 != 0).then(|| MediaInfo::new(next(), next()));
    manager.role_id = (flags & 8 != 0).then_some(i64::from_be_bytes(role));
    let mut member = Member::new(&next(), &next());
    member.name = next();
    let member = member.with_field(MemberField::College, [next(), next()]);
    let user = WechatUser::bound(
        next(),
        next(),
        &*next(),
        NOW.plus(Duration::from_millis(millis(idle))),
    );

    let browsers = ["WeChat", "Chrome", "Other", "a later one"];
    let systems = ["HarmonyOS", "iOS", "Other", "a later one"];
    let device = Device::new(
        Browser::named(browsers[usize::from(browser % 4)]),
        OperatingSystem::named(systems[usize::from(system % 4)]),
    );
    let timeouts = SessionTimeouts::new(
        Duration::from_millis(millis(idle)),
        Duration::from_millis(millis(expires)),
    );
    let created = Timestamp::from_unix_millis(millis(created).min(NOW.unix_millis()));
    let check = Check {
        namespace: *namespace,
        timeouts,
        created,
        device,
        at,
        change,
    };
    check.of(manager);
    check.of(member);
    check.of(user);
}

struct Check {
    namespace: Namespace,
    timeouts: SessionTimeouts,
    created: Timestamp,
    device: Device,
    at: u8,
    change: u8,
}

impl Check {
    fn of<I: StoredIdentity>(&self, identity: I) {
        let id = SessionId::parse(ID).expect("a session id");
        let expected = identity.to_record();
        let session = Session::new(id, identity, self.timeouts, self.created)
            .within(self.namespace)
            .on_device(self.device);
        let written = record::write(&session).expect("a record");
        let read = record::read::<I>(&self.namespace, id, &written, session.last_used(), NOW)
            .expect("it is read back");
        assert_eq!(read.identity().to_record(), expected);
        assert_eq!(
            (read.created(), read.expires_at(), read.idle()),
            (session.created(), session.expires_at(), session.idle())
        );
        assert_eq!(
            (read.device(), read.last_used()),
            (self.device, session.last_used())
        );

        for (keys, is_encrypted) in KEYS.iter().zip([false, true]) {
            let stored = keys.encrypt(NAME, &written).expect("randomness");
            assert_eq!(keys.decrypt(NAME, &stored).as_ref(), Some(&written));
            if is_encrypted {
                assert_eq!(keys.decrypt("another", &stored), None);
                let mut changed = stored;
                let position = usize::from(self.at) % changed.len();
                changed[position] ^= self.change;
                assert_eq!(keys.decrypt(NAME, &changed).is_some(), self.change == 0);
            }
        }
    }
}
