//! A mail that was accepted, and how the vendor and the control show it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::address;
use super::attachment::Attachment;
use super::message::Message;
use super::webhook::Event;
use crate::journal::timestamp;

/// An accepted mail.
#[derive(Debug)]
pub struct Mail {
    /// The vendor's id.
    pub id: Uuid,
    /// What was sent.
    pub message: Message,
    /// Under which key.
    pub idempotency_key: Option<String>,
    /// When it was accepted.
    pub sent_at: DateTime<Utc>,
}

/// A mail and what became of it until now.
#[derive(Debug, Clone)]
pub struct Kept {
    /// The mail.
    pub mail: Arc<Mail>,
    /// The last thing that happened to it; `None` before the first.
    pub last_event: Option<Event>,
}

impl Mail {
    /// The `Message-ID` header.
    #[must_use]
    pub fn message_id(&self) -> String {
        let domain = address::bare(&self.message.from).unwrap_or_default();
        format!("<{}@{}>", self.id, address::domain(&domain))
    }

    /// The path of an attachment, for downloads.
    #[must_use]
    pub fn attachment_path(&self, index: usize) -> String {
        format!("/mail/{}/attachments/{index}", self.id)
    }
}

impl Kept {
    /// The last event's name, as the vendor's `last_event`.
    #[must_use]
    pub fn last_event_name(&self) -> &'static str {
        self.last_event.map_or("queued", Event::name)
    }

    /// As `GET /emails/:id` shows it.
    #[must_use]
    pub fn to_vendor_json(&self) -> Value {
        let Mail { id, message, .. } = &*self.mail;
        json!({
            "object": "email",
            "id": id,
            "message_id": self.mail.message_id(),
            "to": message.to,
            "from": message.from,
            "created_at": vendor_time(self.mail.sent_at),
            "subject": message.subject,
            "html": message.html,
            "text": message.text,
            "cc": message.cc,
            "bcc": message.bcc,
            "reply_to": message.reply_to,
            "last_event": self.last_event_name(),
            "scheduled_at": message.scheduled_at.map(vendor_time),
        })
    }

    /// As `GET /_sandbox/mail` shows it.
    #[must_use]
    pub fn to_control_json(&self) -> Value {
        let Mail { id, message, .. } = &*self.mail;
        let files = message.attachments.iter().enumerate();
        let files: Vec<Value> = files
            .map(|(index, file)| attachment_json(file, &self.mail.attachment_path(index)))
            .collect();
        json!({
            "id": id,
            "from": message.from,
            "to": message.to,
            "cc": message.cc,
            "bcc": message.bcc,
            "replyTo": message.reply_to,
            "subject": message.subject,
            "html": message.html,
            "text": message.text,
            "headers": message.headers.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
            "tags": message.tags,
            "attachments": files,
            "idempotencyKey": self.mail.idempotency_key,
            "lastEvent": self.last_event_name(),
            "sentAt": timestamp(self.mail.sent_at),
        })
    }
}

fn attachment_json(file: &Attachment, path: &str) -> Value {
    json!({
        "filename": file.filename,
        "contentType": file.content_type,
        "contentId": file.content_id,
        "sizeBytes": file.content.len(),
        "path": path,
    })
}

/// A time as the vendor writes it: `2023-04-03 22:13:42.674981+00`.
fn vendor_time(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M:%S%.6f+00").to_string()
}
