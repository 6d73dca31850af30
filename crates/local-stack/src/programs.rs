//! Where the servers' programs are, and which Debian package brings a missing one.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::StackError;

/// Finds one of PostgreSQL's programs, of the newest version installed.
///
/// # Errors
/// It is not installed.
pub fn postgres(program: &'static str) -> Result<PathBuf, StackError> {
    let newest = numbered_folders(Path::new("/usr/lib/postgresql"))
        .into_iter()
        .map(|folder| folder.join("bin").join(program))
        .find(|path| path.is_file());
    newest
        .or_else(|| on_path(program))
        .ok_or(StackError::Missing {
            program,
            package: "postgresql",
        })
}

/// Finds `redis-server`.
///
/// # Errors
/// It is not installed.
pub fn redis() -> Result<PathBuf, StackError> {
    let program = "redis-server";
    on_path(program).ok_or(StackError::Missing {
        program,
        package: "redis-server",
    })
}

/// Finds one of RabbitMQ's inner scripts: `rabbitmq-server`, `rabbitmqctl`.
///
/// The wrappers in `/usr/sbin` change to the user `rabbitmq` and to the system's directories, so
/// they are no use for a private broker.
///
/// # Errors
/// It is not installed.
pub fn rabbitmq(program: &'static str) -> Result<PathBuf, StackError> {
    let plain = Path::new("/usr/lib/rabbitmq/bin").join(program);
    if plain.is_file() {
        return Ok(plain);
    }
    let versions = fs::read_dir("/usr/lib/rabbitmq/lib")
        .into_iter()
        .flatten()
        .flatten();
    versions
        .map(|entry| entry.path().join("sbin").join(program))
        .find(|path| path.is_file())
        .ok_or(StackError::Missing {
            program,
            package: "rabbitmq-server",
        })
}

/// Finds Erlang's port mapper.
///
/// # Errors
/// It is not installed.
pub fn epmd() -> Result<PathBuf, StackError> {
    let program = "epmd";
    on_path(program).ok_or(StackError::Missing {
        program,
        package: "erlang-base",
    })
}

/// Finds a program as a shell would, looking into the system folders too.
#[must_use]
pub fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    // A plain user's PATH has no sbin folders on Debian.
    let system = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"].map(PathBuf::from);
    env::split_paths(&path)
        .chain(system)
        .map(|folder| folder.join(program))
        .find(|candidate| candidate.is_file())
}

/// The folders with a number for a name (`15`, `17`), the highest first.
fn numbered_folders(parent: &Path) -> Vec<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir(parent)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path())))
        .collect();
    found.sort_unstable_by(|a, b| b.cmp(a));
    found.into_iter().map(|(_, path)| path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_comes_first() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["9", "15", "17", "common"] {
            fs::create_dir(dir.path().join(name)).unwrap();
        }
        let found = numbered_folders(dir.path());
        let names: Vec<_> = found.iter().map(|path| path.file_name().unwrap()).collect();
        assert_eq!(names, ["17", "15", "9"]);
    }
}
