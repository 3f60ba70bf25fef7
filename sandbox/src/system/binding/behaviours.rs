//! Behaviours of the binding service, with their provenance.

use crate::provenance::{Behaviour, Provenance};

pub(crate) const BEHAVIOURS: &[Behaviour] = &[
    label(
        "status_200",
        Provenance::Inferred,
        "errors are shown as bodies only",
    ),
    label(
        "code_is_an_integer",
        Provenance::Documented,
        "2107969430195298: declared a string, printed an integer",
    ),
    label(
        "data_absent_in_failures",
        Provenance::Inferred,
        "only 0 and 2000 are shown with data",
    ),
    label(
        "token_like_a_jwt",
        Provenance::Documented,
        "2107969430195298: HS512; here the signature is random",
    ),
    label(
        "token_lives_7_days",
        Provenance::Documented,
        "2107969430195298: expire 604800",
    ),
    label(
        "token_of_a_company_lives_7200_s",
        Provenance::Documented,
        "showdoc.com.cn/east/2876323683097954",
    ),
    label(
        "company_flag_selects_the_account",
        Provenance::Inferred,
        "2107969430195298 names the flag only",
    ),
    label(
        "operator_checked_before_the_code",
        Provenance::Inferred,
        "without the operator WeChat cannot be asked",
    ),
    label(
        "unbound_code_is_consumed",
        Provenance::Inferred,
        "the openid is known only after WeChat was asked",
    ),
    label(
        "bound_at_every_official_account",
        Provenance::Inferred,
        "no document states the extent of a binding",
    ),
    label(
        "mobile_or_user_name_for_sms",
        Provenance::Inferred,
        "the table of parameters is not public",
    ),
    label(
        "parameters_of_binding",
        Provenance::Inferred,
        "2195723471259705 names userName; phoneSms is that of smsLogin",
    ),
    label(
        "sms_of_6_digits_for_5_minutes",
        Provenance::Inferred,
        "usual; no document says it",
    ),
    label(
        "sms_to_unknown_numbers",
        Provenance::Inferred,
        "an unknown user is refused at the binding",
    ),
    label(
        "sms_checked_before_the_other_wechat",
        Provenance::Inferred,
        "otherwise a visitor could find out who is bound",
    ),
    label(
        "json_content_type_required",
        Provenance::Inferred,
        "2107969430195298 shows JSON",
    ),
];

const fn label(name: &'static str, provenance: Provenance, source: &'static str) -> Behaviour {
    Behaviour {
        group: "Binding",
        name,
        provenance,
        source,
    }
}
