//! What the service counts.

use common::metrics::Metrics;
use prometheus::{IntCounterVec, IntGaugeVec};

use crate::domain::status::Status;
use crate::domain::template::Template;
use crate::store::messages::Waiting;

/// Counters and gauges of the mails.
#[derive(Clone)]
pub(crate) struct Counters {
    ended: IntCounterVec,
    put_off: IntCounterVec,
    suppressed: IntCounterVec,
    told: IntCounterVec,
    waiting: IntGaugeVec,
    oldest: IntGaugeVec,
}

/// The states in which a mail waits for somebody.
const WAITING: [Status; 2] = [Status::Pending, Status::Sending];

impl Counters {
    /// Registers them all, so that each exists from the start.
    ///
    /// # Errors
    /// When a name is taken.
    pub(crate) fn register(metrics: &Metrics) -> Result<Self, prometheus::Error> {
        let counters = Self {
            ended: metrics.counter(
                "notifications_ended_total",
                "Mails that reached their end, and which",
                &["template", "status"],
            )?,
            put_off: metrics.counter(
                "notifications_put_off_total",
                "Attempts after which a mail waits for another, and why",
                &["reason"],
            )?,
            suppressed: metrics.counter(
                "notifications_suppressed_total",
                "Addresses ruled out as recipients, and why",
                &["reason"],
            )?,
            told: metrics.counter(
                "notifications_told_total",
                "What the provider told about mails that it took",
                &["event"],
            )?,
            waiting: metrics.gauge(
                "notifications_waiting",
                "Mails that have not reached their end",
                &["status"],
            )?,
            oldest: metrics.gauge(
                "notifications_oldest_waiting_seconds",
                "Age of the oldest of them",
                &["status"],
            )?,
        };
        for reason in ["auth", "orders", "rate", "quota", "operator", "unknown"] {
            counters.put_off.with_label_values(&[reason]);
        }
        for template in Template::all() {
            for status in Status::ALL.into_iter().filter(|status| status.has_ended()) {
                counters
                    .ended
                    .with_label_values(&[template.name(), status.name()]);
            }
        }
        counters.show_waiting(&[]);
        Ok(counters)
    }

    /// A mail reached its end.
    pub(crate) fn ended(&self, template: &str, status: Status) {
        self.ended
            .with_label_values(&[template, status.name()])
            .inc();
    }

    /// A mail waits for another attempt.
    pub(crate) fn put_off(&self, reason: &str) {
        self.put_off.with_label_values(&[reason]).inc();
    }

    /// An address gets no more mail.
    pub(crate) fn suppressed(&self, reason: &str) {
        self.suppressed.with_label_values(&[reason]).inc();
    }

    /// The provider told something; words that are new to us share one series.
    pub(crate) fn told(&self, kind: &str) {
        const KNOWN: [&str; 11] = [
            "sent",
            "delivered",
            "delivery_delayed",
            "bounced",
            "complained",
            "opened",
            "clicked",
            "failed",
            "scheduled",
            "suppressed",
            "received",
        ];
        let kind = if KNOWN.contains(&kind) { kind } else { "other" };
        self.told.with_label_values(&[kind]).inc();
    }

    /// What waits at the moment.
    pub(crate) fn show_waiting(&self, waiting: &[Waiting]) {
        for status in WAITING {
            let found = waiting.iter().find(|row| row.status == status.name());
            let count = found.map_or(0, |row| row.count);
            self.waiting.with_label_values(&[status.name()]).set(count);
            self.oldest
                .with_label_values(&[status.name()])
                .set(found.map_or(0, |row| whole_seconds(row.oldest_age)));
        }
    }
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "an age in seconds is far below 2^53, and a cast of a float saturates"
)]
fn whole_seconds(age: f64) -> i64 {
    age.max(0.0) as i64
}
