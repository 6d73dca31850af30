//! The fixed places of a work tree: everything that `agape` keeps is below its `.agape/`.

use std::env;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The longest path that fits into a socket address, less room for a file name.
const SOCKET_DIR_LENGTH_MAX: usize = 70;

/// The places of one work tree.
#[derive(Debug, Clone)]
pub struct Tree {
    root: PathBuf,
}

impl Tree {
    /// The tree that the current directory is in: the nearest folder upwards that has an
    /// `.agape/` or a `Cargo.lock`, else the current directory itself.
    ///
    /// # Errors
    /// The current directory is gone.
    pub fn find() -> Result<Self> {
        let here = env::current_dir().context("the current directory cannot be read")?;
        let is_root = |dir: &&Path| dir.join(".agape").is_dir() || dir.join("Cargo.lock").is_file();
        let root = here
            .ancestors()
            .find(is_root)
            .unwrap_or(&here)
            .to_path_buf();
        Ok(Self { root })
    }

    /// The folder that the tree's `.agape/` is in.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// `.agape/` itself.
    #[must_use]
    pub fn state(&self) -> PathBuf {
        self.root.join(".agape")
    }

    /// The lock that one running `agape up` holds; it contains that process's id.
    #[must_use]
    pub fn run_lock(&self) -> PathBuf {
        self.state().join("run")
    }

    /// The private PostgreSQL.
    #[must_use]
    pub fn postgres(&self) -> PathBuf {
        self.state().join("postgres")
    }

    /// The private RabbitMQ.
    #[must_use]
    pub fn rabbitmq(&self) -> PathBuf {
        self.state().join("rabbitmq")
    }

    /// The base backups of the private PostgreSQL, each in a folder with the time for its name.
    #[must_use]
    pub fn backups(&self) -> PathBuf {
        self.state().join("backups")
    }

    /// The copy of the private PostgreSQL as it was at some time, while there is one.
    #[must_use]
    pub fn restored(&self) -> PathBuf {
        self.state().join("restored")
    }

    /// Every secret file.
    #[must_use]
    pub fn keys(&self) -> PathBuf {
        self.state().join("keys")
    }

    /// What one service, or `agape` itself, wrote to its terminal.
    #[must_use]
    pub fn log(&self, name: &str) -> PathBuf {
        self.logs().join(format!("{name}.log"))
    }

    /// The folder of the logs.
    #[must_use]
    pub fn logs(&self) -> PathBuf {
        self.state().join("logs")
    }

    /// Every URL and port in use, written by `agape up`.
    #[must_use]
    pub fn urls(&self) -> PathBuf {
        self.state().join("urls.json")
    }

    /// The seeded accounts.
    #[must_use]
    pub fn accounts(&self) -> PathBuf {
        self.state().join("accounts.json")
    }

    /// The socket on which a running `agape up` takes commands.
    #[must_use]
    pub fn control_socket(&self) -> PathBuf {
        self.sockets().join("control.sock")
    }

    /// Where sockets are: `.agape/`, unless its path is too long for a socket address.
    #[must_use]
    pub fn sockets(&self) -> PathBuf {
        let state = self.state();
        if state.as_os_str().len() <= SOCKET_DIR_LENGTH_MAX {
            return state;
        }
        let mut hasher = DefaultHasher::new();
        state.hash(&mut hasher);
        PathBuf::from(format!("/tmp/agape-{:016x}", hasher.finish()))
    }

    /// Removes the sockets of an earlier run. Only for the holder of the run lock: with it held,
    /// every socket that is there belongs to a process that is gone.
    ///
    /// # Errors
    /// The folder cannot be read, or a socket cannot be removed.
    pub fn remove_stale_sockets(&self) -> Result<()> {
        let folder = self.sockets();
        let remove = || -> io::Result<()> {
            for entry in fs::read_dir(&folder)? {
                let path = entry?.path();
                if path
                    .extension()
                    .is_some_and(|extension| extension == "sock")
                {
                    fs::remove_file(path)?;
                }
            }
            Ok(())
        };
        remove().with_context(|| format!("cannot remove old sockets in {}", folder.display()))
    }

    /// Makes the folders.
    ///
    /// # Errors
    /// A folder cannot be made.
    pub fn prepare(&self) -> Result<()> {
        // PostgreSQL's own user must be able to pass through; the secrets are in a closed folder.
        make_dir(&self.state(), 0o711)?;
        make_dir(&self.logs(), 0o755)?;
        make_dir(&self.keys(), 0o700)?;
        if self.sockets() != self.state() {
            make_dir(&self.sockets(), 0o700)?;
        }
        Ok(())
    }
}

fn make_dir(path: &Path, mode: u32) -> Result<()> {
    match fs::DirBuilder::new().mode(mode).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(error).with_context(|| format!("cannot create {}", path.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_of_a_deep_tree_go_where_their_path_fits() {
        let shallow = Tree {
            root: "/home/me/agape".into(),
        };
        assert_eq!(
            shallow.control_socket(),
            Path::new("/home/me/agape/.agape/control.sock")
        );
        let deep = Tree {
            root: Path::new("/").join("very-long-name".repeat(8)),
        };
        assert!(deep.control_socket().as_os_str().len() < 100);
        assert!(deep.control_socket().starts_with("/tmp"));
    }

    #[test]
    fn old_sockets_go_and_everything_else_stays() {
        let dir = tempfile::tempdir().unwrap();
        let tree = Tree {
            root: dir.path().to_path_buf(),
        };
        tree.prepare().unwrap();
        fs::write(tree.control_socket(), "").unwrap();
        fs::write(tree.accounts(), "[]").unwrap();
        tree.remove_stale_sockets().unwrap();
        assert!(!tree.control_socket().exists() && tree.accounts().exists());
    }

    #[test]
    fn only_the_owner_may_look_at_the_keys() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let tree = Tree {
            root: dir.path().to_path_buf(),
        };
        tree.prepare().unwrap();
        tree.prepare().unwrap();
        let mode = fs::metadata(tree.keys()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }
}
