//! Reason a command failed, as logs and errors show it.

use std::error::Error as StdError;
use std::fmt;

use redis::RedisError;

use super::remedies;
use super::user::User;
use crate::error::Error;
use crate::remedy;

/// Reason a command failed: the text of the Redis client without passwords, and a remedy.
#[derive(Clone)]
pub(super) struct Cause {
    reason: String,
    /// The text of the client, for `Debug`.
    original: String,
    remedy: Option<String>,
}

impl Cause {
    /// Creates a reason that does not come from the Redis client.
    pub(super) fn new(reason: impl Into<String>, remedy: Option<String>) -> Self {
        let reason = reason.into();
        Self {
            original: reason.clone(),
            reason,
            remedy,
        }
    }

    pub(super) fn of(error: &RedisError, user: &User) -> Self {
        let text = remedy::chain_text(error);
        let reason = match (error.code(), error.detail()) {
            (Some(code), Some(detail)) => format!("{code} {detail}"),
            (Some(code), None) => code.to_owned(),
            (None, _) => text.clone(),
        };
        let remedy = remedies::remedy_for(error, &format!("{reason} {text}"))
            .map(str::to_owned)
            .or_else(|| {
                let command = remedies::denied_command(&reason)?;
                Some(format!("allow it: ACL SETUSER {} +{command}", user.name()))
            });
        Self {
            reason: user.redact(&reason),
            original: user.redact(&text),
            remedy,
        }
    }

    /// Returns the reason and the remedy of a failure of this store.
    pub(super) fn parts(error: &Error) -> (String, Option<&str>) {
        match error
            .source()
            .and_then(|source| source.downcast_ref::<Self>())
        {
            Some(cause) => (cause.reason.clone(), cause.remedy.as_deref()),
            None => (error.to_string(), None),
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)?;
        match &self.remedy {
            Some(remedy) => write!(f, "; {remedy}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.original)
    }
}

impl StdError for Cause {}

#[cfg(test)]
mod tests {
    use redis::ErrorKind;

    use super::*;

    fn user() -> User {
        User::default().with_password(Some("sesame".to_owned().into()))
    }

    #[test]
    fn password_that_the_server_quotes_is_redacted() {
        let said = "unknown command 'AUTH', with args beginning with: 'app' 'sesa";
        for detail in [said, "bad sesame"] {
            let error = RedisError::from((ErrorKind::Client, "it failed", detail.to_owned()));
            let cause = Cause::of(&error, &user());
            let shown = format!("{cause} {cause:?}");
            assert!(
                !shown.contains("sesa") && shown.contains("[redacted]"),
                "{shown}"
            );
        }
    }

    #[test]
    fn outside_text_is_escaped_and_cut() {
        let error = RedisError::from((ErrorKind::Client, "it failed", "\n".repeat(1000)));
        let shown = Cause::of(&error, &user()).to_string();
        assert!(
            !shown.contains('\n') && shown.chars().count() <= 400,
            "{shown}"
        );
    }
}
