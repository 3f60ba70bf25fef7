//! How sure we are that the real systems behave as the sandbox does.

/// Where the knowledge of a behaviour comes from.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Provenance {
    /// The operator's own documents say so.
    Documented,
    /// Seen in public code, logs or reports about the real systems.
    Observed,
    /// Our reading where nothing is said; the real system may differ.
    Inferred,
}

/// One thing that the sandbox does, and why it does it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Behaviour {
    /// What kind of thing it is: `Endpoint`, `Quirk`, `Fault`; a system's rules (`Weika`, `WeChat`, `Binding`,
    /// `Kesion`), its refusals (`Refusal`, `WechatRefusal`, `BindingRefusal`), its states (`KesionState`).
    pub group: &'static str,
    /// Its name, unique in the group.
    pub name: &'static str,
    /// How sure we are.
    pub provenance: Provenance,
    /// The document or report.
    pub source: &'static str,
}

/// Everything that the sandbox does or can be made to do, with its [`Provenance`].
///
/// ```
/// use tower_weika_sandbox::{Provenance, behaviours};
///
/// let guesses = behaviours().filter(|it| it.provenance == Provenance::Inferred);
/// assert!(guesses.count() > 0);
/// ```
pub fn behaviours() -> impl Iterator<Item = &'static Behaviour> {
    [
        super::Endpoint::LABELS,
        super::weika::LABELS,
        super::weika::Refusal::LABELS,
        super::wechat::LABELS,
        super::wechat::WechatRefusal::LABELS,
        super::binding::LABELS,
        super::binding::BindingRefusal::LABELS,
        super::kesion::LABELS,
        super::kesion::KesionState::LABELS,
        super::Quirk::LABELS,
        super::Fault::LABELS,
    ]
    .into_iter()
    .flatten()
}

/// Defines an enum whose variants cannot exist without a label: `Variant: Provenance, "source";`.
macro_rules! labelled {
    (
        $(#[$attribute:meta])*
        $visibility:vis enum $name:ident {
            $(
                $(#[$variant_attribute:meta])*
                $variant:ident $(($($payload:ty),+))? : $provenance:ident, $source:literal;
            )+
        }
    ) => {
        $(#[$attribute])*
        $visibility enum $name {
            $(
                $(#[$variant_attribute])*
                #[doc = concat!("\n\n", stringify!($provenance), ": ", $source, ".")]
                $variant $(($($payload),+))?,
            )+
        }

        impl $name {
            pub(crate) const LABELS: &'static [$crate::Behaviour] = &[$(
                $crate::Behaviour {
                    group: stringify!($name),
                    name: stringify!($variant),
                    provenance: $crate::Provenance::$provenance,
                    source: $source,
                },
            )+];

            /// What it is, and how sure we are that the real system does it.
            #[must_use]
            $visibility fn behaviour(&self) -> &'static $crate::Behaviour {
                let name = match self {
                    $(Self::$variant { .. } => stringify!($variant),)+
                };
                // Found always: the list and the match come from the same lines.
                Self::LABELS.iter().find(|it| it.name == name).unwrap_or(&Self::LABELS[0])
            }
        }
    };
}

pub(crate) use labelled;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_behaviour_has_a_unique_name_and_a_source() {
        let mut names = HashSet::new();
        for behaviour in behaviours() {
            assert!(names.insert((behaviour.group, behaviour.name)), "{behaviour:?} is there twice");
            assert!(behaviour.source.len() > 5, "{behaviour:?} has no source");
        }
        let groups = ["Endpoint", "Quirk", "Fault", "Refusal", "Weika", "WeChat", "WechatRefusal", "Binding"];
        for group in groups.into_iter().chain(["BindingRefusal", "Kesion", "KesionState"]) {
            assert!(names.iter().any(|(it, _)| *it == group), "{group} is missing");
        }
    }
}
