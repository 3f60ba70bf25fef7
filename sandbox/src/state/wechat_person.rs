//! People who use WeChat, with an openid at each official account.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// A person with WeChat on the phone, and perhaps a user's account at the binding service.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WechatPerson {
    id: String,
    name: String,
    mobile: Option<String>,
    bound: bool,
    company: bool,
    snapshot: bool,
}

impl WechatPerson {
    /// Returns a person who is not bound, and cannot be for want of a mobile number. `id` names the
    /// person in the sandbox's links; `name` is shown on its pages.
    #[must_use]
    pub fn new(id: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            mobile: None,
            bound: false,
            company: false,
            snapshot: false,
        }
    }

    /// Sets the mobile number of the person's own account: 11 digits. It is the user name there,
    /// and the receiver of SMS codes.
    #[must_use]
    pub fn mobile(mut self, number: impl Into<String>) -> Self {
        self.mobile = Some(number.into());
        self
    }

    /// Binds the person's openid to the account from the start.
    #[must_use]
    pub const fn bound(mut self) -> Self {
        self.bound = true;
        self
    }

    /// Makes the account a company's (企业用户): found only with `companyFlag` 1, and its tokens
    /// live 7200 s.
    #[must_use]
    pub const fn company(mut self) -> Self {
        self.company = true;
        self
    }

    /// Makes WeChat show the person snapshots (快照页): the openid and the unionid are those of a
    /// virtual account, and `is_snapshotuser` is 1.
    #[must_use]
    pub const fn snapshot(mut self) -> Self {
        self.snapshot = true;
        self
    }

    /// Returns the name of the person in the sandbox's links.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the name on the sandbox's pages.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the mobile number of the person's account.
    #[must_use]
    pub fn mobile_number(&self) -> Option<&str> {
        self.mobile.as_deref()
    }

    /// Returns the openid at this official account: 28 characters that begin with `o`, another one
    /// at each account. At the sandbox's [own account](crate::Sandbox::app_id) it is readable if
    /// the `id` is a word of lower-case letters: `oFollowerXiaoming00000000001`.
    #[must_use]
    pub fn open_id(&self, app_id: &str) -> String {
        let short = self.id.len() <= 18 && self.id.bytes().all(|byte| byte.is_ascii_lowercase());
        if app_id == APP_ID && short {
            let mut name = self.id.clone();
            name[..1.min(self.id.len())].make_ascii_uppercase();
            return format!("oFollower{name}{:0>width$}", 1, width = 19 - name.len());
        }
        let digest = Sha256::new()
            .chain_update(app_id)
            .chain_update([0])
            .chain_update(&self.id)
            .finalize();
        format!("o{:.27}", URL_SAFE_NO_PAD.encode(digest))
    }

    /// Returns the unionid: the same at all applications of one account of the Open Platform
    /// (微信开放平台).
    #[must_use]
    pub fn union_id(&self) -> String {
        let digest = Sha256::new()
            .chain_update("unionid")
            .chain_update([0])
            .chain_update(&self.id)
            .finalize();
        format!("o6{:.26}", URL_SAFE_NO_PAD.encode(digest))
    }

    /// Returns the three people who use WeChat unless others are configured: `xiaoming` is bound,
    /// `xiaohong` is not, `laoli` is bound to a company's account.
    #[must_use]
    pub fn examples() -> Vec<Self> {
        vec![
            Self::new("xiaoming", "小明").mobile("13800000001").bound(),
            Self::new("xiaohong", "小红").mobile("13800000002"),
            Self::new("laoli", "老李")
                .mobile("13800000003")
                .bound()
                .company(),
        ]
    }

    pub(crate) const fn is_bound(&self) -> bool {
        self.bound
    }

    pub(crate) const fn is_company(&self) -> bool {
        self.company
    }

    pub(crate) const fn is_snapshot(&self) -> bool {
        self.snapshot
    }
}

/// APPID of the sandbox's own official account: that of the `media_info` of the first example
/// [`Person`](crate::Person), so that a manager's school and Kesion name the same account.
pub(crate) const APP_ID: &str = "wx0000000000000001";

/// APPID of the sandbox's own website application.
pub(crate) const WEBSITE_APP_ID: &str = "wx00000000000000f1";

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn openids_look_real_and_are_never_the_same() {
        let long = "l".repeat(40);
        let mut ids = HashSet::new();
        for id in ["a", "ab", "a0", "A", "", "小明", "xiaoming", &long] {
            for app_id in [APP_ID, "wx0000000000000002"] {
                let open_id = WechatPerson::new(id, "").open_id(app_id);
                assert!(open_id.len() == 28 && open_id.starts_with('o'), "{open_id}");
                assert!(ids.insert(open_id));
            }
            let union_id = WechatPerson::new(id, "").union_id();
            assert!(
                union_id.len() == 28 && union_id.starts_with("o6"),
                "{union_id}"
            );
            assert!(ids.insert(union_id));
        }
    }

    #[test]
    fn examples_can_be_read() {
        let ids: Vec<_> = WechatPerson::examples()
            .iter()
            .map(|it| it.open_id(APP_ID))
            .collect();
        assert_eq!(
            ids,
            [
                "oFollowerXiaoming00000000001",
                "oFollowerXiaohong00000000001",
                "oFollowerLaoli00000000000001"
            ]
        );
    }
}
