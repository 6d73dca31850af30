//! What goes wrong on command, per vendor and operation.
//!
//! ```json
//! {"resend": {"send": {"dropAfterExecute": true, "times": 1}, "webhook": {"duplicateWebhooks": 1}},
//!  "paystack": {"complete": {"webhookFirst": true}, "verify": {"status": 502, "times": 2}}}
//! ```
//!
//! A fault hits requests that passed the vendor's gate (key and rate limit), `times` of them if that is given.

mod fields;
mod paystack;
mod resend;

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use fields::{copies, delay};
pub use paystack::{PaystackFault, PaystackFaults};
pub use resend::{RequestFault, ResendFaults};

/// Everything that is to go wrong.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultPlan {
    /// With Resend.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resend: Option<ResendFaults>,
    /// With Paystack.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paystack: Option<PaystackFaults>,
}

/// How a webhook goes wrong.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WebhookFault {
    /// How many copies follow the first; `true` is one.
    #[serde(default, deserialize_with = "copies")]
    pub duplicate_webhooks: u8,
    /// The webhooks about one thing go out in reverse order.
    #[serde(default)]
    pub reorder_webhooks: bool,
    /// It goes out this much later.
    #[serde(default, deserialize_with = "delay")]
    pub delay_webhooks_ms: u64,
    /// It never goes out.
    #[serde(default)]
    pub drop_webhooks: bool,
    /// Its signature is wrong, in all tries.
    #[serde(default)]
    pub forge_signature: bool,
    /// How many webhooks are hit; all if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
}

/// A fault that ends after some hits.
pub trait Counted: Clone {
    /// How many hits are left, if they are counted.
    fn times(&mut self) -> Option<&mut u32>;
}

impl Counted for WebhookFault {
    fn times(&mut self) -> Option<&mut u32> {
        self.times.as_mut()
    }
}

impl FaultPlan {
    /// Reads a plan.
    ///
    /// # Errors
    /// A sentence that says what is wrong and where: a field nobody knows, or values that make no sense together.
    pub fn parse(json: &[u8]) -> Result<Self, String> {
        let mut reader = serde_json::Deserializer::from_slice(json);
        let plan: Self = serde_path_to_error::deserialize(&mut reader)
            .map_err(|error| format!("{}: {}", error.path(), error.inner()))?;
        reader
            .end()
            .map_err(|error| format!("after the plan: {error}"))?;
        plan.resend.iter().try_for_each(ResendFaults::check)?;
        plan.paystack.iter().try_for_each(PaystackFaults::check)?;
        Ok(plan)
    }
}

/// The faults in force.
#[derive(Debug, Default)]
pub struct Faults {
    plan: Mutex<FaultPlan>,
}

impl Faults {
    /// Replaces all faults.
    pub fn set(&self, plan: FaultPlan) {
        *self.lock() = plan;
    }

    /// The faults in force, with the hits that are left.
    #[must_use]
    pub fn current(&self) -> FaultPlan {
        self.lock().clone()
    }

    /// The fault that hits this time, if there is one; the hit is counted.
    pub fn take<F: Counted>(
        &self,
        which: impl FnOnce(&mut FaultPlan) -> Option<&mut F>,
    ) -> Option<F> {
        let mut plan = self.lock();
        let fault = which(&mut plan)?;
        if let Some(left) = fault.times() {
            *left = left.checked_sub(1)?;
        }
        Some(fault.clone())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, FaultPlan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn send(plan: &mut FaultPlan) -> Option<&mut RequestFault> {
        plan.resend.as_mut()?.send.as_mut()
    }

    #[test]
    fn a_counted_fault_ends() {
        let faults = Faults::default();
        faults.set(FaultPlan::parse(br#"{"resend":{"send":{"status":500,"times":2}}}"#).unwrap());
        assert!(faults.take(send).is_some());
        assert!(faults.take(send).is_some());
        assert!(faults.take(send).is_none());
    }

    #[test]
    fn an_uncounted_fault_stays() {
        let faults = Faults::default();
        faults.set(FaultPlan::parse(br#"{"resend":{"send":{"hang":true}}}"#).unwrap());
        for _ in 0..3 {
            assert!(faults.take(send).unwrap().hang);
        }
        faults.set(FaultPlan::default());
        assert!(faults.take(send).is_none());
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        for (json, part) in [
            (r#"{"resent":{}}"#, "unknown field `resent`"),
            (
                r#"{"resend":{"send":{"latency":1}}}"#,
                "resend.send.latency: unknown field",
            ),
            (
                r#"{"resend":{"webhook":{"status":500}}}"#,
                "resend.webhook.status: unknown field",
            ),
            (
                r#"{"resend":{"send":{"status":200}}}"#,
                "resend.send.status",
            ),
            (
                r#"{"resend":{"get":{"hang":true,"dropAfterExecute":true}}}"#,
                "exclude each other",
            ),
            (
                r#"{"resend":{"send":{"name":"x"}}}"#,
                "resend.send.name needs a status",
            ),
            (
                r#"{"resend":{"send":{"latencyMs":600001}}}"#,
                "at most 600000",
            ),
            (
                r#"{"resend":{"webhook":{"duplicateWebhooks":21}}}"#,
                "up to 20",
            ),
            ("[1]", "invalid type"),
            ("{} {}", "after the plan"),
        ] {
            let problem = FaultPlan::parse(json.as_bytes()).unwrap_err();
            assert!(problem.contains(part), "{json}: {problem}");
        }
    }
}
