//! The service as a binary of its own: `inventory serve | migrate`.

use std::process::ExitCode;

fn main() -> ExitCode {
    common::service::main(&inventory::SERVICE)
}
