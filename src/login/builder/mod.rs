//! The settings of a login layer, and the check of all of them at once.

mod build;
mod builder;
mod observer;
mod paths;
mod secrets;

pub use self::builder::LoginLayerBuilder;
