//! Inventory: goods that are held for orders and sold to them. Every command is idempotent by the order's id.

use chrono::{DateTime, Utc};
use common::client::{CallError, Sibling};
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;
use uuid::Uuid;

use crate::domain::ids::{OrderId, UserId, VariantId};
use crate::domain::status::Goods;

/// What is to be held.
#[derive(Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) order: OrderId,
    pub(crate) buyer: UserId,
    /// Keyed hash of where it goes.
    pub(crate) address_hash: String,
    pub(crate) lines: &'a [(VariantId, u32)],
    pub(crate) seconds: u64,
}

/// What inventory says of an order's goods.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Reservation {
    /// `active`, `committed`, `released` or `expired`.
    pub(crate) state: String,
    /// When the hold ends or ended.
    pub(crate) expires_at: Option<DateTime<Utc>>,
}

/// A client of inventory.
pub(crate) struct Inventory {
    sibling: Sibling,
    reservations: Url,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Reserve<'a> {
    order_id: Uuid,
    buyer: Buyer<'a>,
    lines: Vec<Line>,
    ttl_seconds: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Buyer<'a> {
    user_id: Uuid,
    address_hash: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    variant_id: Uuid,
    quantity: u32,
}

#[derive(Deserialize)]
struct Reserved {
    reservation: Reservation,
}

#[derive(Deserialize)]
struct Committed {
    outcome: String,
}

#[derive(Deserialize)]
struct Anything {}

impl Inventory {
    /// For inventory behind `sibling`.
    pub(crate) fn new(sibling: Sibling) -> Result<Self, url::ParseError> {
        let reservations = sibling.url("/internal/reservations")?;
        Ok(Self {
            sibling,
            reservations,
        })
    }

    /// Holds goods, wholly or not at all.
    pub(crate) async fn reserve(&self, wanted: &Wanted<'_>) -> Result<Reservation, CallError> {
        let body = Reserve {
            order_id: wanted.order.0,
            buyer: Buyer {
                user_id: wanted.buyer.0,
                address_hash: &wanted.address_hash,
            },
            lines: wanted
                .lines
                .iter()
                .map(|(variant, quantity)| Line {
                    variant_id: variant.0,
                    quantity: *quantity,
                })
                .collect(),
            ttl_seconds: wanted.seconds,
        };
        let reserved: Reserved = self.sibling.post(self.reservations.clone(), &body).await?;
        Ok(reserved.reservation)
    }

    /// What an order holds.
    pub(crate) async fn find(&self, order: OrderId) -> Result<Reservation, CallError> {
        let reserved: Reserved = self.sibling.get(self.of(order, "")?).await?;
        Ok(reserved.reservation)
    }

    /// Sells what an order holds, or held if all of it is still there.
    pub(crate) async fn commit(&self, order: OrderId) -> Result<Goods, CallError> {
        let url = self.of(order, "/commit")?;
        let committed: Committed = self.sibling.post(url, &json!({})).await?;
        match committed.outcome.as_str() {
            "committed" | "reallocated" => Ok(Goods::Sold),
            "unavailable" => Ok(Goods::Gone),
            other => Err(CallError::Unavailable {
                service: "inventory",
                cause: format!("it answered {other} to a commit"),
            }),
        }
    }

    /// Gives back what an order holds.
    pub(crate) async fn release(&self, order: OrderId) -> Result<(), CallError> {
        let url = self.of(order, "/release")?;
        let _: Anything = self.sibling.post(url, &json!({})).await?;
        Ok(())
    }

    /// Holds an order's goods longer, once.
    pub(crate) async fn extend(&self, order: OrderId) -> Result<Reservation, CallError> {
        let url = self.of(order, "/extend")?;
        let reserved: Reserved = self.sibling.post(url, &json!({})).await?;
        Ok(reserved.reservation)
    }

    fn of(&self, order: OrderId, action: &str) -> Result<Url, CallError> {
        let path = format!("/internal/reservations/{order}{action}");
        super::url(&self.sibling, "inventory", &path)
    }
}
