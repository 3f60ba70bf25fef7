use proptest::prelude::*;

use super::*;

fn rules() -> ReturnRules {
    let own = [
        "/auth/weika/login",
        "/auth/weika/callback",
        "/auth/weika/logout",
    ];
    let origins = vec![
        "https://portal.example.edu.cn".to_owned(),
        "https://a.example:8443".to_owned(),
    ];
    ReturnRules::new("https://campus.example", own, origins)
}

#[track_caller]
fn assert_passes(target: &str, output: &str) {
    assert_eq!(rules().check(target.as_bytes()).unwrap().as_str(), output);
}

#[track_caller]
fn assert_refused(targets: &[&str]) {
    for target in targets {
        assert_eq!(rules().check(target.as_bytes()), None, "{target:?}");
    }
}

#[test]
fn t1_length_and_encoding() {
    assert_refused(&["", &format!("/{}", "a".repeat(2048))]);
    assert_passes(
        &format!("/{}", "a".repeat(2047)),
        &format!("/{}", "a".repeat(2047)),
    );
    assert_eq!(rules().check(b"/\xff"), None);
    assert_eq!(rules().check(b"/\xc0\xaf"), None);
}

#[test]
fn t2_only_paths_of_this_site() {
    assert_refused(&[
        "//evil.example",
        "/\\evil.example",
        "\\/evil",
        "evil",
        "?a",
        "#a",
        "javascript:alert(1)",
        "///x",
        " /a",
        "\u{ff0f}/a",
    ]);
}

#[test]
fn t3_no_control_characters_and_no_backslash() {
    assert_refused(&[
        "/a\r\nSet-Cookie: x",
        "/\ta",
        "/a\u{0}",
        "/a\u{7f}",
        "/a\\b",
        "/a?b=\\",
        "/a#\n",
    ]);
    assert_passes("/a b?c=\"<d>\"", "/a%20b?c=%22%3Cd%3E%22");
}

#[test]
fn t4_paths_that_can_be_read_in_two_ways() {
    assert_refused(&[
        "/a//b",
        "/a/./b",
        "/a/../b",
        "/..",
        "/a/%2e%2E/b",
        "/.%2e",
        "/%2e",
        "/a%2fb",
        "/a%2Fb",
        "/a%5cb",
        "/a%00",
        "/a%0d%0ab",
        "/%7f",
        "/a/%2f/evil",
    ]);
    assert_passes("/a?next=https://x.example/1", "/a?next=https://x.example/1");
    assert_passes(
        "/a?b=//c/../%2f%5c%00#//d/../%2e",
        "/a?b=//c/../%2f%5c%00#//d/../%2e",
    );
    assert_passes("/a/b/", "/a/b/");
    assert_passes("/a/...", "/a/...");
    assert_passes("/", "/");
}

#[test]
fn t5_endpoints_and_excluded_paths_are_no_targets() {
    assert_refused(&[
        "/auth/weika/login",
        "/auth/weika/login/",
        "/auth/weika/callback?wxcode=1",
        "/auth/%77eika/logout",
        "/auth/weika/%6cogin#x",
    ]);
    assert_passes("/auth/weika/logins", "/auth/weika/logins");
    assert_passes("/auth/weika", "/auth/weika");
}

#[test]
fn t6_only_exact_configured_origins() {
    assert_passes(
        "https://portal.example.edu.cn/a b",
        "https://portal.example.edu.cn/a%20b",
    );
    assert_passes("https://a.example:8443/x", "https://a.example:8443/x");
    assert_refused(&[
        "https://portal.example.edu.cn",
        "https://portal.example.edu.cn.evil.example/",
        "https://portal.example.edu.cn@evil.example/",
        "http://portal.example.edu.cn/",
        "https://portal.example.edu.cn:8443/",
        "https://a.example/",
        "HTTPS://portal.example.edu.cn/",
        "https://evil.example/",
        "https://portal.example.edu.cn//x",
        "https://portal.example.edu.cn/../x",
        "https:/portal.example.edu.cn/",
    ]);
}

#[test]
fn t6_own_origin_is_accepted_and_not_kept() {
    assert_passes("https://campus.example/a b?c=d#/e", "/a%20b?c=d#/e");
    assert_passes("https://campus.example/", "/");
    assert_passes("https://campus.example", "/");
    assert_passes("https://campus.example?a=b", "/?a=b");
    assert_passes("https://campus.example#/orders/42", "/#/orders/42");
    assert_passes("https://campus.example/课程", "/%E8%AF%BE%E7%A8%8B");
    assert_refused(&[
        "https://campus.example.evil.example/",
        "https://campus.example@evil.example/",
        "https://campus.example:8443/",
        "https://campus.example//evil.example",
        "https://campus.example/\\evil.example",
        "https://campus.example\\evil.example",
        "https://campus.example/a/../b",
        "https://campus.example/auth/weika/login",
        "https://campus.example/https://campus.example//evil.example",
        "https://campus.examplehttps://portal.example.edu.cn/",
        "http://campus.example/",
        "HTTPS://CAMPUS.EXAMPLE/",
        "//campus.example/a",
    ]);
}

#[test]
fn t9_page_of_this_origin_is_a_target_and_another_page_is_none() {
    let check = |page: &str| {
        rules()
            .check_page(page.as_bytes())
            .map(|target| target.as_str().to_owned())
    };
    assert_eq!(
        check("https://campus.example/a?b=c#d").as_deref(),
        Some("/a?b=c#d")
    );
    for page in [
        "",
        "/a",
        "https://portal.example.edu.cn/a",
        "https://campus.example.evil.example/a",
        "https://campus.example/auth/weika/login?return_to=%2F",
        "http://campus.example/a",
    ] {
        assert_eq!(check(page), None, "{page}");
    }
}

#[cfg(feature = "tracing")]
#[test]
fn dropped_target_leaves_an_event_without_its_query() {
    let captured = crate::trace::tests::Captured::new();
    for (target, reason) in [
        ("//evil.example/?token=secret", "in two ways"),
        ("evil", "neither a path"),
        ("/a\nb", "control character"),
        ("", "empty"),
        ("/auth/weika/logout#secret", "endpoint"),
        ("https://evil.example/a", "allowed origin"),
    ] {
        assert_eq!(rules().check(target.as_bytes()), None);
        let text = captured.text();
        let line = text.lines().last().unwrap();
        assert!(
            line.contains("DEBUG")
                && line.contains("return target dropped")
                && line.contains(reason),
            "{line}"
        );
    }
    assert!(!captured.text().contains("secret"));
    assert!(
        captured.text().contains("/a\\nb"),
        "outside text is escaped"
    );
}

#[test]
fn t8_output_is_ascii_and_encoded_once() {
    assert_passes(
        "/课程/数学?名=值#节",
        "/%E8%AF%BE%E7%A8%8B/%E6%95%B0%E5%AD%A6?%E5%90%8D=%E5%80%BC#%E8%8A%82",
    );
    assert_passes("/%E8%AF%BE?a=%2520", "/%E8%AF%BE?a=%2520");
    assert_passes("/app#/route/1", "/app#/route/1");
}

#[test]
fn debug_shows_no_query() {
    let target = rules().check(b"/a?token=secret#b").unwrap();
    assert_eq!(format!("{target:?}"), "ReturnTo(\"/a\")");
}

proptest! {
    #[test]
    fn t9_accepted_targets_stay_on_this_site_and_are_accepted_again(target in prop::collection::vec(any::<u8>(), 0..60)) {
        check_invariants(&target)?;
    }

    #[test]
    fn t9_tricky_targets_stay_on_this_site_too(
        target in prop::collection::vec(
            prop::sample::select(vec![
                "/", "\\", ".", "%2e", "%2f", "%5c", "a", "@", ":", "?", "#", "https:", "//", "evil.example", "课", " ",
                "%", "\t", "https://site.example",
            ]),
            1..10,
        )
    ) {
        check_invariants(target.concat().as_bytes())?;
    }
}

fn check_invariants(target: &[u8]) -> Result<(), TestCaseError> {
    let Some(passed) = ReturnRules::new("https://site.example", [], Vec::new()).check(target)
    else {
        return Ok(());
    };
    let output = passed.as_str();
    prop_assert!(output.is_ascii() && !output.bytes().any(|b| b <= b' ' || b == 0x7F));
    let base = url::Url::parse("https://campus.example/dir/page").unwrap();
    let resolved = base.join(output).unwrap();
    prop_assert_eq!(resolved.origin(), base.origin());
    // The browser does not rewrite the path: it requests the path that was checked.
    let path = output.split(['?', '#']).next().unwrap();
    prop_assert!(resolved.path().len() >= path.len());
    prop_assert_eq!(
        ReturnRules::new("https://site.example", [], Vec::new()).check(output.as_bytes()),
        Some(passed)
    );
    Ok(())
}

/// The rules of an application under `/app1`.
fn under_a_path(is_stripped: bool) -> ReturnRules {
    let own = [
        "/app1/auth/weika/login",
        "/app1/auth/weika/callback",
        "/app1/auth/weika/logout",
        "/app1/closed",
    ];
    let origins = vec!["https://portal.example.edu.cn".to_owned()];
    let prefix = PathPrefix::new("/app1".to_owned(), is_stripped);
    ReturnRules::new("https://campus.example", own, origins).under(prefix)
}

fn text(target: Option<ReturnTo>) -> Option<String> {
    target.map(|target| target.as_str().to_owned())
}

#[test]
fn prefix_is_a_part_of_every_explicit_target() {
    let rules = under_a_path(true);
    for (target, output) in [
        ("/app1", "/app1"),
        ("/app1/", "/app1/"),
        ("/app1?a=/b", "/app1?a=/b"),
        ("/app1#/b", "/app1#/b"),
        ("/app1/课?x y", "/app1/%E8%AF%BE?x%20y"),
        ("https://campus.example/app1/a?b#c", "/app1/a?b#c"),
        ("https://campus.example/app1", "/app1"),
        // Another origin has no prefix.
        (
            "https://portal.example.edu.cn/a",
            "https://portal.example.edu.cn/a",
        ),
    ] {
        let checked = text(rules.check(target.as_bytes()));
        assert_eq!(checked.as_deref(), Some(output), "{target}");
    }
    for outside in [
        "/",
        "/a",
        "/app12",
        "/app12/a",
        "/App1/a",
        "/%61pp1/a",
        "/app1%2fa",
        "/app1/../app2",
        "/app1/%2e%2e/app2",
        "//app1/a",
        "/app1//a",
        "/app1\\a",
        "/app1;x/a",
        "?app1",
        "https://campus.example",
        "https://campus.example/",
        "https://campus.example/app2/a",
        "https://campus.example/app1/../app2",
        "https://evil.example/app1/a",
        "https://campus.example.evil.example/app1",
        // Endpoints and closed paths (T5).
        "/app1/auth/weika/login",
        "/app1/auth/%77eika/callback/",
        "https://campus.example/app1/auth/weika/logout?x",
        "/app1/closed",
    ] {
        assert_eq!(rules.check(outside.as_bytes()), None, "{outside}");
        assert_eq!(rules.check_page(outside.as_bytes()), None, "{outside}");
    }
    let page = rules.check_page(b"https://campus.example/app1/a?b");
    assert_eq!(text(page).as_deref(), Some("/app1/a?b"));
}

#[test]
fn prefix_is_added_to_the_target_of_a_request_if_a_proxy_stripped_it() {
    let requested = |is_stripped, target| text(under_a_path(is_stripped).check_requested(target));
    for (target, stripped, unstripped) in [
        ("/", Some("/app1/"), None),
        ("/a?b", Some("/app1/a?b"), None),
        ("/app1/a", Some("/app1/app1/a"), Some("/app1/a")),
        ("/app1", Some("/app1/app1"), Some("/app1")),
        ("/auth/weika/login", None, None),
        (
            "/app1/auth/weika/login",
            Some("/app1/app1/auth/weika/login"),
            None,
        ),
        ("//evil.example", None, None),
        ("/..", None, None),
        ("*", None, None),
        (".evil.example", None, None),
    ] {
        assert_eq!(requested(true, target).as_deref(), stripped, "{target}");
        assert_eq!(requested(false, target).as_deref(), unstripped, "{target}");
    }
}

#[test]
fn arguments_of_the_application_get_the_prefix_unless_they_have_it() {
    for is_stripped in [true, false] {
        let rules = under_a_path(is_stripped);
        assert_eq!(rules.default_target().as_str(), "/app1/");
        for (target, output) in [
            ("/", Some("/app1/")),
            ("/a?b#c", Some("/app1/a?b#c")),
            ("/app1/a", Some("/app1/a")),
            ("/app2/a", Some("/app1/app2/a")),
            ("https://campus.example/app1/a", Some("/app1/a")),
            (
                "https://portal.example.edu.cn/a",
                Some("https://portal.example.edu.cn/a"),
            ),
            ("https://campus.example/a", None),
            ("/auth/weika/login", None),
            ("/closed", None),
            ("//evil.example", None),
            ("", None),
        ] {
            let checked = text(rules.check_argument(target));
            assert_eq!(checked.as_deref(), output, "{target}");
        }
        let home = rules.with_default("/home").unwrap();
        assert_eq!(home.default_target().as_str(), "/app1/home");
    }
}

#[cfg(feature = "tracing")]
#[test]
fn target_outside_of_the_prefix_leaves_an_event() {
    let captured = crate::trace::tests::Captured::new();
    assert_eq!(under_a_path(true).check(b"/app2/a?secret"), None);
    let text = captured.text();
    assert!(
        text.contains("DEBUG")
            && text.contains("/app2/a")
            && text.contains("outside of the prefix"),
        "{text}"
    );
    assert!(!text.contains("secret"), "{text}");
}

proptest! {
    #[test]
    fn t9_targets_of_an_application_under_a_path_are_inside_it_and_never_an_endpoint(
        parts in prop::collection::vec(
            prop::sample::select(vec![
                "/", "/app1", "app1", "app2", "/auth/weika/login", "/auth", "/weika", "/closed", "\\", ".", "..", "%2e",
                "%2f", "%61", "a", "@", ":", "?", "#", "//", "evil.example", "课", "%", "https://campus.example",
            ]),
            0..8,
        ),
        is_stripped: bool,
    ) {
        let (rules, target) = (under_a_path(is_stripped), parts.concat());
        let outputs = [
            rules.check(target.as_bytes()),
            rules.check_page(target.as_bytes()),
            rules.check_requested(&target),
            rules.check_argument(&target),
            Some(rules.check_or_default(target.as_bytes())),
        ];
        let base = url::Url::parse("https://campus.example/app1/page").unwrap();
        for output in outputs.into_iter().flatten() {
            let resolved = base.join(output.as_str()).unwrap();
            prop_assert_eq!(resolved.origin(), base.origin());
            let path = resolved.path();
            prop_assert!(path == "/app1" || path.starts_with("/app1/"), "{}", path);
            let decoded = percent_decode_str(path).decode_utf8_lossy();
            let plain = decoded.strip_suffix('/').unwrap_or(&decoded);
            for endpoint in ["/app1/auth/weika/login", "/app1/closed"] {
                prop_assert_ne!(plain, endpoint);
            }
            prop_assert_eq!(rules.check(output.as_str().as_bytes()), Some(output));
        }
    }
}
