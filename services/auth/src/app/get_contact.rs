//! How to reach a person, for services that write to them or on their behalf.

use common::auth::Role;
use common::database::Database;

use super::Error;
use crate::domain::ids::UserId;
use crate::store;

/// A person's address and what they allow.
pub(crate) struct Contact {
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) is_verified: bool,
    pub(crate) role: Role,
    /// Kinds of consent that are granted now.
    pub(crate) granted: Vec<String>,
}

/// The contact of an account.
///
/// # Errors
/// [`Error::NotFound`] also when it was erased: there is nobody to reach any more.
pub(crate) async fn get_contact(db: &Database, user: UserId) -> Result<Contact, Error> {
    let mut conn = db.get().await?;
    let account = store::users::find(&mut conn, user).await?;
    let account = account.ok_or(Error::NotFound("account"))?;
    let decided = store::contacts::consents(&mut conn, user).await?;
    Ok(Contact {
        role: account.role.0,
        is_verified: account.verified_at.is_some(),
        email: account.email.unwrap_or_default(),
        name: account.name.unwrap_or_default(),
        granted: decided
            .into_iter()
            .filter(|(_, granted)| *granted)
            .map(|(kind, _)| kind)
            .collect(),
    })
}
