//! Auth: how to reach a buyer.

use common::client::{CallError, Sibling};
use serde::Deserialize;

use crate::domain::ids::UserId;

/// How to reach a buyer.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Contact {
    pub(crate) email: String,
    pub(crate) name: String,
}

#[derive(Deserialize)]
struct Answer {
    contact: Contact,
}

/// A client of auth's `GET /internal/users/{id}/contact`.
pub(crate) struct Auth(Sibling);

impl Auth {
    /// Over a client of auth.
    pub(crate) fn new(auth: Sibling) -> Self {
        Self(auth)
    }

    /// How to reach the owner of an account.
    pub(crate) async fn contact(&self, user: UserId) -> Result<Contact, CallError> {
        let path = format!("/internal/users/{user}/contact");
        let answer: Answer = self.0.get(super::url(&self.0, "auth", &path)?).await?;
        Ok(answer.contact)
    }
}
