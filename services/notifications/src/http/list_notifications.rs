//! `GET /admin/notifications`.

use std::str::FromStr;

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::Query;
use common::paging::{PageQuery, Pagination};
use common::reply::{self, Success};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::notification::NotificationBody;
use crate::app;
use crate::app::notifications::ListNotifications;
use crate::domain::address::Address;
use crate::startup::AppState;

/// Which mails to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct NotificationsQuery {
    /// Only this status: `pending`, `sending`, `sent`, `failed` or `cancelled`.
    #[param(example = "failed")]
    status: Option<String>,
    /// Only this kind of mail.
    #[param(example = "password_reset")]
    template: Option<String>,
    /// Only mails to this address, whole and in any case.
    #[param(example = "ada@example.com")]
    recipient: Option<String>,
    /// From 1.
    #[param(minimum = 1, default = 1, value_type = Option<u32>)]
    page: Option<String>,
    /// 1 to 100.
    #[param(minimum = 1, maximum = 100, default = 20, value_type = Option<u32>)]
    limit: Option<String>,
}

impl NotificationsQuery {
    fn command(&self) -> Result<ListNotifications, ApiError> {
        Ok(ListNotifications {
            status: filter("status", self.status.as_deref())?,
            template: filter("template", self.template.as_deref())?,
            recipient: given(self.recipient.as_deref())
                .map(Address::parse)
                .transpose()
                .map_err(|error| ApiError::invalid("recipient", error.to_string()))?,
        })
    }
}

/// An empty filter counts as absent.
fn given(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

fn filter<T>(field: &str, text: Option<&str>) -> Result<Option<T>, ApiError>
where
    T: FromStr,
    T::Err: std::fmt::Display,
{
    given(text)
        .map(str::parse)
        .transpose()
        .map_err(|error: T::Err| ApiError::invalid(field, error.to_string()))
}

/// One page of mails.
#[derive(Serialize, ToSchema)]
pub(crate) struct NotificationsData {
    /// Newest first.
    notifications: Vec<NotificationBody>,
    /// Where the page stands.
    pagination: Pagination,
}

/// List mails, of the last 90 days.
#[utoipa::path(
    tag = "admin",
    operation_id = "list_notifications",
    security(("bearer" = [])),
    params(NotificationsQuery),
    responses(
        (status = 200, description = "A page of mails", body = Success<NotificationsData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for administrators only", body = ErrorEnvelope),
    )
)]
#[get("/admin/notifications")]
#[tracing::instrument(name = "http.list_notifications", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn list_notifications(
    state: Data<AppState>,
    caller: CurrentUser,
    query: Query<NotificationsQuery>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::Operate)?;
    let command = query.command()?;
    let query = query.into_inner();
    let page = PageQuery {
        page: query.page,
        limit: query.limit,
    }
    .page()?;
    let (mails, pagination) =
        app::notifications::list_notifications(&state, &caller, &command, page).await?;
    let notifications = mails.iter().map(NotificationBody::from).collect();
    Ok(reply::ok(NotificationsData {
        notifications,
        pagination,
    }))
}
