//! The service as a binary of its own: `catalog serve | migrate`.

use std::process::ExitCode;

fn main() -> ExitCode {
    common::service::main(&catalog::SERVICE)
}
