//! When and how payments are compared with the provider's.

use std::time::Duration;

use chrono::NaiveTime;
use common::settings::Reader;

use crate::domain::reconciliation::day::Calendar;

/// How long a process that died holds the others up.
const LEASE: Duration = Duration::from_secs(15);

/// When and how payments are compared with the provider's.
#[derive(Debug)]
pub struct ReconciliationSettings {
    /// The shop's days.
    pub(crate) calendar: Calendar,
    /// Whether this service begins it each night by itself.
    pub(crate) is_nightly: bool,
    /// After so long without a sign of life another process carries on.
    pub(crate) lease: Duration,
}

impl ReconciliationSettings {
    pub(super) fn read(read: &mut Reader) -> Self {
        Self {
            calendar: Calendar {
                zone: read.parsed("time_zone", chrono_tz::Africa::Lagos),
                at: read_time(read, "reconciliation.at"),
                days_before: read.number("reconciliation.days", 3, 0, 31),
            },
            is_nightly: read.flag("reconciliation.nightly", true),
            lease: read.millis("reconciliation.lease_ms", LEASE),
        }
    }
}

/// A time of day; by default 02:00.
fn read_time(read: &mut Reader, key: &str) -> NaiveTime {
    let usual = NaiveTime::MIN + chrono::TimeDelta::hours(2);
    let Some(text) = read.optional(key) else {
        return usual;
    };
    NaiveTime::parse_from_str(&text, "%H:%M").unwrap_or_else(|_malformed| {
        read.problem(key, "must be a time of day such as 02:00");
        usual
    })
}
