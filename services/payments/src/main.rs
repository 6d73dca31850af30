//! The service as a binary of its own: `payments serve | migrate`.

use std::process::ExitCode;

fn main() -> ExitCode {
    common::service::main(&payments::SERVICE)
}
