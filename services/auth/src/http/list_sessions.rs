//! `GET /auth/sessions`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use chrono::{DateTime, Utc};
use common::ApiError;
use common::auth::CurrentUser;
use common::error::ErrorEnvelope;
use common::reply::{self, Success};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app;
use crate::startup::AppState;
use crate::store::sessions::SessionRow;

/// One login that is still alive.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "id": "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f", "current": true, "deviceInfo": "Firefox on Linux",
    "ipAddress": "102.89.3.7", "userAgent": "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
    "createdAt": "2026-01-13T10:30:00.123456Z", "lastUsedAt": "2026-01-14T08:00:00.5Z",
    "expiresAt": "2026-02-12T10:30:00.123456Z"
}))]
pub(crate) struct Session {
    /// The session's id.
    id: Uuid,
    /// Whether it is the one that asks.
    current: bool,
    /// The browser, as far as it can be told.
    device_info: String,
    /// Where it was last used.
    ip_address: String,
    /// What the browser says of itself.
    user_agent: String,
    /// When it was opened.
    created_at: DateTime<Utc>,
    /// When it was last refreshed.
    last_used_at: DateTime<Utc>,
    /// When it ends at the latest.
    expires_at: DateTime<Utc>,
}

impl Session {
    fn of(row: SessionRow, current: Uuid) -> Self {
        Self {
            id: row.id,
            current: row.id == current,
            device_info: row.device_info,
            ip_address: row.ip_address,
            user_agent: row.user_agent,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            expires_at: row.expires_at,
        }
    }
}

/// Living sessions, most recently used first.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionsData {
    /// At most 100.
    sessions: Vec<Session>,
}

/// List the sessions that are open on one's account.
#[utoipa::path(
    tag = "auth",
    operation_id = "list_sessions",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The sessions", body = Success<SessionsData>),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
    )
)]
#[get("/auth/sessions")]
#[tracing::instrument(name = "http.list_sessions", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn list_sessions(
    state: Data<AppState>,
    caller: CurrentUser,
) -> Result<HttpResponse, ApiError> {
    let rows = app::sessions::list_sessions(&state, &caller).await?;
    let sessions = rows
        .into_iter()
        .map(|row| Session::of(row, caller.session_id))
        .collect();
    Ok(reply::ok(SessionsData { sessions }))
}
