//! Parameters of a query, decoded once.

use percent_encoding::percent_decode;

/// One parameter of a query.
#[derive(PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub(super) enum Parameter {
    Absent,
    /// The bytes after one form-decoding; not necessarily text.
    Value(Vec<u8>),
    /// Present several times: ambiguous.
    Repeated,
}

impl Parameter {
    /// The value, if there is exactly one.
    pub(super) fn value(self) -> Option<Vec<u8>> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Repeated => None,
        }
    }
}

/// Looks for the parameter `name` in a query (`application/x-www-form-urlencoded`, WHATWG URL §5.1).
pub(super) fn parameter(query: Option<&str>, name: &str) -> Parameter {
    let mut found = Parameter::Absent;
    for pair in query.unwrap_or_default().split('&') {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        if form_decode(key) == name.as_bytes() {
            found = match found {
                Parameter::Absent => Parameter::Value(form_decode(value)),
                Parameter::Value(_) | Parameter::Repeated => Parameter::Repeated,
            };
        }
    }
    found
}

fn form_decode(text: &str) -> Vec<u8> {
    let spaced: Vec<u8> = text
        .bytes()
        .map(|byte| if byte == b'+' { b' ' } else { byte })
        .collect();
    percent_decode(&spaced).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_is_decoded_exactly_once() {
        let query = Some("a=1&return_to=%2Fa%252Fb+c%2B&b");
        assert_eq!(parameter(query, "return_to").value().unwrap(), b"/a%2Fb c+");
        assert_eq!(parameter(query, "b"), Parameter::Value(Vec::new()));
        assert_eq!(parameter(query, "c"), Parameter::Absent);
        assert_eq!(parameter(None, "c"), Parameter::Absent);
    }

    #[test]
    fn repeated_parameter_has_no_value() {
        assert_eq!(parameter(Some("a=1&%61=1"), "a"), Parameter::Repeated);
    }

    #[test]
    fn bytes_that_are_no_text_are_kept() {
        assert_eq!(
            parameter(Some("a=%ff%zz"), "a").value().unwrap(),
            b"\xff%zz"
        );
    }
}
