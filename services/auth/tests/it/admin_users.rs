use chrono::TimeDelta;
use common::auth::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{PASSWORD, Person, Reply, SignedIn as _, TestApp};
use crate::steps::{execute, lenient, read, send, turn_on, with_role};

const USERS: &str = "/api/v1/admin/users";

async fn admin(app: &TestApp) -> Person {
    with_role(app, "admin@example.com", Role::Admin).await
}

async fn set_role(app: &TestApp, admin: &Person, id: &str, role: &str) -> Reply {
    let path = format!("{USERS}/{id}/role");
    send(app, admin, Method::PATCH, &path, &json!({ "role": role })).await
}

fn emails(reply: &Reply) -> Vec<&str> {
    assert_eq!(reply.status, 200, "{}", reply.body);
    let users = reply.body["data"]["users"].as_array().unwrap();
    users
        .iter()
        .map(|user| user["email"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn accounts_are_listed_newest_first_and_found_by_how_they_begin() {
    let app = TestApp::start_with(lenient()).await;
    let admin = admin(&app).await;
    for email in ["ada@example.com", "adam@example.com", "eve@example.com"] {
        app.clock.advance(TimeDelta::seconds(1));
        app.register(email).await;
    }
    let sql = "UPDATE auth.users SET name = 'Zoë 100%', role = 'merchant' WHERE email = 'eve@example.com'";
    execute(&app, sql).await;

    let all = read(&app, &admin, USERS).await;
    assert_eq!(
        emails(&all),
        [
            "eve@example.com",
            "adam@example.com",
            "ada@example.com",
            "admin@example.com"
        ]
    );
    let pagination =
        json!({ "page": 1, "limit": 20, "total": 4, "totalPages": 1, "totalIsEstimate": false });
    assert_eq!(all.body["data"]["pagination"], pagination);
    for (query, expected) in [
        (
            "search=ADA",
            vec!["adam@example.com", "ada@example.com", "admin@example.com"],
        ),
        ("search=zo%C3%AB", vec!["eve@example.com"]),
        ("search=Zo%C3%8B%20100%25", vec!["eve@example.com"]),
        ("search=%25", vec![]),
        ("search=_da", vec![]),
        (
            "search=",
            vec![
                "eve@example.com",
                "adam@example.com",
                "ada@example.com",
                "admin@example.com",
            ],
        ),
        ("role=merchant", vec!["eve@example.com"]),
        (
            "role=customer&search=ada",
            vec!["adam@example.com", "ada@example.com"],
        ),
        ("page=2&limit=3", vec!["admin@example.com"]),
        ("page=3&limit=3", vec![]),
    ] {
        let reply = read(&app, &admin, &format!("{USERS}?{query}")).await;
        assert_eq!(emails(&reply), expected, "{query}");
    }
    for bad in [
        "role=root",
        "page=0",
        "limit=101",
        "limit=x",
        "search=a%0Ab",
    ] {
        let reply = read(&app, &admin, &format!("{USERS}?{bad}")).await;
        reply.assert_error(400, "VALIDATION_ERROR");
    }
    assert!(app.audited().await.contains(&"users.listed".to_owned()));
}

#[tokio::test]
async fn one_account_and_the_figures_can_be_read() {
    let app = TestApp::start_with(lenient()).await;
    let admin = admin(&app).await;
    let ada = app.register("ada@example.com").await;
    let reply = read(&app, &admin, &format!("{USERS}/{}", ada.id)).await;
    let user = &reply.body["data"]["user"];
    assert_eq!(user["email"], "ada@example.com");
    assert_eq!(user["lockedUntil"], Value::Null);
    assert!(user.get("lastLoginAt").is_some() && user.get("passwordHash").is_none());
    let unknown = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f";
    read(&app, &admin, &format!("{USERS}/{unknown}"))
        .await
        .assert_error(404, "NOT_FOUND");
    read(&app, &admin, &format!("{USERS}/me"))
        .await
        .assert_error(400, "VALIDATION_ERROR");

    let stats = read(&app, &admin, &format!("{USERS}/stats")).await;
    let stats = &stats.body["data"]["stats"];
    assert_eq!(stats["totalUsers"], 2);
    assert_eq!(stats["newUsers"], 2);
    let by_role =
        json!({ "customer": 1, "merchant": 0, "fulfilment": 0, "finance": 0, "admin": 1 });
    assert_eq!(stats["byRole"], by_role);
    assert!(app.audited().await.contains(&"user.viewed".to_owned()));
}

#[tokio::test]
async fn a_new_role_ends_the_sessions_that_state_the_old_one() {
    let app = TestApp::start_with(lenient()).await;
    let admin = admin(&app).await;
    let ada = app.register("ada@example.com").await;
    let reply = set_role(&app, &admin, &ada.id, "merchant").await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(reply.body["data"]["user"]["role"], "merchant");
    assert_eq!(app.me(&ada.access).await, 401);
    assert_eq!(app.refresh(&ada.refresh).await.status, 401);
    let again = app.login("ada@example.com", PASSWORD).await;
    assert_eq!(again.body["data"]["user"]["role"], "merchant");

    let rows = app
        .rows("SELECT payload->'data' AS d FROM auth.outbox WHERE event_type = 'user.role_changed'")
        .await;
    let expected =
        json!({ "userId": ada.id, "from": "customer", "to": "merchant", "changedBy": admin.id });
    assert_eq!(rows, [json!({ "d": expected })]);
    assert!(app.mails().await.contains(&"role_changed".to_owned()));
    let audited = app
        .rows("SELECT * FROM auth.audit_events WHERE action = 'user.role_changed'")
        .await;
    assert_eq!(audited[0]["actor_id"], json!(admin.id));
    assert_eq!(audited[0]["entity_id"], json!(ada.id));

    let reply = set_role(&app, &admin, &ada.id, "merchant").await;
    assert_eq!(reply.status, 200, "the same role again changes nothing");
    assert_eq!(app.me(&again.access()).await, 200);
    for bad in ["root", "Admin", ""] {
        set_role(&app, &admin, &ada.id, bad)
            .await
            .assert_error(400, "VALIDATION_ERROR");
    }
    let unknown = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f";
    set_role(&app, &admin, unknown, "merchant")
        .await
        .assert_error(404, "NOT_FOUND");
}

#[tokio::test]
async fn the_shop_keeps_an_admin_also_when_two_demote_each_other() {
    let app = TestApp::start_with(lenient()).await;
    let one = admin(&app).await;
    set_role(&app, &one, &one.id, "customer")
        .await
        .assert_error(409, "INVALID_STATE");
    let two = with_role(&app, "two@example.com", Role::Admin).await;
    let (first, second) = tokio::join!(
        set_role(&app, &one, &two.id, "customer"),
        set_role(&app, &two, &one.id, "customer")
    );
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    // The second is refused as no longer an admin, or as not even signed in any more.
    assert_eq!(statuses[0], 200, "{statuses:?}");
    assert!([401, 409].contains(&statuses[1]), "{statuses:?}");
    let admins = "SELECT count(*) FROM auth.users WHERE role = 'admin'";
    assert_eq!(app.value(admins).await, 1);
}

#[tokio::test]
async fn unlocking_forgets_wrong_passwords() {
    let app = TestApp::start_with(lenient()).await;
    let admin = admin(&app).await;
    let ada = app.register("ada@example.com").await;
    for _ in 0..5 {
        app.login("ada@example.com", "Wrong-Harbour-42").await;
    }
    assert_eq!(app.login("ada@example.com", PASSWORD).await.status, 401);
    let path = format!("{USERS}/{}", ada.id);
    let locked = read(&app, &admin, &path).await;
    assert!(
        locked.body["data"]["user"]["lockedUntil"].is_string(),
        "{}",
        locked.body
    );
    let reply = send(
        &app,
        &admin,
        Method::POST,
        &format!("{path}/unlock"),
        &json!({}),
    )
    .await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(reply.body["data"]["user"]["lockedUntil"], Value::Null);
    assert_eq!(app.login("ada@example.com", PASSWORD).await.status, 200);
    assert!(app.audited().await.contains(&"user.unlocked".to_owned()));
}

#[tokio::test]
async fn staff_without_a_second_factor_cannot_use_it_unless_the_setting_allows() {
    let app = TestApp::start().await;
    let admin = admin(&app).await;
    read(&app, &admin, USERS)
        .await
        .assert_error(403, "AUTHORIZATION_ERROR");
    let factor = turn_on(&app, &admin).await;
    let body =
        json!({ "email": "admin@example.com", "password": PASSWORD, "totp": factor.code(&app, 0) });
    let nobody = Person {
        access: String::new(),
        ..admin
    };
    let reply = send(&app, &nobody, Method::POST, "/api/v1/auth/login", &body).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(read(&app, &Person::of(&reply), USERS).await.status, 200);
}
