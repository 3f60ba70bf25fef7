use std::time::Duration;

use proptest::prelude::*;

use super::super::Refused;
use super::*;
use crate::login::flow::{Attempt, FlowId, State};
use crate::login::keys::{Generation, Keys};
use crate::login::return_to::ReturnTo;

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
    Finished::from_bytes(bytes, &rules().with_default("/home").unwrap())
}

fn logged_in(to: &str) -> Finished {
    Finished {
        outcome: Outcome::LoggedIn {
            salt: SessionSalt([7; 32]),
            return_to: target(to),
        },
        at: NOW,
    }
}

#[test]
fn login_record_round_trips() {
    let bytes = logged_in("/课?a=\"b%22#c").to_bytes();
    let Finished {
        outcome: Outcome::LoggedIn { salt, return_to },
        at,
    } = read(&bytes).unwrap()
    else {
        panic!("it went well");
    };
    assert!(salt == SessionSalt([7; 32]) && at == NOW);
    assert_eq!(return_to, target("/课?a=\"b%22#c"));
}

#[test]
fn failure_record_round_trips_and_kind_names_are_stable() {
    for (kind, name) in KINDS {
        for code in [None, Some(i64::MIN), Some(40_029)] {
            let error = Error::new(kind, "as planned").with_source("not to be shared");
            let error = code.into_iter().fold(error, Error::with_upstream_code);
            let bytes = Finished {
                outcome: Outcome::Failed(error),
                at: NOW,
            }
            .to_bytes();
            let text = String::from_utf8(bytes.clone()).unwrap();
            assert!(
                text.contains(&format!("\"kind\":\"{name}\"")) && !text.contains("shared"),
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

fn read_error(bytes: &[u8]) -> Error {
    match read(bytes).unwrap().outcome {
        Outcome::Failed(error) => error,
        Outcome::LoggedIn { .. } => panic!("it failed"),
    }
}

#[test]
fn reason_of_a_denial_round_trips_and_is_checked_by_the_reader() {
    let denied = |reason: &str| Finished {
        outcome: Outcome::Failed(
            Error::denied(reason)
                .with_source("not to be shared")
                .with_denied_user(crate::error::DeniedUser {
                    subject: "o-secret".to_owned(),
                    school: Some("s-secret".to_owned()),
                }),
        ),
        at: NOW,
    };
    for reason in ["王伟 <b>\"is\" no member", &"课".repeat(200)] {
        let bytes = denied(reason).to_bytes();
        assert!(!String::from_utf8_lossy(&bytes).contains("secret"));
        assert!(bytes.len() < 1_000, "{}", bytes.len());
        let error = read_error(&bytes);
        assert!(error.denied_user().is_none());
        assert_eq!(
            (error.kind(), error.reason()),
            (ErrorKind::Denied, Some(reason))
        );
    }
    let record = |kind: &str, reason: &str| {
        format!(
            r#"{{"v":1,"at":1,"outcome":{{"failed":{{"kind":"{kind}","reason":"{reason}"}}}}}}"#
        )
    };
    let long = read_error(record("denied", &"a\\n".repeat(5_000)).as_bytes());
    assert_eq!(long.reason().unwrap(), "a ".repeat(100).trim_end());
    assert_eq!(
        read_error(record("fault", "text").as_bytes()).reason(),
        None
    );
    assert_eq!(read_error(record("denied", "").as_bytes()).reason(), None);
    assert!(read(record("denied", "a").replace("\"a\"", "7").as_bytes()).is_none());
}

#[test]
fn rejected_code_round_trips_as_one_number() {
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
            (
                Refused {
                    at: NOW,
                    errcode: code
                },
                Refused {
                    at: NOW,
                    errcode: code
                }
            )
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
            errcode: Some(6_001)
        }
        .to_number(),
        1_760_000_000_123_006_002,
        "stays readable"
    );
    for code in [-1, 999_999, i64::MIN, i64::MAX] {
        let refused = Refused {
            at: NOW,
            errcode: Some(code),
        };
        assert_eq!(
            Refused::from_number(refused.to_number()),
            Refused {
                at: NOW,
                errcode: None
            }
        );
    }
    let end = Refused::from_number(
        Refused {
            at: Timestamp::from_unix_millis(u64::MAX),
            errcode: None,
        }
        .to_number(),
    );
    assert!(end.at > NOW);
}

#[test]
fn record_of_this_version_stays_readable() {
    let salt = BASE64.encode([7; 32]);
    let written = format!(
        r#"{{"v":1,"at":1760000000123,"outcome":{{"logged_in":{{"salt":"{salt}","return_to":"/a"}}}}}}"#
    );
    assert_eq!(logged_in("/a").to_bytes(), written.as_bytes());
    let failed = br#"{"v":1,"at":1,"outcome":{"failed":{"kind":"lost"}}}"#;
    assert!(
        matches!(read(failed).unwrap().outcome, Outcome::Failed(error) if error.kind() == ErrorKind::Lost)
    );
    let with_more = br#"{"v":1,"at":1,"outcome":{"failed":{"kind":"lost","since":5}},"host":"a"}"#;
    assert!(read(with_more).is_some());
}

#[test]
fn truncated_newer_or_invalid_record_is_not_read() {
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
        replaced: None,
        secret,
    };
    let keys = |secret: u8, provider| Keys::derive(&[secret; 32], &[], provider);
    let current = Generation::CURRENT;
    let id = SessionSalt([7; 32]).session(&keys(1, "weika").session, &state(1, current));
    let later = State {
        born: NOW.plus(Duration::from_secs(1)),
        ..state(1, current)
    };
    assert_eq!(
        SessionSalt([7; 32]).session(&keys(1, "weika").session, &later),
        id
    );
    for other in [
        SessionSalt([8; 32]).session(&keys(1, "weika").session, &state(1, current)),
        SessionSalt([7; 32]).session(&keys(1, "weika").session, &state(2, current)),
        SessionSalt([7; 32]).session(&keys(2, "weika").session, &state(1, current)),
        SessionSalt([7; 32]).session(&keys(1, "wechat").session, &state(1, current)),
        SessionSalt([7; 32]).session(&keys(1, "weika").state, &state(1, current)),
    ] {
        assert_ne!(other, id);
    }
    assert_eq!(
        format!("{:?}", SessionSalt([7; 32])),
        "SessionSalt([redacted])"
    );
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

    #[test]
    fn any_reason_is_read_as_it_was_written(reason in ".{0,300}") {
        let error = Error::denied(reason.as_str());
        let written = Finished { outcome: Outcome::Failed(error.clone()), at: NOW };
        let read = read_error(&written.to_bytes());
        prop_assert_eq!(read.reason(), error.reason());
        prop_assert!(read.reason().is_none_or(|reason| reason.chars().count() <= 200));
    }
}
