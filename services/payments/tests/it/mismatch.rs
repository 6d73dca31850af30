//! Something else than what was due is paid (F-PS-3), or it goes back before anybody knew that it was paid.

use chrono::TimeDelta;
use serde_json::json;

use crate::app::TestApp;
use crate::paystack::Fault;
use crate::shop::Begun;
use crate::world::amount;

/// Begun, and paid in a way of its own.
async fn paid_oddly(
    app: &TestApp,
    change: impl FnOnce(&mut crate::paystack::Transaction),
) -> Begun {
    let begun = app.begun().await;
    app.world.paystack.pay(&begun.reference);
    app.world.paystack.change(&begun.reference, change);
    let told = app.world.paystack.charge_success(&begun.reference);
    app.webhook(&told).await.assert_success(200);
    app.until_status(begun.id, "paid").await;
    begun
}

#[tokio::test(flavor = "multi_thread")]
async fn f_ps_3_another_amount_settles_nothing_and_goes_back_after_a_day() {
    let app = TestApp::start().await;
    let begun = paid_oddly(&app, |one| one.amount = 149_900).await;
    assert_eq!(app.promised("payment.succeeded").await.len(), 0);
    let said = app.promised("payment.mismatched").await;
    assert_eq!(said[0]["data"]["paidMinor"], 149_900);
    assert_eq!(said[0]["data"]["paidCurrency"], "NGN");
    assert_eq!(said[0]["data"]["expectedAmount"], amount(150_000));
    let open = "SELECT kind FROM payments.attention_items WHERE closed_at IS NULL";
    assert_eq!(app.rows(open).await, [json!({ "kind": "mismatch" })]);
    let sight = app
        .get_as(
            begun.order.user,
            "customer",
            &format!("/payments/{}", begun.id),
        )
        .await;
    assert_eq!(sight.assert_success(200)["payment"]["kept"], false);
    let by_hand = app.refund(begun.id, "k", &json!({ "reason": "odd" })).await;
    by_hand.assert_error(409, "INVALID_STATE");
    app.assert_sound().await;
    app.world.clock.advance(TimeDelta::hours(23));
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    assert_eq!(app.count("refunds").await, 0);
    app.world.clock.advance(TimeDelta::hours(1));
    app.until_refunds(begun.id, "processing", 1).await;
    app.world.paystack.finish_refunds();
    app.until_status(begun.id, "refunded").await;
    assert!(app.rows(open).await.is_empty());
    assert_eq!(app.world.paystack.refunds()[0].amount, 149_900);
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f_ps_3_another_currency_settles_nothing_and_goes_back_in_it() {
    let app = TestApp::start_with(&[("MISMATCH_HOLD", "0")]).await;
    for currency in ["GHS", "EGP"] {
        let begun = paid_oddly(&app, |one| one.currency = currency.to_owned()).await;
        app.until_refunds(begun.id, "processing", 1).await;
        app.world.paystack.finish_refunds();
        app.until_status(begun.id, "refunded").await;
    }
    // No event can tell of a currency that is none of the shop's.
    assert_eq!(app.promised("payment.mismatched").await.len(), 2);
    assert_eq!(app.promised("refund.processed").await.len(), 1);
    let by_currency = app
        .rows("SELECT currency FROM payments.ledger_entries GROUP BY currency HAVING sum(amount) <> 0")
        .await;
    assert!(by_currency.is_empty());
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_buyers_bear_the_fees_what_was_asked_for_is_compared() {
    let app = TestApp::start_with(&[("PAYSTACK__FEES_BORNE_BY", "buyer")]).await;
    let begun = paid_oddly(&app, |one| {
        one.amount = 152_500;
        one.fees = Some(2_500);
    })
    .await;
    assert_eq!(app.promised("payment.succeeded").await.len(), 1);
    app.keep(&begun).await.unwrap();
    let balances = app
        .rows(
            "SELECT account, (sum(amount) * 100)::bigint AS minor FROM payments.ledger_entries
               GROUP BY account HAVING sum(amount) <> 0 ORDER BY account",
        )
        .await;
    assert_eq!(
        balances,
        [
            json!({ "account": "fee_surcharge", "minor": -2_500 }),
            json!({ "account": "fees", "minor": 2_500 }),
            json!({ "account": "gateway_clearing", "minor": 150_000 }),
            json!({ "account": "sales", "minor": -150_000 }),
        ]
    );
    let less = paid_oddly(&app, |one| {
        one.amount = 152_500;
        one.requested = 149_000;
    })
    .await;
    assert_eq!(
        app.promised("payment.mismatched").await[0]["data"]["paymentId"],
        json!(less.id)
    );
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f_ps_7_what_goes_back_before_it_was_known_to_be_paid_is_in_the_books_and_grants_nothing() {
    let app = TestApp::start().await;
    let begun = app.begun().await;
    app.world.paystack.pay(&begun.reference);
    let back = app
        .world
        .paystack
        .refund_at_the_desk(&begun.reference, 50_000);
    // The refund is told first, and the payment after it.
    let refund = app.world.paystack.refund_event(back, "refund.pending");
    app.webhook(&refund).await.assert_success(200);
    let charge = app.world.paystack.charge_success(&begun.reference);
    app.webhook(&charge).await.assert_success(200);
    app.until_worked_off().await;
    app.until_status(begun.id, "paid").await;
    app.until_refunds(begun.id, "processing", 1).await;
    assert_eq!(app.promised("payment.succeeded").await.len(), 0);
    app.assert_sound().await;
    app.world.paystack.set_refund(back, "processed");
    let refund = app.world.paystack.refund_event(back, "refund.processed");
    app.webhook(&refund).await.assert_success(200);
    app.until_status(begun.id, "partially_refunded").await;
    // The rest of what settled nothing goes back by itself.
    app.world.clock.advance(TimeDelta::hours(24));
    app.until_refunds(begun.id, "processing", 1).await;
    app.world.paystack.finish_refunds();
    app.until_status(begun.id, "refunded").await;
    let open = "SELECT kind FROM payments.attention_items WHERE closed_at IS NULL";
    assert!(app.rows(open).await.is_empty());
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_provider_has_reversed_by_itself_is_left_to_people() {
    let app = TestApp::start_with(&[("MISMATCH_HOLD", "0")]).await;
    let reversed = Fault::Refuse("Transaction has been fully reversed");
    app.world.paystack.fail("refund", &[reversed]);
    let begun = paid_oddly(&app, |one| one.amount = 149_900).await;
    app.until_refunds(begun.id, "failed", 1).await;
    app.world.clock.advance(TimeDelta::hours(48));
    tokio::time::sleep(std::time::Duration::from_millis(2_500)).await;
    assert_eq!(app.count("refunds").await, 1);
    assert_eq!(app.open_attention().await, ["mismatch", "refund_stopped"]);
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_provider_refuses_again_and_again_is_left_to_people_after_ten_times() {
    let app = TestApp::start_with(&[("MISMATCH_HOLD", "0")]).await;
    let odd = vec![Fault::Refuse("Something is odd"); 20];
    app.world.paystack.fail("refund", &odd);
    let begun = paid_oddly(&app, |one| one.amount = 149_900).await;
    for failures in 1..10 {
        app.until_refunds(begun.id, "failed", failures).await;
        assert_eq!(app.open_attention().await, ["mismatch", "refund_failed"]);
        app.world.clock.advance(TimeDelta::hours(25));
    }
    app.until_refunds(begun.id, "failed", 10).await;
    app.world.clock.advance(TimeDelta::hours(48));
    tokio::time::sleep(std::time::Duration::from_millis(2_500)).await;
    assert_eq!(app.count("refunds").await, 10);
    let open = ["mismatch", "refund_failed", "refund_stopped"];
    assert_eq!(app.open_attention().await, open);
    app.assert_sound().await;
}
