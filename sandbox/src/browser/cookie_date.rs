//! Cookie dates: the value of `Expires` as RFC 6265, section 5.1.1, reads it.

use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::SystemTime;

use time::{Date, Month, UtcDateTime};

/// Returns the time that `text` names, or `None` if the algorithm fails. A time before 1970 is
/// returned as 1970.
pub(crate) fn parse(text: &str) -> Option<SystemTime> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    for token in text.split(is_delimiter).filter(|it| !it.is_empty()) {
        // A token that matches none of the missing parts is skipped.
        if let (None, Some(found)) = (time, time_fields(token)) {
            time = Some(found);
        } else if let (None, Some((found, _))) = (day, number(token, 1..=2)) {
            day = Some(found);
        } else if let (None, Some(found)) = (month, month_of(token)) {
            month = Some(found);
        } else if let (None, Some((found, _))) = (year, number::<u16>(token, 2..=4)) {
            year = Some(found);
        }
    }
    let ([hour, minute, second], day, month, year) = (time?, day?, month?, year?);
    let year = match year {
        70..=99 => year + 1900,
        0..=69 => year + 2000,
        1601.. => year,
        _ => return None,
    };
    let date = Date::from_calendar_date(year.into(), month, day).ok()?;
    let time = time::Time::from_hms(hour, minute, second).ok()?;
    Some(
        UtcDateTime::new(date, time)
            .max(UtcDateTime::UNIX_EPOCH)
            .into(),
    )
}

/// `delimiter` of the grammar. Control characters other than the tab belong to tokens.
fn is_delimiter(character: char) -> bool {
    matches!(character, '\t' | ' '..='/' | ';'..='@' | '['..='`' | '{'..='~')
}

/// `time`: three fields of one or two digits, and anything after a non-digit. The ranges are
/// checked later: an hour of 25 makes the date fail, it is not a part to skip.
fn time_fields(token: &str) -> Option<[u8; 3]> {
    let (hour, rest) = number(token, 1..=2)?;
    let (minute, rest) = number(rest.strip_prefix(':')?, 1..=2)?;
    let (second, _) = number(rest.strip_prefix(':')?, 1..=2)?;
    Some([hour, minute, second])
}

/// The number at the start of `token` and the text after it, if it has a permitted count of digits.
fn number<N: FromStr>(token: &str, permitted: RangeInclusive<usize>) -> Option<(N, &str)> {
    let digits = token.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = token.split_at(digits);
    permitted
        .contains(&digits)
        .then(|| number.parse().ok())
        .flatten()
        .map(|number| (number, rest))
}

fn month_of(token: &str) -> Option<Month> {
    const MONTHS: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let start = token.get(..3)?;
    let month = (1..)
        .zip(MONTHS)
        .find(|(_, month)| month.eq_ignore_ascii_case(start));
    month.and_then(|(number, _): (u8, _)| Month::try_from(number).ok())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(unix_seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(unix_seconds)
    }

    #[track_caller]
    fn assert_dates<const N: usize>(cases: [(&str, Option<u64>); N]) {
        for (text, seconds) in cases {
            assert_eq!(parse(text), seconds.map(at), "{text:?}");
        }
    }

    #[test]
    fn every_usual_form_is_read() {
        assert_dates([
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(784_111_777)),
            ("Sun Nov  6 08:49:37 1994", Some(784_111_777)),
            ("Tue, 29 Feb 2028 12:00:00 GMT", Some(1_835_438_400)),
        ]);
    }

    #[test]
    fn tokens_that_match_nothing_are_skipped() {
        assert_dates([
            ("Sat, 15-Apr-17 ::00 21:01:22", Some(1_492_290_082)),
            ("Sat, 15-Apr-17 :: 21:01:22", Some(1_492_290_082)),
            ("Sat, 15-Apr-17 :1:2 21:01:22", Some(1_492_290_082)),
            ("Sat, 15-Apr-17 123456 21:01:22", Some(1_492_290_082)),
            (
                "Sat, 15-Apr-17 21:01:22 23:59:59 31 Dec 99",
                Some(1_492_290_082),
            ),
            // A broken time counts as the day of the month if none was found yet.
            ("08:49 Nov 1994 08:49:37", Some(784_284_577)),
        ]);
    }

    #[test]
    fn delimiters_are_those_of_the_grammar() {
        for delimiter in "\t !\"#$%&'()*+,-./;<=>?@[\\]^_`{|}~".chars() {
            let text = ["06", "Nov", "1994", "08:49:37"].join(&delimiter.to_string());
            assert_eq!(parse(&text), Some(at(784_111_777)), "{delimiter:?}");
        }
        for no_delimiter in ['\u{1}', '\u{7f}', 'x', '0', ':', '\u{e9}', '王'] {
            let text = ["06", "Nov", "1994", "08:49:37"].join(&no_delimiter.to_string());
            assert_eq!(parse(&text), None, "{no_delimiter:?}");
        }
    }

    #[test]
    fn text_after_a_non_digit_belongs_to_the_token() {
        assert_dates([
            ("6th November 1994AD 8:49:37GMT", Some(784_111_777)),
            ("06:x Novembre 1994: 08:49:37:99", Some(784_111_777)),
            ("06é nové 1994é 08:49:37é", Some(784_111_777)),
            // More digits than the grammar has.
            ("006 Nov 1994 08:49:37", None),
            ("06 Nov 01994 08:49:37", None),
            ("06 Nov 1994 008:49:37", None),
            ("06 Nov 1994 08:49:037", None),
            ("06 Nov 4 08:49:37", None),
            ("06 No 1994 08:49:37", None),
        ]);
    }

    #[test]
    fn two_digits_of_a_year_mean_1970_to_2069() {
        assert_dates([
            ("1 Jan 70 00:00:01", Some(1)),
            ("1 Jan 99 00:00:00", Some(915_148_800)),
            ("1 Jan 00 00:00:00", Some(946_684_800)),
            ("1 Jan 0069 00:00:00", Some(3_124_224_000)),
            ("1 Jan 69 00:00:00", Some(3_124_224_000)),
            // A year of three digits is far before 1601.
            ("1 Jan 100 00:00:00", None),
            ("1 Jan 069 00:00:00", Some(3_124_224_000)),
        ]);
    }

    #[test]
    fn missing_parts_and_parts_out_of_range_fail() {
        assert_dates([
            ("06 Nov 1994", None),
            ("06 1994 08:49:37", None),
            ("Nov 1994 08:49:37", None),
            ("06 Nov 08:49:37", None),
            ("never", None),
            ("", None),
            ("00 Nov 1994 08:49:37", None),
            ("31 Nov 1994 08:49:37", None),
            ("32 Dec 1994 08:49:37", None),
            ("29 Feb 1900 08:49:37", None),
            ("30 Feb 2000 08:49:37", None),
            ("29 Feb 2000 00:00:00", Some(951_782_400)),
            ("06 Nov 1994 24:00:00", None),
            ("06 Nov 1994 23:60:00", None),
            ("06 Nov 1994 23:59:60", None),
            // The first time counts, also if a better one follows.
            ("06 Nov 1994 24:00:00 08:49:37", None),
            ("31 Dec 1600 23:59:59", None),
            ("01 Jan 1601 00:00:00", Some(0)),
        ]);
    }
}
