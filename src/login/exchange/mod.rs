//! The exchange of authorization codes: one per flow, however often and at whichever instance a
//! callback arrives.
//!
//! [`Exchanges::run_once`] is the one entry. It combines the [`Registry`](registry::Registry) of
//! this process, and the claims of flows that [`Instances`] share.

mod clients;
mod exchange;
mod exchanges;
mod instances;
mod job;
mod not_started;
mod outcome;
mod record;
mod refused;
mod registry;
mod session_salt;

use std::time::Duration;

pub(super) use self::exchange::{Exchange, abandoned};
pub(super) use self::exchanges::Exchanges;
pub(super) use self::instances::Instances;
pub(super) use self::job::Job;
pub(super) use self::not_started::NotStarted;
pub(super) use self::outcome::{Finished, Outcome};
use self::refused::Refused;
pub(super) use self::session_salt::SessionSalt;
use super::flow::FLOW_LIFETIME;

/// The time for which repeated callbacks share a finished exchange: WeChat's browser repeats one
/// within a second, an impatient user within a minute.
const JOIN_WINDOW: Duration = Duration::from_secs(60);

/// The time for which a flow is remembered: its state is fresh for [`FLOW_LIFETIME`], and a
/// finished exchange is joined a little longer.
const KEPT_FOR: Duration = FLOW_LIFETIME.saturating_add(JOIN_WINDOW);
