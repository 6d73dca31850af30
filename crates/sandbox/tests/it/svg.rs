//! A strict reader for the little XML that pictures are made of.

use std::collections::BTreeSet;

/// What a picture is made of.
#[derive(Debug, Default)]
pub struct Svg {
    pub elements: Vec<String>,
    /// Element, name and value.
    pub attributes: Vec<(String, String, String)>,
}

impl Svg {
    /// Reads a picture to its end.
    ///
    /// Elements must close in order, attributes must be quoted and differ, and nothing may stand between elements: no
    /// text, no comment, no declaration, no entity.
    #[track_caller]
    pub fn parse(text: &str) -> Self {
        let mut svg = Self::default();
        let mut open: Vec<String> = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (tag, after) = rest.strip_prefix('<').unwrap().split_once('>').unwrap();
            rest = after;
            assert!(!tag.contains(['<', '&', '!', '?']), "{tag}");
            if let Some(name) = tag.strip_prefix('/') {
                assert_eq!(open.pop().unwrap(), name);
                assert!(!open.is_empty() || rest.is_empty(), "after the end: {rest}");
                continue;
            }
            let (tag, is_empty) = tag
                .strip_suffix('/')
                .map_or((tag, false), |tag| (tag, true));
            let name = svg.read_tag(tag);
            assert!(!open.is_empty() || svg.elements.len() == 1, "two roots");
            if !is_empty {
                open.push(name);
            }
        }
        assert!(open.is_empty(), "not closed: {open:?}");
        svg
    }

    fn read_tag(&mut self, tag: &str) -> String {
        let (name, mut rest) = tag.split_once(' ').unwrap_or((tag, ""));
        assert!(name.chars().all(|c| c.is_ascii_alphabetic()), "{tag}");
        let mut names = BTreeSet::new();
        while !rest.is_empty() {
            let (attribute, after) = rest.split_once("=\"").unwrap();
            let (value, after) = after.split_once('"').unwrap();
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-';
            assert!(
                attribute.chars().all(is_name) && !attribute.is_empty(),
                "{tag}"
            );
            assert!(names.insert(attribute), "{attribute} twice: {tag}");
            self.attributes
                .push((name.to_owned(), attribute.to_owned(), value.to_owned()));
            rest = after.strip_prefix(' ').unwrap_or(after);
            assert!(after.is_empty() || after.starts_with(' '), "{tag}");
        }
        self.elements.push(name.to_owned());
        name.to_owned()
    }

    /// The values of an attribute, wherever it stands.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named = self
            .attributes
            .iter()
            .filter(move |(_, other, _)| other == name);
        named.map(|(_, _, value)| value.as_str())
    }

    /// An attribute of the root.
    pub fn root(&self, name: &str) -> &str {
        let mut of_root = self
            .attributes
            .iter()
            .filter(|(element, ..)| element == "svg");
        &of_root.find(|(_, other, _)| other == name).unwrap().2
    }
}
