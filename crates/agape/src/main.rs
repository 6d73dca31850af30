//! The `agape` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    agape::run()
}
