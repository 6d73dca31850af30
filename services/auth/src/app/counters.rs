//! What operators can count.

use common::metrics::Metrics;
use prometheus::IntCounterVec;

/// The service's own metrics.
#[derive(Clone)]
pub(crate) struct Counters {
    /// `auth_logins_total{outcome}`: `succeeded`, `refused`, `locked`, `second_factor_missing`, `second_factor_refused`.
    pub(crate) logins: IntCounterVec,
    /// `auth_refreshes_total{outcome}`: `rotated`, `repeated`, `reused`, `refused`.
    pub(crate) refreshes: IntCounterVec,
}

impl Counters {
    /// Registers them, with every outcome at 0: a rate can only be told from a counter that was there before.
    pub(crate) fn register(metrics: &Metrics) -> anyhow::Result<Self> {
        let logins = metrics.counter("auth_logins_total", "Logins by outcome", &["outcome"])?;
        for outcome in [
            "succeeded",
            "refused",
            "locked",
            "second_factor_missing",
            "second_factor_refused",
        ] {
            logins.with_label_values(&[outcome]);
        }
        let refreshes =
            metrics.counter("auth_refreshes_total", "Refreshes by outcome", &["outcome"])?;
        for outcome in ["rotated", "repeated", "reused", "refused"] {
            refreshes.with_label_values(&[outcome]);
        }
        Ok(Self { logins, refreshes })
    }
}
