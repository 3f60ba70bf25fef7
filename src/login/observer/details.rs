use std::time::Duration;

use super::Visitor;
use crate::error::{DeniedUser, Error};
use crate::identity::Identity;

/// The user of an event. A copy, because the identity is in the store by then.
pub(in crate::login) struct User {
    pub(in crate::login) subject: String,
    pub(super) school: Option<String>,
}

impl User {
    pub(in crate::login) fn of(identity: &impl Identity) -> Self {
        Self {
            subject: identity.subject().to_owned(),
            school: identity.school().map(str::to_owned),
        }
    }

    /// The user with this subject, of whom nothing else is known.
    pub(in crate::login) fn with_subject(subject: String) -> Self {
        Self {
            subject,
            school: None,
        }
    }

    /// The user whom the application denied, if the error knows.
    pub(in crate::login) fn denied(error: &Error) -> Option<Self> {
        let DeniedUser { subject, school } = error.denied_user()?.clone();
        Some(Self { subject, school })
    }
}

/// The parts of an event that depend on its kind.
#[derive(Clone, Copy, Default)]
pub(in crate::login) struct Details<'a> {
    pub(in crate::login) user: Option<&'a User>,
    pub(in crate::login) visitor: Option<&'a Visitor>,
    pub(in crate::login) duration: Option<Duration>,
    pub(in crate::login) error: Option<&'a Error>,
}
