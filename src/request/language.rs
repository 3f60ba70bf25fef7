use http::HeaderMap;
use http::header::ACCEPT_LANGUAGE;

/// The language of a generated page.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Language {
    /// 简体中文
    Chinese,
    /// English
    English,
}

impl Language {
    /// Returns the preferred of the two languages by `Accept-Language` (RFC 9110 §12.5.4): Chinese
    /// without the header, English if it names other languages only.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let mut best: Option<(Self, u16)> = None;
        let mut others = false;
        for range in headers
            .get_all(ACCEPT_LANGUAGE)
            .iter()
            .flat_map(|line| line.as_bytes().split(|b| *b == b','))
        {
            let mut parts = range.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
            let language = match parts
                .next()
                .unwrap_or_default()
                .split(|byte| *byte == b'-')
                .next()
            {
                Some(tag) if tag.eq_ignore_ascii_case(b"zh") => Self::Chinese,
                Some(tag) if tag.eq_ignore_ascii_case(b"en") => Self::English,
                tag => {
                    others |= tag.is_some_and(|tag| !tag.is_empty() && tag != b"*");
                    continue;
                }
            };
            let weight = parts
                .find_map(|part| {
                    part.strip_prefix(b"q=")
                        .or_else(|| part.strip_prefix(b"Q="))
                })
                .map_or(1_000, thousandths);
            if weight > best.map_or(0, |(_, weight)| weight) {
                best = Some((language, weight));
            }
        }
        match best {
            Some((language, _)) => language,
            None if others => Self::English,
            None => Self::Chinese,
        }
    }

    /// Returns the tag for `lang` and `Content-Language`.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Chinese => "zh-CN",
            Self::English => "en",
        }
    }
}

/// `0.8` is 800, and an invalid weight is 0.
fn thousandths(weight: &[u8]) -> u16 {
    let weight = std::str::from_utf8(weight)
        .ok()
        .and_then(|text| text.parse::<f32>().ok());
    match weight {
        // Rounded, because no float is exactly 0.251.
        Some(weight) if (0.0..=1.0).contains(&weight) => (weight * 1_000.0).round() as u16,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_language(header: Option<&str>, expected: Language) {
        let headers = header
            .map(|value| (ACCEPT_LANGUAGE, value.parse().unwrap()))
            .into_iter()
            .collect();
        assert_eq!(Language::of(&headers), expected, "{header:?}");
    }

    #[test]
    fn preferred_language_wins() {
        assert_language(Some("zh-CN,zh;q=0.9,en;q=0.8"), Language::Chinese);
        assert_language(Some("en-US,en;q=0.9,zh-CN;q=0.8"), Language::English);
        assert_language(Some("en;q=0.4, ZH-hant;q=0.5"), Language::Chinese);
        assert_language(Some("zh;q=0, en"), Language::English);
        assert_language(Some("zh ; Q=0.5 ,en"), Language::English);
        assert_language(Some("de, en;q=0.1"), Language::English);
        assert_language(Some("en;q=0.25, zh;q=0.251"), Language::Chinese);
    }

    #[test]
    fn every_weight_of_rfc_9110_is_read_exactly() {
        for weight in 0..=1_000_u16 {
            let text = format!("{}.{:03}", weight / 1_000, weight % 1_000);
            assert_eq!(thousandths(text.as_bytes()), weight, "{text}");
        }
    }

    #[test]
    fn chinese_is_the_default_without_a_preference() {
        assert_language(None, Language::Chinese);
        assert_language(Some("*"), Language::Chinese);
        assert_language(Some(""), Language::Chinese);
    }

    #[test]
    fn english_is_the_default_for_other_languages() {
        assert_language(Some("fr-FR, de;q=0.5"), Language::English);
        assert_language(Some("fr, zh;q=nonsense"), Language::English);
    }
}
