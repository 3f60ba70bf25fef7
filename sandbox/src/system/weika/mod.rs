//! Tencent Weika's manager login, as <https://wiki.weixiao.qq.com/api/third/admin.html> describes
//! it.

mod approval;
mod behaviours;
mod info;
mod page;
mod refusal;
mod service;

pub use self::approval::Approval;
pub(crate) use self::behaviours::BEHAVIOURS;
pub(crate) use self::page::person_card;
pub use self::refusal::WeikaRefusal;
pub(crate) use self::service::{App, Weika};
