//! `GET /payments/callback`.

use actix_web::http::header::{self, ContentType};
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use common::ApiError;
use common::error::ErrorEnvelope;
use common::extract::Query;
use serde::Deserialize;
use url::Url;
use utoipa::IntoParams;

use super::wants;
use crate::app;
use crate::app::Error;
use crate::app::queries::{Named, Sight};
use crate::domain::reference::Reference;
use crate::domain::status::PaymentStatus;
use crate::startup::AppState;

/// What the provider sends a buyer back with.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ReturnQuery {
    /// The payment's name at the provider.
    #[param(example = "AGP-20260113-7K3QXN9D4T-1")]
    reference: Option<String>,
    /// The same.
    trxref: Option<String>,
}

/// Nothing on the page is loaded from anywhere, and nothing of it runs.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Come back from the provider's page. The visit proves nothing: the provider is asked.
#[utoipa::path(
    tag = "payments",
    operation_id = "return_from_gateway",
    params(ReturnQuery),
    responses(
        (status = 200, description = "A page that says how the payment stands, where there is no storefront",
            body = String, content_type = "text/html"),
        (status = 302, description = "To the storefront, with `reference` and `status`: `paid`, `pending`, `failed`, `abandoned`, \
            `refunded`, or `unknown`"),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
    )
)]
#[get("/payments/callback")]
#[tracing::instrument(name = "http.return_from_gateway", skip_all)]
pub(crate) async fn return_from_gateway(
    state: Data<AppState>,
    query: Query<ReturnQuery>,
) -> Result<HttpResponse, ApiError> {
    let named = wants::given(query.reference.as_deref());
    let named = named.or_else(|| wants::given(query.trxref.as_deref()));
    let named = named.ok_or_else(|| ApiError::invalid("reference", "is required"))?;
    let reference = Reference::parse(named)
        .map_err(|error| ApiError::invalid("reference", error.to_string()))?;
    let outcome = ask(&state, &reference).await?;
    Ok(match &state.settings.storefront_url {
        Some(storefront) => redirect(storefront, &reference, outcome),
        None => page(outcome),
    })
}

/// How a payment stands for its buyer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Paid,
    Pending,
    Failed,
    Abandoned,
    Refunded,
    Unknown,
}

impl Outcome {
    fn name(self) -> &'static str {
        match self {
            Self::Paid => "paid",
            Self::Pending => "pending",
            Self::Failed => "failed",
            Self::Abandoned => "abandoned",
            Self::Refunded => "refunded",
            Self::Unknown => "unknown",
        }
    }

    fn sentences(self) -> (&'static str, &'static str) {
        match self {
            Self::Paid => (
                "Thank you",
                "Your payment was received. You may close this page.",
            ),
            Self::Pending => (
                "One moment",
                "Your payment is not confirmed yet. You will get an e-mail once it is; please do not pay again.",
            ),
            Self::Failed => (
                "Payment failed",
                "Nothing was paid. You may try again from your order.",
            ),
            Self::Abandoned => (
                "Not paid",
                "The time to pay is over. You may try again from your order.",
            ),
            Self::Refunded => ("Refunded", "This payment was paid back to you."),
            Self::Unknown => ("Unknown payment", "We do not know this payment."),
        }
    }
}

impl From<PaymentStatus> for Outcome {
    fn from(status: PaymentStatus) -> Self {
        match status {
            PaymentStatus::Initialized | PaymentStatus::Pending => Self::Pending,
            PaymentStatus::Failed => Self::Failed,
            PaymentStatus::Abandoned => Self::Abandoned,
            PaymentStatus::Paid | PaymentStatus::PartiallyRefunded => Self::Paid,
            PaymentStatus::Refunded => Self::Refunded,
        }
    }
}

/// Whatever is away, a buyer who has just paid is told that it takes a moment, and not that something is broken.
async fn ask(state: &AppState, reference: &Reference) -> Result<Outcome, ApiError> {
    let named = Named::Reference(reference.clone());
    match app::queries::verify_payment(state, Sight::All, &named).await {
        Ok(payment) => Ok(payment.status.into()),
        Err(Error::NotFound(_)) => Ok(Outcome::Unknown),
        Err(Error::Gateway(_) | Error::Db(_)) => Ok(Outcome::Pending),
        Err(error) => Err(error.into()),
    }
}

fn redirect(storefront: &Url, reference: &Reference, outcome: Outcome) -> HttpResponse {
    let mut target = storefront.clone();
    target
        .query_pairs_mut()
        .append_pair("reference", reference.as_str())
        .append_pair("status", outcome.name());
    HttpResponse::Found()
        .insert_header((header::LOCATION, target.as_str()))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish()
}

fn page(outcome: Outcome) -> HttpResponse {
    let (title, text) = outcome.sentences();
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title}</title>\
         <style>body{{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:20vh auto;padding:0 1rem;\
         text-align:center}}</style></head><body><main data-status=\"{}\"><h1>{title}</h1><p>{text}</p></main></body></html>",
        outcome.name()
    );
    HttpResponse::Ok()
        .insert_header(ContentType::html())
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(html)
}
