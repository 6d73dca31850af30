//! Points at which a process dies if it is told to, so that tests see what a crash there leaves behind.
//!
//! `FAILPOINTS_DIR` names a folder. Whoever comes to the point `orders.placed` while a file of that name is there removes it and
//! aborts: one file ends one process, once, and the process that is started in its place goes on. `prove::failpoints` lists them
//! all. A release build has none of it.

/// Ends the process here, at once and without any cleaning up, if this point is armed.
#[inline]
pub fn reach(point: &str) {
    #[cfg(debug_assertions)]
    armed::die_here(point);
    #[cfg(not(debug_assertions))]
    let _ = point;
}

#[cfg(debug_assertions)]
mod armed {
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::process;
    use std::sync::OnceLock;

    /// The folder of those that are armed.
    const FOLDER: &str = "FAILPOINTS_DIR";

    pub(super) fn die_here(point: &str) {
        static ARMED: OnceLock<Option<PathBuf>> = OnceLock::new();
        let folder = ARMED.get_or_init(|| std::env::var_os(FOLDER).map(PathBuf::from));
        if folder.as_deref().is_some_and(|folder| take(folder, point)) {
            tracing::error!(point, "this process ends here, as it was told to");
            // Not an unwinding: nothing is rolled back, closed or told to anybody, as with SIGKILL.
            process::abort();
        }
    }

    /// Whether the point is armed. Of several processes that look at once, one is told so.
    pub(super) fn take(folder: &Path, point: &str) -> bool {
        fs::remove_file(folder.join(point)).is_ok()
    }
}

#[cfg(all(test, debug_assertions))]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn an_armed_point_is_taken_once_and_a_point_that_is_not_armed_does_nothing() {
        let folder = std::env::temp_dir().join(crate::ids::new_id().to_string());
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("orders.placed"), "").unwrap();
        assert!(!armed::take(&folder, "orders.reserved"));
        assert!(armed::take(&folder, "orders.placed"));
        assert!(!armed::take(&folder, "orders.placed"));
        fs::remove_dir(&folder).unwrap();
        reach("orders.placed");
    }
}
