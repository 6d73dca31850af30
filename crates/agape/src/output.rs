//! What a person reads: results on standard output, troubles on standard error.

use std::fmt::Display;

/// Writes one line of result.
#[expect(
    clippy::print_stdout,
    reason = "the one place from which the command speaks"
)]
pub fn say(line: impl Display) {
    println!("{line}");
}

/// Writes one line about something that went wrong.
#[expect(
    clippy::print_stderr,
    reason = "the one place from which the command complains"
)]
pub fn complain(line: impl Display) {
    eprintln!("{line}");
}
