use std::time::Duration;

use chrono::TimeDelta;
use common::auth::Role;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::app::{Ask as _, PASSWORD, Person, Reply, TestApp, service_token};
use crate::steps::{collect, execute, lenient, read, send, turn_on, with_role};

const EXPORT: &str = "/api/v1/gdpr/export";
const ACCOUNT: &str = "/api/v1/gdpr/account";
const CONSENTS: &str = "/api/v1/gdpr/consents";
const ADA: &str = "ada@example.com";

async fn decide(app: &TestApp, person: &Person, body: Value) -> Reply {
    send(app, person, Method::POST, CONSENTS, &body).await
}

async fn erase(app: &TestApp, person: &Person, password: &str) -> Reply {
    let body = json!({ "password": password, "reason": "moving on" });
    send(app, person, Method::DELETE, ACCOUNT, &body).await
}

async fn request(app: &TestApp, person: &Person) -> String {
    let reply = read(app, person, EXPORT).await;
    assert_eq!(reply.status, 202, "{}", reply.body);
    reply.body["data"]["exportId"].as_str().unwrap().to_owned()
}

async fn fetch(app: &TestApp, person: &Person, id: &str) -> Reply {
    for _ in 0..400 {
        let reply = read(app, person, &format!("{EXPORT}/{id}")).await;
        if reply.status != 202 {
            return reply;
        }
        assert_eq!(
            reply.body["data"],
            json!({ "exportId": id, "status": "pending" })
        );
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("the export was not made");
}

async fn add_address(app: &TestApp, person: &Person) {
    let body = json!({
        "fullName": "Ada Obi", "phone": "0803 123 4567", "addressLine1": "12 Allen Avenue", "city": "Ikeja",
        "state": "Lagos", "country": "NG"
    });
    let reply = send(
        app,
        person,
        Method::POST,
        "/api/v1/users/me/addresses",
        &body,
    )
    .await;
    assert_eq!(reply.status, 201, "{}", reply.body);
}

#[tokio::test]
async fn a_consent_holds_until_the_next_and_none_is_forgotten() {
    let app = TestApp::start().await;
    let ada = app.register(ADA).await;
    let nothing = read(&app, &ada, CONSENTS).await;
    let unasked = |name: &str| json!({ "consentType": name, "granted": false, "recordedAt": null });
    let unasked = ["marketing", "analytics", "cookies"].map(unasked);
    assert_eq!(
        nothing.body["data"],
        json!({ "consents": unasked, "history": [] })
    );

    let reply = decide(
        &app,
        &ada,
        json!({ "consentType": "marketing", "granted": true }),
    )
    .await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    assert_eq!(reply.body["data"]["consent"]["granted"], true);
    app.clock.advance(TimeDelta::seconds(1));
    decide(
        &app,
        &ada,
        json!({ "consentType": "marketing", "granted": false }),
    )
    .await;
    app.clock.advance(TimeDelta::seconds(1));
    decide(
        &app,
        &ada,
        json!({ "consentType": "cookies", "granted": true }),
    )
    .await;

    let now = read(&app, &ada, CONSENTS).await;
    let granted: Vec<&Value> = now.body["data"]["consents"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| &c["granted"])
        .collect();
    assert_eq!(granted, [false, false, true]);
    let history = now.body["data"]["history"].as_array().unwrap();
    let told: Vec<_> = history
        .iter()
        .map(|c| (&c["consentType"], &c["granted"]))
        .collect();
    assert_eq!(told[0], (&json!("cookies"), &json!(true)));
    assert_eq!(told[1], (&json!("marketing"), &json!(false)));
    assert_eq!(told[2], (&json!("marketing"), &json!(true)));
    assert!(app.audited().await.contains(&"consent.recorded".to_owned()));

    for bad in [
        json!({ "consentType": "everything", "granted": true }),
        json!({ "consentType": "cookies" }),
        json!({ "consentType": "cookies", "granted": "yes" }),
        json!({ "consentType": "cookies", "granted": true, "userId": ada.id }),
    ] {
        decide(&app, &ada, bad)
            .await
            .assert_error(400, "VALIDATION_ERROR");
    }
    app.get(CONSENTS)
        .reply()
        .await
        .assert_error(401, "AUTHENTICATION_ERROR");
}

#[tokio::test]
async fn an_export_holds_everything_but_secrets_and_is_only_its_owners() {
    let app = TestApp::start().await;
    let ada = app.register(ADA).await;
    let eve = app.register("eve@example.com").await;
    let factor = turn_on(&app, &ada).await;
    add_address(&app, &ada).await;
    decide(
        &app,
        &ada,
        json!({ "consentType": "marketing", "granted": true }),
    )
    .await;

    let id = request(&app, &ada).await;
    let reply = fetch(&app, &ada, &id).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let disposition = reply.headers["content-disposition"].to_str().unwrap();
    assert_eq!(
        disposition,
        format!("attachment; filename=\"agape-export-{id}.json\"")
    );
    let own = &reply.body["data"]["services"]["auth"];
    assert_eq!(own["profile"]["email"], ADA);
    assert_eq!(own["addresses"][0]["phone"], "+2348031234567");
    assert_eq!(own["sessions"][0]["ipAddress"], "127.0.0.1");
    assert_eq!(own["consents"][0]["consentType"], "marketing");
    let actions: Vec<&Value> = own["activity"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| &a["action"])
        .collect();
    assert!(
        actions.contains(&&json!("two_factor.enabled")),
        "{actions:?}"
    );
    let text = reply.body.to_string();
    for secret in [
        "argon2",
        "eve@example.com",
        factor.recovery_codes[0].as_str(),
    ] {
        assert!(!text.contains(secret), "{secret}");
    }
    assert!(app.mails().await.contains(&"export_ready".to_owned()));
    let sealed = app
        .value("SELECT encode(file_ct, 'escape') FROM auth.privacy_requests")
        .await;
    assert!(!sealed.to_string().contains("Allen"));

    let path = format!("{EXPORT}/{id}");
    read(&app, &eve, &path).await.assert_error(404, "NOT_FOUND");
    app.get(&path)
        .reply()
        .await
        .assert_error(401, "AUTHENTICATION_ERROR");
}

#[tokio::test]
async fn an_export_is_kept_for_a_day_and_a_pending_one_is_not_doubled() {
    let app = TestApp::start().await;
    let ada = app.register(ADA).await;
    let ids = join_all((0..4).map(|_| request(&app, &ada))).await;
    let made = app
        .value("SELECT count(*) FROM auth.privacy_requests")
        .await;
    assert!(
        made.as_u64().unwrap() <= 2,
        "asked at once, {made} were made"
    );
    let id = &ids[0];
    assert_eq!(fetch(&app, &ada, id).await.status, 200);
    app.clock.advance(TimeDelta::hours(24));
    let ada = Person::of(&app.login(ADA, PASSWORD).await);
    read(&app, &ada, &format!("{EXPORT}/{id}"))
        .await
        .assert_error(404, "NOT_FOUND");
    for _ in 0..400 {
        let sql = format!("SELECT file_ct IS NULL FROM auth.privacy_requests WHERE id = '{id}'");
        if app.value(&sql).await == true {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("the file was not thrown away");
}

#[tokio::test]
async fn erasing_leaves_nothing_that_names_or_locates() {
    let app = TestApp::start().await;
    let ada = app.register(ADA).await;
    let body = json!({ "phone": "+2348012345678" });
    send(&app, &ada, Method::PATCH, "/api/v1/auth/me", &body).await;
    turn_on(&app, &ada).await;
    add_address(&app, &ada).await;
    let id = request(&app, &ada).await;
    fetch(&app, &ada, &id).await;

    erase(&app, &ada, "Wrong-Harbour-42")
        .await
        .assert_error(401, "AUTHENTICATION_ERROR");
    let reply = erase(&app, &ada, PASSWORD).await;
    assert_eq!(reply.status, 200, "{}", reply.body);

    assert_eq!(app.me(&ada.access).await, 401);
    assert_eq!(app.refresh(&ada.refresh).await.status, 401);
    let row = &app.rows("SELECT * FROM auth.users").await[0];
    for gone in [
        "email",
        "name",
        "phone_ct",
        "phone_bidx",
        "password_hash",
        "totp_secret_ct",
    ] {
        assert_eq!(row[gone], Value::Null, "{gone}");
    }
    assert_eq!(
        row["id"],
        json!(ada.id),
        "the pseudonym stays for the books"
    );
    for table in [
        "addresses",
        "recovery_codes",
        "known_devices",
        "one_time_tokens",
    ] {
        assert_eq!(
            app.value(&format!("SELECT count(*) FROM auth.{table}"))
                .await,
            0,
            "{table}"
        );
    }
    let traces = app
        .rows("SELECT ip_address, user_agent, device_info FROM auth.sessions")
        .await;
    assert!(
        traces
            .iter()
            .all(|row| row["ip_address"] == "" && row["user_agent"] == "")
    );
    let files = "SELECT count(*) FROM auth.privacy_requests WHERE file_ct IS NOT NULL";
    assert_eq!(app.value(files).await, 0);
    let state = "SELECT state FROM auth.privacy_requests WHERE kind = 'erase'";
    assert_eq!(
        app.value(state).await,
        "done",
        "no other service has to confirm"
    );

    let promised = app.promised().await;
    for event in ["privacy.erase_requested", "user.erased", "session.revoked"] {
        assert!(
            promised.iter().any(|done| done == event),
            "{event} in {promised:?}"
        );
    }
    let said = app
        .value("SELECT string_agg(payload::text, ' ') FROM auth.outbox")
        .await
        .to_string();
    assert!(!said.contains(ADA));
    assert!(app.audited().await.contains(&"user.erased".to_owned()));
}

#[tokio::test]
async fn an_erased_account_cannot_be_told_from_one_that_never_was() {
    let app = TestApp::start().await;
    let ada = app.register(ADA).await;
    assert_eq!(erase(&app, &ada, PASSWORD).await.status, 200);
    let erased = app.login(ADA, PASSWORD).await;
    let unknown = app.login("nobody@example.com", PASSWORD).await;
    erased.assert_error(401, "AUTHENTICATION_ERROR");
    for part in ["code", "message", "userMessage", "details"] {
        assert_eq!(erased.body[part], unknown.body[part]);
    }
    let farewell = collect(&app, "account_erased").await;
    assert_eq!(
        farewell.body["data"]["mail"]["to"], ADA,
        "the last mail still finds its way"
    );
    assert_eq!(farewell.body["data"]["mail"]["name"], Value::Null);
    app.register(ADA).await;
}

#[tokio::test]
async fn of_erasures_at_once_one_succeeds() {
    let app = TestApp::start().await;
    let ada = app.register(ADA).await;
    let replies = join_all((0..3).map(|_| erase(&app, &ada, PASSWORD))).await;
    let succeeded = replies.iter().filter(|reply| reply.status == 200).count();
    assert_eq!(succeeded, 1);
    assert!(replies.iter().all(|reply| reply.status < 500));
    let promised = app.promised().await;
    assert_eq!(
        promised
            .iter()
            .filter(|event| *event == "user.erased")
            .count(),
        1
    );
}

#[tokio::test]
async fn the_last_admin_cannot_be_erased_not_even_by_two_at_once() {
    let app = TestApp::start_with(lenient()).await;
    let one = with_role(&app, "one@example.com", Role::Admin).await;
    erase(&app, &one, PASSWORD)
        .await
        .assert_error(409, "INVALID_STATE");
    let two = with_role(&app, "two@example.com", Role::Admin).await;
    let (first, second) = tokio::join!(erase(&app, &one, PASSWORD), erase(&app, &two, PASSWORD));
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
}

#[tokio::test]
async fn erasing_refuses_bad_input_and_strangers() {
    let app = TestApp::start().await;
    let ada = app.register(ADA).await;
    for bad in [
        json!({}),
        json!({ "password": PASSWORD, "reason": "x".repeat(1001) }),
        json!({ "password": PASSWORD, "userId": ada.id }),
    ] {
        let reply = send(&app, &ada, Method::DELETE, ACCOUNT, &bad).await;
        reply.assert_error(400, "VALIDATION_ERROR");
    }
    let body = json!({ "password": PASSWORD });
    let reply = app
        .request(Method::DELETE, ACCOUNT)
        .json(&body)
        .reply()
        .await;
    reply.assert_error(401, "AUTHENTICATION_ERROR");
    assert_eq!(app.me(&ada.access).await, 200);
}

#[tokio::test]
async fn personal_data_is_told_to_no_other_service() {
    let app = TestApp::start().await;
    let ada = app.register(ADA).await;
    let path = format!("/internal/privacy/{}", ada.id);
    app.get(&path)
        .reply()
        .await
        .assert_error(401, "AUTHENTICATION_ERROR");
    app.get(&path)
        .bearer_auth(&ada.access)
        .reply()
        .await
        .assert_error(401, "AUTHENTICATION_ERROR");
    let reply = app
        .get(&path)
        .bearer_auth(service_token("orders"))
        .reply()
        .await;
    reply.assert_error(403, "AUTHORIZATION_ERROR");
}

#[tokio::test]
async fn an_export_that_cannot_be_made_is_given_up_and_said_to_be() {
    let mut options = lenient();
    options
        .variables
        .push(("AUTH__EVENTS__DEPLOYED", "auth,orders".to_owned()));
    // A port on which nothing listens: the discard service.
    options.variables.push((
        "AUTH__UPSTREAMS__ORDERS__URL",
        "http://127.0.0.1:9".to_owned(),
    ));
    let app = TestApp::start_with(options).await;
    let ada = app.register(ADA).await;
    let id = request(&app, &ada).await;
    let reply = read(&app, &ada, &format!("{EXPORT}/{id}")).await;
    assert_eq!(
        reply.status, 202,
        "a part that is missing is waited for: {}",
        reply.body
    );
    let long_ago = "requested_at = requested_at - interval '25 hours'";
    execute(
        &app,
        &format!("UPDATE auth.privacy_requests SET {long_ago}"),
    )
    .await;
    fetch(&app, &ada, &id)
        .await
        .assert_error(409, "INVALID_STATE");
}

/// A service that answers every request with `data`; its URL, and where the heads of the requests come out.
async fn other_service(data: &Value) -> (String, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let body = json!({ "status": "success", "data": data }).to_string();
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let (heads, received) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut head = vec![0; 8192];
            let length = socket.read(&mut head).await.unwrap();
            let _ = heads.send(String::from_utf8_lossy(&head[..length]).into_owned());
            socket.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (url, received)
}

#[tokio::test]
async fn an_export_holds_the_parts_of_the_services_that_are_named() {
    let part = json!({ "orders": [{ "orderNumber": "AGP-20260113-7F3A" }] });
    let (url, mut asked) = other_service(&part).await;
    let mut options = lenient();
    options
        .variables
        .push(("AUTH__EVENTS__DEPLOYED", "auth,orders".to_owned()));
    options
        .variables
        .push(("AUTH__UPSTREAMS__ORDERS__URL", url));
    let app = TestApp::start_with(options).await;
    let ada = app.register(ADA).await;
    let id = request(&app, &ada).await;
    let reply = fetch(&app, &ada, &id).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let services = &reply.body["data"]["services"];
    assert_eq!(services["orders"], part);
    assert_eq!(services["auth"]["profile"]["email"], ADA);
    let head = asked.recv().await.unwrap().to_lowercase();
    assert!(
        head.starts_with(&format!("get /internal/privacy/{} http/1.1", ada.id)),
        "{head}"
    );
    assert!(head.contains("authorization: bearer ey"), "{head}");

    assert_eq!(erase(&app, &ada, PASSWORD).await.status, 200);
    let state = "SELECT state FROM auth.privacy_requests WHERE kind = 'erase'";
    assert_eq!(
        app.value(state).await,
        "pending",
        "until the other service confirms"
    );
}
