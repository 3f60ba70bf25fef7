//! Models of the upstream systems: Weika for managers and members, and WeChat.

mod codes;
mod members;
mod transport;
mod wechat;
mod weika;

pub(crate) use self::codes::{Arrival, Codes};
pub(crate) use self::members::Members;
pub(crate) use self::transport::transport;
pub(crate) use self::weika::Weika;
