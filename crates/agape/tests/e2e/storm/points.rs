//! Failpoints of the running processes: armed here, and seen to have ended somebody.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use local_stack::Scratch;

/// Where processes look whether they are to die.
pub struct Points {
    folder: Scratch,
}

impl Points {
    /// None is armed.
    pub fn new() -> Self {
        Self {
            folder: Scratch::new().unwrap(),
        }
    }

    /// What tells processes of it.
    pub fn variable(&self) -> (&'static str, &str) {
        ("FAILPOINTS_DIR", self.folder.path().to_str().unwrap())
    }

    /// Whoever comes to the point next dies.
    pub fn arm(&self, point: &str) {
        fs::write(self.file(point), "").unwrap();
    }

    /// Whether nobody has died there yet.
    pub fn is_armed(&self, point: &str) -> bool {
        self.file(point).exists()
    }

    /// Nobody dies there any more; answers whether nobody did.
    pub fn disarm(&self, point: &str) -> bool {
        fs::remove_file(self.file(point)).is_ok()
    }

    /// Arms a point and waits until somebody has died there; answers after how long, or that nobody did.
    pub async fn strike(&self, point: &str, patience: Duration) -> Option<Duration> {
        let begun = Instant::now();
        self.arm(point);
        while self.is_armed(point) {
            if begun.elapsed() > patience {
                return (!self.disarm(point)).then(|| begun.elapsed());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Some(begun.elapsed())
    }

    fn file(&self, point: &str) -> PathBuf {
        self.folder.path().join(point)
    }
}
