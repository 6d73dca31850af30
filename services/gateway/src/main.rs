//! `gateway serve`.

use std::process::ExitCode;

fn main() -> ExitCode {
    common::service::main(&gateway::SERVICE)
}
