//! Behaviours of Kesion, with their provenance.

use crate::provenance::{Behaviour, Provenance};

pub(crate) const BEHAVIOURS: &[Behaviour] = &[
    label(
        "status_200",
        Provenance::Documented,
        "errors are shown as bodies only, in every Kesion document",
    ),
    label(
        "no_number_when_authorized",
        Provenance::Documented,
        "9347782530902155: the example has no returnCode",
    ),
    label(
        "weixintype_is_a_string",
        Provenance::Documented,
        "9347782530902155: declared int, printed \"2\"",
    ),
    label(
        "ercodeimg_is_spelled_so",
        Provenance::Documented,
        "9347782530902155",
    ),
    label(
        "confirm_info_only_sometimes",
        Provenance::Documented,
        "9347782530902155, without an explanation",
    ),
    label(
        "refresh_token_in_the_answer",
        Provenance::Documented,
        "9347782530902155: authorizer_refresh_token",
    ),
    label(
        "wrong_apptoken_has_no_number",
        Provenance::Inferred,
        "the error table is not public",
    ),
    label(
        "apikey_if_configured",
        Provenance::Inferred,
        "required on sister pages, not named on this one",
    ),
    label(
        "form_json_or_query",
        Provenance::Inferred,
        "4716865527358561 and 9328464520586731 differ, this page does not state it",
    ),
    label(
        "path_in_any_case",
        Provenance::Inferred,
        "4221642847652104 prints /WebApi, this page /webapi; IIS",
    ),
];

const fn label(name: &'static str, provenance: Provenance, source: &'static str) -> Behaviour {
    Behaviour {
        group: "Kesion",
        name,
        provenance,
        source,
    }
}
