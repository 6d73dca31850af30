//! `PATCH /admin/orders/{id}`, and the same for its status or its tracking alone.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, patch};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::{Json, Path};
use common::reply::{self, Success};
use common::version;
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::address::line;
use super::order::StaffOrderData;
use crate::app;
use crate::app::change_order::ChangeOrder;
use crate::domain::ids::OrderId;
use crate::domain::status::OrderStatus;
use crate::startup::AppState;

/// What changes. What is absent stays.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ChangeOrderRequest {
    /// `shipped`, `delivered` or `cancelled`; what it is already is no change.
    #[garde(skip)]
    #[serde(default)]
    #[schema(example = "shipped")]
    status: Option<String>,
    #[garde(inner(custom(line(1, 100))))]
    #[serde(default)]
    tracking_number: Option<String>,
    #[garde(inner(custom(line(1, 100))))]
    #[serde(default)]
    #[schema(example = "GIG Logistics")]
    carrier: Option<String>,
    /// Staff's own notes, which the buyer does not see.
    #[garde(inner(length(chars, max = 2_000)))]
    #[serde(default)]
    notes: Option<String>,
    /// Why, for the order's history.
    #[garde(inner(custom(line(0, 500))))]
    #[serde(default)]
    reason: Option<String>,
    /// The version that was looked at; or `If-Match`.
    #[garde(skip)]
    #[serde(default)]
    version: Option<i64>,
}

impl ChangeOrderRequest {
    fn into_change(self, request: &HttpRequest) -> Result<ChangeOrder, ApiError> {
        let status: Option<OrderStatus> =
            self.status.as_deref().map(str::parse).transpose().map_err(
                |unknown: crate::domain::status::UnknownStatus| {
                    ApiError::invalid("status", unknown.to_string())
                },
            )?;
        Ok(ChangeOrder {
            status,
            tracking_number: self.tracking_number.map(|text| text.trim().to_owned()),
            carrier: self.carrier.map(|text| text.trim().to_owned()),
            notes: self.notes,
            reason: self.reason.filter(|reason| !reason.trim().is_empty()),
            version: version::seen(request, self.version)?,
        })
    }
}

async fn change(
    state: &AppState,
    caller: &CurrentUser,
    request: &HttpRequest,
    order: Uuid,
    body: ChangeOrderRequest,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::FulfilOrders)?;
    let change = body.into_change(request)?;
    if change.status == Some(OrderStatus::Cancelled) {
        caller.require(Permission::CancelOrders)?;
    }
    let view = app::change_order::change_order(state, caller, OrderId(order), change).await?;
    Ok(reply::ok(StaffOrderData::of(&view)?))
}

macro_rules! endpoint {
    ($(#[doc = $doc:literal])+ $name:ident, $id:literal, $path:literal) => {
        $(#[doc = $doc])+
        #[utoipa::path(
            tag = "admin",
            operation_id = $id,
            security(("bearer" = [])),
            params(("id" = Uuid, Path, description = "The order", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f")),
            request_body = ChangeOrderRequest,
            responses(
                (status = 200, description = "Changed", body = Success<StaffOrderData>),
                (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
                (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
                (status = 403, description = "`AUTHORIZATION_ERROR`: for fulfilment staff; only administrators give orders up", body = ErrorEnvelope),
                (status = 404, description = "`NOT_FOUND`", body = ErrorEnvelope),
                (status = 409, description = "`INVALID_STATE`: its status does not allow it; `VERSION_CONFLICT`",
                    body = ErrorEnvelope),
            )
        )]
        #[patch($path)]
        pub(crate) async fn $name(
            state: Data<AppState>,
            caller: CurrentUser,
            request: HttpRequest,
            id: Path<Uuid>,
            body: Json<ChangeOrderRequest>,
        ) -> Result<HttpResponse, ApiError> {
            change(&state, &caller, &request, *id, body.into_inner()).await
        }
    };
}

endpoint! {
    /// Send an order, note how it travels, or give up an unpaid one.
    change_order, "change_order", "/admin/orders/{id}"
}
endpoint! {
    /// Send an order, or give up an unpaid one.
    change_order_status, "change_order_status", "/admin/orders/{id}/status"
}
endpoint! {
    /// Note how an order travels.
    change_order_tracking, "change_order_tracking", "/admin/orders/{id}/tracking"
}
