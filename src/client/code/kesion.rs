//! Numbers of Kesion. Source: <https://www.showdoc.com.cn/kesionwebapi/9347782530902155>.

use super::entry::{CodeEntry, Reaction, entry};

pub(super) const ENTRIES: &[CodeEntry] = &[
    entry(
        3001,
        Reaction::Configuration,
        "authorization of official accounts is not opened (没有开通第三方公众号授权)",
    )
    .with_remedy("the school orders the feature (第三方公众号授权) at Kesion"),
    entry(
        3002,
        Reaction::Configuration,
        "the school has not authorized an official account (当前机构未授权公众号过来)",
    )
    .with_remedy("an administrator of the school opens auth_url and authorizes the account"),
];
