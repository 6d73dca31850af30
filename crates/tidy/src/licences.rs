//! Licence expressions as crates state them, judged against what this product accepts.

/// Licences that ask for no more than attribution. A copyleft licence is accepted only as one of
/// several alternatives, because a binary of ours links everything statically.
const ACCEPTED: [&str; 14] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Whether `expression` (SPDX, or the older `MIT/Apache-2.0`) can be met by accepted licences
/// alone. An expression that cannot be read is not accepted.
pub fn is_accepted(expression: &str) -> bool {
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut reader = Reader { rest: &words };
    reader.any_of() == Some(true) && reader.rest.is_empty()
}

/// Reads an expression from left to right; `None` means that it is malformed.
struct Reader<'a> {
    rest: &'a [&'a str],
}

impl Reader<'_> {
    /// `a OR b`: one accepted alternative is enough.
    fn any_of(&mut self) -> Option<bool> {
        let mut accepted = self.all_of()?;
        while self.skip("OR") {
            accepted |= self.all_of()?;
        }
        Some(accepted)
    }

    /// `a AND b`: binds closer than `OR`.
    fn all_of(&mut self) -> Option<bool> {
        let mut accepted = self.one()?;
        while self.skip("AND") {
            accepted &= self.one()?;
        }
        Some(accepted)
    }

    fn one(&mut self) -> Option<bool> {
        if self.skip("(") {
            let accepted = self.any_of()?;
            return self.skip(")").then_some(accepted);
        }
        let (licence, rest) = self.rest.split_first()?;
        self.rest = rest;
        if matches!(*licence, "AND" | "OR" | "WITH" | ")") {
            return None;
        }
        if !self.skip("WITH") {
            return Some(ACCEPTED.contains(licence));
        }
        let (exception, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(ACCEPTED.contains(&format!("{licence} WITH {exception}").as_str()))
    }

    fn skip(&mut self, word: &str) -> bool {
        match self.rest.split_first() {
            Some((first, rest)) if *first == word => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissive_licences_are_accepted() {
        for expression in [
            "MIT",
            "MIT/Apache-2.0",
            "Apache-2.0 / MIT",
            "MIT OR Apache-2.0 OR LGPL-2.1-or-later",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception OR GPL-2.0",
        ] {
            assert!(is_accepted(expression), "{expression}");
        }
    }

    #[test]
    fn copyleft_unknown_and_malformed_licences_are_refused() {
        for expression in [
            "GPL-3.0",
            "MIT AND AGPL-3.0-only",
            "(MIT OR Apache-2.0) AND LGPL-3.0",
            "Apache-2.0 WITH Somebody-exception",
            "SSPL-1.0 OR BUSL-1.1",
            "MIT OR",
            "(MIT",
            "MIT)",
            "MIT Apache-2.0",
            "",
        ] {
            assert!(!is_accepted(expression), "{expression}");
        }
    }
}
