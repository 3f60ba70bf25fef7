//! WeChat's pages that give an application a code, and the call that exchanges it: for official
//! accounts in WeChat's browser (网页授权), and for website applications at desks (网站应用).

mod app;
mod approval;
mod authorize_request;
mod behaviours;
mod page;
mod refusal;
mod service;
mod sns_refusal;
mod sns_token;

pub(crate) use self::app::WechatApp;
pub use self::approval::WechatApproval;
pub(crate) use self::authorize_request::{PRETEND, Scope};
pub(crate) use self::behaviours::BEHAVIOURS;
pub(crate) use self::page::person_card;
pub use self::refusal::WechatRefusal;
pub(crate) use self::service::Wechat;
pub use self::sns_refusal::WechatSnsRefusal;
