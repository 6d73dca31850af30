//! What is asked of a mail provider, whoever it is.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::attempt::Answer;

/// A request that is sent the same way as often as it takes.
#[derive(Debug, Clone)]
pub(crate) struct SendRequest {
    /// Under which the provider recognises a repetition.
    pub(crate) idempotency_key: String,
    /// The request's body, byte for byte.
    pub(crate) body: Vec<u8>,
}

/// What the provider said to a request.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    /// What it did with the mail.
    pub(crate) answer: Answer,
    /// How long it wants to hear nothing, because the requests of this while are used up.
    pub(crate) quiet_for: Option<Duration>,
}

/// Sends mails. A trait, because providers are not ours and may be exchanged.
#[async_trait]
pub(crate) trait MailProvider: Send + Sync + 'static {
    /// The body of a request for this mail. Made once; the bytes are kept for repetitions.
    ///
    /// # Errors
    /// When it cannot be written.
    fn compose(&self, mail: &OutgoingMail<'_>) -> anyhow::Result<Vec<u8>>;

    /// Asks to send. It always ends, and whatever happens is an answer.
    async fn send(&self, request: &SendRequest) -> Said;
}

/// A file that comes with a mail.
#[derive(Debug, Clone)]
pub(crate) struct Attachment {
    /// As the recipient sees it; its ending says what it is.
    pub(crate) filename: String,
    /// In base64.
    pub(crate) content: String,
}

/// A mail, before it becomes a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OutgoingMail<'a> {
    /// One bare address.
    pub(crate) to: &'a str,
    pub(crate) subject: &'a str,
    pub(crate) html: &'a str,
    pub(crate) text: &'a str,
    /// What kind of mail it is, for the provider's statistics; never anything about a person.
    pub(crate) template: &'a str,
    pub(crate) attachment: Option<&'a Attachment>,
}
