//! The rules of this repository that a program can check, as a program.
//!
//! Each rule is a function from what is in the repository to a list of [`Finding`]s, beside the
//! tests in which it fails on a bad example. `tests/repository.rs` applies all of them to the
//! real tree; `cargo test -p tidy` is the way to run them.
//!
//! | rule | module |
//! |---|---|
//! | who of us may depend on whom | [`direction`] |
//! | version floors, banned crates, licences and sources of other people's crates | [`supply`] |
//! | versions and lints stand in the workspace manifest only, dependencies are used | [`manifests`] |
//! | what the layers of a service may name | [`layers`] |
//! | unfinished work, formatted SQL, file length | [`sources`] |
//! | migrations come in pairs; the messaging tables are one text everywhere | [`migrations`] |
//! | every service is deployed and documented, pods are hardened, actions pinned, alerts alive | [`deployment`] |
//! | settings are listed where they are read, and deployments set no others | [`settings`] |
//! | decision records are numbered, links and quoted paths resolve | [`documents`] |
//!
//! What it deliberately does not do: format, lint or compile (rustfmt and clippy do), look up
//! advisories (`cargo deny` does, with `.deny.toml`), or compare generated files (`make generate`
//! followed by an empty diff does). Start reading at [`tree`].

pub mod code;
pub mod deployment;
pub mod direction;
pub mod documents;
pub mod graph;
pub mod layers;
pub mod licences;
pub mod manifests;
pub mod migrations;
pub mod settings;
pub mod sources;
pub mod supply;
pub mod tree;

use std::fmt;

/// One place where the repository breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// A path (with a line where there is one) or a package name.
    pub place: String,
    /// What is wrong there, and what would be right.
    pub problem: String,
}

impl Finding {
    /// Says that `problem` is at `place`.
    pub fn new(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            problem: problem.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.problem)
    }
}
