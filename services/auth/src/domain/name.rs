//! What a person calls themself.

/// The longest name, in characters.
pub(crate) const MAX_CHARS: usize = 200;

/// Why a text cannot be a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NameError {
    #[error("must be between 1 and 200 characters")]
    Length,
    /// A line break in a name could end a mail header; a reversed one could forge what follows it on a page.
    #[error("must not contain control characters")]
    Control,
}

/// Trims a name and checks it; everything printable is kept as it was written.
pub(crate) fn parse(text: &str) -> Result<String, NameError> {
    let name = text.trim();
    if !(1..=MAX_CHARS).contains(&name.chars().count()) {
        return Err(NameError::Length);
    }
    if name
        .chars()
        .any(|c| c.is_control() || is_line_or_direction(c))
    {
        return Err(NameError::Control);
    }
    Ok(name.to_owned())
}

/// Unicode's line and paragraph separators, and the overrides and isolates that turn text around.
fn is_line_or_direction(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_every_script_and_mark_are_kept() {
        for name in [
            "Adé Ọláyẹmí",
            "李",
            "O'Brien \"Bob\"",
            "<script>",
            "{{7*7}}",
            "👩‍👩‍👧",
        ] {
            assert_eq!(parse(name).as_deref(), Ok(name));
        }
        assert_eq!(parse("  Ada  ").as_deref(), Ok("Ada"));
    }

    #[test]
    fn line_breaks_and_direction_overrides_are_refused() {
        for name in [
            "a\r\nBcc: x@example.com",
            "a\u{7}",
            "a\u{202e}b",
            "a\u{2028}b",
        ] {
            assert_eq!(parse(name), Err(NameError::Control), "{name:?}");
        }
    }

    #[test]
    fn the_length_counts_characters_not_bytes() {
        assert!(parse(&"é".repeat(200)).is_ok());
        assert_eq!(parse(&"é".repeat(201)), Err(NameError::Length));
        assert_eq!(parse("   "), Err(NameError::Length));
    }
}
