//! The language of a page.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::Uri;
use axum::http::request::Parts;
use tower_weika::request::Language;
use url::form_urlencoded::{Serializer, byte_serialize, parse};

/// The language of a page: the browser's preference, unless `?lang=` of this page or of its return
/// target overrides it.
pub(crate) struct Reader {
    language: Language,
    has_chosen: bool,
    uri: Uri,
}

impl Reader {
    /// Returns the text in the language of the reader.
    pub(crate) fn say<'a>(&self, chinese: &'a str, english: &'a str) -> &'a str {
        match self.language {
            Language::Chinese => chinese,
            _ => english,
        }
    }

    /// The value of the attribute `lang`.
    pub(crate) fn tag(&self) -> &'static str {
        self.language.tag()
    }

    /// The name of the other language, its tag, and the link to this page in it.
    pub(crate) fn other_language(&self) -> (&'static str, &'static str, String) {
        let (name, tag, code) = match self.language {
            Language::Chinese => ("English", "en", "en"),
            _ => ("中文", "zh-CN", "zh"),
        };
        let rest = parse(self.uri.query().unwrap_or_default().as_bytes())
            .filter(|(name, _)| name != "lang");
        let query = Serializer::new(String::new())
            .extend_pairs(rest)
            .append_pair("lang", code)
            .finish();
        (name, tag, format!("?{query}"))
    }

    /// Returns a link to `path` that keeps the chosen language.
    pub(crate) fn link(&self, path: &str) -> String {
        match (self.has_chosen, self.language) {
            (false, _) => path.to_owned(),
            (true, Language::Chinese) => format!("{path}?lang=zh"),
            (true, _) => format!("{path}?lang=en"),
        }
    }

    /// Returns a link to an endpoint of the login layer with `path` as return target.
    pub(crate) fn link_via(&self, endpoint: &str, path: &str) -> String {
        let target: String = byte_serialize(self.link(path).as_bytes()).collect();
        format!("{endpoint}?return_to={target}")
    }

    /// Formats a duration, roughly.
    pub(crate) fn duration(&self, duration: Duration) -> String {
        let minutes = duration.as_secs() / 60;
        let (days, hours, minutes) = (minutes / 1_440, minutes / 60 % 24, minutes % 60);
        let parts = [
            (days, "天", "d"),
            (hours, "小时", "h"),
            (minutes, "分钟", "min"),
        ];
        let parts = parts
            .into_iter()
            .skip_while(|(number, ..)| *number == 0)
            .take(2);
        let parts: Vec<_> = parts
            .map(|(number, zh, en)| format!("{number} {}", self.say(zh, en)))
            .collect();
        match parts.is_empty() {
            true => self.say("不到 1 分钟", "less than a minute").to_owned(),
            false => parts.join(" "),
        }
    }

    /// Returns the return target of the request, unchecked: the login layer validates it.
    pub(crate) fn return_to(&self) -> String {
        return_to(&self.uri)
    }

    /// The URI of the request.
    pub(crate) fn uri(&self) -> &Uri {
        &self.uri
    }
}

impl<S: Sync> FromRequestParts<S> for Reader {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let chosen = chosen(parts.uri.query().unwrap_or_default()).or_else(|| {
            let target = return_to(&parts.uri);
            chosen(target.split('#').next()?.split_once('?')?.1)
        });
        Ok(Self {
            language: chosen.unwrap_or_else(|| Language::of(&parts.headers)),
            has_chosen: chosen.is_some(),
            uri: parts.uri.clone(),
        })
    }
}

/// Returns the first `return_to` of the query, or an empty string.
fn return_to(uri: &Uri) -> String {
    let mut pairs = parse(uri.query().unwrap_or_default().as_bytes());
    pairs
        .find(|(name, _)| name == "return_to")
        .map(|(_, target)| target.into_owned())
        .unwrap_or_default()
}

/// Returns the language that the query names; a repeated parameter is ignored.
fn chosen(query: &str) -> Option<Language> {
    let mut choices = parse(query.as_bytes())
        .filter(|(name, _)| name == "lang")
        .map(|(_, choice)| choice);
    match (choices.next().as_deref(), choices.next()) {
        (Some("zh"), None) => Some(Language::Chinese),
        (Some("en"), None) => Some(Language::English),
        _ => None,
    }
}
