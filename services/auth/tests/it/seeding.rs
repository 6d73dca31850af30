use std::os::unix::fs::PermissionsExt as _;

use common::service::Seed;
use serde_json::Value;
use test_support::TestRedis;

use crate::app::{TestApp, settings};

async fn seed(app: &TestApp, environment: &str, what: Seed) -> anyhow::Result<String> {
    let files = tempfile::tempdir().unwrap();
    let url = app.db.as_ref().unwrap().url();
    let more = [("AUTH__ENVIRONMENT", environment.to_owned())];
    auth::seed::run(
        settings(&files, &url, TestRedis::shared().url(), &more),
        what,
    )
    .await
}

#[tokio::test]
async fn there_is_an_account_for_every_role_and_seeding_again_changes_nothing() {
    let app = TestApp::start().await;
    let folder = tempfile::tempdir().unwrap();
    let accounts = folder.path().join("state/accounts.json");
    let demo = || Seed::Demo {
        accounts: accounts.clone(),
    };
    seed(&app, "development", demo()).await.unwrap();
    let first = std::fs::read(&accounts).unwrap();
    assert_eq!(
        std::fs::metadata(&accounts).unwrap().permissions().mode() & 0o777,
        0o600
    );
    seed(&app, "development", demo()).await.unwrap();
    assert_eq!(std::fs::read(&accounts).unwrap(), first);

    let listed: Vec<Value> = serde_json::from_slice(&first).unwrap();
    let roles: Vec<&str> = listed
        .iter()
        .map(|account| account["role"].as_str().unwrap())
        .collect();
    assert_eq!(
        roles,
        ["customer", "merchant", "fulfilment", "finance", "admin"]
    );
    for account in &listed {
        let text = |key: &str| account[key].as_str().unwrap();
        let reply = app.login(text("email"), text("password")).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        assert_eq!(reply.body["data"]["user"]["role"], account["role"]);
        assert_eq!(reply.body["data"]["user"]["verified"], true);
    }

    std::fs::remove_file(&accounts).unwrap();
    seed(&app, "development", demo()).await.unwrap();
    let again: Vec<Value> = serde_json::from_slice(&std::fs::read(&accounts).unwrap()).unwrap();
    let admin = again
        .iter()
        .find(|account| account["role"] == "admin")
        .unwrap();
    let reply = app
        .login("admin@agape.example", admin["password"].as_str().unwrap())
        .await;
    assert_eq!(
        reply.status, 200,
        "a lost file is written anew, with passwords that work"
    );
}

#[tokio::test]
async fn users_to_measure_with_have_tokens_that_work() {
    let app = TestApp::start().await;
    let folder = tempfile::tempdir().unwrap();
    let tokens = folder.path().join("tokens.json");
    seed(
        &app,
        "development",
        Seed::Users {
            count: 25,
            tokens: tokens.clone(),
        },
    )
    .await
    .unwrap();
    let tokens: Vec<String> = serde_json::from_slice(&std::fs::read(&tokens).unwrap()).unwrap();
    assert_eq!(tokens.len(), 25);
    assert_eq!(app.me(&tokens[24]).await, 200);
    assert_eq!(app.value("SELECT count(*) FROM auth.users").await, 25);
}

#[tokio::test]
async fn nothing_is_seeded_in_production() {
    let app = TestApp::start().await;
    let folder = tempfile::tempdir().unwrap();
    let accounts = folder.path().join("accounts.json");
    let error = seed(
        &app,
        "production",
        Seed::Demo {
            accounts: accounts.clone(),
        },
    )
    .await
    .unwrap_err();
    assert!(error.to_string().contains("production"), "{error}");
    assert!(!accounts.exists());
}
