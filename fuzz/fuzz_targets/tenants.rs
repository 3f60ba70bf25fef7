//! The choice of a tenant by host and port (rule P4). Oracle: a naive table of spellings.

#![no_main]

use std::convert::Infallible;
use std::sync::LazyLock;

use http::header::HOST;
use http::{Request, Response, StatusCode, Uri};
use libfuzzer_sys::fuzz_target;
use tower::layer::util::Identity;
use tower::{Layer, ServiceExt, service_fn};
use tower_weika::tenants::{Tenant, Tenants, TenantsLayer};
use tower_weika_fuzz::{header_lines, split_byte, upstream};

/// The spellings of each tenant's host.
const TENANTS: [(&str, &[&str]); 4] = [
    ("https://a.example", &["a.example", "a.example:443"]),
    ("https://b.example:8443", &["b.example:8443"]),
    (
        "https://xn--fiq228c.example",
        &["xn--fiq228c.example", "xn--fiq228c.example:443"],
    ),
    (
        "https://[2001:db8::1]",
        &["[2001:db8::1]", "[2001:db8::1]:443"],
    ),
];

static LAYER: LazyLock<TenantsLayer<Identity>> = LazyLock::new(|| {
    let list = TENANTS.iter().fold(Tenants::new(), |list, (origin, _)| {
        list.tenant(*origin, Identity::new())
    });
    list.build().expect("a list of tenants")
});

fuzz_target!(|data: &[u8]| {
    // A target in absolute form, then the lines of `Host`.
    let (form, rest) = split_byte(data);
    let (target, lines) = match rest.iter().position(|byte| *byte == b'\n') {
        Some(end) if form % 2 == 1 => (&rest[..end], &rest[end + 1..]),
        _ => (&b"/"[..], rest),
    };
    let Ok(uri) = Uri::try_from(target) else {
        return;
    };
    let mut request = Request::new(());
    *request.headers_mut() = header_lines(&HOST, lines);
    let named = uri
        .authority()
        .map(|authority| authority.as_str().as_bytes().to_vec());
    let named: Vec<_> = named
        .into_iter()
        .chain(
            request
                .headers()
                .values()
                .map(|line| line.as_bytes().to_vec()),
        )
        .collect();
    *request.uri_mut() = uri;

    let named: Vec<_> = named.iter().map(|name| name.to_ascii_lowercase()).collect();
    let is_one = named.windows(2).all(|two| two[0] == two[1]);
    let host = named.first().filter(|_| is_one);
    let spelt = |spellings: &[&str]| {
        host.is_some_and(|host| spellings.iter().any(|it| it.as_bytes() == host))
    };
    let expected = TENANTS
        .iter()
        .find(|(_, spellings)| spelt(spellings))
        .map(|(origin, _)| *origin);

    let service = LAYER.layer(service_fn(async |request: Request<()>| {
        let tenant = request
            .extensions()
            .get::<Tenant>()
            .map(|tenant| tenant.origin().to_owned());
        Ok::<_, Infallible>(Response::new(tenant.unwrap_or_default()))
    }));
    let response = upstream::block_on(service.oneshot(request)).expect("a response");
    let status = if expected.is_some() {
        StatusCode::OK
    } else {
        StatusCode::MISDIRECTED_REQUEST
    };
    assert_eq!(response.status(), status, "{named:?}");
    assert_eq!(response.status() == StatusCode::OK, expected.is_some());
    assert!(!response.headers().contains_key("set-cookie"));
});
