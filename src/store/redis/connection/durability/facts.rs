use std::collections::HashMap;

/// The known facts about a server. Managed services deny some of the commands.
#[derive(Default)]
pub(super) struct Facts {
    pub(super) policy: Option<String>,
    pub(super) has_append_only_file: Option<bool>,
    has_save_points: Option<bool>,
}

impl Facts {
    pub(super) fn learn(&mut self, pairs: &HashMap<String, String>) {
        if let Some(policy) = pairs
            .get("maxmemory_policy")
            .or_else(|| pairs.get("maxmemory-policy"))
        {
            self.policy = Some(policy.clone());
        }
        if let Some(is_on) = pairs.get("aof_enabled").or_else(|| pairs.get("appendonly")) {
            self.has_append_only_file = Some(matches!(&**is_on, "1" | "yes"));
        }
        if let Some(points) = pairs.get("save") {
            self.has_save_points = Some(!points.trim().is_empty());
        }
    }

    /// Returns the eviction policy if it is known, and whether it evicts keys.
    pub(super) fn policy(&self) -> Option<(&str, bool)> {
        self.policy
            .as_deref()
            .map(|policy| (policy, policy != "noeviction"))
    }

    /// Whether a restart loses all data, if that is known.
    pub(super) fn loses_all(&self) -> Option<bool> {
        match (self.has_append_only_file, self.has_save_points) {
            (Some(true), _) | (_, Some(true)) => Some(false),
            (Some(false), Some(false)) => Some(true),
            _ => None,
        }
    }
}

#[cfg(test)]
impl Facts {
    pub(super) fn of(pairs: &[(&str, &str)]) -> Self {
        let mut facts = Self::default();
        let pairs = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        facts.learn(&pairs.collect());
        facts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eviction_and_persistence_are_unknown_unless_they_were_read() {
        for (pairs, evicts, loses_all) in [
            (&[][..], None, None),
            (
                &[
                    ("maxmemory_policy", "noeviction"),
                    ("aof_enabled", "1"),
                    ("save", ""),
                ],
                Some(false),
                Some(false),
            ),
            (
                &[("aof_enabled", "0"), ("save", "3600 1")],
                None,
                Some(false),
            ),
            // The save points are unknown.
            (&[("aof_enabled", "0")], None, None),
            (&[("aof_enabled", "0"), ("save", "")], None, Some(true)),
            (&[("appendonly", "no"), ("save", "")], None, Some(true)),
            (&[("maxmemory-policy", "volatile-ttl")], Some(true), None),
        ] {
            let facts = Facts::of(pairs);
            assert_eq!(
                (facts.policy().map(|(_, evicts)| evicts), facts.loses_all()),
                (evicts, loses_all),
                "{pairs:?}"
            );
        }
    }
}
