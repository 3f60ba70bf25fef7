//! The site's own users: each manager that Weika has authenticated becomes a [`Staff`].

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use tower_weika::Error;
use tower_weika::identity::{Identity, Manager};
use tower_weika::provider::{IdentityProvider, Mapped, WeikaManagerProvider};
use tower_weika::store::StoredIdentity;

/// The role group of former members of staff, who may not log in any more.
const FORMER: i64 = 99;

/// A manager of the school with a number in this site's list of users.
#[derive(Debug)]
pub(crate) struct Staff {
    manager: Manager,
    /// Assigned at the first login.
    pub(crate) number: u32,
}

/// The list of users. It is in memory, because the example has no database.
#[derive(Clone, Default)]
pub(crate) struct Directory(Arc<Mutex<HashMap<String, u32>>>);

impl Directory {
    /// Returns the login of managers as the site's own users.
    pub(crate) fn provider(
        self,
        weika: WeikaManagerProvider,
    ) -> Mapped<WeikaManagerProvider, Staff> {
        weika.map(move |manager| {
            let directory = self.clone();
            async move { directory.admit(manager) }
        })
    }

    /// Returns the user, who is created at the first login.
    fn admit(&self, manager: Manager) -> Result<Staff, Error> {
        if manager.role_id == Some(FORMER) {
            return Err(Error::denied(format!(
                "{}：您的账号已停用，请联系信息中心。 This account is closed; please contact the IT office.",
                manager.name
            )));
        }
        let mut users = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let next = u32::try_from(users.len() + 1).unwrap_or(u32::MAX);
        let number = *users.entry(manager.user_id.to_string()).or_insert(next);
        Ok(Staff { manager, number })
    }
}

impl Staff {
    /// Whether this is a manager of role group 1.
    pub(crate) fn is_chief(&self) -> bool {
        self.role_id == Some(1)
    }

    /// Returns the identity that Weika has verified.
    pub(crate) fn manager(&self) -> &Manager {
        &self.manager
    }
}

impl Deref for Staff {
    type Target = Manager;

    fn deref(&self) -> &Manager {
        &self.manager
    }
}

impl Identity for Staff {
    fn subject(&self) -> &str {
        self.manager.subject()
    }

    fn school(&self) -> Option<&str> {
        self.manager.school()
    }
}

/// The form in which Redis keeps a user.
#[derive(Serialize, Deserialize)]
struct Record {
    manager: String,
    number: u32,
}

impl StoredIdentity for Staff {
    const KIND: &'static str = "staff";

    fn to_record(&self) -> String {
        let record = Record {
            manager: self.manager.to_record(),
            number: self.number,
        };
        serde_json::to_string(&record).expect("text and a number are JSON")
    }

    fn from_record(record: &str) -> Option<Self> {
        let Record { manager, number } = serde_json::from_str(record).ok()?;
        Some(Self {
            manager: Manager::from_record(&manager)?,
            number,
        })
    }
}
