use std::collections::BTreeMap;
use std::sync::Arc;

use super::ErrorAction;
use crate::error::Error;

/// Error codes of one upstream system. An error code that is not listed calls for [`ErrorAction::Fail`].
///
/// ```
/// use tower_weika::client::{ErrorAction, ErrorCodes};
///
/// let codes = ErrorCodes::weika().with(50_000, ErrorAction::RetryLater);
/// assert_eq!(codes.action(50_000), ErrorAction::RetryLater);
/// assert_eq!(codes.action(12_345), ErrorAction::Fail);
///
/// assert_eq!(codes.action(40_001), ErrorAction::Configure);
/// assert_eq!(codes.meaning(40_001), Some("app_key or app_secret is wrong (不合法)"));
/// assert!(codes.remedy(40_001).is_some_and(|remedy| remedy.contains("app_secret")));
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ErrorCodes(Arc<BTreeMap<i64, Explained>>);

/// One error code of a built-in table: the number, the action, the meaning, the remedy.
pub(in crate::client) type Entry = (i64, ErrorAction, &'static str, &'static str);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Explained {
    action: ErrorAction,
    meaning: Option<&'static str>,
    remedy: Option<&'static str>,
}

impl ErrorCodes {
    /// A table without entries.
    #[must_use]
    pub fn empty() -> Self {
        Self(Arc::default())
    }

    pub(in crate::client) fn of(entries: &[Entry]) -> Self {
        let explained = entries.iter().map(|&(errcode, action, meaning, remedy)| {
            let (meaning, remedy) = (Some(meaning), Some(remedy));
            (
                errcode,
                Explained {
                    action,
                    meaning,
                    remedy,
                },
            )
        });
        Self(Arc::new(explained.collect()))
    }

    /// Sets the action for an error code, and keeps its meaning and its remedy. 0 is never looked up.
    #[must_use]
    pub fn with(mut self, errcode: i64, action: ErrorAction) -> Self {
        self.entry(errcode).action = action;
        self
    }

    /// Sets the meaning of an error code. It becomes part of error messages and must not contain a secret.
    #[must_use]
    pub fn with_meaning(mut self, errcode: i64, meaning: &'static str) -> Self {
        self.entry(errcode).meaning = Some(meaning);
        self
    }

    /// Sets the remedy for an error code: a change for the developer, the operator, the school or the user. It becomes
    /// part of error messages and must not contain a secret.
    #[must_use]
    pub fn with_remedy(mut self, errcode: i64, remedy: &'static str) -> Self {
        self.entry(errcode).remedy = Some(remedy);
        self
    }

    /// Returns the action that `errcode` calls for.
    #[must_use]
    pub fn action(&self, errcode: i64) -> ErrorAction {
        self.0
            .get(&errcode)
            .map_or(ErrorAction::Fail, |code| code.action)
    }

    /// Returns the meaning of `errcode` in English, with the Chinese term where the document has one.
    #[must_use]
    pub fn meaning(&self, errcode: i64) -> Option<&'static str> {
        self.0.get(&errcode)?.meaning
    }

    /// Returns the remedy for `errcode`.
    #[must_use]
    pub fn remedy(&self, errcode: i64) -> Option<&'static str> {
        self.0.get(&errcode)?.remedy
    }

    /// Returns the listed error codes in ascending order.
    pub fn listed(&self) -> impl Iterator<Item = i64> {
        self.0.keys().copied()
    }

    /// Returns the error for a response with this error code. `context` names the call.
    pub(in crate::client) fn error(&self, errcode: i64, context: &'static str) -> Error {
        let code = self.0.get(&errcode).unwrap_or(&UNKNOWN);
        let error = Error::new(code.action.kind(), context).with_upstream_code(errcode);
        error.explained(code.meaning, code.remedy)
    }

    fn entry(&mut self, errcode: i64) -> &mut Explained {
        let unexplained = Explained {
            meaning: None,
            remedy: None,
            ..UNKNOWN
        };
        Arc::make_mut(&mut self.0)
            .entry(errcode)
            .or_insert(unexplained)
    }
}

/// An error code that is not listed.
const UNKNOWN: Explained = Explained {
    action: ErrorAction::Fail,
    meaning: Some("unknown error code"),
    remedy: Some("ask the upstream's operator for its meaning and add it to the ErrorCodes"),
};

/// Remedy for an authorization code that is used up.
pub(in crate::client) const LOG_IN_AGAIN: &str = "the user logs in again; if every login fails, the code belongs to another application or is sent twice";
