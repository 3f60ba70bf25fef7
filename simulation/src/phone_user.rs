//! Users of the official account: another identity than those of the website application.

use tower_weika::identity::{Identity, WechatUser};
use tower_weika::store::StoredIdentity;

#[derive(Debug)]
pub(crate) struct PhoneUser(pub(crate) WechatUser);

impl Identity for PhoneUser {
    fn subject(&self) -> &str {
        self.0.subject()
    }
}

impl StoredIdentity for PhoneUser {
    const KIND: &'static str = "phone-user";

    fn to_record(&self) -> String {
        self.0.to_record()
    }

    fn from_record(record: &str) -> Option<Self> {
        WechatUser::from_record(record).map(Self)
    }
}
