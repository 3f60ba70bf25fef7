/// Encoding of the parameters. Kesion's page of the call does not specify it, and its other pages differ.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub enum Encoding {
    /// In the body, as `application/x-www-form-urlencoded`.
    #[default]
    Form,
    /// In the body, as JSON.
    Json,
    /// In the query of the URL, where proxies and servers write them into their logs.
    Query,
}
