//! `GET /shipping-methods`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use common::ApiError;
use common::error::ErrorEnvelope;
use common::extract::Query;
use common::reply::{self, Success};
use money::Currency;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::quote::MethodBody;
use crate::app::sales_rules;
use crate::startup::AppState;

/// Where to, and in which currency.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct ShippingMethodsQuery {
    /// ISO 3166-1 alpha-2.
    #[param(example = "NG")]
    country: Option<String>,
    #[param(example = "Lagos")]
    state: Option<String>,
    /// ISO 4217.
    #[param(example = "NGN")]
    currency: Option<String>,
}

/// The ways to ship to a place.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ShippingMethodsData {
    /// The default first, then the cheapest.
    shipping_methods: Vec<MethodBody>,
}

/// List the ways to ship to a place.
#[utoipa::path(
    tag = "orders",
    operation_id = "list_shipping_methods",
    params(ShippingMethodsQuery),
    responses(
        (status = 200, description = "The ways; none where the shop does not ship to", body = Success<ShippingMethodsData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
    )
)]
#[get("/shipping-methods")]
#[tracing::instrument(name = "http.list_shipping_methods", skip_all)]
pub(crate) async fn list_shipping_methods(
    state: Data<AppState>,
    query: Query<ShippingMethodsQuery>,
) -> Result<HttpResponse, ApiError> {
    let country = given(query.country.as_ref())
        .unwrap_or("NG")
        .to_ascii_uppercase();
    if country.len() != 2 || !country.bytes().all(|letter| letter.is_ascii_uppercase()) {
        return Err(ApiError::invalid(
            "country",
            "must be a country's two letters, such as NG",
        ));
    }
    let currency = given(query.currency.as_ref())
        .unwrap_or("NGN")
        .to_ascii_uppercase();
    let currency: Currency = currency
        .parse()
        .map_err(|unknown: money::UnknownCurrency| {
            ApiError::invalid("currency", unknown.to_string())
        })?;
    let place = given(query.state.as_ref()).unwrap_or_default();
    let methods = sales_rules::methods_to(&state, &country, place, currency).await?;
    Ok(reply::ok(ShippingMethodsData {
        shipping_methods: methods.iter().map(MethodBody::from).collect(),
    }))
}

/// An empty filter counts as absent.
fn given(text: Option<&String>) -> Option<&str> {
    let text = text.map(|text| text.trim());
    text.filter(|text| !text.is_empty())
}
