//! What is known of the buyer: kept encrypted, forgotten on demand.

use common::crypto::{Place, Sealer};
use serde::{Deserialize, Serialize};

use super::Error;
use crate::domain::address::Address;
use crate::domain::ids::OrderId;
use crate::store::rows::OrderRow;

/// Where it is stored; what is sealed for it does not open elsewhere.
const COLUMN: &str = "orders.contact";
/// What an e-mail address is looked up by.
const EMAIL_INDEX: &str = "orders.email";

/// Whom an order is for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Contact {
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) shipping: Address,
    /// None: the same.
    pub(crate) billing: Option<Address>,
    /// The buyer's.
    pub(crate) notes: Option<String>,
    /// Staff's, which the buyer does not see.
    #[serde(default)]
    pub(crate) staff_notes: Option<String>,
}

impl Contact {
    /// Encrypts it for its order.
    pub(crate) fn seal(&self, sealer: &Sealer, order: OrderId) -> Result<Vec<u8>, Error> {
        let json = serde_json::to_vec(self).map_err(|error| Error::Bug(error.to_string()))?;
        Ok(sealer.seal(place(order), &json)?)
    }

    /// What an order's row has; none once it was forgotten.
    pub(crate) fn open(sealer: &Sealer, order: &OrderRow) -> Result<Option<Self>, Error> {
        let Some(sealed) = &order.contact else {
            return Ok(None);
        };
        let json = sealer.open(place(OrderId(order.id)), sealed)?;
        let contact = serde_json::from_slice(&json);
        contact.map(Some).map_err(|error| {
            Error::Bug(format!(
                "the contact of {} is unreadable: {error}",
                order.id
            ))
        })
    }
}

/// What finds an e-mail address without telling it.
pub(crate) fn email_index(sealer: &Sealer, email: &str) -> Vec<u8> {
    let email = email.trim().to_lowercase();
    sealer.index().of(EMAIL_INDEX, &email)
}

fn place(order: OrderId) -> Place<'static> {
    Place {
        column: COLUMN,
        row: order.0,
    }
}
