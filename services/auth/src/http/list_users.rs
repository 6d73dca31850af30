//! `GET /admin/users`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use common::ApiError;
use common::auth::{CurrentUser, Permission, Role};
use common::error::ErrorEnvelope;
use common::extract::Query;
use common::paging::{PageQuery, Pagination};
use common::reply::{self, Success};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::person::Person;
use crate::app;
use crate::startup::AppState;
use crate::store::people::PeopleFilter;

/// The longest search text, in characters: as long as the longest address.
const SEARCH_CHARS_MAX: usize = 254;

/// Which accounts to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct UsersQuery {
    /// Only this role: `customer`, `merchant`, `fulfilment`, `finance` or `admin`.
    #[param(example = "customer")]
    role: Option<String>,
    /// Only accounts whose e-mail address or name begins with this, in any case.
    #[param(example = "ada")]
    search: Option<String>,
    /// From 1.
    #[param(minimum = 1, default = 1, value_type = Option<u32>)]
    page: Option<String>,
    /// 1 to 100.
    #[param(minimum = 1, maximum = 100, default = 20, value_type = Option<u32>)]
    limit: Option<String>,
}

impl UsersQuery {
    /// An empty filter counts as absent.
    fn filter(&self) -> Result<PeopleFilter, ApiError> {
        let given = |text: &Option<String>| {
            text.as_deref()
                .map(str::trim)
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        let begins_with = given(&self.search);
        let is_searchable = |text: &str| {
            text.chars().count() <= SEARCH_CHARS_MAX && !text.chars().any(char::is_control)
        };
        if begins_with
            .as_deref()
            .is_some_and(|text| !is_searchable(text))
        {
            return Err(ApiError::invalid(
                "search",
                "must be plain text of at most 254 characters",
            ));
        }
        let role = given(&self.role)
            .map(|name| name.parse::<Role>())
            .transpose();
        let role = role.map_err(|error| ApiError::invalid("role", error.to_string()))?;
        Ok(PeopleFilter { role, begins_with })
    }
}

/// One page of accounts.
#[derive(Serialize, ToSchema)]
pub(crate) struct UsersData {
    /// Newest first.
    users: Vec<Person>,
    /// Where the page stands.
    pagination: Pagination,
}

/// List accounts. Erased ones are not listed.
#[utoipa::path(
    tag = "admin",
    operation_id = "list_users",
    security(("bearer" = [])),
    params(UsersQuery),
    responses(
        (status = 200, description = "A page of accounts", body = Success<UsersData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for administrators only", body = ErrorEnvelope),
    )
)]
#[get("/admin/users")]
#[tracing::instrument(name = "http.list_users", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn list_users(
    state: Data<AppState>,
    caller: CurrentUser,
    query: Query<UsersQuery>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::ManageUsers)?;
    let filter = query.filter()?;
    let query = query.into_inner();
    let page = PageQuery {
        page: query.page,
        limit: query.limit,
    }
    .page()?;
    let (people, pagination) = app::people::list_users(&state, &caller, &filter, page).await?;
    let users = people.into_iter().map(Person::from).collect();
    Ok(reply::ok(UsersData { users, pagination }))
}
