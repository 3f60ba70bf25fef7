//! Return targets (rule T). Oracle: the `url` crate. A browser that follows an accepted target from any page of the site
//! stays on the configured origins, in the application, and off the endpoints.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use percent_encoding::percent_decode_str;
use tower_weika::login::LoginLayer;
use tower_weika::provider::WeikaManagerProvider;
use tower_weika_fuzz::split_byte;
use tower_weika_fuzz::upstream::{Reply, transport};
use url::Url;

const ORIGINS: [&str; 2] = ["https://campus.example", "https://app.example:8443"];
const CLOSED: [&str; 4] = [
    "/auth/weika/login",
    "/auth/weika/callback",
    "/auth/weika/logout",
    "/closed",
];

struct Site {
    login: LoginLayer<WeikaManagerProvider>,
    prefix: &'static str,
}

static SITES: LazyLock<[Site; 3]> =
    LazyLock::new(|| [("", false), ("/app1", true), ("/app1", false)].map(site));

fn site((prefix, strips): (&'static str, bool)) -> Site {
    let weika = WeikaManagerProvider::builder("0123456789ABCDEF", "app-secret");
    let weika = weika.client(|client| client.transport(transport(|_| Reply::ok(""))));
    let login = LoginLayer::builder(weika.build().expect("a provider"))
        .public_url(format!("{}{prefix}", ORIGINS[0]))
        .strips_prefix(strips)
        .return_origin(ORIGINS[1])
        .never_return_to(CLOSED[3])
        .build()
        .expect("a login layer");
    Site { login, prefix }
}

fuzz_target!(|data: &[u8]| {
    let (choice, target) = split_byte(data);
    let Ok(target) = std::str::from_utf8(target) else {
        return;
    };
    let site = &SITES[usize::from(choice) % SITES.len()];
    let (accepted, default) = (site.login.return_to(target), site.login.return_to(""));
    check(site, &accepted);
    if accepted != default {
        // Encoding makes a target longer, and a target has 2048 bytes at most (T1).
        let again = site.login.return_to(&accepted);
        assert!(
            again == accepted || accepted.len() > 2048,
            "{accepted:?} becomes {again:?}"
        );
    } else {
        assert!(!is_plain(site, target), "{target:?} has to be accepted");
    }

    // The API completes a path of the application, and puts the target into the address of a login.
    let address = site.login.login_url(target);
    let address = Url::parse(ORIGINS[0])
        .and_then(|url| url.join(&address))
        .expect("a URL");
    assert_eq!(address.path(), format!("{}{}", site.prefix, CLOSED[0]));
    let given = address.query_pairs().find(|(name, _)| name == "return_to");
    check(site, given.as_ref().map_or(&*default, |(_, target)| target));
});

/// Checks where a browser goes.
fn check(site: &Site, target: &str) {
    assert!(
        target.bytes().all(|byte| byte.is_ascii_graphic()) && !target.contains('\\'),
        "{target:?}"
    );
    for page in ["", "/", "/auth/weika/callback?code=x", "/a/b/c/"] {
        let page = Url::parse(&format!("{}{}{page}", ORIGINS[0], site.prefix)).expect("a page");
        let url = page.join(target).expect("a browser can follow it");
        let origin = url.origin().ascii_serialization();
        assert!(ORIGINS.contains(&&*origin), "{target:?} leads to {origin}");
        assert!(
            url.username().is_empty() && url.password().is_none(),
            "{target:?}"
        );
        assert!(
            target.starts_with('/') || target.starts_with(ORIGINS[1]),
            "{target:?} depends on the page"
        );
        let path = percent_decode_str(url.path()).collect::<Vec<_>>();
        let path = path.strip_suffix(b"/").unwrap_or(&path);
        for closed in CLOSED {
            let closed = format!("{}{closed}", site.prefix);
            assert!(path != closed.as_bytes(), "{target:?} is {closed}");
        }
        let rest = url.path().strip_prefix(site.prefix);
        let is_inside = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        assert!(
            origin != ORIGINS[0] || is_inside,
            "{target:?} leaves the application"
        );
    }
}

/// Returns whether a target is so ordinary that it has to be accepted, and is not the default target.
fn is_plain(site: &Site, target: &str) -> bool {
    let Some(path) = target
        .strip_prefix(site.prefix)
        .and_then(|rest| rest.strip_prefix('/'))
    else {
        return false;
    };
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    target.len() <= 2048 && path.split('/').all(is_word) && !CLOSED.contains(&&*format!("/{path}"))
}
