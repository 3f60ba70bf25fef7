//! The environment variables, and configuration errors in them.

use std::sync::PoisonError;

use tower_weika_sandbox::{Browser, Sandbox};

use crate::support::{Site, command};
use crate::{SECRET_BASE64, SECRET_HEX, free_address, log_in, run_to_exit, site_at};

/// The exit code and the output of a site that does not start.
#[track_caller]
fn failed_start(variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let (status, printed) = run_to_exit(&mut command("login", variables));
    (status.code(), printed)
}

#[test]
fn all_configuration_errors_are_reported_together_without_secrets() {
    let (code, printed) = failed_start(&[
        ("LISTEN", "localhost"),
        ("PUBLIC_URL", "http://campus.example.edu.cn"),
        ("WEIKA_APP_KEY", "KEY"),
        ("WEIKA_APP_SECRET", "app s3cr3t"),
        ("WEIKA_BASE_URL", "http://weika.example"),
        ("SESSION_SECRET", "s3cr3t!"),
        ("SANDBOX_LISTEN", "3001"),
        ("REDIS_URL", "redis://:s3cr3t@127.0.0.1/"),
        ("BINDING_BASE_URL", "ftp://binding.example"),
        ("BINDING_APPID", "wx 1"),
        ("WECHAT_AUTHORIZE_URL", "http://wechat.example/authorize"),
        ("KESION_APPTOKEN", "s3cr3t"),
        ("WEIKA_MEMBER_APP_KEY", "KEY"),
        ("WEIKA_MEMBER_APP_SECRET", "member s3cr3t"),
        ("WEIKA_MEMBER_OCODE", "1 0"),
        ("WEIKA_MEMBER_BASE_URL", "http://member.example"),
        ("WECHAT_API_BASE_URL", "http://api.example"),
    ]);
    assert_eq!(code, Some(2), "{printed}");
    for name in [
        "LISTEN",
        "PUBLIC_URL",
        "WEIKA_APP_SECRET",
        "WEIKA_BASE_URL",
        "SESSION_SECRET",
        "SANDBOX_LISTEN",
        "BINDING_BASE_URL",
        "BINDING_APPID",
        "WECHAT_AUTHORIZE_URL",
        "KESION_APPTOKEN",
        "WEIKA_MEMBER_APP_SECRET",
        "WEIKA_MEMBER_OCODE",
        "WEIKA_MEMBER_BASE_URL",
        "WECHAT_API_BASE_URL",
    ] {
        assert!(
            printed.contains(&format!("  - {name} ")),
            "{name} is not in: {printed}"
        );
    }
    assert!(
        !printed.contains("REDIS_URL"),
        "SESSION_SECRET is set, although invalid: {printed}"
    );
    assert!(
        !printed.contains("s3cr3t") && !printed.contains("listening"),
        "{printed}"
    );
}

#[test]
fn each_configuration_error_alone_prevents_the_start() {
    let (binding, app_id) = (
        ("BINDING_BASE_URL", "https://binding.example"),
        ("BINDING_APPID", "wx1"),
    );
    let (key, secret) = (("WEIKA_APP_KEY", "KEY"), ("WEIKA_APP_SECRET", "s3cr3t"));
    let (member_key, member_secret, ocode) = (
        ("WEIKA_MEMBER_APP_KEY", "KEY"),
        ("WEIKA_MEMBER_APP_SECRET", "s3cr3t"),
        ("WEIKA_MEMBER_OCODE", "1000000001"),
    );
    let (wechat, wechat_secret) = (("WECHAT_APPID", "wx1"), ("WECHAT_SECRET", "s3cr3t"));
    let cases: &[(&[(&str, &str)], &str)] = &[
        (&[("LISTEN", "127.0.0.1")], "LISTEN"),
        (
            &[("LISTEN", "0.0.0.0:0")],
            "LISTEN 0.0.0.0:0 is reachable from other machines; set PUBLIC_URL",
        ),
        (
            &[("LISTEN", "[::]:3000")],
            "LISTEN [::]:3000 is reachable from other machines; set PUBLIC_URL",
        ),
        (
            &[("PUBLIC_URL", "http://campus.example.edu.cn")],
            "plain http",
        ),
        (
            &[("PUBLIC_URL", "https://campus.example.edu.cn/path")],
            "PUBLIC_URL",
        ),
        (&[("PUBLIC_URL", "campus")], "PUBLIC_URL"),
        (&[("WEIKA_APP_KEY", "KEY")], "without WEIKA_APP_SECRET"),
        (&[("WEIKA_APP_SECRET", "s3cr3t")], "without WEIKA_APP_KEY"),
        (
            &[("WEIKA_BASE_URL", "https://uni.weixiao.qq.com")],
            "WEIKA_BASE_URL",
        ),
        (
            &[key, secret, ("WEIKA_BASE_URL", "http://weika.example")],
            "WEIKA_BASE_URL \"http://weika.example\" is plain",
        ),
        (
            &[("SESSION_SECRET", "c2hvcnQ=")],
            "SESSION_SECRET is 5 bytes long",
        ),
        (
            &[("SESSION_SECRET", "not base64 at all, and s3cr3t")],
            "SESSION_SECRET",
        ),
        (&[("SANDBOX_LISTEN", "0.0.0.0:0")], "SANDBOX_LISTEN"),
        (
            &[("REDIS_URL", "redis://:s3cr3t@127.0.0.1")],
            "REDIS_URL is set without SESSION_SECRET",
        ),
        (
            &[
                ("SESSION_DB", "sessions.db"),
                ("REDIS_URL", "redis://:s3cr3t@127.0.0.1"),
                ("SESSION_SECRET", SECRET_HEX),
            ],
            "SESSION_DB and REDIS_URL are both set",
        ),
        (
            &[("KESION_BASE_URL", "https://school.example")],
            "without KESION_APPTOKEN",
        ),
        (&[("KESION_APPTOKEN", "s3cr3t")], "without KESION_BASE_URL"),
        (
            &[("KESION_BASE_URL", "school"), ("KESION_APPTOKEN", "s3cr3t")],
            "KESION_BASE_URL \"school\" is not",
        ),
        (
            &[binding],
            "BINDING_BASE_URL is set without an official account",
        ),
        (&[app_id], "BINDING_APPID is set without BINDING_BASE_URL"),
        (
            &[("WECHAT_AUTHORIZE_URL", "https://wechat.example/")],
            "WECHAT_AUTHORIZE_URL is set without",
        ),
        (
            &[("BINDING_BASE_URL", "binding"), app_id],
            "BINDING_BASE_URL \"binding\" is not",
        ),
        (&[binding, ("BINDING_APPID", "wx&1")], "BINDING_APPID"),
        (
            &[
                binding,
                app_id,
                ("WECHAT_AUTHORIZE_URL", "http://wechat.example/"),
            ],
            "WECHAT_AUTHORIZE_URL",
        ),
        (
            &[member_key, member_secret],
            "WEIKA_MEMBER_APP_KEY and WEIKA_MEMBER_APP_SECRET is set without WEIKA_MEMBER_OCODE",
        ),
        (
            &[ocode],
            "WEIKA_MEMBER_OCODE is set without WEIKA_MEMBER_APP_KEY and WEIKA_MEMBER_APP_SECRET",
        ),
        (
            &[("WEIKA_MEMBER_BASE_URL", "https://open.wecard.qq.com")],
            "WEIKA_MEMBER_BASE_URL is set without",
        ),
        (
            &[member_key, member_secret, ("WEIKA_MEMBER_OCODE", "1:2")],
            "WEIKA_MEMBER_OCODE \"1:2\"",
        ),
        (
            &[
                member_key,
                member_secret,
                ocode,
                ("WEIKA_MEMBER_BASE_URL", "http://member.example"),
            ],
            "WEIKA_MEMBER_BASE_URL \"http://member.example\" is plain",
        ),
        (
            &[("WECHAT_APPID", "wx1")],
            "WECHAT_APPID is set without WECHAT_SECRET",
        ),
        (
            &[wechat_secret],
            "WECHAT_SECRET is set without WECHAT_APPID",
        ),
        (
            &[("WECHAT_API_BASE_URL", "https://api.weixin.qq.com")],
            "WECHAT_API_BASE_URL is set without WECHAT_APPID and WECHAT_SECRET",
        ),
        (
            &[wechat, wechat_secret, binding],
            "BINDING_BASE_URL is set beside WECHAT_APPID",
        ),
        (
            &[wechat, wechat_secret, app_id],
            "BINDING_APPID is set beside WECHAT_APPID",
        ),
        (
            &[("WECHAT_APPID", "wx 1"), wechat_secret],
            "WECHAT_APPID \"wx 1\"",
        ),
        (
            &[
                wechat,
                wechat_secret,
                ("WECHAT_API_BASE_URL", "http://api.example"),
            ],
            "WECHAT_API_BASE_URL \"http://api.example\" is plain",
        ),
        (
            &[
                binding,
                app_id,
                (
                    "WECHAT_AUTHORIZE_URL",
                    "https://wechat.example/#wechat_redirect",
                ),
            ],
            "WECHAT_AUTHORIZE_URL \"https://wechat.example/#wechat_redirect\" is not",
        ),
        (
            &[
                binding,
                app_id,
                (
                    "WECHAT_AUTHORIZE_URL",
                    "https://me:s3cr3t@wechat.example/#wechat_redirect",
                ),
            ],
            "WECHAT_AUTHORIZE_URL \"[redacted]\" is not",
        ),
    ];
    for (variables, expected) in cases {
        let (code, printed) = failed_start(variables);
        assert_eq!(code, Some(2), "{variables:?}: {printed}");
        assert!(
            printed.contains(*expected) && printed.matches("\n  - ").count() == 1,
            "{variables:?}: {printed}"
        );
        assert!(
            !printed.contains("s3cr3t") && !printed.contains("allow_http"),
            "{printed}"
        );
    }
}

#[test]
fn sandbox_behind_https_is_rejected_unless_allowed() {
    let url = ("PUBLIC_URL", "https://campus.example.edu.cn");
    let weika = [("WEIKA_APP_KEY", "KEY"), ("WEIKA_APP_SECRET", "s3cr3t")];
    let binding = [
        ("BINDING_BASE_URL", "https://binding.example"),
        ("BINDING_APPID", "wx1"),
    ];
    let kesion = [
        ("KESION_BASE_URL", "https://school.example"),
        ("KESION_APPTOKEN", "s3cr3t"),
    ];
    let wechat = [("WECHAT_APPID", "wx1"), ("WECHAT_SECRET", "s3cr3t")];
    let member = [
        ("WEIKA_MEMBER_APP_KEY", "KEY"),
        ("WEIKA_MEMBER_APP_SECRET", "s3cr3t"),
        ("WEIKA_MEMBER_OCODE", "1000000001"),
    ];
    let names = [
        "WEIKA_APP_KEY and WEIKA_APP_SECRET",
        "WEIKA_MEMBER_APP_KEY, WEIKA_MEMBER_APP_SECRET and WEIKA_MEMBER_OCODE",
        "BINDING_BASE_URL",
        "KESION_BASE_URL and KESION_APPTOKEN",
    ];
    let cases = [
        (vec![], [true, true, true, true]),
        (weika.to_vec(), [false, true, true, true]),
        (member.to_vec(), [true, false, true, true]),
        (binding.to_vec(), [true, true, false, true]),
        (wechat.to_vec(), [true, true, false, true]),
        (kesion.to_vec(), [true, true, true, false]),
        ([weika, binding].concat(), [false, true, false, true]),
        (
            [&weika[..], &wechat, &kesion].concat(),
            [false, true, false, false],
        ),
        (
            [&weika[..], &member, &kesion].concat(),
            [false, false, true, false],
        ),
        (
            [&member[..], &binding, &kesion].concat(),
            [true, false, false, false],
        ),
    ];
    for (real, imitated) in cases {
        for allowed in [None, Some("")] {
            let mut variables = vec![url];
            variables.extend(&real);
            variables.extend(allowed.map(|value| ("ALLOW_SANDBOX", value)));
            let (code, printed) = failed_start(&variables);
            assert_eq!(
                (code, printed.matches("\n  - ").count()),
                (Some(2), 1),
                "{variables:?}: {printed}"
            );
            assert!(
                printed.contains("  - PUBLIC_URL ") && printed.contains("ALLOW_SANDBOX=1"),
                "{printed}"
            );
            for (name, is_imitated) in names.into_iter().zip(imitated) {
                assert_eq!(printed.contains(name), is_imitated, "{name} in {printed}");
            }
            assert!(
                !printed.contains("s3cr3t") && !printed.contains("listening"),
                "{printed}"
            );
        }
    }
    // For every spelling of the scheme, and for every host.
    for url in [
        "HTTPS://campus.example.edu.cn",
        "https://localhost",
        "https://127.0.0.1:8443",
    ] {
        let (code, printed) = failed_start(&[("PUBLIC_URL", url)]);
        assert!(
            code == Some(2) && printed.contains("ALLOW_SANDBOX=1"),
            "{url}: {printed}"
        );
    }
}

#[test]
fn only_1_allows_the_sandbox() {
    let url = ("PUBLIC_URL", "https://campus.example.edu.cn");
    for value in ["0", "true", "yes", "01", " 1", "false"] {
        let (code, printed) = failed_start(&[("ALLOW_SANDBOX", value)]);
        assert_eq!(
            (code, printed.matches("\n  - ").count()),
            (Some(2), 1),
            "{value:?}: {printed}"
        );
        assert!(
            printed.contains(&format!("  - ALLOW_SANDBOX {value:?} is not 1")),
            "{printed}"
        );
        let (code, printed) = failed_start(&[url, ("ALLOW_SANDBOX", value)]);
        assert!(
            code == Some(2) && printed.contains("  - PUBLIC_URL is https"),
            "{value:?}: {printed}"
        );
    }
}

#[test]
fn rejected_sandbox_is_reported_with_the_other_configuration_errors() {
    let (code, printed) = failed_start(&[
        ("PUBLIC_URL", "https://campus.example.edu.cn"),
        ("LISTEN", "localhost"),
        ("SESSION_SECRET", "c2hvcnQ="),
        ("WEIKA_APP_KEY", "KEY"),
    ]);
    assert_eq!(code, Some(2), "{printed}");
    for name in [
        "PUBLIC_URL is https",
        "LISTEN \"localhost\"",
        "SESSION_SECRET is 5 bytes",
        "WEIKA_APP_KEY is set",
    ] {
        assert!(
            printed.contains(&format!("  - {name}")),
            "{name} is not in: {printed}"
        );
    }
    assert!(
        !printed.contains("imitates Weika,"),
        "its variables are wrong, not absent: {printed}"
    );
}

#[test]
fn permission_for_the_sandbox_is_not_required_where_it_is_not_needed() {
    // Loopback over http, and a site without an imitated system.
    let _loopback = Site::start(&[("PUBLIC_URL", "http://127.0.0.1:3000")]);
    let real = [
        ("PUBLIC_URL", "https://campus.example.edu.cn"),
        ("WEIKA_APP_KEY", "KEY"),
        ("WEIKA_APP_SECRET", "s3cr3t"),
        ("WEIKA_MEMBER_APP_KEY", "KEY"),
        ("WEIKA_MEMBER_APP_SECRET", "s3cr3t"),
        ("WEIKA_MEMBER_OCODE", "1000000001"),
        ("KESION_BASE_URL", "https://school.example"),
        ("KESION_APPTOKEN", "s3cr3t"),
    ];
    let binding = [("BINDING_BASE_URL", "https://binding.example")];
    let wechat = [("WECHAT_APPID", "wx1"), ("WECHAT_SECRET", "s3cr3t")];
    for users in [&binding[..], &wechat] {
        assert_eq!(Site::start(&[&real[..], users].concat()).sandbox, None);
    }
}

#[cfg(unix)]
#[test]
fn sandbox_that_is_reachable_from_other_machines_is_a_warning() {
    use crate::redis_server::until;

    let site = Site::start(&[
        ("LISTEN", "0.0.0.0:0"),
        ("PUBLIC_URL", "http://127.0.0.1:3000"),
    ]);
    // Another thread reads the log from the pipe.
    until("the log has the warning", || {
        let log = site.stderr.lock().unwrap_or_else(PoisonError::into_inner);
        log.contains("accepts connections from other machines")
    });
}

#[test]
fn secret_from_the_documentation_is_rejected() {
    // Base64 and hex of the secret that the README has shown.
    for spelled in [
        "MzIgYnl0ZXMgb3IgbW9yZSwgdGhlIHNhbWUgZm9yIGFsbCBpbnN0YW5jZXM=",
        "3332206279746573206f72206d6f72652c207468652073616d6520666f7220616c6c20696e7374616e636573",
    ] {
        let (code, printed) = failed_start(&[("SESSION_SECRET", spelled)]);
        assert_eq!(
            (code, printed.matches("\n  - ").count()),
            (Some(2), 1),
            "{printed}"
        );
        assert!(
            printed.contains("  - SESSION_SECRET is published")
                && printed.contains("openssl rand -base64 32"),
            "{printed}"
        );
    }
}

#[cfg(unix)]
#[test]
fn variable_that_is_not_utf_8_is_a_configuration_error() {
    use std::os::unix::ffi::OsStrExt;

    let bytes = std::ffi::OsStr::from_bytes(b"\xFF");
    let output = command("login", &[])
        .env("WEIKA_APP_KEY", bytes)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("WEIKA_APP_KEY is not UTF-8"));
}

#[test]
fn address_in_use_is_named() {
    let site = Site::start(&[]);
    let address = site.url.trim_start_matches("http://");
    let (code, printed) = failed_start(&[("LISTEN", address)]);
    assert_eq!(code, Some(1), "{printed}");
    assert!(printed.contains(address), "{printed}");
}

#[test]
fn plain_http_to_the_operator_is_allowed_with_a_warning() {
    let site = Site::start(&[
        ("BINDING_BASE_URL", "http://binding.example"),
        ("KESION_BASE_URL", "http://school.example"),
        ("KESION_APPTOKEN", "0123456789abcdef0123456789abcdef"),
    ]);
    let log = site.stderr.lock().unwrap_or_else(PoisonError::into_inner);
    for name in ["BINDING_BASE_URL", "KESION_BASE_URL"] {
        assert!(
            log.contains(&format!("{name} is plain http to another machine")),
            "{log}"
        );
    }
    assert!(!log.contains("0123456789abcdef"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn empty_variable_counts_as_unset() {
    let site = Site::start(&[
        ("PUBLIC_URL", ""),
        ("SESSION_SECRET", ""),
        ("REDIS_URL", ""),
    ]);
    let page = log_in(&Browser::new(), &format!("{}/admin", site.url), "wang").await;
    assert_eq!(page.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_are_those_of_the_variables() {
    let (listen, sandbox) = (free_address().unwrap(), free_address().unwrap());
    let site = Site::start(&[("LISTEN", &listen), ("SANDBOX_LISTEN", &sandbox)]);
    assert_eq!(site.url, format!("http://{listen}"));
    assert_eq!(site.sandbox, Some(format!("http://{sandbox}")));
    let home = Browser::new()
        .get(&format!("http://{sandbox}/"))
        .await
        .unwrap();
    assert!(home.text().contains("王老师"));
}

#[tokio::test(flavor = "multi_thread")]
async fn login_returns_to_the_public_url() {
    let site = Site::start(&[
        ("PUBLIC_URL", "https://campus.example.edu.cn"),
        ("ALLOW_SANDBOX", "1"),
    ]);
    let address = site.url.trim_start_matches("http://").parse().unwrap();
    let browser = Browser::new().route("https://campus.example.edu.cn", address);
    let page = log_in(&browser, "https://campus.example.edu.cn/admin/deep", "wang").await;
    assert_eq!(page.url(), "https://campus.example.edu.cn/admin/deep");
    assert_eq!(page.status(), 200);
    let cookies = page.hops().iter().flat_map(|hop| hop.set_cookies.iter());
    for cookie in cookies {
        assert!(
            cookie.starts_with("__Host-") && cookie.contains("; Secure"),
            "a cookie without the `__Host-` prefix"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn login_in_progress_survives_a_restart_with_the_same_secret() {
    let weika = Sandbox::start().await.unwrap();
    let listen = free_address().unwrap();
    let browser = Browser::new();
    let first = site_at(
        &weika,
        &[("LISTEN", &listen), ("SESSION_SECRET", SECRET_HEX)],
    );
    let page = browser
        .get(&format!("{}/admin/deep", first.url))
        .await
        .unwrap();
    drop(first);

    let second = site_at(
        &weika,
        &[("LISTEN", &listen), ("SESSION_SECRET", SECRET_BASE64)],
    );
    let visit = browser.click(&page, "data-person=\"wang\"").await.unwrap();
    assert_eq!(visit.url(), format!("{}/admin/deep", second.url));
    assert_eq!(visit.status(), 200);
    drop(second);

    let other_secret = SECRET_HEX.replace("00", "77");
    let _third = site_at(
        &weika,
        &[("LISTEN", &listen), ("SESSION_SECRET", &other_secret)],
    );
    let visit = browser.click(&page, "data-person=\"wang\"").await.unwrap();
    assert_eq!(
        visit.status(),
        400,
        "a state that is signed with another secret is rejected"
    );
}
