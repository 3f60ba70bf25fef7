use serde_json::{Map, Value};

use super::{ParseError, errcode, object};
use crate::client::error_codes::ErrorCodes;
use crate::client::values::Members;
use crate::error::Error;

/// The envelope of the responses of one upstream system.
#[derive(Clone, Debug)]
pub(in crate::client) struct Envelope {
    /// The name of the member with the error code.
    errcode_member: &'static str,
    error_codes: ErrorCodes,
}

impl Envelope {
    pub(in crate::client) fn new(errcode_member: &'static str, error_codes: ErrorCodes) -> Self {
        Self {
            errcode_member,
            error_codes,
        }
    }

    /// Returns the object in `body` if its error code says that the call was successful. `context`
    /// names the call.
    pub(in crate::client) fn open(
        &self,
        body: &[u8],
        context: &'static str,
    ) -> Result<Map<String, Value>, Error> {
        self.accept(object(body, context)?, context)
    }

    /// Returns the object if it has no error code, or 0: for an endpoint whose documents show a
    /// success without one.
    pub(in crate::client) fn accept_without_errcode(
        &self,
        object: Map<String, Value>,
        context: &'static str,
    ) -> Result<Map<String, Value>, Error> {
        if object.contains_key(self.errcode_member) {
            self.accept(object, context)
        } else {
            Ok(object)
        }
    }

    /// Returns the object if its error code says that the call was successful.
    pub(in crate::client) fn accept(
        &self,
        object: Map<String, Value>,
        context: &'static str,
    ) -> Result<Map<String, Value>, Error> {
        self.accept_or(&[], object, context)
            .map(|(_, object)| object)
    }

    /// Returns the error code and the object in `body` if the error code is 0 or one of the
    /// `accepted` ones.
    pub(in crate::client) fn open_or(
        &self,
        accepted: &[i64],
        body: &[u8],
        context: &'static str,
    ) -> Result<(i64, Map<String, Value>), Error> {
        self.accept_or(accepted, object(body, context)?, context)
    }

    fn accept_or(
        &self,
        accepted: &[i64],
        object: Map<String, Value>,
        context: &'static str,
    ) -> Result<(i64, Map<String, Value>), Error> {
        match errcode(object.get(self.errcode_member), accepted) {
            Some(errcode) if errcode == 0 || accepted.contains(&errcode) => Ok((errcode, object)),
            Some(errcode) => Err(self.error_codes.error(errcode, context)),
            None => Err(ParseError::Errcode(self.errcode_member).error(context)),
        }
    }
}

/// Returns the members beside `needed`: those at the top, or those of `data`, where some pages say
/// they are.
pub(in crate::client) fn members<'a>(
    object: &'a Map<String, Value>,
    needed: &str,
    context: &'static str,
) -> Members<'a> {
    let top = Members::new(object, context);
    if top.has(needed) {
        top
    } else {
        top.object("data").unwrap_or(top)
    }
}
