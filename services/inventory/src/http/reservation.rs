//! A reservation on the wire.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::reservation::Reserved;

/// What an order holds.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReservationBody {
    order_id: Uuid,
    /// `active`, `committed`, `released` or `expired`.
    #[schema(example = "active")]
    state: &'static str,
    /// When the hold ends or ended, by this service's clock; none if nothing was ever held.
    expires_at: Option<DateTime<Utc>>,
    /// Whether it lasts longer already.
    is_extended: bool,
    /// Each variant once.
    lines: Vec<ReservationLine>,
}

/// So many of one variant.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ReservationLine {
    variant_id: Uuid,
    quantity: i64,
}

/// A reservation under its name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReservationData {
    reservation: ReservationBody,
}

impl From<Reserved> for ReservationData {
    fn from(reserved: Reserved) -> Self {
        let lines = reserved
            .lines
            .iter()
            .map(|(variant, quantity)| ReservationLine {
                variant_id: variant.0,
                quantity,
            });
        Self {
            reservation: ReservationBody {
                order_id: reserved.order.0,
                state: reserved.state.name(),
                expires_at: reserved.expires_at,
                is_extended: reserved.is_extended,
                lines: lines.collect(),
            },
        }
    }
}
