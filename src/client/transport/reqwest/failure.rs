use super::proxy;
use crate::client::TransportFailure;
use crate::error::BoxError;
use crate::remedy;

/// Returns the error with its [`TransportFailure`], without the URL, which contains the token.
pub(super) fn reported(error: ::reqwest::Error, scheme: &str) -> BoxError {
    let error = error.without_url();
    // A connection that could not be made in time has not carried anything.
    if error.is_connect() || error.is_builder() {
        let source = match remedy_for(&error, scheme) {
            Some(remedy) => Explained {
                remedy,
                source: error,
            }
            .into(),
            None => error.into(),
        };
        TransportFailure::NotSent(source).into()
    } else if error.is_timeout() {
        TransportFailure::TimedOut(error.into()).into()
    } else {
        error.into()
    }
}

/// Returns the remedy for a connection that could not be made. It names the variable of a proxy, never its value.
fn remedy_for(error: &::reqwest::Error, scheme: &str) -> Option<String> {
    let remedy = remedy::for_network(&remedy::chain_text(error));
    match (remedy, proxy::variable(scheme == "https")) {
        (Some(remedy), None) => Some(remedy.to_owned()),
        (Some(remedy), Some(proxy)) => Some(format!(
            "{remedy}; {proxy} is set: check the proxy, or set NO_PROXY"
        )),
        (None, Some(proxy)) => Some(format!("{proxy} is set: check the proxy, or set NO_PROXY")),
        (None, None) => None,
    }
}

/// A failed connection and its remedy: displays the remedy, and has the failure as its source.
#[derive(Debug, thiserror::Error)]
#[error("{remedy}")]
struct Explained {
    remedy: String,
    source: ::reqwest::Error,
}
