//! List of all behaviours, assembled from those of each system.

use crate::endpoint::Endpoint;
use crate::provenance::Behaviour;
use crate::state::fault::Fault;
use crate::state::variation::Variation;
use crate::system::binding::{self, BindingRefusal};
use crate::system::kesion::{self, KesionState};
use crate::system::wechat::{self, WechatRefusal, WechatSnsRefusal};
use crate::system::weika::{self, WeikaRefusal};
use crate::system::weika_member::{self, MemberRefusal};

/// Returns everything that the sandbox does or can be made to do, with its
/// [`Provenance`](crate::Provenance).
///
/// ```
/// use tower_weika_sandbox::{Provenance, behaviours};
///
/// let inferred = behaviours().filter(|it| it.provenance == Provenance::Inferred);
/// assert!(inferred.count() > 0);
/// ```
pub fn behaviours() -> impl Iterator<Item = &'static Behaviour> {
    [
        Endpoint::BEHAVIOURS,
        weika::BEHAVIOURS,
        WeikaRefusal::BEHAVIOURS,
        weika_member::BEHAVIOURS,
        MemberRefusal::BEHAVIOURS,
        wechat::BEHAVIOURS,
        WechatRefusal::BEHAVIOURS,
        WechatSnsRefusal::BEHAVIOURS,
        binding::BEHAVIOURS,
        BindingRefusal::BEHAVIOURS,
        kesion::BEHAVIOURS,
        KesionState::BEHAVIOURS,
        Variation::BEHAVIOURS,
        Fault::BEHAVIOURS,
    ]
    .into_iter()
    .flatten()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_behaviour_has_a_unique_name_and_a_source() {
        let mut names = HashSet::new();
        for behaviour in behaviours() {
            assert!(
                names.insert((behaviour.group, behaviour.name)),
                "{behaviour:?} is there twice"
            );
            assert!(behaviour.source.len() > 5, "{behaviour:?} has no source");
        }
        let groups = [
            "Endpoint",
            "Variation",
            "Fault",
            "WeikaRefusal",
            "Weika",
            "WeikaMember",
            "MemberRefusal",
            "WeChat",
            "WechatRefusal",
            "Binding",
        ];
        for group in groups.into_iter().chain([
            "BindingRefusal",
            "Kesion",
            "KesionState",
            "WechatSnsRefusal",
        ]) {
            assert!(
                names.iter().any(|(it, _)| *it == group),
                "{group} is missing"
            );
        }
    }
}
