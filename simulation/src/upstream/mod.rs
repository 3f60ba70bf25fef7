//! Models of the upstream systems: Weika for managers, and WeChat.

mod codes;
mod transport;
mod wechat;
mod weika;

pub(crate) use self::codes::Arrival;
pub(crate) use self::transport::transport;
pub(crate) use self::wechat::Wechat;
pub(crate) use self::weika::Weika;
