//! Stock to try the shop with, and to measure it with.
//!
//! The ids are those under which the catalogue loads its part (`crates/seed-data`), so neither waits for the other. No event
//! tells of these rows: the catalogue knows the same numbers.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::pin::pin;

use bytes::Bytes;
use common::postgres;
use common::service::Seed;
use futures_util::SinkExt as _;
use secrecy::ExposeSecret as _;
use seed_data::{GOODS, numbered};
use tokio_postgres::Client;
use uuid::Uuid;

use crate::config::Settings;

/// Products whose stock is sent to the server at a time.
const PRODUCTS_PER_CHUNK: u32 = 2_000;

/// What there is of one variant.
struct Stocked {
    variant: Uuid,
    product: Uuid,
    sku: String,
    quantity: i64,
}

/// Seeds what is asked for, and answers what was done. Repeating it adds what is missing and changes nothing else.
///
/// # Errors
/// When the database does not take it.
pub async fn run(settings: &Settings, what: &Seed) -> anyhow::Result<String> {
    let url = settings.service.database.url.expose_secret();
    let (client, connection) = postgres::connect(url).await?;
    let connection = tokio::spawn(connection);
    client.batch_execute("BEGIN").await?;
    let threshold = settings.low_stock_threshold;
    let mut added = 0;
    match what {
        Seed::Demo { .. } => added += load(&client, demo(), threshold).await?,
        Seed::Products { count } => {
            let mut from = 0;
            while from < *count {
                let to = count.min(&(from + PRODUCTS_PER_CHUNK)).to_owned();
                added += load(&client, many(from..to), threshold).await?;
                from = to;
            }
        }
        Seed::Users { .. } => return Ok("has no users".to_owned()),
    }
    client.batch_execute("COMMIT").await?;
    drop(client);
    connection.await??;
    Ok(format!("{added} stock items made"))
}

fn demo() -> Vec<Stocked> {
    let variants = GOODS.iter().flat_map(|product| {
        product.variants.iter().map(|variant| Stocked {
            variant: variant.id(),
            product: product.id(),
            sku: variant.sku.to_owned(),
            quantity: variant.stock,
        })
    });
    variants.collect()
}

fn many(numbers: std::ops::Range<u32>) -> Vec<Stocked> {
    let variants = numbers.flat_map(|number| {
        (0..numbered::variants_of(number)).map(move |index| Stocked {
            variant: numbered::variant_id(number, index),
            product: numbered::product_id(number),
            sku: numbered::variant_sku(number, index),
            quantity: numbered::stock(number, index),
        })
    });
    variants.collect()
}

/// Adds those that are not there yet, each with its first movement; answers how many.
async fn load(client: &Client, mut items: Vec<Stocked>, threshold: i64) -> anyhow::Result<usize> {
    let ids: Vec<String> = items.iter().map(|item| item.variant.to_string()).collect();
    let sql = "SELECT variant_id::text FROM inventory.stock_items WHERE variant_id = ANY($1::text[]::uuid[])";
    let known = client.query(sql, &[&ids]).await?;
    let known = known.iter().map(|row| row.try_get(0));
    let known: HashSet<String> = known.collect::<Result<_, _>>()?;
    items.retain(|item| !known.contains(&item.variant.to_string()));
    if items.is_empty() {
        return Ok(0);
    }
    // Told already, as it were.
    let sql = "COPY inventory.stock_items (variant_id, product_id, sku, on_hand, low_stock_threshold, \
               version, said_version) FROM STDIN";
    copy(client, sql, &items, |out, item| {
        let Stocked {
            variant,
            product,
            sku,
            quantity,
        } = item;
        writeln!(
            out,
            "{variant}\t{product}\t{sku}\t{quantity}\t{threshold}\t1\t1"
        )
    })
    .await?;
    let sql = "COPY inventory.movements (variant_id, kind, delta) FROM STDIN";
    copy(client, sql, &items, |out, item| {
        writeln!(out, "{}\tinitial\t{}", item.variant, item.quantity)
    })
    .await?;
    Ok(items.len())
}

/// Sends rows in COPY's text format. Nothing in them needs escaping: ids, numbers, words of ours.
async fn copy(
    client: &Client,
    sql: &str,
    items: &[Stocked],
    write_row: impl Fn(&mut String, &Stocked) -> std::fmt::Result,
) -> anyhow::Result<()> {
    let mut text = String::new();
    for item in items {
        write_row(&mut text, item)?;
    }
    let mut sink = pin!(client.copy_in::<_, Bytes>(sql).await?);
    sink.send(Bytes::from(text)).await?;
    sink.finish().await?;
    Ok(())
}
