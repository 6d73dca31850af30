//! What a mail must be like to be accepted.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::address;
use super::attachment::{self, Attachment};
use super::error::Refusal;
use super::fields::{Fields, invalid_address};

/// The longest name or value of a tag.
const TAG_MAX: usize = 256;
/// How far ahead a mail can be scheduled.
const SCHEDULE_AHEAD: TimeDelta = TimeDelta::days(30);

/// How a mail came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// By itself.
    Alone,
    /// In a batch, where attachments and a schedule are not allowed.
    InBatch,
}

/// A mail that was understood.
#[derive(Debug, Clone)]
pub struct Message {
    /// The sender, as it was written.
    pub from: String,
    /// The recipients, as they were written.
    pub to: Vec<String>,
    /// Recipients of a copy.
    pub cc: Vec<String>,
    /// Recipients of a copy whom the others do not see.
    pub bcc: Vec<String>,
    /// Where answers go.
    pub reply_to: Vec<String>,
    /// The subject; empty if a template brings it.
    pub subject: String,
    /// The body for people.
    pub html: Option<String>,
    /// The body for programs.
    pub text: Option<String>,
    /// Further headers.
    pub headers: Vec<(String, String)>,
    /// The sender's own labels.
    pub tags: BTreeMap<String, String>,
    /// Files.
    pub attachments: Vec<Attachment>,
    /// When it is to go out, if not at once.
    pub scheduled_at: Option<DateTime<Utc>>,
}

impl Message {
    /// Reads a mail.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn read(value: &Value, sent: Sent, now: DateTime<Utc>) -> Result<Self, Refusal> {
        let fields = Fields::of(value)?;
        let from = sender(fields)?;
        let to = fields.addresses("to")?;
        if to.is_empty() {
            return Err(Refusal::missing("to"));
        }
        let has_template = template(fields)?;
        let subject = fields.text("subject")?;
        if subject.is_none() && !has_template {
            return Err(Refusal::missing("subject"));
        }
        let (html, text) = (fields.text("html")?, fields.text("text")?);
        match (has_template, html.is_some() || text.is_some()) {
            (true, true) => {
                return Err(Refusal::invalid(
                    "The `template` field cannot be combined with `html` or `text`.",
                ));
            }
            (false, false) => return Err(Refusal::missing("html` or `text")),
            _ => {}
        }
        if sent == Sent::InBatch {
            for name in ["attachments", "scheduled_at"] {
                if fields.get(name).is_some() {
                    return Err(Refusal::invalid(format!(
                        "The `{name}` field is not supported in batch emails."
                    )));
                }
            }
        }
        Ok(Self {
            from,
            to,
            cc: fields.addresses("cc")?,
            bcc: fields.addresses("bcc")?,
            reply_to: fields.addresses("reply_to")?,
            subject: subject.unwrap_or_default(),
            html,
            text,
            headers: fields.texts("headers")?,
            tags: tags(fields)?,
            attachments: attachment::read(fields)?,
            scheduled_at: schedule(fields, now)?,
        })
    }

    /// Everyone it goes to, as bare addresses.
    pub fn recipients(&self) -> impl Iterator<Item = String> {
        let everyone = self.to.iter().chain(&self.cc).chain(&self.bcc);
        everyone.filter_map(|text| address::bare(text))
    }

    /// About how much memory it takes.
    #[must_use]
    pub fn size(&self) -> usize {
        let files = self.attachments.iter().map(|file| file.content.len());
        let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let headers = self
            .headers
            .iter()
            .map(|(name, value)| name.len() + value.len());
        1024 + length(&self.html)
            + length(&self.text)
            + self.subject.len()
            + files.sum::<usize>()
            + headers.sum::<usize>()
    }
}

fn sender(fields: Fields<'_>) -> Result<String, Refusal> {
    let from = fields
        .text("from")?
        .ok_or_else(|| Refusal::missing("from"))?;
    if address::bare(&from).is_none() {
        return Err(invalid_address("from"));
    }
    Ok(from)
}

fn template(fields: Fields<'_>) -> Result<bool, Refusal> {
    let Some(value) = fields.get("template") else {
        return Ok(false);
    };
    let id = value.get("id").and_then(Value::as_str);
    if id.is_none_or(str::is_empty) {
        return Err(Refusal::missing("template.id"));
    }
    Ok(true)
}

fn tags(fields: Fields<'_>) -> Result<BTreeMap<String, String>, Refusal> {
    let tag = |value: &Value| {
        let tag = Fields::of(value)?;
        let part = |name: &str| {
            let text = tag
                .text(name)?
                .ok_or_else(|| Refusal::missing(&format!("tags.{name}")))?;
            is_tag_text(&text)
                .then_some(text)
                .ok_or_else(|| bad_tag(name))
        };
        Ok((part("name")?, part("value")?))
    };
    fields.list("tags")?.iter().map(tag).collect()
}

fn is_tag_text(text: &str) -> bool {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    text.len() <= TAG_MAX && text.chars().all(is_allowed)
}

fn bad_tag(part: &str) -> Refusal {
    Refusal::invalid(format!(
        "Tag {part}s should only contain ASCII letters, numbers, underscores, or dashes, and at most {TAG_MAX} \
         characters."
    ))
}

fn schedule(fields: Fields<'_>, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, Refusal> {
    let Some(text) = fields.text("scheduled_at")? else {
        return Ok(None);
    };
    let problem =
        |what: &str| Refusal::invalid(format!("The `scheduled_at` field must be {what}."));
    let time = DateTime::parse_from_rfc3339(&text)
        .map_err(|_unreadable| problem("an ISO 8601 date and time"))?
        .to_utc();
    if time > now + SCHEDULE_AHEAD {
        return Err(problem("at most 30 days from now"));
    }
    Ok((time > now).then_some(time))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(change: &Value, sent: Sent) -> Result<Message, Refusal> {
        let mut mail = json!({
            "from": "Shop <shop@example.com>", "to": "ada@example.com",
            "subject": "Hello", "html": "<p>Hello</p>",
        });
        for (name, value) in change.as_object().unwrap() {
            mail[name] = value.clone();
        }
        Message::read(&mail, sent, DateTime::UNIX_EPOCH)
    }

    fn problem(change: &Value) -> (u16, String, String) {
        let refusal = read(change, Sent::Alone).unwrap_err();
        (
            refusal.status.as_u16(),
            refusal.name.into_owned(),
            refusal.message,
        )
    }

    #[test]
    fn what_is_missing_is_named() {
        for (change, field) in [
            (json!({"from": null}), "from"),
            (json!({"to": null}), "to"),
            (json!({"to": []}), "to"),
            (json!({"subject": ""}), "subject"),
            (json!({"html": null}), "html` or `text"),
            (json!({"tags": [{"name": "a"}]}), "tags.value"),
            (json!({"template": {}}), "template.id"),
        ] {
            let expected = (
                422,
                "missing_required_field".to_owned(),
                format!("Missing `{field}` field."),
            );
            assert_eq!(problem(&change), expected, "{change}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let many: Vec<String> = (0..51).map(|n| format!("a{n}@example.com")).collect();
        for (change, part) in [
            (json!({"from": "shop"}), "Invalid `from` field."),
            (
                json!({"to": ["ada@example.com", "x"]}),
                "Invalid `to` field.",
            ),
            (json!({"to": [7]}), "Invalid `to` field."),
            (json!({"to": ""}), "Invalid `to` field."),
            (json!({"to": many}), "more than 50"),
            (json!({"cc": "x"}), "Invalid `cc` field."),
            (json!({"reply_to": "x"}), "Invalid `reply_to` field."),
            (json!({"subject": 7}), "`subject` field must be a `string`"),
            (json!({"headers": {"X-A": 7}}), "object of strings"),
            (
                json!({"tags": {"a": "b"}}),
                "`tags` field must be an `array`",
            ),
            (
                json!({"tags": [{"name": "a b", "value": "c"}]}),
                "Tag names",
            ),
            (
                json!({"tags": [{"name": "a", "value": "c@d"}]}),
                "Tag values",
            ),
            (
                json!({"tags": [{"name": "a", "value": "v".repeat(257)}]}),
                "256",
            ),
            (json!({"scheduled_at": "in 1 hour"}), "ISO 8601"),
            (json!({"scheduled_at": "1970-03-01T00:00:00Z"}), "30 days"),
            (json!({"template": {"id": "x"}}), "cannot be combined"),
        ] {
            let (status, name, message) = problem(&change);
            assert_eq!(
                (status, name.as_str()),
                (422, "validation_error"),
                "{change}"
            );
            assert!(message.contains(part), "{change}: {message}");
        }
    }

    #[test]
    fn attachments_are_checked() {
        let big = "A".repeat(40 * 1024 * 1024 + 4);
        for change in [
            json!({"attachments": [{"filename": "a"}]}),
            json!({"attachments": ["a"]}),
            json!({"attachments": [{"content": "not base64!"}]}),
            json!({"attachments": [{"content": big}]}),
        ] {
            assert_eq!(problem(&change).1, "invalid_attachment");
        }
        let good = json!({"attachments": [{"content": "aGk=", "filename": "a.txt"},
            {"path": "https://example.com/b.pdf"}]});
        let message = read(&good, Sent::Alone).unwrap();
        assert_eq!(&message.attachments[0].content[..], b"hi");
        assert_eq!(message.attachments[1].filename, "b.pdf");
    }

    #[test]
    fn a_batch_takes_less() {
        for change in [
            json!({"attachments": [{"content": "aGk="}]}),
            json!({"scheduled_at": "1970-01-02T00:00:00Z"}),
        ] {
            assert!(read(&change, Sent::InBatch).is_err(), "{change}");
            assert!(read(&change, Sent::Alone).is_ok(), "{change}");
        }
    }

    #[test]
    fn what_nobody_knows_is_tolerated() {
        let message = read(&json!({"topic_id": "x", "unheard_of": [1]}), Sent::Alone).unwrap();
        assert_eq!(
            message.recipients().collect::<Vec<_>>(),
            ["ada@example.com"]
        );
    }
}
