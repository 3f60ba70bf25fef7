//! The cost of finding the session cookie among others.

use std::sync::Arc;

use harness::candidate::{Application, Edited};
use harness::{Candidate, Report, Site, compare};
use http::header::{COOKIE, REFERER};
use http::{HeaderValue, Request};
use tower::Layer;

/// Foreign cookies as real sites set them; numbered, because each name occurs once.
const FOREIGN: [&str; 5] = [
    "_ga_{}=GA1.1.1382046791.1763700000",
    "Hm_lvt_0c1e6f3a_{}=1763700000,1763701234",
    "locale_{}=zh-CN",
    "JSESSIONID_{}=5F0C1B2E9A7D4C3388E1F6A0B7C9D2E4",
    "seen_{}=1",
];
/// The numbers of foreign cookies; the last one makes 64 KB, far more than any browser sends.
const COUNTS: [(&str, usize); 7] = [
    ("0", 0),
    ("1", 1),
    ("5", 5),
    ("10", 10),
    ("20", 20),
    ("50", 50),
    ("64 KB", 2_048),
];

/// The session cookie was found.
#[derive(Clone)]
struct Seen;

fn main() {
    let site = Site::with_sessions(1);
    let name = site.cookie_name();
    let mut report = Report::new("cookie", "The session cookie among others");
    report.table(
        "foreign cookies, session cookie",
        "Through `AuthenticateLayer`, over the bare application, hot. The value of the session cookie is not a valid id, \
         so nothing is looked up. Naive: the header is split with the standard library, up to the first session \
         cookie.",
    );
    for (label, count) in COUNTS {
        for (place, copies) in [("absent", 0), ("last", 1), ("twice", 2)] {
            let foreign = (0..count)
                .map(|number| FOREIGN[number % FOREIGN.len()].replace("{}", &number.to_string()));
            let cookies: Vec<_> = foreign
                .chain(vec![format!("{name}=no-id"); copies])
                .collect();
            let header = cookies.join("; ");
            let bytes = header.len() as f64;
            let values: Arc<[_]> =
                vec![HeaderValue::try_from(header).expect("a header value")].into();
            let application = Application(|request| request.extensions().get::<Seen>().is_some());
            let name = name.clone();
            // Splits the header with the standard library, and takes the first session cookie.
            let naive = Edited(application, move |request: &mut Request<()>| {
                let header = request
                    .headers()
                    .get(COOKIE)
                    .map(HeaderValue::as_bytes)
                    .unwrap_or_default();
                let mut pairs = header.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
                if pairs.any(|pair| {
                    pair.strip_prefix(name.as_bytes())
                        .is_some_and(|rest| rest.starts_with(b"="))
                }) {
                    // Allocates nothing, but looks into the map of extensions.
                    request.extensions_mut().insert(Seen);
                }
            });
            let layer = site.login.authenticate().layer(application);
            let candidates = [
                Candidate::new("bare", application, &values, false),
                Candidate::new("naive", naive, &values, copies > 0),
                Candidate::new("layer", layer, &values, false),
            ];
            let candidates = candidates.map(|it| {
                if bytes == 0.0 {
                    it.in_header(REFERER)
                } else {
                    it
                }
            });
            let medians = compare::hot(&candidates, 128);
            let [naive, layer] = [medians[1], medians[2]];
            let per_byte = if bytes == 0.0 {
                f64::NAN
            } else {
                layer / bytes
            };
            let figures = [
                ("bytes", bytes),
                ("layer, ns", layer),
                ("ns a byte", per_byte),
                ("naive, ns", naive),
            ];
            report.row(&format!("{label}, {place}"), &figures);
        }
    }
    report.finish();
}
