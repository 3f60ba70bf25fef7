use super::*;
use crate::error::ErrorKind;

#[test]
fn weika_codes_map_to_the_documented_kinds() {
    let codes = ErrorCodes::weika();
    for (errcode, kind) in [
        (6001, ErrorKind::InvalidCode),
        (40003, ErrorKind::InvalidCode),
        (40001, ErrorKind::Configuration),
        (40018, ErrorKind::Configuration),
        (40002, ErrorKind::TokenRejected),
        (40005, ErrorKind::TokenRejected),
        (20001, ErrorKind::TokenRejected),
        (40008, ErrorKind::Denied),
        (11103, ErrorKind::Denied),
        (42009, ErrorKind::Busy),
        (40009, ErrorKind::Fault),
    ] {
        assert_eq!(codes.action(errcode).kind(), kind, "{errcode}");
    }
}

#[test]
fn binding_codes_map_to_the_documented_actions() {
    let codes = ErrorCodes::binding();
    for (action, errcodes) in [
        (
            ErrorAction::LogInAgain,
            &[200, 401, 426, 2001, 2004, 2005, 2009, 440_003, 440_004][..],
        ),
        (ErrorAction::Configure, &[2002, 2019, 2022, 2035]),
        (ErrorAction::RetryLater, &[2003, 2010, 3020]),
        (
            ErrorAction::Deny,
            &[
                2014, 2015, 2029, 2030, 2034, 2072, 2073, 3021, 3022, 440_002,
            ],
        ),
        (
            ErrorAction::Fail,
            &[2000, 2031, 2050, 2094, 440_001, 440_007],
        ),
    ] {
        for errcode in errcodes {
            assert_eq!(codes.action(*errcode), action, "{errcode}");
        }
    }
    assert!(codes.meaning(0).is_none(), "0 is success");
}

#[test]
fn error_codes_of_one_upstream_are_unknown_to_another() {
    assert_eq!(ErrorCodes::weika().action(2001), ErrorAction::Fail);
    assert_eq!(ErrorCodes::binding().action(6001), ErrorAction::Fail);
    assert_eq!(ErrorCodes::wechat().action(6001), ErrorAction::Fail);
    assert_eq!(ErrorCodes::wechat().action(2001), ErrorAction::Fail);
}

#[test]
fn unknown_codes_fail() {
    for errcode in [-1, 1, 40004, 45009, i64::MAX, i64::MIN] {
        assert_eq!(ErrorCodes::weika().action(errcode), ErrorAction::Fail);
        assert_eq!(ErrorCodes::binding().action(errcode), ErrorAction::Fail);
    }
}

#[test]
fn every_listed_code_has_a_meaning_and_a_remedy_that_an_error_shows() {
    for codes in [
        ErrorCodes::weika(),
        ErrorCodes::weika_member(),
        ErrorCodes::binding(),
        ErrorCodes::kesion(),
        ErrorCodes::wechat(),
    ] {
        assert!(codes.listed().next().is_some());
        for errcode in codes.listed() {
            let (meaning, remedy) = (codes.meaning(errcode), codes.remedy(errcode));
            let error = codes.error(errcode, "weika call");
            assert_eq!((error.meaning(), error.remedy()), (meaning, remedy));
            let (meaning, remedy) = (meaning.unwrap(), remedy.unwrap());
            let expected = format!("weika call (upstream code {errcode}: {meaning}; {remedy})");
            assert_eq!(error.to_string(), expected);
            assert_eq!(
                error.report().to_string(),
                format!("{}: {expected}", error.kind())
            );
        }
    }
}

#[test]
fn f7_a_wrong_secret_is_explained() {
    let error = ErrorCodes::weika().error(40_001, "weika access token");
    assert_eq!(
        error.report().to_string(),
        "configuration: weika access token (upstream code 40001: app_key or app_secret is wrong (不合法); \
         compare app_key and app_secret with the application's page in the Weika console)"
    );
}

#[test]
fn f7_unknown_code_is_reported_as_unknown() {
    let error = ErrorCodes::weika().error(12_345, "weika call");
    assert_eq!(
        (error.kind(), error.meaning()),
        (ErrorKind::Fault, Some("unknown error code"))
    );
    let text = error.to_string();
    assert!(
        text.contains("(upstream code 12345: unknown error code; "),
        "{text}"
    );
}

#[test]
fn another_action_keeps_the_meaning_and_both_can_be_set() {
    let codes = ErrorCodes::weika()
        .with(6001, ErrorAction::RetryLater)
        .with(77, ErrorAction::Deny);
    let error = codes.error(6001, "weika call");
    assert_eq!(
        (error.kind(), error.remedy()),
        (ErrorKind::Busy, Some(LOG_IN_AGAIN))
    );
    let text = |codes: &ErrorCodes| codes.error(77, "weika call").to_string();
    assert_eq!(text(&codes), "weika call (upstream code 77)");
    let codes = codes.with_meaning(77, "closed for the night");
    assert_eq!(codes.action(77), ErrorAction::Deny);
    assert_eq!(
        text(&codes),
        "weika call (upstream code 77: closed for the night)"
    );
    let codes = codes.with_remedy(77, "wait");
    assert_eq!(
        text(&codes),
        "weika call (upstream code 77: closed for the night; wait)"
    );
    assert_eq!(codes.with_meaning(78, "new").action(78), ErrorAction::Fail);
}
