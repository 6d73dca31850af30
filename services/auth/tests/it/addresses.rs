use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{Ask as _, Person, Reply, TestApp};
use crate::steps::{read, send};

const BOOK: &str = "/api/v1/users/me/addresses";

fn home() -> Value {
    json!({
        "label": "Home", "fullName": "Ada Obi", "phone": "0803 123 4567", "addressLine1": "12 Allen Avenue",
        "city": "Ikeja", "state": "Lagos", "country": "ng", "postalCode": "100271"
    })
}

async fn add(app: &TestApp, person: &Person, body: &Value) -> Reply {
    send(app, person, Method::POST, BOOK, body).await
}

async fn add_home(app: &TestApp, person: &Person) -> String {
    let reply = add(app, person, &home()).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    reply.body["data"]["address"]["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn change(app: &TestApp, person: &Person, id: &str, body: Value) -> Reply {
    send(app, person, Method::PATCH, &format!("{BOOK}/{id}"), &body).await
}

async fn remove(app: &TestApp, person: &Person, id: &str) -> Reply {
    send(
        app,
        person,
        Method::DELETE,
        &format!("{BOOK}/{id}"),
        &json!({}),
    )
    .await
}

async fn book(app: &TestApp, person: &Person) -> Vec<Value> {
    let reply = read(app, person, BOOK).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.body["data"]["addresses"].as_array().unwrap().clone()
}

/// Ids of a book's default entries: there must never be two.
async fn defaults(app: &TestApp, person: &Person) -> Vec<String> {
    let book = book(app, person).await;
    let defaults = book.iter().filter(|address| address["isDefault"] == true);
    defaults
        .map(|address| address["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn an_address_comes_back_in_its_normal_form() {
    let app = TestApp::start().await;
    let ada = app.register("ada@example.com").await;
    assert_eq!(book(&app, &ada).await, Vec::<Value>::new());
    let reply = add(&app, &ada, &home()).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    let mut address = reply.body["data"]["address"].clone();
    let id = address["id"].take();
    assert_eq!(
        address,
        json!({
            "id": null, "label": "Home", "isDefault": true, "fullName": "Ada Obi", "email": null,
            "phone": "+2348031234567", "addressLine1": "12 Allen Avenue", "addressLine2": null, "city": "Ikeja",
            "state": "Lagos", "country": "NG", "postalCode": "100271"
        })
    );
    let one = read(&app, &ada, &format!("{BOOK}/{}", id.as_str().unwrap())).await;
    assert_eq!(one.body["data"], reply.body["data"]);
    assert_eq!(
        book(&app, &ada).await,
        [reply.body["data"]["address"].clone()]
    );
    assert!(app.audited().await.contains(&"address.added".to_owned()));
}

#[tokio::test]
async fn nothing_of_an_address_is_readable_in_the_database() {
    let app = TestApp::start().await;
    let ada = app.register("ada@example.com").await;
    add_home(&app, &ada).await;
    let dump = app
        .value("SELECT string_agg(encode(address_ct, 'escape') || key_id, ' ') FROM auth.addresses")
        .await
        .to_string();
    let said = app
        .value("SELECT string_agg(payload::text, ' ') FROM auth.outbox")
        .await
        .to_string();
    for personal in ["Ada Obi", "Allen", "8031234567", "Ikeja", "100271"] {
        assert!(
            !dump.contains(personal) && !said.contains(personal),
            "{personal}"
        );
    }
}

#[tokio::test]
async fn a_change_touches_what_it_names_and_null_takes_away() {
    let app = TestApp::start().await;
    let ada = app.register("ada@example.com").await;
    let id = add_home(&app, &ada).await;
    let reply = change(&app, &ada, &id, json!({ "city": "Yaba", "label": null })).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let address = &reply.body["data"]["address"];
    assert_eq!(address["city"], "Yaba");
    assert_eq!(address["label"], Value::Null);
    assert_eq!(address["phone"], "+2348031234567", "what is absent stays");
    let body = json!({ "country": "GH", "phone": "024 412 3456" });
    let reply = change(&app, &ada, &id, body).await;
    assert_eq!(reply.body["data"]["address"]["phone"], "+233244123456");
    assert_eq!(book(&app, &ada).await[0], reply.body["data"]["address"]);
}

#[tokio::test]
async fn everything_wrong_with_an_address_is_said_at_once() {
    let app = TestApp::start().await;
    let ada = app.register("ada@example.com").await;
    let mut bad = home();
    bad["fullName"] = json!("  ");
    bad["phone"] = json!("call me");
    bad["city"] = json!("x".repeat(101));
    bad["email"] = json!("ada");
    let reply = add(&app, &ada, &bad).await;
    reply.assert_error(400, "VALIDATION_ERROR");
    let details = reply.body["details"].as_array().unwrap();
    let fields: Vec<&str> = details
        .iter()
        .map(|d| d["field"].as_str().unwrap())
        .collect();
    assert_eq!(fields, ["phone", "fullName", "email", "city"]);

    for (field, value) in [
        ("country", json!("Nigeria")),
        ("addressLine1", json!("1\r\nBcc: x@example.com")),
        ("userId", json!("0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f")),
        ("isDefault", json!("yes")),
        ("state", Value::Null),
    ] {
        let mut bad = home();
        bad[field] = value;
        let reply = add(&app, &ada, &bad).await;
        reply.assert_error(400, "VALIDATION_ERROR");
        assert_eq!(reply.field(), field);
    }
    app.post(BOOK)
        .json(&home())
        .reply()
        .await
        .assert_error(401, "AUTHENTICATION_ERROR");
    assert_eq!(book(&app, &ada).await.len(), 0);
}

#[tokio::test]
async fn a_book_that_is_not_empty_has_one_default() {
    let app = TestApp::start().await;
    let ada = app.register("ada@example.com").await;
    let first = add_home(&app, &ada).await;
    let second = add_home(&app, &ada).await;
    assert_eq!(defaults(&app, &ada).await, std::slice::from_ref(&first));

    assert_eq!(
        change(&app, &ada, &second, json!({ "isDefault": true }))
            .await
            .status,
        200
    );
    assert_eq!(defaults(&app, &ada).await, std::slice::from_ref(&second));
    let reply = change(&app, &ada, &second, json!({ "isDefault": false })).await;
    reply.assert_error(400, "VALIDATION_ERROR");
    let mut third = home();
    third["isDefault"] = json!(true);
    let third = add(&app, &ada, &third).await.body["data"]["address"]["id"].clone();
    assert_eq!(
        defaults(&app, &ada).await,
        [third.as_str().unwrap().to_owned()]
    );

    assert_eq!(
        remove(&app, &ada, third.as_str().unwrap()).await.status,
        200
    );
    assert_eq!(
        defaults(&app, &ada).await,
        [second],
        "the newest left takes its place"
    );
    for id in book(&app, &ada).await {
        assert_eq!(
            remove(&app, &ada, id["id"].as_str().unwrap()).await.status,
            200
        );
    }
    assert_eq!(book(&app, &ada).await.len(), 0);
    remove(&app, &ada, &first)
        .await
        .assert_error(404, "NOT_FOUND");
}

#[tokio::test]
async fn writes_at_once_leave_one_default_and_no_more_than_fifty() {
    let app = TestApp::start().await;
    let ada = app.register("ada@example.com").await;
    let mut body = home();
    body["isDefault"] = json!(true);
    for _ in 0..6 {
        let replies = join_all((0..8).map(|_| add(&app, &ada, &body))).await;
        assert!(replies.iter().all(|reply| reply.status == 201));
        assert_eq!(defaults(&app, &ada).await.len(), 1);
    }
    let replies = join_all((0..6).map(|_| add(&app, &ada, &body))).await;
    let added = replies.iter().filter(|reply| reply.status == 201).count();
    assert_eq!(added, 2, "48 were there");
    for reply in replies.iter().filter(|reply| reply.status != 201) {
        reply.assert_error(409, "INVALID_STATE");
    }
    let ids: Vec<_> = book(&app, &ada)
        .await
        .iter()
        .map(|a| a["id"].clone())
        .collect();
    assert_eq!(ids.len(), 50);
    let promote = |id: &Value| {
        let id = id.as_str().unwrap().to_owned();
        let (app, ada) = (&app, &ada);
        async move { change(app, ada, &id, json!({ "isDefault": true })).await }
    };
    let replies = join_all(ids.iter().take(8).map(promote)).await;
    assert!(replies.iter().all(|reply| reply.status == 200));
    assert_eq!(defaults(&app, &ada).await.len(), 1);
}

#[tokio::test]
async fn somebody_elses_address_is_not_there() {
    let app = TestApp::start().await;
    let ada = app.register("ada@example.com").await;
    let eve = app.register("eve@example.com").await;
    let id = add_home(&app, &ada).await;
    let unknown = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f";
    let mut bodies = Vec::new();
    for id in [id.as_str(), unknown] {
        for reply in [
            read(&app, &eve, &format!("{BOOK}/{id}")).await,
            change(&app, &eve, id, json!({ "city": "Eko" })).await,
            remove(&app, &eve, id).await,
        ] {
            reply.assert_error(404, "NOT_FOUND");
            bodies.push(reply.body["message"].clone());
        }
    }
    bodies.dedup();
    assert_eq!(
        bodies.len(),
        1,
        "another's and nobody's cannot be told apart"
    );
    assert_eq!(book(&app, &ada).await[0]["city"], "Ikeja");
    for malformed in ["1", "urn:uuid:x", "%00"] {
        let reply = read(&app, &ada, &format!("{BOOK}/{malformed}")).await;
        assert!(
            [400, 404].contains(&reply.status),
            "{malformed}: {}",
            reply.status
        );
    }
}

#[tokio::test]
async fn a_repeated_request_with_one_key_adds_one_address() {
    let app = TestApp::start().await;
    let ada = app.register("ada@example.com").await;
    let eve = app.register("eve@example.com").await;
    let keyed = |person: &Person, body: Value| {
        app.post(BOOK)
            .bearer_auth(&person.access)
            .header("Idempotency-Key", "book-1")
            .json(&body)
            .reply()
    };
    let first = keyed(&ada, home()).await;
    assert_eq!(first.status, 201, "{}", first.body);
    assert!(!first.headers.contains_key("idempotent-replayed"));
    let again = keyed(&ada, home()).await;
    assert_eq!((again.status, &again.body), (201, &first.body));
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(again.headers["cache-control"], "no-store");
    assert_eq!(book(&app, &ada).await.len(), 1);
    assert_eq!(
        keyed(&eve, home()).await.status,
        201,
        "somebody else's key is another one"
    );

    let mut other = home();
    other["city"] = json!("Yaba");
    keyed(&ada, other)
        .await
        .assert_error(422, "IDEMPOTENCY_KEY_REUSED");
    let stored = app
        .value("SELECT string_agg(encode(response_body, 'escape'), ' ') FROM auth.idempotency_keys")
        .await
        .to_string();
    assert!(!stored.contains("Allen"), "a stored answer is sealed");
}

#[tokio::test]
async fn a_refused_request_gives_its_key_back() {
    let app = TestApp::start().await;
    let ada = app.register("ada@example.com").await;
    let keyed = |body: Value| {
        app.post(BOOK)
            .bearer_auth(&ada.access)
            .header("Idempotency-Key", "book-1")
            .json(&body)
            .reply()
    };
    let mut bad = home();
    bad["country"] = json!("XX");
    keyed(bad).await.assert_error(400, "VALIDATION_ERROR");
    assert_eq!(keyed(home()).await.status, 201);
    let replies = join_all((0..3).map(|_| {
        let request = app.post(BOOK).bearer_auth(&ada.access).json(&home());
        request.header("Idempotency-Key", "book-2").reply()
    }))
    .await;
    assert!(
        replies
            .iter()
            .all(|reply| [201, 409].contains(&reply.status))
    );
    assert_eq!(book(&app, &ada).await.len(), 2, "of three at once one adds");
}
