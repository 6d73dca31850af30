//! The vendors that a child speaks to: the sandbox's, unless the person brought keys of their own.

use anyhow::Result;

use super::{Variables, base_url, variable};
use crate::given;
use crate::keys::Keys;
use crate::services::{self, Uses};

/// Where the shop takes the mail vendor's webhooks, below the gateway.
const RESEND_WEBHOOKS: &str = "/api/v1/webhooks/resend";
/// A key that the sandbox takes and the real vendor does not.
const SANDBOX_KEY: &str = "re_sandbox";
/// Who is told of sales, so that these mails are seen too.
const MERCHANT: &str = "merchant@agape.example";
/// Who gets the reports about payments.
const FINANCE: &str = "finance@agape.example";
/// Where the payment vendor posts.
const PAYSTACK_WEBHOOKS: &str = "/api/v1/payments/webhook";
/// What opens the sandbox as payment vendor. A test key, as the vendor's own begin.
const SANDBOX_PAYSTACK_KEY: &str = "sk_test_sandbox";

/// The sandbox as mail vendor. Who brings a key of their own wants the real one, and the
/// service's own defaults know where that is.
pub(super) fn resend(service: &str, keys: &Keys) -> Result<Variables> {
    const KEY: &str = "RESEND__API_KEY";
    if given::variable(&variable(service, KEY)).is_some() {
        return Ok(Variables::new());
    }
    let url = format!("{}/resend", base_url(services::SANDBOX.service)?);
    let secret = keys.resend_webhook_secret()?;
    Ok(vec![
        ("RESEND__URL".to_owned(), url.into()),
        (KEY.to_owned(), SANDBOX_KEY.into()),
        ("RESEND__WEBHOOK_SECRET".to_owned(), secret.into()),
        ("MERCHANT_EMAIL".to_owned(), MERCHANT.into()),
        ("FINANCE_EMAIL".to_owned(), FINANCE.into()),
    ])
}

/// The other side: webhooks go where the shop takes them, if a service of this build does.
pub(super) fn resend_account(keys: &Keys) -> Result<Variables> {
    let secret = keys.resend_webhook_secret()?;
    let mut variables = vec![("RESEND__WEBHOOK_SECRET".to_owned(), secret.into())];
    if services::ALL
        .iter()
        .any(|one| one.uses.contains(&Uses::Resend))
    {
        let gateway = base_url(services::get("gateway")?.service)?;
        let url = format!("{gateway}{RESEND_WEBHOOKS}");
        variables.push(("RESEND__WEBHOOK_URL".to_owned(), url.into()));
    }
    Ok(variables)
}

/// The sandbox as payment vendor. Who brings a key of their own wants the real one, and the service's own defaults know where
/// that is.
pub(super) fn paystack(service: &str) -> Result<Variables> {
    const KEY: &str = "PAYSTACK__SECRET_KEY";
    if given::variable(&variable(service, KEY)).is_some() {
        return Ok(Variables::new());
    }
    let url = format!("{}/paystack", base_url(services::SANDBOX.service)?);
    Ok(vec![
        ("PAYSTACK__BASE_URL".to_owned(), url.into()),
        (KEY.to_owned(), SANDBOX_PAYSTACK_KEY.into()),
        // Nobody who tries it out waits for an hour.
        ("SETTLEMENTS__EVERY_SECS".to_owned(), "10".into()),
    ])
}

/// The other side: it knows the key, and posts its webhooks to the gateway.
pub(super) fn paystack_account() -> Result<Variables> {
    let gateway = base_url(services::get("gateway")?.service)?;
    let url = format!("{gateway}{PAYSTACK_WEBHOOKS}");
    Ok(vec![
        (
            "PAYSTACK__SECRET_KEY".to_owned(),
            SANDBOX_PAYSTACK_KEY.into(),
        ),
        ("PAYSTACK__WEBHOOK_URL".to_owned(), url.into()),
    ])
}

#[cfg(test)]
mod tests {
    use super::super::Environment;
    use super::*;
    use crate::infrastructure::Urls;
    use crate::services::Deployed;

    #[test]
    fn a_service_and_the_sandbox_agree_on_the_webhook_secret() {
        let dir = tempfile::tempdir().unwrap();
        let keys = Keys::new(dir.path().join("keys"));
        keys.ensure(&["auth"]).unwrap();
        let urls = Urls {
            postgres: "postgres://boss@db.example/postgres".to_owned(),
            redis: String::new(),
            amqp: String::new(),
        };
        let environment = Environment::with_keys(keys, &urls).unwrap();
        let mailer = Deployed {
            service: services::get("auth").unwrap().service,
            uses: &[Uses::Resend],
        };
        let value = |variables: &Variables, name: &str| {
            let found = variables.iter().find(|(one, _)| one == name);
            found.unwrap().1.to_str().unwrap().to_owned()
        };
        let theirs = environment.for_service(&mailer).unwrap();
        let ours = environment.for_service(services::SANDBOX).unwrap();
        let secret = value(&theirs, "AUTH__RESEND__WEBHOOK_SECRET");
        assert!(secret.starts_with("whsec_"), "{secret}");
        assert_eq!(secret, value(&ours, "SANDBOX__RESEND__WEBHOOK_SECRET"));
        let sandbox = base_url(services::SANDBOX.service).unwrap();
        assert_eq!(
            value(&theirs, "AUTH__RESEND__URL"),
            format!("{sandbox}/resend")
        );
        assert_eq!(value(&theirs, "AUTH__RESEND__API_KEY"), "re_sandbox");
    }
}
