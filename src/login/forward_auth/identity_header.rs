use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::session::Authenticated;

/// All but the unreserved characters of RFC 3986 §2.3.
const ENCODE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The limit on all values of one response, in bytes: application servers accept a request head of
/// 8 KiB by default (Tomcat), and the response must fit into one buffer of nginx.
const MAX_BYTES: usize = 4_096;

type Value<I> = Box<dyn Fn(&Authenticated<I>) -> Option<String> + Send + Sync>;

/// The headers that carry the identity to the application.
pub(super) struct IdentityHeaders<I>(Vec<(HeaderName, Value<I>)>);

impl<I> IdentityHeaders<I> {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a header, or replaces the one of this name.
    pub(super) fn insert(&mut self, name: HeaderName, value: Value<I>) {
        self.0.retain(|(known, _)| *known != name);
        self.0.push((name, value));
    }

    /// Inserts the headers of one user.
    ///
    /// # Errors
    /// If the values are too long: the header that exceeds the limit. They are never cut, because
    /// a part of an identifier may be another one.
    pub(super) fn insert_into(
        &self,
        headers: &mut HeaderMap,
        user: &Authenticated<I>,
    ) -> Result<(), &HeaderName> {
        let mut bytes = 0;
        for (name, value) in &self.0 {
            let Some(text) = value(user).filter(|text| !text.is_empty()) else {
                continue;
            };
            // Before it is encoded, so that a huge value costs nothing.
            if text.len() > MAX_BYTES {
                return Err(name);
            }
            let encoded = utf8_percent_encode(&text, ENCODE).to_string();
            bytes += encoded.len();
            match HeaderValue::try_from(encoded) {
                Ok(mut value) if bytes <= MAX_BYTES => {
                    value.set_sensitive(true);
                    headers.insert(name, value);
                }
                _ => return Err(name),
            }
        }
        Ok(())
    }
}

impl<I> fmt::Debug for IdentityHeaders<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use percent_encoding::percent_decode_str;
    use proptest::prelude::*;

    use super::*;
    use crate::clock::Timestamp;
    use crate::session::{Session, SessionId, SessionTimeouts};

    fn encoded(text: &str) -> String {
        let id = SessionId::random().unwrap();
        let now = Timestamp::from_unix_seconds(1_760_000_000);
        let session = Session::new(id, text.to_owned(), SessionTimeouts::default(), now);
        let mut headers = IdentityHeaders::new();
        let name = HeaderName::from_static("x-name");
        headers.insert(
            name.clone(),
            Box::new(|user: &Authenticated<String>| Some(user.identity().clone())),
        );
        let mut map = HeaderMap::new();
        let inserted = headers.insert_into(&mut map, &Authenticated::new(Arc::new(session)));
        assert_eq!(inserted, Ok(()));
        map[name].to_str().unwrap().to_owned()
    }

    #[test]
    fn every_byte_but_unreserved_characters_is_encoded() {
        assert_eq!(encoded("Az09-._~"), "Az09-._~");
        assert_eq!(encoded("王 +%2B"), "%E7%8E%8B%20%2B%252B");
        assert_eq!(encoded("\r\nX-User: li"), "%0D%0AX-User%3A%20li");
        assert_eq!(encoded("!*'()"), "%21%2A%27%28%29");
    }

    proptest! {
        #[test]
        fn every_value_is_plain_ascii_and_decodes_to_the_text(text in "[\\x00-\\xff\\PC]{1,40}") {
            let encoded = encoded(&text);
            let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~%".contains(c);
            prop_assert!(encoded.chars().all(is_plain), "{}", encoded);
            prop_assert_eq!(percent_decode_str(&encoded).decode_utf8().unwrap(), text);
        }
    }
}
