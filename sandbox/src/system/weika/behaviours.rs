//! Behaviours of Weika, with their provenance.

use crate::provenance::{Behaviour, Provenance};

pub(crate) const BEHAVIOURS: &[Behaviour] = &[
    label(
        "status_200",
        Provenance::Documented,
        "errors are shown as bodies only, in every Weika document",
    ),
    label(
        "state_unchanged",
        Provenance::Documented,
        "admin.html: 回调之后原样返回",
    ),
    label(
        "state_absent_if_absent",
        Provenance::Inferred,
        "state is optional in admin.html",
    ),
    label(
        "code_single_use",
        Provenance::Documented,
        "admin.html: 一次性",
    ),
    label(
        "code_lives_5_minutes",
        Provenance::Inferred,
        "documented for the member's wxcode, access_token.html",
    ),
    label(
        "code_of_18_digits",
        Provenance::Observed,
        "a public sample of 2016",
    ),
    label(
        "code_bound_to_application",
        Provenance::Inferred,
        "as with every OAuth code",
    ),
    label(
        "token_error_does_not_consume_code",
        Provenance::Inferred,
        "no document states the order of the checks",
    ),
    label(
        "token_lives_7200_s",
        Provenance::Documented,
        "admin.html, step 2",
    ),
    label(
        "token_overlap_5_minutes",
        Provenance::Inferred,
        "by analogy with WeChat's stable_token",
    ),
    label(
        "empty_school_entry",
        Provenance::Documented,
        "admin.html, example of step 3",
    ),
    label(
        "real_info_only_if_known",
        Provenance::Documented,
        "admin.html: 仅当管理员有实名信息时有此字段",
    ),
    label(
        "decline_brings_state_only",
        Provenance::Inferred,
        "WeChat's rule; Weika documents nothing",
    ),
    label(
        "error_page_for_wrong_request",
        Provenance::Inferred,
        "no document describes the page",
    ),
    label(
        "parameters_before_fragment",
        Provenance::Observed,
        "cnblogs 8468844, of WeChat",
    ),
    label(
        "json_content_type_required",
        Provenance::Documented,
        "admin.html: POST(application/json)",
    ),
];

const fn label(name: &'static str, provenance: Provenance, source: &'static str) -> Behaviour {
    Behaviour {
        group: "Weika",
        name,
        provenance,
        source,
    }
}
