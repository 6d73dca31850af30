//! A mail's way: from a registration through auth's outbox, the broker and notifications to a mailbox.

use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::shop::{client, post};
use crate::system::{System, shared};

const PASSWORD: &str = "Correct-Horse-7-Battery";

/// The mails for an address, newest first.
async fn mailbox(system: &System, to: &str) -> Vec<Value> {
    let url = system.url("sandbox", &format!("/_sandbox/mail?to={to}"));
    let mails: Value = client()
        .get(url)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    mails.as_array().unwrap().clone()
}

/// Waits for the mail of a template.
pub async fn mail(system: &System, to: &str, template: &str) -> Value {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(40) {
        let mails = mailbox(system, to).await;
        if let Some(found) = mails
            .iter()
            .find(|mail| mail["tags"]["template"] == template)
        {
            return found.clone();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!(
        "no {template} for {to}; there are {:?}",
        mailbox(system, to).await
    );
}

async fn register(system: &System, email: &str) -> String {
    let person = json!({"email": email, "password": PASSWORD, "name": "Ada <b>Obi</b>"});
    let (status, body) = post(system, "/api/v1/auth/register", &person).await;
    assert_eq!(status, StatusCode::CREATED, "{body}");
    body["data"]["accessToken"].as_str().unwrap().to_owned()
}

/// The link of a mail, as its text part shows it.
fn link(mail: &Value, page: &str) -> String {
    let text = mail["text"].as_str().unwrap();
    let start = text.find("http").unwrap();
    let link: String = text[start..]
        .chars()
        .take_while(|c| !c.is_whitespace())
        .collect();
    assert!(link.contains(page), "{link}");
    // As a browser reads it: templates write a slash as an entity.
    let html = mail["html"].as_str().unwrap().replace("&#x2f;", "/");
    let button = format!("href=\"{link}\"");
    assert!(html.contains(&button), "the button opens something else");
    link
}

async fn set_faults(system: &System, faults: &Value) {
    let url = system.url("sandbox", "/_sandbox/faults");
    let response = client().put(url).json(faults).send().await.unwrap();
    assert!(
        response.status().is_success(),
        "{}",
        response.text().await.unwrap()
    );
}

#[tokio::test]
async fn a_registration_mail_arrives_and_its_link_confirms_the_address() {
    let system = shared();
    let token = register(system, "mail@example.com").await;
    let mail = mail(system, "mail@example.com", "verify_email").await;
    assert!(
        !mail["html"].as_str().unwrap().contains("<b>Obi</b>"),
        "names are escaped"
    );
    let link = link(&mail, "/api/v1/auth/verify-email#token=");
    let (page, secret) = link.split_once("#token=").unwrap();
    let page = page.replace("localhost", "127.0.0.1");
    let opened = client().get(page).send().await.unwrap();
    assert_eq!(opened.status(), StatusCode::OK);
    let (status, body) = post(
        system,
        "/api/v1/auth/verify-email",
        &json!({ "token": secret }),
    )
    .await;
    assert_eq!(status, StatusCode::OK, "{body}");
    let me = client()
        .get(system.url("gateway", "/api/v1/auth/me"))
        .bearer_auth(token);
    let me: Value = me.send().await.unwrap().json().await.unwrap();
    assert_eq!(me["data"]["user"]["verified"], true);
    // The mailbox page shows it to a person.
    let list = client()
        .get(system.url("sandbox", "/"))
        .send()
        .await
        .unwrap();
    assert!(list.text().await.unwrap().contains("mail@example.com"));
}

#[tokio::test]
async fn a_forgotten_password_is_reset_by_a_mailed_link() {
    let system = shared();
    register(system, "forgetful@example.com").await;
    let asked = json!({"email": "forgetful@example.com"});
    let (status, _) = post(system, "/api/v1/auth/password-reset-request", &asked).await;
    assert_eq!(status, StatusCode::OK);
    let mail = mail(system, "forgetful@example.com", "password_reset").await;
    let link = link(&mail, "/api/v1/auth/password-reset#token=");
    let (_, secret) = link.split_once("#token=").unwrap();
    let reset = json!({"token": secret, "password": "Another-Horse-8-Battery"});
    let (status, body) = post(system, "/api/v1/auth/password-reset", &reset).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    let login = json!({"email": "forgetful@example.com", "password": "Another-Horse-8-Battery"});
    let (status, body) = post(system, "/api/v1/auth/login", &login).await;
    assert_eq!(status, StatusCode::OK, "{body}");
}

#[tokio::test]
async fn an_unknown_device_and_a_locked_account_are_told() {
    let system = shared();
    register(system, "watched@example.com").await;
    let login = |password: &str| json!({"email": "watched@example.com", "password": password});
    let (status, _) = post(system, "/api/v1/auth/login", &login(PASSWORD)).await;
    assert_eq!(status, StatusCode::OK);
    mail(system, "watched@example.com", "new_device").await;
    for _ in 0..5 {
        let (status, _) = post(
            system,
            "/api/v1/auth/login",
            &login("Wrong-Horse-7-Battery"),
        )
        .await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
    }
    mail(system, "watched@example.com", "account_locked").await;
}

#[tokio::test]
async fn one_mail_arrives_although_the_answer_was_lost_and_the_sender_killed() {
    let system = System::start(&[]);
    let lost = json!({"resend": {"send": {"dropAfterExecute": true, "times": 2}}});
    set_faults(&system, &lost).await;
    register(&system, "once@example.com").await;
    mail(&system, "once@example.com", "verify_email").await;
    // The mail is out, the sender does not know it, and dies.
    let pid = system.pid_of("notifications").unwrap();
    kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
    register(&system, "next@example.com").await;
    mail(&system, "next@example.com", "verify_email").await;
    // Long enough for a taken-over attempt to be made.
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(mailbox(&system, "once@example.com").await.len(), 1);
    assert_eq!(mailbox(&system, "next@example.com").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn registering_goes_on_without_a_broker_and_the_mails_come_later() {
    let system = System::start(&[]);
    register(&system, "before@example.com").await;
    mail(&system, "before@example.com", "verify_email").await;
    let pid = system.broker_pid();
    kill(Pid::from_raw(pid), Signal::SIGSTOP).unwrap();
    for number in 0..10 {
        let began = Instant::now();
        register(&system, &format!("during{number}@example.com")).await;
        assert!(
            began.elapsed() < Duration::from_secs(3),
            "a registration waited for the broker"
        );
    }
    kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
    for number in 0..10 {
        mail(
            &system,
            &format!("during{number}@example.com"),
            "verify_email",
        )
        .await;
    }
    let letters = system.run(&["dead-letters", "list"]);
    assert!(letters.status.success(), "{letters:?}");
    assert_eq!(String::from_utf8(letters.stdout).unwrap(), "");
}
