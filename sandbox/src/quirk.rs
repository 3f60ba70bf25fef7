//! Ways in which a right answer can look different: switched on and off while the sandbox runs.

use std::mem::discriminant;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use super::provenance::labelled;

labelled! {
    /// One oddity of real answers. All are off by default, and each changes only what it names.
    #[derive(Clone, PartialEq, Eq, Debug)]
    #[non_exhaustive]
    pub enum Quirk {
        /// `errcode` has another form, in successes and in refusals; so have `code` of the binding service and
        /// Kesion's `returnCode`, where there is one.
        Errcode(ErrcodeForm): Observed, "number and string in admin.html, absent at oauth2/token; other forms are inferred";
        /// `errmsg` has other words, or is missing; so has `msg` of the other systems.
        Errmsg(ErrmsgForm): Observed, "ok at cloud.tencent.com 1523/87725, OK at wecardCodePluginApp.html, changing refusals at WeChat";
        /// Every number except `errcode` is a string of digits.
        NumbersAsStrings: Observed, "declared and printed types differ on many pages";
        /// Every number except `errcode` is a float (`7200.0`); a string of one together with `NumbersAsStrings`.
        NumbersAsFloats: Inferred, "Lua and JavaScript back ends have no integers";
        /// `school_code` and `card_number` are numbers, if they are digits without a zero in front.
        IdentifiersAsNumbers: Inferred, "PHP and databases turn digits into numbers";
        /// Every name ends with half an emoji.
        CutNames(CutForm): Inferred, "a column of limited length cuts a nick name by bytes or by UTF-16 units";
        /// Objects that would be absent are there, as something empty.
        MissingAs(MissingForm): Inferred, "PHP prints an empty array for an empty object";
        /// Everything outside ASCII is written as `\uXXXX`.
        EscapedUnicode: Observed, "a public Go client of open.wecard.qq.com undoes it";
        /// Every `/` is written as `\/`.
        EscapedSlashes: Inferred, "PHP's json_encode does it unless told otherwise";
        /// The JSON is labelled as something else.
        ContentType(ContentTypeForm): Observed, "panva/oauth4webapi#155, node-webot/wechat-api#138";
        /// The body begins with a byte order mark.
        ByteOrderMark: Inferred, "PHP files saved with one";
        /// Every object that is not empty has members that no document names.
        UnknownFields: Observed, "WeChat's api_get_authorizer_info grows over time";
        /// Everything except `errcode` and `errmsg` is inside `data`. Only at Weika.
        UnderData: Inferred, "access_token.html speaks of parameters in data, and shows none";
        /// `identity_type` is numbered as on another page.
        IdentityType(IdentityNumbering): Observed, "cloud.tencent.com/document/api/1523/87725";
        /// The `host` of every school is spelled another way, or leads elsewhere.
        Host(HostForm): Inferred, "private platforms exist, their addresses are not published";
        /// `?` is appended to a `redirect_uri` that has one already.
        SecondQuestionMark: Inferred, "no document says how the parameters are appended";
    }
}

/// How `errcode` is written; `n` is the number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ErrcodeForm {
    /// `n`, also where the document shows a string.
    Integer,
    /// `"n"`.
    String,
    /// Not there.
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

/// What `errmsg` says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ErrmsgForm {
    /// `ok`, also in a refusal.
    Ok,
    /// `OK`, also in a refusal.
    UpperOk,
    /// `success`, also in a refusal.
    Success,
    /// The usual words and a request number, as WeChat writes it.
    WithRequestId,
    /// Not there.
    Absent,
}

/// How half an emoji is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum CutForm {
    /// `\ud83d`, half of a surrogate pair.
    Surrogate,
    /// Three of four bytes of UTF-8.
    Utf8,
}

/// What stands for an object that is not there.
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

/// What JSON is labelled as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ContentTypeForm {
    /// `text/plain`.
    TextPlain,
    /// `text/html; charset=UTF-8`.
    TextHtml,
    /// No such header.
    Absent,
}

/// The numberings of `identity_type` besides the manager page's `"1"` to `"4"`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum IdentityNumbering {
    /// Numbers of a school's list: 0 other, 1 student, 4 staff, 5 alumni.
    School,
    /// The classification of that list: 1 other, 2 student, 3 staff, 4 alumni, as numbers.
    Classification,
}

/// Where `host` leads.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum HostForm {
    /// The usual one with `/` at its end.
    TrailingSlash,
    /// The usual one without TLS.
    Http,
    /// A domain that is not Tencent's.
    Foreign,
    /// An address of a private network.
    PrivateIp,
    /// This one; for example another sandbox that must not be called.
    Is(String),
}

/// The quirks that are on. Clones are the same switchboard; it may be used while the sandbox runs.
#[derive(Clone, Default, Debug)]
pub struct Quirks(Arc<Mutex<Vec<Quirk>>>);

impl Quirks {
    /// Switches `quirk` on. Another form of the same quirk is replaced.
    pub fn on(&self, quirk: Quirk) {
        let mut active = self.active();
        active.retain(|it| discriminant(it) != discriminant(&quirk));
        active.push(quirk);
    }

    /// Switches `quirk` off, whatever its form.
    pub fn off(&self, quirk: &Quirk) {
        self.active().retain(|it| discriminant(it) != discriminant(quirk));
    }

    /// Switches everything off.
    pub fn clear(&self) {
        self.active().clear();
    }

    /// Whether `quirk` is on, in exactly this form.
    #[must_use]
    pub fn is_on(&self, quirk: &Quirk) -> bool {
        self.active().contains(quirk)
    }

    /// What is on now, so that one answer is made of one state.
    pub(super) fn snapshot(&self) -> Vec<Quirk> {
        self.active().clone()
    }

    fn active(&self) -> MutexGuard<'_, Vec<Quirk>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What stands for an object that is not there; `None` for nothing, as usual.
pub(super) fn missing(quirks: &[Quirk]) -> Option<Value> {
    quirks.iter().find_map(|quirk| match quirk {
        Quirk::MissingAs(MissingForm::Null) => Some(Value::Null),
        Quirk::MissingAs(MissingForm::EmptyArray) => Some(json!([])),
        Quirk::MissingAs(MissingForm::EmptyObject) => Some(json!({})),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_quirk_has_one_form_at_a_time() {
        let quirks = Quirks::default();
        quirks.on(Quirk::Errcode(ErrcodeForm::String));
        quirks.on(Quirk::ByteOrderMark);
        quirks.on(Quirk::Errcode(ErrcodeForm::Null));
        assert!(!quirks.is_on(&Quirk::Errcode(ErrcodeForm::String)));
        assert!(quirks.is_on(&Quirk::Errcode(ErrcodeForm::Null)));
        quirks.off(&Quirk::Errcode(ErrcodeForm::String));
        assert_eq!(quirks.snapshot(), [Quirk::ByteOrderMark]);
        quirks.clear();
        assert!(quirks.snapshot().is_empty());
    }
}
