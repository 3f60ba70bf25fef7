use http::{HeaderMap, Method};

use super::script_library::HX_REQUEST;
use super::{Language, RequestKind, UserAgent};

/// The facts of a request that decide the form of a generated response, in a few bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct RequestFacts {
    pub(crate) kind: RequestKind,
    pub(crate) language: Language,
    pub(crate) user_agent: UserAgent,
    /// Whether the method is `GET` or `HEAD`, so that the target can be requested again.
    pub(crate) is_safe: bool,
    /// Whether htmx waits for the response: it follows `HX-Redirect`.
    pub(crate) is_htmx: bool,
    /// Whether the kind is [`Script`](RequestKind::Script), and a header says so.
    is_declared_script: bool,
}

impl RequestFacts {
    pub(crate) fn of(method: &Method, headers: &HeaderMap) -> Self {
        let kind = RequestKind::of(method, headers);
        Self {
            kind,
            language: Language::of(headers),
            user_agent: UserAgent::of(headers),
            is_safe: *method == Method::GET || *method == Method::HEAD,
            is_htmx: headers.contains_key(HX_REQUEST),
            is_declared_script: kind == RequestKind::Script
                && RequestKind::is_declared_script(headers),
        }
    }

    /// Whether a redirect to a provider would fail: its pages do not work in a frame, and a script cannot follow to
    /// another origin. A client that sends no such header may be able to.
    pub(crate) fn cannot_follow_redirect(self) -> bool {
        self.kind == RequestKind::Frame || self.is_declared_script
    }
}
