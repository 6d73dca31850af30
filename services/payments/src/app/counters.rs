//! What the service counts.

use common::metrics::Metrics;
use prometheus::{HistogramVec, IntCounterVec, IntGaugeVec};

use crate::domain::reconciliation::class::Class;
use crate::domain::webhook_signature::KeyAge;

/// Counters and gauges of payments.
#[derive(Clone)]
pub(crate) struct Counters {
    payments: IntCounterVec,
    refunds: IntCounterVec,
    disputes: IntCounterVec,
    webhooks: IntCounterVec,
    webhook_keys: IntCounterVec,
    worked: IntCounterVec,
    gateway: HistogramVec,
    oldest_webhook: IntGaugeVec,
    oldest_refund: IntGaugeVec,
    attention: IntGaugeVec,
    settlements: IntCounterVec,
    settlement_pull: IntGaugeVec,
    reconciled: IntGaugeVec,
    mismatches: IntGaugeVec,
}

/// What becomes of attempts to pay.
const PAYMENTS: [&str; 8] = [
    "initialized",
    "pending",
    "failed",
    "abandoned",
    "paid",
    "mismatched",
    "reversed",
    "kept",
];
/// What becomes of refunds.
const REFUNDS: [&str; 5] = [
    "requested",
    "processing",
    "processed",
    "failed",
    "needs_attention",
];
/// What becomes of disputes.
const DISPUTES: [&str; 6] = [
    "opened",
    "reminded",
    "won",
    "lost",
    "accepted",
    "auto_accepted",
];
/// What becomes of webhooks at the door.
const WEBHOOKS: [&str; 4] = ["stored", "duplicate", "contradiction", "refused"];
/// What becomes of webhooks behind it.
const WORKED: [&str; 7] = [
    "applied",
    "unknown_dispute",
    "ignored",
    "unconfirmed",
    "unknown_reference",
    "alien",
    "deferred",
];
/// What a person has to look at.
pub(crate) const ATTENTION: [&str; 18] = [
    "mismatch",
    "reversed",
    "alien_answer",
    "unknown_reference",
    "unconfirmed",
    "unclaimed",
    "contradicting_event",
    "contradicting_refund",
    "refund_failed",
    "refund_stopped",
    "refund_returned",
    "refund_needs_attention",
    "external_refund",
    "kept_twice",
    "settlement",
    "reconciliation",
    "dispute",
    "dispute_deadline",
];
/// What becomes of settlements.
const SETTLEMENTS: [&str; 4] = ["paid_out", "taken_back", "doubtful", "stuck"];

impl Counters {
    /// Registers them all, so that each exists from the start.
    ///
    /// # Errors
    /// When a name is taken.
    pub(crate) fn register(metrics: &Metrics) -> Result<Self, prometheus::Error> {
        let counters = Self {
            payments: metrics.counter(
                "payments_total",
                "Attempts to pay, by what became of them",
                &["outcome"],
            )?,
            refunds: metrics.counter(
                "refunds_total",
                "Refunds, by what became of them",
                &["outcome"],
            )?,
            disputes: metrics.counter(
                "disputes_total",
                "Disputes, by what became of them",
                &["outcome"],
            )?,
            webhooks: metrics.counter(
                "payment_webhooks_total",
                "Webhooks of the provider, by how they were received",
                &["result"],
            )?,
            webhook_keys: metrics.counter(
                "payment_webhook_keys_total",
                "Webhooks of the provider, by the key that signed them",
                &["key"],
            )?,
            worked: metrics.counter(
                "payment_webhooks_worked_total",
                "Webhooks of the provider, by what became of them",
                &["outcome"],
            )?,
            gateway: metrics.histogram(
                "payment_gateway_duration_seconds",
                "Time of one call to the provider",
                &["call", "outcome"],
            )?,
            oldest_webhook: metrics.gauge(
                "payment_webhook_oldest_seconds",
                "Age of the oldest webhook that is not worked off",
                &[],
            )?,
            oldest_refund: metrics.gauge(
                "payment_refund_oldest_seconds",
                "Age of the oldest refund that has not ended",
                &[],
            )?,
            attention: metrics.gauge(
                "payment_attention_open",
                "What a person has to look at",
                &["kind"],
            )?,
            settlements: metrics.counter(
                "payment_settlements_total",
                "Settlements, by what became of them",
                &["outcome"],
            )?,
            settlement_pull: metrics.gauge(
                "payment_settlement_pull_age_seconds",
                "Since when the provider's list of settlements was not read to its end",
                &[],
            )?,
            reconciled: metrics.gauge(
                "payment_reconciliation_age_seconds",
                "Time since a reconciliation was last finished; 0 before the first",
                &[],
            )?,
            mismatches: metrics.gauge(
                "payment_mismatches_open",
                "Where the provider says otherwise than we do, and nobody has resolved it",
                &["class"],
            )?,
        };
        counters.show_from_the_start();
        Ok(counters)
    }

    fn show_from_the_start(&self) {
        for (counter, names) in [
            (&self.payments, &PAYMENTS[..]),
            (&self.refunds, &REFUNDS),
            (&self.disputes, &DISPUTES),
            (&self.webhooks, &WEBHOOKS),
            (&self.worked, &WORKED),
            (&self.settlements, &SETTLEMENTS),
            (
                &self.webhook_keys,
                &[KeyAge::Current.name(), KeyAge::Previous.name()],
            ),
        ] {
            for name in names {
                let _ = counter.with_label_values(&[*name]);
            }
        }
        self.oldest_webhook(0);
        self.oldest_refund(0);
        self.attention(&[]);
        self.settlement_pull(0);
        self.reconciled(0);
        self.mismatches(&[]);
    }

    /// Something became of an attempt to pay.
    pub(crate) fn payment(&self, outcome: &str) {
        self.payments.with_label_values(&[outcome]).inc();
    }

    /// Something became of a refund.
    pub(crate) fn refund(&self, outcome: &str) {
        self.refunds.with_label_values(&[outcome]).inc();
    }

    /// Something became of a dispute.
    pub(crate) fn dispute(&self, outcome: &str) {
        self.disputes.with_label_values(&[outcome]).inc();
    }

    /// A webhook came.
    pub(crate) fn webhook(&self, result: &str) {
        self.webhooks.with_label_values(&[result]).inc();
    }

    /// A webhook was signed with this key.
    pub(crate) fn webhook_key(&self, key: KeyAge) {
        self.webhook_keys.with_label_values(&[key.name()]).inc();
    }

    /// A webhook was worked on.
    pub(crate) fn worked(&self, outcome: &str) {
        self.worked.with_label_values(&[outcome]).inc();
    }

    /// The provider was asked.
    pub(crate) fn gateway(&self, call: &str, outcome: &str, seconds: f64) {
        self.gateway
            .with_label_values(&[call, outcome])
            .observe(seconds);
    }

    /// How old the oldest webhook is that still waits.
    pub(crate) fn oldest_webhook(&self, seconds: i64) {
        self.oldest_webhook
            .with_label_values::<&str>(&[])
            .set(seconds.max(0));
    }

    /// How old the oldest refund is that has not ended.
    pub(crate) fn oldest_refund(&self, seconds: i64) {
        self.oldest_refund
            .with_label_values::<&str>(&[])
            .set(seconds.max(0));
    }

    /// How long ago a reconciliation was last finished.
    pub(crate) fn reconciled(&self, seconds: i64) {
        self.reconciled
            .with_label_values::<&str>(&[])
            .set(seconds.max(0));
    }

    /// Which mismatches are open.
    pub(crate) fn mismatches(&self, open: &[(String, i64)]) {
        for class in Class::ALL {
            let found = open.iter().find(|(name, _)| name == class.name());
            let count = found.map_or(0, |(_, count)| *count);
            self.mismatches
                .with_label_values(&[class.name()])
                .set(count);
        }
    }

    /// What is open.
    pub(crate) fn attention(&self, open: &[(String, i64)]) {
        for kind in ATTENTION {
            let found = open.iter().find(|(name, _)| name == kind);
            let count = found.map_or(0, |(_, count)| *count);
            self.attention.with_label_values(&[kind]).set(count);
        }
    }

    /// Something became of a settlement.
    pub(crate) fn settlement(&self, outcome: &str) {
        self.settlements.with_label_values(&[outcome]).inc();
    }

    /// How long ago the list of settlements was read to its end.
    pub(crate) fn settlement_pull(&self, seconds: i64) {
        self.settlement_pull
            .with_label_values::<&str>(&[])
            .set(seconds.max(0));
    }
}
