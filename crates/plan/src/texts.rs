//! Texts of a column as they came, whether 32 bits tell where each ends, or 64.

use arrow_array::{Array, LargeStringArray, StringArray};

/// Texts of some rows; null is missing.
#[derive(Debug, Clone)]
pub(crate) enum Texts {
    Narrow(StringArray),
    Wide(LargeStringArray),
}

/// Whatever the width.
macro_rules! either {
    ($texts:expr, $array:ident => $what:expr) => {
        match $texts {
            Texts::Narrow($array) => $what,
            Texts::Wide($array) => $what,
        }
    };
}

impl Texts {
    pub(crate) fn len(&self) -> usize {
        either!(self, array => array.len())
    }

    pub(crate) fn is_null(&self, row: usize) -> bool {
        either!(self, array => array.is_null(row))
    }

    pub(crate) fn have_nulls(&self) -> bool {
        either!(self, array => array.null_count() > 0)
    }

    /// The text of a row; of one that is null, any.
    pub(crate) fn value(&self, row: usize) -> &str {
        either!(self, array => array.value(row))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Option<&str>> {
        (0..self.len()).map(|row| (!self.is_null(row)).then(|| self.value(row)))
    }
}

impl PartialEq for Texts {
    fn eq(&self, other: &Texts) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<T> From<T> for Texts
where
    LargeStringArray: From<T>,
{
    fn from(texts: T) -> Texts {
        Texts::Wide(texts.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_the_same_in_either_width() {
        let rows = vec![Some("été"), None, Some(""), Some("b")];
        let narrow = Texts::Narrow(StringArray::from(rows.clone()).slice(1, 3));
        let wide = Texts::Wide(LargeStringArray::from(rows).slice(1, 3));
        assert_eq!(narrow, wide);
        for texts in [narrow, wide] {
            assert_eq!(texts.iter().collect::<Vec<_>>(), [None, Some(""), Some("b")]);
            assert_eq!((texts.len(), texts.have_nulls(), texts.is_null(0)), (3, true, true));
        }
    }
}
