//! Clients for which codes were issued, and the grants behind the tokens of members.

use std::sync::Mutex;

use super::authorize_request::Scope;
use crate::lock::lock;

/// Application, school, address and scope of an authorize request. A code is bound to them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Client {
    pub(crate) app: usize,
    pub(crate) ocode: String,
    pub(crate) redirect_uri: String,
    pub(crate) scope: Scope,
}

/// Numbers of clients and grants.
#[derive(Default)]
pub(crate) struct Grants {
    clients: Mutex<Vec<Client>>,
    /// The client and the person of each grant.
    granted: Mutex<Vec<(usize, usize)>>,
}

impl Grants {
    /// Returns the number of a client.
    pub(crate) fn client(&self, client: Client) -> usize {
        let mut clients = lock(&self.clients);
        let known = clients.iter().position(|it| *it == client);
        known.unwrap_or_else(|| {
            clients.push(client);
            clients.len() - 1
        })
    }

    /// Returns the numbers of the clients with this application and address: a token call names
    /// nothing else.
    pub(crate) fn clients_at(&self, app: usize, redirect_uri: &str) -> Vec<usize> {
        let clients = lock(&self.clients);
        let clients = clients.iter().enumerate();
        clients
            .filter(|(_, it)| it.app == app && it.redirect_uri == redirect_uri)
            .map(|(number, _)| number)
            .collect()
    }

    /// Records a grant, and returns its number.
    pub(crate) fn grant(&self, client: usize, person: usize) -> usize {
        let mut granted = lock(&self.granted);
        granted.push((client, person));
        granted.len() - 1
    }

    /// Returns the client and the person of a grant.
    pub(crate) fn of(&self, number: usize) -> Option<(Client, usize)> {
        let (client, person) = *lock(&self.granted).get(number)?;
        Some((lock(&self.clients).get(client)?.clone(), person))
    }

    /// Returns the client of this number.
    pub(crate) fn numbered(&self, client: usize) -> Option<Client> {
        lock(&self.clients).get(client).cloned()
    }
}
