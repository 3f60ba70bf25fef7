//! Data of the authorized official account, field for field as in Kesion's document, with its
//! deviations.

use serde_json::{Map, Value, json};

use super::state::KesionSettings;
use crate::state::variation::{Variation, absent_object};

pub(crate) struct OfficialAccount<'a> {
    pub(crate) app_id: &'a str,
    pub(crate) auth_url: &'a str,
    pub(crate) settings: KesionSettings,
}

impl OfficialAccount<'_> {
    /// Returns the members of the response.
    pub(crate) fn members(&self, variations: &[Variation]) -> Map<String, Value> {
        Map::from_iter([
            ("openname".to_owned(), json!(OWNER)),
            // Declared int, printed as a string.
            (
                "weixintype".to_owned(),
                json!(self.settings.account_type.to_string()),
            ),
            ("appid".to_owned(), json!(self.app_id)),
            ("auth_url".to_owned(), json!(self.auth_url)),
            ("url".to_owned(), json!(PICTURE)),
            ("msg".to_owned(), json!("success")),
            ("weixinname".to_owned(), json!(NAME)),
            ("weixinopenid".to_owned(), json!(ORIGINAL_ID)),
            (
                "iswechatautologin".to_owned(),
                json!(i64::from(self.settings.auto_login)),
            ),
            ("info".to_owned(), self.info(variations)),
            ("result".to_owned(), json!(true)),
            ("ercodeimg".to_owned(), json!(QR_CODE)),
        ])
    }

    /// Returns the response of WeChat's `api_get_authorizer_info`, which Kesion passes on.
    fn info(&self, variations: &[Variation]) -> Value {
        let permissions: Vec<_> = PERMISSIONS.iter().map(|it| it.entry(variations)).collect();
        json!({
            "authorizer_info": {
                "nick_name": NAME,
                "head_img": PICTURE,
                "service_type_info": { "id": self.settings.account_type },
                "verify_type_info": { "id": if self.settings.verified { 0 } else { -1 } },
                "user_name": ORIGINAL_ID,
                "alias": "sandboxschool",
                "qrcode_url": QR_CODE,
                "business_info": { "open_pay": 1, "open_shake": 0, "open_scan": 0, "open_card": 0, "open_store": 0 },
                "idc": 1,
                "principal_name": OWNER,
                "signature": "沙箱里的公众号，仅供开发和测试。",
                "account_status": 1,
            },
            "authorization_info": {
                "authorizer_appid": self.app_id,
                "authorizer_refresh_token": REFRESH_TOKEN,
                "func_info": permissions,
            },
        })
    }
}

/// Set of permissions (权限集), and its confirmations.
struct Permission {
    id: i64,
    /// `need_confirm`, `already_confirm`, `can_confirm`.
    confirm: Option<[i64; 3]>,
}

impl Permission {
    fn entry(&self, variations: &[Variation]) -> Value {
        let mut entry = json!({ "funcscope_category": { "id": self.id } });
        let confirm = self.confirm.map(
            |[need, already, can]| json!({ "need_confirm": need, "already_confirm": already, "can_confirm": can }),
        );
        if let Some(confirm) = confirm.or_else(|| absent_object(variations)) {
            entry["confirm_info"] = confirm;
        }
        entry
    }
}

const fn plain(id: i64) -> Permission {
    Permission { id, confirm: None }
}

const fn confirm(id: i64, need: i64, already: i64, can: i64) -> Permission {
    Permission {
        id,
        confirm: Some([need, already, can]),
    }
}

/// Permissions of the document's example.
const PERMISSIONS: [Permission; 28] = [
    confirm(1, 1, 0, 1),
    confirm(2, 1, 0, 1),
    confirm(3, 0, 0, 0),
    plain(4),
    plain(5),
    plain(6),
    plain(7),
    confirm(8, 1, 0, 0),
    plain(9),
    plain(10),
    confirm(11, 1, 0, 1),
    plain(12),
    plain(13),
    plain(15),
    plain(22),
    confirm(23, 0, 0, 0),
    confirm(24, 0, 0, 0),
    plain(26),
    confirm(27, 0, 0, 0),
    confirm(33, 0, 0, 0),
    plain(34),
    plain(35),
    confirm(44, 0, 0, 0),
    plain(46),
    plain(47),
    plain(54),
    plain(66),
    plain(89),
];

const OWNER: &str = "示例大学";
const NAME: &str = "示例大学校园服务";
/// Original ID of the `media_info` of the first example [`Person`](crate::Person), as the APPID is.
const ORIGINAL_ID: &str = "gh_000000000001";
const PICTURE: &str = "http://wx.sandbox.invalid/mmopen/school/0";
const QR_CODE: &str = "http://mmbiz.sandbox.invalid/mmbiz_jpg/school/0";

/// Fake secret: tests search for it to find leaks.
pub(crate) const REFRESH_TOKEN: &str =
    "refreshtoken@@@SandboxLeakTest_9vQ2mX7LrT4bWc8Z-dGx3mRJAMEL";
