//! The mail provider Resend: <https://resend.com/docs/api-reference/emails/send-email>.

use std::time::Duration;

use async_trait::async_trait;
use common::context;
use reqwest::header::{
    AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT,
};
use reqwest::{Client, Response};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;

use super::provider::{MailProvider, OutgoingMail, Said, SendRequest};
use crate::domain::attempt::{Answer, Hold, Trouble};

/// Without one the provider's edge refuses every request.
const AGENT: HeaderValue =
    HeaderValue::from_static(concat!("agape-notifications/", env!("CARGO_PKG_VERSION")));
static IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The longest answer that is read, in bytes; a real one has a few hundred.
const ANSWER_MAX: usize = 64 * 1024;
/// The longest piece of the provider's own words that is kept, in characters.
const WORDS_MAX: usize = 200;

/// A client of the provider. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Resend {
    http: Client,
    emails: Url,
    authorization: HeaderValue,
    from: String,
}

/// The request, in the provider's words.
#[derive(Serialize)]
struct Email<'a> {
    from: &'a str,
    to: [&'a str; 1],
    subject: &'a str,
    html: &'a str,
    text: &'a str,
    tags: [Tag<'a>; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    attachments: Option<[File<'a>; 1]>,
}

/// Only ASCII letters, digits, `_` and `-` are allowed in both.
#[derive(Serialize)]
struct Tag<'a> {
    name: &'a str,
    value: &'a str,
}

#[derive(Serialize)]
struct File<'a> {
    filename: &'a str,
    /// In base64.
    content: &'a str,
}

#[derive(Deserialize)]
struct Taken {
    id: String,
}

#[derive(Deserialize)]
struct Refusal {
    name: String,
    #[serde(default)]
    message: String,
}

impl Resend {
    /// A client of the API at `base`, sending in the name of `from`.
    ///
    /// # Errors
    /// When the URL cannot be a base, or the key is not fit for a header.
    pub(crate) fn new(
        http: Client,
        base: &Url,
        key: &SecretString,
        from: &str,
    ) -> anyhow::Result<Self> {
        let mut authorization = HeaderValue::from_str(&format!("Bearer {}", key.expose_secret()))?;
        authorization.set_sensitive(true);
        // A base may have a path of its own, which `join` would drop without the slash.
        let base = Url::parse(&format!("{}/", base.as_str().trim_end_matches('/')))?;
        Ok(Self {
            http,
            emails: base.join("emails")?,
            authorization,
            from: from.to_owned(),
        })
    }

    async fn exchange(&self, request: &SendRequest) -> Result<Said, reqwest::Error> {
        let Ok(key) = HeaderValue::from_str(&request.idempotency_key) else {
            let cause = "its idempotency key is not fit for a header".to_owned();
            return Ok(Said::plainly(Answer::Refused(Trouble::plain(cause))));
        };
        let mut sending = self
            .http
            .post(self.emails.clone())
            .header(AUTHORIZATION, self.authorization.clone())
            .header(USER_AGENT, AGENT)
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .header(IDEMPOTENCY_KEY.clone(), key)
            .body(request.body.clone());
        if let Some(trace) = context::with_current(|context| context.trace.header()) {
            sending = sending.header("traceparent", trace);
        }
        let response = sending.send().await?;
        let status = response.status().as_u16();
        let retry_after = seconds(response.headers(), "retry-after");
        let quiet_for = quiet_for(response.headers());
        let body = read(response).await?;
        Ok(Said {
            answer: understand(status, retry_after, &body),
            quiet_for,
        })
    }
}

#[async_trait]
impl MailProvider for Resend {
    fn compose(&self, mail: &OutgoingMail<'_>) -> anyhow::Result<Vec<u8>> {
        let tag = Tag {
            name: "template",
            value: mail.template,
        };
        let attachments = mail.attachment.map(|file| {
            [File {
                filename: &file.filename,
                content: &file.content,
            }]
        });
        Ok(serde_json::to_vec(&Email {
            from: &self.from,
            to: [mail.to],
            subject: mail.subject,
            html: mail.html,
            text: mail.text,
            tags: [tag],
            attachments,
        })?)
    }

    async fn send(&self, request: &SendRequest) -> Said {
        match self.exchange(request).await {
            Ok(said) => said,
            Err(error) => {
                // Without the URL: it says nothing new.
                let cause = format!("no answer: {}", in_words(&error.without_url()));
                Said::plainly(Answer::Unknown(Trouble::plain(cause)))
            }
        }
    }
}

impl Said {
    fn plainly(answer: Answer) -> Self {
        Self {
            answer,
            quiet_for: None,
        }
    }
}

/// What an answer means, by its status and the error's name. Names are added over time, so an unknown one is taken by
/// its status.
fn understand(status: u16, retry_after: Option<Duration>, body: &[u8]) -> Answer {
    if (200..300).contains(&status) {
        return match serde_json::from_slice::<Taken>(body) {
            Ok(Taken { id }) if !id.is_empty() => Answer::Taken { provider_id: id },
            _ => Answer::Unknown(Trouble {
                cause: format!("{status} without an id"),
                retry_after,
            }),
        };
    }
    let refusal = serde_json::from_slice::<Refusal>(body).ok();
    let name = refusal.as_ref().map_or("", |refusal| refusal.name.as_str());
    let trouble = Trouble {
        cause: refusal.as_ref().map_or_else(
            || format!("{status} without an explanation"),
            |refusal| explain(status, refusal),
        ),
        retry_after,
    };
    match (status, name) {
        (_, "daily_quota_exceeded" | "monthly_quota_exceeded" | "email_above_quota") => {
            Answer::Held(Hold::Quota, trouble)
        }
        (429, _) => Answer::Held(Hold::Rate, trouble),
        // Only a JSON error is the provider's own word; a proxy's page in between says nothing about the mail.
        (_, "") if status != 401 && status != 403 => Answer::Unknown(trouble),
        // The same key with other bytes: asking again cannot help.
        (409, "invalid_idempotent_request") => Answer::Refused(trouble),
        (408 | 409 | 425 | 500.., _) => Answer::Unknown(trouble),
        // Whose name the mails are sent in is a setting, like the key.
        (_, "invalid_from_address") => Answer::Held(Hold::Operator, trouble),
        (400 | 413 | 422, _) => Answer::Refused(trouble),
        // A wrong key, domain or address of the API, or an account that may not send: not this mail's fault.
        _ => Answer::Held(Hold::Operator, trouble),
    }
}

/// The error in a line, without the addresses that such texts repeat.
fn explain(status: u16, refusal: &Refusal) -> String {
    let words = refusal
        .message
        .split_whitespace()
        .map(|word| if word.contains('@') { "***" } else { word });
    let words: Vec<&str> = words.collect();
    let said = format!("{status} {}: {}", refusal.name, words.join(" "));
    said.chars()
        .filter(|c| !c.is_control())
        .take(WORDS_MAX)
        .collect()
}

/// Until the requests of this while are given back, when none is left.
fn quiet_for(headers: &HeaderMap) -> Option<Duration> {
    let left = headers.get("ratelimit-remaining")?.to_str().ok()?;
    (left.trim() == "0")
        .then(|| seconds(headers, "ratelimit-reset"))
        .flatten()
}

fn seconds(headers: &HeaderMap, name: &str) -> Option<Duration> {
    let text = headers.get(name)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}

/// The answer's body; what is longer than any real one is cut off, and then no longer JSON.
async fn read(mut response: Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        let room = ANSWER_MAX.saturating_sub(body.len());
        body.extend(chunk.iter().take(room));
        if chunk.len() > room {
            break;
        }
    }
    Ok(body)
}

/// An error and what it came from.
fn in_words(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        words.push_str(": ");
        words.push_str(&cause.to_string());
        source = cause.source();
    }
    words
}

#[cfg(test)]
mod tests;
