//! Times that lists are asked for.

use chrono::{DateTime, Utc};

/// From when to when the provider is asked about. One that is over has lists that do not shift.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) from: DateTime<Utc>,
    /// Excluded.
    pub(crate) to: DateTime<Utc>,
}
