//! Parser of the responses of the member login.

use serde_json::{Map, Value};

use super::super::envelope::{Envelope, ParseError, members, object};
use super::super::values::Members;
use super::error_codes::oauth_error;
use crate::error::{Error, ErrorKind};
use crate::identity::{IdentityType, Member, MemberField, SchoolIdentityType};
use crate::secret::AccessToken;
use crate::token::IssuedToken;

/// Whether the documents show an `errcode` in a success of an endpoint.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Errcode {
    /// `get-user-info`, `get-identity-type`.
    Required,
    /// Both token endpoints: a success has none. One that is there must be 0.
    Optional,
}

/// Returns the object in `body` unless it is a failure, in either form.
pub(super) fn open(
    body: &[u8],
    rule: Errcode,
    envelope: &Envelope,
    context: &'static str,
) -> Result<Map<String, Value>, Error> {
    let object = object(body, context)?;
    if let Some(error) = oauth_error(&object, context) {
        return Err(error);
    }
    match rule {
        Errcode::Required => envelope.accept(object, context),
        Errcode::Optional => envelope.accept_without_errcode(object, context),
    }
}

/// A token of a member or of a school: `access_token`, `expires_in` in seconds, `ocode`.
/// `refresh_token` is not read.
pub(super) fn token(
    object: &Map<String, Value>,
    school_code: &str,
    context: &'static str,
) -> Result<IssuedToken, Error> {
    let members = members(object, "access_token", context);
    let token = members
        .identifier("access_token")
        .ok_or_else(|| ParseError::Member("access_token").error(context))?;
    if members.has("ocode") {
        check_school(members, school_code, context)?;
    }
    Ok(IssuedToken::new(
        AccessToken::new(token),
        members.seconds("expires_in"),
    ))
}

/// 通过access_token换取用户信息: only `ocode` and `card_number` are always present. No field is read
/// but those that the application asked for.
pub(super) fn member(
    object: &Map<String, Value>,
    school_code: &str,
    fields: &[MemberField],
    context: &'static str,
) -> Result<Member, Error> {
    let members = members(object, "card_number", context);
    // Not trimmed: two card numbers that differ must not become one person.
    let card_number = members
        .identifier_or_number("card_number")
        .filter(|number| number.trim() == number)
        .ok_or_else(|| ParseError::Member("card_number").error(context))?;
    check_school(members, school_code, context)?;
    let mut member = Member::new(school_code, &card_number);
    member.name = members.trimmed_text("name");
    member.identity_type = members.numeric_text("identity_type").trim().to_owned();
    Ok(fields.iter().fold(member, |member, field| {
        member.with_field(*field, members.texts(field.as_str()))
    }))
}

/// 成员身份类型: the `list`. Entries without an identifier are skipped, and a list of such entries
/// only is none: it would take the place of a good one in the cache.
pub(super) fn identity_types(
    object: &Map<String, Value>,
    context: &'static str,
) -> Result<Vec<SchoolIdentityType>, Error> {
    let members = members(object, "list", context);
    let entry = |entry: Members<'_>| {
        let id = entry.numeric_text("identity_type").trim().to_owned();
        let classification = entry.numeric_text("classification");
        let classification = IdentityType::numbered(classification.trim());
        (!id.is_empty())
            .then(|| SchoolIdentityType::new(id, entry.trimmed_text("name"), classification))
    };
    let types: Vec<_> = members.objects("list").filter_map(entry).collect();
    if types.is_empty() && !members.is_empty_list("list") {
        return Err(ParseError::Member("list").error(context));
    }
    Ok(types)
}

/// Checks that a response is about the school of the application: card numbers are unique within a
/// school only.
fn check_school(
    members: Members<'_>,
    school_code: &str,
    context: &'static str,
) -> Result<(), Error> {
    let ocode = members
        .identifier_or_number("ocode")
        .ok_or_else(|| ParseError::Member("ocode").error(context))?;
    if ocode == school_code {
        return Ok(());
    }
    let source = "the response is about another school than the configured ocode";
    Err(Error::new(ErrorKind::Denied, context).with_source(source))
}
