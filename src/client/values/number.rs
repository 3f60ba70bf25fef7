use std::time::Duration;

use super::decimal::whole;
use super::members::Members;
use crate::trace;

impl Members<'_> {
    /// Returns a whole number.
    pub(in crate::client) fn whole_number(self, name: &'static str) -> Option<i64> {
        let number = whole(self.present(name)?).and_then(|number| i64::try_from(number).ok());
        number.or_else(|| self.ignore(name, "not a whole number"))
    }

    /// Returns the digits of a whole number that the documents print as a string, or other text as it is.
    pub(in crate::client) fn numeric_text(self, name: &'static str) -> String {
        let number = self
            .present(name)
            .and_then(whole)
            .and_then(|number| i64::try_from(number).ok());
        number.map_or_else(|| self.text(name), |number| number.to_string())
    }

    /// Returns a Boolean, which may be written as the whole number 0 or 1.
    pub(in crate::client) fn flag(self, name: &'static str) -> Option<bool> {
        let value = self.present(name)?;
        let flag = match whole(value) {
            Some(0) => Some(false),
            Some(1) => Some(true),
            _ => value.as_bool(),
        };
        flag.or_else(|| self.ignore(name, "neither 0 nor 1"))
    }

    /// Returns a duration in whole seconds, on which a login depends, or `None` unless it is positive. A number beyond
    /// the type becomes the largest duration, which the caller clamps.
    pub(in crate::client) fn seconds(self, name: &'static str) -> Option<Duration> {
        let number = self
            .present(name)
            .and_then(whole)
            .filter(|number| *number > 0);
        let seconds = number.map(|number| u64::try_from(number).unwrap_or(u64::MAX));
        if seconds.is_none() {
            let (call, field) = (self.context, self.field(name));
            trace::warn!(call = call, field = %field, "upstream response: member is not a positive number of seconds");
        }
        seconds.map(Duration::from_secs)
    }
}
