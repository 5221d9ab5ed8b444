//! Where cells end: delimiters and line ends, found 64 bytes at a time.

/// What must not be in a text whose cells are found so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Odd;

/// The ends of the cells of a text without quotes, in order: every delimiter and every LF, whether or not a CR stands
/// before it, and the end of the text where it ends within a row.
///
/// - no CR stands elsewhere, no quote and no NUL stand anywhere
/// - it is text to the last character
pub(super) struct Ends<'t> {
    text: &'t [u8],
    delimiter: u8,
    quote: u8,
    /// How much was looked at.
    seen: usize,
    /// Those that were found, and room for more.
    found: Vec<u32>,
    count: usize,
    after_return: bool,
    /// Whether what comes is known to be text, where it is not of ASCII alone.
    is_text: bool,
}

/// So many bytes are looked at together.
const STEP: usize = 64;

impl<'t> Ends<'t> {
    pub(super) fn of(text: &'t [u8], delimiter: u8, quote: u8) -> Ends<'t> {
        Ends {
            text,
            delimiter,
            quote,
            seen: 0,
            found: Vec::new(),
            count: 0,
            after_return: false,
            is_text: false,
        }
    }

    /// The ends that were not dropped yet: as many as are wanted, or all that are left.
    pub(super) fn some(&mut self, wanted: usize) -> Result<&mut [u32], Odd> {
        while self.count < wanted && self.seen < self.text.len() {
            let rest = &self.text[self.seen..];
            match rest.first_chunk() {
                Some(step) => self.look_at(step, STEP)?,
                None => {
                    let mut step = [b' '; STEP];
                    step[..rest.len()].copy_from_slice(rest);
                    self.look_at(&step, rest.len())?;
                }
            }
            if self.seen == self.text.len() {
                match self.text.last() {
                    Some(b'\n') => {}
                    Some(b'\r') => return Err(Odd),
                    _ => {
                        self.room()[0] = self.text.len() as u32;
                        self.count += 1;
                    }
                }
            }
        }
        Ok(&mut self.found[..self.count])
    }

    /// Forgets the first of them.
    pub(super) fn drop(&mut self, count: usize) {
        self.found.copy_within(count..self.count, 0);
        self.count -= count;
    }

    /// Room for the ends of a step.
    #[inline]
    fn room(&mut self) -> &mut [u32; STEP] {
        if self.found.len() < self.count + STEP {
            self.found.resize(2 * self.found.len() + STEP, 0);
        }
        self.found[self.count..].first_chunk_mut().expect("there is room for a step")
    }

    #[inline]
    fn look_at(&mut self, step: &[u8; STEP], count: usize) -> Result<(), Odd> {
        let (delimiter, quote) = (self.delimiter, self.quote);
        let (mut flags, mut is_end) = (0, [0; STEP]);
        for (byte, is_end) in step.iter().zip(&mut is_end) {
            let is_odd = (*byte == quote) | (*byte == 0);
            flags |= u8::from(is_odd) | (u8::from(*byte == b'\r') * RETURN) | (*byte & NOT_ASCII);
            *is_end = u8::from((*byte == delimiter) | (*byte == b'\n'));
        }
        if self.is_text {
            flags &= !NOT_ASCII;
        }
        if flags != 0 || self.after_return {
            self.check(flags, step, count)?;
        }
        let mut ends = bits(&is_end) & u64::MAX >> (STEP - count);
        let base = self.seen as u32;
        let many = ends.count_ones();
        // Twelve are written whether or not there are so many: most steps have fewer.
        let places = self.room();
        let mut write = |place: &mut u32| {
            *place = base.wrapping_add(ends.trailing_zeros());
            ends &= ends.wrapping_sub(1);
            ends
        };
        let (few, more) = places.split_at_mut(12);
        let mut left = few.iter_mut().fold(0, |_, place| write(place));
        for place in more {
            if left == 0 {
                break;
            }
            left = write(place);
        }
        self.count += many as usize;
        self.seen += count;
        Ok(())
    }

    /// Looks closer at bytes of which some are not those of most texts.
    #[cold]
    fn check(&mut self, flags: u8, step: &[u8; STEP], count: usize) -> Result<(), Odd> {
        if flags & ODD != 0 {
            return Err(Odd);
        }
        if flags & NOT_ASCII != 0 {
            self.is_text = true;
            str::from_utf8(&self.text[self.seen..]).map_err(|_| Odd)?;
        }
        // An LF follows each CR, that of the step before among them.
        let returns = bits(&step.map(|byte| u8::from(byte == b'\r')));
        let lines = bits(&step.map(|byte| u8::from(byte == b'\n')));
        let due = returns << 1 | u64::from(self.after_return);
        self.after_return = returns >> (count - 1) & 1 == 1;
        if due & !lines & u64::MAX >> (STEP - count) == 0 { Ok(()) } else { Err(Odd) }
    }
}

/// What is told of the bytes of a step, if it is so of any.
const ODD: u8 = 1;
const RETURN: u8 = 2;
const NOT_ASCII: u8 = 0x80;

/// A bit for each byte that is one; others are zero.
#[inline]
fn bits(bytes: &[u8; STEP]) -> u64 {
    // Eight are moved to the highest byte.
    const TO_HIGHEST: u64 = 0x0102_0408_1020_4080;
    let mut bits = 0;
    for (at, eight) in bytes.as_chunks::<8>().0.iter().enumerate() {
        bits |= u64::from_le_bytes(*eight).wrapping_mul(TO_HIGHEST) >> 56 << (8 * at);
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(text: &str) -> Result<Vec<u32>, Odd> {
        let mut ends = Ends::of(text.as_bytes(), b',', b'"');
        // Step by step, and all at once.
        let mut found = Vec::new();
        while let some = ends.some(1)?
            && !some.is_empty()
        {
            found.push(some[0]);
            ends.drop(1);
        }
        let mut ends = Ends::of(text.as_bytes(), b',', b'"');
        assert_eq!(ends.some(usize::MAX)?, found);
        Ok(found)
    }

    #[test]
    fn every_delimiter_and_every_line_ends_a_cell() {
        let mut state = 3_u64;
        for _ in 0..20_000 {
            let mut text = String::new();
            for _ in 0..state >> 57 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                text += ["1", "é", "x", "y", ",", ",", "\n", "\r\n"][(state >> 33) as usize % 8];
            }
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut expected: Vec<u32> = (0..text.len())
                .filter(|at| matches!(text.as_bytes()[*at], b',' | b'\n'))
                .map(|at| at as u32)
                .collect();
            if !text.is_empty() && !text.ends_with('\n') {
                expected.push(text.len() as u32);
            }
            assert_eq!(ends(&text), Ok(expected), "{text:?}");
            for odd in ["\r", "\"", "\0"] {
                assert_eq!(ends(&format!("{text}{odd}")), Err(Odd), "{text:?} {odd:?}");
                assert_eq!(ends(&format!("{text}{odd}1{text}")), Err(Odd), "{text:?} {odd:?}");
            }
        }
    }
}
