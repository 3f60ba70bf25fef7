//! Log of outages: one line when an outage begins, one whenever its reason changes, and one when it is over.

use std::time::Duration;

use tokio::time::Instant;

/// So many lines of one outage come at once; later ones have a pause between them, for reasons that alternate.
const LINES_AT_ONCE: u32 = 8;
const PAUSE: Duration = Duration::from_secs(10);

/// The log state of the current outage.
#[derive(Debug, Default)]
pub(super) struct Outage {
    reason: Option<String>,
    lines: u32,
    last_line: Option<Instant>,
}

impl Outage {
    /// Whether this reason is to be logged. Numbers in it do not make another reason.
    pub(super) fn is_news(&mut self, reason: &str, now: Instant) -> bool {
        let reason: String = reason
            .chars()
            .filter(|character| !character.is_ascii_digit())
            .collect();
        let is_too_soon = self.lines >= LINES_AT_ONCE
            && self
                .last_line
                .is_some_and(|last_line| now.saturating_duration_since(last_line) < PAUSE);
        if is_too_soon || self.reason.as_ref() == Some(&reason) {
            return false;
        }
        self.reason = Some(reason);
        self.lines += 1;
        self.last_line = Some(now);
        true
    }

    /// The outage is over. Returns whether anything was logged about it.
    pub(super) fn is_over(&mut self) -> bool {
        std::mem::take(self).reason.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reason_is_logged_once_until_it_changes_or_the_outage_is_over() {
        let (mut outage, now) = (Outage::default(), Instant::now());
        assert!(!outage.is_over());
        assert!(outage.is_news("broken pipe", now));
        assert!(!outage.is_news("broken pipe", now));
        assert!(outage.is_news("WRONGPASS", now));
        assert!(!outage.is_news("WRONGPASS", now + PAUSE * 10));
        assert!(outage.is_news("broken pipe", now));
        assert!(outage.is_over());
        assert!(outage.is_news("broken pipe", now));
    }

    #[test]
    fn numbers_make_no_other_reason() {
        let (mut outage, now) = (Outage::default(), Instant::now());
        assert!(outage.is_news("connection from port 1234 lost", now));
        assert!(!outage.is_news("connection from port 4321 lost", now));
    }

    #[test]
    fn reasons_that_alternate_are_logged_at_most_every_ten_seconds() {
        let (mut outage, start) = (Outage::default(), Instant::now());
        let mut lines = 0;
        for attempt in 0..400 {
            let reason = if attempt % 2 == 0 {
                "refused"
            } else {
                "no answer in time"
            };
            lines +=
                u32::from(outage.is_news(reason, start + Duration::from_millis(250) * attempt));
        }
        assert!(
            (LINES_AT_ONCE + 8..=LINES_AT_ONCE + 10).contains(&lines),
            "{lines}"
        );
    }
}
