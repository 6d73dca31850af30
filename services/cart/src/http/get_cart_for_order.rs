//! `GET /internal/carts/{userId}`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use common::ApiError;
use common::auth::ServiceCaller;
use common::error::ErrorEnvelope;
use common::extract::Path;
use common::reply::{self, Success};
use money::{Currency, SignedAmount};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::Error;
use crate::domain::cart::Cart;
use crate::domain::ids::UserId;
use crate::domain::owner::Owner;
use crate::startup::AppState;

/// A cart as orders needs it: what is in it. Prices are the catalogue's to say.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct OrderedCartBody {
    id: Option<Uuid>,
    /// Names this state of the cart.
    version: i64,
    #[schema(value_type = Option<String>)]
    currency: Option<Currency>,
    items: Vec<OrderedItemBody>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct OrderedItemBody {
    product_id: Uuid,
    variant_id: Uuid,
    quantity: u32,
    /// The price that the owner last saw.
    #[schema(value_type = f64)]
    unit_price: SignedAmount,
}

/// A cart under its name.
#[derive(Serialize, ToSchema)]
pub(crate) struct OrderedCartData {
    cart: OrderedCartBody,
}

impl From<Option<&Cart>> for OrderedCartData {
    fn from(cart: Option<&Cart>) -> Self {
        let lines = cart.into_iter().flat_map(|cart| &cart.lines);
        let items = lines.map(|line| OrderedItemBody {
            product_id: line.product_id.0,
            variant_id: line.variant_id.0,
            quantity: line.quantity,
            unit_price: line.seen_price.amount(),
        });
        let cart = OrderedCartBody {
            items: items.collect(),
            id: cart.map(|cart| cart.id.0),
            version: cart.map_or(0, |cart| cart.version),
            currency: cart.and_then(|cart| cart.currency),
        };
        Self { cart }
    }
}

/// What is in a person's cart, for ordering it.
#[utoipa::path(
    tag = "internal",
    operation_id = "get_cart_for_order",
    security(("service" = [])),
    params(("userId" = Uuid, Path, description = "The person", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f")),
    responses(
        (status = 200, description = "The cart; an empty one for somebody who has none", body = Success<OrderedCartData>),
        (status = 401, description = "`AUTHENTICATION_ERROR`: no service token", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for orders only", body = ErrorEnvelope),
        (status = 503, description = "`SERVICE_UNAVAILABLE`", body = ErrorEnvelope),
    )
)]
#[get("/carts/{userId}")]
#[tracing::instrument(name = "http.get_cart_for_order", skip_all)]
pub(crate) async fn get_cart_for_order(
    state: Data<AppState>,
    caller: ServiceCaller,
    user: Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    caller.allow(&["orders"])?;
    let cart: Result<_, Error> = state.reader.read(Owner::User(UserId(*user))).await;
    Ok(reply::ok(OrderedCartData::from(cart?.as_deref())))
}
