//! The contract of session stores.

use tower_weika::identity::{Manager, WechatUser};
use tower_weika::store::StoredIdentity;
use tower_weika_sqlite::{Sqlite, SqliteStore};

use crate::kit::new_file;

fn open<I: StoredIdentity>() -> SqliteStore<I> {
    SqliteStore::open(new_file()).unwrap()
}

fn manager(number: u32) -> Manager {
    Manager::new(format!("o{number}"))
}

mod managers {
    use super::*;

    tower_weika::testing::store_contract! { async { open::<Manager>() }, manager }
}

mod managers_without_a_local_cache {
    use super::*;

    tower_weika::testing::store_contract! {
        async {
            let sqlite = Sqlite::builder(new_file()).local_cache_capacity(0).open();
            sqlite.unwrap().store::<Manager>()
        },
        manager,
    }
}

mod encrypted_managers {
    use super::*;

    tower_weika::testing::store_contract! {
        async {
            let sqlite = Sqlite::builder(new_file()).encryption_key([7; 32]).open();
            sqlite.unwrap().store::<Manager>()
        },
        manager,
    }
}

mod wechat_users {
    use super::*;

    tower_weika::testing::store_contract! {
        async { open::<WechatUser>() },
        |number| WechatUser::unbound(format!("o{number}"), "wx1"),
    }
}
