//! Where PostgreSQL's data may live.
//!
//! PostgreSQL refuses to run as root, so a root caller runs it as the user `postgres`; that user
//! must be able to walk to the data directory. Below a private home (mode 700) it cannot.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use nix::unistd::{Uid, User, chown};

use crate::error::StackError;

const USER: &str = "postgres";

/// Who runs PostgreSQL, and where its data is.
pub(crate) struct Place {
    /// The data directory's parent, walkable by whoever runs the server.
    pub(crate) home: PathBuf,
    /// The user to change to; `None` when the caller is not root.
    pub(crate) user: Option<User>,
}

/// Makes `dir` and decides where the data goes: into `dir` itself, or, when the user `postgres`
/// could not get there, into `/var/tmp`, to which `dir/data-home` then points.
pub(crate) fn choose(dir: &Path) -> Result<Place, StackError> {
    // 711: `postgres` must pass through, nobody needs to list.
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o711)
        .create(dir)
        .map_err(StackError::at("create", dir))?;
    let dir = fs::canonicalize(dir).map_err(StackError::at("find", dir))?;
    if !Uid::effective().is_root() {
        return Ok(Place {
            home: dir,
            user: None,
        });
    }
    let user = User::from_name(USER)
        .ok()
        .flatten()
        .ok_or(StackError::NoSuchUser { user: USER })?;
    let home = if walkable(&dir) {
        dir
    } else {
        outside(&dir, &user)?
    };
    Ok(Place {
        home,
        user: Some(user),
    })
}

/// Makes a directory that only the server's user may enter.
pub(crate) fn private_dir(path: &Path, user: Option<&User>) -> Result<(), StackError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(StackError::at("create", path))?;
    match user {
        Some(user) => chown(path, Some(user.uid), Some(user.gid))
            .map_err(|errno| StackError::at("give away", path)(errno.into())),
        None => Ok(()),
    }
}

/// Whether any user may walk to `dir`.
pub(crate) fn walkable(dir: &Path) -> bool {
    dir.ancestors()
        .all(|parent| fs::metadata(parent).is_ok_and(|meta| meta.permissions().mode() & 0o001 != 0))
}

fn outside(dir: &Path, user: &User) -> Result<PathBuf, StackError> {
    let link = dir.join("data-home");
    if let Ok(home) = fs::read_link(&link) {
        private_dir(&home, Some(user))?;
        // Anyone may write to /var/tmp: a directory put there by somebody else is not ours to use.
        let meta = fs::symlink_metadata(&home).map_err(StackError::at("look at", &home))?;
        if !meta.is_dir() || meta.uid() != user.uid.as_raw() {
            return Err(StackError::at("use", &home)(
                std::io::ErrorKind::PermissionDenied.into(),
            ));
        }
        return Ok(home);
    }
    crate::leftover::remove_if_there(&link)?;
    let home = fresh(Path::new("/var/tmp"), dir, user)?;
    symlink(&home, &link).map_err(StackError::at("create", &link))?;
    Ok(home)
}

/// Makes a directory that nobody has used. One that an earlier tree at the same place left behind is of no use: the keys and
/// passwords to what is in it went with that tree.
fn fresh(below: &Path, dir: &Path, user: &User) -> Result<PathBuf, StackError> {
    let mut hasher = DefaultHasher::new();
    dir.hash(&mut hasher);
    let name = format!("agape-{:016x}", hasher.finish());
    let mut earlier = 0;
    loop {
        let home = match earlier {
            0 => below.join(&name),
            number => below.join(format!("{name}-{number}")),
        };
        match fs::DirBuilder::new().mode(0o700).create(&home) {
            Ok(()) => {
                private_dir(&home, Some(user))?;
                return Ok(home);
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => earlier += 1,
            Err(error) => return Err(StackError::at("create", &home)(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_below_a_private_home_is_not_walkable() {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("tree");
        fs::create_dir(&dir).unwrap();
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o700)).unwrap();
        assert!(!walkable(&dir));
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o711)).unwrap();
        assert!(walkable(&dir));
    }

    #[test]
    fn what_an_earlier_tree_left_behind_is_not_used() {
        let below = tempfile::tempdir().unwrap();
        let user = User::from_uid(Uid::effective()).unwrap().unwrap();
        let make = || fresh(below.path(), Path::new("/srv/tree"), &user).unwrap();
        let (first, second, third) = (make(), make(), make());
        assert!(first != second && second != third && first != third);
        let other = fresh(below.path(), Path::new("/srv/other"), &user).unwrap();
        assert!(!other.ends_with(third.file_name().unwrap()));
    }
}
