//! Clients for which codes are issued, and the grants behind codes and tokens, by number.

use std::sync::Mutex;

use super::authorize_request::Scope;
use crate::lock::lock;

/// Data that the application may look up with one code.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Grant {
    pub(crate) ocode: String,
    pub(crate) scope: Scope,
    /// The number of the person.
    pub(crate) person: usize,
}

/// Numbers of clients and grants.
#[derive(Default)]
pub(crate) struct Grants {
    /// Application and `redirect_uri`: a code is bound to both.
    clients: Mutex<Vec<(usize, String)>>,
    granted: Mutex<Vec<Grant>>,
}

impl Grants {
    /// Returns the number of a client.
    pub(crate) fn client(&self, app: usize, redirect_uri: &str) -> usize {
        let mut clients = lock(&self.clients);
        let is_this = |it: &(usize, String)| it.0 == app && it.1 == redirect_uri;
        let known = clients.iter().position(is_this);
        known.unwrap_or_else(|| {
            clients.push((app, redirect_uri.to_owned()));
            clients.len() - 1
        })
    }

    /// Records a grant, and returns its number.
    pub(crate) fn grant(&self, grant: Grant) -> usize {
        let mut granted = lock(&self.granted);
        granted.push(grant);
        granted.len() - 1
    }

    /// Returns the grant of this number.
    pub(crate) fn of(&self, number: usize) -> Option<Grant> {
        lock(&self.granted).get(number).cloned()
    }
}
