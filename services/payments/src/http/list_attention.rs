//! `GET /admin/attention`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::Query;
use common::paging::PageQuery;
use common::reply::{self, Success};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::attention::AttentionItem;
use super::{time_cursor, wants};
use crate::app;
use crate::app::counters::ATTENTION;
use crate::startup::AppState;
use crate::store::attention::{ItemFilter, ItemState};

/// Which items to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AttentionQuery {
    /// Only of this kind.
    #[param(example = "unclaimed")]
    kind: Option<String>,
    /// Only `open` or only `closed` ones.
    #[param(example = "open")]
    state: Option<String>,
    /// The `nextCursor` of the page before.
    cursor: Option<String>,
    /// 1 to 100.
    #[param(minimum = 1, maximum = 100, default = 20, value_type = Option<u32>)]
    limit: Option<String>,
}

/// Some items.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AttentionPage {
    /// Newest first.
    items: Vec<AttentionItem>,
    /// For asking for the next ones; `null` if there are none.
    next_cursor: Option<String>,
}

/// List what people have to look at.
#[utoipa::path(
    tag = "admin",
    operation_id = "list_attention",
    security(("bearer" = [])),
    params(AttentionQuery),
    responses(
        (status = 200, description = "Some items", body = Success<AttentionPage>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for finance and administrators", body = ErrorEnvelope),
    )
)]
#[get("/admin/attention")]
#[tracing::instrument(name = "http.list_attention", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn list_attention(
    state: Data<AppState>,
    caller: CurrentUser,
    query: Query<AttentionQuery>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::ReadPayments)?;
    let query = query.into_inner();
    let filter = ItemFilter {
        kind: kind(query.kind.as_deref())?,
        state: item_state(query.state.as_deref())?,
        after: time_cursor::read(query.cursor.as_deref())?,
    };
    let page = PageQuery {
        page: None,
        limit: query.limit,
    };
    let limit = usize::try_from(page.page()?.limit).map_err(ApiError::internal)?;
    let (rows, next) = app::queries::list_attention(&state, &filter, limit).await?;
    Ok(reply::ok(AttentionPage {
        items: rows.iter().map(AttentionItem::from).collect(),
        next_cursor: next.map(time_cursor::write),
    }))
}

fn kind(text: Option<&str>) -> Result<Option<String>, ApiError> {
    match wants::given(text) {
        Some(kind) if !ATTENTION.contains(&kind) => {
            let message = format!("must be one of {}", ATTENTION.join(", "));
            Err(ApiError::invalid("kind", message))
        }
        kind => Ok(kind.map(str::to_owned)),
    }
}

fn item_state(text: Option<&str>) -> Result<Option<ItemState>, ApiError> {
    match wants::given(text) {
        None => Ok(None),
        Some("open") => Ok(Some(ItemState::Open)),
        Some("closed") => Ok(Some(ItemState::Closed)),
        Some(_) => Err(ApiError::invalid("state", "must be open or closed")),
    }
}
