//! How this vendor sends webhooks: the Svix way.

use std::time::Duration;

use super::signature::{Secret, sign};
use crate::config::WebhookSettings;
use crate::journal::Vendor;
use crate::webhooks::Manner;

/// The vendor's pauses before each try, in seconds: at once, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h.
const PAUSES_SECS: [u64; 7] = [0, 5, 300, 1_800, 7_200, 18_000, 36_000];
/// Webhooks that wait for their next try at most.
const WAITING_MAX: usize = 10_000;
/// Tries at the same time at most.
const AT_ONCE_MAX: usize = 256;
/// How long the receiver may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// What the vendor's sender calls itself.
const USER_AGENT: &str = "Svix-Webhooks/1.0";

/// Signed with a timestamp of each try; any 2xx is enough.
#[must_use]
pub fn manner(target: WebhookSettings) -> Manner {
    let forger = Secret::of_a_forger();
    let pauses = PAUSES_SECS.map(|secs| Duration::from_secs(secs) / target.speedup);
    Manner {
        vendor: Vendor::Resend,
        url: target.url,
        pauses: pauses.to_vec(),
        is_taken: |status| (200..300).contains(&status),
        headers: Box::new(move |webhook, now| {
            let (id, timestamp) = (&webhook.delivery.id, now.timestamp());
            let secret = if webhook.delivery.is_forged {
                &forger
            } else {
                &target.secret
            };
            vec![
                ("user-agent", USER_AGENT.to_owned()),
                ("svix-id", id.clone()),
                ("svix-timestamp", timestamp.to_string()),
                ("svix-signature", sign(secret, id, timestamp, &webhook.body)),
            ]
        }),
        timeout: TIMEOUT,
        waiting_max: WAITING_MAX,
        at_once_max: AT_ONCE_MAX,
    }
}
