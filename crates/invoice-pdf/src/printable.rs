//! Makes any text one line that the fonts can print.

/// Stands for what the fonts do not have, so that a reader sees that something was there.
pub(crate) const PLACEHOLDER: char = '\u{FFFD}';

/// Longer texts are cut before anyone measures them: no place on the page holds as much, and shaping costs time.
const CHARS_MAX: usize = 2_000;

/// No language puts more marks on a letter; a pile of them would grow into the neighbouring lines.
const MARKS_MAX: usize = 3;

/// The text with its white space and control characters made single spaces, what cannot be seen left out, and
/// [`PLACEHOLDER`] for each character that is not covered.
pub(crate) fn printable(raw: &str, covers: impl Fn(char) -> bool) -> String {
    let mut text = String::with_capacity(raw.len().min(CHARS_MAX));
    let mut marks = 0;
    let visible = raw.chars().filter(|character| !is_invisible(*character));
    for character in visible.take(CHARS_MAX) {
        marks = if is_mark(character) { marks + 1 } else { 0 };
        if character.is_whitespace() || character.is_control() {
            if !text.is_empty() && !text.ends_with(' ') {
                text.push(' ');
            }
        } else if !covers(character) {
            text.push(PLACEHOLDER);
        } else if marks <= MARKS_MAX {
            text.push(character);
        }
    }
    text.truncate(text.trim_end().len());
    text
}

/// Joiners, variation selectors, and the marks that turn the writing direction: the last could make an invoice read
/// otherwise than it is.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{AD}'
            | '\u{34F}'
            | '\u{61C}'
            | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}'
            | '\u{FFF9}'..='\u{FFFB}'
            | '\u{E0000}'..='\u{E0FFF}'
    )
}

/// What is set on the letter before it, of all that the fonts have.
fn is_mark(character: char) -> bool {
    matches!(
        character,
        '\u{300}'..='\u{36F}'
            | '\u{483}'..='\u{489}'
            | '\u{1AB0}'..='\u{1AFF}'
            | '\u{1DC0}'..='\u{1DFF}'
            | '\u{20D0}'..='\u{20FF}'
            | '\u{2DE0}'..='\u{2DFF}'
            | '\u{A66F}'..='\u{A67D}'
            | '\u{FE20}'..='\u{FE2F}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made_printable(raw: &str) -> String {
        printable(raw, |character| {
            !('\u{4E00}'..='\u{9FFF}').contains(&character)
        })
    }

    #[test]
    fn white_space_and_controls_become_single_spaces() {
        for (raw, text) in [
            ("  a\t\n b\u{0}c\u{A0}d ", "a b c d"),
            ("", ""),
            ("\n\n", ""),
            ("plain", "plain"),
        ] {
            assert_eq!(made_printable(raw), text);
        }
    }

    #[test]
    fn what_the_font_lacks_is_seen_to_be_missing() {
        assert_eq!(made_printable("Tea 茶"), "Tea \u{FFFD}");
    }

    #[test]
    fn the_writing_direction_cannot_be_turned() {
        assert_eq!(made_printable("a\u{202E}b\u{2066}c\u{200F}d"), "abcd");
    }

    #[test]
    fn names_keep_their_marks_and_piles_of_them_fall() {
        assert_eq!(made_printable("Ọlọ́run"), "Ọlọ́run");
        let pile = format!("a{}b", "\u{301}".repeat(500));
        assert_eq!(made_printable(&pile), "a\u{301}\u{301}\u{301}b");
    }

    #[test]
    fn a_very_long_text_is_cut() {
        assert_eq!(made_printable(&"x".repeat(100_000)).len(), CHARS_MAX);
    }
}
