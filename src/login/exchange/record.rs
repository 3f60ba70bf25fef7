//! The format in which instances exchange outcomes through the shared store.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};

use super::{Finished, Outcome, SessionSalt};
use crate::clock::Timestamp;
use crate::error::{Error, ErrorKind};
use crate::login::return_to::ReturnRules;

impl Finished {
    /// Returns the record for the other instances. It contains no session id and no code.
    pub(in crate::login) fn to_bytes(&self) -> Vec<u8> {
        let outcome = match &self.outcome {
            Outcome::LoggedIn { salt, return_to } => RecordedOutcome::LoggedIn {
                salt: BASE64.encode(salt.0),
                return_to: return_to.as_str().to_owned(),
            },
            Outcome::Failed(error) => RecordedOutcome::Failed {
                kind: error.kind(),
                code: error.upstream_code(),
                reason: error.reason().map(str::to_owned),
            },
        };
        let record = Record {
            v: VERSION,
            at: self.at.unix_millis(),
            outcome,
        };
        // Serialization of strings and numbers cannot fail. An empty record would be unreadable.
        serde_json::to_vec(&record).unwrap_or_default()
    }

    /// Reads what an instance has written, perhaps one of another version of this crate.
    pub(in crate::login) fn from_bytes(bytes: &[u8], rules: &ReturnRules) -> Option<Self> {
        let record: Record = serde_json::from_slice(bytes).ok()?;
        if record.v != VERSION {
            return None;
        }
        let outcome = match record.outcome {
            RecordedOutcome::LoggedIn { salt, return_to } => Outcome::LoggedIn {
                salt: SessionSalt(BASE64.decode(salt).ok()?.try_into().ok()?),
                return_to: rules.check_or_default(return_to.as_bytes()),
            },
            RecordedOutcome::Failed { kind, code, reason } => {
                let error = Error::new(kind, "the code exchange failed on another instance");
                let error = code.into_iter().fold(error, Error::with_upstream_code);
                let reason = reason.filter(|_| kind == ErrorKind::Denied);
                Outcome::Failed(match reason {
                    Some(reason) => error.with_reason(&reason),
                    None => error,
                })
            }
        };
        Some(Self {
            outcome,
            at: Timestamp::from_unix_millis(record.at),
        })
    }
}

/// A change that an older instance would misread takes the next number; an added member does not.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Record {
    v: u32,
    /// When it ended, in milliseconds since the Unix epoch.
    at: u64,
    outcome: RecordedOutcome,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RecordedOutcome {
    LoggedIn {
        salt: String,
        return_to: String,
    },
    Failed {
        #[serde(with = "crate::error::kind_name")]
        kind: ErrorKind,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<i64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
}

#[cfg(test)]
mod tests;
