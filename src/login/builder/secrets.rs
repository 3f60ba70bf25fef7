use zeroize::Zeroizing;

use crate::error::ConfigErrorKind;
use crate::key_material::{self, MIN_SECRET_BYTES};
use crate::login::keys::Keys;
use crate::random;
use crate::session::Namespace;

/// The configured secrets.
#[derive(Default)]
pub(super) struct Secrets {
    current: Option<Zeroizing<Vec<u8>>>,
    previous: Vec<Zeroizing<Vec<u8>>>,
}

impl Secrets {
    pub(super) fn set(&mut self, secret: Vec<u8>) {
        self.current = Some(Zeroizing::new(secret));
    }

    pub(super) fn add_previous(&mut self, secret: Vec<u8>) {
        self.previous.push(Zeroizing::new(secret));
    }

    /// Uses the secret that the store keeps, if none is configured.
    pub(super) fn use_that_of_the_store(&mut self, kept: Option<Vec<u8>>) {
        let kept = kept.map(Zeroizing::new);
        self.current = self.current.take().or(kept);
    }

    /// Checks the secrets; a random one takes the place of a missing one.
    pub(super) fn check(&mut self, is_shared: bool, errors: &mut Vec<ConfigErrorKind>) {
        let current = self.current.iter().map(|secret| ("secret", secret));
        let previous = self
            .previous
            .iter()
            .map(|secret| ("previous_secret", secret));
        let checked = current.chain(previous);
        errors.extend(checked.filter_map(|(name, secret)| key_material::check(name, secret)));
        if self.current.is_some() {
            return;
        }
        if is_shared {
            errors.push(ConfigErrorKind::Missing(
                "secret (the same on all instances, because they share the store)",
            ));
        }
        match random::bytes::<MIN_SECRET_BYTES>() {
            Ok(bytes) => self.set(bytes.to_vec()),
            Err(_) => errors.push(ConfigErrorKind::Missing(
                "secret (the operating system has no randomness to give)",
            )),
        }
    }

    /// Derives the keys of a login.
    pub(super) fn keys(&self, login: Namespace) -> Keys {
        let current = self.current.as_deref().map_or(&[][..], Vec::as_slice);
        Keys::derive(current, &self.previous, login)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_of_the_store_is_used_if_none_is_configured() {
        let (kept, configured) = (vec![1; MIN_SECRET_BYTES], vec![2; MIN_SECRET_BYTES]);
        let mut secrets = Secrets::default();
        secrets.use_that_of_the_store(Some(kept.clone()));
        assert_eq!(secrets.current.as_deref(), Some(&kept));
        secrets.set(configured.clone());
        secrets.use_that_of_the_store(Some(kept));
        assert_eq!(secrets.current.as_deref(), Some(&configured));
    }
}
