use serde_json::json;

use crate::app::{Ask as _, PASSWORD, Person, Reply, TestApp};

async fn register(app: &TestApp, body: serde_json::Value) -> Reply {
    app.post("/api/v1/auth/register").json(&body).reply().await
}

#[tokio::test]
async fn a_new_customer_is_signed_in_at_once() {
    let app = TestApp::start().await;
    let body = json!({
        "email": " Ada@Example.com ", "password": PASSWORD, "name": " Ada Obi ", "phone": "+234 801 234 5678"
    });
    let reply = register(&app, body).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    assert_eq!(reply.headers["cache-control"], "no-store");
    let user = &reply.body["data"]["user"];
    assert_eq!(user["email"], "ada@example.com");
    assert_eq!(user["name"], "Ada Obi");
    assert_eq!(user["phone"], "+2348012345678");
    assert_eq!(user["role"], "customer");
    assert_eq!(user["verified"], false);
    assert_eq!(user["twoFactorEnabled"], false);
    assert!(user["createdAt"].as_str().unwrap().ends_with('Z'));
    assert_eq!(reply.body["data"]["expiresIn"], 900);
    let person = Person::of(&reply);
    assert!(
        !reply.body.to_string().contains(&person.refresh),
        "the refresh token is in the cookie only"
    );
    assert_eq!(app.me(&person.access).await, 200);
    assert_eq!(
        app.promised().await,
        ["user.registered", "auth.mail_requested"]
    );
    assert_eq!(app.mails().await, ["verify_email"]);
    assert_eq!(app.audited().await, ["user.registered"]);
}

#[tokio::test]
async fn personal_data_is_sealed_and_events_carry_none() {
    let app = TestApp::start().await;
    let body = json!({ "email": "ada@example.com", "password": PASSWORD, "name": "Ada Obi", "phone": "+2348012345678" });
    register(&app, body).await;
    let user = &app
        .rows("SELECT phone_ct, phone_key_id, phone_bidx, password_hash FROM auth.users")
        .await[0];
    assert!(
        !user["phone_ct"]
            .as_str()
            .unwrap()
            .contains(&hex::encode("+234801"))
    );
    assert_eq!(user["phone_key_id"], "k1");
    assert_eq!(user["phone_bidx"].as_str().unwrap().len(), "\\x".len() + 64);
    assert!(
        user["password_hash"]
            .as_str()
            .unwrap()
            .starts_with("$argon2id$v=19$m=19456,t=2,p=1$")
    );
    for event in app.rows("SELECT payload::text FROM auth.outbox").await {
        let text = event.to_string();
        for personal in ["ada@example.com", "Ada Obi", "8012345678"] {
            assert!(!text.contains(personal), "{text}");
        }
    }
}

#[tokio::test]
async fn an_address_opens_one_account_however_it_is_spelt() {
    let app = TestApp::start().await;
    app.register("ada@example.com").await;
    for spelling in ["ada@example.com", "ADA@EXAMPLE.COM", "  Ada@example.com "] {
        let reply = register(
            &app,
            json!({ "email": spelling, "password": PASSWORD, "name": "Eve" }),
        )
        .await;
        reply.assert_error(409, "CONFLICT");
        assert_eq!(reply.field(), "email");
    }
    assert_eq!(app.value("SELECT count(*) FROM auth.users").await, 1);
}

#[tokio::test]
async fn of_many_who_want_one_address_at_once_one_gets_it() {
    let app = TestApp::start().await;
    let attempts = (0..10).map(|_| app.login_or_register("ada@example.com"));
    let statuses = futures_util::future::join_all(attempts).await;
    assert_eq!(
        statuses.iter().filter(|&&status| status == 201).count(),
        1,
        "{statuses:?}"
    );
    assert_eq!(
        statuses.iter().filter(|&&status| status == 409).count(),
        9,
        "{statuses:?}"
    );
}

impl TestApp {
    async fn login_or_register(&self, email: &str) -> u16 {
        register(
            self,
            json!({ "email": email, "password": PASSWORD, "name": "Ada" }),
        )
        .await
        .status
    }
}

#[tokio::test]
async fn bad_fields_are_all_named() {
    let app = TestApp::start().await;
    let reply = register(
        &app,
        json!({ "email": "nobody", "password": "short", "name": " ", "phone": "0801" }),
    )
    .await;
    reply.assert_error(400, "VALIDATION_ERROR");
    let fields: Vec<&str> = reply.body["details"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| d["field"].as_str().unwrap())
        .collect();
    assert_eq!(fields, ["email", "password", "name", "phone"]);
}

#[tokio::test]
async fn addresses_that_could_impersonate_another_are_refused() {
    let app = TestApp::start().await;
    let long = format!("{}@example.com", "a".repeat(310));
    for email in [
        "admin@x\u{200b}.com",
        "\u{0430}dmin@example.com",
        "a@exämple.com",
        "a@example.com.",
        "a b@example.com",
        "a@example.com\r\nbcc: b@example.com",
        "a@localhost",
        "",
        &long,
    ] {
        let reply = register(
            &app,
            json!({ "email": email, "password": PASSWORD, "name": "Eve" }),
        )
        .await;
        reply.assert_error(400, "VALIDATION_ERROR");
        assert_eq!(reply.field(), "email", "{email:?}");
    }
}

#[tokio::test]
async fn nobody_makes_themself_an_admin() {
    let app = TestApp::start().await;
    for (field, value) in [
        ("role", json!("admin")),
        ("verified", json!(true)),
        ("id", json!("0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f")),
        ("isAdmin", json!(true)),
        ("passwordHash", json!("x")),
        ("twoFactorEnabled", json!(true)),
    ] {
        let mut body = json!({ "email": "eve@example.com", "password": PASSWORD, "name": "Eve" });
        body[field] = value;
        let reply = register(&app, body).await;
        reply.assert_error(400, "VALIDATION_ERROR");
        assert_eq!(reply.field(), field);
    }
}

#[tokio::test]
async fn passwords_must_be_long_mixed_and_uncommon() {
    let app = TestApp::start().await;
    let long = format!("Aa1!{}", "x".repeat(125));
    let huge = format!("Aa1!{}", "x".repeat(200_000));
    for password in [
        "Sh0rt!",
        "lower-case-7",
        "NoDigits-Here",
        "NoSpecials77",
        "Password123!",
        &long,
        &huge,
    ] {
        let started = std::time::Instant::now();
        let reply = register(
            &app,
            json!({ "email": "a@example.com", "password": password, "name": "A" }),
        )
        .await;
        reply.assert_error(400, "VALIDATION_ERROR");
        assert_eq!(reply.field(), "password");
        assert!(
            started.elapsed().as_millis() < 1_000,
            "refused without hashing"
        );
    }
    let longest = format!("Aa1!{}", "é".repeat(124));
    let reply = register(
        &app,
        json!({ "email": "a@example.com", "password": longest, "name": "A" }),
    )
    .await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    assert_eq!(app.login("a@example.com", &longest).await.status, 200);
    let last_differs = format!("Aa1!{}e", "é".repeat(123));
    assert_eq!(
        app.login("a@example.com", &last_differs).await.status,
        401,
        "nothing is cut off"
    );
}
