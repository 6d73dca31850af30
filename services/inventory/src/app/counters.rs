//! What the service counts.

use common::metrics::Metrics;
use prometheus::{HistogramVec, IntCounterVec};

/// Counters of reservations.
#[derive(Clone)]
pub(crate) struct Counters {
    asked: IntCounterVec,
    oversell_attempts: IntCounterVec,
    batched: HistogramVec,
    expired: IntCounterVec,
}

/// What became of an order that wants to hold something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// It holds its lines.
    Held,
    /// Too few were there.
    Insufficient,
    /// The buyer or the address is at a limit.
    Limited,
    /// It was given up before, or known with other lines.
    Refused,
    /// There was no decision.
    Failed,
}

impl Asked {
    const ALL: [Self; 5] = [
        Self::Held,
        Self::Insufficient,
        Self::Limited,
        Self::Refused,
        Self::Failed,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Insufficient => "insufficient",
            Self::Limited => "limited",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

impl Counters {
    /// Registers them all, so that each exists from the start.
    ///
    /// # Errors
    /// When a name is taken.
    pub(crate) fn register(metrics: &Metrics) -> Result<Self, prometheus::Error> {
        let counters = Self {
            asked: metrics.counter(
                "inventory_reservations_total",
                "Orders that wanted to hold stock",
                &["outcome"],
            )?,
            oversell_attempts: metrics.counter(
                "oversell_attempts_total",
                "Orders for more than there was",
                &[],
            )?,
            batched: metrics.histogram(
                "inventory_reserve_duration_seconds",
                "Time of deciding one batch of orders",
                &["lane"],
            )?,
            expired: metrics.counter(
                "inventory_reservations_expired_total",
                "Holds whose time was over",
                &[],
            )?,
        };
        for outcome in Asked::ALL {
            let _ = counters.asked.with_label_values(&[outcome.name()]);
        }
        let nothing: [&str; 0] = [];
        let _ = counters.oversell_attempts.with_label_values(&nothing);
        let _ = counters.expired.with_label_values(&nothing);
        Ok(counters)
    }

    /// An order was answered.
    pub(crate) fn asked(&self, outcome: Asked) {
        self.asked.with_label_values(&[outcome.name()]).inc();
        if outcome == Asked::Insufficient {
            let nothing: [&str; 0] = [];
            self.oversell_attempts.with_label_values(&nothing).inc();
        }
    }

    /// A batch was decided.
    pub(crate) fn batch(&self, lane: &str, seconds: f64) {
        self.batched.with_label_values(&[lane]).observe(seconds);
    }

    /// Holds ended.
    pub(crate) fn expired(&self, count: usize) {
        let nothing: [&str; 0] = [];
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        self.expired.with_label_values(&nothing).inc_by(count);
    }
}
