//! Secret text: its memory is zeroized, its `Debug` is redacted, and it has no `Display`.

mod access_token;

pub use self::access_token::AccessToken;

/// Defines a newtype around secret text.
macro_rules! secret_type {
    ($(#[$attribute:meta])* $name:ident) => {
        $(#[$attribute])*
        #[derive(Clone)]
        pub struct $name(zeroize::Zeroizing<Box<str>>);

        impl $name {
            /// Wraps the secret.
            pub fn new(secret: impl Into<Box<str>>) -> Self {
                Self(zeroize::Zeroizing::new(secret.into()))
            }

            /// Returns the secret. Do not log it, and do not put it into an error or a URL.
            #[must_use]
            pub fn expose(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "([redacted])"))
            }
        }

        impl From<String> for $name {
            fn from(secret: String) -> Self {
                Self::new(secret)
            }
        }

        impl From<&str> for $name {
            fn from(secret: &str) -> Self {
                Self::new(secret)
            }
        }
    };
}

pub(crate) use secret_type;

self::secret_type! {
    /// The secret that Weika (授权凭证密钥, `app_secret`) or WeChat (AppSecret) issues to an
    /// application.
    AppSecret
}

self::secret_type! {
    /// The authorization code of a callback: `wxcode` of Weika, `code` of WeChat.
    AuthorizationCode
}

self::secret_type! {
    /// The token of a user who is logged in at a Kesion school (登录令牌, `apptoken`).
    AppToken
}

self::secret_type! {
    /// The key that Kesion issues to an application (api秘钥, `apikey`).
    ApiKey
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_never_shows_the_secret() {
        let secret = AppSecret::new("s3cr3t-value");
        assert_eq!(
            format!("{secret:?} {:?}", Some(&secret)),
            "AppSecret([redacted]) Some(AppSecret([redacted]))"
        );
        assert_eq!(secret.expose(), "s3cr3t-value");
    }
}
