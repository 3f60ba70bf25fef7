use super::FlowId;
use crate::login::keys::{Generation, Key};
use crate::session::SessionId;

/// Bytes of a mark: two sessions of one browser are to be told apart, and no session is looked up by
/// it.
pub(super) const BYTES: usize = 3;

/// Recognizes the session that a browser had when a login began. It is in the provider's address,
/// so it depends on the key and the flow, and tells nothing about the session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::login) struct SessionMark(pub(super) [u8; BYTES]);

impl SessionMark {
    pub(super) fn new(key: &Key, secret: Generation, flow: FlowId, session: &SessionId) -> Self {
        let full = key.derive(secret, &[b"session", &flow.0, session.digest().as_bytes()]);
        let mut mark = [0; BYTES];
        mark.copy_from_slice(&full[..BYTES]);
        Self(mark)
    }
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;
    use crate::login::keys::{Keys, TAG_BYTES};

    #[test]
    fn mark_is_of_one_session_in_one_flow_and_survives_a_change_of_the_secret() {
        let session = SessionId::random().unwrap();
        let old = Keys::derive(&[1; 32], &[], "weika").state;
        let new = Keys::derive(&[2; 32], &[Zeroizing::new(vec![1; 32])], "weika").state;
        let mark = |key: &Key, secret, flow, session| {
            SessionMark::new(key, secret, FlowId([flow; 16]), session)
        };
        let current = Generation::CURRENT;
        let made = mark(&old, current, 1, &session);
        let tag: [u8; TAG_BYTES] = old.tag(&[b"payload"]);
        let previous = new.generation(&[b"payload"], &tag).unwrap();
        assert_eq!(mark(&new, previous, 1, &session), made);
        assert_ne!(mark(&new, current, 1, &session), made);
        assert_ne!(mark(&old, current, 2, &session), made);
        let other = SessionId::random().unwrap();
        assert_ne!(mark(&old, current, 1, &other), made);
    }
}
