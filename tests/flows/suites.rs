//! The open redirects of oauth2-proxy (`testdata`), read from `../shared/data` beside the checkout.

use std::path::Path;

use tower_weika::login::LoginLayer;
use tower_weika::provider::WeikaManagerProvider;
use url::Url;
use url::form_urlencoded::parse;

/// The site that the list attacks.
const SITE: &str = "https://www.whitelisteddomain.tld";

/// Another origin that is allowed.
const ORIGIN: &str = "https://whitelisteddomain.tld:8443";

#[test]
#[ignore = "needs ../shared/data; run tests/run"]
fn t7_open_redirects_of_oauth2_proxy_stay_on_the_site() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/open-redirects.txt");
    let list = std::fs::read_to_string(file).unwrap();
    let lines: Vec<_> = list.lines().collect();
    assert_eq!(lines.len(), 559);
    let site = |prefix: &str| {
        let weika = WeikaManagerProvider::builder("0123456789ABCDEF", "app-secret");
        let login = LoginLayer::builder(weika.build().unwrap())
            .public_url(format!("{SITE}{prefix}"))
            .return_origin(ORIGIN);
        login.build().unwrap()
    };
    let mut replaced = 0;
    for (prefix, login) in [("", site("")), ("/app1", site("/app1"))] {
        let default = login.return_to("");
        let page = Url::parse(&format!("{SITE}{prefix}/auth/weika/callback")).unwrap();
        for line in &lines {
            for target in [
                line.to_string(),
                form_decoded(line),
                form_decoded(&form_decoded(line)),
            ] {
                let checked = login.return_to(&target);
                replaced += usize::from(checked == default);
                let url = page.join(&checked).unwrap();
                let origin = url.origin().ascii_serialization();
                assert_eq!(origin, SITE, "{target:?} leads to {url}");
                let is_inside = url
                    .path()
                    .strip_prefix(prefix)
                    .is_some_and(|path| path.starts_with('/'));
                assert!(
                    is_inside && url.username().is_empty(),
                    "{target:?} leads to {url}"
                );
            }
        }
    }
    // The others are ordinary paths of the site.
    assert_eq!(replaced, 2 * 3 * lines.len() - 15);
}

/// Returns the value of a parameter that a form has encoded so.
fn form_decoded(value: &str) -> String {
    let value = value.replace('&', "%26");
    let pair = format!("return_to={value}");
    let (_, decoded) = parse(pair.as_bytes()).next().expect("one pair");
    decoded.into_owned()
}
