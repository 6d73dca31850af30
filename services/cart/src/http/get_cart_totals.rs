//! `GET /cart/totals`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use common::ApiError;
use common::error::ErrorEnvelope;
use common::reply::{self, Success};
use money::SignedAmount;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app;
use crate::app::shopper::Shopper;
use crate::domain::view::CartView;
use crate::startup::AppState;

/// What a cart comes to.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CartTotals, example = json!({ "subtotal": 30000.00, "itemCount": 2, "currency": "NGN" }))]
struct TotalsBody {
    /// What everything in it costs, without shipping and tax: those are known when the address is.
    #[schema(value_type = f64)]
    subtotal: SignedAmount,
    /// How many things are in it.
    item_count: u32,
    /// The currency of the amount.
    currency: &'static str,
}

/// Totals under their name.
#[derive(Serialize, ToSchema)]
pub(crate) struct TotalsData {
    /// The totals.
    totals: TotalsBody,
}

impl From<&CartView> for TotalsData {
    fn from(cart: &CartView) -> Self {
        let totals = TotalsBody {
            subtotal: cart.subtotal.amount(),
            item_count: cart.item_count,
            currency: cart.subtotal.currency().code(),
        };
        Self { totals }
    }
}

/// What the cart comes to, by the prices of now.
#[utoipa::path(
    tag = "cart",
    operation_id = "get_cart_totals",
    security((), ("bearer" = [])),
    params(("X-Session-ID" = Option<String>, Header, description = "A guest's identity, unless the cookie `cart_session` holds it")),
    responses(
        (status = 200, description = "The totals; nothing for somebody without a cart", body = Success<TotalsData>),
        (status = 401, description = "`AUTHENTICATION_ERROR`: the bearer token is not valid", body = ErrorEnvelope),
        (status = 503, description = "`SERVICE_UNAVAILABLE`", body = ErrorEnvelope),
    )
)]
#[get("/cart/totals")]
#[tracing::instrument(name = "http.get_cart_totals", skip_all)]
pub(crate) async fn get_cart_totals(
    state: Data<AppState>,
    shopper: Shopper,
) -> Result<HttpResponse, ApiError> {
    let cart = app::get_cart::get_cart(&state, &shopper).await?;
    Ok(reply::ok(TotalsData::from(&cart)))
}
