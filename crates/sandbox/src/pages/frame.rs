//! The document inside the frame that shows a mail's HTML.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::resend::attachment::Attachment;

/// Links leave the frame. A document in `srcdoc` is never in quirks mode, so nothing is lost by what stands before its
/// doctype; the first `base` counts, whatever the mail brings.
const BASE: &str = "<base target=\"_blank\">";

/// The mail's HTML with links that open in a new tab, and with the pictures that came with it.
#[must_use]
pub fn document(html: &str, attachments: &[Attachment]) -> String {
    let mut document = format!("{BASE}{html}");
    for file in attachments {
        let Some(id) = &file.content_id else { continue };
        let picture = file.content_type.as_deref().unwrap_or_default();
        if is_picture(picture) {
            let data = format!("data:{picture};base64,{}", STANDARD.encode(&file.content));
            document = document.replace(&format!("cid:{id}"), &data);
        }
    }
    document
}

fn is_picture(media_type: &str) -> bool {
    matches!(
        media_type,
        "image/png" | "image/jpeg" | "image/gif" | "image/webp"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_that_came_along_are_shown() {
        let file = Attachment {
            filename: "logo.png".to_owned(),
            content_type: Some("image/png".to_owned()),
            content_id: Some("logo".to_owned()),
            content: b"hi".to_vec().into(),
            path: None,
        };
        assert_eq!(
            document("<img src=\"cid:logo\">", &[file]),
            "<base target=\"_blank\"><img src=\"data:image/png;base64,aGk=\">"
        );
    }
}
