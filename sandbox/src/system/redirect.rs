//! Redirect of the browser to the application, with a code and the state.

use crate::message::query::with_parameters;
use crate::message::reply::Reply;
use crate::state::fault::Fault;
use crate::state::variation::Variation;

/// Redirects to `redirect_uri`. `code` is the name of its parameter and the code; `state` is the
/// state as received.
pub(crate) fn to_application(
    redirect_uri: &str,
    code: Option<(&str, String)>,
    state: Option<&str>,
    variations: &[Variation],
    fault: Option<&Fault>,
) -> Reply {
    let code = code.map(|(name, code)| format!("{name}={code}"));
    // Spelled as it was received, not as it would be encoded again: 原样返回.
    let state = state.and_then(|state| match fault {
        Some(Fault::StateMissing) => None,
        Some(Fault::AlteredState(suffix)) => Some(format!("state={state}{suffix}")),
        _ => Some(format!("state={state}")),
    });
    let parameters: Vec<_> = code.into_iter().chain(state).collect();
    let twice = variations.contains(&Variation::SecondQuestionMark);
    let location = with_parameters(redirect_uri, &parameters.join("&"), twice);
    Reply::redirect(&location)
        .unwrap_or_else(|| Reply::bad_request("回调地址不对", "redirect_uri is not an address"))
}
