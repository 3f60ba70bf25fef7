//! Variations: ways in which a correct response can look different, switched on and off while the
//! sandbox runs.

use std::mem::discriminant;
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};

use crate::lock::lock;
use crate::provenance::with_provenance;

with_provenance! {
    /// Variation of real responses. All are off by default, and each changes only what its
    /// documentation says.
    #[derive(Clone, PartialEq, Eq, Debug)]
    #[non_exhaustive]
    pub enum Variation {
        /// `errcode` has another form, in successes and in refusals; so have `code` of the binding
        /// service and Kesion's `returnCode`, if present.
        Errcode(ErrcodeForm): Observed, "number and string in admin.html, absent at oauth2/token; other forms are inferred";
        /// `errmsg` has another text, or is missing; so has `msg` of the other systems.
        Errmsg(ErrmsgForm): Observed, "ok at cloud.tencent.com 1523/87725, OK at wecardCodePluginApp.html, changing refusals at WeChat";
        /// Every number except `errcode` is a string of digits.
        NumbersAsStrings: Observed, "declared and printed types differ on many pages";
        /// Every number except `errcode` is a float (`7200.0`); a string of one together with
        /// `NumbersAsStrings`.
        NumbersAsFloats: Inferred, "Lua and JavaScript back ends have no integers";
        /// `school_code`, `ocode` and `card_number` are numbers, if they are digits without a leading
        /// zero.
        IdentifiersAsNumbers: Inferred, "PHP and databases turn digits into numbers";
        /// Every name ends with half an emoji.
        CutNames(CutForm): Inferred, "a column of limited length cuts a nick name by bytes or by UTF-16 units";
        /// Objects that would be absent are present and empty.
        MissingAs(MissingForm): Inferred, "PHP prints an empty array for an empty object";
        /// Characters outside ASCII are written as `\uXXXX`.
        EscapedUnicode: Observed, "a public Go client of open.wecard.qq.com undoes it";
        /// Every `/` is written as `\/`.
        EscapedSlashes: Inferred, "PHP's json_encode does it unless told otherwise";
        /// The `Content-Type` of JSON is another one.
        ContentType(ContentTypeForm): Observed, "panva/oauth4webapi#155, node-webot/wechat-api#138";
        /// The body begins with a byte order mark.
        ByteOrderMark: Inferred, "PHP files saved with one";
        /// Every object that is not empty has undocumented members.
        UnknownFields: Observed, "WeChat's api_get_authorizer_info grows over time";
        /// All members except `errcode` and `errmsg` are inside `data`. Only at Weika.
        UnderData: Inferred, "access_token.html speaks of parameters in data, and shows none";
        /// `identity_type` is numbered as on another page.
        IdentityType(IdentityNumbering): Observed, "cloud.tencent.com/document/api/1523/87725";
        /// The `host` of every school has another form or value.
        Host(HostForm): Inferred, "private platforms exist, their addresses are not published";
        /// The token endpoints of the member login refuse in the form of OAuth: `error` and
        /// `error_description`, without `errcode`.
        OauthErrors: Observed, "a public Go client of open.wecard.qq.com reads both forms";
        /// Every text about a member begins with a blank, except the identifiers.
        LeadingBlanks: Documented, "get_user_info.html: \" 工程造价\"; there for one text only";
        /// A second `?` is appended to a `redirect_uri` that has one already.
        SecondQuestionMark: Inferred, "no document says how the parameters are appended";
    }
}

/// Form of `errcode`; `n` is the number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ErrcodeForm {
    /// `n`, also where the document shows a string.
    Integer,
    /// `"n"`.
    String,
    /// Absent.
    Absent,
    /// `null`.
    Null,
    /// `n.0`.
    Float,
    /// `n.5`: must not be rounded to a success.
    Fraction,
    /// `false` for 0, else `true`.
    Boolean,
    /// `""`.
    Empty,
    /// `" n"`.
    Padded,
    /// `"0n"`.
    LeadingZero,
    /// A string of 20 digits that fits no 64-bit number.
    Overlong,
    /// `[n]`.
    Array,
    /// `{}`.
    Object,
}

/// Text of `errmsg`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ErrmsgForm {
    /// `ok`, also in a refusal.
    Ok,
    /// `OK`, also in a refusal.
    UpperOk,
    /// `success`, also in a refusal.
    Success,
    /// The usual text and a request number, as WeChat writes it.
    WithRequestId,
    /// Absent.
    Absent,
}

/// Form of half an emoji.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum CutForm {
    /// `\ud83d`, half of a surrogate pair.
    Surrogate,
    /// Three of four bytes of UTF-8.
    Utf8,
}

/// Form of an absent object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum MissingForm {
    /// `null`.
    Null,
    /// `[]`.
    EmptyArray,
    /// `{}`.
    EmptyObject,
}

/// `Content-Type` of JSON.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ContentTypeForm {
    /// `text/plain`.
    TextPlain,
    /// `text/html; charset=UTF-8`.
    TextHtml,
    /// No `Content-Type` header.
    Absent,
}

/// Numberings of `identity_type` other than the manager page's `"1"` to `"4"`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum IdentityNumbering {
    /// Numbers of a school's list: 0 other, 1 student, 4 staff, 5 alumni.
    School,
    /// The classification of that list: 1 other, 2 student, 3 staff, 4 alumni, as numbers.
    Classification,
}

/// Form of `host`.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum HostForm {
    /// The usual one with a trailing `/`.
    TrailingSlash,
    /// The usual one without TLS.
    Http,
    /// A domain that is not Tencent's.
    Foreign,
    /// An address of a private network.
    PrivateIp,
    /// This value; for example another sandbox that must not be called.
    Is(String),
}

/// Variations that are on. Clones share them; they can be changed while the sandbox runs.
#[derive(Clone, Default, Debug)]
pub struct Variations(Arc<Mutex<Vec<Variation>>>);

impl Variations {
    /// Switches `variation` on. Another form of the same variation is replaced.
    pub fn on(&self, variation: Variation) {
        let mut active = self.active();
        active.retain(|it| discriminant(it) != discriminant(&variation));
        active.push(variation);
    }

    /// Switches `variation` off in every form.
    pub fn off(&self, variation: &Variation) {
        self.active()
            .retain(|it| discriminant(it) != discriminant(variation));
    }

    /// Switches all variations off.
    pub fn clear(&self) {
        self.active().clear();
    }

    /// Returns whether `variation` is on, in exactly this form.
    #[must_use]
    pub fn is_on(&self, variation: &Variation) -> bool {
        self.active().contains(variation)
    }

    /// Returns what is on now, so that one response is made from one state.
    pub(crate) fn snapshot(&self) -> Vec<Variation> {
        self.active().clone()
    }

    fn active(&self) -> MutexGuard<'_, Vec<Variation>> {
        lock(&self.0)
    }
}

/// Returns the value that stands for an absent object; `None` if it stays absent, as by default.
pub(crate) fn absent_object(variations: &[Variation]) -> Option<Value> {
    variations.iter().find_map(|variation| match variation {
        Variation::MissingAs(MissingForm::Null) => Some(Value::Null),
        Variation::MissingAs(MissingForm::EmptyArray) => Some(json!([])),
        Variation::MissingAs(MissingForm::EmptyObject) => Some(json!({})),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_quirk_has_one_form_at_a_time() {
        let variations = Variations::default();
        variations.on(Variation::Errcode(ErrcodeForm::String));
        variations.on(Variation::ByteOrderMark);
        variations.on(Variation::Errcode(ErrcodeForm::Null));
        assert!(!variations.is_on(&Variation::Errcode(ErrcodeForm::String)));
        assert!(variations.is_on(&Variation::Errcode(ErrcodeForm::Null)));
        variations.off(&Variation::Errcode(ErrcodeForm::String));
        assert_eq!(variations.snapshot(), [Variation::ByteOrderMark]);
        variations.clear();
        assert!(variations.snapshot().is_empty());
    }
}
