//! The provider misbehaves while money goes back (F-PS-15, F-PS-6): it goes back once.

use chrono::TimeDelta;
use serde_json::json;

use crate::app::TestApp;
use crate::paystack::Fault;

#[tokio::test(flavor = "multi_thread")]
async fn f_ps_15_answers_that_are_lost_again_and_again_and_impatient_staff_make_one_refund() {
    for fault in [
        Fault::DoneThenHangUp,
        Fault::DoneThenSilence,
        Fault::DoneThenError500,
    ] {
        let app = TestApp::start().await;
        let paid = app.kept().await;
        app.world
            .paystack
            .fail("refund", &[fault.clone(), fault.clone(), fault.clone()]);
        app.world
            .paystack
            .fail("list_refunds", &[Fault::Error500, Fault::Silence]);
        let body = json!({ "reason": "x", "amount": 1_000 });
        let clicks = (0..6).map(|number| {
            let (app, body) = (&app, &body);
            async move { app.refund(paid.id, &format!("k{number}"), body).await }
        });
        let mut statuses: Vec<u16> = Vec::new();
        for reply in futures_util::future::join_all(clicks).await {
            statuses.push(reply.status);
        }
        statuses.sort_unstable();
        assert_eq!(statuses, [202, 402, 402, 402, 402, 402]);
        app.until_refunds_in_minutes(paid.id, "processing", 1).await;
        assert_eq!(app.world.paystack.refunds().len(), 1, "{fault:?}");
        app.world.paystack.finish_refunds();
        app.until_status(paid.id, "partially_refunded").await;
        app.assert_sound().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f_ps_15_questions_that_do_not_arrive_are_put_again_until_one_does() {
    let app = TestApp::start().await;
    let paid = app.kept().await;
    let faults = [
        Fault::Error500,
        Fault::HangUp,
        Fault::Html,
        Fault::StatusFalse,
        Fault::RateLimited,
        Fault::Silence,
    ];
    app.world.paystack.fail("refund", &faults);
    app.refund(paid.id, "k", &json!({ "reason": "x" }))
        .await
        .assert_success(202);
    app.until_refunds_in_minutes(paid.id, "processing", 1).await;
    assert_eq!(app.world.paystack.asked("refund"), 7);
    assert_eq!(app.world.paystack.refunds().len(), 1);
    // Before each repetition the provider was asked what it has.
    assert!(app.world.paystack.asked("list_refunds") >= 5);
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f_ps_15_without_notes_a_lost_refund_is_known_by_its_amount() {
    let app = TestApp::start().await;
    let paid = app.kept().await;
    app.world.paystack.hide_notes();
    app.world.paystack.fail("refund", &[Fault::DoneThenHangUp]);
    app.refund(paid.id, "k", &json!({ "reason": "x", "amount": 300 }))
        .await
        .assert_success(202);
    app.until_refunds_in_minutes(paid.id, "processing", 1).await;
    assert_eq!(app.count("refunds").await, 1);
    assert_eq!(app.world.paystack.refunds().len(), 1);
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f_ps_6_a_refund_that_ends_before_its_answer_comes_is_known() {
    let app = TestApp::start().await;
    let paid = app.kept().await;
    // The answer is lost, and so is what is asked after it, until the webhook has been worked off.
    app.world.paystack.fail("refund", &[Fault::DoneThenSilence]);
    app.refund(paid.id, "k", &json!({ "reason": "x" }))
        .await
        .assert_success(202);
    for _ in 0..200 {
        if !app.world.paystack.refunds().is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let made = app.world.paystack.refunds()[0].id;
    app.world.paystack.set_refund(made, "processed");
    let told = app.world.paystack.refund_event(made, "refund.processed");
    app.webhook(&told).await.assert_success(200);
    app.until_status(paid.id, "refunded").await;
    app.world.clock.advance(TimeDelta::minutes(10));
    app.until_worked_off().await;
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    assert_eq!(app.world.paystack.refunds().len(), 1);
    assert_eq!(app.promised("refund.processed").await.len(), 1);
    // What was told late changes nothing.
    let late = app.world.paystack.refund_event(made, "refund.processing");
    app.webhook(&late).await.assert_success(200);
    app.until_worked_off().await;
    assert_eq!(app.status_of(paid.id).await, "refunded");
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_provider_refuses_fails_and_what_it_gave_back_itself_is_found_by_that() {
    let app = TestApp::start().await;
    let paid = app.kept().await;
    // Nobody told us of this one.
    app.world
        .paystack
        .refund_at_the_desk(&paid.reference, 150_000);
    app.refund(paid.id, "k", &json!({ "reason": "x" }))
        .await
        .assert_success(202);
    app.until_refunds(paid.id, "failed", 1).await;
    app.until_refunds(paid.id, "processing", 1).await;
    assert_eq!(app.promised("refund.failed").await.len(), 1);
    let rows = app
        .rows("SELECT last_error FROM payments.refunds WHERE status = 'failed'")
        .await;
    let cause = rows[0]["last_error"].as_str().unwrap();
    assert!(cause.contains("cannot exceed"), "{cause}");
    app.world.paystack.finish_refunds();
    app.until_status(paid.id, "refunded").await;
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r14_refunds_at_once_never_come_to_more_than_was_paid() {
    let app = TestApp::start().await;
    let beside = TestApp::start_in(std::sync::Arc::clone(&app.world), &[]).await;
    let paid = app.kept().await;
    let asking = (0..12).map(|number| {
        let one = if number % 2 == 0 { &app } else { &beside };
        let body = json!({ "reason": "x", "amount": 400 });
        async move { one.refund(paid.id, &format!("k{number}"), &body).await }
    });
    let replies = futures_util::future::join_all(asking).await;
    let decided = replies.iter().filter(|reply| reply.status == 202).count();
    assert_eq!(decided, 3);
    for reply in replies.iter().filter(|reply| reply.status != 202) {
        reply.assert_error(402, "PAYMENT_ERROR");
    }
    app.until_refunds(paid.id, "processing", 3).await;
    let all: i64 = app
        .world
        .paystack
        .refunds()
        .iter()
        .map(|one| one.amount)
        .sum();
    assert_eq!(all, 120_000);
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f_ps_15_a_provider_that_is_still_at_it_is_not_asked_again_before_it_can_show_that() {
    let app = TestApp::start().await;
    let paid = app.kept().await;
    app.world.paystack.hide_refunds(true);
    app.world.paystack.fail("refund", &[Fault::DoneThenHangUp]);
    let body = json!({ "reason": "x", "amount": 500 });
    app.refund(paid.id, "k", &body).await.assert_success(202);
    let waits = "SELECT 1 AS one FROM payments.refunds WHERE last_error IS NOT NULL";
    app.until("it waits", waits).await;
    for _ in 0..4 {
        app.world.clock.advance(TimeDelta::seconds(40));
        tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
        assert_eq!(app.world.paystack.asked("refund"), 1);
    }
    app.world.paystack.hide_refunds(false);
    app.world.clock.advance(TimeDelta::seconds(30));
    app.until_refunds(paid.id, "processing", 1).await;
    assert_eq!(app.world.paystack.refunds().len(), 1);
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_provider_made_twice_is_put_before_people() {
    let app = TestApp::start().await;
    let paid = app.kept().await;
    let body = json!({ "reason": "x", "amount": 500 });
    app.refund(paid.id, "k", &body).await.assert_success(202);
    app.until_refunds(paid.id, "processing", 1).await;
    let made = app.world.paystack.refunds()[0].id;
    let twin = app.world.paystack.make_again(made);
    let told = app.world.paystack.refund_event(twin, "refund.pending");
    app.webhook(&told).await.assert_success(200);
    app.until_refunds(paid.id, "processing", 2).await;
    let kinds = ["contradicting_refund", "external_refund"];
    assert_eq!(app.open_attention().await, kinds);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_the_provider_forgot_does_not_hold_up_the_others() {
    let app = TestApp::start().await;
    let paid = app.kept().await;
    for (key, amount) in [("a", 300), ("b", 200)] {
        let body = json!({ "reason": "x", "amount": amount });
        app.refund(paid.id, key, &body).await.assert_success(202);
    }
    app.until_refunds(paid.id, "processing", 2).await;
    let all = app.world.paystack.refunds();
    app.world.paystack.forget_refund(all[0].id);
    app.world.paystack.set_refund(all[1].id, "processed");
    let told = app
        .world
        .paystack
        .refund_event(all[1].id, "refund.processed");
    app.webhook(&told).await.assert_success(200);
    app.until_refunds(paid.id, "processed", 1).await;
    assert_eq!(app.open_attention().await, ["contradicting_refund"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_of_which_the_provider_does_not_say_whose_it_is_is_nobodys() {
    let app = TestApp::start().await;
    let paid = app.kept().await;
    let made = app
        .world
        .paystack
        .refund_at_the_desk(&paid.reference, 30_000);
    app.world.paystack.hide_owners(true);
    let told = app.world.paystack.refund_event(made, "refund.pending");
    app.webhook(&told).await.assert_success(200);
    let waits =
        "SELECT 1 AS one FROM payments.webhook_events WHERE attempts >= 2 AND status = 'received'";
    app.until("it waits", waits).await;
    assert_eq!(app.count("refunds").await, 0);
    app.world.paystack.hide_owners(false);
    app.until_refunds(paid.id, "processing", 1).await;
    app.assert_sound().await;
}
