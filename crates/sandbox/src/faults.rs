//! What goes wrong on command, per vendor and operation.
//!
//! ```json
//! {"resend": {"send": {"dropAfterExecute": true, "times": 1}, "webhook": {"duplicateWebhooks": 1}}}
//! ```
//!
//! A fault hits requests that passed the vendor's gate (key and rate limit), `times` of them if that is given.

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Deserializer, Serialize};

/// Copies of one webhook at most.
const COPIES_MAX: u8 = 20;
/// The longest delay that can be asked for.
const DELAY_MS_MAX: u64 = 600_000;

/// Everything that is to go wrong.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultPlan {
    /// With Resend.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resend: Option<ResendFaults>,
}

/// What is to go wrong with Resend.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResendFaults {
    /// `POST /emails`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send: Option<RequestFault>,
    /// `POST /emails/batch`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<RequestFault>,
    /// `GET /emails/:id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub get: Option<RequestFault>,
    /// Every webhook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<WebhookFault>,
}

/// How a request goes wrong. `status`, `hang` and `dropAfterExecute` exclude each other.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RequestFault {
    /// The request takes this much longer. Its idempotency key is in use meanwhile, and a client that does not wait
    /// does not stop it.
    #[serde(default, deserialize_with = "delay")]
    pub latency_ms: u64,
    /// The request is not executed and gets this status, 400 to 599, with an error of the vendor's shape.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The name of that error, if not the usual one of the status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The request is not executed and gets no answer; the connection stays open.
    #[serde(default)]
    pub hang: bool,
    /// The request is executed, and then the connection is closed without an answer.
    #[serde(default)]
    pub drop_after_execute: bool,
    /// How many requests are hit; all if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
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

impl Counted for RequestFault {
    fn times(&mut self) -> Option<&mut u32> {
        self.times.as_mut()
    }
}

impl Counted for WebhookFault {
    fn times(&mut self) -> Option<&mut u32> {
        self.times.as_mut()
    }
}

impl RequestFault {
    fn check(&self, place: &str) -> Result<(), String> {
        if self.status.is_some_and(|code| !(400..600).contains(&code)) {
            return Err(format!("{place}.status must be from 400 to 599"));
        }
        if self.name.is_some() && self.status.is_none() {
            return Err(format!("{place}.name needs a status"));
        }
        let endings = [self.status.is_some(), self.hang, self.drop_after_execute];
        if endings.into_iter().filter(|one| *one).count() > 1 {
            return Err(format!(
                "{place}: status, hang and dropAfterExecute exclude each other"
            ));
        }
        Ok(())
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
        let resend = plan.resend.iter();
        for faults in resend {
            let operations = [
                ("resend.send", &faults.send),
                ("resend.batch", &faults.batch),
                ("resend.get", &faults.get),
            ];
            for (place, fault) in operations {
                fault.iter().try_for_each(|fault| fault.check(place))?;
            }
        }
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

fn delay<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let millis = u64::deserialize(deserializer)?;
    if millis > DELAY_MS_MAX {
        let text = format!("at most {DELAY_MS_MAX} milliseconds");
        return Err(serde::de::Error::custom(text));
    }
    Ok(millis)
}

fn copies<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Copies {
        Switch(bool),
        Number(u8),
    }
    let problem = || format!("true, false or a number up to {COPIES_MAX}");
    match Copies::deserialize(deserializer) {
        Ok(Copies::Switch(is_on)) => Ok(u8::from(is_on)),
        Ok(Copies::Number(number)) if number <= COPIES_MAX => Ok(number),
        _ => Err(serde::de::Error::custom(problem())),
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
