//! Tencent Weika's member login, as
//! <https://wiki.weixiao.qq.com/api/third/oauth/get_user_info.html> and the pages beside it
//! describe it.

mod authorize_request;
mod behaviours;
mod calls;
mod grants;
mod info;
mod page;
mod refusal;
mod service;
mod token_request;

pub(crate) use self::behaviours::BEHAVIOURS;
pub(crate) use self::page::{Kind, person_card};
pub use self::refusal::MemberRefusal;
pub(crate) use self::service::{Parts, WeikaMember};
