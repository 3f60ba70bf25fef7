//! Who reads a page, and in which language.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{FromRequestParts, Query};
use axum::http::Uri;
use axum::http::request::Parts;
use serde::Deserialize;
use tower_weika::answer::Language;
use url::form_urlencoded::{Serializer, byte_serialize, parse};

/// The language of a page: that of the browser, unless `?lang=` says otherwise.
pub(crate) struct Reader {
    language: Language,
    has_chosen: bool,
    uri: Uri,
}

#[derive(Deserialize)]
struct Choice {
    lang: Option<String>,
}

impl Reader {
    /// The same thing in the language of the reader.
    pub(crate) fn say<'a>(&self, chinese: &'a str, english: &'a str) -> &'a str {
        match self.language {
            Language::Chinese => chinese,
            _ => english,
        }
    }

    /// For the attribute `lang`.
    pub(crate) fn tag(&self) -> &'static str {
        self.language.tag()
    }

    /// The name of the other language, its tag, and the link to this page in it.
    pub(crate) fn other_language(&self) -> (&'static str, &'static str, String) {
        let (name, tag, code) = match self.language {
            Language::Chinese => ("English", "en", "en"),
            _ => ("中文", "zh-CN", "zh"),
        };
        let rest = parse(self.uri.query().unwrap_or_default().as_bytes()).filter(|(name, _)| name != "lang");
        let query = Serializer::new(String::new()).extend_pairs(rest).append_pair("lang", code).finish();
        (name, tag, format!("?{query}"))
    }

    /// A link to `path` that keeps the chosen language.
    pub(crate) fn link(&self, path: &str) -> String {
        match (self.has_chosen, self.language) {
            (false, _) => path.to_owned(),
            (true, Language::Chinese) => format!("{path}?lang=zh"),
            (true, _) => format!("{path}?lang=en"),
        }
    }

    /// A link to an endpoint of the login layer that leads back to `path`.
    pub(crate) fn link_via(&self, endpoint: &str, path: &str) -> String {
        let target: String = byte_serialize(self.link(path).as_bytes()).collect();
        format!("{endpoint}?return_to={target}")
    }

    /// How long something lasts, roughly.
    pub(crate) fn duration(&self, duration: Duration) -> String {
        let minutes = duration.as_secs() / 60;
        let (days, hours, minutes) = (minutes / 1_440, minutes / 60 % 24, minutes % 60);
        let parts = [(days, "天", "d"), (hours, "小时", "h"), (minutes, "分钟", "min")];
        let parts = parts.into_iter().skip_while(|(number, ..)| *number == 0).take(2);
        let parts: Vec<_> = parts.map(|(number, zh, en)| format!("{number} {}", self.say(zh, en))).collect();
        match parts.is_empty() {
            true => self.say("不到 1 分钟", "less than a minute").to_owned(),
            false => parts.join(" "),
        }
    }

    /// The address that was asked for.
    pub(crate) fn uri(&self) -> &Uri {
        &self.uri
    }
}

impl<S: Sync> FromRequestParts<S> for Reader {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let choice = Query::<Choice>::try_from_uri(&parts.uri).ok().and_then(|Query(choice)| choice.lang);
        let chosen = match choice.as_deref() {
            Some("zh") => Some(Language::Chinese),
            Some("en") => Some(Language::English),
            _ => None,
        };
        Ok(Self {
            language: chosen.unwrap_or_else(|| Language::of(&parts.headers)),
            has_chosen: chosen.is_some(),
            uri: parts.uri.clone(),
        })
    }
}
