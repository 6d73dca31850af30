//! Every question to PostgreSQL is answered from an index.

use crate::app::TestApp;

#[tokio::test]
async fn nothing_is_found_by_reading_a_table_from_end_to_end() {
    let app = TestApp::start().await;
    app.world
        .execute(
            "INSERT INTO cart.carts (id, user_id, guest_token_hash, currency, version, item_count, updated_at, expires_at)
             SELECT gen_random_uuid(), CASE WHEN n % 2 = 0 THEN gen_random_uuid() END,
                    CASE WHEN n % 2 = 1 THEN sha256(n::text::bytea) END, 'NGN', 1, 1,
                    now() - n * interval '1 minute', now() + n * interval '1 minute'
             FROM generate_series(1, 20000) n",
        )
        .await;
    app.world
        .execute(
            "INSERT INTO cart.cart_items (id, cart_id, product_id, variant_id, quantity, unit_price, added_at)
             SELECT gen_random_uuid(), id, gen_random_uuid(), gen_random_uuid(), 1, 1, now() FROM cart.carts",
        )
        .await;
    app.world
        .execute(
            "INSERT INTO cart.known_variants (variant_id, product_id, sku, title, price, currency, is_active, available,
                 variant_count, seen_at)
             SELECT variant_id, product_id, 's', 't', 1, 'NGN', true, 1, 1, now() FROM cart.cart_items",
        )
        .await;
    for table in ["carts", "cart_items", "known_variants"] {
        app.world.execute(&format!("ANALYZE cart.{table}")).await;
    }
    let (users, hashes) = (
        "ARRAY[gen_random_uuid(), gen_random_uuid()]",
        "ARRAY[sha256('1'), sha256('3')]",
    );
    for statement in [
        format!(
            "SELECT id FROM cart.carts WHERE user_id = ANY({users}) AND expires_at > now()
             UNION ALL SELECT id FROM cart.carts WHERE guest_token_hash = ANY({hashes}) AND expires_at > now()"
        ),
        format!(
            "SELECT id FROM cart.carts WHERE user_id = ANY({users}) OR guest_token_hash = ANY({hashes})
             ORDER BY id FOR UPDATE SKIP LOCKED"
        ),
        format!("SELECT * FROM cart.cart_items WHERE cart_id = ANY({users}) ORDER BY cart_id, added_at, id"),
        format!(
            "SELECT * FROM cart.carts c LEFT JOIN cart.cart_items i ON i.cart_id = c.id WHERE c.id = ANY({users})"
        ),
        "SELECT id FROM cart.carts WHERE expires_at <= now() ORDER BY expires_at LIMIT 500 FOR UPDATE SKIP LOCKED".to_owned(),
        "SELECT id FROM cart.carts WHERE user_id IS NOT NULL AND abandoned_at IS NULL AND item_count > 0
             AND updated_at <= now() - 1209600 * interval '1 second' AND expires_at > now()
         ORDER BY updated_at LIMIT 500 FOR UPDATE SKIP LOCKED"
            .to_owned(),
        format!("SELECT * FROM cart.known_variants WHERE variant_id = ANY({users})"),
        "SELECT * FROM cart.known_variants WHERE product_id = gen_random_uuid()".to_owned(),
    ] {
        let statement = statement.replace("gen_random_uuid()", "'0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f'::uuid");
        let plan = plan(&app, &statement).await;
        assert!(!plan.contains("Seq Scan"), "{statement}\n{plan}");
    }
}

async fn plan(app: &TestApp, statement: &str) -> String {
    let (client, connection) =
        tokio_postgres::connect(&app.world.db.admin_url(), tokio_postgres::NoTls)
            .await
            .unwrap();
    tokio::spawn(connection);
    let rows = client
        .query(&format!("EXPLAIN {statement}"), &[])
        .await
        .unwrap();
    let lines: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    lines.join("\n")
}
