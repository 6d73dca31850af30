//! Who stands behind a request, and whose cart that is.

use common::crypto;

use super::Error;
use crate::domain::ids::UserId;
use crate::domain::owner::{GuestHash, GuestToken, Owner};
use crate::startup::AppState;

/// Who sends a request.
#[derive(Debug, Clone)]
pub(crate) enum Shopper {
    /// A signed-in person.
    User(UserId),
    /// Somebody else, with what may be one of our tokens.
    Guest(Option<GuestToken>),
}

/// An owner, and the token to tell a guest.
#[derive(Debug, Clone)]
pub(crate) struct Identified {
    /// Whose cart.
    pub(crate) owner: Owner,
    /// A guest's token.
    pub(crate) token: Option<GuestToken>,
    /// Whether the guest is known by a cart; people always are.
    pub(crate) is_known: bool,
}

impl GuestToken {
    /// The hash that the cart is found by.
    pub(crate) fn hash(&self) -> GuestHash {
        GuestHash(crypto::sha256(self.as_str().as_bytes()))
    }
}

impl Shopper {
    /// Whose cart the request is about; none for a guest who shows no token.
    pub(crate) fn owner(&self) -> Option<Owner> {
        match self {
            Self::User(user) => Some(Owner::User(*user)),
            Self::Guest(token) => token.as_ref().map(|token| Owner::Guest(token.hash())),
        }
    }

    /// A guest's token.
    pub(crate) fn token(&self) -> Option<&GuestToken> {
        match self {
            Self::User(_) => None,
            Self::Guest(token) => token.as_ref(),
        }
    }

    /// Who the request's cart is to belong to. A token without a cart is not taken over: whoever chose it could have planted it
    /// on somebody else, so that guest gets a new one.
    pub(crate) async fn identify(&self, state: &AppState) -> Result<Identified, Error> {
        match self {
            Self::User(user) => Ok(Identified {
                owner: Owner::User(*user),
                token: None,
                is_known: true,
            }),
            Self::Guest(Some(token)) => {
                let owner = Owner::Guest(token.hash());
                if state.reader.read(owner).await?.is_none() {
                    return Identified::newcomer();
                }
                Ok(Identified {
                    owner,
                    token: Some(token.clone()),
                    is_known: true,
                })
            }
            Self::Guest(None) => Identified::newcomer(),
        }
    }
}

impl Identified {
    /// A guest with an identity that nobody can guess.
    pub(crate) fn newcomer() -> Result<Self, Error> {
        let token = GuestToken::parse(&crypto::random_token()?)
            .ok_or_else(|| Error::Bug("a new token is not one of ours".to_owned()))?;
        Ok(Self {
            owner: Owner::Guest(token.hash()),
            token: Some(token),
            is_known: false,
        })
    }
}
