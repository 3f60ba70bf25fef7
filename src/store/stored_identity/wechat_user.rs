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
    // Each of the rest is written only where it differs from its default.
    #[serde(default, skip_serializing_if = "is_false")]
    unchecked: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    union_id: Option<String>,
    #[serde(default, skip_serializing_if = "is_false")]
    snapshot: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subject: Option<Box<str>>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature is serde's"
)]
fn is_false(value: &bool) -> bool {
    !value
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
            Binding::Unbound | Binding::Unchecked => None,
        };
        let record = Record {
            open_id: self.open_id.to_string(),
            app_id: self.app_id.clone(),
            bound,
            unchecked: matches!(self.binding, Binding::Unchecked),
            union_id: self.union_id.as_ref().map(ToString::to_string),
            snapshot: self.is_snapshot_user,
            subject: self.subject.clone(),
        };
        serde_json::to_string(&record).expect("text and numbers are JSON")
    }

    fn from_record(record: &str) -> Option<Self> {
        let record: Record = serde_json::from_str(record).ok()?;
        let mut user = match record.bound {
            Some(bound) => {
                let expires_at = Timestamp::from_unix_millis(bound.expires_at);
                Self::bound(record.open_id, record.app_id, bound.token, expires_at)
            }
            None => Self::unbound(record.open_id, record.app_id),
        };
        if record.unchecked {
            user.binding = Binding::Unchecked;
        }
        user.union_id = record.union_id.map(Into::into);
        user.is_snapshot_user = record.snapshot;
        user.subject = record.subject;
        Some(user)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::{BearerToken, Identity};

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
    fn user_of_the_applications_own_secret_is_written_and_read_back() {
        let mut user = WechatUser::unchecked("o1", "wx1");
        let read = |user: &WechatUser| WechatUser::from_record(&user.to_record()).unwrap();
        let plain = user.to_record();
        let expected =
            r#"{"open_id":"o1","app_id":"wx1","bound":null,"unchecked":true,"subject":"wx1:o1"}"#;
        assert_eq!(plain, expected);
        user.union_id = Some("o6".into());
        user.is_snapshot_user = true;
        let back = read(&user);
        assert!(matches!(back.binding, Binding::Unchecked) && back.is_snapshot_user);
        assert_eq!(
            (back.subject(), back.union_id.clone()),
            ("wx1:o1", user.union_id.clone())
        );
        // The subject does not depend on the binding that an application sets.
        user.binding = Binding::Unbound;
        assert_eq!(read(&user).subject(), "wx1:o1");
        assert!(!read(&user).is_complete());
    }

    #[test]
    fn record_of_a_later_version_with_more_fields_is_read() {
        let more = RELEASED[1].replacen('{', r#"{"later":[1],"#, 1);
        let user = WechatUser::from_record(&more).unwrap();
        assert_eq!(user.subject(), "oKLC_v_IpjuViy0erQOD_bJuNrbg");
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
