//! How dates and times are commonly written.

use super::nearly_all;
use crate::Clock;

/// Tried in this order: of those that fit all values, the first is taken. Nothing stands for ISO 8601.
const FORMATS: [&str; 27] = [
    "",
    "%d.%m.%Y",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%y",
    "%m/%d/%Y",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %I:%M %p",
    "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%y",
    "%m/%d/%y %H:%M",
    "%d/%m/%Y",
    "%d/%m/%Y %H:%M",
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%y",
    "%Y/%m/%d",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d %H:%M:%S",
    "%d-%m-%Y",
    "%d-%m-%Y %H:%M:%S",
    "%d %b %Y",
    "%d-%b-%Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%H:%M",
    "%H:%M:%S",
];

/// A day has so many microseconds.
const DAY: i64 = 86_400_000_000;
/// The year 1000: a format of four digits reads `24` as the year 24.
const FIRST: i64 = -354_285 * DAY;

/// Whether a date's last number has two digits, as a year of a century; 1.2.3 is a version of something.
fn ends_in_two(text: &str) -> bool {
    let date = text.split(' ').next().unwrap_or(text).as_bytes();
    date.len() > 2
        && date[date.len() - 2..].iter().all(u8::is_ascii_digit)
        && !date[date.len() - 3].is_ascii_digit()
}

/// A way in which times may be written, and how well it fits.
#[derive(Debug)]
pub(super) struct Format {
    /// Nothing for ISO 8601.
    pub format: String,
    clock: Clock,
    fits: u64,
    fails: u64,
    is_out: bool,
    is_asked: bool,
    pub has_hours: bool,
}

impl Format {
    fn new(format: &str, clock: Clock) -> Format {
        Format {
            format: format.to_owned(),
            clock,
            fits: 0,
            fails: 0,
            is_out: false,
            is_asked: false,
            has_hours: false,
        }
    }

    /// A clock that was asked for.
    pub(super) fn asked(clock: Clock) -> Format {
        let format = clock.formats().first().cloned().unwrap_or_default();
        Format { is_asked: true, ..Format::new(&format, clock) }
    }

    fn see(&mut self, text: &str) {
        let may_be = |time: &i64| match self.format.contains("%y") {
            true => self.is_asked || ends_in_two(text),
            false => self.is_asked || *time > FIRST,
        };
        match self.clock.read(text).filter(may_be) {
            Some(time) => {
                self.fits += 1;
                self.has_hours |= time.rem_euclid(DAY) != 0;
            }
            None => {
                self.fails += 1;
                self.is_out = self.fails > 5 && self.fails * 20 > self.fits;
            }
        }
    }

    pub(super) fn fits(&self) -> u64 {
        self.fits
    }

    pub(super) fn fails(&self) -> u64 {
        self.fails
    }
}

/// The ways in which a column's times may be written.
#[derive(Debug)]
pub(super) struct Formats {
    all: Vec<Format>,
    is_asked: bool,
}

impl Formats {
    /// Any of the common ones.
    pub(super) fn common() -> Formats {
        let format = |format: &&str| {
            let formats = if format.is_empty() { Vec::new() } else { vec![(*format).to_owned()] };
            Clock::new(formats, None).ok().map(|clock| Format::new(format, clock))
        };
        Formats { all: FORMATS.iter().filter_map(format).collect(), is_asked: false }
    }

    pub(super) fn asked(clock: Clock) -> Formats {
        Formats { all: vec![Format::asked(clock)], is_asked: true }
    }

    pub(super) fn see(&mut self, text: &str) {
        if self.all.is_empty() {
            return;
        }
        let may_be = text.len() <= 40 && text.bytes().filter(u8::is_ascii_digit).count() >= 3;
        let looks_like = may_be && text.bytes().any(|byte| matches!(byte, b'.' | b'/' | b'-' | b' ' | b':'));
        for format in &mut self.all {
            match looks_like || self.is_asked {
                true => format.see(text),
                false => {
                    format.fails += 1;
                    format.is_out = format.fails > 5 && format.fails * 20 > format.fits;
                }
            }
        }
        if !self.is_asked {
            self.all.retain(|format| !format.is_out);
        }
    }

    /// The first of those that fit best, if it fits nearly all, and one that fits as well.
    pub(super) fn best(&self) -> Option<(&Format, Option<&Format>)> {
        let fits = |format: &&Format| nearly_all(format.fits, format.fails);
        let best = self.all.iter().filter(fits).min_by_key(|format| format.fails)?;
        let rival = self.all.iter().find(|other| other.format != best.format && other.fits == best.fits);
        Some((best, rival))
    }

    /// The only one, where it was asked for.
    pub(super) fn only(&self) -> Option<&Format> {
        self.all.first().filter(|_| self.is_asked)
    }
}
