//! The repository as a map from path to text, so that a rule can be fed three lines in a test.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::{fs, io};

/// Folders that are no part of the sources: version control, builds, private infrastructure.
const SKIPPED: [&str; 5] = [".git", ".agape", "target", "node_modules", "coverage"];

/// The text of every file, by its path from the repository's root, with `/` between folders.
#[derive(Debug, Default)]
pub struct Tree {
    files: BTreeMap<String, String>,
}

impl Tree {
    /// Reads everything under `root` except build output. Bytes that are not UTF-8 are replaced:
    /// no rule reads a binary file, but a link may point to one.
    pub fn read(root: &Path) -> io::Result<Self> {
        let mut tree = Self::default();
        tree.read_folder(root, "")?;
        Ok(tree)
    }

    /// A tree of these files, for tests.
    pub fn of<const N: usize>(files: [(&str, &str); N]) -> Self {
        let owned = files.map(|(path, text)| (path.to_owned(), text.to_owned()));
        Self {
            files: owned.into_iter().collect(),
        }
    }

    /// Every path with its text, in the order of the paths.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// The files whose name ends in `.extension`.
    pub fn with_extension<'a>(
        &'a self,
        extension: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.files().filter(move |(path, _)| {
            path.rsplit_once('.')
                .is_some_and(|(_, found)| found == extension)
        })
    }

    /// The text at `path`.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// Whether `path` is a file, or a folder with something in it.
    pub fn exists(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        path.is_empty()
            || self.files.contains_key(path)
            || self.folder(&format!("{path}/")).next().is_some()
    }

    /// The files below a folder; `prefix` ends in `/`.
    pub fn folder<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.files
            .range(prefix.to_owned()..)
            .take_while(move |(path, _)| path.starts_with(prefix))
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// The names directly below a folder; `prefix` ends in `/`.
    pub fn names_in<'a>(&'a self, prefix: &'a str) -> BTreeSet<&'a str> {
        self.folder(prefix)
            .filter_map(|(path, _)| path.strip_prefix(prefix)?.split('/').next())
            .collect()
    }

    /// The services of the workspace: folders of `services/` that hold a manifest.
    pub fn services(&self) -> BTreeSet<&str> {
        self.names_in("services/")
            .into_iter()
            .filter(|name| {
                self.files
                    .contains_key(&format!("services/{name}/Cargo.toml"))
            })
            .collect()
    }

    fn read_folder(&mut self, folder: &Path, prefix: &str) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let kind = entry.file_type()?;
            if kind.is_dir() {
                let is_build = SKIPPED.contains(&name.as_str()) || name.starts_with("target-");
                if !is_build {
                    self.read_folder(&entry.path(), &format!("{prefix}{name}/"))?;
                }
            } else if kind.is_file() {
                let text = String::from_utf8_lossy(&fs::read(entry.path())?).into_owned();
                self.files.insert(format!("{prefix}{name}"), text);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_folders_with_a_manifest() {
        let tree = Tree::of([
            ("services/auth/Cargo.toml", ""),
            ("services/auth/src/lib.rs", ""),
            ("services/notes.md", ""),
        ]);
        assert_eq!(tree.services(), BTreeSet::from(["auth"]));
    }

    #[test]
    fn a_folder_exists_when_something_is_in_it() {
        let tree = Tree::of([("k8s/base/auth.yaml", "")]);
        assert!(tree.exists("k8s/base") && tree.exists("k8s/base/") && tree.exists(""));
        assert!(!tree.exists("k8s/bas"));
    }
}
