//! How an exchange ended, and how the instances of a site tell each other.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};

use super::keys::Key;
use super::return_to::{ReturnRules, ReturnTo};
use super::state::State;
use crate::clock::Timestamp;
use crate::error::{Error, ErrorKind};
use crate::random;
use crate::session::SessionId;

/// How an exchange ended.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    LoggedIn { salt: Salt, return_to: ReturnTo },
    Failed(Error),
}

/// What the session id of a login is made of, beside the flow and a secret of the site: instances that have the secret
/// find the session, and whoever reads what they tell each other does not.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Salt([u8; 32]);

impl Salt {
    pub(super) fn random() -> Result<Self, Error> {
        random::bytes().map(Self)
    }

    /// The id of the session that the flow of `state` led to.
    ///
    /// The secret is the one that the state was made under, be it a former one: every instance that takes the
    /// callback has that one, in whatever order they change to a new secret.
    pub(super) fn session(&self, key: &Key, state: &State) -> SessionId {
        SessionId::derived(key.code(state.secret, &[&state.flow.0, &self.0]))
    }
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt([redacted])")
    }
}

/// An exchange that has ended.
#[derive(Clone, Debug)]
pub(super) struct Finished {
    pub(super) outcome: Outcome,
    pub(super) at: Timestamp,
}

impl Finished {
    /// For the other instances. Holds no session id and no code.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let outcome = match &self.outcome {
            Outcome::LoggedIn { salt, return_to } => Told::LoggedIn {
                salt: BASE64.encode(salt.0),
                return_to: return_to.as_str().to_owned(),
            },
            Outcome::Failed(error) => Told::Failed {
                kind: error.kind(),
                code: error.upstream_code(),
            },
        };
        let record = Record {
            v: VERSION,
            at: self.at.unix_millis(),
            outcome,
        };
        // Strings and numbers always have a spelling; nothing at all would be read as what it is.
        serde_json::to_vec(&record).unwrap_or_default()
    }

    /// Reads what an instance has written, perhaps one of another version of this crate.
    pub(super) fn from_bytes(
        bytes: &[u8],
        rules: &ReturnRules,
        default_target: &ReturnTo,
    ) -> Option<Self> {
        let record: Record = serde_json::from_slice(bytes).ok()?;
        if record.v != VERSION {
            return None;
        }
        let outcome = match record.outcome {
            Told::LoggedIn { salt, return_to } => Outcome::LoggedIn {
                salt: Salt(BASE64.decode(salt).ok()?.try_into().ok()?),
                return_to: rules
                    .check(return_to.as_bytes())
                    .unwrap_or_else(|| default_target.clone()),
            },
            Told::Failed { kind, code } => {
                let error = Error::new(kind, "the code exchange failed on another instance");
                Outcome::Failed(match code {
                    Some(code) => error.with_upstream_code(code),
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

/// The end of an exchange whose code the upstream system refused. An unauthenticated client can cause any number of
/// these, so they are kept in a few bytes, here and at the other instances.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Refused {
    pub(super) at: Timestamp,
    /// The number that the upstream system gave.
    pub(super) code: Option<i64>,
}

impl Refused {
    /// Numbers of the upstream system from 0 to 999,998 have a place in [`to_number`](Self::to_number).
    const CODES: u64 = 1_000_000;

    /// `None` if the exchange ended in another way.
    pub(super) fn of(finished: &Finished) -> Option<Self> {
        match &finished.outcome {
            Outcome::Failed(error) if error.kind() == ErrorKind::InvalidCode => Some(Self {
                at: finished.at,
                code: error.upstream_code(),
            }),
            _ => None,
        }
    }

    pub(super) fn finished(self) -> Finished {
        let error = Error::new(
            ErrorKind::InvalidCode,
            "the upstream system refused the code",
        );
        let error = self.code.into_iter().fold(error, Error::with_upstream_code);
        Finished {
            outcome: Outcome::Failed(error),
            at: self.at,
        }
    }

    /// For the other instances: milliseconds and the upstream system's number in one number. A store keeps that in fewer
    /// bytes than text.
    pub(super) fn to_number(self) -> u64 {
        let code = self
            .code
            .and_then(|code| u64::try_from(code).ok())
            .map(|code| code.saturating_add(1));
        let code = code.filter(|code| *code < Self::CODES).unwrap_or(0);
        self.at
            .unix_millis()
            .saturating_mul(Self::CODES)
            .saturating_add(code)
    }

    /// Reads what [`to_number`](Self::to_number) has written. Every number is one.
    pub(super) fn from_number(number: u64) -> Self {
        let code = (number % Self::CODES)
            .checked_sub(1)
            .and_then(|code| i64::try_from(code).ok());
        Self {
            at: Timestamp::from_unix_millis(number / Self::CODES),
            code,
        }
    }
}

/// A change that an older instance would misread takes the next number; what is only added does not.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Record {
    v: u32,
    /// When it ended, in milliseconds since the Unix epoch.
    at: u64,
    outcome: Told,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Told {
    LoggedIn {
        salt: String,
        return_to: String,
    },
    Failed {
        #[serde(with = "crate::error::kind_name")]
        kind: ErrorKind,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<i64>,
    },
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::super::keys::{Generation, Keys};
    use super::super::state::{Attempt, FlowId};
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_millis(1_760_000_000_123);

    const KINDS: [(ErrorKind, &str); 15] = [
        (ErrorKind::InvalidCode, "invalid_code"),
        (ErrorKind::TokenRejected, "token_rejected"),
        (ErrorKind::Denied, "denied"),
        (ErrorKind::Configuration, "configuration"),
        (ErrorKind::Busy, "busy"),
        (ErrorKind::Fault, "fault"),
        (ErrorKind::Malformed, "malformed"),
        (ErrorKind::Connect, "connect"),
        (ErrorKind::Lost, "lost"),
        (ErrorKind::Timeout, "timeout"),
        (ErrorKind::Unresponsive, "unresponsive"),
        (ErrorKind::Overloaded, "overloaded"),
        (ErrorKind::ForbiddenHost, "forbidden_host"),
        (ErrorKind::Store, "store"),
        (ErrorKind::Internal, "internal"),
    ];

    fn rules() -> ReturnRules {
        ReturnRules::new(
            "https://campus.example",
            ["/auth/weika/callback"],
            Vec::new(),
        )
    }

    fn target(text: &str) -> ReturnTo {
        rules().check(text.as_bytes()).unwrap()
    }

    fn read(bytes: &[u8]) -> Option<Finished> {
        Finished::from_bytes(bytes, &rules(), &target("/home"))
    }

    fn logged_in(to: &str) -> Finished {
        Finished {
            outcome: Outcome::LoggedIn {
                salt: Salt([7; 32]),
                return_to: target(to),
            },
            at: NOW,
        }
    }

    #[test]
    fn login_is_read_as_it_was_written() {
        let bytes = logged_in("/课?a=\"b%22#c").to_bytes();
        let Finished {
            outcome: Outcome::LoggedIn { salt, return_to },
            at,
        } = read(&bytes).unwrap()
        else {
            panic!("it went well");
        };
        assert!(salt == Salt([7; 32]) && at == NOW);
        assert_eq!(return_to, target("/课?a=\"b%22#c"));
    }

    #[test]
    fn failure_is_read_as_it_was_written_and_every_kind_keeps_its_name() {
        for (kind, name) in KINDS {
            for code in [None, Some(i64::MIN), Some(40_029)] {
                let error = Error::new(kind, "as planned").with_source("not to be told");
                let error = code.into_iter().fold(error, Error::with_upstream_code);
                let bytes = Finished {
                    outcome: Outcome::Failed(error),
                    at: NOW,
                }
                .to_bytes();
                let text = String::from_utf8(bytes.clone()).unwrap();
                assert!(
                    text.contains(&format!("\"kind\":\"{name}\"")) && !text.contains("told"),
                    "{text}"
                );
                let Finished {
                    outcome: Outcome::Failed(error),
                    at,
                } = read(&bytes).unwrap()
                else {
                    panic!("it failed");
                };
                assert_eq!((error.kind(), error.upstream_code(), at), (kind, code, NOW));
            }
        }
    }

    #[test]
    fn refused_code_is_one_number_and_read_as_it_was_written() {
        for code in [None, Some(0), Some(6_001), Some(40_029), Some(999_998)] {
            let error = code.into_iter().fold(
                Error::new(ErrorKind::InvalidCode, "junk"),
                Error::with_upstream_code,
            );
            let refused = Refused::of(&Finished {
                outcome: Outcome::Failed(error),
                at: NOW,
            })
            .unwrap();
            let read = Refused::from_number(refused.to_number());
            assert_eq!(
                (refused, read),
                (Refused { at: NOW, code }, Refused { at: NOW, code })
            );
            assert!(
                i64::try_from(read.to_number()).is_ok(),
                "Redis keeps it as an integer"
            );
            assert_eq!(Refused::of(&read.finished()), Some(read));
        }
        assert_eq!(
            Refused {
                at: NOW,
                code: Some(6_001)
            }
            .to_number(),
            1_760_000_000_123_006_002,
            "stays readable"
        );
        for code in [-1, 999_999, i64::MIN, i64::MAX] {
            assert_eq!(
                Refused::from_number(
                    Refused {
                        at: NOW,
                        code: Some(code)
                    }
                    .to_number()
                )
                .code,
                None
            );
        }
        let end = Refused::from_number(
            Refused {
                at: Timestamp::from_unix_millis(u64::MAX),
                code: None,
            }
            .to_number(),
        );
        assert!(end.at > NOW);
    }

    #[test]
    fn what_this_version_writes_stays_readable() {
        let salt = BASE64.encode([7; 32]);
        let written = format!(
            r#"{{"v":1,"at":1760000000123,"outcome":{{"logged_in":{{"salt":"{salt}","return_to":"/a"}}}}}}"#
        );
        assert_eq!(logged_in("/a").to_bytes(), written.as_bytes());
        let failed = br#"{"v":1,"at":1,"outcome":{"failed":{"kind":"lost"}}}"#;
        assert!(
            matches!(read(failed).unwrap().outcome, Outcome::Failed(error) if error.kind() == ErrorKind::Lost)
        );
        let with_more =
            br#"{"v":1,"at":1,"outcome":{"failed":{"kind":"lost","since":5}},"host":"a"}"#;
        assert!(read(with_more).is_some());
    }

    #[test]
    fn what_is_cut_off_newer_or_garbage_is_not_read() {
        let whole = logged_in("/a").to_bytes();
        assert!((0..whole.len()).all(|length| read(&whole[..length]).is_none()));
        let text = String::from_utf8(whole).unwrap();
        for (from, to) in [
            ("\"v\":1", "\"v\":2"),
            ("\"v\":1", "\"v\":0"),
            ("\"v\":1", "\"v\":\"1\""),
            ("\"v\":1,", ""),
            ("logged_in", "logged_out"),
            ("salt\":\"", "salt\":\"A"),
            ("salt\":\"B", "salt\":\"+"),
            ("1760000000123", "-1"),
            ("1760000000123", "1e99"),
        ] {
            assert!(text.contains(from), "{from}");
            assert!(
                read(text.replacen(from, to, 1).as_bytes()).is_none(),
                "{from} {to}"
            );
        }
        assert!(read(format!("{text}{text}").as_bytes()).is_none());
        assert!(read(&vec![b'['; 100_000]).is_none());
    }

    #[test]
    fn t9_target_that_another_instance_names_is_checked() {
        for evil in [
            "//evil.example",
            "https://evil.example/",
            "/auth/weika/callback",
            "",
        ] {
            let text = String::from_utf8(logged_in("/a").to_bytes()).unwrap();
            let finished = read(
                text.replacen("\"/a\"", &format!("\"{evil}\""), 1)
                    .as_bytes(),
            )
            .unwrap();
            assert!(
                matches!(finished.outcome, Outcome::LoggedIn { return_to, .. } if return_to == target("/home")),
                "{evil}"
            );
        }
    }

    #[test]
    fn flow_salt_secret_and_provider_make_the_session() {
        let state = |flow, secret| State {
            flow: FlowId([flow; 16]),
            born: NOW,
            attempt: Attempt::First,
            secret,
        };
        let keys = |secret: u8, provider| Keys::derive(&[secret; 32], &[], provider);
        let current = Generation::CURRENT;
        let id = Salt([7; 32]).session(&keys(1, "weika").session, &state(1, current));
        let later = State {
            born: NOW.plus(Duration::from_secs(1)),
            ..state(1, current)
        };
        assert_eq!(Salt([7; 32]).session(&keys(1, "weika").session, &later), id);
        for other in [
            Salt([8; 32]).session(&keys(1, "weika").session, &state(1, current)),
            Salt([7; 32]).session(&keys(1, "weika").session, &state(2, current)),
            Salt([7; 32]).session(&keys(2, "weika").session, &state(1, current)),
            Salt([7; 32]).session(&keys(1, "wechat").session, &state(1, current)),
            Salt([7; 32]).session(&keys(1, "weika").state, &state(1, current)),
        ] {
            assert_ne!(other, id);
        }
        assert_eq!(format!("{:?}", Salt([7; 32])), "Salt([redacted])");
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), at in 0_usize..120) {
            prop_assert!(read(&bytes).is_none());
            let mut changed = logged_in("/a").to_bytes();
            let at = at % changed.len();
            changed.splice(at..=at, bytes);
            let _read = read(&changed);
        }
    }
}
