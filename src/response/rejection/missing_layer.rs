//! The report of a login layer that is missing or misplaced.

use std::any::TypeId;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use crate::trace::{debug, error};

/// The identities that were reported. One report each is enough: the program has to be changed.
static REPORTED: Mutex<BTreeSet<TypeId>> = Mutex::new(BTreeSet::new());

/// Returns the text for the developer of the application.
pub(super) fn message(identity: &str) -> String {
    format!(
        "a login as `{identity}` is required, and no `LoginLayer` or `AuthenticateLayer` of this identity is outside \
         the guard or extractor. Add the layer, or move it outside: it has to wrap the guarded routes (axum: call \
         `.layer(login)` after the routes and their guards are added)"
    )
}

/// Logs that a rejection was sent to the client without being handled by a layer: as an error once per identity, later
/// at debug level.
pub(super) fn report(identity: TypeId, name: &'static str) {
    let message = message(name);
    if REPORTED
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(identity)
    {
        error!(identity = %name, remedy = %message, "guard: a response was 500, because no login layer handled it");
    } else {
        debug!(identity = %name, remedy = %message, "guard: a response was 500, because no login layer handled it");
    }
}
