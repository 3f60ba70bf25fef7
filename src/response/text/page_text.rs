use super::{chinese, english};
use crate::request::Language;
use crate::response::PageKind;

/// The texts of a page.
pub(crate) struct PageText {
    pub(crate) title: &'static str,
    pub(crate) paragraph: &'static str,
    /// The label of the link to [`Page::next`](crate::response::Page::next).
    pub(crate) next: &'static str,
    /// The label of the link to [`Page::retry`](crate::response::Page::retry).
    pub(crate) retry: &'static str,
    /// The label of the link to [`Page::home`](crate::response::Page::home).
    pub(crate) home: &'static str,
    /// The text before the contact of the site.
    pub(crate) contact: &'static str,
}

impl PageKind {
    pub(crate) const fn text(self, language: Language) -> PageText {
        match language {
            Language::Chinese => chinese::text(self),
            Language::English => english::text(self),
        }
    }
}
