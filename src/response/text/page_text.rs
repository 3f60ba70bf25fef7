use super::{chinese, english};
use crate::request::Language;
use crate::response::PageKind;

/// The texts of a page.
pub(in crate::response) struct PageText {
    pub(in crate::response) title: &'static str,
    pub(in crate::response) paragraph: &'static str,
    /// The label of the link to [`Page::next`](crate::response::Page::next).
    pub(in crate::response) next: &'static str,
    /// The label of the link to [`Page::retry`](crate::response::Page::retry).
    pub(in crate::response) retry: &'static str,
    /// The label of the link to [`Page::home`](crate::response::Page::home).
    pub(in crate::response) home: &'static str,
}

impl PageKind {
    pub(in crate::response) const fn text(self, language: Language) -> PageText {
        match language {
            Language::Chinese => chinese::text(self),
            Language::English => english::text(self),
        }
    }
}
