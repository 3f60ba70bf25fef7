use std::convert::Infallible;

use axum_core::response::{IntoResponseParts, ResponseParts};

use crate::session::SetCookies;

impl IntoResponseParts for SetCookies {
    type Error = Infallible;

    fn into_response_parts(self, mut response: ResponseParts) -> Result<ResponseParts, Infallible> {
        self.append_to(response.headers_mut());
        Ok(response)
    }
}
