//! Reply to a call: a JSON document, a page or a redirect, and its bytes under the variations that
//! are on.

use bytes::Bytes;
use http::{HeaderValue, StatusCode};
use maud::Markup;
use percent_encoding::{CONTROLS, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::{page, render};
use crate::response_format::{ResponseFormat, as_integer};
use crate::state::variation::Variation;

/// Reply of an endpoint.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) location: Option<HeaderValue>,
    pub(crate) content: Content,
    /// The number of a refusal, for the call log.
    pub(crate) refusal: Option<i64>,
}

/// Content of a reply.
#[derive(Debug)]
pub(crate) enum Content {
    Json(ResponseFormat, Map<String, Value>),
    Html(Markup),
    Empty,
}

impl Reply {
    /// Returns a JSON document, with the number of the refusal if it is one.
    pub(crate) fn json(
        format: ResponseFormat,
        body: Map<String, Value>,
        refusal: Option<i64>,
    ) -> Self {
        Self {
            refusal,
            ..Self::ok(Content::Json(format, body))
        }
    }

    /// Returns a JSON refusal with `number`, an integer or a string, as the document prints it.
    pub(crate) fn refusal(format: ResponseFormat, number: Value, message: &str) -> Self {
        let refusal = as_integer(&number).unwrap_or(-1);
        let number = (format.code_field().to_owned(), number);
        let mut body =
            Map::from_iter([number, (format.message_field().to_owned(), json!(message))]);
        if format == ResponseFormat::Kesion {
            body.insert("result".to_owned(), json!(false));
        }
        Self::json(format, body, Some(refusal))
    }

    /// Returns a page.
    pub(crate) fn page(page: Markup) -> Self {
        Self::ok(Content::Html(page))
    }

    /// Returns a page that refuses without an error status, as WeChat's do; `number` is for the
    /// call log.
    pub(crate) fn refusing_page(page: Markup, number: i64) -> Self {
        Self {
            refusal: Some(number),
            ..Self::page(page)
        }
    }

    /// Returns a failure with this status.
    pub(crate) fn failure(status: StatusCode, content: Content) -> Self {
        let refusal = Some(i64::from(status.as_u16()));
        Self {
            status,
            location: None,
            content,
            refusal,
        }
    }

    /// Returns an error page with this status, in two languages.
    pub(crate) fn error_page(status: StatusCode, zh: &str, en: &str) -> Self {
        Self::failure(status, Content::Html(page::error(zh, en)))
    }

    /// Returns an error page with status 400, in two languages.
    pub(crate) fn bad_request(zh: &str, en: &str) -> Self {
        Self::error_page(StatusCode::BAD_REQUEST, zh, en)
    }

    /// Returns a `303` to a page of the sandbox itself, after a form was sent.
    pub(crate) fn see_other(path: &'static str) -> Self {
        let location = Some(HeaderValue::from_static(path));
        Self {
            status: StatusCode::SEE_OTHER,
            location,
            ..Self::ok(Content::Empty)
        }
    }

    /// Returns a `302` to `location`; characters that a header cannot carry are percent-encoded.
    pub(crate) fn redirect(location: &str) -> Option<Self> {
        let location =
            HeaderValue::try_from(utf8_percent_encode(location, CONTROLS).to_string()).ok()?;
        Some(Self {
            status: StatusCode::FOUND,
            location: Some(location),
            ..Self::ok(Content::Empty)
        })
    }

    /// Returns the `Content-Type` and the bytes under `variations`.
    pub(crate) fn render(&self, variations: &[Variation]) -> (Option<&'static str>, Bytes) {
        match &self.content {
            Content::Empty => (None, Bytes::new()),
            Content::Html(page) => (Some(HTML), page.0.clone().into()),
            Content::Json(format, body) => (
                render::content_type(*format, variations),
                render::json(*format, body.clone(), variations),
            ),
        }
    }

    const fn ok(content: Content) -> Self {
        Self {
            status: StatusCode::OK,
            location: None,
            content,
            refusal: None,
        }
    }
}

const HTML: &str = "text/html; charset=utf-8";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::variation::ContentTypeForm;

    #[test]
    fn variations_of_json_leave_pages_alone() {
        let page = Reply::page(Markup::default());
        assert_eq!(
            page.render(&[Variation::ContentType(ContentTypeForm::TextPlain)])
                .0,
            Some(HTML)
        );
    }
}
