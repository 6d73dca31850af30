//! What a batch writes: a few statements, however many orders it has.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use diesel_async::AsyncPgConnection;
use messaging::Trail;

use crate::app::{Error, news};
use crate::domain::ids::{OrderId, VariantId};
use crate::domain::lines::Lines;
use crate::domain::reservation::Reserved;
use crate::domain::shelf::Ask;
use crate::store;
use crate::store::reservations::{NewHold, NewSale};
use crate::store::stock::Change;

/// What is to be written. Within one batch an order begins to hold at most once, and after that is sold or given up at most
/// once.
#[derive(Default)]
pub(super) struct Changes {
    holds: Vec<NewHold>,
    lines: Vec<(OrderId, VariantId, i64)>,
    sales: Vec<NewSale>,
    sold_lines: Vec<(OrderId, VariantId, i64)>,
    given_up: Vec<OrderId>,
    stock: BTreeMap<VariantId, Change>,
}

impl Changes {
    /// A hold begins, for the first time or again.
    pub(super) fn hold(&mut self, ask: &Ask, now: DateTime<Utc>) {
        self.holds.push(NewHold {
            order: ask.order,
            user: ask.user,
            address: ask.address.clone(),
            held_at: now,
            expires_at: now + TimeDelta::seconds(ask.ttl_secs),
        });
    }

    /// An order is new, with these lines.
    pub(super) fn note_lines(&mut self, ask: &Ask) {
        let lines = ask.lines.iter();
        self.lines
            .extend(lines.map(|(variant, quantity)| (ask.order, variant, quantity)));
    }

    /// An order is sold; `of` says by how much its lines change what is on hand and reserved.
    pub(super) fn sell(&mut self, known: &Reserved, of: impl Fn(i64) -> (i64, i64)) {
        let lines = known.lines.iter();
        self.sold_lines
            .extend(lines.map(|(variant, quantity)| (known.order, variant, quantity)));
        self.change(&known.lines, of);
        self.sales.push(NewSale {
            order: known.order,
            is_reallocated: known.is_reallocated,
        });
    }

    /// An order holds nothing from now on.
    pub(super) fn give_up(&mut self, order: OrderId) {
        self.given_up.push(order);
    }

    /// Lines change stock; `of` says by how much on hand and reserved, for a quantity.
    pub(super) fn change(&mut self, lines: &Lines, of: impl Fn(i64) -> (i64, i64)) {
        for (variant, quantity) in lines.iter() {
            let (on_hand, reserved) = of(quantity);
            let change = self.stock.entry(variant).or_insert(Change {
                variant,
                on_hand: 0,
                reserved: 0,
            });
            change.on_hand += on_hand;
            change.reserved += reserved;
        }
    }

    /// Writes it all. Holds come before what ends them.
    pub(super) async fn write(
        self,
        conn: &mut AsyncPgConnection,
        trail: &Trail,
    ) -> Result<(), Error> {
        store::reservations::hold(conn, &self.holds).await?;
        store::reservations::insert_lines(conn, &self.lines).await?;
        store::reservations::sell(conn, &self.sales).await?;
        store::reservations::give_up(conn, &self.given_up).await?;
        store::ledger::sold(conn, &self.sold_lines).await?;
        // Whoever took and gave back within one batch changed nothing.
        let stock: Vec<Change> = self
            .stock
            .into_values()
            .filter(|change| change.on_hand != 0 || change.reserved != 0)
            .collect();
        news::change_stock(conn, trail, &stock).await?;
        Ok(())
    }
}
