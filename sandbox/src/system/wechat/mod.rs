//! WeChat's page that gives an official account a code (网页授权).

mod approval;
mod authorize_request;
mod behaviours;
mod page;
mod refusal;
mod service;

pub use self::approval::WechatApproval;
pub(crate) use self::behaviours::BEHAVIOURS;
pub(crate) use self::page::person_card;
pub use self::refusal::WechatRefusal;
pub(crate) use self::service::Wechat;
