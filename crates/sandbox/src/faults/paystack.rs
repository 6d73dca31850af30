//! What can go wrong with Paystack.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::fields::{check_ending, copies, delay};
use super::{Counted, WebhookFault};
use crate::paystack::{Operation, Tamper};

/// How much more or less at most, so that sums stay sums.
const DELTA_MAX: u64 = 1_000_000_000_000;

/// What is to go wrong with Paystack, per operation.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PaystackFaults(pub BTreeMap<Operation, PaystackFault>);

/// How an operation, and the webhooks that it causes, go wrong. `status`, `hang` and `dropAfterExecute` exclude each
/// other; what an operation cannot suffer is refused with the plan.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PaystackFault {
    /// It takes this much longer, and is executed at the end of it even if the client has gone.
    #[serde(default, deserialize_with = "delay")]
    pub latency_ms: u64,
    /// It is not executed and gets this status, 400 to 599.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The code of that error, if not the usual one of the status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Whether that error is a page of a proxy instead of the vendor's JSON; if absent, 502, 503 and 504 are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<bool>,
    /// It is not executed and gets no answer; the connection stays open.
    #[serde(default)]
    pub hang: bool,
    /// It is executed, and then the connection is closed without an answer.
    #[serde(default)]
    pub drop_after_execute: bool,
    /// How many copies follow the first webhook; `true` is one.
    #[serde(default, deserialize_with = "copies")]
    pub duplicate_webhooks: u8,
    /// Webhooks about one transaction go out in reverse order.
    #[serde(default)]
    pub reorder_webhooks: bool,
    /// Webhooks go out this much later.
    #[serde(default, deserialize_with = "delay")]
    pub delay_webhooks_ms: u64,
    /// Webhooks never go out.
    #[serde(default)]
    pub drop_webhooks: bool,
    /// Webhooks are signed with a key that is not the account's.
    #[serde(default)]
    pub forge_signature: bool,
    /// The second half of a webhook's body is missing; what is sent is signed.
    #[serde(default)]
    pub truncate_body: bool,
    /// The webhook has this event instead of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// How much more or less is charged (`complete`), told (`webhook`) or shown (`verify` and lists), in subunits.
    #[serde(default)]
    pub amount_delta: i64,
    /// The currency that is charged, told or shown instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// The metadata that is told or shown instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Value>,
    /// The webhook was tried once before the answer is given. An initialized transaction is paid for that, by card.
    #[serde(default)]
    pub webhook_first: bool,
    /// How many requests (or webhooks) are hit; all if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
}

impl Counted for PaystackFault {
    fn times(&mut self) -> Option<&mut u32> {
        self.times.as_mut()
    }
}

impl PaystackFault {
    /// What happens to the delivery of a webhook.
    #[must_use]
    pub fn delivery(&self) -> WebhookFault {
        WebhookFault {
            duplicate_webhooks: self.duplicate_webhooks,
            reorder_webhooks: self.reorder_webhooks,
            delay_webhooks_ms: self.delay_webhooks_ms,
            drop_webhooks: self.drop_webhooks,
            forge_signature: self.forge_signature,
            times: None,
        }
    }

    /// What is told or shown instead of the truth.
    #[must_use]
    pub fn tamper(&self) -> Tamper {
        Tamper {
            amount_delta: self.amount_delta,
            currency: self.currency.clone(),
            metadata: self.metadata.clone(),
        }
    }

    /// The fault's name for the journal: of its ending, else of its delay.
    #[must_use]
    pub fn name(&self) -> Option<&'static str> {
        let names = [
            (self.hang, "hang"),
            (self.status.is_some(), "status"),
            (self.drop_after_execute, "dropAfterExecute"),
            (self.webhook_first, "webhookFirst"),
            (self.tampers(), "tamper"),
            (self.latency_ms > 0, "latencyMs"),
        ];
        let mut those = names.into_iter().filter(|(is_on, _)| *is_on);
        those.next().map(|(_, name)| name)
    }

    fn touches_request(&self) -> bool {
        let is_answered_otherwise = self.status.is_some() || self.code.is_some();
        let is_slow = self.latency_ms > 0 || self.hang;
        is_answered_otherwise || is_slow || self.html.is_some() || self.drop_after_execute
    }

    fn touches_webhooks(&self) -> bool {
        let is_moved = self.reorder_webhooks || self.delay_webhooks_ms > 0 || self.drop_webhooks;
        let is_spoilt = self.forge_signature || self.truncate_body || self.event.is_some();
        is_moved || is_spoilt || self.duplicate_webhooks > 0
    }

    fn tampers(&self) -> bool {
        self.amount_delta != 0 || self.currency.is_some() || self.metadata.is_some()
    }

    fn check(&self, operation: Operation) -> Result<(), String> {
        let place = format!("paystack.{}", operation.name());
        // What an initialize tells and charges, it does by paying at once.
        let is_idle = operation == Operation::Initialize && !self.webhook_first;
        let is_webhook = operation == Operation::Webhook;
        let groups = [
            (
                "latencyMs, status, code, html, hang and dropAfterExecute",
                self.touches_request() && is_webhook,
            ),
            (
                "what concerns webhooks",
                self.touches_webhooks() && (is_idle || !operation.tells()),
            ),
            (
                "amountDelta, currency and metadata",
                self.tampers() && (is_idle || !operation.shows_money()),
            ),
            (
                "webhookFirst",
                self.webhook_first && (is_webhook || !operation.tells()),
            ),
        ];
        if let Some((what, _)) = groups.into_iter().find(|(_, is_misplaced)| *is_misplaced) {
            return Err(format!("{place}: {what} cannot happen here"));
        }
        if (self.code.is_some() || self.html.is_some()) && self.status.is_none() {
            return Err(format!("{place}: code and html need a status"));
        }
        if operation == Operation::Complete || operation == Operation::Initialize {
            let known = |code: &String| code.parse::<money::Currency>().is_ok();
            if !self.currency.as_ref().is_none_or(known) {
                return Err(format!("{place}.currency cannot be charged"));
            }
        }
        if self.amount_delta.unsigned_abs() > DELTA_MAX {
            return Err(format!("{place}.amountDelta must be within {DELTA_MAX}"));
        }
        check_ending(&place, self.status, self.hang, self.drop_after_execute)
    }
}

impl PaystackFaults {
    /// Refuses what makes no sense, by itself or together.
    pub(super) fn check(&self) -> Result<(), String> {
        let mut all = self.0.iter();
        all.try_for_each(|(operation, fault)| fault.check(*operation))
    }
}

#[cfg(test)]
mod tests {
    use crate::faults::FaultPlan;

    #[test]
    fn what_an_operation_cannot_suffer_is_named() {
        for (json, part) in [
            (r#"{"pay":{}}"#, "unknown variant `pay`"),
            (r#"{"verify":{"lag":1}}"#, "unknown field `lag`"),
            (
                r#"{"webhook":{"status":500}}"#,
                "paystack.webhook: latencyMs",
            ),
            (
                r#"{"verify":{"dropWebhooks":true}}"#,
                "what concerns webhooks",
            ),
            (
                r#"{"initialize":{"forgeSignature":true}}"#,
                "what concerns webhooks",
            ),
            (r#"{"initialize":{"amountDelta":1}}"#, "amountDelta"),
            (r#"{"balance":{"amountDelta":1}}"#, "amountDelta"),
            (r#"{"webhook":{"webhookFirst":true}}"#, "webhookFirst"),
            (r#"{"verify":{"html":true}}"#, "need a status"),
            (r#"{"complete":{"currency":"EUR"}}"#, "cannot be charged"),
            (r#"{"verify":{"status":200}}"#, "from 400 to 599"),
            (
                r#"{"refund":{"hang":true,"status":500}}"#,
                "exclude each other",
            ),
        ] {
            let plan = format!(r#"{{"paystack":{json}}}"#);
            let problem = FaultPlan::parse(plan.as_bytes()).unwrap_err();
            assert!(problem.contains(part), "{json}: {problem}");
        }
    }

    #[test]
    fn what_makes_sense_is_taken() {
        for json in [
            r#"{"initialize":{"webhookFirst":true,"amountDelta":-5,"duplicateWebhooks":2}}"#,
            r#"{"complete":{"currency":"GHS","reorderWebhooks":true}}"#,
            r#"{"webhook":{"currency":"EUR","metadata":0,"truncateBody":true,"event":"charge.new"}}"#,
            r#"{"verify":{"amountDelta":1,"latencyMs":5,"times":1}}"#,
            r#"{"refund":{"status":502,"html":false,"code":"x"}}"#,
        ] {
            let plan = format!(r#"{{"paystack":{json}}}"#);
            assert!(FaultPlan::parse(plan.as_bytes()).is_ok(), "{json}");
        }
    }
}
