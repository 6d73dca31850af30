//! Opening an account.

use common::auth::Role;
use common::database::unique_violation;
use common::ids;
use diesel::result::Error as DieselError;
use diesel_async::AsyncConnection as _;
use events::auth::{MailKind, UserRegistered};
use serde_json::json;

use super::session::{self, Client, SignedIn, Tokens};
use super::trail::{Actor, Trail};
use super::{Error, account_limit, devices, profile};
use crate::domain::email::Email;
use crate::domain::ids::UserId;
use crate::domain::password::Password;
use crate::domain::phone::Phone;
use crate::startup::AppState;
use crate::store;
use crate::store::users::{EMAIL_UNIQUE, NewUser};

/// A new customer.
#[derive(Debug)]
pub(crate) struct Register {
    pub(crate) email: Email,
    pub(crate) password: Password,
    pub(crate) name: String,
    pub(crate) phone: Option<Phone>,
}

/// Opens an account as a customer, whose address is still to be confirmed, and a session on it.
pub(crate) async fn register(
    state: &AppState,
    client: &Client,
    command: Register,
) -> Result<SignedIn, Error> {
    account_limit::count(state, &command.email).await?;
    if !state.keys.is_ready() {
        return Err(Error::NoSigningKey);
    }
    let id = UserId(ids::new_id());
    let phone = command
        .phone
        .map(|phone| profile::seal_phone(&state.pii, id, &phone))
        .transpose()?;
    let password_hash = state.hasher.hash(command.password).await?;
    let now = state.clock.now();
    let trail = Trail::new(Actor::User(id, Role::Customer), now);
    let new_user = NewUser {
        id,
        email: &command.email,
        name: &command.name,
        phone,
        password_hash: &password_hash,
        role: Role::Customer,
        verified_at: None,
        now,
    };
    let mut conn = state.db.get().await?;
    let (user, session, refresh, cookie) = conn
        .transaction(async |conn| {
            let user = store::users::insert(conn, &new_user).await.map_err(taken)?;
            let registered = UserRegistered {
                user_id: id.0,
                role: user.role.0.name().to_owned(),
            };
            trail.event(conn, &registered, user.version.into()).await?;
            trail.audit(conn, "user.registered", id, json!({})).await?;
            trail
                .mail(conn, id, MailKind::VerifyEmail, &json!({}))
                .await?;
            let cookie = devices::remember(conn, id, now).await?;
            let (session, refresh) = session::open(conn, id, client, false, now).await?;
            Ok::<_, Error>((user, session, refresh, cookie))
        })
        .await?;
    drop(conn);
    let access = session::access_token(state, id, user.role.0, session, false)?;
    Ok(SignedIn {
        user,
        tokens: Tokens { access, refresh },
        device_cookie: Some(cookie),
    })
}

fn taken(error: DieselError) -> Error {
    match unique_violation(&error) {
        Some(EMAIL_UNIQUE) => Error::EmailTaken,
        _ => error.into(),
    }
}
