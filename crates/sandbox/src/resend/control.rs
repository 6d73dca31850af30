//! What tests and people ask about this vendor, outside its protocol.

use actix_web::HttpResponse;
use actix_web::web::{Bytes, Data, Path, Query};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Account;
use super::address;
use super::mail::Kept;
use super::suppression::Reason;
use super::webhook::Event;
use crate::server::control::refuse;

/// Which mails.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailQuery {
    to: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listing {
    reason: Reason,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    #[serde(rename = "type")]
    event: AskedEvent,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum AskedEvent {
    Delivered,
    Bounced,
    Complained,
}

/// `GET /_sandbox/mail?to=`: the mails, the newest first.
pub async fn list_mail(account: Data<Account>, query: Query<MailQuery>) -> HttpResponse {
    let mails = account.mails(query.to.as_deref());
    let list: Vec<Value> = mails.iter().map(Kept::to_control_json).collect();
    HttpResponse::Ok().json(list)
}

/// `POST /_sandbox/resend/emails/:id/events {"type": "bounced"}`: lets it happen, webhook and all.
pub async fn make_event(account: Data<Account>, id: Path<Uuid>, body: Bytes) -> HttpResponse {
    let Some(kept) = account.mail(*id) else {
        return refuse(404, "there is no such mail");
    };
    let event = match serde_json::from_slice::<Asked>(&body) {
        Ok(asked) => match asked.event {
            AskedEvent::Delivered => Event::Delivered,
            AskedEvent::Bounced => Event::Bounced,
            AskedEvent::Complained => Event::Complained,
        },
        Err(error) => return refuse(400, &error.to_string()),
    };
    account.into_inner().ask_for(&kept, event);
    HttpResponse::Accepted().json(json!({"id": *id, "event": event.name()}))
}

/// `GET /_sandbox/resend/suppressions`: the addresses that are not sent to, the newest first.
pub async fn list_suppressions(account: Data<Account>) -> HttpResponse {
    let list = account.suppressions();
    let list = list
        .iter()
        .map(|(bare, reason)| json!({"address": bare, "reason": reason}));
    HttpResponse::Ok().json(list.collect::<Vec<_>>())
}

/// `PUT /_sandbox/resend/suppressions/:address {"reason": "previous_bounce"}`.
pub async fn put_suppression(
    account: Data<Account>,
    address: Path<String>,
    body: Bytes,
) -> HttpResponse {
    let Some(bare) = address::bare(&address) else {
        return refuse(400, "this is no mail address");
    };
    match serde_json::from_slice::<Listing>(&body) {
        Ok(listing) => {
            account.suppress(&bare, listing.reason);
            HttpResponse::NoContent().finish()
        }
        Err(error) => refuse(400, &error.to_string()),
    }
}

/// `DELETE /_sandbox/resend/suppressions/:address`.
pub async fn delete_suppression(account: Data<Account>, address: Path<String>) -> HttpResponse {
    if account.unsuppress(&address.trim().to_lowercase()) {
        return HttpResponse::NoContent().finish();
    }
    refuse(404, "this address is not on the list")
}
