//! Log of outages: one line when an outage starts, one whenever its reason changes, and one when it ends.

use std::time::Duration;

use tokio::time::Instant;

/// The number of lines of one outage without a pause. The pause bounds the log where reasons alternate.
const BURST: u32 = 8;
const PAUSE: Duration = Duration::from_secs(10);

/// What was logged about the current outage.
#[derive(Debug, Default)]
pub(super) struct OutageLog {
    reason: Option<String>,
    lines: u32,
    last_line: Option<Instant>,
}

impl OutageLog {
    /// Whether this reason has to be logged. Numbers in it do not make another reason.
    pub(super) fn is_news(&mut self, reason: &str, now: Instant) -> bool {
        let reason: String = reason
            .chars()
            .filter(|character| !character.is_ascii_digit())
            .collect();
        let is_too_early = self.lines >= BURST
            && self
                .last_line
                .is_some_and(|last_line| now.saturating_duration_since(last_line) < PAUSE);
        if is_too_early || self.reason.as_ref() == Some(&reason) {
            return false;
        }
        self.reason = Some(reason);
        self.lines += 1;
        self.last_line = Some(now);
        true
    }

    /// Ends the outage. Returns whether it was logged.
    pub(super) fn end(&mut self) -> bool {
        std::mem::take(self).reason.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reason_is_logged_once_until_it_changes_or_the_outage_ends() {
        let (mut log, now) = (OutageLog::default(), Instant::now());
        assert!(!log.end());
        assert!(log.is_news("broken pipe", now));
        assert!(!log.is_news("broken pipe", now));
        assert!(log.is_news("WRONGPASS", now));
        assert!(!log.is_news("WRONGPASS", now + PAUSE * 10));
        assert!(log.is_news("broken pipe", now));
        assert!(log.end());
        assert!(log.is_news("broken pipe", now));
    }

    #[test]
    fn numbers_do_not_make_another_reason() {
        let (mut log, now) = (OutageLog::default(), Instant::now());
        assert!(log.is_news("connection from port 1234 lost", now));
        assert!(!log.is_news("connection from port 4321 lost", now));
    }

    #[test]
    fn reasons_that_alternate_are_logged_at_most_every_ten_seconds() {
        let (mut log, start) = (OutageLog::default(), Instant::now());
        let mut lines = 0;
        for attempt in 0..400 {
            let reason = if attempt % 2 == 0 {
                "refused"
            } else {
                "no answer in time"
            };
            lines += u32::from(log.is_news(reason, start + Duration::from_millis(250) * attempt));
        }
        assert!((BURST + 8..=BURST + 10).contains(&lines), "{lines}");
    }
}
