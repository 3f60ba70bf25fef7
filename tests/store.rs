//! The store contract, run as a user of the crate runs it, for two identity types.

use tower_weika::identity::{Manager, WechatUser};
use tower_weika::store::MemoryStore;

mod managers {
    use super::*;

    tower_weika::testing::store_contract! {
        async { MemoryStore::<Manager>::new() },
        |number| Manager::new(format!("o{number}")),
    }
}

mod wechat_users {
    use super::*;

    tower_weika::testing::store_contract! {
        async { MemoryStore::<WechatUser>::new() },
        |number| WechatUser::unbound(format!("o{number}"), "wx0"),
    }
}
