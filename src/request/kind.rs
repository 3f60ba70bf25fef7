use http::header::{CONTENT_TYPE, HeaderName, UPGRADE};
use http::{HeaderMap, HeaderValue, Method};

use super::accept::accepts;
use super::script_library::is_sent_by_a_library;

const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");
const SEC_PURPOSE: HeaderName = HeaderName::from_static("sec-purpose");
const PURPOSE: HeaderName = HeaderName::from_static("purpose");
const X_MOZ: HeaderName = HeaderName::from_static("x-moz");

/// Destinations of a navigation inside another page (Fetch §3.2, `fencedframe` of the Fenced Frame
/// draft).
const FRAMES: [&str; 5] = ["iframe", "frame", "embed", "object", "fencedframe"];

/// The kind of a request.
///
/// It determines two separate facts: whether the response [may be a redirect](Self::may_redirect)
/// to a login, and whether the response [is shown](Self::is_shown) to a user. It shapes a response
/// and never grants access.
///
/// The first match decides: `OPTIONS`, gRPC, an offered upgrade to WebSocket, the `Sec-Fetch-*`
/// headers (Fetch Metadata Request Headers, W3C), and only for clients that send none of these the
/// other headers.
///
/// ```
/// use http::{HeaderMap, Method};
/// use tower_weika::request::RequestKind;
///
/// let mut headers = HeaderMap::new();
/// headers.insert("accept", "text/html".parse()?);
/// assert_eq!(RequestKind::of(&Method::GET, &headers), RequestKind::Navigation);
///
/// headers.insert("x-requested-with", "XMLHttpRequest".parse()?);
/// assert_eq!(RequestKind::of(&Method::GET, &headers), RequestKind::Script);
/// # Ok::<_, http::header::InvalidHeaderValue>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum RequestKind {
    /// A top-level navigation with `GET` or `HEAD`. It may be redirected to a login.
    Navigation,
    /// A navigation inside a frame. The login pages of the providers do not work there, so the
    /// response is a page with a link that leaves the frame.
    Frame,
    /// A top-level navigation with another method: a form that a user has sent.
    Form,
    /// A speculative navigation (`Sec-Purpose: prefetch`, `Purpose: prefetch`, `X-Moz:
    /// prefetch`). It begins no login.
    Prefetch,
    /// Any other request: `fetch`, `XMLHttpRequest`, htmx, a WebSocket, a download, a client that
    /// is not a browser.
    Script,
    /// gRPC, by its content type. The response is a status in the headers.
    Grpc,
    /// `OPTIONS`: a CORS preflight, which never carries a cookie.
    Preflight,
}

impl RequestKind {
    /// Returns the kind of a request with this method and these headers.
    #[must_use]
    pub fn of(method: &Method, headers: &HeaderMap) -> Self {
        match Self::regardless_of_purpose(method, headers) {
            kind @ (Self::Navigation | Self::Script)
                if may_become_a_navigation(kind, method, headers) =>
            {
                Self::Prefetch
            }
            kind => kind,
        }
    }

    /// Returns the kind, with a speculative navigation counted as the navigation that it may
    /// become. Cheaper than [`of`](Self::of): it is called for every guarded request.
    fn regardless_of_purpose(method: &Method, headers: &HeaderMap) -> Self {
        let is_safe = *method == Method::GET || *method == Method::HEAD;
        if *method == Method::OPTIONS {
            return Self::Preflight;
        }
        if headers.get(CONTENT_TYPE).is_some_and(is_grpc) {
            return Self::Grpc;
        }
        // Every other protocol in `Upgrade` is an offer that a server may ignore (RFC 9110 §7.8).
        if Self::opens_websocket(headers) {
            return Self::Script;
        }
        let top_level = if is_safe {
            Self::Navigation
        } else {
            Self::Form
        };
        match (headers.get(SEC_FETCH_MODE), headers.get(SEC_FETCH_DEST)) {
            (Some(mode), _) if mode != "navigate" => Self::Script,
            (_, Some(dest)) if dest == "document" => top_level,
            (_, Some(dest)) if FRAMES.iter().any(|frame| dest == frame) => Self::Frame,
            (_, Some(_)) => Self::Script,
            (Some(_), None) => top_level,
            (None, None) if !accepts(headers, b"text/html") || is_sent_by_a_library(headers) => {
                Self::Script
            }
            (None, None) if is_safe || has_form_type(headers) => top_level,
            (None, None) => Self::Script,
        }
    }

    /// Whether the response may be a redirect to a login.
    #[must_use]
    pub const fn may_redirect(self) -> bool {
        matches!(self, Self::Navigation)
    }

    /// Whether the response is shown to a user, so that it has to be a page.
    #[must_use]
    pub const fn is_shown(self) -> bool {
        matches!(self, Self::Navigation | Self::Frame | Self::Form)
    }

    /// Whether a header says that a script sent the request. A request of kind
    /// [`Script`](Self::Script) may also come from a client that sends no such header.
    pub(super) fn is_declared_script(headers: &HeaderMap) -> bool {
        headers.contains_key(SEC_FETCH_MODE) || is_sent_by_a_library(headers)
    }

    /// Whether the request offers an upgrade to WebSocket.
    pub(crate) fn opens_websocket(headers: &HeaderMap) -> bool {
        headers.get_all(UPGRADE).iter().any(offers_websocket)
    }

    /// Whether the response becomes a document of the browser's history.
    pub(crate) fn is_for_a_document(method: &Method, headers: &HeaderMap) -> bool {
        Self::regardless_of_purpose(method, headers).is_shown()
    }
}

/// Whether a request is speculative, and the browser may show the response for a later navigation.
/// Besides navigations these are the requests of `<link rel="prefetch">`, which have no
/// destination.
fn may_become_a_navigation(kind: RequestKind, method: &Method, headers: &HeaderMap) -> bool {
    let is_speculative = [SEC_PURPOSE, PURPOSE, X_MOZ]
        .iter()
        .flat_map(|name| headers.get_all(name))
        .any(|value| {
            value
                .as_bytes()
                .split(|b| b";, ".contains(b))
                .any(|word| word.eq_ignore_ascii_case(b"prefetch"))
        });
    if !is_speculative || (*method != Method::GET && *method != Method::HEAD) {
        return false;
    }
    let is_link = || match (headers.get(SEC_FETCH_MODE), headers.get(SEC_FETCH_DEST)) {
        (Some(mode), dest) => {
            (mode == "no-cors" || mode == "navigate")
                && dest.is_none_or(|dest| dest == "empty" || dest == "document")
        }
        (None, None) => !is_sent_by_a_library(headers) && !RequestKind::opens_websocket(headers),
        (None, Some(_)) => false,
    };
    kind == RequestKind::Navigation || is_link()
}

fn is_grpc(content_type: &HeaderValue) -> bool {
    const NAME: &[u8] = b"application/grpc";

    content_type
        .as_bytes()
        .get(..NAME.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(NAME))
}

fn offers_websocket(upgrade: &HeaderValue) -> bool {
    let mut offers = upgrade
        .as_bytes()
        .split(|byte| *byte == b',')
        .map(<[u8]>::trim_ascii);
    offers.any(|offer| {
        let name = offer.split(|byte| *byte == b'/').next().unwrap_or_default();
        name.eq_ignore_ascii_case(b"websocket")
    })
}

/// Whether the body is one that a form of HTML can send (HTML §4.10.21.7).
fn has_form_type(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE) else {
        return false;
    };
    let essence = value
        .as_bytes()
        .split(|byte| *byte == b';')
        .next()
        .unwrap_or_default()
        .trim_ascii();
    [
        &b"application/x-www-form-urlencoded"[..],
        b"multipart/form-data",
        b"text/plain",
    ]
    .iter()
    .any(|form| essence.eq_ignore_ascii_case(form))
}

#[cfg(test)]
mod tests;
