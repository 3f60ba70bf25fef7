//! The pages. Markup is written here; text from outside is wrapped in
//! [`Escaped`](crate::html::Escaped).

mod account;
mod app;
mod bind;
mod device_name;
mod devices;
mod frame;
mod home;
mod member;
mod office;

pub(crate) use self::account::{AccountView, account};
pub(crate) use self::app::app;
pub(crate) use self::bind::{Field, Notice, bind, nothing_to_bind};
pub(crate) use self::devices::{Problem, devices, problem};
pub(crate) use self::frame::{Frame, Login, not_found};
pub(crate) use self::home::home;
pub(crate) use self::member::card;
pub(crate) use self::office::{admin, settings};
