//! The service as a binary of its own: `auth serve | migrate | keys`.

use std::process::ExitCode;

fn main() -> ExitCode {
    common::service::main(&auth::SERVICE)
}
