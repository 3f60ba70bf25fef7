use axum_core::body::Body;
use axum_core::response::{IntoResponse, Response};

use crate::response::Rejection;

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        Self::into_response(self).map(Body::new)
    }
}
