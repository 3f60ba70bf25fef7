use std::sync::Arc;

use tower_layer::Layer;

use super::{SchoolAccount, WithOfficialAccount};
use crate::response::Pages;

/// Wraps services in [`WithOfficialAccount`]; see the [module](super).
#[derive(Clone, Debug)]
pub struct OfficialAccountLayer {
    settings: Settings,
}

/// What does not change from request to request.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) school: SchoolAccount,
    pub(super) pages: Arc<Pages>,
}

impl OfficialAccountLayer {
    /// Puts the account of this school into the extensions.
    #[must_use]
    pub fn new(school: SchoolAccount) -> Self {
        Self {
            settings: Settings {
                school,
                pages: Arc::default(),
            },
        }
    }

    /// How the pages look that people see when there is no answer; ours unless set.
    #[must_use]
    pub fn pages(mut self, pages: Pages) -> Self {
        self.settings.pages = Arc::new(pages);
        self
    }
}

impl<S> Layer<S> for OfficialAccountLayer {
    type Service = WithOfficialAccount<S>;

    fn layer(&self, inner: S) -> Self::Service {
        WithOfficialAccount::new(inner, self.settings.clone())
    }
}
