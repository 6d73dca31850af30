//! The parts of URLs that name products and categories.

use uuid::Uuid;

/// As long as a slug may be that somebody chose.
pub(crate) const SLUG_CHARS_MAX: usize = 100;

/// A text that is no slug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be at most 100 small letters, digits and single dashes between them")]
pub(crate) struct NotASlug;

/// Checks a slug that somebody chose.
pub(crate) fn parse(text: &str) -> Result<&str, NotASlug> {
    let is_word = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    // What looks like an id would be taken for one.
    let is_id = Uuid::parse_str(text).is_ok();
    if text.len() <= SLUG_CHARS_MAX && !is_id && text.split('-').all(is_word) {
        Ok(text)
    } else {
        Err(NotASlug)
    }
}

/// The slug that a title makes; `ẹ` becomes `e`, as people type it.
pub(crate) fn of_title(title: &str) -> String {
    let mut slug = slug::slugify(title);
    slug.truncate(SLUG_CHARS_MAX);
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() {
        "product".to_owned()
    } else {
        slug.to_owned()
    }
}

/// The same with something behind it that makes it another: the last digits of an id, which are random.
pub(crate) fn made_unlike(slug: &str, id: Uuid) -> String {
    let id = id.simple().to_string();
    let suffix = id.get(id.len().saturating_sub(6)..).unwrap_or_default();
    format!("{slug}-{suffix}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_become_what_people_type() {
        assert_eq!(of_title("Royal Lace — 5 yards!"), "royal-lace-5-yards");
        assert_eq!(of_title("Aṣọ òkè"), "aso-oke");
        assert_eq!(of_title("***"), "product");
        let long = of_title(&"word ".repeat(60));
        assert!(parse(&long).is_ok(), "{long}");
    }

    #[test]
    fn only_plain_words_are_slugs() {
        for good in ["lace", "royal-lace-2", "5-yards"] {
            assert_eq!(parse(good), Ok(good));
        }
        for bad in [
            "",
            "-",
            "a--b",
            "a-",
            "A",
            "ọ",
            "a b",
            "a/b",
            "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f",
        ] {
            assert_eq!(parse(bad), Err(NotASlug), "{bad}");
        }
    }
}
