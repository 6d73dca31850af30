//! Attachments: base64 in the request, bytes here.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::error::Refusal;
use super::fields::Fields;

/// All attachments of a mail together, as base64.
const TOTAL_MAX: usize = 40 * 1024 * 1024;
/// What a file is called that came without a name.
const NAMELESS: &str = "attachment";

/// A file that goes with a mail.
#[derive(Debug, Clone)]
pub struct Attachment {
    /// Its name.
    pub filename: String,
    /// Its media type, as far as the sender said.
    pub content_type: Option<String>,
    /// By which the HTML shows it (`cid:`).
    pub content_id: Option<String>,
    /// Its bytes. Empty if the sender gave a URL: nothing is fetched from here.
    pub content: Bytes,
    /// That URL.
    pub path: Option<String>,
}

/// Reads the attachments of a mail.
///
/// # Errors
/// One has no content, its content is no base64, or they are too big.
pub fn read(fields: Fields<'_>) -> Result<Vec<Attachment>, Refusal> {
    let list = fields.list("attachments")?;
    let mut total = 0_usize;
    let mut attachments = Vec::with_capacity(list.len());
    for value in list {
        let file = Fields::of(value)
            .map_err(|_other| Refusal::attachment("An attachment must be a JSON object."))?;
        let encoded = file.text("content")?;
        let path = file.text("path")?;
        if encoded.is_none() && path.is_none() {
            return Err(Refusal::attachment(
                "An attachment must have either a `content` or a `path`.",
            ));
        }
        let encoded = encoded.unwrap_or_default();
        total = total.saturating_add(encoded.len());
        if total > TOTAL_MAX {
            return Err(Refusal::attachment(
                "Attachments must not exceed 40MB per email after Base64 encoding.",
            ));
        }
        let content = STANDARD.decode(&encoded).map_err(|_undecodable| {
            Refusal::attachment("The attachment `content` must be Base64.")
        })?;
        attachments.push(Attachment {
            filename: file
                .text("filename")?
                .unwrap_or_else(|| name_in(path.as_deref())),
            content_type: file.text("content_type")?,
            content_id: file.text("content_id")?,
            content: content.into(),
            path,
        });
    }
    Ok(attachments)
}

fn name_in(path: Option<&str>) -> String {
    let last = path.and_then(|path| path.rsplit('/').next());
    last.filter(|name| !name.is_empty())
        .unwrap_or(NAMELESS)
        .to_owned()
}
