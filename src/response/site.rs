use std::sync::LazyLock;

use super::accent::Accent;
use super::style::Style;
use crate::error::ConfigErrorKind;

static DEFAULT_STYLE: LazyLock<Style> = LazyLock::new(Style::default);

/// The facts about a site that its pages show.
#[derive(Clone, Default)]
pub(super) struct Site {
    pub(super) name: Option<String>,
    pub(super) home: Option<String>,
    pub(super) contact: Option<String>,
    accent: Option<Result<Style, String>>,
}

impl Site {
    pub(super) fn set_accent(&mut self, text: String) {
        self.accent = Some(Accent::parse(&text).map(Style::from).ok_or(text));
    }

    /// Returns the style of the default pages. That of an invalid accent is the default.
    pub(super) fn style(&self) -> &Style {
        match &self.accent {
            Some(Ok(style)) => style,
            Some(Err(_)) | None => &DEFAULT_STYLE,
        }
    }

    pub(super) fn check(&self, errors: &mut Vec<ConfigErrorKind>) {
        if let Some(Err(text)) = &self.accent {
            errors.push(ConfigErrorKind::InvalidCharacters {
                name: "the accent of the pages",
                value: text.clone(),
                expected: "a colour like #06804a or #0a5",
            });
        }
    }
}
