//! Every operation of the OpenAPI document against everybody who may come: an operation that is missing here, or a
//! permission that is wider than this table, fails.

use std::collections::BTreeMap;

use common::auth::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{Ask as _, Person, Reply, TestApp, service_token};
use crate::steps::{lenient, send, with_role};

/// Who may use an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Audience {
    /// Everybody, signed in or not.
    Anyone,
    /// Whoever is signed in, for their own things.
    SignedIn,
    /// Administrators.
    Admins,
    /// Other services.
    Services,
}

const MATRIX: &[(&str, Audience)] = &[
    ("get_jwks", Audience::Anyone),
    ("register", Audience::Anyone),
    ("login", Audience::Anyone),
    ("refresh", Audience::Anyone),
    ("verify_email", Audience::Anyone),
    ("show_verify_email_page", Audience::Anyone),
    ("request_password_reset", Audience::Anyone),
    ("reset_password", Audience::Anyone),
    ("show_password_reset_page", Audience::Anyone),
    ("get_me", Audience::SignedIn),
    ("update_me", Audience::SignedIn),
    ("change_password", Audience::SignedIn),
    ("list_sessions", Audience::SignedIn),
    ("revoke_session", Audience::SignedIn),
    ("delete_session", Audience::SignedIn),
    ("resend_verification", Audience::SignedIn),
    ("enable_two_factor", Audience::SignedIn),
    ("verify_two_factor", Audience::SignedIn),
    ("disable_two_factor", Audience::SignedIn),
    ("list_addresses", Audience::SignedIn),
    ("add_address", Audience::SignedIn),
    ("get_address", Audience::SignedIn),
    ("change_address", Audience::SignedIn),
    ("remove_address", Audience::SignedIn),
    ("request_export", Audience::SignedIn),
    ("get_export", Audience::SignedIn),
    ("erase_account", Audience::SignedIn),
    ("list_consents", Audience::SignedIn),
    ("record_consent", Audience::SignedIn),
    ("list_users", Audience::Admins),
    ("count_users", Audience::Admins),
    ("get_user", Audience::Admins),
    ("change_role", Audience::Admins),
    ("unlock_user", Audience::Admins),
    ("list_revocations", Audience::Services),
    ("get_contact", Audience::Services),
    ("collect_mail", Audience::Services),
    ("get_personal_data", Audience::Services),
    ("replay_events", Audience::Services),
    // Last, as it ends the session that asks.
    ("logout", Audience::SignedIn),
];

/// Operations on one thing that belongs to somebody, and where the test gets such a thing from.
const OWNED: &[&str] = &[
    "revoke_session",
    "delete_session",
    "get_address",
    "change_address",
    "remove_address",
    "get_export",
];

/// A well-formed id of nothing.
const NOTHING: &str = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f";

struct Operation {
    method: Method,
    path: String,
    has_id: bool,
    example: Value,
}

impl Operation {
    /// The path with `id` for its parameter.
    fn path_with(&self, id: &str) -> String {
        let before = self.path.split('{').next().unwrap();
        let after = self.path.split('}').nth(1).unwrap_or_default();
        if self.has_id {
            format!("{before}{id}{after}")
        } else {
            self.path.clone()
        }
    }
}

/// The document's operations by their names.
fn operations() -> BTreeMap<String, Operation> {
    let document = serde_json::to_value(auth::routes::openapi()).unwrap();
    let mut found = BTreeMap::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let reference =
                &operation["requestBody"]["content"]["application/json"]["schema"]["$ref"];
            let schema = reference.as_str().and_then(|text| text.rsplit('/').next());
            let example =
                schema.map(|name| document["components"]["schemas"][name]["example"].clone());
            let operation_id = operation["operationId"].as_str().unwrap().to_owned();
            let operation = Operation {
                method: method.to_uppercase().parse().unwrap(),
                path: path.clone(),
                has_id: path.contains('{'),
                example: example.unwrap_or(Value::Null),
            };
            found.insert(operation_id, operation);
        }
    }
    found
}

/// Sends what gets past the checks of the body but changes nothing that matters.
async fn try_it(app: &TestApp, operation: &Operation, token: Option<&str>, body: &Value) -> Reply {
    let path = operation.path_with(NOTHING);
    let mut request = app.request(operation.method.clone(), &path);
    if !operation.example.is_null() {
        request = request.json(body);
    }
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    request.reply().await
}

#[test]
fn every_operation_is_in_the_table_and_nothing_else() {
    let mut named: Vec<&str> = MATRIX.iter().map(|(name, _)| *name).collect();
    named.sort_unstable();
    let operations = operations();
    assert_eq!(named, operations.keys().collect::<Vec<_>>());
    for (name, operation) in &operations {
        let audience = MATRIX.iter().find(|(named, _)| named == name).unwrap().1;
        let must_be_owned = operation.has_id && audience == Audience::SignedIn;
        assert_eq!(must_be_owned, OWNED.contains(&name.as_str()), "{name}");
    }
}

#[test]
fn every_operation_shows_an_example_of_its_body() {
    for (name, operation) in operations() {
        let takes_one = matches!(operation.method, Method::POST | Method::PATCH);
        let bare = [
            "logout",
            "refresh",
            "resend_verification",
            "revoke_session",
            "unlock_user",
            "collect_mail",
        ];
        if takes_one && !bare.contains(&name.as_str()) {
            assert!(operation.example.is_object(), "{name}");
        }
    }
}

#[tokio::test]
async fn everybody_may_do_exactly_what_the_table_says() {
    let app = TestApp::start_with(lenient()).await;
    let mut people = Vec::new();
    for role in Role::ALL {
        people.push((
            role,
            with_role(&app, &format!("{role}@example.com"), role).await,
        ));
    }
    let operations = operations();
    for (name, audience) in MATRIX {
        let operation = &operations[*name];
        let anonymous = try_it(&app, operation, None, &operation.example).await;
        match audience {
            Audience::Anyone => assert_ne!(anonymous.status, 403, "{name}"),
            Audience::SignedIn | Audience::Admins | Audience::Services => {
                anonymous.assert_error(401, "AUTHENTICATION_ERROR");
            }
        }
        for (role, person) in &people {
            let token = Some(person.access.as_str());
            match audience {
                Audience::Anyone => {}
                Audience::SignedIn => {
                    // An empty body is refused before anything happens, but after the token was looked at.
                    let reply = try_it(&app, operation, token, &json!({})).await;
                    assert!(
                        ![401, 403].contains(&reply.status),
                        "{name} as {role}: {}",
                        reply.body
                    );
                    assert!(reply.status < 500, "{name} as {role}: {}", reply.body);
                }
                Audience::Admins => {
                    let reply = try_it(&app, operation, token, &operation.example).await;
                    if *role == Role::Admin {
                        assert!([200, 404].contains(&reply.status), "{name}: {}", reply.body);
                    } else {
                        reply.assert_error(403, "AUTHORIZATION_ERROR");
                    }
                }
                Audience::Services => {
                    let reply = try_it(&app, operation, token, &operation.example).await;
                    reply.assert_error(401, "AUTHENTICATION_ERROR");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_service_token_opens_nothing_that_is_for_people() {
    let app = TestApp::start().await;
    let operations = operations();
    for (name, audience) in MATRIX {
        if matches!(audience, Audience::SignedIn | Audience::Admins) {
            let operation = &operations[*name];
            let token = service_token("orders");
            let reply = try_it(&app, operation, Some(&token), &operation.example).await;
            reply.assert_error(401, "AUTHENTICATION_ERROR");
        }
    }
}

/// Makes one of Ada's own things for an operation to be tried on.
async fn make_owned(app: &TestApp, ada: &Person, operation: &str) -> String {
    let id = match operation {
        "revoke_session" | "delete_session" => {
            let reply = app
                .get("/api/v1/auth/sessions")
                .bearer_auth(&ada.access)
                .reply()
                .await;
            reply.body["data"]["sessions"][0]["id"].clone()
        }
        "get_export" => {
            let reply = app
                .get("/api/v1/gdpr/export")
                .bearer_auth(&ada.access)
                .reply()
                .await;
            reply.body["data"]["exportId"].clone()
        }
        _ => {
            let operations = operations();
            let add = &operations["add_address"];
            let reply = send(app, ada, Method::POST, &add.path, &add.example).await;
            reply.body["data"]["address"]["id"].clone()
        }
    };
    id.as_str()
        .unwrap_or_else(|| panic!("{operation} has nothing to be tried on"))
        .to_owned()
}

#[tokio::test]
async fn what_belongs_to_somebody_else_looks_as_if_it_were_not_there() {
    let app = TestApp::start_with(lenient()).await;
    let ada = app.register("ada@example.com").await;
    let mut strangers = Vec::new();
    for role in Role::ALL {
        strangers.push(with_role(&app, &format!("{role}@example.com"), role).await);
    }
    let operations = operations();
    for name in OWNED {
        let operation = &operations[*name];
        let body = if operation.example.is_null() {
            json!({})
        } else {
            operation.example.clone()
        };
        let id = make_owned(&app, &ada, name).await;
        for stranger in &strangers {
            let method = || operation.method.clone();
            let others = send(&app, stranger, method(), &operation.path_with(&id), &body).await;
            let nothing = send(
                &app,
                stranger,
                method(),
                &operation.path_with(NOTHING),
                &body,
            )
            .await;
            others.assert_error(404, "NOT_FOUND");
            assert_eq!(others.body["message"], nothing.body["message"], "{name}");
            for malformed in ["1", "0199f3c2-5a10-7c3e-9d2b", "%27--", "null"] {
                let path = operation.path_with(malformed);
                let reply = send(&app, stranger, method(), &path, &body).await;
                reply.assert_error(400, "VALIDATION_ERROR");
            }
        }
    }
    assert_eq!(app.me(&ada.access).await, 200, "nobody ended her session");
}
