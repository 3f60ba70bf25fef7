//! Replacement of a response that carries a rejection.

use std::mem;

use http::header::{ETAG, HeaderName, LAST_MODIFIED, SET_COOKIE, TRANSFER_ENCODING};
use http::{HeaderMap, Response};

use super::{HandledBy, Rejection};
use crate::response::generated::{GRPC_MESSAGE, GRPC_STATUS, GeneratedResponse};

impl Rejection {
    /// Takes the rejection about `I` out of a response, unless a login layer has handled it or there is none.
    #[inline]
    pub(crate) fn take_from<I: 'static, B>(response: Response<B>) -> Result<Response<B>, Self> {
        let rejection = response.extensions().get::<Self>();
        let is_pending = rejection.is_some_and(|rejection| {
            rejection.handled_by() != HandledBy::LoginLayer && rejection.is_about::<I>()
        });
        if is_pending {
            Self::remove_from(response)
        } else {
            Ok(response)
        }
    }

    /// Slow path, outlined so that the common case can be inlined.
    #[cold]
    fn remove_from<B>(mut response: Response<B>) -> Result<Response<B>, Self> {
        let Some(mut rejection) = response.extensions_mut().remove::<Self>() else {
            return Ok(response);
        };
        rejection.0.carrier = Some(response.into_parts().0);
        Err(rejection)
    }

    /// Replaces the response that carried this rejection. Headers that middleware has added stay; those that described
    /// the replaced body are removed.
    pub(crate) fn replace_response(mut self, response: GeneratedResponse) -> GeneratedResponse {
        let (mut parts, body) = response.into_parts();
        if let Some(carrier) = self.0.carrier.take() {
            parts.headers = merged(carrier.headers, &parts.headers);
            let generated = mem::replace(&mut parts.extensions, carrier.extensions);
            parts.extensions.extend(generated);
        }
        parts.extensions.insert(self);
        Response::from_parts(parts, body)
    }
}

/// Adds the headers of a generated response to those of the response that it replaces.
fn merged(mut headers: HeaderMap, generated: &HeaderMap) -> HeaderMap {
    let of_the_body: Vec<_> = headers
        .keys()
        .filter(|name| describes_a_body(name))
        .cloned()
        .collect();
    for name in of_the_body {
        headers.remove(name);
    }
    for name in generated.keys().filter(|name| **name != SET_COOKIE) {
        headers.remove(name);
    }
    let generated = generated.iter();
    headers.extend(generated.map(|(name, value)| (name.clone(), value.clone())));
    headers
}

fn describes_a_body(name: &HeaderName) -> bool {
    let others = [
        ETAG,
        LAST_MODIFIED,
        TRANSFER_ENCODING,
        GRPC_STATUS,
        GRPC_MESSAGE,
    ];
    name.as_str().starts_with("content-") || others.contains(name)
}
