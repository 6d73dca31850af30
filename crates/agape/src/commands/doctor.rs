//! `agape doctor`: checks everything that `agape up` relies on, one line each, and says what to
//! do about what is wrong.

mod machine;
mod running;

use std::process::ExitCode;

use anyhow::Result;

use crate::output::say;
use crate::tree::Tree;

/// One line of the report.
struct Finding {
    what: String,
    verdict: Verdict,
}

enum Verdict {
    /// As it should be, with a detail worth showing.
    Fine(String),
    /// Not wrong, but worth knowing.
    Note(String),
    /// Wrong: what it is, and what to do.
    Broken(String),
}

impl Finding {
    fn new(what: impl Into<String>, verdict: Verdict) -> Self {
        Self {
            what: what.into(),
            verdict,
        }
    }

    /// Fine with the value, or broken with the error and the remedy.
    fn from_result<T: ToString>(what: impl Into<String>, result: Result<T>, remedy: &str) -> Self {
        let verdict = match result {
            Ok(detail) => Verdict::Fine(detail.to_string()),
            Err(error) => Verdict::Broken(format!("{error:#}; {remedy}")),
        };
        Self::new(what, verdict)
    }
}

/// Prints the report.
///
/// # Errors
/// The report itself could not be made; what it finds is no error.
pub async fn run(tree: &Tree) -> Result<ExitCode> {
    let mut findings = machine::check(tree);
    findings.extend(running::check(tree).await?);
    let mut broken = 0_u32;
    for Finding { what, verdict } in findings {
        let (mark, text) = match verdict {
            Verdict::Fine(text) => ("ok  ", text),
            Verdict::Note(text) => ("note", text),
            Verdict::Broken(text) => {
                broken += 1;
                ("BAD ", text)
            }
        };
        say(format_args!("{mark}  {what:<28} {text}"));
    }
    if broken == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    say(format_args!("\n{broken} found wrong"));
    Ok(ExitCode::FAILURE)
}
