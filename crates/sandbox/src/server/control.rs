//! What tests and people ask of all vendors: the journal and the faults. Bare JSON, for this machine only.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data, Query};
use serde::Deserialize;
use serde_json::json;

use crate::faults::{FaultPlan, Faults};
use crate::journal::{Journal, Vendor};

/// Which facts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JournalQuery {
    vendor: Option<Vendor>,
    #[serde(default)]
    after: u64,
}

/// `GET /_sandbox/journal?vendor=&after=`: what really happened, in order.
pub async fn read_journal(journal: Data<Arc<Journal>>, query: Query<JournalQuery>) -> HttpResponse {
    HttpResponse::Ok().json(journal.read(query.vendor, query.after))
}

/// `GET /_sandbox/faults`: the faults in force, with the hits that are left.
pub async fn get_faults(faults: Data<Arc<Faults>>) -> HttpResponse {
    HttpResponse::Ok().json(faults.current())
}

/// `PUT /_sandbox/faults`: these faults, and no others.
pub async fn put_faults(faults: Data<Arc<Faults>>, body: Bytes) -> HttpResponse {
    match FaultPlan::parse(&body) {
        Ok(plan) => {
            faults.set(plan);
            HttpResponse::Ok().json(faults.current())
        }
        Err(problem) => refuse(400, &problem),
    }
}

/// `DELETE /_sandbox/faults`: everything works again.
pub async fn delete_faults(faults: Data<Arc<Faults>>) -> HttpResponse {
    faults.set(FaultPlan::default());
    HttpResponse::NoContent().finish()
}

/// `GET /healthz`.
pub async fn healthz() -> HttpResponse {
    HttpResponse::Ok().json(json!({"status": "ok"}))
}

/// A refusal of the control: `{"error": "…"}`.
#[must_use]
pub fn refuse(status: u16, problem: &str) -> HttpResponse {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    HttpResponse::build(status).json(json!({"error": problem}))
}
