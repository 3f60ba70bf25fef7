//! Behaviours of Weika's member login, with their provenance.

use crate::provenance::{Behaviour, Provenance};

pub(crate) const BEHAVIOURS: &[Behaviour] = &[
    label(
        "code_single_use",
        Provenance::Documented,
        "access_token.html: 有效期 5 分钟, 一次性",
    ),
    label(
        "code_bound_to_redirect_uri",
        Provenance::Documented,
        "access_token.html: redirect_uri is that of the authorize request",
    ),
    label(
        "h5_page_only_in_wechat",
        Provenance::Inferred,
        "carsi-pku/shib-carsi-weixiao 0f61f38 sends every other browser to the QR page",
    ),
    label(
        "token_reply_without_errcode",
        Provenance::Documented,
        "access_token.html, cloud.tencent.com/document/api/1523/87715",
    ),
    label(
        "form_with_client_id_accepted",
        Provenance::Observed,
        "carsi-pku/shib-carsi-weixiao, getToken",
    ),
    label(
        "grant_type_not_insisted_on",
        Provenance::Observed,
        "a public Go client spells it grand_type",
    ),
    label(
        "base_scope_without_personal_data",
        Provenance::Documented,
        "get_user_info.html: snsapi_base",
    ),
    label(
        "empty_picture",
        Provenance::Documented,
        "get_user_info.html: head_image is the empty string",
    ),
    label(
        "leading_blank",
        Provenance::Documented,
        "get_user_info.html: profession begins with a blank",
    ),
    label(
        "member_token_lives_7200_s",
        Provenance::Documented,
        "access_token.html: expires_in 7200",
    ),
    label(
        "identity_types_differ_between_schools",
        Provenance::Documented,
        "cloud.tencent.com/document/api/1523/87725 and 87732",
    ),
    label(
        "decline_brings_state_only",
        Provenance::Inferred,
        "WeChat's rule; Weika documents nothing",
    ),
    label(
        "pretend_link",
        Provenance::Inferred,
        "the sandbox's own, for development on a desktop",
    ),
];

const fn label(name: &'static str, provenance: Provenance, source: &'static str) -> Behaviour {
    Behaviour {
        group: "WeikaMember",
        name,
        provenance,
        source,
    }
}
