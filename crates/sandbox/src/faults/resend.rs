//! What can go wrong with Resend.

use serde::{Deserialize, Serialize};

use super::fields::{check_ending, delay};
use super::{Counted, WebhookFault};

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

impl Counted for RequestFault {
    fn times(&mut self) -> Option<&mut u32> {
        self.times.as_mut()
    }
}

impl ResendFaults {
    /// Refuses what makes no sense together.
    pub(super) fn check(&self) -> Result<(), String> {
        let operations = [
            ("resend.send", &self.send),
            ("resend.batch", &self.batch),
            ("resend.get", &self.get),
        ];
        for (place, fault) in operations {
            fault.iter().try_for_each(|fault| fault.check(place))?;
        }
        Ok(())
    }
}

impl RequestFault {
    fn check(&self, place: &str) -> Result<(), String> {
        if self.name.is_some() && self.status.is_none() {
            return Err(format!("{place}.name needs a status"));
        }
        check_ending(place, self.status, self.hang, self.drop_after_execute)
    }
}
