//! Taking over many counts at once, batch by batch, each in a transaction of its own.

use std::collections::{BTreeSet, HashMap, HashSet};

use common::auth::CurrentUser;
use common::csv::{Mode, Refused, RowError};
use common::ids;
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use messaging::Trail;
use serde_json::json;
use uuid::Uuid;

use super::{Error, STOCK_ITEM, news};
use crate::domain::change::{self, Operation};
use crate::domain::ids::VariantId;
use crate::startup::AppState;
use crate::store;
use crate::store::ledger::Adjustment;
use crate::store::stock::{Change, LockedItem};

/// Rows that are taken over in one transaction.
pub(crate) const BATCH: usize = 500;
/// What the ledger gives as the reason where the row has none.
const REASON: &str = "import";

/// How a row names its item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Item {
    Variant(VariantId),
    Sku(String),
}

/// One count.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// Where it stands in the file.
    pub(crate) number: u64,
    pub(crate) item: Item,
    pub(crate) on_hand: Option<i64>,
    pub(crate) threshold: Option<i64>,
    pub(crate) reason: Option<String>,
}

/// An import, and what became of it so far.
pub(crate) struct Import {
    id: Uuid,
    pub(crate) mode: Mode,
    pub(crate) changed: u64,
    pub(crate) unchanged: u64,
    pub(crate) refused: Refused,
    seen: HashSet<VariantId>,
}

/// What one batch comes to.
#[derive(Default)]
struct Plan {
    stock: Vec<Change>,
    adjustments: Vec<Adjustment>,
    thresholds: Vec<(VariantId, i64)>,
    seen: HashSet<VariantId>,
    changed: u64,
    unchanged: u64,
    errors: Vec<RowError>,
}

impl Import {
    /// An import that has seen nothing yet.
    pub(crate) fn new(mode: Mode) -> Self {
        Self {
            id: ids::new_id(),
            mode,
            changed: 0,
            unchanged: 0,
            refused: Refused::default(),
            seen: HashSet::new(),
        }
    }

    /// Takes over a batch of rows, as far as they can be.
    pub(crate) async fn take(
        &mut self,
        state: &AppState,
        caller: &CurrentUser,
        rows: Vec<Row>,
    ) -> Result<(), Error> {
        if rows.is_empty() {
            return Ok(());
        }
        let trail = state.trail();
        let import = &*self;
        let mut conn = state.db.get().await?;
        let plan: Result<Plan, Error> = conn
            .transaction(async |conn| {
                let plan = plan(conn, &rows, &import.seen).await?;
                if import.mode == Mode::Apply && plan.changed > 0 {
                    plan.write(conn, &trail).await?;
                    let facts = json!({
                        "rows": plan.changed,
                        "units": plan.stock.iter().map(|change| change.on_hand).sum::<i64>(),
                        "thresholds": plan.thresholds.len(),
                    });
                    let entity = (STOCK_ITEM, import.id.to_string());
                    trail
                        .audit(conn, caller, "stock.imported", entity, facts)
                        .await?;
                }
                Ok(plan)
            })
            .await;
        drop(conn);
        let plan = plan?;
        self.changed += plan.changed;
        self.unchanged += plan.unchanged;
        self.seen.extend(plan.seen);
        for error in plan.errors {
            self.refused.add(error);
        }
        Ok(())
    }
}

/// Locks what the rows name and decides what becomes of each.
async fn plan(
    conn: &mut AsyncPgConnection,
    rows: &[Row],
    seen: &HashSet<VariantId>,
) -> Result<Plan, Error> {
    let skus = rows.iter().filter_map(|row| match &row.item {
        Item::Sku(sku) => Some(sku.clone()),
        Item::Variant(_) => None,
    });
    let by_sku = store::items::by_skus(conn, skus.collect()).await?;
    let named: Vec<(&Row, Result<VariantId, &'static str>)> =
        rows.iter().map(|row| (row, find(row, &by_sku))).collect();
    let variants: BTreeSet<VariantId> = named
        .iter()
        .filter_map(|(_, variant)| variant.ok())
        .collect();
    let variants: Vec<VariantId> = variants.into_iter().collect();
    let locked = store::stock::lock(conn, &variants).await?;
    let items: HashMap<VariantId, LockedItem> = locked
        .into_iter()
        .map(|item| (item.variant(), item))
        .collect();
    let mut plan = Plan::default();
    for (row, variant) in named {
        let variant = match variant {
            Ok(variant) if seen.contains(&variant) || plan.seen.contains(&variant) => {
                Err("was set by a row before")
            }
            other => other,
        };
        let item = variant.and_then(|variant| items.get(&variant).ok_or("is not known"));
        match item {
            Ok(item) => plan.add(row, item),
            Err(why) => plan.refuse(row, row.item.column(), why),
        }
    }
    Ok(plan)
}

fn find(row: &Row, by_sku: &HashMap<String, Vec<VariantId>>) -> Result<VariantId, &'static str> {
    match &row.item {
        Item::Variant(variant) => Ok(*variant),
        Item::Sku(sku) => match by_sku.get(sku).map(Vec::as_slice) {
            Some([variant]) => Ok(*variant),
            Some(_) => Err("is the SKU of more than one variant"),
            None => Err("is not known"),
        },
    }
}

impl Item {
    fn column(&self) -> &'static str {
        match self {
            Self::Variant(_) => "variantId",
            Self::Sku(_) => "sku",
        }
    }
}

impl Plan {
    fn add(&mut self, row: &Row, item: &LockedItem) {
        let variant = item.variant();
        let wanted = row.on_hand.unwrap_or(item.on_hand);
        let delta = match change::delta(item.on_hand, item.reserved, Operation::Set, wanted) {
            Ok(delta) => delta,
            Err(error) => return self.refuse(row, "onHand", &error.to_string()),
        };
        let threshold = row
            .threshold
            .filter(|threshold| *threshold != item.low_stock_threshold);
        self.seen.insert(variant);
        if delta == 0 && threshold.is_none() {
            self.unchanged += 1;
            return;
        }
        self.changed += 1;
        self.thresholds
            .extend(threshold.map(|threshold| (variant, threshold)));
        if delta != 0 {
            self.stock.push(Change {
                variant,
                on_hand: delta,
                reserved: 0,
            });
            self.adjustments.push(Adjustment {
                variant,
                delta,
                reason: Some(row.reason.clone().unwrap_or_else(|| REASON.to_owned())),
            });
        }
    }

    fn refuse(&mut self, row: &Row, field: &'static str, why: &str) {
        self.errors.push(RowError::of(row.number, field, why));
    }

    async fn write(&self, conn: &mut AsyncPgConnection, trail: &Trail) -> Result<(), Error> {
        store::items::set_thresholds(conn, &self.thresholds).await?;
        store::ledger::adjustments(conn, &self.adjustments).await?;
        // After the thresholds: whether stock has become low goes by the new ones.
        news::change_stock(conn, trail, &self.stock).await?;
        Ok(())
    }
}
