//! Rust source with its comments and literals blanked, so that a rule about code is not tripped
//! by a sentence that explains the rule.

use std::iter::Peekable;
use std::str::Chars;

/// The code of `source`: comments and the insides of literals become spaces, lines stay lines.
pub fn without_comments_and_literals(source: &str) -> String {
    let mut scanner = Scanner {
        rest: source.chars().peekable(),
        code: String::new(),
    };
    scanner.run();
    scanner.code
}

/// Lines (from 1) on which `word` stands on its own: not inside a longer identifier.
pub fn lines_naming(code: &str, word: &str) -> Vec<usize> {
    (1..)
        .zip(code.lines())
        .filter(|(_, line)| names(line, word))
        .map(|(number, _)| number)
        .collect()
}

fn names(line: &str, word: &str) -> bool {
    let joins = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, found)| {
        let before = line.get(..at).and_then(|left| left.chars().next_back());
        let after = line
            .get(at + found.len()..)
            .and_then(|right| right.chars().next());
        !before.is_some_and(joins) && !after.is_some_and(joins)
    })
}

struct Scanner<'a> {
    rest: Peekable<Chars<'a>>,
    code: String,
}

impl Scanner<'_> {
    fn run(&mut self) {
        while let Some(c) = self.rest.next() {
            match (c, self.rest.peek().copied()) {
                ('/', Some('/')) => self.blank_line_comment(),
                ('/', Some('*')) => self.blank_block_comment(),
                ('"', _) => self.blank_string(),
                ('r', Some('"' | '#')) if !self.inside_word() => self.blank_raw_string(),
                ('\'', _) => self.blank_char_or_keep_lifetime(),
                _ => self.code.push(c),
            }
        }
    }

    /// Whether the last character kept belongs to an identifier, as the `r` of `var"` would.
    /// A `b` in front of a raw string is no such case.
    fn inside_word(&self) -> bool {
        let mut kept = self.code.chars().rev();
        match kept.next() {
            Some('b' | 'c') => kept.next().is_some_and(|c| c.is_alphanumeric() || c == '_'),
            last => last.is_some_and(|c| c.is_alphanumeric() || c == '_'),
        }
    }

    /// Takes one character away, keeping the line structure.
    fn blank(&mut self) -> Option<char> {
        let c = self.rest.next()?;
        self.code.push(if c == '\n' { '\n' } else { ' ' });
        Some(c)
    }

    fn blank_line_comment(&mut self) {
        while self.rest.peek().is_some_and(|c| *c != '\n') {
            self.blank();
        }
    }

    fn blank_block_comment(&mut self) {
        let mut depth = 0_usize;
        let mut previous = '/';
        while let Some(c) = self.blank() {
            match (previous, c) {
                ('/', '*') => depth += 1,
                ('*', '/') if depth == 1 => return,
                ('*', '/') => depth = depth.saturating_sub(1),
                _ => {
                    previous = c;
                    continue;
                }
            }
            previous = ' ';
        }
    }

    fn blank_string(&mut self) {
        self.code.push('"');
        while let Some(c) = self.blank() {
            match c {
                '\\' => _ = self.blank(),
                '"' => return,
                _ => {}
            }
        }
    }

    fn blank_raw_string(&mut self) {
        let mut hashes = 0_usize;
        while self.rest.next_if_eq(&'#').is_some() {
            hashes += 1;
        }
        if self.rest.next_if_eq(&'"').is_none() {
            // A raw identifier (`r#type`), not a string.
            self.code.push('r');
            return;
        }
        self.code.push('"');
        let mut closing = None;
        while let Some(c) = self.blank() {
            closing = match (c, closing) {
                ('"', _) => Some(0),
                ('#', Some(seen)) => Some(seen + 1),
                _ => None,
            };
            if closing == Some(hashes) {
                return;
            }
        }
    }

    fn blank_char_or_keep_lifetime(&mut self) {
        let mut ahead = self.rest.clone();
        let is_char = match ahead.next() {
            Some('\\') => true,
            Some(_) => ahead.next() == Some('\''),
            None => false,
        };
        self.code.push('\'');
        if !is_char {
            return;
        }
        if self.blank() == Some('\\') {
            self.blank();
        }
        while self.blank().is_some_and(|c| c != '\'') {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_no_code() {
        for source in [
            "// tokio",
            "/* a /* tokio */ tokio */",
            "let s = \"tokio \\\" tokio\";",
            "let s = r#\"tokio \" tokio\"#;",
            "let s = br\"tokio\";",
            "let c = '\\'; // tokio",
        ] {
            let code = without_comments_and_literals(source);
            assert!(!code.contains("tokio"), "{source:?} became {code:?}");
        }
    }

    #[test]
    fn code_after_a_literal_is_still_code() {
        for source in [
            "let s = \"x\"; tokio::spawn(f)",
            "let s = r#\"x\"#; tokio::spawn(f)",
            "let c = '\"'; tokio::spawn(f)",
            "let c = '\\''; tokio::spawn(f)",
            "fn f<'a>(x: &'a str) { tokio::spawn(x) }",
            "/* a /* b */ c */ tokio::spawn(f)",
            "let r#type = 1; tokio::spawn(f)",
        ] {
            let code = without_comments_and_literals(source);
            assert!(code.contains("tokio::spawn("), "{source:?} became {code:?}");
        }
    }

    #[test]
    fn lines_stay_lines() {
        let code = without_comments_and_literals("/* a\nb */\nlet s = \"c\nd\";\ntokio");
        assert_eq!(lines_naming(&code, "tokio"), [5]);
    }

    #[test]
    fn a_longer_identifier_is_another_word() {
        assert_eq!(
            lines_naming("use redistribute;\nuse redis::Client;", "redis"),
            [2]
        );
    }
}
