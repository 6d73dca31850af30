use std::time::Duration;

use chrono::TimeDelta;
use common::Clock as _;

use crate::app::{Ask as _, PASSWORD, Person, TestApp, rotate_keys};

async fn kids(app: &TestApp) -> Vec<String> {
    let reply = app.get("/.well-known/jwks.json").reply().await;
    let keys = reply.body["keys"].as_array().unwrap();
    keys.iter()
        .map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}

fn kid_of(token: &str) -> String {
    use base64::Engine as _;
    let header = token.split('.').next().unwrap();
    let json = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(header)
        .unwrap();
    let header: serde_json::Value = serde_json::from_slice(&json).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

/// Replicas read the keys again every few seconds.
async fn eventually(mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..100 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("it did not happen within 10 s");
}

#[tokio::test]
async fn the_next_key_is_published_before_it_signs_and_the_old_one_until_its_tokens_are_gone() {
    let app = TestApp::start().await;
    let ada = app.register("ada@example.com").await;
    let old = kid_of(&ada.access);
    let before = kids(&app).await;

    let promote_at = rotate_keys(&app).await.unwrap();
    assert_eq!(promote_at, app.clock.now() + TimeDelta::minutes(10));
    let error = rotate_keys(&app).await.unwrap_err();
    assert!(error.to_string().contains("already waiting"), "{error}");
    eventually(async || kids(&app).await.len() == before.len() + 1).await;
    let next = kids(&app)
        .await
        .into_iter()
        .find(|kid| !before.contains(kid))
        .unwrap();
    let still = Person::of(&app.login("ada@example.com", PASSWORD).await);
    assert_eq!(kid_of(&still.access), old, "a pending key signs nothing");

    app.clock.advance(TimeDelta::minutes(10));
    let mut newest = still.clone();
    eventually(async || {
        newest = Person::of(&app.login("ada@example.com", PASSWORD).await);
        kid_of(&newest.access) == next
    })
    .await;
    assert_eq!(app.me(&newest.access).await, 200);
    assert_eq!(
        app.me(&still.access).await,
        200,
        "tokens of the retired key are good until they expire"
    );
    assert!(kids(&app).await.contains(&old));

    app.clock.advance(TimeDelta::minutes(21));
    eventually(async || !kids(&app).await.contains(&old)).await;
}

#[tokio::test]
async fn private_keys_are_sealed_in_the_database() {
    let app = TestApp::start().await;
    let row = &app
        .rows("SELECT private_key_ct FROM auth.signing_keys WHERE state = 'active'")
        .await[0];
    let stored = hex::decode(
        row["private_key_ct"]
            .as_str()
            .unwrap()
            .trim_start_matches("\\x"),
    )
    .unwrap();
    // The identifier of RSA keys, which every PKCS#8 document of one contains.
    let rsa_encryption = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
    assert!(
        !stored
            .windows(rsa_encryption.len())
            .any(|window| window == rsa_encryption)
    );
}
