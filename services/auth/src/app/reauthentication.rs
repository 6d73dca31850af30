//! Asking a signed-in person for their password once more, before something that a thief of their session must not do.

use common::auth::CurrentUser;
use common::crypto::sha256;

use super::Error;
use super::password_check::{self, Outcome};
use crate::domain::ids::UserId;
use crate::domain::password::Password;
use crate::startup::AppState;
use crate::store;
use crate::store::login_attempts::Counter;
use crate::store::users::UserRow;

/// The caller's account, if `password` is its password. Failures are counted apart from logins: strangers who lock the
/// login do not lock this.
///
/// # Errors
/// [`Error::Credentials`] when it is not, or too many were wrong.
pub(crate) async fn confirm_password(
    state: &AppState,
    caller: &CurrentUser,
    password: &str,
) -> Result<UserRow, Error> {
    let id = UserId(caller.id);
    let user = {
        let mut conn = state.db.get().await?;
        store::users::find(&mut conn, id)
            .await?
            .ok_or(Error::NotFound("account"))?
    };
    let counter = Counter::Account(sha256(format!("confirm:{id}").as_bytes()).to_vec());
    let password = Password::offered(password);
    let outcome =
        password_check::check(state, &counter, password, user.password_hash.as_deref()).await?;
    if outcome == Outcome::Right {
        Ok(user)
    } else {
        Err(Error::Credentials)
    }
}
