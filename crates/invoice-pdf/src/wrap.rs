//! Breaks a text into lines, and cuts what does not fit.
//!
//! Lines end between words; a word wider than the line ends between letters. What a text is wide is asked of the
//! caller, so that nothing here knows about fonts.

use unicode_segmentation::UnicodeSegmentation;

const ELLIPSIS: char = '…';

/// How a text is to be broken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    pub(crate) width: f32,
    /// At least one; the rest of the text gives way to an ellipsis.
    pub(crate) lines_max: usize,
}

/// The lines of a text in a column.
///
/// It expects words with single spaces between them, as [`printable`](crate::printable::printable) makes them. An
/// empty text has no lines.
pub(crate) fn wrap(text: &str, column: Column, measure: impl Fn(&str) -> f32) -> Vec<String> {
    let space = measure(" ");
    let mut lines = Vec::new();
    let mut line = Line::default();
    let mut rest = text.trim_start();
    while let Some(word) = rest.split(' ').next().filter(|word| !word.is_empty()) {
        if lines.len() + 1 >= column.lines_max {
            lines.push(cut(&line.followed_by(rest), column.width, &measure));
            return lines;
        }
        let width = measure(word);
        if line.text.is_empty() && width > column.width {
            let head = longest_start(word, column.width, &measure, "");
            lines.push(head.to_owned());
            rest = rest.get(head.len()..).unwrap_or_default().trim_start();
        } else if line.text.is_empty() || line.width + space + width <= column.width {
            line.add(word, space, width);
            rest = rest.get(word.len()..).unwrap_or_default().trim_start();
        } else {
            lines.push(std::mem::take(&mut line).text);
        }
    }
    if !line.text.is_empty() {
        lines.push(line.text);
    }
    lines
}

/// The text, or as much of its start as fits with an ellipsis behind it.
pub(crate) fn cut(text: &str, width: f32, measure: impl Fn(&str) -> f32) -> String {
    if measure(text) <= width {
        return text.to_owned();
    }
    let ellipsis = ELLIPSIS.to_string();
    let start = longest_start(text, width, &measure, &ellipsis);
    format!("{}{ellipsis}", start.trim_end())
}

#[derive(Default)]
struct Line {
    text: String,
    width: f32,
}

impl Line {
    fn add(&mut self, word: &str, space: f32, width: f32) {
        if !self.text.is_empty() {
            self.text.push(' ');
            self.width += space;
        }
        self.text.push_str(word);
        self.width += width;
    }

    fn followed_by(&self, rest: &str) -> String {
        if self.text.is_empty() {
            rest.to_owned()
        } else {
            format!("{} {rest}", self.text)
        }
    }
}

/// The longest start that fits with `tail` behind it; never less than one letter with its marks, so that a caller
/// who goes on with the rest comes to an end.
fn longest_start<'a>(
    text: &'a str,
    width: f32,
    measure: &impl Fn(&str) -> f32,
    tail: &str,
) -> &'a str {
    let letters = text.grapheme_indices(true);
    let ends: Vec<usize> = letters
        .map(|(start, letter)| start + letter.len())
        .collect();
    let start = |end: usize| text.get(..end).unwrap_or(text);
    let fits = |end: usize| measure(&format!("{}{tail}", start(end))) <= width;
    // The text may be far longer than the line, so the search looks twice as far each time and then back.
    let mut far = 8;
    while ends.get(far).is_some_and(|end| fits(*end)) {
        far *= 2;
    }
    let near = ends.get(..far).unwrap_or(&ends);
    let fitting = near.partition_point(|end| fits(*end));
    let end = near.get(fitting.saturating_sub(1)).copied();
    start(end.unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Every letter is one wide.
    fn letters(text: &str) -> f32 {
        text.graphemes(true).map(|_letter| 1.0).sum()
    }

    fn wrapped(text: &str, width: f32, lines_max: usize) -> Vec<String> {
        wrap(text, Column { width, lines_max }, letters)
    }

    #[test]
    fn lines_end_between_words() {
        assert_eq!(wrapped("one two three", 7.0, 9), ["one two", "three"]);
        assert_eq!(wrapped("one two three", 6.9, 9), ["one", "two", "three"]);
        assert_eq!(wrapped("one two three", 13.0, 9), ["one two three"]);
        assert_eq!(wrapped("", 7.0, 9), [""; 0]);
    }

    #[test]
    fn a_word_wider_than_the_line_ends_between_letters() {
        assert_eq!(wrapped("abcdefgh", 3.0, 9), ["abc", "def", "gh"]);
        assert_eq!(
            wrapped("x abcdefgh y", 3.0, 9),
            ["x", "abc", "def", "gh", "y"]
        );
        assert_eq!(wrapped("abcdefgh y", 4.0, 9), ["abcd", "efgh", "y"]);
    }

    #[test]
    fn a_letter_keeps_its_marks() {
        assert_eq!(wrapped("ọ́ọ́ọ́ọ́", 3.0, 9), ["ọ́ọ́ọ́", "ọ́"]);
    }

    #[test]
    fn what_does_not_fit_the_last_line_gives_way_to_an_ellipsis() {
        assert_eq!(wrapped("one two three four", 7.0, 2), ["one two", "three…"]);
        assert_eq!(wrapped("one two three", 9.0, 1), ["one two…"]);
        assert_eq!(wrapped("one two", 9.0, 1), ["one two"]);
        assert_eq!(cut("abcdef", 4.0, letters), "abc…");
        assert_eq!(cut("abcd", 4.0, letters), "abcd");
    }

    #[test]
    fn a_line_too_narrow_for_a_letter_still_comes_to_an_end() {
        assert_eq!(wrapped("abc", 0.5, 9), ["a", "b", "c"]);
        assert_eq!(wrapped("a b", 0.5, 9), ["a", "b"]);
        assert_eq!(cut("abc", 0.5, letters), "a…");
    }

    proptest! {
        #[test]
        fn no_line_is_too_wide_and_no_letter_is_lost(
            text in "[a-z]{1,12}( [a-z]{1,12}){0,20}",
            width in 2_u8..20,
        ) {
            let lines = wrapped(&text, f32::from(width), usize::MAX);
            for line in &lines {
                prop_assert!(letters(line) <= f32::from(width), "{line}");
            }
            let all: String = lines.concat().chars().filter(|letter| *letter != ' ').collect();
            prop_assert_eq!(all, text.replace(' ', ""));
        }

        #[test]
        fn there_are_never_too_many_lines(text in "[a-z ]{0,200}", lines_max in 1_usize..5) {
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let lines = wrapped(&text, 8.0, lines_max);
            prop_assert!(lines.len() <= lines_max);
            prop_assert!(lines.iter().all(|line| letters(line) <= 8.0));
        }
    }
}
