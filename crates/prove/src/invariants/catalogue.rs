//! Which invariants there are.

use anyhow::{Result, bail};

use super::Journal;

/// Something that must hold.
#[derive(Debug, PartialEq, Eq)]
pub struct Invariant {
    /// Its name, `I07`.
    pub id: &'static str,
    text: &'static str,
}

macro_rules! invariants {
    ($($id:literal)*) => {
        &[$(Invariant { id: $id, text: include_str!(concat!("../../sql/", $id, ".sql")) }),*]
    };
}

/// Every invariant that SQL can tell, in order.
pub const ALL: &[Invariant] = invariants! {
    "I01" "I02" "I03" "I04" "I05" "I06" "I07" "I08" "I08R" "I09" "I10" "I11" "I12" "I13" "I14" "I15" "I16" "I17" "I18"
    "I19" "I20" "I21" "I22" "I23" "I24" "I25" "I26" "I28" "I30" "I31" "I32" "I33"
};

/// What no query of the list tells, and who tells it.
pub const NOT_HERE: &[(&str, &str)] = &[
    (
        "I27",
        "that Redis is disposable is not in a database; the storm empties and kills it",
    ),
    (
        "I29",
        "that the broker is empty is not in a database; the storm looks; see the depth of its queues",
    ),
    (
        "I34",
        "panics, open files and memory are not in a database; the storm looks at the processes",
    ),
];

impl Invariant {
    /// What must hold, in a sentence: the first line of its file.
    #[must_use]
    pub fn sentence(&self) -> &'static str {
        let first = self.text.lines().next().unwrap_or_default();
        first.trim_start_matches("-- ")
    }

    /// The query that finds what does not.
    pub(super) fn query(&self) -> &'static str {
        self.text
    }

    /// Whether it holds once everything has come to rest, but not at each moment on the way there. Its file says why.
    #[must_use]
    pub fn is_for_rest(&self) -> bool {
        let mut lines = self.text.lines();
        lines.any(|line| line.starts_with("-- Only at rest: "))
    }

    /// The journal without which it says nothing.
    ///
    /// # Errors
    /// Its file names a journal that there is not.
    pub fn needs(&self) -> Result<Option<Journal>> {
        let mut lines = self.text.lines();
        match lines.find_map(|line| line.strip_prefix("-- Needs: ")) {
            None => Ok(None),
            Some("provider") => Ok(Some(Journal::Provider)),
            Some("mail") => Ok(Some(Journal::Mail)),
            Some("clients") => Ok(Some(Journal::Clients)),
            Some(other) => bail!(
                "{} needs the journal of {other}, which there is not",
                self.id
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_file_is_in_the_list() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sql");
        let names = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name());
        let files: BTreeSet<String> = names
            .filter_map(|name| Some(name.to_str()?.strip_suffix(".sql")?.to_owned()))
            .filter(|name| name != "contract")
            .collect();
        let listed: BTreeSet<String> = ALL.iter().map(|one| one.id.to_owned()).collect();
        assert_eq!(files, listed);
    }

    #[test]
    fn each_says_what_must_hold() {
        for invariant in ALL {
            assert!(invariant.sentence().ends_with('.'), "{}", invariant.id);
            invariant.needs().unwrap();
        }
    }

    #[test]
    fn what_others_wrote_down_is_compared_at_rest() {
        for invariant in ALL {
            let is_for_rest = invariant.is_for_rest();
            assert!(
                is_for_rest || invariant.needs().unwrap().is_none(),
                "{}",
                invariant.id
            );
        }
        // What one service does in one transaction is right at any moment.
        for id in [
            "I01", "I02", "I04", "I09", "I10", "I11", "I16", "I17", "I18",
        ] {
            let found = ALL.iter().find(|invariant| invariant.id == id);
            assert!(!found.unwrap().is_for_rest(), "{id}");
        }
    }

    #[test]
    fn none_is_forgotten() {
        let told = ALL
            .iter()
            .map(|one| one.id)
            .chain(NOT_HERE.iter().map(|(id, _)| *id));
        let told: BTreeSet<&str> = told.collect();
        for number in 1..=34 {
            assert!(
                told.contains(format!("I{number:02}").as_str()),
                "I{number:02}"
            );
        }
    }
}
