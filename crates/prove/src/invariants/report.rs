//! What a check found.

use std::fmt;

use super::{Invariant, Journal};

/// What was found of one invariant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It holds.
    Holds,
    /// It does not.
    Violated {
        /// How often.
        count: i64,
        /// Some of the rows that should not be there, as JSON.
        rows: Vec<String>,
    },
    /// It was not looked at, as nobody has this journal.
    Skipped(Journal),
}

/// What was found of all.
#[derive(Debug)]
pub struct Report {
    /// In the order of the list.
    pub findings: Vec<(&'static Invariant, Finding)>,
}

impl Report {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.violated().is_empty()
    }

    /// The names of those that do not hold.
    #[must_use]
    pub fn violated(&self) -> Vec<&'static str> {
        let is_violated = |finding: &Finding| matches!(finding, Finding::Violated { .. });
        let violated = self
            .findings
            .iter()
            .filter(|(_, finding)| is_violated(finding));
        violated.map(|(invariant, _)| invariant.id).collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (invariant, finding) in &self.findings {
            let sentence = invariant.sentence();
            match finding {
                Finding::Holds => writeln!(f, "{:5} holds     {sentence}", invariant.id)?,
                Finding::Skipped(journal) => {
                    writeln!(
                        f,
                        "{:5} skipped   {sentence} ({journal} is not known)",
                        invariant.id
                    )?;
                }
                Finding::Violated { count, rows } => {
                    writeln!(f, "{:5} VIOLATED  {sentence} ({count} times)", invariant.id)?;
                    for row in rows {
                        writeln!(f, "          {row}")?;
                    }
                }
            }
        }
        Ok(())
    }
}
