//! Mail addresses, `a@b.c` or `Name <a@b.c>`.

/// The bare address in lower case, if `text` has one of the two forms.
#[must_use]
pub fn bare(text: &str) -> Option<String> {
    let text = text.trim();
    let address = match text.strip_suffix('>') {
        Some(rest) => {
            let (name, address) = rest.rsplit_once('<')?;
            if name.contains(['<', '>', '\r', '\n']) {
                return None;
            }
            address
        }
        None => text,
    };
    is_address(address).then(|| address.to_lowercase())
}

/// The part behind the `@`.
#[must_use]
pub fn domain(bare: &str) -> &str {
    bare.rsplit_once('@').map_or("", |(_, domain)| domain)
}

fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let is_local = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    !local.is_empty()
        && local.chars().all(is_local)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && text.len() <= 254
        && domain.contains('.')
        && domain.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read() {
        for text in [
            "Ada@Example.com",
            "Ada <ada@example.com>",
            "\"Ada, L.\" <ada@example.com>",
            " <ada@example.com> ",
        ] {
            assert_eq!(bare(text).as_deref(), Some("ada@example.com"), "{text}");
        }
        assert_eq!(domain("ada@example.com"), "example.com");
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "ada",
            "ada@example",
            "@example.com",
            "ada@",
            "a da@example.com",
            "ada@exa mple.com",
            "ada@@example.com",
            "ada@-example.com",
            "ada@example..com",
            "a..b@example.com",
            "Ada <ada@example.com",
            "Ada ada@example.com>",
            "Ada <x@y.z> <ada@example.com>",
            "ädä@example.com",
            "Ada\r\nBcc: <ada@example.com>",
        ] {
            assert_eq!(bare(text), None, "{text}");
        }
    }
}
