//! Invariants, checked at every step.

mod codes;
mod devices;
mod responses;
mod silent;
mod tokens;

use std::collections::{BTreeMap, BTreeSet};

use tower_weika::session::SessionDigest;

pub(crate) use self::devices::LogoutOfDevices;
pub(crate) use self::responses::{Reply, Seen};
use self::tokens::TokenUse;
use crate::login::Login;

/// State of the checks.
#[derive(Default, Debug)]
pub(crate) struct Facts {
    /// Users that have confirmed a login in a browser: browser, login, subject.
    pub(crate) confirmed: BTreeSet<(usize, Login, String)>,
    /// Callbacks that have led to a session, by their state.
    pub(crate) callbacks: BTreeMap<String, SettledCallback>,
    /// States of silent logins.
    silent: BTreeSet<String>,
    tokens: BTreeMap<u64, TokenUse>,
    /// Whether the wall clock of an instance was set. That costs the logins under way.
    pub(crate) was_clock_set: bool,
    pub(crate) logins: u64,
    pub(crate) fetches: u64,
    /// Logouts of other devices that were acknowledged.
    pub(crate) logouts_of_devices: u64,
    pub(crate) failed_silently: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct SettledCallback {
    pub(crate) login: Login,
    pub(crate) session: SessionDigest,
    /// Number of the incarnation that responded.
    pub(crate) incarnation: u64,
    pub(crate) instance: usize,
    pub(crate) flow_cookie: Option<String>,
}
