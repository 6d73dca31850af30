//! `POST /admin/settlements/bank-credits`.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::Json;
use common::idempotency::OptionalIdempotencyKey;
use common::reply::Success;
use garde::Validate;
use messaging::idempotency::{Begin, Making, StoredResponse};
use money::{Amount, Currency};
use serde::Deserialize;
use utoipa::ToSchema;

use super::bank_credit::{self, BankCreditData};
use super::wants;
use crate::app;
use crate::app::settlements::bank_credits::EnterBankCredit;
use crate::startup::AppState;
use crate::store::bank_credits::BankCredit;

/// What the bank shows.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "currency": "NGN", "amount": 2970, "valueDate": "2026-01-14", "reference": "NIP/PSK/000123"
}))]
pub(crate) struct EnterBankCreditRequest {
    #[garde(skip)]
    currency: Currency,
    #[garde(skip)]
    amount: Amount,
    /// The day from which the bank counts it.
    #[garde(skip)]
    #[schema(format = Date)]
    value_date: String,
    /// The bank's own name for it, by which it is entered once.
    #[garde(skip)]
    #[schema(min_length = 1, max_length = 100)]
    reference: String,
}

/// Enter what the shop's bank shows as coming from the provider. It is matched at once if it can only belong to one settlement.
#[utoipa::path(
    tag = "admin",
    operation_id = "enter_bank_credit",
    security(("bearer" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeating a request with the same key answers the same again",
        example = "credit-7f3a")),
    request_body = EnterBankCreditRequest,
    responses(
        (status = 201, description = "Entered", body = Success<BankCreditData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for finance and administrators", body = ErrorEnvelope),
        (status = 409, description = "`CONFLICT`: this reference was entered before; `IDEMPOTENCY_IN_PROGRESS`", body = ErrorEnvelope),
        (status = 422, description = "`IDEMPOTENCY_KEY_REUSED`", body = ErrorEnvelope),
    )
)]
#[post("/admin/settlements/bank-credits")]
#[tracing::instrument(name = "http.enter_bank_credit", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn enter_bank_credit(
    state: Data<AppState>,
    caller: CurrentUser,
    request: HttpRequest,
    key: OptionalIdempotencyKey,
    body: Json<EnterBankCreditRequest>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::ManagePayments)?;
    let command = command(&body)?;
    let begun = Making::begin(&state.db, &request, caller.id, key.0.as_ref(), answer);
    let making = match begun.await? {
        Begin::Replay(response) => return Ok(response),
        Begin::Make(making) => making,
    };
    let entered =
        app::settlements::bank_credits::enter_bank_credit(&state, &caller, &command, &making).await;
    Ok(making.finish(&state.db, entered).await?.first())
}

fn command(body: &EnterBankCreditRequest) -> Result<EnterBankCredit, ApiError> {
    let value_date = wants::date("valueDate", Some(&body.value_date))?;
    Ok(EnterBankCredit {
        reference: bank_credit::reference(&body.reference)?,
        amount: bank_credit::something(body.amount.in_currency(body.currency))?,
        value_date: value_date.ok_or_else(|| ApiError::invalid("valueDate", "is required"))?,
    })
}

fn answer(credit: &BankCredit) -> serde_json::Result<StoredResponse> {
    let data = BankCreditData::from(credit);
    StoredResponse::json(StatusCode::CREATED, &Success::new(data))
}
