//! The upstream systems, each with its refusals and its pages.

pub(crate) mod binding;
pub(crate) mod kesion;
pub(crate) mod redirect;
pub(crate) mod wechat;
pub(crate) mod weika;
pub(crate) mod weika_member;
