//! Query parameters: decoded, as received, and appended to an address.

use url::form_urlencoded;

/// Returns the first parameter of this name, decoded once.
pub(crate) fn parameter(query: &str, name: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs
        .find(|(it, _)| it == name)
        .map(|(_, value)| value.into_owned())
}

/// Returns the first parameter of this name as received, without decoding.
pub(crate) fn raw_parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    let pairs = query
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs
        .into_iter()
        .find(|(it, _)| *it == name)
        .map(|(_, value)| value)
}

/// Returns `redirect_uri` with `parameters` at the end of its query, before a fragment.
pub(crate) fn with_parameters(
    redirect_uri: &str,
    parameters: &str,
    second_question_mark: bool,
) -> String {
    let (address, fragment) = match redirect_uri.split_once('#') {
        Some((address, fragment)) => (address, Some(fragment)),
        None => (redirect_uri, None),
    };
    let joint = match () {
        () if parameters.is_empty() => "",
        () if second_question_mark || !address.contains('?') => "?",
        () if address.ends_with(['?', '&']) => "",
        () => "&",
    };
    let fragment = fragment.map(|it| format!("#{it}")).unwrap_or_default();
    format!("{address}{joint}{parameters}{fragment}")
}
