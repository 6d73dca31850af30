//! What a person reads: results on standard output, troubles on standard error.
//!
//! Whoever read may be gone (a closed terminal, a pipe to `head`); then there is nobody left to
//! tell, and what runs must not stop for it, as the `println` macros would make it.

use std::fmt::Display;
use std::io::Write;

/// Writes one line of result.
pub fn say(line: impl Display) {
    drop(writeln!(std::io::stdout(), "{line}"));
}

/// Writes one line about something that went wrong.
pub fn complain(line: impl Display) {
    drop(writeln!(std::io::stderr(), "{line}"));
}
