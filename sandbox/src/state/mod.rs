//! State of the imitated world: people, switched-on variations and faults, the call log, issued
//! codes and tokens.

pub(crate) mod call_log;
pub(crate) mod code;
pub(crate) mod fault;
pub(crate) mod gate;
pub(crate) mod member_person;
pub(crate) mod person;
pub(crate) mod school;
pub(crate) mod token;
pub(crate) mod variation;
pub(crate) mod wechat_person;
