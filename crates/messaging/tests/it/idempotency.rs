use std::collections::BTreeMap;
use std::time::Duration;

use common::ids::new_id;
use diesel::result::Error;
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use messaging::idempotency::{
    Claim, ClaimError, HeldClaim, KEEP_FOR, KeyScope, Released, RequestHash, SWEEP_AFTER,
    SettleError, StoredResponse, claim, purge, release, settle, sweep,
};
use test_support::TestDb;

use crate::database::{as_owner, connect, start};

fn scope(key: &str) -> KeyScope {
    KeyScope {
        principal: "user-1".to_owned(),
        operation: "POST /api/v1/orders".to_owned(),
        key: key.to_owned(),
    }
}

fn hash() -> RequestHash {
    RequestHash::of("/api/v1/orders", br#"{"items":[]}"#)
}

fn response() -> StoredResponse {
    StoredResponse {
        status: 201,
        content_type: "application/json".to_owned(),
        location: Some("/api/v1/orders/1".to_owned()),
        // Not even UTF-8: what went out is kept byte for byte.
        body: b"{\"total\":1500.00}\n\xff\0".to_vec(),
    }
}

async fn held(conn: &mut AsyncPgConnection, key: &str) -> HeldClaim {
    match claim(conn, &scope(key), hash(), new_id()).await.unwrap() {
        Claim::Held(held) => held,
        other => panic!("not held: {other:?}"),
    }
}

/// Makes every claim as old as if it had been made `seconds` ago.
async fn age(db: &TestDb, seconds: u32) {
    let sql = format!(
        "UPDATE idempotency_keys SET claimed_at = claimed_at - interval '{seconds} s',
             settled_at = settled_at - interval '{seconds} s'"
    );
    as_owner(db, &sql).await;
}

#[tokio::test]
async fn a_repeated_request_gets_the_same_bytes_again() {
    let db = start();
    let mut conn = connect(&db.url()).await;
    let mine = held(&mut conn, "k").await;
    assert!(!mine.is_taken_over());
    settle(&mut conn, &mine, &response()).await.unwrap();
    let again = claim(&mut conn, &scope("k"), hash(), new_id())
        .await
        .unwrap();
    assert_eq!(again, Claim::Replay(response()));
}

#[tokio::test]
async fn another_path_or_body_is_a_reused_key_in_progress_and_after() {
    let db = start();
    let mut conn = connect(&db.url()).await;
    let mine = held(&mut conn, "k").await;
    let other = RequestHash::of("/api/v1/orders", b"{}");
    for _ in 0..2 {
        assert_eq!(
            claim(&mut conn, &scope("k"), other, new_id())
                .await
                .unwrap(),
            Claim::Reused
        );
        let _ = settle(&mut conn, &mine, &response()).await;
    }
}

#[tokio::test]
async fn a_key_belongs_to_one_principal_and_one_operation() {
    let db = start();
    let mut conn = connect(&db.url()).await;
    held(&mut conn, "k").await;
    let other_user = KeyScope {
        principal: "user-2".to_owned(),
        ..scope("k")
    };
    let other_operation = KeyScope {
        operation: "POST /api/v1/refunds".to_owned(),
        ..scope("k")
    };
    for scope in [other_user, other_operation] {
        let answer = claim(&mut conn, &scope, hash(), new_id()).await.unwrap();
        assert!(matches!(answer, Claim::Held(_)), "{answer:?}");
    }
}

#[tokio::test]
async fn a_claim_in_progress_is_left_alone_for_a_minute_and_then_taken_over() {
    let db = start();
    let mut conn = connect(&db.url()).await;
    let first = held(&mut conn, "k").await;
    age(&db, 55).await;
    let early = claim(&mut conn, &scope("k"), hash(), new_id())
        .await
        .unwrap();
    assert_eq!(early, Claim::InProgress);
    age(&db, 10).await;
    let second = held(&mut conn, "k").await;
    assert_eq!(
        second.resource_id, first.resource_id,
        "remote calls are idempotent by this id"
    );
    assert_eq!(second.epoch, first.epoch + 1);
    assert!(second.is_taken_over());

    // The first holder wakes up: whatever it does has no effect.
    assert!(matches!(
        settle(&mut conn, &first, &response()).await,
        Err(SettleError::Lost)
    ));
    assert_eq!(
        release(&mut conn, &first).await.unwrap(),
        Released::NoLongerHeld
    );
    settle(&mut conn, &second, &response()).await.unwrap();
    assert_eq!(
        release(&mut conn, &second).await.unwrap(),
        Released::NoLongerHeld
    );
    let again = claim(&mut conn, &scope("k"), hash(), new_id())
        .await
        .unwrap();
    assert_eq!(again, Claim::Replay(response()));
}

#[tokio::test]
async fn only_one_of_many_takes_an_old_claim_over() {
    let db = start();
    held(&mut connect(&db.url()).await, "k").await;
    age(&db, 61).await;
    let mut attempts = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let url = db.url();
        attempts.spawn(async move {
            claim(&mut connect(&url).await, &scope("k"), hash(), new_id())
                .await
                .unwrap()
        });
    }
    let answers = attempts.join_all().await;
    let held = answers
        .iter()
        .filter(|answer| matches!(answer, Claim::Held(_)))
        .count();
    assert_eq!(held, 1, "{answers:?}");
    assert_eq!(
        answers
            .iter()
            .filter(|answer| **answer == Claim::InProgress)
            .count(),
        7
    );
}

#[tokio::test]
async fn a_released_key_is_free_again_with_a_new_resource() {
    let db = start();
    let mut conn = connect(&db.url()).await;
    let first = held(&mut conn, "k").await;
    assert_eq!(release(&mut conn, &first).await.unwrap(), Released::Yes);
    let second = held(&mut conn, "k").await;
    assert_ne!(second.resource_id, first.resource_id);
    assert_eq!(second.epoch, 1);
}

#[tokio::test]
async fn only_success_is_stored() {
    let db = start();
    let mut conn = connect(&db.url()).await;
    let mine = held(&mut conn, "k").await;
    for status in [100, 199, 300, 404, 503] {
        let refused = settle(
            &mut conn,
            &mine,
            &StoredResponse {
                status,
                ..response()
            },
        )
        .await;
        assert!(
            matches!(refused, Err(SettleError::NotSuccess(s)) if s == status),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn an_answer_is_stored_only_with_its_effect() {
    let db = start();
    let mut conn = connect(&db.url()).await;
    let mine = held(&mut conn, "k").await;
    let rolled_back: Result<(), SettleError> = conn
        .transaction(async |conn| {
            settle(conn, &mine, &response()).await?;
            Err(Error::RollbackTransaction.into())
        })
        .await;
    assert!(rolled_back.is_err());
    let retry = claim(&mut conn, &scope("k"), hash(), new_id())
        .await
        .unwrap();
    assert_eq!(retry, Claim::InProgress);
}

#[tokio::test]
async fn a_claim_inside_a_transaction_is_refused() {
    let db = start();
    let mut conn = connect(&db.url()).await;
    let outcome: Result<(), ClaimError> = conn
        .transaction(async |conn| claim(conn, &scope("k"), hash(), new_id()).await.map(|_| ()))
        .await;
    assert!(matches!(outcome, Err(ClaimError::InsideTransaction)));
}

#[tokio::test]
async fn the_sweeper_frees_what_is_older_than_ninety_seconds() {
    let db = start();
    let mut conn = connect(&db.url()).await;
    let abandoned = held(&mut conn, "abandoned").await;
    let settled = held(&mut conn, "settled").await;
    settle(&mut conn, &settled, &response()).await.unwrap();
    age(&db, 91).await;
    held(&mut conn, "fresh").await;
    let swept = sweep(&mut conn, SWEEP_AFTER).await.unwrap();
    assert_eq!(swept.len(), 1);
    assert_eq!(swept[0].resource_id, abandoned.resource_id);
    assert_eq!(swept[0].operation, "POST /api/v1/orders");
    assert!(matches!(
        settle(&mut conn, &abandoned, &response()).await,
        Err(SettleError::Lost)
    ));
}

#[tokio::test]
async fn an_answer_is_kept_for_seven_days() {
    let db = start();
    let mut conn = connect(&db.url()).await;
    let old = held(&mut conn, "old").await;
    settle(&mut conn, &old, &response()).await.unwrap();
    age(&db, 7 * 24 * 60 * 60 + 1).await;
    let young = held(&mut conn, "young").await;
    settle(&mut conn, &young, &response()).await.unwrap();
    age(&db, 6 * 24 * 60 * 60).await;
    assert_eq!(purge(&mut conn, KEEP_FOR).await.unwrap(), 1);
    let replay = claim(&mut conn, &scope("young"), hash(), new_id())
        .await
        .unwrap();
    assert_eq!(replay, Claim::Replay(response()));
}

/// Five clients send each of 200 keys at once, and send it again until they have an answer. The
/// effect (a row of a table of its own) happens once per key, and all five see the same bytes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_keys_times_five_senders_have_two_hundred_effects() {
    const KEYS: usize = 200;
    const SENDERS: usize = 5;
    let db = start();
    as_owner(&db, "CREATE TABLE effects (resource_id uuid NOT NULL)").await;
    let mut senders = tokio::task::JoinSet::new();
    for _ in 0..SENDERS {
        let url = db.url();
        senders.spawn(async move {
            let mut conn = connect(&url).await;
            let mut answers = BTreeMap::new();
            while answers.len() < KEYS {
                for key in 0..KEYS {
                    if let Some(body) = send(&mut conn, &format!("key-{key}")).await {
                        answers.insert(key, body);
                    }
                }
            }
            answers
        });
    }
    let answers = senders.join_all().await;
    assert!(
        answers.windows(2).all(|pair| pair[0] == pair[1]),
        "senders saw different answers"
    );
    let (effects, distinct) = count_effects(&db).await;
    assert_eq!((effects, distinct), (200, 200));
}

/// One request: `None` while another is at it.
async fn send(conn: &mut AsyncPgConnection, key: &str) -> Option<Vec<u8>> {
    let mine = match claim(conn, &scope(key), hash(), new_id()).await.unwrap() {
        Claim::Held(mine) => mine,
        Claim::Replay(stored) => return Some(stored.body),
        Claim::InProgress => return None,
        Claim::Reused => panic!("the same request is never a reuse"),
    };
    let response = StoredResponse {
        body: mine.resource_id.to_string().into_bytes(),
        ..response()
    };
    conn.transaction(async |conn| {
        let effect = format!("INSERT INTO effects VALUES ('{}')", mine.resource_id);
        conn.batch_execute(&effect).await?;
        settle(conn, &mine, &response).await
    })
    .await
    .unwrap();
    Some(response.body)
}

async fn count_effects(db: &TestDb) -> (i64, i64) {
    use diesel::dsl::sql;
    use diesel::sql_types::BigInt;
    use diesel_async::RunQueryDsl;
    let mut conn = connect(&db.owner_url()).await;
    let all = sql::<(BigInt, BigInt)>("SELECT count(*), count(DISTINCT resource_id) FROM effects");
    all.get_result(&mut conn).await.unwrap()
}

#[tokio::test]
async fn the_durations_are_those_that_were_decided() {
    assert_eq!(SWEEP_AFTER, Duration::from_secs(90));
    assert_eq!(
        messaging::idempotency::TAKE_OVER_AFTER,
        Duration::from_secs(60)
    );
}
