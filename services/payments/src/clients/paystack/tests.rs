//! Answers of the provider, as they were seen or documented.

use serde_json::json;

use super::answer::{Trouble, understand};
use super::settlements::SettlementData;
use super::wire::{OpenedData, Page, RefundData, TransactionData};
use crate::clients::gateway::{GatewayError, GatewayRefund, Refusal};
use crate::domain::observation::{GatewayStatus, Observation};
use crate::domain::reference::Reference;
use crate::domain::refund::RefundStatus;
use crate::domain::settlement::{SettlementStatus, Told};

fn refusal(status: u16, body: &str) -> Refusal {
    match understand::<TransactionData>(status, body.as_bytes()) {
        Err(Trouble::Refused(GatewayError::Refused { why, .. })) => why,
        other => panic!("{status} {body}: {:?}", other.err()),
    }
}

fn trouble(status: u16, body: &str) -> Trouble {
    understand::<TransactionData>(status, body.as_bytes())
        .err()
        .unwrap()
}

fn transaction(data: &serde_json::Value) -> Result<Observation, GatewayError> {
    let body = json!({ "status": true, "message": "Verification successful", "data": data });
    let read: Result<TransactionData, _> = understand(200, body.to_string().as_bytes());
    read.map_err(GatewayError::from)?.open()
}

#[test]
fn a_refusal_in_the_providers_words_is_definite() {
    for (status, body, why) in [
        (
            400,
            r#"{"status":false,"message":"Duplicate Transaction Reference","meta":{"nextStep":"x"},"type":"validation_error","code":"duplicate_reference"}"#,
            Refusal::Duplicate,
        ),
        (
            400,
            r#"{"status":false,"message":"Transaction reference not found.","code":"transaction_not_found"}"#,
            Refusal::NotFound,
        ),
        (
            404,
            r#"{"status":false,"message":"Entity not found"}"#,
            Refusal::NotFound,
        ),
        (
            400,
            r#"{"status":false,"message":"Invalid Amount Sent"}"#,
            Refusal::Other,
        ),
        (
            403,
            r#"{"status":false,"message":"Currency not supported by merchant"}"#,
            Refusal::Other,
        ),
        (
            400,
            r#"{"status":false,"message":"Transaction has been fully reversed","type":"api_error","code":"transaction_reversed"}"#,
            Refusal::Reversed,
        ),
        (
            400,
            r#"{"status":false,"message":"Transaction has been fully reversed"}"#,
            Refusal::Reversed,
        ),
    ] {
        assert_eq!(refusal(status, body), why, "{body}");
    }
}

#[test]
fn what_is_nobodys_word_is_unknown() {
    for (status, body) in [
        (200, ""),
        (200, "<html>busy</html>"),
        (200, r#"{"status":false,"message":"Something"}"#),
        (200, r#"{"status":true,"message":"ok"}"#),
        (200, r#"{"status":true,"data":{"id":1}}"#),
        (200, r#"{"status":"success","data":{}}"#),
        (302, ""),
        (400, "<html>bad request</html>"),
        (400, r#"{"message":"no status"}"#),
        (404, "not here"),
        (
            408,
            r#"{"status":false,"message":"Duplicate Transaction Reference"}"#,
        ),
        (500, r#"{"status":false,"message":"An error occurred"}"#),
        (502, "<html>bad gateway</html>"),
        (503, ""),
    ] {
        let found = trouble(status, body);
        assert!(
            matches!(found, Trouble::Unknown(_)),
            "{status} {body}: {found:?}"
        );
    }
}

#[test]
fn what_is_turned_away_was_certainly_not_done() {
    for (status, body) in [
        (
            401,
            r#"{"status":false,"message":"Invalid key","code":"invalid_Key"}"#,
        ),
        (
            429,
            r#"{"status":false,"message":"Rate limit exceeded!","code":"rate_limited"}"#,
        ),
        (429, "<html>slow down</html>"),
        (
            403,
            r#"{"status":false,"message":"Your IP address is not allowed"}"#,
        ),
    ] {
        let found = trouble(status, body);
        assert!(
            matches!(found, Trouble::Turned(_)),
            "{status} {body}: {found:?}"
        );
        assert!(matches!(
            GatewayError::from(found),
            GatewayError::Unavailable(_)
        ));
    }
}

#[test]
fn no_address_of_anybody_is_kept_of_an_error() {
    let body = r#"{"status":false,"message":"Invalid Email ada@example.com Passed\u0007"}"#;
    let Trouble::Refused(GatewayError::Refused { message, .. }) = trouble(400, body) else {
        panic!("it is a refusal");
    };
    assert_eq!(message, "400 Invalid Email *** Passed");
}

#[test]
fn a_transaction_is_read_however_it_is_written() {
    let expected = Observation {
        gateway_id: "18446744073709551615".to_owned(),
        status: GatewayStatus::Success,
        reference: "AGP-1-1".to_owned(),
        domain: "test".to_owned(),
        paid_minor: 150_000,
        requested_minor: Some(150_000),
        currency: "NGN".to_owned(),
        channel: Some("card".to_owned()),
        fees_minor: Some(12_250),
        paid_at: chrono::DateTime::from_timestamp_millis(1_724_318_102_001),
    };
    let plain = json!({
        "id": 18_446_744_073_709_551_615_u64, "domain": "test", "status": "success", "reference": "AGP-1-1",
        "amount": 150_000, "requested_amount": 150_000, "currency": "NGN", "channel": "card", "fees": 12_250,
        "paid_at": "2024-08-22T09:15:02.001Z", "metadata": "", "authorization": {}, "plan": null, "log": null,
        "gateway_response": "Approved", "customer": { "email": "ada@example.com" },
    });
    assert_eq!(transaction(&plain).unwrap(), expected);
    let mut odd = plain.clone();
    for (field, value) in [
        ("id", json!("18446744073709551615")),
        ("amount", json!("150000")),
        ("requested_amount", json!("150000.00")),
        ("fees", json!("12250")),
        ("paid_at", json!(null)),
        ("paidAt", json!("2024-08-22T10:15:02.001+01:00")),
        ("metadata", json!(0)),
        ("plan", json!({})),
        ("gateway_response", json!(7)),
    ] {
        odd[field] = value;
    }
    assert_eq!(transaction(&odd).unwrap(), expected);
    for metadata in [json!(null), json!({ "a": 1 }), json!("text"), json!([1])] {
        odd["metadata"] = metadata;
        assert_eq!(transaction(&odd).unwrap(), expected);
    }
}

#[test]
fn what_is_missing_or_absurd_is_no_transaction() {
    let plain = json!({
        "id": 1, "domain": "test", "status": "success", "reference": "AGP-1-1", "amount": 100, "currency": "NGN",
    });
    let bare = transaction(&plain).unwrap();
    assert_eq!(
        (bare.fees_minor, bare.channel, bare.paid_at),
        (None, None, None)
    );
    for (field, value) in [
        ("id", json!(null)),
        ("id", json!(1.5)),
        ("id", json!(-1)),
        ("status", json!(null)),
        ("reference", json!(1)),
        ("amount", json!(100.5)),
        ("amount", json!("a lot")),
        ("amount", json!(0)),
        ("amount", json!(-100)),
        ("amount", json!(100_000_000_000_000_u64)),
        ("currency", json!("naira")),
        ("currency", json!("ngn")),
    ] {
        let mut odd = plain.clone();
        odd[field] = value.clone();
        let read = transaction(&odd);
        assert!(
            matches!(read, Err(GatewayError::Unknown(_))),
            "{field}: {value}: {read:?}"
        );
    }
}

#[test]
fn only_the_page_that_was_asked_for_is_opened() {
    let asked = Reference::parse("AGP-1-1").unwrap();
    let open = |url: &str, code: &str, reference: &str| {
        let data = json!({ "authorization_url": url, "access_code": code, "reference": reference });
        let body = json!({ "status": true, "message": "Authorization URL created", "data": data });
        let read: Result<OpenedData, _> = understand(200, body.to_string().as_bytes());
        read.unwrap().open(&asked)
    };
    let page = "https://checkout.paystack.com/x";
    assert!(open(page, "x", "AGP-1-1").is_ok());
    assert!(open(page, "x", "AGP-1-2").is_err());
    assert!(open(page, "", "AGP-1-1").is_err());
    assert!(open("javascript:alert(1)", "x", "AGP-1-1").is_err());
}

#[test]
fn refunds_are_read_from_lists_and_answers_alike() {
    let expected = GatewayRefund {
        id: "3018284".to_owned(),
        status: Some(RefundStatus::Processing),
        amount_minor: 10_000,
        currency: "NGN".to_owned(),
        note: Some("0199f3c2".to_owned()),
        domain: Some("test".to_owned()),
        dispute: None,
        updated_at: None,
    };
    let made = json!({
        "transaction": { "id": 77, "domain": "test", "reference": "AGP-1-1", "amount": 50_000 },
        "amount": 10_000, "currency": "NGN", "status": "pending", "id": 3_018_284, "domain": "test",
        "merchant_note": "0199f3c2", "createdAt": "2024-08-22T09:15:02.001Z",
    });
    let made: RefundData = serde_json::from_value(made).unwrap();
    assert_eq!(made.open().unwrap(), expected);
    let rows = r#"[
        {"id":"3018284","transaction":77,"amount":"10000","currency":"NGN","status":"processing","domain":"test",
         "merchant_note":"0199f3c2","fully_deducted":1},
        {"id":5,"transaction":78,"amount":1,"currency":"NGN","status":"processed"},
        {"id":6,"transaction":{"id":"77"},"amount":1,"currency":"NGN","status":"on the moon","merchant_note":null}
    ]"#;
    let Page(rows) = serde_json::from_str(rows).unwrap();
    let rows: Vec<GatewayRefund> = rows
        .into_iter()
        .filter_map(|row| row.of_transaction("77").unwrap())
        .collect();
    assert_eq!(rows.len(), 2, "another transaction's is left out");
    assert_eq!(rows[0], expected);
    assert_eq!((rows[1].status, rows[1].note.clone()), (None, None));
    for nobodys in [
        r#"{"id":7,"amount":1,"currency":"NGN","status":"processed"}"#,
        r#"{"id":7,"transaction":null,"amount":1,"currency":"NGN","status":"processed"}"#,
        r#"{"id":7,"transaction":{"reference":"AGP-1-1"},"amount":1,"currency":"NGN","status":"processed"}"#,
    ] {
        let row: RefundData = serde_json::from_str(nobodys).unwrap();
        let read = row.of_transaction("77");
        assert!(matches!(read, Err(GatewayError::Unknown(_))), "{nobodys}");
    }
}

#[test]
fn a_settlement_is_read_as_it_is_documented_and_nothing_of_it_is_guessed() {
    let sample = json!({
        "id": 3_090_024, "domain": "live", "status": "success", "currency": "NGN", "integration": 463_433,
        "total_amount": 995_000, "effective_amount": 995_000, "total_fees": 5_000, "total_processed": 1_000_000,
        "deductions": null, "settlement_date": "2022-11-09T00:00:00.000Z", "settled_by": null,
        "createdAt": "2022-11-09T00:00:00.000Z", "updatedAt": "2022-11-09T11:00:51.000Z",
    });
    let read = |sample: &serde_json::Value| {
        let data: SettlementData = serde_json::from_value(sample.clone()).unwrap();
        data.open()
    };
    let settlement = read(&sample).unwrap();
    assert_eq!(settlement.id, "3090024");
    assert_eq!(settlement.status, SettlementStatus::Success);
    assert_eq!(settlement.domain.as_deref(), Some("live"));
    let told = Told {
        processed: 1_000_000,
        fees: 5_000,
        deductions: 0,
        effective: 995_000,
    };
    assert_eq!(settlement.told, told);
    for (field, value, is_read) in [
        ("deductions", json!("500"), true),
        ("settlement_date", json!(null), true),
        ("total_fees", json!("5000"), true),
        ("deductions", json!(-500), false),
        ("deductions", json!("much"), false),
        ("effective_amount", json!(null), false),
        ("total_fees", json!(50.5), false),
        ("status", json!("on its way"), false),
        ("createdAt", json!("yesterday"), false),
        ("id", json!(null), false),
    ] {
        let mut odd = sample.clone();
        odd[field] = value.clone();
        assert_eq!(read(&odd).is_ok(), is_read, "{field} {value}");
    }
}
