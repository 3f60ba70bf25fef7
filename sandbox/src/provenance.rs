//! Provenance of each behaviour: documented, observed or inferred.

/// Source of the knowledge that the real systems behave in this way.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Provenance {
    /// The operator's own documents say so.
    Documented,
    /// Seen in public code, logs or reports about the real systems.
    Observed,
    /// Our reading where no document says anything; the real system may differ.
    Inferred,
}

/// One behaviour of the sandbox, and the reason for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Behaviour {
    /// Kind of the behaviour: `Endpoint`, `Variation`, `Fault`; the rules of a system (`Weika`,
    /// `WeikaMember`, `WeChat`, `Binding`, `Kesion`), its refusals (`WeikaRefusal`,
    /// `MemberRefusal`, `WechatRefusal`, `WechatSnsRefusal`, `BindingRefusal`), its states
    /// (`KesionState`).
    pub group: &'static str,
    /// Name, unique in the group.
    pub name: &'static str,
    /// How certain it is.
    pub provenance: Provenance,
    /// The document or report.
    pub source: &'static str,
}

/// Defines an enum of which every variant states its provenance: `Variant: Provenance, "source";`.
macro_rules! with_provenance {
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
            pub(crate) const BEHAVIOURS: &'static [$crate::provenance::Behaviour] = &[$(
                $crate::provenance::Behaviour {
                    group: stringify!($name),
                    name: stringify!($variant),
                    provenance: $crate::provenance::Provenance::$provenance,
                    source: $source,
                },
            )+];

            /// Returns the name and the provenance of this variant.
            #[must_use]
            $visibility fn behaviour(&self) -> &'static $crate::provenance::Behaviour {
                let name = match self {
                    $(Self::$variant { .. } => stringify!($variant),)+
                };
                // Always found: the list and the match come from the same lines.
                Self::BEHAVIOURS.iter().find(|it| it.name == name).unwrap_or(&Self::BEHAVIOURS[0])
            }
        }
    };
}

pub(crate) use with_provenance;
