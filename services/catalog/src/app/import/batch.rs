//! A batch of products: read together, decided one by one, written together.

use std::collections::{HashMap, HashSet};

use common::auth::CurrentUser;
use diesel_async::AsyncPgConnection;
use events::catalog::{ProductCreated, ProductUpdated};
use messaging::Trail;
use serde_json::json;
use uuid::Uuid;

use super::plan::{self, Fate, Plan, Stored};
use super::{Entry, Tally};
use crate::app::Error;
use crate::domain::ids::ProductId;
use crate::domain::slug;
use crate::store::categories;
use crate::store::images::{self, ImageRow};
use crate::store::products::{self, ProductRow};
use crate::store::variants::{self, VariantRow};

/// What to write.
pub(super) struct Batch(Vec<Plan>);

/// Holds the products that there are and decides what becomes of each.
pub(super) async fn plan(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    entries: &[Entry],
) -> Result<Batch, Error> {
    let stored = stored(conn, entries).await?;
    let categories = categories::all(conn).await?;
    let categories: HashMap<&str, Uuid> = categories
        .iter()
        .map(|row| (row.slug.as_str(), row.id))
        .collect();
    let mut plans = Vec::with_capacity(entries.len());
    for entry in entries {
        let category = entry.product.category.as_deref();
        let category = category.map(|slug| categories.get(slug).copied().ok_or(slug));
        let unknown = |_: &str| Error::invalid("category", "is the slug of no category");
        let category = category.transpose().map_err(unknown)?;
        plans.push(match stored.get(entry.sku.as_str()) {
            Some(before) => plan::change(before, entry, category, trail)?,
            None => plan::create(entry, category, trail)?,
        });
    }
    name(conn, entries, &mut plans).await?;
    Ok(Batch(plans))
}

async fn stored(
    conn: &mut AsyncPgConnection,
    entries: &[Entry],
) -> Result<HashMap<String, Stored>, Error> {
    let skus: Vec<&str> = entries.iter().map(|entry| entry.sku.as_str()).collect();
    let rows = products::lock_by_skus(conn, &skus).await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut variants: HashMap<Uuid, Vec<VariantRow>> = HashMap::new();
    for row in variants::of_all(conn, &ids).await? {
        variants.entry(row.product_id).or_default().push(row);
    }
    let mut images: HashMap<Uuid, Vec<ImageRow>> = HashMap::new();
    for row in images::of(conn, &ids).await? {
        images.entry(row.product_id).or_default().push(row);
    }
    let stored = rows.into_iter().map(|product| {
        let stored = Stored {
            variants: variants.remove(&product.id).unwrap_or_default(),
            images: images.remove(&product.id).unwrap_or_default(),
            product,
        };
        (stored.product.sku.clone(), stored)
    });
    Ok(stored.collect())
}

/// Gives slugs to new products; one that is made from a title gets something behind it where it is taken.
async fn name(
    conn: &mut AsyncPgConnection,
    entries: &[Entry],
    plans: &mut [Plan],
) -> Result<(), Error> {
    let made: Vec<String> = plans
        .iter()
        .map(|plan| slug::of_title(&plan.product.title))
        .collect();
    let mut taken: HashSet<String> = products::taken_slugs(conn, &made)
        .await?
        .into_iter()
        .collect();
    for ((plan, entry), made) in plans.iter_mut().zip(entries).zip(made) {
        if plan.fate != Fate::Created {
            continue;
        }
        plan.product.slug = match &entry.product.slug {
            Some(chosen) => {
                let chosen = slug::parse(chosen).map_err(|error| Error::invalid("slug", &error))?;
                chosen.to_owned()
            }
            None if taken.contains(&made) => slug::made_unlike(&made, plan.product.id),
            None => made,
        };
        taken.insert(plan.product.slug.clone());
    }
    Ok(())
}

impl Batch {
    /// Writes everything with its events and one audit entry.
    pub(super) async fn write(
        &self,
        conn: &mut AsyncPgConnection,
        trail: &Trail,
        caller: &CurrentUser,
        import: Uuid,
    ) -> Result<Tally, Error> {
        let tally = self.tally();
        self.write_rows(conn).await?;
        let all = |fate: Fate| self.0.iter().filter(move |plan| plan.fate == fate);
        let created = all(Fate::Created).map(|plan| (created(&plan.product), plan.product.version));
        trail.events(conn, created).await?;
        let changed = all(Fate::Changed).map(|plan| (updated(&plan.product), plan.product.version));
        trail.events(conn, changed).await?;
        let variants = self.0.iter().flat_map(|plan| &plan.created);
        trail
            .events(conn, variants.map(|told| (told.clone(), 1)))
            .await?;
        let variants = self.0.iter().flat_map(|plan| &plan.updated);
        trail.events(conn, variants.cloned()).await?;
        if tally.created + tally.changed > 0 {
            let facts = json!({ "created": tally.created, "changed": tally.changed });
            let entity = ("import", import.to_string());
            trail
                .audit(conn, caller, "products.imported", entity, facts)
                .await?;
        }
        Ok(tally)
    }

    async fn write_rows(&self, conn: &mut AsyncPgConnection) -> Result<(), Error> {
        let is_new = |plan: &&Plan| plan.fate == Fate::Created;
        let new: Vec<ProductRow> = self
            .0
            .iter()
            .filter(is_new)
            .map(|plan| plan.product.clone())
            .collect();
        if !new.is_empty() {
            products::insert_all(conn, &new).await?;
        }
        for plan in self.0.iter().filter(|plan| plan.fate == Fate::Changed) {
            products::update(conn, &plan.product).await?;
            for row in &plan.changed_variants {
                variants::update(conn, row).await?;
            }
            if plan.new_images.is_some() {
                images::delete_of(conn, ProductId(plan.product.id)).await?;
            }
        }
        let rows: Vec<VariantRow> = self
            .0
            .iter()
            .flat_map(|plan| plan.new_variants.clone())
            .collect();
        if !rows.is_empty() {
            variants::insert(conn, &rows).await?;
        }
        let rows: Vec<ImageRow> = self
            .0
            .iter()
            .filter_map(|plan| plan.new_images.clone())
            .flatten()
            .collect();
        if !rows.is_empty() {
            images::insert(conn, &rows).await?;
        }
        Ok(())
    }

    fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for plan in &self.0 {
            match plan.fate {
                Fate::Created => tally.created += 1,
                Fate::Changed => tally.changed += 1,
                Fate::Unchanged => tally.unchanged += 1,
            }
        }
        tally
    }
}

fn created(product: &ProductRow) -> ProductCreated {
    ProductCreated {
        product_id: product.id,
        is_active: product.is_active,
        category_id: product.category_id,
    }
}

fn updated(product: &ProductRow) -> ProductUpdated {
    ProductUpdated {
        product_id: product.id,
        is_active: product.is_active,
        category_id: product.category_id,
    }
}
