use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// A guarded prefix, decoded and without a slash at its end. Empty, it covers every path.
#[derive(Debug)]
pub(super) struct Prefix(Vec<u8>);

impl Prefix {
    /// An ambiguous prefix covers every path, rather than none.
    pub(super) fn new(prefix: &str) -> Self {
        let rooted = format!("/{}", prefix.strip_prefix('/').unwrap_or(prefix));
        match Path::read(&rooted) {
            Path::Ambiguous => Self(Vec::new()),
            Path::Decoded(path) => Self(path.strip_suffix(b"/").unwrap_or(&path).to_vec()),
        }
    }

    /// Returns this prefix below a plain path.
    pub(super) fn below(&self, mount: &str) -> Self {
        Self([mount.as_bytes(), &self.0].concat())
    }

    pub(super) fn covers(&self, path: &Path<'_>) -> bool {
        match path {
            Path::Ambiguous => true,
            Path::Decoded(path) => {
                let rest = path.strip_prefix(self.0.as_slice());
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
            }
        }
    }
}

/// A raw path, decoded once.
pub(super) enum Path<'p> {
    /// Two programs could read it differently, so it is never public (rule P2).
    Ambiguous,
    Decoded(Cow<'p, [u8]>),
}

impl<'p> Path<'p> {
    pub(super) fn read(path: &'p str) -> Self {
        if is_ambiguous(path) {
            Self::Ambiguous
        } else {
            Self::Decoded(percent_decode_str(path).into())
        }
    }
}

fn is_ambiguous(path: &str) -> bool {
    let Some(segments) = path.strip_prefix('/') else {
        return true;
    };
    let last = segments.matches('/').count();
    segments.split('/').enumerate().any(|(index, segment)| {
        let decoded = Cow::from(percent_decode_str(segment));
        // One trailing slash leaves an empty last segment, which is an ordinary spelling.
        (segment.is_empty() && index != last)
            || *decoded == *b"."
            || *decoded == *b".."
            || decoded.iter().any(|byte| matches!(byte, b'/' | b'\\' | b';' | 0x00..=0x1F | 0x7F))
            // Decoded once and still encoded: an inner service that decodes again would see
            // something else.
            || decoded.contains(&b'%')
    })
}
