use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};

use crate::database::{connect, start};

const UP: &str = include_str!("../../migrations/00000000000001_messaging/up.sql");
const DOWN: &str = include_str!("../../migrations/00000000000001_messaging/down.sql");

/// Everything in the schema, with its owner and privileges, as sorted text.
const DESCRIPTION: &str = "
    SELECT coalesce(string_agg(line, E'\\n' ORDER BY line), '') AS text FROM (
        SELECT format('%s %s %s %s', c.relkind, c.relname, c.relowner::regrole, c.relacl) AS line
        FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace
          AND c.relname NOT LIKE '%diesel%'
        UNION ALL
        SELECT format('%s.%s %s %s %s', attrelid::regclass, attname, atttypid::regtype, attnotnull,
                      pg_get_expr(adbin, adrelid))
        FROM pg_attribute
        JOIN pg_class c ON c.oid = attrelid
        LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
        WHERE c.relnamespace = current_schema()::regnamespace AND attnum > 0
        UNION ALL
        SELECT pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = current_schema()::regnamespace
        UNION ALL
        SELECT format('%s %s', pg_get_functiondef(oid), proacl) FROM pg_proc
        WHERE pronamespace = current_schema()::regnamespace
    ) lines";

async fn describe(url: &str) -> String {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        text: String,
    }
    let row: Row = diesel::sql_query(DESCRIPTION)
        .get_result(&mut connect(url).await)
        .await
        .unwrap();
    row.text
}

#[tokio::test]
async fn down_undoes_all_and_up_makes_the_same_again() {
    let db = start();
    let before = describe(&db.owner_url()).await;
    assert!(before.contains("audit_events"), "{before}");
    let mut owner = connect(&db.owner_url()).await;
    owner.batch_execute(DOWN).await.unwrap();
    let empty = describe(&db.owner_url()).await;
    assert!(
        !empty.contains("outbox") && !empty.contains("audit"),
        "left behind:\n{empty}"
    );
    owner.batch_execute(UP).await.unwrap();
    assert_eq!(describe(&db.owner_url()).await, before);
}

#[tokio::test]
async fn the_owners_functions_look_names_up_in_their_own_schema() {
    let db = start();
    let description = describe(&db.owner_url()).await;
    let paths = description
        .matches("SET search_path TO 'orders', 'pg_temp'")
        .count();
    assert_eq!(paths, 2, "{description}");
}
