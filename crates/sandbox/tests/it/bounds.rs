//! Memory is bounded.

use serde_json::{Value, json};

use crate::app::{TestSandbox, mail_to};

fn subjects(mails: &Value) -> Vec<&str> {
    let mails = mails.as_array().unwrap();
    mails
        .iter()
        .map(|mail| mail["subject"].as_str().unwrap())
        .collect()
}

fn numbered(number: usize) -> Value {
    let mut mail = mail_to("ada@example.com");
    mail["subject"] = json!(number.to_string());
    mail
}

#[tokio::test]
async fn the_newest_mails_are_kept() {
    let sandbox = TestSandbox::start_with(&[("SANDBOX__RESEND__MAILS_MAX", "3")]);
    for number in 1..=5 {
        sandbox.accepted(&numbered(number)).await;
    }
    let mails = sandbox.control("/_sandbox/mail").await;
    assert_eq!(subjects(&mails), ["5", "4", "3"]);
}

#[tokio::test]
async fn big_mails_push_out_more() {
    let sandbox = TestSandbox::start_with(&[("SANDBOX__RESEND__MAIL_BYTES_MAX", "100000")]);
    for number in 1..=5 {
        let mut mail = numbered(number);
        mail["html"] = json!("x".repeat(30_000));
        sandbox.accepted(&mail).await;
    }
    let mails = sandbox.control("/_sandbox/mail").await;
    assert_eq!(subjects(&mails), ["5", "4", "3"]);
    let mut huge = numbered(6);
    huge["html"] = json!("x".repeat(200_000));
    sandbox.accepted(&huge).await;
    let mails = sandbox.control("/_sandbox/mail").await;
    assert_eq!(
        subjects(&mails),
        ["6"],
        "the newest stays however big it is"
    );
}

#[tokio::test]
async fn the_newest_facts_are_kept_and_the_gap_shows() {
    let sandbox = TestSandbox::start_with(&[("SANDBOX__JOURNAL_MAX", "3")]);
    for number in 1..=5 {
        sandbox.accepted(&numbered(number)).await;
    }
    let journal = sandbox.control("/_sandbox/journal").await;
    let seqs: Vec<u64> = journal
        .as_array()
        .unwrap()
        .iter()
        .map(|fact| fact["seq"].as_u64().unwrap())
        .collect();
    assert_eq!(seqs, [8, 9, 10]);
}
