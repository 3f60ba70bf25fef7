//! The token lease at Redis: request and reply.

use std::time::Duration;

use super::coordinator::{MEMORY, VERSION, bytes, millis, number};
use super::handle::Inner;
use super::script;
use crate::coordination::{Lease, LeaseResponse};
use crate::error::{Error, ErrorKind};
use crate::secret::AccessToken;
use crate::{hex, random};

pub(super) enum LeaseReply {
    Readable(LeaseResponse),
    /// The token is damaged or encrypted with another key.
    Unreadable {
        fencing_token: u64,
    },
}

impl Inner {
    pub(super) async fn request_lease(
        &self,
        name: &str,
        newer_than: u64,
    ) -> Result<LeaseReply, Error> {
        let (key, lease) = (self.keys.token(name), self.keys.lease(name));
        let holder = hex::encode(&random::bytes::<16>()?);
        let newer_than = newer_than.to_string();
        let arguments = [
            VERSION,
            newer_than.as_bytes(),
            holder.as_bytes(),
            &millis(Lease::DURATION),
            &millis(MEMORY),
        ];
        let reply = self
            .connection
            .call(&script::ACQUIRE_LEASE, &[&key, &lease], &arguments)
            .await?;
        let reply: Vec<&[u8]> = reply.iter().map(bytes).collect();
        let response = match *reply {
            [b"taken"] => LeaseResponse::Held,
            [b"foreign"] => {
                return Err(malformed("redis: access token written by a newer version"));
            }
            [b"granted", fencing_token, age, early_replacements] => {
                let early_replacements = number(early_replacements)
                    .and_then(|count| u32::try_from(count).ok())
                    .unwrap_or(0);
                LeaseResponse::Granted(Lease::new(
                    holder,
                    number(fencing_token).ok_or_else(no_fencing_token)?,
                    number(age).map(Duration::from_millis),
                    early_replacements,
                ))
            }
            [b"newer", encrypted, fencing_token, remaining] => {
                let fencing_token = number(fencing_token).ok_or_else(no_fencing_token)?;
                let remaining = number(remaining).ok_or_else(no_fencing_token)?;
                let token = self
                    .encryption
                    .decrypt(&associated_data(&key, fencing_token), encrypted);
                let Some(token) = token.as_ref().and_then(|token| str::from_utf8(token).ok())
                else {
                    return Ok(LeaseReply::Unreadable { fencing_token });
                };
                LeaseResponse::Token {
                    token: AccessToken::new(token),
                    fencing_token,
                    remaining: Duration::from_millis(remaining),
                }
            }
            _ => return Err(malformed("redis: unreadable reply to a lease request")),
        };
        Ok(LeaseReply::Readable(response))
    }
}

/// Associated data of an encrypted token: an older token cannot be put in its place.
pub(super) fn associated_data(key: &str, fencing_token: u64) -> String {
    format!("{key}#{fencing_token}")
}

fn no_fencing_token() -> Error {
    malformed("redis: access token without a fencing token or a lifetime")
}

fn malformed(context: &'static str) -> Error {
    Error::new(ErrorKind::Store, context)
}

#[cfg(test)]
mod tests {
    use super::associated_data;

    #[test]
    fn token_is_bound_to_its_key_and_its_fencing_token() {
        let data = associated_data("a", 1);
        assert_ne!(data, associated_data("a", 2));
        assert_ne!(data, associated_data("b", 1));
    }
}
