//! How what the provider pays out is followed.

use std::time::Duration;

use chrono::TimeDelta;
use common::settings::Reader;

/// How what the provider pays out is followed.
#[derive(Debug)]
pub struct SettlementSettings {
    /// How often the provider is asked; zero: never.
    pub every: Duration,
    /// How far each look reaches back behind the one before.
    pub overlap: TimeDelta,
    /// Days that the bank's value date may be from the settlement's.
    pub match_days: i32,
    /// Days after which people are told that a settlement has not arrived at the bank; zero: never.
    pub credit_due_days: i32,
}

impl SettlementSettings {
    pub(super) fn read(read: &mut Reader) -> Self {
        let hour = Duration::from_secs(3_600);
        let overlap = read.number("settlements.overlap_days", 7, 0, 90);
        Self {
            every: read.seconds("settlements.every_secs", hour),
            overlap: TimeDelta::days(overlap),
            match_days: read.number("settlements.match_days", 3, 0, 30),
            credit_due_days: read.number("settlements.credit_due_days", 0, 0, 90),
        }
    }
}
