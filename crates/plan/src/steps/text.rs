//! How texts are cut into words: as Python and scikit-learn do.

use unicode_normalization::char::is_combining_mark;

/// Whether Python takes it for white space.
pub(super) fn is_space(letter: char) -> bool {
    letter.is_whitespace() || ('\x1c'..='\x1f').contains(&letter)
}

/// Whether it is part of a word in Python's regular expressions, `\w`: a letter, a digit or `_`. Marks that
/// combine with a letter are not, although Unicode calls some of them alphabetic; nor are circled letters.
pub(super) fn is_of_word(letter: char) -> bool {
    if letter.is_ascii() {
        return letter.is_ascii_alphanumeric() || letter == '_';
    }
    letter.is_alphanumeric() && !is_combining_mark(letter) && !is_circled(letter)
}

/// Whether it is a letter in a circle or a square, which is a symbol.
fn is_circled(letter: char) -> bool {
    matches!(letter, '\u{24b6}'..='\u{24e9}' | '\u{1f130}'..='\u{1f149}' | '\u{1f150}'..='\u{1f169}'
        | '\u{1f170}'..='\u{1f189}')
}

/// Words of two letters and more, as scikit-learn's `(?u)\b\w\w+\b` finds them.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter| !is_of_word(letter)).filter(|word| word.chars().nth(1).is_some())
}

/// What is between white space, as Python's `split` finds it.
pub(super) fn between_spaces(text: &str) -> impl Iterator<Item = &str> {
    text.split(is_space).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_two_letters_and_more() {
        let found: Vec<_> = words("I am x_1, aren't I? été 42 naïve-ly").collect();
        assert_eq!(found, ["am", "x_1", "aren", "été", "42", "naïve", "ly"]);
        assert_eq!(words(" . a ").count(), 0);
    }

    #[test]
    fn marks_divide_words_as_they_do_in_python() {
        // In Devanagari, vowels after a consonant are marks.
        assert_eq!(words("नमस्ते").collect::<Vec<_>>(), ["नमस"]);
        assert_eq!(words("ⓐⓑ 東京 x² ½¼").collect::<Vec<_>>(), ["東京", "x²", "½¼"]);
    }

    #[test]
    fn all_white_space_divides() {
        let found: Vec<_> = between_spaces(" a\u{a0}b\n\nc\x1cd\u{3000}é ").collect();
        assert_eq!(found, ["a", "b", "c", "d", "é"]);
    }
}
