use std::fmt;

use serde_json::{Map, Value};

use crate::trace;

/// The members of one JSON object of a response.
#[derive(Clone, Copy)]
pub(in crate::client) struct Members<'a> {
    object: &'a Map<String, Value>,
    /// The call, for the log.
    pub(super) context: &'static str,
    /// The name of the object, for the log; empty at the top.
    within: &'static str,
}

impl<'a> Members<'a> {
    /// Returns the members of the response to the call that `context` names.
    pub(in crate::client) fn new(object: &'a Map<String, Value>, context: &'static str) -> Self {
        Self {
            object,
            context,
            within: "",
        }
    }

    /// Returns whether there is such a member that is not `null`.
    pub(in crate::client) fn has(self, name: &str) -> bool {
        self.object.get(name).is_some_and(|value| !value.is_null())
    }

    /// Returns whether the member is a list without entries.
    pub(in crate::client) fn is_empty_list(self, name: &str) -> bool {
        let list = self.object.get(name).and_then(Value::as_array);
        list.is_some_and(Vec::is_empty)
    }

    /// Returns an object, or `None` if it is absent: missing, `null`, `{}` or `[]`.
    pub(in crate::client) fn object(self, name: &'static str) -> Option<Self> {
        let object = self.present(name)?.as_object();
        object
            .map(|object| self.inner(name, object))
            .or_else(|| self.ignore(name, "not an object"))
    }

    /// Returns the objects of a list. Absent entries are skipped.
    pub(in crate::client) fn objects(
        self,
        name: &'static str,
    ) -> impl Iterator<Item = Members<'a>> + use<'a> {
        let list = self
            .present(name)
            .and_then(|value| value.as_array().or_else(|| self.ignore(name, "not a list")));
        list.into_iter()
            .flatten()
            .filter(|entry| !is_absent(entry))
            .filter_map(move |entry| {
                let object = entry.as_object().map(|object| self.inner(name, object));
                object.or_else(|| self.ignore(name, "an entry is not an object"))
            })
    }

    /// Logs that the member is ignored, and returns `None`.
    pub(in crate::client) fn ignore<T>(
        self,
        name: &'static str,
        reason: &'static str,
    ) -> Option<T> {
        let (call, field) = (self.context, self.field(name));
        trace::debug!(call = call, field = %field, reason = reason, "upstream response: member ignored");
        None
    }

    /// Returns the member, unless it is absent.
    pub(super) fn present(self, name: &str) -> Option<&'a Value> {
        self.object.get(name).filter(|value| !is_absent(value))
    }

    fn inner(self, name: &'static str, object: &'a Map<String, Value>) -> Self {
        Self {
            object,
            within: name,
            ..self
        }
    }

    pub(super) fn field(self, name: &'static str) -> Field {
        Field {
            within: self.within,
            name,
        }
    }
}

/// A member with the name of its object, for the log.
pub(super) struct Field {
    within: &'static str,
    name: &'static str,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let point = if self.within.is_empty() { "" } else { "." };
        write!(f, "{}{point}{}", self.within, self.name)
    }
}

/// Returns whether `value` means that the member is absent.
fn is_absent(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(values) => values.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}
