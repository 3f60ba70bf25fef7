use std::sync::Arc;

use tower_layer::Layer;

use super::{AddOfficialAccount, SchoolAccount};
use crate::response::Pages;

/// Layer that applies [`AddOfficialAccount`]; see the [module](super).
#[derive(Clone, Debug)]
pub struct AddOfficialAccountLayer {
    account: SchoolAccount,
    pages: Arc<Pages>,
}

impl AddOfficialAccountLayer {
    /// Creates a layer that inserts this account into the extensions of requests.
    #[must_use]
    pub fn new(account: SchoolAccount) -> Self {
        Self {
            account,
            pages: Arc::default(),
        }
    }

    /// Sets the pages that users see when there is no answer. Default: [`Pages::default`].
    #[must_use]
    pub fn pages(mut self, pages: Pages) -> Self {
        self.pages = Arc::new(pages);
        self
    }
}

impl<S> Layer<S> for AddOfficialAccountLayer {
    type Service = AddOfficialAccount<S>;

    fn layer(&self, inner: S) -> Self::Service {
        AddOfficialAccount::new(inner, self.account.clone(), Arc::clone(&self.pages))
    }
}
