//! Identities that a store outside this process can keep.

mod contract;
mod manager;
mod member;
mod wechat_user;

pub use self::contract::StoredIdentity;
