//! What becomes of one product: decided from what there is and what the file says.

use common::ids;
use events::catalog::{VariantCreated, VariantUpdated};
use messaging::Trail;
use money::Currency;
use serde_json::json;
use uuid::Uuid;

use super::{Entry, ProductPart, VariantPart};
use crate::app::Error;
use crate::app::products::{
    NewProduct, NewVariant, ProductChange, apply, image_rows, product_row, skus_of, told_of,
    variant_created, variant_rows, variant_updated,
};
use crate::app::variants::{VARIANTS_MAX, decimal};
use crate::store::images::ImageRow;
use crate::store::products::ProductRow;
use crate::store::variants::VariantRow;

/// A product and its parts as they are stored.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) product: ProductRow,
    pub(super) variants: Vec<VariantRow>,
    pub(super) images: Vec<ImageRow>,
}

/// What to write for one product.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) fate: Fate,
    pub(super) product: ProductRow,
    pub(super) new_variants: Vec<VariantRow>,
    pub(super) changed_variants: Vec<VariantRow>,
    pub(super) new_images: Option<Vec<ImageRow>>,
    pub(super) created: Vec<VariantCreated>,
    pub(super) updated: Vec<(VariantUpdated, i64)>,
}

/// What becomes of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Created,
    Changed,
    Unchanged,
}

/// A product that there is not yet. Its slug is left to whoever knows which are taken.
pub(super) fn create(
    entry: &Entry,
    category_id: Option<Uuid>,
    trail: &Trail,
) -> Result<Plan, Error> {
    let part = &entry.product;
    let missing = |field: &str| Error::invalid(field, "is missing: the product is new");
    let new = NewProduct {
        sku: entry.sku.clone(),
        slug: part.slug.clone(),
        title: part.title.clone().ok_or_else(|| missing("title"))?,
        short_description: part.short_description.clone().unwrap_or_default(),
        description: part.description.clone().unwrap_or_default(),
        price: part.price.ok_or_else(|| missing("price"))?,
        currency: part.currency.unwrap_or(Currency::Ngn),
        weight_grams: part.weight_grams,
        dimensions: part.dimensions,
        category_id,
        tags: part.tags.clone().unwrap_or_default(),
        is_active: part.is_active.unwrap_or(true),
        is_featured: part.is_featured.unwrap_or(false),
        metadata: json!({}),
        variants: entry.variants.iter().map(new_variant).collect(),
        images: part.images.clone().unwrap_or_default(),
    };
    if new.variants.len() > VARIANTS_MAX {
        return Err(Error::InvalidState("a product has at most 100 variants"));
    }
    let mut product = product_row(&new, ids::new_id(), trail)?;
    let (stocks, variants) = variant_rows(&new, &product, trail);
    product.variant_skus = skus_of(&variants);
    let told = variants.iter().zip(stocks);
    let created = told
        .map(|(row, stock)| variant_created(&product, row, stock))
        .collect::<Result<_, _>>()?;
    Ok(Plan {
        fate: Fate::Created,
        new_images: Some(image_rows(product.id, &new.images)),
        product,
        new_variants: variants,
        changed_variants: Vec::new(),
        created,
        updated: Vec::new(),
    })
}

fn new_variant(part: &VariantPart) -> NewVariant {
    NewVariant {
        sku: part.sku.clone(),
        name: part.name.clone(),
        price_delta: part.price_delta.unwrap_or_default(),
        options: part.options.clone().unwrap_or_else(|| json!({})),
        metadata: json!({}),
        initial_stock: part.initial_stock.unwrap_or_default(),
    }
}

/// A product that there is.
pub(super) fn change(
    before: &Stored,
    entry: &Entry,
    category_id: Option<Uuid>,
    trail: &Trail,
) -> Result<Plan, Error> {
    let mut after = apply(&before.product, &wanted(&entry.product, category_id))?;
    let concerns_variants = told_of(&before.product, &after);
    let (mut changed, mut created) = (Vec::new(), Vec::new());
    let mut all = before.variants.clone();
    for part in &entry.variants {
        match all.iter_mut().find(|row| row.sku == part.sku) {
            Some(row) => take(row, part),
            None => {
                let row = variant_row(part, &after, &all, trail);
                created.push(variant_created(
                    &after,
                    &row,
                    part.initial_stock.unwrap_or(0),
                )?);
                all.push(row);
            }
        }
    }
    if all.len() > VARIANTS_MAX {
        return Err(Error::InvalidState("a product has at most 100 variants"));
    }
    let new_variants = all.split_off(before.variants.len());
    for (row, old) in all.iter_mut().zip(&before.variants) {
        if row != old || concerns_variants {
            row.version += 1;
            row.updated_at = trail.now();
            changed.push(row.clone());
        }
    }
    all.extend(new_variants.iter().cloned());
    after.variant_skus = skus_of(&all);
    let new_images = other_images(before, &entry.product);
    let is_same = after == before.product
        && changed.is_empty()
        && new_variants.is_empty()
        && new_images.is_none();
    if !is_same {
        after.version += 1;
        after.updated_at = trail.now();
    }
    // Also finds a variant that would cost less than nothing now.
    let updated = changed
        .iter()
        .map(|row| Ok((variant_updated(&after, row)?, row.version)))
        .collect::<Result<_, Error>>()?;
    Ok(Plan {
        fate: if is_same {
            Fate::Unchanged
        } else {
            Fate::Changed
        },
        product: after,
        new_variants,
        changed_variants: changed,
        new_images,
        created,
        updated,
    })
}

fn wanted(part: &ProductPart, category_id: Option<Uuid>) -> ProductChange {
    ProductChange {
        slug: part.slug.clone(),
        title: part.title.clone(),
        short_description: part.short_description.clone(),
        description: part.description.clone(),
        price: part.price,
        currency: part.currency,
        weight_grams: part.weight_grams.map(Some),
        dimensions: part.dimensions.map(Some),
        category_id: category_id.map(Some),
        tags: part.tags.clone(),
        is_active: part.is_active,
        is_featured: part.is_featured,
        ..ProductChange::default()
    }
}

fn take(row: &mut VariantRow, part: &VariantPart) {
    if part.name.is_some() {
        row.name.clone_from(&part.name);
    }
    // Numbers are the same whatever their scale.
    if let Some(delta) = part
        .price_delta
        .map(decimal)
        .filter(|delta| *delta != row.price_delta)
    {
        row.price_delta = delta;
    }
    if let Some(options) = &part.options {
        row.options.clone_from(options);
    }
}

fn variant_row(
    part: &VariantPart,
    product: &ProductRow,
    siblings: &[VariantRow],
    trail: &Trail,
) -> VariantRow {
    let last = siblings.iter().map(|row| row.position).max().unwrap_or(-1);
    let new = new_variant(part);
    VariantRow {
        id: ids::new_id(),
        product_id: product.id,
        sku: new.sku,
        name: new.name,
        price_delta: decimal(new.price_delta),
        options: new.options,
        metadata: new.metadata,
        position: last.saturating_add(1),
        version: 1,
        created_at: trail.now(),
        updated_at: trail.now(),
        deleted_at: None,
    }
}

/// The pictures, if the file names others than there are.
fn other_images(before: &Stored, part: &ProductPart) -> Option<Vec<ImageRow>> {
    let wanted = part.images.as_ref()?;
    let urls = |images: &[ImageRow]| -> Vec<String> {
        images.iter().map(|image| image.url.clone()).collect()
    };
    let rows = image_rows(before.product.id, wanted);
    (urls(&rows) != urls(&before.images)).then_some(rows)
}

#[cfg(test)]
mod tests {
    use money::SignedAmount;

    use super::*;

    #[test]
    fn a_new_product_needs_a_title_and_a_price() {
        let trail = Trail::new("catalog", chrono::DateTime::UNIX_EPOCH);
        let entry = |product: ProductPart| Entry {
            row: 2,
            sku: "LACE".to_owned(),
            product,
            variants: Vec::new(),
        };
        let title = ProductPart {
            title: Some("Lace".to_owned()),
            ..ProductPart::default()
        };
        let both = ProductPart {
            price: Some("10".parse().unwrap()),
            ..title.clone()
        };
        assert!(create(&entry(ProductPart::default()), None, &trail).is_err());
        assert!(create(&entry(title), None, &trail).is_err());
        let plan = create(&entry(both.clone()), None, &trail).unwrap();
        assert_eq!((plan.fate, plan.new_variants.len()), (Fate::Created, 1));
        let stored = Stored {
            product: plan.product,
            variants: plan.new_variants,
            images: Vec::new(),
        };
        let again = change(&stored, &entry(both.clone()), None, &trail).unwrap();
        assert_eq!(again.fate, Fate::Unchanged);
        let dearer = ProductPart {
            price: Some("11".parse().unwrap()),
            ..both
        };
        let dearer = change(&stored, &entry(dearer), None, &trail).unwrap();
        assert_eq!((dearer.fate, dearer.updated.len()), (Fate::Changed, 1));
        let less = VariantPart {
            sku: "LACE".to_owned(),
            name: None,
            price_delta: Some(SignedAmount::from_minor(-1_001)),
            options: None,
            initial_stock: None,
        };
        let mut cheap = entry(ProductPart::default());
        cheap.variants.push(less);
        assert!(change(&stored, &cheap, None, &trail).is_err());
    }
}
