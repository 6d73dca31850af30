//! Any number of products, loaded by COPY.

use std::fmt::Write as _;
use std::pin::pin;

use chrono::DateTime;
use common::postgres;
use futures_util::SinkExt as _;
use secrecy::ExposeSecret as _;
use seed_data::numbered as made;
use seed_data::{CATEGORIES, Category};

use crate::config::Settings;

/// Products in one COPY.
const CHUNK: u32 = 10_000;
const WORDS: [&str; 16] = [
    "lace", "cotton", "bronze", "woven", "leather", "silk", "indigo", "coral", "clay", "royal",
    "carved", "printed", "dyed", "linen", "velvet", "raffia",
];
const THINGS: [&str; 12] = [
    "dress", "bag", "bowl", "shirt", "basket", "cap", "scarf", "lamp", "necklace", "cloth", "mat",
    "sandals",
];

pub(super) async fn seed(settings: &Settings, count: u32) -> anyhow::Result<()> {
    let url = settings.service.database.url.expose_secret();
    let (client, connection) = postgres::connect(url).await?;
    tokio::spawn(connection);
    client.batch_execute("SET statement_timeout = 0").await?;
    for category in CATEGORIES {
        client
            .execute(
                "INSERT INTO categories (id, slug, name) VALUES ($1::text::uuid, $2, $3) ON CONFLICT DO NOTHING",
                &[&category.id().to_string(), &category.slug, &category.name],
            )
            .await?;
    }
    let there: i64 = client
        .query_one("SELECT count(*) FROM products WHERE sku LIKE 'LOAD-%'", &[])
        .await?
        .get(0);
    let first = u32::try_from(there).unwrap_or(u32::MAX);
    for from in (first..count).step_by(usize::try_from(CHUNK)?) {
        let numbers = from..count.min(from.saturating_add(CHUNK));
        client.batch_execute("BEGIN").await?;
        copy(&client, PRODUCTS, numbers.clone().map(product).collect()).await?;
        copy(&client, VARIANTS, numbers.clone().map(variants).collect()).await?;
        copy(
            &client,
            IMAGES,
            numbers.map(|number| image(settings, number)).collect(),
        )
        .await?;
        client.batch_execute("COMMIT").await?;
    }
    client
        .batch_execute("ANALYZE products; ANALYZE variants; ANALYZE images")
        .await?;
    Ok(())
}

const PRODUCTS: &str =
    "COPY products (id, sku, slug, title, short_description, description, price, currency,
    category_id, tags, available, created_at, updated_at, variant_skus) FROM STDIN";
const VARIANTS: &str = "COPY variants (id, product_id, sku, name, price_delta, position, available, created_at, updated_at) FROM STDIN";
const IMAGES: &str = "COPY images (id, product_id, url, kind) FROM STDIN";

async fn copy(client: &tokio_postgres::Client, to: &str, rows: String) -> anyhow::Result<()> {
    let mut sink = pin!(client.copy_in::<_, bytes::Bytes>(to).await?);
    sink.send(rows.into()).await?;
    sink.close().await?;
    Ok(())
}

fn pick<T: Copy>(from: &[T], number: u32) -> Option<T> {
    let index = usize::try_from(number).ok()? % from.len().max(1);
    from.get(index).copied()
}

fn product(number: u32) -> String {
    let word = pick(&WORDS, number).unwrap_or_default();
    let other = pick(&WORDS, number / 16 + 5).unwrap_or_default();
    let thing = pick(&THINGS, number / 7).unwrap_or_default();
    let category: Option<Category> = pick(CATEGORIES, number);
    let category = category.map_or_else(|| "\\N".to_owned(), |one| one.id().to_string());
    let skus: Vec<String> = indexes(number)
        .map(|index| made::variant_sku(number, index))
        .collect();
    let stock: i64 = indexes(number)
        .map(|index| made::stock(number, index))
        .sum();
    format!(
        "{id}\t{sku}\tload-{number}\t{word} {thing} {number}\tA {word} {thing}.\tMade of {other}, number {number} of many.\t{price}\tNGN\t{category}\t{{{word},{thing}}}\t{stock}\t{at}\t{at}\t{skus}\n",
        id = made::product_id(number),
        sku = made::sku(number),
        price = 500 + number % 1_000 * 75,
        at = made_at(number),
        skus = skus.join(" "),
    )
}

fn variants(number: u32) -> String {
    let mut rows = String::new();
    for index in indexes(number) {
        let _ = writeln!(
            rows,
            "{id}\t{product}\t{sku}\tNo. {index}\t{delta}\t{index}\t{stock}\t{at}\t{at}",
            id = made::variant_id(number, index),
            product = made::product_id(number),
            sku = made::variant_sku(number, index),
            delta = index * 100,
            stock = made::stock(number, index),
            at = made_at(number),
        );
    }
    rows
}

fn image(settings: &Settings, number: u32) -> String {
    let base = settings.seed_images.as_str().trim_end_matches('/');
    let (id, product) = (made::image_id(number), made::product_id(number));
    format!("{id}\t{product}\t{base}/load-{number}.svg\tthumbnail\n")
}

fn indexes(number: u32) -> std::ops::Range<u32> {
    0..made::variants_of(number)
}

fn made_at(number: u32) -> String {
    let millis = i64::try_from(made::made_at_ms(number)).unwrap_or_default();
    DateTime::from_timestamp_millis(millis)
        .unwrap_or_default()
        .to_rfc3339()
}
