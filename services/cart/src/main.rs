//! The service as a binary of its own: `cart serve | migrate`.

use std::process::ExitCode;

fn main() -> ExitCode {
    common::service::main(&cart::SERVICE)
}
