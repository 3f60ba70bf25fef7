use std::any::type_name;
use std::convert::Infallible;

use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;

use crate::response::Rejection;
use crate::session::Authenticated;
use crate::trace::debug;

impl<S: Sync, I: Send + Sync + 'static> FromRequestParts<S> for Authenticated<I> {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        let found = parts.extensions.get::<Self>().cloned();
        found.ok_or_else(|| {
            debug!(
                requirement = %"a login",
                identity = %type_name::<I>(),
                "extractor: rejected: the request is unauthenticated; the login layer outside offers a login"
            );
            Rejection::login_required::<I>(&parts.method, &parts.headers)
        })
    }
}

impl<S: Sync, I: Send + Sync + 'static> OptionalFromRequestParts<S> for Authenticated<I> {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned())
    }
}
