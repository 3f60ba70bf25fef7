//! Record of a WeChat user.

use serde::{Deserialize, Serialize};

use super::StoredIdentity;
use crate::clock::Timestamp;
use crate::identity::{Binding, WechatUser};

#[derive(Serialize, Deserialize)]
struct Record {
    open_id: String,
    app_id: String,
    bound: Option<BoundRecord>,
}

#[derive(Serialize, Deserialize)]
struct BoundRecord {
    token: String,
    /// Milliseconds since the Unix epoch.
    expires_at: u64,
}

impl StoredIdentity for WechatUser {
    const KIND: &'static str = "wechat-user";

    fn to_record(&self) -> String {
        let bound = match &self.binding {
            Binding::Bound { token, expires_at } => Some(BoundRecord {
                token: token.expose().to_owned(),
                expires_at: expires_at.unix_millis(),
            }),
            Binding::Unbound => None,
        };
        let record = Record {
            open_id: self.open_id.to_string(),
            app_id: self.app_id.clone(),
            bound,
        };
        serde_json::to_string(&record).expect("text and numbers are JSON")
    }

    fn from_record(record: &str) -> Option<Self> {
        let record: Record = serde_json::from_str(record).ok()?;
        Some(match record.bound {
            Some(bound) => {
                let expires_at = Timestamp::from_unix_millis(bound.expires_at);
                Self::bound(record.open_id, record.app_id, bound.token, expires_at)
            }
            None => Self::unbound(record.open_id, record.app_id),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::BearerToken;

    /// Records of version 0.1. They stay readable.
    const RELEASED: [&str; 2] = [
        r#"{"open_id":"oKLC_v_IpjuViy0erQOD_bJuNrbg","app_id":"wx1","bound":{"token":"eyJ0","expires_at":1560238917000}}"#,
        r#"{"open_id":"oKLC_v_IpjuViy0erQOD_bJuNrbg","app_id":"wx1","bound":null}"#,
    ];

    #[test]
    fn format_of_records_is_stable() {
        let [bound, unbound] = RELEASED.map(|record| WechatUser::from_record(record).unwrap());
        assert_eq!(
            (bound.open_id.as_str(), &*bound.app_id),
            ("oKLC_v_IpjuViy0erQOD_bJuNrbg", "wx1")
        );
        assert_eq!(bound.bearer().map(BearerToken::expose), Some("eyJ0"));
        assert_eq!(
            bound.expires_at(),
            Some(Timestamp::from_unix_seconds(1_560_238_917))
        );
        assert!(!unbound.is_bound());
        assert_eq!([bound.to_record(), unbound.to_record()], RELEASED);
    }

    #[test]
    fn truncated_record_is_rejected() {
        for record in RELEASED {
            for end in 0..record.len() {
                assert!(
                    WechatUser::from_record(&record[..end]).is_none(),
                    "cut at {end}"
                );
            }
        }
    }

    #[test]
    fn record_of_another_identity_type_is_rejected() {
        assert!(WechatUser::from_record(r#"{"user_id":"o1"}"#).is_none());
    }
}
