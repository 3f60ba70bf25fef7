use crate::error::{Error, ErrorKind};

/// Reason that a response could not be parsed. The source of an [`Error`]; quotes nothing of the response.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(in crate::client) enum ParseError {
    #[error("the response is not one JSON object without repeated members")]
    Json,
    #[error("the response has no readable {0:?}")]
    Errcode(&'static str),
    #[error("the response has no usable {0:?}")]
    Member(&'static str),
    #[error("the response has an identifier with damaged text")]
    DamagedIdentifier,
}

impl ParseError {
    pub(in crate::client) fn error(self, context: &'static str) -> Error {
        Error::new(ErrorKind::Malformed, context).with_source(self)
    }
}
