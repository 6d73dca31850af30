//! `GET /admin/users/stats`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::reply::{self, Success};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app;
use crate::startup::AppState;
use crate::store::people::PeopleCounts;

/// How many accounts there are.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserStats {
    /// All that are not erased.
    #[schema(example = 1204)]
    total_users: i64,
    /// With a confirmed address.
    #[schema(example = 1100)]
    verified_users: i64,
    /// With a second factor.
    #[schema(example = 87)]
    two_factor_users: i64,
    /// Opened within the last 30 days.
    #[schema(example = 140)]
    new_users: i64,
    /// Logged in within the last 30 days.
    #[schema(example = 610)]
    active_users: i64,
    /// By role.
    by_role: UsersByRole,
}

/// How many accounts have each role.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({ "customer": 1190, "merchant": 6, "fulfilment": 4, "finance": 2, "admin": 2 }))]
pub(crate) struct UsersByRole {
    customer: i64,
    merchant: i64,
    fulfilment: i64,
    finance: i64,
    admin: i64,
}

impl From<PeopleCounts> for UserStats {
    fn from(counts: PeopleCounts) -> Self {
        Self {
            total_users: counts.total,
            verified_users: counts.verified,
            two_factor_users: counts.with_two_factor,
            new_users: counts.new,
            active_users: counts.active,
            by_role: UsersByRole {
                customer: counts.customers,
                merchant: counts.merchants,
                fulfilment: counts.fulfilment,
                finance: counts.finance,
                admin: counts.admins,
            },
        }
    }
}

/// The figures under their name.
#[derive(Serialize, ToSchema)]
pub(crate) struct UserStatsData {
    /// The figures.
    stats: UserStats,
}

/// Count accounts.
#[utoipa::path(
    tag = "admin",
    operation_id = "count_users",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The figures", body = Success<UserStatsData>),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for administrators only", body = ErrorEnvelope),
    )
)]
#[get("/admin/users/stats")]
#[tracing::instrument(name = "http.count_users", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn count_users(
    state: Data<AppState>,
    caller: CurrentUser,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::ManageUsers)?;
    let counts = app::people::count_users(&state).await?;
    Ok(reply::ok(UserStatsData {
        stats: counts.into(),
    }))
}
