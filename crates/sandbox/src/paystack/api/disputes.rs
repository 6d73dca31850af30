//! `/dispute`: lists, answers to a customer's bank, and files for it.

use std::sync::Arc;

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::number;
use super::refunds::time;
use crate::paystack::account::Account;
use crate::paystack::codes;
use crate::paystack::dispute::Resolution;
use crate::paystack::disputes::{Undisputable, Verdict};
use crate::paystack::error::Refusal;
use crate::paystack::operation::Operation;
use crate::paystack::refund::MERCHANT;
use crate::paystack::show::Iso;
use crate::paystack::visit::{Call, Done, serve};

/// A file that is sent to a signed URL, at most.
const UPLOAD_MAX: usize = 10 * 1024 * 1024;
/// Pieces of evidence that must be given, and those that may.
const EVIDENCE: [(&str, bool); 6] = [
    ("customer_email", true),
    ("customer_name", true),
    ("customer_phone", true),
    ("service_details", true),
    ("delivery_address", false),
    ("delivery_date", false),
];

impl From<Undisputable> for Refusal {
    fn from(why: Undisputable) -> Self {
        match why {
            Undisputable::Unknown => Self::not_found("Dispute not found"),
            Undisputable::Status => Self::params("Transaction cannot be disputed"),
            Undisputable::Amount => {
                Self::params("Refund amount cannot be more than the transaction amount")
            }
            Undisputable::Resolved => Self::params("Dispute has already been resolved"),
        }
    }
}

/// `GET /dispute`.
pub async fn list(account: Data<Account>, request: HttpRequest, body: Payload) -> HttpResponse {
    serve(
        account.into_inner(),
        Operation::ListDisputes,
        request,
        body,
        list_now,
    )
    .await
}

fn list_now(account: &Arc<Account>, call: &Call) -> Result<Done, Refusal> {
    let (query, page) = (&call.query, call.query.page());
    let transaction = query
        .get("transaction")
        .map(|text| text.parse().unwrap_or(0));
    let (rows, total) = account.disputes(transaction, query.get("status"), &time(query)?, page);
    let domain = account.domain();
    let rows = rows.iter();
    let shown: Vec<Value> = rows
        .map(|(dispute, of)| dispute.to_json(of, domain))
        .collect();
    Ok(Done::list(
        "Disputes retrieved",
        shown,
        page.meta(total, None),
    ))
}

/// `GET /dispute/:id`.
pub async fn fetch(
    account: Data<Account>,
    request: HttpRequest,
    id: Path<String>,
    body: Payload,
) -> HttpResponse {
    let work = move |account: &Arc<Account>, _: &Call| -> Result<Done, Refusal> {
        let found = account.dispute(number(&id, "Dispute")?);
        let (dispute, transaction) = found.ok_or(Undisputable::Unknown)?;
        let shown = dispute.to_json(&transaction, account.domain());
        Ok(Done::of("Dispute retrieved", shown).about(&dispute.id))
    };
    serve(
        account.into_inner(),
        Operation::FetchDispute,
        request,
        body,
        work,
    )
    .await
}

/// `GET /dispute/transaction/:id`: the newest dispute of a transaction, given by its number.
pub async fn of_transaction(
    account: Data<Account>,
    request: HttpRequest,
    id: Path<String>,
    body: Payload,
) -> HttpResponse {
    let work = move |account: &Arc<Account>, _: &Call| -> Result<Done, Refusal> {
        let found = account.newest_dispute(number(&id, "Transaction")?);
        let (dispute, transaction) = found.ok_or(Undisputable::Unknown)?;
        let shown = dispute.to_json(&transaction, account.domain());
        Ok(Done::of("Dispute retrieved successfully", shown).about(&dispute.id))
    };
    let account = account.into_inner();
    serve(account, Operation::TransactionDisputes, request, body, work).await
}

/// `PUT /dispute/:id`, whose data is a list of one.
pub async fn update(
    account: Data<Account>,
    request: HttpRequest,
    id: Path<String>,
    body: Payload,
) -> HttpResponse {
    let work = move |account: &Arc<Account>, call: &Call| -> Result<Done, Refusal> {
        let fields = call.fields()?;
        let missing = || Refusal::invalid("missing_params", "refund_amount is required");
        let amount = fields
            .amount_or_zero("refund_amount")?
            .ok_or_else(missing)?;
        let file = fields.text("uploaded_filename")?.map(str::to_owned);
        let id = number(&id, "Dispute")?;
        let (dispute, transaction) = account.update_dispute(id, amount, file)?;
        let shown = [dispute.to_json(&transaction, account.domain())];
        Ok(Done::of("Dispute updated successfully", shown).about(&id))
    };
    serve(
        account.into_inner(),
        Operation::UpdateDispute,
        request,
        body,
        work,
    )
    .await
}

/// `POST /dispute/:id/evidence`.
pub async fn add_evidence(
    account: Data<Account>,
    request: HttpRequest,
    id: Path<String>,
    body: Payload,
) -> HttpResponse {
    let work = move |account: &Arc<Account>, call: &Call| -> Result<Done, Refusal> {
        let fields = call.fields()?;
        let mut given = Vec::new();
        for (name, is_required) in EVIDENCE {
            let text = if is_required {
                Some(fields.required(name)?)
            } else {
                fields.text(name)?
            };
            given.extend(text.map(|text| (name, text.to_owned())));
        }
        let id = number(&id, "Dispute")?;
        let (dispute, evidence) = account.add_evidence(id, given)?;
        let shown = dispute.evidence_json(&evidence);
        Ok(Done::of("Evidence created", shown).about(&id))
    };
    serve(
        account.into_inner(),
        Operation::AddEvidence,
        request,
        body,
        work,
    )
    .await
}

/// `GET /dispute/:id/upload_url`: where a file can be sent to.
pub async fn upload_url(
    account: Data<Account>,
    request: HttpRequest,
    id: Path<String>,
    body: Payload,
) -> HttpResponse {
    let work = move |account: &Arc<Account>, call: &Call| -> Result<Done, Refusal> {
        let id = number(&id, "Dispute")?;
        account.dispute(id).ok_or(Undisputable::Unknown)?;
        if call.query.get("upload_filename").is_none() {
            return Err(Refusal::invalid(
                "missing_params",
                "upload_filename is required",
            ));
        }
        let name = codes::random();
        let url = format!("{}/paystack/uploads/{name}", account.public_url);
        let shown = json!({"signedUrl": url, "fileName": name});
        Ok(Done::of("Upload url generated", shown).about(&id))
    };
    serve(
        account.into_inner(),
        Operation::UploadUrl,
        request,
        body,
        work,
    )
    .await
}

/// `PUT` of a file to its signed URL. It is taken and not kept.
pub async fn upload(body: Payload) -> HttpResponse {
    match body.to_bytes_limited(UPLOAD_MAX).await {
        Ok(Ok(_)) => HttpResponse::Ok().finish(),
        Ok(Err(_)) => HttpResponse::BadRequest().finish(),
        Err(_) => HttpResponse::PayloadTooLarge().finish(),
    }
}

/// `PUT /dispute/:id/resolve`.
pub async fn resolve(
    account: Data<Account>,
    request: HttpRequest,
    id: Path<String>,
    body: Payload,
) -> HttpResponse {
    let work = move |account: &Arc<Account>, call: &Call| -> Result<Done, Refusal> {
        let id = number(&id, "Dispute")?;
        let verdict = read_verdict(call)?;
        let message = verdict.message.clone();
        let disputed = account.resolve_dispute(id, verdict, &call.fault)?;
        let mut shown = disputed
            .dispute
            .to_json(&disputed.transaction, account.domain());
        if let Some(fields) = shown.as_object_mut() {
            let at = disputed.dispute.resolved_at.map(Iso);
            let said = json!({"dispute": id, "sender": MERCHANT, "body": message, "createdAt": at});
            fields.insert("message".to_owned(), said);
        }
        let done = Done::of("Dispute successfully resolved", shown);
        Ok(done.about(&id).telling(disputed.first_try))
    };
    serve(
        account.into_inner(),
        Operation::ResolveDispute,
        request,
        body,
        work,
    )
    .await
}

fn read_verdict(call: &Call) -> Result<Verdict, Refusal> {
    let fields = call.fields()?;
    let resolution = match fields.required("resolution")? {
        "merchant-accepted" => Resolution::MerchantAccepted,
        "declined" => Resolution::Declined,
        _ => {
            return Err(Refusal::params(
                "\"resolution\" must be one of [merchant-accepted, declined]",
            ));
        }
    };
    let message = fields.required("message")?.to_owned();
    let attachment = fields.required("uploaded_filename")?.to_owned();
    let missing = || Refusal::invalid("missing_params", "refund_amount is required");
    Ok(Verdict {
        resolution,
        refund_amount: Some(
            fields
                .amount_or_zero("refund_amount")?
                .ok_or_else(missing)?,
        ),
        message,
        attachment: Some(attachment),
        again: false,
    })
}
