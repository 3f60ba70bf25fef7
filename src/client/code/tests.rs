use super::entry::LOG_IN_AGAIN;
use super::*;
use crate::error::ErrorKind;

#[test]
fn weika_numbers_map_to_the_documented_reactions() {
    let table = CodeTable::weika();
    for (code, kind) in [
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
        assert_eq!(table.reaction(code).kind(), kind, "{code}");
    }
}

#[test]
fn binding_numbers_map_to_the_documented_reactions() {
    let table = CodeTable::binding();
    for (reaction, codes) in [
        (
            Reaction::Relogin,
            &[200, 401, 426, 2001, 2004, 2005, 2009, 440_003, 440_004][..],
        ),
        (Reaction::Configuration, &[2002, 2019, 2022, 2035]),
        (Reaction::Retry, &[2003, 2010, 3020]),
        (
            Reaction::Denied,
            &[
                2014, 2015, 2029, 2030, 2034, 2072, 2073, 3021, 3022, 440_002,
            ],
        ),
        (Reaction::Fault, &[2000, 2031, 2050, 2094, 440_001, 440_007]),
    ] {
        for code in codes {
            assert_eq!(table.reaction(*code), reaction, "{code}");
        }
    }
    assert!(table.entry(0).is_none(), "it is no error");
}

#[test]
fn no_upstream_system_is_judged_by_the_table_of_another() {
    assert_eq!(CodeTable::weika().reaction(2001), Reaction::Fault);
    assert_eq!(CodeTable::binding().reaction(6001), Reaction::Fault);
}

#[test]
fn unknown_numbers_are_faults() {
    for code in [-1, 1, 40004, 45009, i64::MAX, i64::MIN] {
        assert_eq!(CodeTable::weika().reaction(code), Reaction::Fault);
        assert_eq!(CodeTable::binding().reaction(code), Reaction::Fault);
    }
}

#[test]
fn no_number_is_listed_twice() {
    assert_eq!(CodeTable::weika().entries().count(), weika::ENTRIES.len());
    assert_eq!(
        CodeTable::binding().entries().count(),
        binding::ENTRIES.len()
    );
    assert_eq!(CodeTable::kesion().entries().count(), kesion::ENTRIES.len());
}

#[test]
fn every_entry_has_a_meaning_and_a_remedy_that_an_error_shows() {
    for table in [
        CodeTable::weika(),
        CodeTable::binding(),
        CodeTable::kesion(),
    ] {
        for entry in table.entries() {
            let (meaning, remedy) = (entry.meaning().unwrap(), entry.remedy().unwrap());
            let error = table.error(entry.code(), "weika call");
            assert_eq!(
                (error.meaning(), error.remedy()),
                (Some(meaning), Some(remedy))
            );
            let expected = format!(
                "weika call (upstream code {}: {meaning}; {remedy})",
                entry.code()
            );
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
    let error = CodeTable::weika().error(40_001, "weika access token");
    assert_eq!(
        error.report().to_string(),
        "configuration: weika access token (upstream code 40001: app_key or app_secret is wrong (不合法); \
         compare app_key and app_secret with the application's page in the Weika console)"
    );
}

#[test]
fn f7_an_unknown_number_says_so() {
    let error = CodeTable::weika().error(12_345, "weika call");
    assert_eq!(
        (error.kind(), error.meaning()),
        (ErrorKind::Fault, Some("unknown number"))
    );
    assert!(
        error
            .to_string()
            .contains("(upstream code 12345: unknown number; "),
        "{error}"
    );
}

#[test]
fn another_reaction_keeps_the_meaning_and_a_new_entry_replaces_it() {
    let table = CodeTable::weika()
        .with(6001, Reaction::Retry)
        .with(77, Reaction::Denied);
    let error = table.error(6001, "weika call");
    assert_eq!(
        (error.kind(), error.remedy()),
        (ErrorKind::Busy, Some(LOG_IN_AGAIN))
    );
    assert_eq!(
        table.error(77, "weika call").to_string(),
        "weika call (upstream code 77)"
    );
    let table =
        table.with_entry(CodeEntry::new(77, Reaction::Retry).with_meaning("closed for the night"));
    assert_eq!(table.reaction(77), Reaction::Retry);
    assert_eq!(
        table.error(77, "weika call").to_string(),
        "weika call (upstream code 77: closed for the night)"
    );
}
