use redis::RedisConnectionInfo;
use zeroize::Zeroizing;

use crate::trace::outside;

/// User and passwords of a connection. The passwords are kept to be removed from error texts.
#[derive(Clone, Default)]
pub(in crate::store::redis) struct User {
    name: Option<String>,
    passwords: Vec<Zeroizing<String>>,
}

impl User {
    pub(super) fn of(settings: &RedisConnectionInfo) -> Self {
        let password = settings
            .password()
            .map(|password| Zeroizing::new(password.to_owned()));
        Self {
            name: settings.username().map(str::to_owned),
            passwords: password.into_iter().collect(),
        }
    }

    /// The first user with the passwords of all of them.
    pub(super) fn merge(users: impl IntoIterator<Item = Self>) -> Self {
        let merged = users.into_iter().reduce(|all, next| Self {
            name: all.name.or(next.name),
            passwords: [all.passwords, next.passwords].concat(),
        });
        merged.unwrap_or_default()
    }

    pub(super) fn with_password(mut self, password: Option<Zeroizing<String>>) -> Self {
        self.passwords.extend(password);
        self
    }

    /// Returns the name of the user in an ACL rule.
    pub(super) fn name(&self) -> String {
        outside(self.name.as_deref().unwrap_or("default")).to_string()
    }

    /// Returns outside text without passwords, escaped and cut. A server that does not know the
    /// command `AUTH` quotes its arguments, and cuts them: no part of them is shown.
    pub(super) fn redact(&self, text: &str) -> String {
        let (shown, is_cut) = match text.find("with args beginning with") {
            Some(end) => (&text[..end], true),
            None => (text, false),
        };
        let passwords = self
            .passwords
            .iter()
            .filter(|password| !password.is_empty());
        let mut shown = passwords.fold(shown.to_owned(), |shown, password| {
            shown.replace(&***password, "[redacted]")
        });
        if is_cut {
            shown.push_str("with [redacted]");
        }
        outside(&shown).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_of_all_addresses_are_redacted_and_the_first_user_is_named() {
        let user = |name: Option<&str>, password: &str| User {
            name: name.map(str::to_owned),
            passwords: vec![Zeroizing::new(password.to_owned())],
        };
        let users = [user(None, "sesame"), user(Some("campus"), "open")];
        let merged = User::merge(users);
        assert_eq!(merged.name(), "campus");
        assert_eq!(
            merged.redact("sesame and open are wrong"),
            "[redacted] and [redacted] are wrong"
        );
    }
}
