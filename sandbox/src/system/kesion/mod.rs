//! Kesion's lookup of the official account that a school has authorized, as
//! <https://www.showdoc.com.cn/kesionwebapi/9347782530902155> describes it.

mod behaviours;
mod official_account;
mod refusal;
mod service;
mod state;

pub(crate) use self::behaviours::BEHAVIOURS;
pub(crate) use self::official_account::REFRESH_TOKEN;
pub(crate) use self::service::{AUTH_PATH, Kesion};
pub(crate) use self::state::KesionSettings;
pub use self::state::KesionState;
