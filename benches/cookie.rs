//! What it costs to find our cookie among others.
//!
//! Measured through the layer that authenticates. Our cookie has a value that cannot be an id, so nothing is looked up.

mod report;
#[expect(dead_code, reason = "one header at a time")]
mod rounds;
#[expect(dead_code, reason = "nobody is logged in here")]
mod support;
mod turns;

use std::cell::RefCell;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::header::{COOKIE, REFERER};
use http::{HeaderValue, Request};
use report::Section;
use support::{Application, Candidate, Site};
use tower::{Layer, Service};

/// The cookies of others, as sites really set them; numbered, because a name comes once.
const FOREIGN: [&str; 5] = [
    "_ga_{}=GA1.1.1382046791.1763700000",
    "Hm_lvt_0c1e6f3a_{}=1763700000,1763701234",
    "locale_{}=zh-CN",
    "JSESSIONID_{}=5F0C1B2E9A7D4C3388E1F6A0B7C9D2E4",
    "seen_{}=1",
];
const COUNTS: [usize; 6] = [0, 1, 5, 10, 20, 50];
/// Far longer than any browser sends.
const LONG: usize = 64 << 10;

/// Where our cookie is.
#[derive(Clone, Copy)]
enum Ours {
    Absent,
    Last,
    Twice,
}

impl Ours {
    const ALL: [Self; 3] = [Self::Absent, Self::Last, Self::Twice];

    fn name(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Last => "last",
            Self::Twice => "twice",
        }
    }

    /// Ours and those of others; nothing at all if there are none.
    fn among(self, foreign: &[String], name: &str) -> String {
        let ours = format!("{name}=no-id");
        let ours = match self {
            Self::Absent => vec![],
            Self::Last => vec![ours],
            Self::Twice => vec![ours.clone(), ours],
        };
        [foreign, &ours].concat().join("; ")
    }
}

/// One header, read in two ways, and by nobody.
struct Case {
    key: String,
    bytes: usize,
    candidates: [RefCell<Candidate>; 3],
}

impl Case {
    fn new(site: &Site, cookies: usize, ours: Ours, key: &str) -> Self {
        let foreign =
            |number: usize| FOREIGN[number % FOREIGN.len()].replace("{}", &number.to_string());
        let foreign: Vec<_> = (0..cookies).map(foreign).collect();
        let header = ours.among(&foreign, &site.cookie_name);
        let bytes = header.len();
        let values: Arc<[_]> = vec![HeaderValue::try_from(header).expect("a header value")].into();
        let carrier = if bytes == 0 { REFERER } else { COOKIE };
        let application =
            Application::known_by(|request| request.extensions().get::<Seen>().is_some());
        let layer = site.login.authenticate().layer(application);
        let naive = Naive {
            name: site.cookie_name.clone(),
            inner: application,
        };
        let is_seen = !matches!(ours, Ours::Absent);
        let candidates = [
            Candidate::new("bare", application, carrier.clone(), &values, false),
            Candidate::new("naive", naive, carrier.clone(), &values, is_seen),
            Candidate::new("layer", layer, carrier, &values, false),
        ];
        Self {
            key: format!("{key}/{}", ours.name()),
            bytes,
            candidates: candidates.map(RefCell::new),
        }
    }
}

/// Our cookie is there.
#[derive(Clone)]
struct Seen;

/// A floor: splits the header with what the standard library has, and takes the first cookie of ours.
struct Naive {
    name: String,
    inner: Application,
}

impl Service<Request<()>> for Naive {
    type Response = <Application as Service<Request<()>>>::Response;
    type Error = <Application as Service<Request<()>>>::Error;
    type Future = <Application as Service<Request<()>>>::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<()>) -> Self::Future {
        let header = request
            .headers()
            .get(COOKIE)
            .map(HeaderValue::as_bytes)
            .unwrap_or_default();
        let mut pairs = header.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
        let is_ours = |pair: &[u8]| {
            pair.strip_prefix(self.name.as_bytes())
                .is_some_and(|rest| rest.starts_with(b"="))
        };
        if pairs.any(is_ours) {
            // Takes no memory, but the map of extensions is looked into.
            request.extensions_mut().insert(Seen);
        }
        self.inner.call(request)
    }
}

fn main() {
    let site = Site::with_sessions(1);
    let usual = COUNTS
        .iter()
        .flat_map(|count| Ours::ALL.map(|ours| Case::new(&site, *count, ours, &count.to_string())));
    let mean = FOREIGN.iter().map(|cookie| cookie.len() + 4).sum::<usize>() / FOREIGN.len();
    let long = Ours::ALL.map(|ours| Case::new(&site, LONG / mean, ours, "64 KB"));
    let cases: Vec<_> = usual.chain(long).collect();

    let mut section = Section::new("cookie", "The cookie among others");
    section.text(
        "Through `AuthenticateLayer`, over the bare application, hot; nothing is looked up. Naive: the header is split \
         with what the standard library has, up to the first cookie of ours.",
    );
    let rows = cases.iter().map(|case| {
        let medians = rounds::medians(&case.candidates, false, 51, 1_024);
        let [naive, layer] = [1, 2].map(|index| medians[index] - medians[0]);
        section.figure(&case.key, layer);
        let per_byte = (case.bytes != 0).then(|| layer / case.bytes as f64);
        if let Some(per_byte) = per_byte {
            section.figure(&format!("{}/per_byte", case.key), per_byte);
        }
        vec![
            case.key.replace('/', ", "),
            case.bytes.to_string(),
            format!("{layer:.0}"),
            per_byte.map_or_else(|| "–".to_owned(), |per_byte| format!("{per_byte:.2}")),
            format!("{naive:.0}"),
        ]
    });
    let rows: Vec<_> = rows.collect();
    section.table(
        &[
            "cookies of others, ours",
            "bytes",
            "layer, ns",
            "ns a byte",
            "naive, ns",
        ],
        &rows,
    );
    section.finish();
}
