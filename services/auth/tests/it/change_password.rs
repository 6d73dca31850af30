use serde_json::json;

use crate::app::{Ask as _, PASSWORD, Person, Reply, TestApp};

const NEXT: &str = "Moonlit-Harbour-43";

async fn change(app: &TestApp, person: &Person, current: &str, new: &str) -> Reply {
    let body = json!({ "currentPassword": current, "newPassword": new });
    app.post("/api/v1/auth/change-password")
        .bearer_auth(&person.access)
        .json(&body)
        .reply()
        .await
}

#[tokio::test]
async fn the_new_password_counts_and_other_sessions_end() {
    let app = TestApp::start().await;
    let ada = app.register("ada@example.com").await;
    let phone = Person::of(&app.login("ada@example.com", PASSWORD).await);
    assert_eq!(change(&app, &ada, PASSWORD, NEXT).await.status, 200);
    assert_eq!(app.me(&ada.access).await, 200, "this session goes on");
    assert_eq!(app.refresh(&ada.refresh).await.status, 200);
    assert_eq!(app.me(&phone.access).await, 401);
    assert_eq!(app.refresh(&phone.refresh).await.status, 401);
    assert_eq!(app.login("ada@example.com", PASSWORD).await.status, 401);
    assert_eq!(app.login("ada@example.com", NEXT).await.status, 200);
    assert!(app.mails().await.contains(&"password_changed".to_owned()));
    assert!(app.audited().await.contains(&"password.changed".to_owned()));
}

#[tokio::test]
async fn a_stolen_session_cannot_guess_the_password() {
    let app = TestApp::start().await;
    let ada = app.register("ada@example.com").await;
    for _ in 0..5 {
        change(&app, &ada, "Wrong-Harbour-42", NEXT)
            .await
            .assert_error(401, "AUTHENTICATION_ERROR");
    }
    assert_eq!(
        change(&app, &ada, PASSWORD, NEXT).await.status,
        401,
        "too many were wrong"
    );
    assert_eq!(
        app.login("ada@example.com", PASSWORD).await.status,
        200,
        "logging in is another matter"
    );
}

#[tokio::test]
async fn the_new_password_must_be_a_good_one() {
    let app = TestApp::start().await;
    let ada = app.register("ada@example.com").await;
    for bad in ["short", "Password123!", "no-upper-case-7"] {
        let reply = change(&app, &ada, PASSWORD, bad).await;
        reply.assert_error(400, "VALIDATION_ERROR");
        assert_eq!(reply.field(), "newPassword");
    }
}

#[tokio::test]
async fn of_two_changes_at_once_one_wins() {
    let app = TestApp::start().await;
    let ada = app.register("ada@example.com").await;
    let (one, two) = tokio::join!(
        change(&app, &ada, PASSWORD, NEXT),
        change(&app, &ada, PASSWORD, "Starlit-Harbour-44")
    );
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401]);
}

#[tokio::test]
async fn ending_sessions_from_both_sides_at_once_never_deadlocks() {
    let app = TestApp::start().await;
    let ada = app.register("ada@example.com").await;
    for round in 0..8 {
        let (old, new) = if round % 2 == 0 {
            (PASSWORD, NEXT)
        } else {
            (NEXT, PASSWORD)
        };
        let phone = Person::of(&app.login("ada@example.com", old).await);
        let logout = app
            .post("/api/v1/auth/logout")
            .bearer_auth(&phone.access)
            .reply();
        let (changed, ended) = tokio::join!(change(&app, &ada, old, new), logout);
        assert_eq!(changed.status, 200, "{}", changed.body);
        assert!(matches!(ended.status, 200 | 401), "{}", ended.body);
    }
}
