//! Entry points of the fuzz targets; see [`crate::fuzzing`].

use std::time::Duration;

use serde_json::{Map, Value};

use super::envelope::{self, object};
use super::values::Members;

const CONTEXT: &str = "fuzzing";

/// Returns the object that a response is.
pub fn response_object(body: &[u8]) -> Option<Map<String, Value>> {
    object(body, CONTEXT).ok()
}

/// Returns the error code that a member is.
pub fn errcode(value: Option<&Value>, accepted: &[i64]) -> Option<i64> {
    envelope::errcode(value, accepted)
}

/// The member `value` of an object, read in each way.
#[derive(Debug)]
#[allow(missing_docs, clippy::exhaustive_structs)]
pub struct Values {
    pub identifier: Option<String>,
    pub identifier_or_number: Option<String>,
    pub bearer: Option<String>,
    pub url: String,
    pub text: String,
    pub trimmed_text: String,
    pub texts: Vec<String>,
    pub numeric_text: String,
    pub whole_number: Option<i64>,
    pub flag: Option<bool>,
    pub seconds: Option<Duration>,
}

impl Values {
    /// Reads the member.
    pub fn of(object: &Map<String, Value>) -> Self {
        const NAME: &str = "value";

        let members = Members::new(object, CONTEXT);
        Self {
            identifier: members.identifier(NAME).map(str::to_owned),
            identifier_or_number: members.identifier_or_number(NAME),
            bearer: members.bearer(NAME).map(str::to_owned),
            url: members.url(NAME).to_owned(),
            text: members.text(NAME),
            trimmed_text: members.trimmed_text(NAME),
            texts: members.texts(NAME),
            numeric_text: members.numeric_text(NAME),
            whole_number: members.whole_number(NAME),
            flag: members.flag(NAME),
            seconds: members.seconds(NAME),
        }
    }
}
