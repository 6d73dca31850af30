//! What the catalogue last said.

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use common::statement::Prepare as _;
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use money::Money;
use uuid::Uuid;

use super::rows::{self, unreadable};
use super::schema::cart::known_variants;
use crate::domain::ids::{ProductId, VariantId};
use crate::domain::offer::Offer;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = known_variants, check_for_backend(diesel::pg::Pg))]
struct KnownRow {
    variant_id: Uuid,
    product_id: Uuid,
    sku: String,
    title: String,
    name: Option<String>,
    thumbnail: Option<String>,
    price: BigDecimal,
    currency: String,
    is_active: bool,
    available: i64,
    variant_count: i64,
    seen_at: DateTime<Utc>,
    gone_at: Option<DateTime<Utc>>,
}

impl KnownRow {
    fn of(offer: &Offer, seen_at: DateTime<Utc>) -> QueryResult<Self> {
        Ok(Self {
            variant_id: offer.variant_id.0,
            product_id: offer.product_id.0,
            sku: offer.sku.clone(),
            title: offer.title.clone(),
            name: offer.name.clone(),
            thumbnail: offer.thumbnail.clone(),
            price: offer.price.to_decimal().map_err(unreadable)?,
            currency: offer.price.currency().code().to_owned(),
            is_active: offer.is_active,
            available: offer.available,
            variant_count: offer.variant_count,
            seen_at,
            gone_at: None,
        })
    }

    fn offer(self) -> QueryResult<Offer> {
        let currency = rows::currency(Some(&self.currency))?
            .ok_or_else(|| unreadable("a price without a currency"))?;
        Ok(Offer {
            variant_id: VariantId(self.variant_id),
            product_id: ProductId(self.product_id),
            sku: self.sku,
            title: self.title,
            name: self.name,
            thumbnail: self.thumbnail,
            price: Money::from_decimal(&self.price, currency).map_err(unreadable)?,
            is_active: self.is_active && self.gone_at.is_none(),
            available: self.available,
            variant_count: self.variant_count,
        })
    }
}

/// What is known of variants; of one that is gone, that it cannot be bought.
pub(crate) async fn find(
    conn: &mut AsyncPgConnection,
    ids: &[VariantId],
) -> QueryResult<Vec<Offer>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let found: Vec<KnownRow> = known_variants::table
        .filter(known_variants::variant_id.eq_any(ids))
        .select(KnownRow::as_select())
        .load(conn)
        .await?;
    found.into_iter().map(KnownRow::offer).collect()
}

/// What is known of a product's variants.
pub(crate) async fn find_of_product(
    conn: &mut AsyncPgConnection,
    product: ProductId,
) -> QueryResult<Vec<Offer>> {
    let found: Vec<KnownRow> = known_variants::table
        .filter(known_variants::product_id.eq(product.0))
        .select(KnownRow::as_select())
        .load(conn)
        .await?;
    found.into_iter().map(KnownRow::offer).collect()
}

/// Whether any variant of a product was ever put in a cart.
pub(crate) async fn knows_product(
    conn: &mut AsyncPgConnection,
    product: ProductId,
) -> QueryResult<bool> {
    let of_product = known_variants::table.filter(known_variants::product_id.eq(product.0));
    diesel::select(exists(of_product)).get_result(conn).await
}

/// Notes what the catalogue said when it was asked at `seen_at`, unless it was asked later already.
pub(crate) async fn note(
    conn: &mut AsyncPgConnection,
    offers: &[Offer],
    seen_at: DateTime<Utc>,
) -> QueryResult<()> {
    let mut rows = offers
        .iter()
        .map(|offer| KnownRow::of(offer, seen_at))
        .collect::<QueryResult<Vec<_>>>()?;
    // In one order everywhere: several processes note the same variants at the same time.
    rows.sort_by_key(|row| row.variant_id);
    let noting = diesel::insert_into(known_variants::table)
        .values(rows)
        .on_conflict(known_variants::variant_id)
        .do_update()
        .set((
            known_variants::product_id.eq(excluded(known_variants::product_id)),
            known_variants::sku.eq(excluded(known_variants::sku)),
            known_variants::title.eq(excluded(known_variants::title)),
            known_variants::name.eq(excluded(known_variants::name)),
            known_variants::thumbnail.eq(excluded(known_variants::thumbnail)),
            known_variants::price.eq(excluded(known_variants::price)),
            known_variants::currency.eq(excluded(known_variants::currency)),
            known_variants::is_active.eq(excluded(known_variants::is_active)),
            known_variants::available.eq(excluded(known_variants::available)),
            known_variants::variant_count.eq(excluded(known_variants::variant_count)),
            known_variants::seen_at.eq(excluded(known_variants::seen_at)),
            known_variants::gone_at.eq(None::<DateTime<Utc>>),
        ));
    let is_newer = known_variants::seen_at
        .lt(excluded(known_variants::seen_at))
        .and(
            known_variants::gone_at
                .is_null()
                .or(known_variants::gone_at.lt(excluded(known_variants::seen_at).nullable())),
        );
    diesel::query_dsl::methods::FilterDsl::filter(noting, is_newer)
        .execute(conn)
        .await?;
    Ok(())
}

/// Notes that a product has no variants but these any more.
pub(crate) async fn note_gone_but(
    conn: &mut AsyncPgConnection,
    product: ProductId,
    kept: &[VariantId],
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let kept: Vec<Uuid> = kept.iter().map(|id| id.0).collect();
    diesel::update(known_variants::table.filter(known_variants::product_id.eq(product.0)))
        .filter(known_variants::variant_id.ne_all(kept))
        .filter(known_variants::gone_at.is_null())
        .set(known_variants::gone_at.eq(now))
        .prepared()
        .execute(conn)
        .await?;
    Ok(())
}

/// Notes that a variant is gone.
pub(crate) async fn note_gone(
    conn: &mut AsyncPgConnection,
    variant: VariantId,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(known_variants::table.find(variant.0))
        .set(known_variants::gone_at.eq(now))
        .prepared()
        .execute(conn)
        .await?;
    Ok(())
}
