//! How dates and times stand in cells, and on which clock they are read.

use jiff::{
    SignedDuration, Timestamp,
    civil::DateTime,
    fmt::strtime,
    tz::{Offset, TimeZone},
};

/// How a column's dates and times are written, and the zone of the clock that they are read on.
///
/// A time that says where it was taken (`2026-03-01T10:00:00Z`, or an Arrow timestamp with a zone) is what the
/// clock of the column's zone showed then; one that does not is what it showed, as it stands.
///
/// ```
/// use automl_pack_plan::Clock;
///
/// let clock = Clock::new(vec![], Some("Europe/Berlin".into()))?;
/// assert_eq!(clock.read("2026-07-01T10:00:00Z"), clock.read("2026-07-01 12:00"));
/// let clock = Clock::new(vec!["%d.%m.%Y".into()], None)?;
/// assert_eq!(clock.read("02.01.1970"), Some(86_400_000_000));
/// assert_eq!(clock.read("1970-01-02"), None);
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Clock {
    /// How they are written, tried in order, in the letters of `strptime`. Without any: as ISO 8601 has it.
    formats: Vec<String>,
    /// The zone by its name, or as an offset: `Europe/Berlin`, `+02:00`. Without it: UTC.
    zone: Option<String>,
    time_zone: TimeZone,
}

impl Default for Clock {
    fn default() -> Clock {
        Clock { formats: Vec::new(), zone: None, time_zone: TimeZone::UTC }
    }
}

impl Clock {
    /// Takes formats and a zone.
    pub fn new(formats: Vec<String>, zone: Option<String>) -> Result<Clock, String> {
        let time_zone = match &zone {
            None => TimeZone::UTC,
            Some(name) => zone_of(name).ok_or_else(|| {
                format!("the zone \"{name}\" is not known: expected a name such as Europe/Berlin, or +02:00")
            })?,
        };
        for format in &formats {
            let sample = DateTime::constant(2026, 11, 21, 13, 30, 15, 0).to_zoned(TimeZone::UTC);
            let written = sample.ok().map(|sample| strtime::format(format, &sample));
            if written.is_none_or(|written| written.is_err()) || !format.contains('%') {
                return Err(format!(
                    "\"{format}\" is no format: expected letters of strptime, such as %d.%m.%Y"
                ));
            }
        }
        Ok(Clock { formats, zone, time_zone })
    }

    /// How they are written.
    pub fn formats(&self) -> &[String] {
        &self.formats
    }

    /// The zone by its name.
    pub fn zone(&self) -> Option<&str> {
        self.zone.as_deref()
    }

    /// Microseconds since 1970 on the column's clock.
    pub fn read(&self, text: &str) -> Option<i64> {
        let text = text.trim();
        if self.formats.is_empty() {
            let (on_its_clock, offset) = iso(text.as_bytes())?;
            return match offset {
                None => Some(on_its_clock),
                Some(offset) => self.of_instant(on_its_clock.checked_sub(offset * 1_000_000)?),
            };
        }
        self.formats.iter().find_map(|format| self.read_as(format, text))
    }

    fn read_as(&self, format: &str, text: &str) -> Option<i64> {
        let parsed = strtime::parse(format, text).ok()?;
        if parsed.offset().is_some() {
            return self.of_instant(parsed.to_timestamp().ok()?.as_microsecond());
        }
        // A format may say the date alone, or the time of day alone.
        let date = parsed.to_date().or_else(|error| {
            if parsed.hour().is_some() { Ok(jiff::civil::date(1970, 1, 1)) } else { Err(error) }
        });
        let time = parsed.to_time().unwrap_or(jiff::civil::Time::midnight());
        micros(date.ok()?.to_datetime(time))
    }

    /// A time of the column's clock, in microseconds since 1970, as the column has times.
    pub fn write(&self, micros: i64) -> String {
        let time =
            DateTime::constant(1970, 1, 1, 0, 0, 0, 0).checked_add(SignedDuration::from_micros(micros));
        let time = time.unwrap_or(DateTime::MAX);
        let format = self.formats.first().map_or("%Y-%m-%dT%H:%M:%S", String::as_str);
        let zoned = time.to_zoned(TimeZone::UTC);
        zoned.ok().and_then(|time| strtime::format(format, &time).ok()).unwrap_or_else(|| time.to_string())
    }

    /// What the column's clock showed at an instant, given in microseconds since 1970 in UTC.
    pub(crate) fn of_instant(&self, instant: i64) -> Option<i64> {
        if self.zone.is_none() {
            return Some(instant);
        }
        micros(self.time_zone.to_datetime(Timestamp::from_microsecond(instant).ok()?))
    }
}

/// The zone of a name, or of an offset from UTC.
fn zone_of(name: &str) -> Option<TimeZone> {
    if let Some(seconds) = offset(name.as_bytes()) {
        let seconds = i32::try_from(seconds).ok()?;
        return Offset::from_seconds(seconds).ok().map(Offset::to_time_zone);
    }
    TimeZone::get(name).ok()
}

fn micros(time: DateTime) -> Option<i64> {
    let since = time.duration_since(DateTime::constant(1970, 1, 1, 0, 0, 0, 0));
    i64::try_from(SignedDuration::as_micros(&since)).ok()
}

/// `2026-11-21`, then, if at all, `T` or a blank and `13:30`, `13:30:15` or `13:30:15.25`, then, if at all, `Z` or
/// `+02:00`. Gives microseconds as they stand, and the offset in seconds.
fn iso(text: &[u8]) -> Option<(i64, Option<i64>)> {
    let number = |from: usize, to: usize| digits(text.get(from..to)?);
    let is = |at: usize, byte: u8| text.get(at) == Some(&byte);
    if !(is(4, b'-') && is(7, b'-')) {
        return None;
    }
    let days = days(number(0, 4)?, number(5, 7)?, number(8, 10)?)?;
    let day = days * 86_400_000_000;
    if text.len() == 10 {
        return Some((day, None));
    }
    if !(is(10, b'T') || is(10, b' ') || is(10, b't')) || !is(13, b':') {
        return None;
    }
    let (hour, minute) = (number(11, 13)?, number(14, 16)?);
    let mut end = 16;
    let (mut second, mut fraction) = (0, 0);
    if is(16, b':') {
        second = number(17, 19)?;
        end = 19;
        if is(19, b'.') {
            let count = text[20..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            let kept = count.min(6);
            fraction = digits(&text[20..20 + kept])? * 10_i64.pow(6 - kept as u32);
            end = 20 + count;
        }
    }
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let time = ((hour * 60 + minute) * 60 + second) * 1_000_000 + fraction;
    match &text[end..] {
        [] => Some((day + time, None)),
        [b'Z' | b'z'] => Some((day + time, Some(0))),
        rest => Some((day + time, Some(offset(rest)?))),
    }
}

/// `+02:00`, `-0530` or `+02`, in seconds.
fn offset(text: &[u8]) -> Option<i64> {
    let (sign, rest) = text.split_first()?;
    let sign = match sign {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = match rest.len() {
        2 => (digits(rest)?, 0),
        4 => (digits(&rest[..2])?, digits(&rest[2..])?),
        5 if rest[2] == b':' => (digits(&rest[..2])?, digits(&rest[3..])?),
        _ => return None,
    };
    (hours <= 18 && minutes < 60).then_some(sign * (hours * 60 + minutes) * 60)
}

fn digits(text: &[u8]) -> Option<i64> {
    let digit = |byte: &u8| byte.is_ascii_digit().then(|| i64::from(byte - b'0'));
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0, |number, byte| Some(number * 10 + digit(byte)?))
}

/// Days from 1970-01-01 to a day of the calendar; none where there is no such day.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) || year < 1 {
        return None;
    }
    // Counted from March on, so that the leap day is the last of its year.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let of_years = year * 365 + year / 4 - year / 100 + year / 400;
    Some(of_years + (month * 153 + 2) / 5 + day - 1 - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iso_times_are_read_to_the_microsecond() {
        let clock = Clock::default();
        for (text, expected) in [
            ("1970-01-01", Some(0)),
            ("1969-12-31T23:59:59.999999", Some(-1)),
            ("2000-02-29 00:00", Some(951_782_400_000_000)),
            ("2026-11-21T13:30:15.25Z", Some(1_795_267_815_250_000)),
            ("2026-11-21T13:30:15.1234567+01:00", Some(1_795_264_215_123_456)),
            ("1900-02-29", None),
            ("2026-13-01", None),
            ("2026-11-21T24:00", None),
            ("2026-11-21T13:30:15+", None),
            ("21.11.2026", None),
            ("", None),
        ] {
            assert_eq!(clock.read(text), expected, "{text}");
        }
    }

    #[test]
    fn a_time_with_a_zone_is_what_the_columns_clock_showed() {
        let berlin = Clock::new(vec![], Some("Europe/Berlin".into())).unwrap();
        let fixed = Clock::new(vec![], Some("+02:00".into())).unwrap();
        assert_eq!(berlin.read("2026-01-01T00:00:00Z"), Clock::default().read("2026-01-01T01:00"));
        assert_eq!(berlin.read("2026-07-01T00:00:00Z"), fixed.read("2026-07-01T00:00:00Z"));
        assert_eq!(berlin.read("2026-07-01T00:00"), Clock::default().read("2026-07-01"));
    }

    #[test]
    fn formats_are_tried_in_order() {
        let clock =
            Clock::new(vec!["%d/%m/%Y %H:%M".into(), "%m/%d/%y".into(), "%H:%M".into()], None).unwrap();
        let iso = Clock::default();
        assert_eq!(clock.read("03/02/2026 04:05"), iso.read("2026-02-03T04:05"));
        assert_eq!(clock.read("02/03/26"), iso.read("2026-02-03"));
        assert_eq!(clock.read("04:05"), iso.read("1970-01-01T04:05"));
        assert_eq!(clock.read("2026-02-03"), None);
        assert!(Clock::new(vec!["day".into()], None).unwrap_err().contains("is no format"));
        assert!(Clock::new(vec![], Some("Mars".into())).unwrap_err().contains("is not known"));
    }
}
