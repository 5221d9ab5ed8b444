//! Patterns of characters, as far as they stand in exported models: sets of characters, each so many
//! times, one after another. Alternatives and groups are refused. The longest match counts.

use std::ops::Range;

use crate::program::{budget, tensor::Fault};

/// A pattern that can be looked for.
#[derive(Debug)]
pub(super) struct Pattern {
    items: Vec<Item>,
}

#[derive(Debug)]
enum Item {
    /// Characters of a set, from so many to so many.
    Run { set: Set, least: usize, most: usize },
    /// The edge of a word.
    Edge,
}

/// Characters by ranges, or all but those.
#[derive(Debug, Default)]
struct Set {
    ranges: Vec<(char, char)>,
    is_negated: bool,
}

impl Set {
    fn has(&self, c: char) -> bool {
        self.ranges.iter().any(|(first, last)| (*first..=*last).contains(&c)) != self.is_negated
    }
}

/// ASCII alone, as in ONNX Runtime.
const WORD: [(char, char); 4] = [('a', 'z'), ('A', 'Z'), ('0', '9'), ('_', '_')];
const SPACE: [(char, char); 5] = [(' ', ' '), ('\t', '\t'), ('\n', '\n'), ('\r', '\r'), ('\u{c}', '\u{c}')];

fn is_word(c: Option<&char>) -> bool {
    c.is_some_and(|c| c.is_ascii_alphanumeric() || *c == '_')
}

/// What reads a pattern from its start to its end.
struct Reader<'t> {
    rest: std::iter::Peekable<std::str::Chars<'t>>,
}

impl Pattern {
    pub(super) fn read(text: &str) -> Result<Pattern, String> {
        const MOST_ITEMS: usize = 64;
        let text = text.strip_prefix("(?u)").unwrap_or(text);
        let mut reader = Reader { rest: text.chars().peekable() };
        let mut items = Vec::new();
        while let Some(c) = reader.rest.next() {
            let set = match c {
                '[' => reader.set()?,
                '.' => Set { ranges: vec![('\n', '\n')], is_negated: true },
                '\\' if reader.rest.next_if_eq(&'b').is_some() => {
                    items.push(Item::Edge);
                    continue;
                }
                '\\' => reader.escaped()?,
                '(' | ')' | '|' | '^' | '$' | '*' | '+' | '?' | '{' => {
                    return Err(format!("{c:?} is not supported there"));
                }
                c => Set { ranges: vec![(c, c)], is_negated: false },
            };
            let (least, most) = reader.times()?;
            items.push(Item::Run { set, least, most });
        }
        match items.len() {
            1..=MOST_ITEMS => Ok(Pattern { items }),
            count => Err(format!("expected 1 to {MOST_ITEMS} parts, found {count}")),
        }
    }

    /// Where it is found, from left to right, none over another.
    pub(super) fn matches(&self, text: &[char]) -> Result<Vec<Range<usize>>, Fault> {
        let runs: Vec<Vec<usize>> = self.items.iter().map(|item| item.runs(text)).collect();
        let mut found = Vec::new();
        let mut at = 0;
        while at < text.len() {
            match self.longest(text, at, &runs)?.filter(|end| *end > at) {
                Some(end) => {
                    found.push(at..end);
                    at = end;
                }
                None => at += 1,
            }
        }
        Ok(found)
    }

    /// The end of the longest match that begins there.
    fn longest(&self, text: &[char], begin: usize, runs: &[Vec<usize>]) -> Result<Option<usize>, Fault> {
        // All places where what was looked at so far may end, in order.
        let mut ends = vec![begin];
        for (item, runs) in self.items.iter().zip(runs) {
            budget::spend(ends.len())?;
            match item {
                Item::Edge => ends.retain(|end| {
                    let before = end.checked_sub(1).and_then(|before| text.get(before));
                    is_word(before) != is_word(text.get(*end))
                }),
                Item::Run { least, most, .. } => {
                    let mut next: Vec<usize> = Vec::new();
                    for end in ends {
                        let first = end.saturating_add(*least).max(next.last().map_or(0, |last| last + 1));
                        next.extend(first..=end + runs[end].min(*most));
                    }
                    ends = next;
                }
            }
        }
        Ok(ends.last().copied())
    }
}

impl Item {
    /// How many characters of its set follow each other from each place on.
    fn runs(&self, text: &[char]) -> Vec<usize> {
        let mut runs = vec![0; text.len() + 1];
        if let Item::Run { set, .. } = self {
            for (at, c) in text.iter().enumerate().rev() {
                runs[at] = if set.has(*c) { runs[at + 1] + 1 } else { 0 };
            }
        }
        runs
    }
}

impl Reader<'_> {
    /// What stands after a backslash.
    fn escaped(&mut self) -> Result<Set, String> {
        let c = self.rest.next().ok_or("it ends with a backslash")?;
        let ranges = match c.to_ascii_lowercase() {
            'w' => WORD.to_vec(),
            'd' => vec![('0', '9')],
            's' => SPACE.to_vec(),
            _ if c == 'n' => vec![('\n', '\n')],
            _ if c == 't' => vec![('\t', '\t')],
            _ if c.is_ascii_alphanumeric() => return Err(format!("\\{c} is not supported")),
            _ => vec![(c, c)],
        };
        Ok(Set { ranges, is_negated: c.is_ascii_uppercase() })
    }

    /// What stands between brackets.
    fn set(&mut self) -> Result<Set, String> {
        let mut set = Set { is_negated: self.rest.next_if_eq(&'^').is_some(), ..Set::default() };
        while let Some(c) = self.rest.next() {
            let first = match c {
                ']' if !set.ranges.is_empty() => return Ok(set),
                '\\' => {
                    let escaped = self.escaped()?;
                    match escaped.ranges.as_slice() {
                        _ if escaped.is_negated => return Err("a negated set in a set".to_owned()),
                        [(first, last)] if first == last => *first,
                        ranges => {
                            set.ranges.extend(ranges);
                            continue;
                        }
                    }
                }
                c => c,
            };
            let mut ahead = self.rest.clone();
            let is_range = ahead.next() == Some('-') && ahead.next().is_some_and(|c| c != ']');
            let last = if is_range {
                self.rest.next();
                match self.rest.next().ok_or("a range without an end")? {
                    '\\' => return Err("a range with a backslash".to_owned()),
                    last => last,
                }
            } else {
                first
            };
            set.ranges.push((first, last));
        }
        Err("a bracket is not closed".to_owned())
    }

    /// How many times.
    fn times(&mut self) -> Result<(usize, usize), String> {
        let times = match self.rest.peek() {
            Some('+') => (1, usize::MAX),
            Some('*') => (0, usize::MAX),
            Some('?') => (0, 1),
            Some('{') => return self.counted(),
            _ => return Ok((1, 1)),
        };
        self.rest.next();
        Ok(times)
    }

    fn counted(&mut self) -> Result<(usize, usize), String> {
        let inside: String = self.rest.by_ref().skip(1).take_while(|c| *c != '}').collect();
        let number = |text: &str| text.parse::<usize>().map_err(|_| format!("{inside:?} is no count"));
        match inside.split_once(',') {
            None => number(&inside).map(|count| (count, count)),
            Some((least, "")) => Ok((number(least)?, usize::MAX)),
            Some((least, most)) => Ok((number(least)?, number(most)?)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pattern: &str, text: &str) -> Vec<String> {
        let text: Vec<char> = text.chars().collect();
        let ranges = Pattern::read(pattern).unwrap().matches(&text).unwrap();
        ranges.into_iter().map(|range| text[range].iter().collect()).collect()
    }

    #[test]
    fn the_patterns_of_exported_models_find_their_tokens() {
        assert_eq!(found("[a-zA-Z0-9_]+", "ab, c_1-d"), ["ab", "c_1", "d"]);
        assert_eq!(found(r"(?u)\b\w\w+\b", "a bc d efg"), ["bc", "efg"]);
        assert_eq!(found(".", "aö"), ["a", "ö"]);
        assert_eq!(found(r"[^\s,]{2,3}", "abcd ef,g"), ["abc", "ef"]);
        assert_eq!(found("a?b", "ab b aab"), ["ab", "b", "ab"]);
        assert_eq!(found("[]x-]", "a]-x"), ["]", "-", "x"]);
    }

    #[test]
    fn what_is_not_supported_is_refused() {
        for pattern in ["a|b", "(ab)+", "[a", "", "*", r"\p", "a{x}", "^a"] {
            assert!(Pattern::read(pattern).is_err(), "{pattern}");
        }
    }
}
