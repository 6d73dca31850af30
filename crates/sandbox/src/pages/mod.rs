//! What programs did, for people, in a browser: the mail that they sent, and the payments that they asked for.
//!
//! A page is one document without scripts and without any other request. Everything that came from outside is escaped by
//! the template engine; a mail's HTML is shown in a frame that may run nothing and only open links in a new tab.

mod frame;
pub mod payments;

use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, Charset, ContentDisposition,
    DispositionParam, DispositionType, ExtendedValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::web::{Data, Path, Query};
use chrono::{DateTime, Utc};
use minijinja::{Environment, Value, context};
use serde::Deserialize;
use uuid::Uuid;

use crate::resend::Account;
use crate::resend::mail::Kept;
use crate::server::control::refuse;

/// Mails on the list at most.
const LISTED_MAX: usize = 200;

/// The style is our own and inline; a mail brings its own, too, and its frame inherits this policy. Nothing is fetched.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";

/// The same for the page where people pay, but that its forms may lead anywhere: once it is paid, the shop follows, and
/// browsers hold every address on the way there against `form-action`.
pub const CHECKOUT_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut templates = Environment::new();
    for (name, source) in [
        ("frame.html", include_str!("frame.html")),
        ("list.html", include_str!("list.html")),
        ("mail.html", include_str!("mail.html")),
        ("payments.html", include_str!("payments.html")),
        ("checkout.html", include_str!("checkout.html")),
        ("style.css", include_str!("style.css")),
    ] {
        // A template that does not parse shows as a page that is missing, and in every test of pages.
        if let Err(error) = templates.add_template(name, source) {
            tracing::error!(cause = %error, name, "a template does not parse");
        }
    }
    templates
});

/// What the list is narrowed to.
#[derive(Debug, Deserialize)]
pub struct ListQuery {
    #[serde(default)]
    to: String,
    live: Option<String>,
}

/// `GET /`: the newest mails.
pub async fn list(account: Data<Account>, query: Query<ListQuery>) -> HttpResponse {
    let wanted = query.to.trim().to_lowercase();
    let mails = account.mails(None);
    let is_wanted = |kept: &&Kept| {
        let mut recipients = kept.mail.message.recipients();
        wanted.is_empty() || recipients.any(|one| one.contains(&wanted))
    };
    let rows: Vec<Value> = mails
        .iter()
        .filter(is_wanted)
        .take(LISTED_MAX)
        .map(summary)
        .collect();
    let context = context! {
        mails => rows,
        to => &query.to,
        is_live => query.live.is_some(),
        total => mails.len(),
        listed_max => LISTED_MAX,
    };
    page("list.html", context)
}

/// `GET /mail/:id`: one mail.
pub async fn show(account: Data<Account>, id: Path<String>) -> HttpResponse {
    let Some(kept) = find(&account, &id) else {
        return refuse(404, "there is no such mail, or it was forgotten");
    };
    let message = &kept.mail.message;
    let file = |(index, file): (usize, &crate::resend::attachment::Attachment)| {
        context! {
            name => &file.filename,
            size => size(file.content.len()),
            path => kept.mail.attachment_path(index),
            url => &file.path,
        }
    };
    let files: Vec<Value> = message.attachments.iter().enumerate().map(file).collect();
    let context = context! {
        mail => summary(&kept),
        id => kept.mail.id.to_string(),
        cc => &message.cc,
        bcc => &message.bcc,
        reply_to => &message.reply_to,
        tags => &message.tags,
        headers => &message.headers,
        key => &kept.mail.idempotency_key,
        document => message.html.as_deref().map(|html| frame::document(html, &message.attachments)),
        text => &message.text,
        files => files,
    };
    page("mail.html", context)
}

/// `GET /mail/:id/attachments/:index`: a file, to be saved and never shown.
pub async fn attachment(account: Data<Account>, place: Path<(String, usize)>) -> HttpResponse {
    let (id, index) = place.into_inner();
    let kept = find(&account, &id);
    let file = kept
        .as_ref()
        .and_then(|kept| kept.mail.message.attachments.get(index));
    let Some(file) = file else {
        return refuse(404, "there is no such file");
    };
    let name = ExtendedValue {
        charset: Charset::Ext("UTF-8".to_owned()),
        language_tag: None,
        value: file.filename.clone().into_bytes(),
    };
    let disposition = ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters: vec![DispositionParam::FilenameExt(name)],
    };
    HttpResponse::Ok()
        .content_type("application/octet-stream")
        .insert_header((CONTENT_DISPOSITION, disposition))
        .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(file.content.clone())
}

fn find(account: &Account, id: &str) -> Option<Kept> {
    account.mail(Uuid::parse_str(id).ok()?)
}

fn summary(kept: &Kept) -> Value {
    let message = &kept.mail.message;
    context! {
        path => format!("/mail/{}", kept.mail.id),
        from => &message.from,
        to => &message.to,
        subject => &message.subject,
        event => kept.last_event_name(),
        files => message.attachments.len(),
        time => shown(kept.mail.sent_at),
    }
}

fn shown(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn size(bytes: usize) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{} KB", bytes / 1024),
        _ => format!("{} MB", bytes / 1_048_576),
    }
}

fn page(name: &str, context: Value) -> HttpResponse {
    page_with(StatusCode::OK, POLICY, name, context)
}

/// A page with this status, under this policy.
pub fn page_with(
    status: StatusCode,
    policy: &'static str,
    name: &str,
    context: Value,
) -> HttpResponse {
    let rendered = TEMPLATES
        .get_template(name)
        .and_then(|template| template.render(context));
    match rendered {
        Ok(html) => HttpResponse::build(status)
            .content_type("text/html; charset=utf-8")
            .insert_header((CONTENT_SECURITY_POLICY, policy))
            .insert_header((CACHE_CONTROL, "no-store"))
            .insert_header((REFERRER_POLICY, "no-referrer"))
            .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .body(html),
        Err(error) => {
            tracing::error!(cause = %error, name, "a page cannot be shown");
            refuse(500, "this page cannot be shown")
        }
    }
}
