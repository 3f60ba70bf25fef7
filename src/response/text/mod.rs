//! The texts of pages.

mod chinese;
mod english;
mod page_text;

pub(super) use self::page_text::PageText;
