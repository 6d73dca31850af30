//! The provider misbehaves while an attempt begins (F-PS-8, and the rows S4 and S5 of the crash matrix).

use common::ids;

use crate::app::TestApp;
use crate::paystack::Fault;

/// Ways of not answering after which nothing was done.
const UNDONE: [Fault; 5] = [
    Fault::Error500,
    Fault::Html,
    Fault::Silence,
    Fault::HangUp,
    Fault::StatusFalse,
];
/// Ways of not answering after which it was done.
const DONE: [Fault; 3] = [
    Fault::DoneThenHangUp,
    Fault::DoneThenSilence,
    Fault::DoneThenError500,
];

#[tokio::test(flavor = "multi_thread")]
async fn f_ps_8_one_lost_question_is_put_again_under_the_same_name() {
    let app = TestApp::start().await;
    for fault in UNDONE {
        let order = app.world.order();
        app.world
            .paystack
            .fail("initialize", std::slice::from_ref(&fault));
        let reply = app.initialize(order, "k").await;
        let data = reply.assert_success(200);
        let reference = data["reference"].as_str().unwrap();
        assert!(reference.ends_with("-1"), "{fault:?}: {reference}");
        let questions = app.world.paystack.questions("initialize");
        let same = questions.iter().filter(|one| one.contains(reference));
        assert_eq!(same.count(), 2, "{fault:?}");
    }
    assert_eq!(app.world.paystack.transactions().len(), UNDONE.len());
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f_ps_8_a_provider_that_is_away_is_said_and_the_same_key_is_safe() {
    for fault in UNDONE {
        let app = TestApp::start().await;
        let order = app.world.order();
        app.world
            .paystack
            .fail("initialize", &[fault.clone(), fault.clone()]);
        let reply = app.initialize(order, "k").await;
        reply.assert_error(503, "EXTERNAL_SERVICE_ERROR");
        assert_ne!(reply.header("retry-after"), "", "{fault:?}");
        let reply = app.initialize(order, "k").await;
        let data = reply.assert_success(200);
        assert!(data["reference"].as_str().unwrap().ends_with("-1"));
        assert_eq!(app.world.paystack.transactions().len(), 1);
        assert_eq!(app.count("payments").await, 1);
        app.assert_sound().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f_ps_8_too_many_requests_is_said_and_nothing_is_lost() {
    let app = TestApp::start().await;
    let order = app.world.order();
    app.world.paystack.fail("initialize", &[Fault::RateLimited]);
    let reply = app.initialize(order, "k").await;
    reply.assert_error(503, "EXTERNAL_SERVICE_ERROR");
    app.initialize(order, "k").await.assert_success(200);
    assert_eq!(app.count("payments").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn s5_a_lost_address_means_another_attempt_and_the_old_one_is_watched() {
    for fault in DONE {
        let app = TestApp::start().await;
        let order = app.world.order();
        app.world
            .paystack
            .fail("initialize", std::slice::from_ref(&fault));
        let reply = app.initialize(order, "k").await;
        let data = reply.assert_success(200).clone();
        assert!(
            data["reference"].as_str().unwrap().ends_with("-2"),
            "{fault:?}"
        );
        let rows = app
            .rows("SELECT id, reference, is_superseded, next_check_at FROM payments.payments ORDER BY attempt")
            .await;
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0]["is_superseded"], true);
        assert!(rows[0]["next_check_at"].is_string(), "it is watched");
        assert_eq!(app.promised("payment.initialized").await.len(), 1);
        // It is paid all the same, and no webhook ever comes.
        let old = rows[0]["reference"].as_str().unwrap();
        app.world.paystack.pay(old);
        app.world.clock.advance(chrono::TimeDelta::seconds(61));
        app.until_status(rows[0]["id"].as_str().unwrap().parse().unwrap(), "paid")
            .await;
        assert_eq!(app.promised("payment.succeeded").await.len(), 1);
        app.assert_sound().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s4_while_nobody_can_say_what_became_of_it_no_other_name_is_made() {
    let app = TestApp::start().await;
    let order = app.world.order();
    let faults = [Fault::Error500, Fault::Error500, Fault::Error500];
    app.world
        .paystack
        .fail("initialize", &[Fault::DoneThenHangUp]);
    app.world.paystack.fail("verify", &faults);
    for _ in 0..3 {
        let reply = app.initialize(order, "k").await;
        reply.assert_error(503, "EXTERNAL_SERVICE_ERROR");
        assert_eq!(app.count("payments").await, 1);
    }
    assert_eq!(app.world.paystack.asked("initialize"), 1);
    let reply = app.initialize(order, "k").await;
    let data = reply.assert_success(200);
    assert!(data["reference"].as_str().unwrap().ends_with("-2"));
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s4_one_that_turns_out_to_be_paid_is_not_begun_again() {
    let app = TestApp::start().await;
    let order = app.world.order();
    app.world
        .paystack
        .fail("initialize", &[Fault::DoneThenHangUp]);
    app.world.paystack.fail("verify", &[Fault::Error500]);
    let reply = app.initialize(order, "k").await;
    reply.assert_error(503, "EXTERNAL_SERVICE_ERROR");
    let reference = app.world.paystack.transactions()[0].reference.clone();
    app.world.paystack.pay(&reference);
    let reply = app.initialize(order, "k").await;
    reply.assert_error(409, "INVALID_STATE");
    let said = app.promised("payment.succeeded").await;
    assert_eq!(said[0]["data"]["reference"], reference.as_str());
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f_ps_8_a_provider_that_fails_again_and_again_is_left_alone_for_a_while() {
    let app = TestApp::start().await;
    let faults = vec![Fault::Error500; 40];
    app.world.paystack.fail("initialize", &faults);
    app.world.paystack.fail("verify", &faults);
    for _ in 0..12 {
        let order = app.world.order();
        let reply = app.initialize(order, &ids::new_id().to_string()).await;
        reply.assert_error(503, "EXTERNAL_SERVICE_ERROR");
    }
    let asked = app.world.paystack.asked("initialize") + app.world.paystack.asked("verify");
    assert_eq!(asked, 10, "half of twenty");
    app.world.paystack.behave();
    tokio::time::sleep(std::time::Duration::from_millis(5_200)).await;
    app.initialize(app.world.order(), "k")
        .await
        .assert_success(200);
    app.assert_sound().await;
}
