//! Error codes of Kesion. Source: <https://www.showdoc.com.cn/kesionwebapi/9347782530902155>.

use crate::client::ErrorAction::Configure;
use crate::client::error_codes::{Entry, ErrorCodes};

impl ErrorCodes {
    /// The known error codes of Kesion. Its page names 3001 and 3002, which the official-account call never looks up,
    /// because they are outcomes of the call. The list of the other error codes is not public.
    #[must_use]
    pub fn kesion() -> Self {
        Self::of(ENTRIES)
    }
}

const ENTRIES: &[Entry] = &[
    (
        3001,
        Configure,
        "authorization of official accounts is not opened (没有开通第三方公众号授权)",
        "the school orders the feature (第三方公众号授权) at Kesion",
    ),
    (
        3002,
        Configure,
        "the school has not authorized an official account (当前机构未授权公众号过来)",
        "an administrator of the school opens auth_url and authorizes the account",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_error_code_is_listed_twice() {
        assert_eq!(ErrorCodes::kesion().listed().count(), ENTRIES.len());
    }
}
