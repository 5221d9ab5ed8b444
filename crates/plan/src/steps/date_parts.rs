//! Year, month, day and more of a time.

use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};

use super::{Apply, Bound, Misfit, Work, fields};
use crate::values::{NO_TIME, Numbers, Shape, Values};

/// A column for each of some parts of a time, as the clock of the column's zone shows it, in the Gregorian
/// calendar, which goes on before its beginning. Fractions of a second are left out; of a missing time, all
/// parts are missing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct DateParts {
    /// Which, in the order of the columns. Default: the nine that Ludwig takes, from the year to the second
    /// of the day.
    #[serde(default = "usual_parts")]
    pub parts: Vec<DatePart>,
    /// Whether a part that comes again is given as a place on a circle: two columns, the sine and the cosine,
    /// so that its end is near its beginning.
    #[serde(default, skip_serializing_if = "fields::is_default")]
    pub cyclic: bool,
}

/// A part of a time. Those that come again name their period, and the first number that is reached in it;
/// on the circle, they are counted from there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DatePart {
    /// The year; that before 1 is 0.
    Year,
    /// From 1; a period of 12.
    Month,
    /// The day of the month, from 1; a period of 31.
    Day,
    /// From 0, Monday; a period of 7.
    Weekday,
    /// The day of the year, from 1; a period of 366.
    DayOfYear,
    /// From 0; a period of 24.
    Hour,
    /// The minute of the hour, from 0; a period of 60.
    Minute,
    /// The second of the minute, from 0; a period of 60.
    Second,
    /// From 0; a period of 86400.
    SecondOfDay,
    /// Days since 1970 began.
    EpochDay,
    /// Seconds since 1970 began.
    EpochSecond,
}

fn usual_parts() -> Vec<DatePart> {
    use DatePart::*;
    vec![Year, Month, Day, Weekday, DayOfYear, Hour, Minute, Second, SecondOfDay]
}

impl Default for DateParts {
    fn default() -> DateParts {
        DateParts { parts: usual_parts(), cyclic: false }
    }
}

impl DatePart {
    fn word(self) -> &'static str {
        match self {
            DatePart::Year => "year",
            DatePart::Month => "month",
            DatePart::Day => "day",
            DatePart::Weekday => "weekday",
            DatePart::DayOfYear => "day_of_year",
            DatePart::Hour => "hour",
            DatePart::Minute => "minute",
            DatePart::Second => "second",
            DatePart::SecondOfDay => "second_of_day",
            DatePart::EpochDay => "epoch_day",
            DatePart::EpochSecond => "epoch_second",
        }
    }

    /// The first number of the period, and how many there are; none where it does not come again.
    fn period(self) -> Option<(f64, f64)> {
        match self {
            DatePart::Year | DatePart::EpochDay | DatePart::EpochSecond => None,
            DatePart::Month => Some((1.0, 12.0)),
            DatePart::Day => Some((1.0, 31.0)),
            DatePart::Weekday => Some((0.0, 7.0)),
            DatePart::DayOfYear => Some((1.0, 366.0)),
            DatePart::Hour => Some((0.0, 24.0)),
            DatePart::Minute | DatePart::Second => Some((0.0, 60.0)),
            DatePart::SecondOfDay => Some((0.0, 86400.0)),
        }
    }

    fn of(self, time: &Clock) -> f64 {
        let part = match self {
            DatePart::Year => time.year,
            DatePart::Month => time.month,
            DatePart::Day => time.day,
            DatePart::Weekday => (time.epoch_day + 3).rem_euclid(7),
            DatePart::DayOfYear => time.day_of_year,
            DatePart::Hour => time.second_of_day() / 3600,
            DatePart::Minute => time.second_of_day() / 60 % 60,
            DatePart::Second => time.second_of_day() % 60,
            DatePart::SecondOfDay => time.second_of_day(),
            DatePart::EpochDay => time.epoch_day,
            DatePart::EpochSecond => time.epoch_second,
        };
        part as f64
    }
}

/// What a clock and a calendar show.
struct Clock {
    epoch_second: i64,
    epoch_day: i64,
    year: i64,
    month: i64,
    day: i64,
    day_of_year: i64,
}

impl Clock {
    fn new(microseconds: i64) -> Clock {
        let epoch_second = microseconds.div_euclid(1_000_000);
        let epoch_day = epoch_second.div_euclid(86400);
        let (year, month, day, day_of_year) = date(epoch_day);
        Clock { epoch_second, epoch_day, year, month, day, day_of_year }
    }

    fn second_of_day(&self) -> i64 {
        self.epoch_second.rem_euclid(86400)
    }
}

/// Year, month, day and day of the year of a day since 1970, after Howard Hinnant's `civil_from_days`: years
/// begin in March, so that a leap day is the last of its year, and 400 of them are always as long.
fn date(epoch_day: i64) -> (i64, i64, i64, i64) {
    let days = epoch_day + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let from_march = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * from_march + 2) / 153;
    let day = from_march - (153 * month_from_march + 2) / 5 + 1;
    let is_before_march = month_from_march >= 10;
    let month = if is_before_march { month_from_march - 9 } else { month_from_march + 3 };
    let year = era * 400 + year_of_era + i64::from(is_before_march);
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let day_of_year = if is_before_march { from_march - 305 } else { from_march + 60 + i64::from(is_leap) };
    (year, month, day, day_of_year)
}

impl Work for DateParts {
    fn bind(&self, reads: &[&Shape], name: &str) -> Result<Bound, Misfit> {
        match reads {
            [Shape::Times] => {}
            [other] => return Err(Misfit::kind("times", other)),
            _ => return Err(Misfit::field("columns", "has several: expected one column")),
        }
        let words: Vec<String> = self.parts.iter().map(|part| part.word().to_owned()).collect();
        fields::distinct("parts", &words)?;
        let columns: Vec<Column> =
            self.parts.iter().flat_map(|part| Column::of(*part, self.cyclic)).collect();
        let names = columns.iter().map(|column| format!("{name}_{}{}", column.part.word(), column.suffix()));
        Ok(Bound { shape: Shape::labelled(names.collect()), apply: Box::new(Columns(columns)) })
    }
}

#[derive(Debug)]
struct Column {
    part: DatePart,
    form: Form,
}

#[derive(Debug, Clone, Copy)]
enum Form {
    AsItIs,
    /// What is 0 on the circle, and how long it is.
    Sine(f64, f64),
    Cosine(f64, f64),
}

impl Column {
    fn of(part: DatePart, cyclic: bool) -> Vec<Column> {
        let forms = match part.period().filter(|_| cyclic) {
            None => vec![Form::AsItIs],
            Some((first, period)) => vec![Form::Sine(first, period), Form::Cosine(first, period)],
        };
        forms.into_iter().map(|form| Column { part, form }).collect()
    }

    fn suffix(&self) -> &'static str {
        match self.form {
            Form::AsItIs => "",
            Form::Sine(..) => "_sin",
            Form::Cosine(..) => "_cos",
        }
    }

    fn number(&self, time: &Clock) -> f64 {
        let part = self.part.of(time);
        match self.form {
            Form::AsItIs => part,
            Form::Sine(first, period) => ((part - first) / period * TAU).sin(),
            Form::Cosine(first, period) => ((part - first) / period * TAU).cos(),
        }
    }
}

#[derive(Debug)]
struct Columns(Vec<Column>);

impl Apply for Columns {
    fn apply(&self, reads: &[&Values]) -> Values {
        let times = reads[0].times();
        let clocks: Vec<Option<Clock>> =
            times.iter().map(|time| (*time != NO_TIME).then(|| Clock::new(*time))).collect();
        let number = |column: &Column, clock: &Option<Clock>| {
            clock.as_ref().map_or(f64::NAN, |clock| column.number(clock))
        };
        let columns = self.0.iter().map(|column| clocks.iter().map(|clock| number(column, clock)).collect());
        Values::Numbers(Numbers::new(times.len(), columns.collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial::{refusal, table};
    use super::*;

    const SECOND: i64 = 1_000_000;

    #[test]
    fn a_time_becomes_what_clock_and_calendar_show() {
        let times = Values::Times(vec![0, 951_782_400 * SECOND + 1, -1, NO_TIME]);
        let (names, rows) = table(&DateParts::default().into(), &(Shape::Times, times));
        assert_eq!(names[4], "x_day_of_year");
        assert_eq!(rows[0], [1970.0, 1.0, 1.0, 3.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(rows[1], [2000.0, 2.0, 29.0, 1.0, 60.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(rows[2], [1969.0, 12.0, 31.0, 2.0, 365.0, 23.0, 59.0, 59.0, 86399.0]);
        assert!(rows[3].iter().all(|part| part.is_nan()));
    }

    #[test]
    fn what_comes_again_is_on_a_circle() {
        let step = DateParts { parts: vec![DatePart::Month, DatePart::Year], cyclic: true };
        let (names, rows) = table(&step.into(), &(Shape::Times, Values::Times(vec![0, 90 * 86400 * SECOND])));
        assert_eq!(names, ["x_month_sin", "x_month_cos", "x_year"]);
        assert_eq!(rows[0], [0.0, 1.0, 1970.0]);
        assert!((rows[1][0] - 1.0).abs() < 1e-12, "April is a quarter further: {rows:?}");
    }

    #[test]
    fn the_first_and_the_last_time_that_there_can_be_are_no_trouble() {
        let step = DateParts { parts: vec![DatePart::Year], cyclic: false };
        let times = Values::Times(vec![i64::MIN + 1, i64::MAX]);
        assert_eq!(table(&step.into(), &(Shape::Times, times)).1, [[-290_308.0], [294_247.0]]);
    }

    #[test]
    fn parts_are_there_and_each_once() {
        let of = |parts: &[DatePart]| DateParts { parts: parts.to_vec(), cyclic: false };
        assert_eq!(refusal(of(&[]), &Shape::Times), "parts: is empty");
        assert_eq!(refusal(of(&[DatePart::Day, DatePart::Day]), &Shape::Times), "parts: has \"day\" twice");
        assert_eq!(refusal(of(&[]), &Shape::Texts), "column: reads texts: expected times");
    }
}
