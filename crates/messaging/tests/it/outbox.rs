use chrono::{DateTime, TimeDelta, Utc};
use common::ids::new_id;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use events::auth::{UserRegistered, UserVerified};
use events::{Event, RawEnvelope};
use messaging::schema::outbox::dsl;
use messaging::{EventMeta, outbox};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::database::{as_owner, connect, start};

fn meta(aggregate_version: i64) -> EventMeta {
    EventMeta {
        id: new_id(),
        service: "orders",
        time: DateTime::from_timestamp(1_768_478_400, 0).unwrap(),
        aggregate_version,
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
    }
}

async fn payloads(conn: &mut AsyncPgConnection) -> Vec<RawEnvelope> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        payload: String,
    }
    let rows: Vec<Row> = diesel::sql_query("SELECT payload::text FROM outbox ORDER BY id")
        .load(conn)
        .await
        .unwrap();
    rows.iter()
        .map(|row| serde_json::from_str(&row.payload).unwrap())
        .collect()
}

#[tokio::test]
async fn an_event_commits_with_its_change_or_not_at_all() {
    let db = start();
    let mut conn = connect(&db.url()).await;
    let event = UserVerified {
        user_id: Uuid::from_u128(7),
    };

    let rolled_back: Result<(), diesel::result::Error> = conn
        .transaction(async |conn| {
            outbox::append(conn, &event, &meta(1)).await?;
            Err(diesel::result::Error::RollbackTransaction)
        })
        .await;
    assert!(rolled_back.is_err());
    assert!(payloads(&mut conn).await.is_empty());

    let meta = meta(4);
    conn.transaction(async |conn| outbox::append(conn, &event, &meta).await)
        .await
        .unwrap();
    let envelopes = payloads(&mut conn).await;
    assert_eq!(envelopes.len(), 1);
    assert_eq!(envelopes[0].id, meta.id);
    assert_eq!(envelopes[0].source, "/agape/orders");
    assert_eq!(envelopes[0].aggregateversion, 4);
    assert_eq!(envelopes[0].traceparent, meta.traceparent);
    assert_eq!(envelopes[0].open::<UserVerified>().unwrap(), event);
}

#[tokio::test]
async fn a_batch_keeps_its_order_and_size() {
    let db = start();
    let mut conn = connect(&db.url()).await;
    let batch: Vec<_> = (0..1_201_u32)
        .map(|n| {
            let event = UserRegistered {
                user_id: Uuid::from_u128(n.into()),
                role: "customer".to_owned(),
            };
            (event, meta(1))
        })
        .collect();
    outbox::append_all(&mut conn, &batch).await.unwrap();
    let count: i64 = dsl::outbox.count().get_result(&mut conn).await.unwrap();
    assert_eq!(count, 1_201);
    let ids: Vec<Uuid> = dsl::outbox
        .select(dsl::id)
        .order(dsl::id)
        .load(&mut conn)
        .await
        .unwrap();
    let appended: Vec<Uuid> = batch.iter().map(|(_, meta)| meta.id).collect();
    assert_eq!(ids, appended);
}

#[tokio::test]
async fn the_relay_is_woken_at_commit() {
    let db = start();
    let (listener, mut connection) = tokio_postgres::connect(&db.url(), tokio_postgres::NoTls)
        .await
        .unwrap();
    let (woken, mut wakes) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(Ok(message)) = std::future::poll_fn(|cx| connection.poll_message(cx)).await {
            if let tokio_postgres::AsyncMessage::Notification(note) = message {
                let _ = woken.send(note.channel().to_owned());
            }
        }
    });
    listener
        .batch_execute("LISTEN orders_outbox")
        .await
        .unwrap();
    let mut conn = connect(&db.url()).await;
    outbox::append(
        &mut conn,
        &UserVerified {
            user_id: Uuid::nil(),
        },
        &meta(1),
    )
    .await
    .unwrap();
    let wake = tokio::time::timeout(std::time::Duration::from_secs(2), wakes.recv());
    assert_eq!(wake.await.unwrap().as_deref(), Some("orders_outbox"));
}

/// The partitions that hold at least one row.
async fn partitions_in_use(conn: &mut AsyncPgConnection) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        name: String,
    }
    let sql = "SELECT DISTINCT tableoid::regclass::text AS name FROM outbox ORDER BY 1";
    let rows: Vec<Row> = diesel::sql_query(sql).load(conn).await.unwrap();
    rows.into_iter().map(|row| row.name).collect()
}

fn day(offset: i64) -> (String, String) {
    let date = (common_now() + TimeDelta::days(offset)).date_naive();
    (
        format!("outbox_p{}", date.format("%Y%m%d")),
        format!("{date} 12:00:00+00"),
    )
}

fn common_now() -> DateTime<Utc> {
    use common::clock::{Clock, SystemClock};
    SystemClock.now()
}

#[tokio::test]
async fn the_runtime_role_makes_partitions_ahead_but_no_tables() {
    let db = start();
    let mut conn = connect(&db.url()).await;
    assert_eq!(
        outbox::make_partitions(&mut conn, 3).await.unwrap(),
        0,
        "the migration made them"
    );
    assert_eq!(outbox::make_partitions(&mut conn, 5).await.unwrap(), 2);
    outbox::append(
        &mut conn,
        &UserVerified {
            user_id: Uuid::nil(),
        },
        &meta(1),
    )
    .await
    .unwrap();
    assert_eq!(partitions_in_use(&mut conn).await, [day(0).0]);
    assert!(conn.batch_execute("CREATE TABLE mine ()").await.is_err());
    assert!(outbox::make_partitions(&mut conn, 31).await.is_err());
}

#[tokio::test]
async fn a_day_without_a_partition_loses_nothing() {
    let db = start();
    let mut conn = connect(&db.url()).await;
    let (name, noon) = day(5);
    let copy = format!(
        "INSERT INTO outbox (id, aggregate_type, aggregate_id, aggregate_version, event_type,
             schema_version, payload, created_at)
         VALUES ('{}', 'a', '{}', 1, 'a.b', 1, '{{}}', '{noon}')",
        new_id(),
        Uuid::nil()
    );
    conn.batch_execute(&copy).await.unwrap();
    assert_eq!(partitions_in_use(&mut conn).await, ["outbox_default"]);
    // The fourth and sixth day get theirs; the fifth stays where its row is.
    assert_eq!(outbox::make_partitions(&mut conn, 6).await.unwrap(), 2);
    assert_eq!(partitions_in_use(&mut conn).await, ["outbox_default"]);
    let mut owner = connect(&db.owner_url()).await;
    let missing = diesel::select(diesel::dsl::sql::<diesel::sql_types::Bool>(&format!(
        "to_regclass('{name}') IS NULL"
    )));
    assert!(missing.get_result::<bool>(&mut owner).await.unwrap());
}

#[tokio::test]
async fn only_old_days_that_are_wholly_published_are_dropped() {
    let db = start();
    let insert = |offset: i64, published: bool| {
        let (name, noon) = day(offset);
        let date = noon.split(' ').next().unwrap().to_owned();
        let published_at = if published { "now()" } else { "NULL" };
        format!(
            "CREATE TABLE IF NOT EXISTS {name} PARTITION OF outbox
                 FOR VALUES FROM ('{date} 00:00+00') TO ('{date} 24:00+00');
             INSERT INTO outbox (id, aggregate_type, aggregate_id, aggregate_version, event_type,
                 schema_version, payload, created_at, published_at)
             VALUES ('{}', 'a', '{}', 1, 'a.b', 1, '{{}}', '{noon}', {published_at});",
            new_id(),
            Uuid::nil()
        )
    };
    // Nine days ago: published. Eight: one row is not. Seven: young enough.
    let stage = [
        insert(-9, true),
        insert(-8, true),
        insert(-8, false),
        insert(-7, true),
    ]
    .concat();
    as_owner(&db, &stage).await;

    let mut conn = connect(&db.url()).await;
    assert_eq!(outbox::drop_partitions(&mut conn, 7).await.unwrap(), 1);
    assert_eq!(partitions_in_use(&mut conn).await, [day(-8).0, day(-7).0]);
    assert!(outbox::drop_partitions(&mut conn, 0).await.is_err());
}

/// An event whose data holds an amount as it was written.
#[derive(Serialize, Deserialize)]
struct Priced {
    amount: Box<RawValue>,
}

impl Event for Priced {
    const TYPE: &'static str = "thing.priced";
    const VERSION: u16 = 1;
    const AGGREGATE: &'static str = "thing";

    fn aggregate_id(&self) -> Uuid {
        Uuid::nil()
    }
}

#[tokio::test]
async fn an_amount_keeps_its_digits() {
    let db = start();
    let mut conn = connect(&db.url()).await;
    // Neither its last digit nor its zeros would survive a float.
    let amount = "9007199254740993.10";
    let event = Priced {
        amount: RawValue::from_string(amount.to_owned()).unwrap(),
    };
    outbox::append(&mut conn, &event, &meta(1)).await.unwrap();
    let envelope = payloads(&mut conn).await.remove(0);
    assert_eq!(envelope.open::<Priced>().unwrap().amount.get(), amount);
}

#[tokio::test]
async fn finding_what_is_due_does_not_read_what_is_published() {
    let db = start();
    let mut conn = connect(&db.url()).await;
    let batch: Vec<_> = (0..2_000)
        .map(|_| {
            (
                UserVerified {
                    user_id: Uuid::nil(),
                },
                meta(1),
            )
        })
        .collect();
    outbox::append_all(&mut conn, &batch).await.unwrap();
    as_owner(
        &db,
        "UPDATE outbox SET published_at = now(); ANALYZE outbox",
    )
    .await;
    #[derive(QueryableByName)]
    struct Line {
        #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
        text: String,
    }
    let plan: Vec<Line> = diesel::sql_query(
        "EXPLAIN SELECT id FROM outbox
         WHERE published_at IS NULL AND next_attempt_at <= now()
         ORDER BY id LIMIT 500 FOR UPDATE SKIP LOCKED",
    )
    .load(&mut conn)
    .await
    .unwrap();
    let plan: Vec<String> = plan.into_iter().map(|line| line.text).collect();
    let (today, _) = day(0);
    let today = plan.iter().find(|line| line.contains(&today)).unwrap();
    assert!(today.contains("Index Scan"), "{plan:#?}");
}
