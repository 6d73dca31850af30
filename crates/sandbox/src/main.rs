//! `sandbox serve`.

use std::process::ExitCode;

fn main() -> ExitCode {
    common::service::main(&sandbox::SERVICE)
}
