//! Outcome of a request.

use http::Response;
use http::response::Parts;

use crate::response::{OwnResponse, Rejection};

/// Outcome of a request before its rejection, if any, is rendered.
pub(crate) enum Outcome<RB> {
    /// The response of the inner service, perhaps with the rejection of a guard in its extensions.
    Response(Response<RB>),
    /// The inner service was not called.
    Rejected(Rejection),
}

impl<RB> Outcome<RB> {
    /// Returns the response, or a rejection about `I` that has not been rendered.
    #[inline]
    pub(crate) fn into_response<I: 'static>(self) -> Result<Response<RB>, OpenRejection> {
        match self {
            Self::Response(response) if !Rejection::is_open::<I, _>(&response) => Ok(response),
            rejected => rejected.into_rejection(),
        }
    }

    /// Slow path, outlined so that the common case can be inlined.
    #[cold]
    fn into_rejection(self) -> Result<Response<RB>, OpenRejection> {
        match self {
            Self::Rejected(rejection) => Err(OpenRejection {
                rejection,
                former: None,
            }),
            Self::Response(mut response) => match response.extensions_mut().remove() {
                None => Ok(response),
                Some(rejection) => Err(OpenRejection {
                    rejection,
                    former: Some(response.into_parts().0),
                }),
            },
        }
    }
}

/// A rejection that has not been rendered.
pub(crate) struct OpenRejection {
    pub(crate) rejection: Rejection,
    /// The response that carried the rejection, with the changes of middleware in between.
    former: Option<Parts>,
}

impl OpenRejection {
    /// Renders the rejection as `response`.
    pub(crate) fn render_as(self, response: OwnResponse) -> OwnResponse {
        self.rejection.settle(response, self.former)
    }
}
