//! The service as a binary of its own: `notifications serve | migrate`.

use std::process::ExitCode;

fn main() -> ExitCode {
    common::service::main(&notifications::SERVICE)
}
