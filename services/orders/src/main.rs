//! The service as a binary of its own: `orders serve | migrate`.

use std::process::ExitCode;

fn main() -> ExitCode {
    common::service::main(&orders::SERVICE)
}
