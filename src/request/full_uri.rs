use http::{Extensions, Uri};

/// Returns the URI of a request before a router of axum has shortened its path (`nest`); without
/// the feature `axum`, the URI as it is.
#[cfg(feature = "axum")]
pub(crate) fn full_uri<'r>(uri: &'r Uri, extensions: &'r Extensions) -> &'r Uri {
    extensions
        .get::<axum::extract::OriginalUri>()
        .map_or(uri, |original| &original.0)
}

#[cfg(not(feature = "axum"))]
pub(crate) fn full_uri<'r>(uri: &'r Uri, _: &'r Extensions) -> &'r Uri {
    uri
}
