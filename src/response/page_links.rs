/// The URLs that a response to a rejection links to, as far as the login layer knows them.
#[derive(Default)]
pub(crate) struct PageLinks {
    /// The login, with a return target if one is known.
    pub(crate) login: Option<String>,
    /// The default page of the site.
    pub(crate) home: Option<String>,
    /// The application's page that links an account.
    pub(crate) bind: Option<String>,
    /// The target of a form that another site has sent.
    pub(crate) same_page: Option<String>,
}
