//! What a new shop charges beside its prices: ways to ship, value added tax, a coupon for newcomers.

use bigdecimal::BigDecimal;
use common::database::Database;
use common::service::Seed;
use common::statement::Statement;
use diesel::sql_types::{BigInt, Bool, Integer, Numeric, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

use crate::config::Settings;

/// Names the ids of what is seeded, so that seeding again finds it.
const NAMESPACE: Uuid = Uuid::from_u128(0x7a1f_3c52_9d84_5b06_8e21_4f60_a3c9_d718);

/// Code, name, country, currency, price in hundredths, days, whether it is the default.
type MethodSeed = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    i64,
    (i32, i32),
    bool,
);

const METHODS: [MethodSeed; 12] = [
    (
        "standard",
        "Standard delivery",
        "NG",
        "NGN",
        150_000,
        (2, 5),
        true,
    ),
    (
        "express",
        "Express delivery",
        "NG",
        "NGN",
        350_000,
        (1, 2),
        false,
    ),
    ("pickup", "Pick-up in Lagos", "NG", "NGN", 0, (0, 1), false),
    (
        "standard",
        "Standard delivery",
        "GH",
        "GHS",
        3_500,
        (2, 6),
        true,
    ),
    (
        "standard",
        "Standard delivery",
        "KE",
        "KES",
        35_000,
        (2, 6),
        true,
    ),
    (
        "standard",
        "Standard delivery",
        "ZA",
        "ZAR",
        9_900,
        (2, 6),
        true,
    ),
    (
        "standard",
        "Standard delivery",
        "CI",
        "XOF",
        250_000,
        (2, 6),
        true,
    ),
    (
        "international",
        "International delivery",
        "NG",
        "USD",
        2_500,
        (5, 10),
        true,
    ),
    (
        "international",
        "International delivery",
        "GB",
        "NGN",
        4_500_000,
        (5, 12),
        true,
    ),
    (
        "international",
        "International delivery",
        "US",
        "NGN",
        5_500_000,
        (5, 12),
        true,
    ),
    (
        "international",
        "International delivery",
        "GH",
        "NGN",
        1_800_000,
        (4, 9),
        true,
    ),
    (
        "international",
        "International delivery",
        "KE",
        "NGN",
        2_200_000,
        (4, 9),
        true,
    ),
];

/// Name, country, hundredths of a per cent.
const TAXES: [(&str, &str, i32); 5] = [
    ("VAT", "NG", 750),
    ("VAT", "GH", 1_500),
    ("VAT", "KE", 1_600),
    ("VAT", "ZA", 1_500),
    ("TVA", "CI", 1_800),
];

/// Seeds what is asked for, and answers what was done. What is there already, under the same names, stays as it is.
///
/// # Errors
/// When the database does not take it.
pub async fn run(settings: &Settings, what: &Seed) -> anyhow::Result<String> {
    if !matches!(what, Seed::Demo { .. }) {
        return Ok("has nothing of that".to_owned());
    }
    let db = Database::connect_patiently(&settings.service.database);
    let mut conn = db.get().await?;
    let mut added = 0;
    for method in METHODS {
        added += add_method(&mut conn, method).await?;
    }
    for (name, country, basis_points) in TAXES {
        const SQL: &str =
            "INSERT INTO tax_rates (id, name, country, basis_points) VALUES (?, ?, ?, ?)
             ON CONFLICT DO NOTHING";
        added += Statement::new(SQL)
            .bind::<SqlUuid, _>(id_of(&format!("tax {country}")))
            .bind::<Text, _>(name)
            .bind::<Text, _>(country)
            .bind::<Integer, _>(basis_points)
            .execute(&mut conn)
            .await?;
    }
    added += add_coupon(&mut conn).await?;
    Ok(format!("{added} ways to ship, taxes and coupons made"))
}

async fn add_method(
    conn: &mut diesel_async::AsyncPgConnection,
    (code, name, country, currency, minor, (least, most), is_default): MethodSeed,
) -> anyhow::Result<usize> {
    const SQL: &str = "INSERT INTO shipping_methods (id, code, name, country, currency, price, days_min, days_max, is_default)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING";
    let added = Statement::new(SQL)
        .bind::<SqlUuid, _>(id_of(&format!("method {country} {currency} {code}")))
        .bind::<Text, _>(code)
        .bind::<Text, _>(name)
        .bind::<Text, _>(country)
        .bind::<Text, _>(currency)
        .bind::<Numeric, _>(BigDecimal::new(minor.into(), 2))
        .bind::<Integer, _>(least)
        .bind::<Integer, _>(most)
        .bind::<Bool, _>(is_default)
        .execute(conn)
        .await?;
    Ok(added)
}

/// Ten per cent off somebody's first order.
async fn add_coupon(conn: &mut diesel_async::AsyncPgConnection) -> anyhow::Result<usize> {
    const SQL: &str = "INSERT INTO coupons (id, code, kind, basis_points, per_user_limit)
         VALUES (?, 'WELCOME10', 'percentage', ?, ?) ON CONFLICT DO NOTHING";
    let added = Statement::new(SQL)
        .bind::<SqlUuid, _>(id_of("coupon WELCOME10"))
        .bind::<Integer, _>(1_000)
        .bind::<BigInt, _>(1_i64)
        .execute(conn)
        .await?;
    Ok(added)
}

fn id_of(name: &str) -> Uuid {
    Uuid::new_v5(&NAMESPACE, name.as_bytes())
}
